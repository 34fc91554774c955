//! Keeping secrets off the list of processes, which everybody on the machine can read.

use std::{env, ffi::OsString, os::unix::process::CommandExt as _, process::Command};

use clap::{ArgMatches, parser::ValueSource};

use crate::{arguments::SECRET_FLAGS, terminal::remark};

/// If a secret is on the command line, puts this process in the place of one that has it in its environment.
pub(crate) fn hide_secrets(matches: &ArgMatches) {
    let mut deepest = matches;
    while let Some((_, inner)) = deepest.subcommand() {
        deepest = inner;
    }
    let is_typed = |(_, long, _): &&(_, &str, _)| {
        let id = long.replace('-', "_");
        [matches, deepest].iter().any(|it| it.value_source(&id) == Some(ValueSource::CommandLine))
    };
    if !SECRET_FLAGS.iter().any(|flag| is_typed(&flag)) {
        return;
    }
    let (others, secrets) = sort_out(env::args_os().skip(1));
    if secrets.is_empty() {
        return;
    }
    for (_, variable) in &secrets {
        remark(format_args!(
            "A secret on the command line stays in the history of your shell; better put it into {variable}."
        ));
    }
    let Ok(program) = env::current_exe() else { return };
    let secrets = secrets.into_iter().map(|(secret, variable)| (variable, secret));
    // If this comes back, it has not worked, and the secret is at least read.
    let _ = Command::new(program).args(others).envs(secrets).exec();
}

/// The arguments without the secrets, and the secrets, each with the variable that says the same.
fn sort_out(arguments: impl Iterator<Item = OsString>) -> (Vec<OsString>, Vec<(OsString, &'static str)>) {
    let (mut others, mut secrets) = (Vec::new(), Vec::new());
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        let found = SECRET_FLAGS.iter().find_map(|(short, long, variable)| {
            let short = short.map(|short| format!("-{short}"));
            if text == format!("--{long}") || short.as_deref() == Some(&*text) {
                return Some((None, *variable));
            }
            let attached = text.strip_prefix(&format!("--{long}="));
            let attached = attached.or_else(|| {
                let value = text.strip_prefix(&short?)?;
                Some(value.strip_prefix('=').unwrap_or(value))
            });
            attached.map(|value| (Some(OsString::from(value)), *variable))
        });
        match found {
            Some((Some(value), variable)) => secrets.push((value, variable)),
            Some((None, variable)) => secrets.extend(arguments.next().map(|value| (value, variable))),
            None => {
                drop(text);
                others.push(argument);
            }
        }
    }
    (others, secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_however_it_is_written() {
        for line in [
            "plan -o 00secret --json",
            "plan -o00secret --json",
            "plan -o=00secret --json",
            "plan --okta-token 00secret --json",
            "plan --okta-token=00secret --json",
        ] {
            let (others, secrets) = sort_out(line.split(' ').map(OsString::from));
            assert_eq!(others, ["plan", "--json"], "{line}");
            assert_eq!(secrets, [(OsString::from("00secret"), "OKTA_TOKEN")], "{line}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let line = "status -u https://example.okta.com --prefix 925 --show";
        let (others, secrets) = sort_out(line.split(' ').map(OsString::from));
        assert_eq!((others.join(OsString::from(" ").as_os_str()), secrets.len()), (line.into(), 0));
    }
}
