//! `twilify`, the operator's program.
//!
//! It shares the plan and the clients with the provisioner, so what it prints is what the deployed function would
//! do.

mod arguments;
mod aws;
mod command_line;
mod deployment;
mod doctor;
mod init;
mod one;
mod pretend;
mod provisioning;
mod rehearsal;
mod setup;
mod status;
mod store;
mod terminal;

use std::{io::Write as _, process::ExitCode};

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _};
use inquire::InquireError;

use self::{
    arguments::{Arguments, Command, Json},
    terminal::{remark, wrapped},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    if let Err(error) = command_line::hide_secrets(&matches) {
        return failed(&error);
    }
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(&arguments).await {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

async fn run(arguments: &Arguments) -> Result<ExitCode> {
    let flags = &arguments.flags;
    match &arguments.command {
        _ if arguments.init => init::init(arguments).await?,
        None => return provisioning::provision(arguments, false, false).await,
        Some(Command::Init) => init::init(arguments).await?,
        Some(Command::Plan { remote, output: Json { json } }) => {
            provisioning::plan(flags, *remote, *json).await?;
        }
        Some(Command::Provision { remote, output: Json { json } }) => {
            return provisioning::provision(arguments, *remote, *json).await;
        }
        Some(Command::Status { filter, show, output: Json { json }, csv }) => {
            let form = status::Form { json: *json, csv: *csv, show: *show };
            status::status(flags, filter.as_deref(), form).await?;
        }
        Some(Command::Doctor { output: Json { json } }) => return doctor::doctor(flags, *json).await,
        Some(Command::Release { number, pool }) => one::release(arguments, number, *pool).await?,
        Some(Command::Assign { number, employee }) => one::assign(arguments, number, employee).await?,
        Some(Command::Route { number }) => one::route(arguments, number.as_ref()).await?,
        Some(Command::Call { number, from, show }) => rehearsal::call(flags, number, from, *show).await?,
        Some(Command::Text { number, body, from, show }) => {
            rehearsal::text(arguments, number, from, body, *show).await?;
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "twilify", &mut script);
            std::io::stdout().write_all(&script)?;
        }
        Some(Command::Manual { directory: None }) => {
            clap_mangen::Man::new(Arguments::command()).render(&mut std::io::stdout())?;
        }
        Some(Command::Manual { directory: Some(directory) }) => {
            std::fs::create_dir_all(directory)?;
            clap_mangen::generate_to(Arguments::command(), directory)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    if let Some(InquireError::OperationCanceled | InquireError::OperationInterrupted) = error.downcast_ref() {
        remark("Nothing was changed.");
        return ExitCode::from(130);
    }
    if error.is::<terminal::Declined>() {
        remark(error);
        return ExitCode::FAILURE;
    }
    // Whoever reads what is printed has read enough.
    let is_of_a_pipe = |it: &(dyn std::error::Error + 'static)| {
        it.downcast_ref::<std::io::Error>().is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(is_of_a_pipe) {
        return ExitCode::SUCCESS;
    }
    remark(wrapped(&format!("{} {error:#}", terminal::bad("error:")), ""));
    ExitCode::FAILURE
}
