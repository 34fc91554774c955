//! Somebody in the IT department.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tempfile::TempDir;
use tokio::process::Command;

use crate::aws::binaries::operators_program;

/// Somebody who runs `twilify`, with files of their own and an environment of which nothing is left to chance.
pub struct Operator {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a program has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its exit status.
    pub status: i32,
    /// What it printed as its result.
    pub result: String,
    /// What it remarked besides.
    pub remarks: String,
}

impl Operator {
    pub(crate) fn new<'a>(variables: impl Iterator<Item = (&'a str, String)>) -> Self {
        let home = TempDir::new().expect("there is a place for files");
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        let mut operator = Self { home, variables: variables.collect() };
        let home = operator.home().to_string_lossy().into_owned();
        for (name, value) in
            [("HOME", home.as_str()), ("NO_COLOR", "1"), ("AWS_EC2_METADATA_DISABLED", "true")]
        {
            operator = operator.with(name, value);
        }
        operator
    }

    /// The same person with another variable in their environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(it, _)| it != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same person without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(it, _)| it != name);
        self
    }

    /// Where their files are.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Their environment.
    #[must_use]
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// The program.
    ///
    /// # Panics
    ///
    /// If it does not build.
    #[must_use]
    pub fn program() -> &'static PathBuf {
        operators_program().expect("the operator's program builds")
    }

    /// Runs `twilify` with these arguments, with nobody there to be asked.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().await.expect("it runs");
        Said {
            status: output.status.code().unwrap_or(-1),
            result: String::from_utf8_lossy(&output.stdout).into_owned(),
            remarks: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Like [`run`](Self::run), with nobody who reads what it prints. Returns its exit status.
    ///
    /// # Panics
    ///
    /// If it does not run.
    pub async fn run_unread(&self, arguments: &[&str]) -> i32 {
        let mut child = self.command(arguments).stdout(Stdio::piped()).spawn().expect("it runs");
        drop(child.stdout.take());
        child.wait().await.expect("it ends").code().unwrap_or(-1)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Self::program());
        command.args(arguments).env_clear().envs(self.variables.iter().cloned());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}
