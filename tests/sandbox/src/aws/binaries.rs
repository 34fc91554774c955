//! The functions' binaries, built without what the sandbox and the tests ask of their dependencies.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::{Command, Stdio},
    sync::LazyLock,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The packages that are deployed.
const FUNCTIONS: [&str; 3] = ["call-forward", "sms-forward", "provisioner"];

static BINARIES: LazyLock<Result<HashMap<String, PathBuf>, String>> =
    LazyLock::new(|| build().map_err(|error| format!("{error:#}")));

/// Where the binary of the function called `name` is. The first call builds it.
pub(crate) fn binary(name: &str) -> anyhow::Result<&'static PathBuf> {
    let binaries = BINARIES.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
    binaries.get(name).with_context(|| format!("there is no function called {name}"))
}

fn build() -> anyhow::Result<HashMap<String, PathBuf>> {
    let mut cargo = Command::new(env!("CARGO"));
    // What the outer cargo tells a test about itself would make the inner one build everything
    // again whose build script looks at it.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            cargo.env_remove(name);
        }
    }
    cargo.args(["build", "--locked", "--bins", "--message-format=json-render-diagnostics", "--quiet"]);
    // A bench measures what is deployed, and is itself built for release.
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    cargo.args(FUNCTIONS.map(|function| format!("--package={function}")));
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the functions do not build");
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
