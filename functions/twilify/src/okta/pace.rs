//! How fast Okta may be asked.
//!
//! <https://developer.okta.com/docs/reference/rl-best-practices/>

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{StatusCode, header};
use jiff::fmt::rfc2822;

use crate::transport::Answer;

/// The longest that Okta can mean: its limits are for a minute.
const LONGEST: Duration = Duration::from_secs(61);

/// How long to wait where too much was going on at once, for which Okta names no time.
const BREATH: Duration = Duration::from_secs(1);

/// What Okta last said about the next request, for someone who has time until a deadline.
#[derive(Debug)]
pub(super) struct Pace {
    deadline: Instant,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { deadline, next: Mutex::new(None) }
    }

    /// Waits until the next request is welcome. `false`, at once, if that is only after the deadline.
    pub(super) async fn keep(&self) -> bool {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        match next {
            Some(next) if next >= self.deadline => false,
            Some(next) => {
                tokio::time::sleep_until(next.into()).await;
                true
            }
            None => true,
        }
    }

    /// Learns from an answer when the next request is welcome.
    pub(super) fn learn(&self, answer: &Answer) {
        if let Some(pause) = pause(answer) {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next = (*next).max(Some(Instant::now() + pause));
        }
    }
}

/// How long to wait after an answer: until the limit is reset, and a second more. Okta's clock is
/// held against Okta's clock, so that ours does not matter.
pub(super) fn pause(answer: &Answer) -> Option<Duration> {
    let text = |name: &str| answer.headers.get(name)?.to_str().ok();
    let number = |name| text(name)?.parse::<i64>().ok();
    let refused = answer.status == StatusCode::TOO_MANY_REQUESTS;
    let limit = number("x-rate-limit-limit");
    if !refused && (number("x-rate-limit-remaining") != Some(0) || limit == Some(0)) {
        return None;
    }
    let now = text(header::DATE.as_str())
        .and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
    match (limit, number("x-rate-limit-reset"), now) {
        (Some(1..), Some(reset), Some(now)) => {
            let seconds = u64::try_from(reset - now.as_second()).unwrap_or_default();
            Some(Duration::from_secs(seconds + 1).min(LONGEST))
        }
        _ => Some(BREATH),
    }
}
