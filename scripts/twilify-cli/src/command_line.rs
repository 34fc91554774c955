//! Keeping secrets off the list of processes, which everybody on the machine can read.

use std::{env, ffi::OsString, os::unix::process::CommandExt as _, process::Command};

use anyhow::{Context as _, Result, bail};
use clap::{ArgMatches, parser::ValueSource};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{arguments::SECRETS, terminal::remark};

/// What stands in the place of a secret that was on the command line, before the variable that has it.
const IN: &str = "@";

/// If a secret is on the command line, puts this process in the place of one that has it in its environment.
pub(crate) fn hide_secrets(matches: &ArgMatches) -> Result<()> {
    let mut deepest = matches;
    while let Some((_, inner)) = deepest.subcommand() {
        deepest = inner;
    }
    let typed = |(id, variable): (&str, &'static str)| {
        let from = [matches, deepest].into_iter();
        let mut typed = from.filter(|it| it.value_source(id) == Some(ValueSource::CommandLine));
        let secret = typed.find_map(|it| it.get_one::<SecretString>(id))?.expose_secret().to_owned();
        Some((secret, variable)).filter(|(secret, variable)| *secret != format!("{IN}{variable}"))
    };
    let secrets: Vec<_> = SECRETS.into_iter().filter_map(typed).collect();
    if secrets.is_empty() {
        return Ok(());
    }
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let hidden = hidden(&arguments, &secrets);
    if hidden == arguments {
        bail!("a secret on the command line could not be hidden; put it into the environment");
    }
    for (_, variable) in &secrets {
        remark(format_args!(
            "A secret on the command line stays in the history of your shell; better put it into {variable}."
        ));
    }
    let program = env::current_exe().context("could not find this program")?;
    let secrets = secrets.into_iter().map(|(secret, variable)| (variable, secret));
    let error = Command::new(program).args(hidden).envs(secrets).exec();
    Err(error).context("could not hide a secret on the command line; put it into the environment")
}

/// The arguments with the names of variables in the place of secrets, however these are attached to their flags.
fn hidden(arguments: &[OsString], secrets: &[(String, &str)]) -> Vec<OsString> {
    let hide = |argument: &OsString| {
        let text = argument.to_string_lossy();
        let found =
            secrets.iter().find_map(|(secret, variable)| Some((text.strip_suffix(secret)?, variable)));
        found.map_or_else(|| argument.clone(), |(flag, variable)| format!("{flag}{IN}{variable}").into())
    };
    arguments.iter().map(hide).collect()
}

/// The secret that `value` is, or that the variable has which it names.
#[expect(clippy::disallowed_methods, reason = "this is where this program has put a secret before")]
pub(crate) fn revealed(value: SecretString) -> SecretString {
    let variable = value.expose_secret().strip_prefix(IN);
    let variable = SECRETS.into_iter().find(|(_, it)| Some(*it) == variable);
    match variable.and_then(|(_, variable)| env::var(variable).ok()) {
        Some(secret) => secret.into(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let secrets = [("00secret".to_owned(), "OKTA_TOKEN")];
        for (line, without) in [
            ("plan -o 00secret --json", "plan -o @OKTA_TOKEN --json"),
            ("plan -o00secret --json", "plan -o@OKTA_TOKEN --json"),
            ("plan -yo=00secret", "plan -yo=@OKTA_TOKEN"),
            ("-yo 00secret plan", "-yo @OKTA_TOKEN plan"),
            ("plan --okta-token=00secret", "plan --okta-token=@OKTA_TOKEN"),
            ("status -u https://example.okta.com --show", "status -u https://example.okta.com --show"),
        ] {
            let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
            assert_eq!(hidden(&words(line), &secrets), words(without), "{line}");
        }
    }
}
