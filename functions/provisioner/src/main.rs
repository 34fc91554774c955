//! The schedule ticks: give everyone a number who needs one.

use std::{
    fmt,
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use provisioner::{NotObserved, Provisioner, Report};
use serde::Deserialize;
use serde_json::Value;
use twilify::{
    Causes,
    config::{self, Aws, Provisioning, Settings},
    log, metrics,
    secrets::{self, Parameters},
    start::Lazy,
    transport::{Http, WHILE_NOBODY_WAITS},
    twilio::MessagingService,
};

/// What invokes the function. Anything else is refused: a mistyped dry run would spend money.
#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    /// The schedule.
    Scheduled {
        #[serde(rename = "detail-type")]
        _detail_type: String,
    },
    /// A person, with `{}` or `{"dry_run": true}`.
    ByHand(ByHand),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHand {
    #[serde(default)]
    dry_run: bool,
}

/// Why an invocation counts as failed.
enum Failure {
    ParametersUnread(secrets::Error),
    Unreadable,
    NotObserved(NotObserved),
    Unfinished(Report),
}

/// What the runtime logs, so without the numbers that are in the report.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParametersUnread(error) => write!(f, "ParametersUnread ({})", Causes(error)),
            Self::Unreadable => f.write_str("Unreadable"),
            Self::NotObserved(_) => f.write_str("NotObserved"),
            Self::Unfinished(report) => write!(f, "Unfinished ({:?})", report.counts),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    log::ended(Box::pin(serve()).await)
}

async fn serve() -> Result<(), Error> {
    let settings = Settings::from_env()?;
    log::start(settings.log);
    metrics::start(&settings.metrics);
    let http = Http::new(WHILE_NOBODY_WAITS, config::roots()?);
    let (provisioning, aws) = (Provisioning::from_env()?, Aws::from_env()?);
    let open = async |patience| open(&http, &aws, &settings, &provisioning, patience).await;
    let provisioner = Lazy::start(open).await?;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let id = event.context.request_id.clone();
        // On the heap, for it is large, and the runtime moves it from layer to layer.
        let report = Box::pin(async {
            let provisioner = provisioner.get(WHILE_NOBODY_WAITS).await.map_err(Failure::ParametersUnread)?;
            respond(provisioner, event).await
        });
        log::invocation(&id, report).await
    }))
    .await
}

async fn open(
    http: &Http,
    aws: &Aws,
    settings: &Settings,
    provisioning: &Provisioning,
    patience: Duration,
) -> Result<Provisioner, secrets::Error> {
    let parameters = Parameters::fetch(http, aws, settings, patience).await?;
    let account = parameters.account(http, settings)?;
    let messaging = &settings.twilio_messaging_api;
    let service = settings.messaging_service.as_ref();
    Ok(Provisioner {
        directory: parameters.directory(http, settings)?,
        messaging_service: service.map(|sid| MessagingService::new(account.clone(), messaging, sid)),
        account,
        settings: provisioning.clone(),
        seal: parameters.seal(settings)?,
        territory: settings.territory.clone(),
    })
}

async fn respond(provisioner: &Provisioner, event: LambdaEvent<Value>) -> Result<Report, Failure> {
    let LambdaEvent { payload, context } = event;
    let dry_run = match serde_json::from_value(payload.clone()) {
        Ok(Event::Scheduled { .. }) => false,
        Ok(Event::ByHand(ByHand { dry_run })) if payload.is_object() => dry_run,
        _ => return Err(Failure::Unreadable),
    };
    let time_left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    let report = provisioner.run(dry_run, Instant::now() + time_left).await.map_err(|error| {
        tracing::error!(error = %Causes(&error), "could not run");
        Failure::NotObserved(error)
    })?;
    if !dry_run {
        report.counts.measure();
    }
    if report.failed.is_empty() { Ok(report) } else { Err(Failure::Unfinished(report)) }
}

/// Error types that an alarm can rely on, and in the message all that there is to say: a failed
/// invocation has no other result.
impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let (error_type, error_message) = match failure {
            Failure::ParametersUnread(error) => ("ParametersUnread", Causes(&error).to_string()),
            Failure::Unreadable => (
                "Unreadable",
                r#"the event is neither the schedule's nor {} nor {"dry_run": true}"#.to_owned(),
            ),
            Failure::NotObserved(error) => ("NotObserved", Causes(&error).to_string()),
            Failure::Unfinished(report) => {
                ("Unfinished", serde_json::to_string(&report).expect("a report is JSON"))
            }
        };
        Self { error_type: error_type.to_owned(), error_message }
    }
}
