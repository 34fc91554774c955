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

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses in milliseconds, with the jitter that makes each of them up to a tenth longer left out.
    fn until(deadline: Option<Duration>) -> Vec<u128> {
        let pauses = pauses(deadline.map(|it| Instant::now() + it));
        let without_jitter = |pause: Duration| {
            let planned = 100 << (pause.as_millis() / 100).ilog2();
            assert!((planned..=planned + planned / 10).contains(&pause.as_millis()), "{pause:?}");
            planned
        };
        pauses.map(without_jitter).collect()
    }

    #[test]
    fn the_first_pause_is_a_tenth_of_a_second_and_each_of_the_four_others_twice_as_long_as_the_one_before() {
        assert_eq!(until(Some(Duration::from_mins(1))), [100, 200, 400, 800, 1600]);
    }

    #[test]
    fn no_pause_ends_after_the_deadline_and_without_a_deadline_there_is_none() {
        assert_eq!(until(Some(Duration::from_millis(1500))), [100, 200, 400, 800]);
        for deadline in [Some(Duration::from_millis(100)), Some(Duration::ZERO), None] {
            assert_eq!(until(deadline), [0; 0], "{deadline:?}");
        }
    }
}
