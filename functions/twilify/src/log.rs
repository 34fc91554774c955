//! One line of JSON per event, on standard output, where Lambda collects it.

mod lines;

use std::{error::Error, process::ExitCode};

use tracing::{Instrument as _, Level, Span, field::Empty, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::lines::Lines;
use crate::{Causes, metrics};

/// The crates that keep personal data out of what they log. The others, like an HTTP library that
/// traces what it sends, may only warn, whatever the level.
const OURS: [&str; 4] = ["twilify", "call_forward", "sms_forward", "provisioner"];

/// Starts logging what is at least as important as `level`.
///
/// There is no time in a line: CloudWatch puts its own before it.
pub fn start(level: Level) {
    let warnings = LevelFilter::from_level(level.min(Level::WARN));
    let targets = Targets::new().with_default(warnings).with_targets(OURS.map(|name| (name, level)));
    // The second start in a process, as when the first one's settings turn out wrong, changes nothing.
    let _ = tracing_subscriber::registry().with(Lines).with(targets).try_init();
}

/// Does the work of one invocation. Every line that is logged meanwhile has its id, and what was measured is
/// told at its end.
pub async fn invocation<T>(request_id: &str, work: impl Future<Output = T>) -> T {
    metrics::begin(request_id);
    // An error, so that no level hides it.
    let span = tracing::error_span!("invocation", request_id, call_sid = Empty, message_sid = Empty);
    let result = work.instrument(span).await;
    metrics::end();
    result
}

/// From here on, every line of this invocation has this SID, in the field `call_sid` or `message_sid`.
pub(crate) fn is_about(field: &'static str, sid: &str) {
    Span::current().record(field, sid);
}

/// How a function's process ends: with a line that says why, at a level that no setting hides, if it could
/// not start.
pub fn ended(result: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    start(Level::ERROR);
    tracing::error!(error = %Causes(&*error), "cannot start");
    ExitCode::FAILURE
}
