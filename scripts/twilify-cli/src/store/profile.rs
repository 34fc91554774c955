//! The settings of somebody who runs twilify without AWS: a file that nobody else can read.

use std::{
    collections::BTreeMap,
    env, fmt,
    fs::{self, DirBuilder, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result, bail};
use secrecy::{ExposeSecret as _, SecretString};

use super::Item;

const HEAD: &str = "# Written by `twilify init`. There are secrets in it.\n";

/// The file `~/.config/twilify/config.toml`.
pub(crate) struct Profile {
    path: PathBuf,
}

impl Profile {
    /// The file of whoever runs this, whether it exists or not.
    #[expect(clippy::disallowed_methods, reason = "where a person's files are is no setting of ours")]
    pub(crate) fn of_this_person() -> Result<Self> {
        let config = env::var_os("XDG_CONFIG_HOME").filter(|it| !it.is_empty()).map(PathBuf::from);
        let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
        let config =
            config.or_else(home).context("neither HOME nor XDG_CONFIG_HOME says where your files are")?;
        Ok(Self { path: config.join("twilify/config.toml") })
    }

    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Reads the file. What others may read is not believed to be secret.
    pub(super) fn load(&self) -> Result<BTreeMap<String, SecretString>> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(error).with_context(|| format!("could not read {self}")),
        };
        let mode = fs::metadata(&self.path)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            bail!("{self} has secrets in it, and others may read it (mode {mode:o}); run: chmod 600 {self}");
        }
        // What is wrong with the file is told without a line of it, which may be a secret.
        let values: BTreeMap<String, String> = toml::from_str(&text)
            .map_err(|error: toml::de::Error| anyhow::anyhow!("{}", error.message()))
            .with_context(|| format!("{self} is not a list of settings, like area-codes = \"925\""))?;
        Ok(values.into_iter().map(|(key, value)| (name_of(&key), value.into())).collect())
    }

    /// Writes the file anew, as a whole or not at all.
    pub(super) fn save(&self, items: &[Item]) -> Result<()> {
        let mut values = self.load()?;
        values.extend(items.iter().map(|item| (item.name.clone(), item.value.clone())));
        let values: BTreeMap<_, _> =
            values.iter().map(|(name, value)| (name.replace('/', "-"), value.expose_secret())).collect();
        let text = format!("{HEAD}{}", toml::to_string(&values)?);
        self.write(&text).with_context(|| format!("could not write {self}"))
    }

    fn write(&self, text: &str) -> std::io::Result<()> {
        let new = self.path.with_extension("toml.new");
        if let Some(directory) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        // One that was left behind may have other rights.
        let _ = fs::remove_file(&new);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

/// The parameter's name: `okta-token` in the file is `okta/token` in Systems Manager.
fn name_of(key: &str) -> String {
    match key {
        "okta-org-url" | "okta-token" => key.replacen('-', "/", 1),
        _ if key.starts_with("twilio-") => key.replacen('-', "/", 1),
        _ => key.to_owned(),
    }
}
