//! Whether the schedule runs.

use jiff::{SignedDuration, Timestamp};

use super::Check;
use crate::setup::Setup;

/// The longest that a run may be ago: the token dies, and what is sealed grows old, if there are none.
const LONGEST: SignedDuration = SignedDuration::from_hours(25);

pub(super) async fn schedule(setup: &Setup) -> Check {
    let what = "schedule";
    let deployment = match setup.deployment() {
        Ok(Some(deployment)) => deployment,
        Ok(None) => return Check::skipped(what, "nothing is deployed that this program knows of"),
        Err(error) => {
            return Check::bad(what, format!("{error:#}"), "let somebody with access to AWS Lambda look");
        }
    };
    let remedy =
        "see in the EventBridge console whether the schedule is enabled, and in the log how its runs end";
    let now = Timestamp::now();
    match deployment.last_run(now - LONGEST).await {
        Ok(None) if deployment.deployed().is_some_and(|deployed| now.duration_since(deployed) < LONGEST) => {
            Check::skipped(what, "no run has come to its end since the last deployment; look again later")
        }
        Ok(None) => {
            Check::bad(what, format!("no run has come to its end for {} hours", LONGEST.as_hours()), remedy)
        }
        Ok(Some(time)) => {
            Check::good(what, format!("a run came to its end {} ago", rough(now.duration_since(time))))
        }
        Err(error) => Check::failed(what, &error),
    }
}

/// A time as people say it.
fn rough(time: SignedDuration) -> String {
    let minutes = time.as_mins().max(0);
    match minutes {
        0..2 => "a minute".to_owned(),
        2..120 => format!("{minutes} minutes"),
        _ => format!("{} hours", minutes / 60),
    }
}
