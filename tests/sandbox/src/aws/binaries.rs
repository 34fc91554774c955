//! The functions' binaries, built without what the sandbox and the tests ask of their dependencies.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The packages that are deployed.
const FUNCTIONS: [&str; 3] = ["call-forward", "sms-forward", "provisioner"];

type Binaries = LazyLock<Result<HashMap<String, PathBuf>, String>>;

/// Whether the functions are built for release.
static AS_DEPLOYED: AtomicBool = AtomicBool::new(false);

/// Lets the functions be built as they are deployed, as whoever measures them wants them, if none has been built
/// before.
pub fn build_as_deployed() {
    AS_DEPLOYED.store(true, Ordering::Relaxed);
}

/// Where the binary of the function called `name` is. The first call builds it.
///
/// # Errors
///
/// If it does not build, or there is none of that name.
pub fn binary(name: &str) -> anyhow::Result<&'static PathBuf> {
    static FUNCTIONS_BUILT: Binaries = LazyLock::new(|| {
        let mut packages = vec!["--bins".to_owned()];
        packages.extend(FUNCTIONS.map(|function| format!("--package={function}")));
        build(&packages).map_err(|error| format!("{error:#}"))
    });

    find(&FUNCTIONS_BUILT, name)
}

/// Where the operator's program is. The first call builds it, with the features that the workspace's
/// tests have built their dependencies with.
pub(crate) fn operators_program() -> anyhow::Result<&'static PathBuf> {
    static BUILT: Binaries = LazyLock::new(|| {
        build(&["--workspace".to_owned(), "--bin=twilify".to_owned()]).map_err(|error| format!("{error:#}"))
    });

    find(&BUILT, "twilify")
}

fn find(binaries: &'static Binaries, name: &str) -> anyhow::Result<&'static PathBuf> {
    let binaries = binaries.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
    binaries.get(name).with_context(|| format!("there is no binary called {name}"))
}

fn build(targets: &[String]) -> anyhow::Result<HashMap<String, PathBuf>> {
    let mut cargo = Command::new(env!("CARGO"));
    // What the outer cargo tells a test about itself would make the inner one build everything
    // again whose build script looks at it.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            cargo.env_remove(name);
        }
    }
    cargo.args(["build", "--locked", "--message-format=json-render-diagnostics", "--quiet"]);
    if AS_DEPLOYED.load(Ordering::Relaxed) {
        cargo.arg("--release");
    }
    cargo.args(targets);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{} does not build", targets.join(" "));
    let messages = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let mut binaries = HashMap::new();
    for message in messages {
        let message = message.context("cargo speaks JSON")?;
        if let (Some(name), Some(path)) = (message["target"]["name"].as_str(), message["executable"].as_str())
        {
            binaries.insert(name.to_owned(), path.into());
        }
    }
    Ok(binaries)
}
