//! The schedule ticks: give everyone a number who needs one.

use std::process::ExitCode;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use provisioner::{NotObserved, Provisioner, Report};
use serde::Deserialize;
use twilify::{
    Causes,
    config::{Provisioning, Settings},
    log,
    secrets::{self, Parameters},
    transport::{Http, WHILE_NOBODY_WAITS},
};

/// What invokes the function: the schedule's event, or `{"dry_run": true}` from a person.
#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    dry_run: bool,
}

/// Why an invocation counts as failed.
#[derive(Debug)]
enum Failure {
    Unseen(NotObserved),
    Unfinished(Report),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::cannot_start(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env()?;
    log::start(settings.log);
    let http = Http::new(WHILE_NOBODY_WAITS);
    let provisioning = Provisioning::from_env()?;
    let parameters = Parameters::fetch(&http, &settings, secrets::FOR_THE_ACCOUNT).await?;
    let provisioner = Provisioner {
        directory: parameters.directory(&http, &settings)?,
        account: parameters.account(&http, &settings)?,
        settings: provisioning,
        country: settings.country,
    };
    run(service_fn(|event| respond(&provisioner, event))).await
}

async fn respond(provisioner: &Provisioner, event: LambdaEvent<Event>) -> Result<Report, Failure> {
    let report = provisioner.run(event.payload.dry_run).await.map_err(|error| {
        tracing::error!(error = %Causes(&error), "could not run");
        Failure::Unseen(error)
    })?;
    if report.failed.is_empty() { Ok(report) } else { Err(Failure::Unfinished(report)) }
}

/// Error types that an alarm can rely on, and in the message all that there is to say: a failed
/// invocation has no other result.
impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unseen(error) => {
                Self { error_type: "NotObserved".to_owned(), error_message: Causes(&error).to_string() }
            }
            Failure::Unfinished(report) => Self {
                error_type: "Unfinished".to_owned(),
                error_message: serde_json::to_string(&report).expect("a report is JSON"),
            },
        }
    }
}
