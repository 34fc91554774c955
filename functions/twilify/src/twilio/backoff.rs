//! How long to wait when Twilio says that there were too many requests at once.
//!
//! <https://www.twilio.com/docs/api/errors/20429>

use std::time::{Duration, Instant};

use crate::transport::jittered;

/// The pauses before one attempt after the other: a tenth of a second, then always twice as long, up
/// to five times and never past `deadline`. Without a deadline there is no time at all.
pub(super) fn pauses(deadline: Option<Instant>) -> impl Iterator<Item = Duration> {
    let pauses = (0..5).map(|attempt| jittered(Duration::from_millis(100 << attempt)));
    pauses.take_while(move |pause| deadline.is_some_and(|deadline| Instant::now() + *pause < deadline))
}
