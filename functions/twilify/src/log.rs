//! One line of JSON per event, on standard output, where Lambda collects it.

use std::{error::Error, process::ExitCode};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::Causes;

/// The crates that keep personal data out of what they log. The others, like an HTTP library that
/// traces what it sends, may only warn, whatever the level.
const OURS: [&str; 4] = ["twilify", "call_forward", "sms_forward", "provisioner"];

/// Starts logging what is at least as important as `level`.
///
/// There is no time in a line: CloudWatch puts its own before it.
pub fn start(level: Level) {
    let lines =
        fmt::layer().json().flatten_event(true).with_current_span(false).with_target(false).without_time();
    let warnings = LevelFilter::from_level(level.min(Level::WARN));
    let targets = Targets::new().with_default(warnings).with_targets(OURS.map(|name| (name, level)));
    // The second start in a process, as when the first one's settings turn out wrong, changes nothing.
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
}

/// How a function's process ends: with a line that says why, at a level that no setting hides, if it could
/// not start.
pub fn ended(result: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    start(Level::ERROR);
    tracing::error!(error = %Causes(&*error), "cannot start");
    ExitCode::FAILURE
}
