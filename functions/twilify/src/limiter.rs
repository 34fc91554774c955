//! How much is under way at the same time.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, futures::Notified};

/// With how many at a time to begin. An Okta token may have 18 requests at once in a free org, and Twilio suggests few.
const FIRST: usize = 4;

/// A limit that adapts: one more at a time while all goes quickly, half as many after a vendor refused one because
/// there were too many. It grows with each answer at first, and once in a round after a refusal, as TCP does.
#[derive(Debug)]
pub struct Limiter {
    most: usize,
    quick: Duration,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    under_way: usize,
    /// How many were done quickly since the limit last changed.
    quick: usize,
    /// How often the limit was halved. What began before that says nothing about the new limit.
    halved: usize,
}

/// The right to do one thing. It ends when it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    limiter: &'a Limiter,
    began: Instant,
    halved: usize,
}

impl Limiter {
    /// A limit that begins at four and never exceeds `most`. What takes longer than `quick` is no reason to do more at the
    /// same time.
    #[must_use]
    pub fn new(most: usize, quick: Duration) -> Self {
        let state = State { limit: FIRST.min(most), under_way: 0, quick: 0, halved: 0 };
        Self { most, quick, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits until there is room for one more.
    pub async fn enter(&self) -> Turn<'_> {
        loop {
            let changed = self.changed();
            if let Some(turn) = self.try_enter() {
                return turn;
            }
            changed.await;
        }
    }

    /// The right to begin at this moment, if there is room.
    pub(crate) fn try_enter(&self) -> Option<Turn<'_>> {
        let mut state = self.state();
        if state.under_way >= state.limit {
            return None;
        }
        state.under_way += 1;
        Some(Turn { limiter: self, began: Instant::now(), halved: state.halved })
    }

    /// Resolves when a turn has ended since this was called.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// It is done, whatever came of it.
    pub fn done(self) {
        let mut state = self.limiter.state();
        if self.halved != state.halved || self.began.elapsed() > self.limiter.quick {
            return;
        }
        state.quick += 1;
        // Until a vendor refuses one for the first time, nothing speaks for going slowly.
        let may_grow = state.halved == 0 || state.quick >= state.limit;
        if may_grow && state.limit < self.limiter.most {
            *state = State { limit: state.limit + 1, quick: 0, ..*state };
        }
    }

    /// It was one too many.
    pub(crate) fn refused(self) {
        let mut state = self.limiter.state();
        if self.halved == state.halved {
            *state = State { limit: (state.limit / 2).max(1), quick: 0, halved: state.halved + 1, ..*state };
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.limiter.state().under_way -= 1;
        self.limiter.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_secs(1);

    /// Begins as much at once as there is room for, lets all of it end, and tells how much it was.
    fn round<'a>(limiter: &'a Limiter, end: fn(Turn<'a>)) -> usize {
        let turns: Vec<_> = std::iter::from_fn(|| limiter.try_enter()).collect();
        let count = turns.len();
        turns.into_iter().for_each(end);
        count
    }

    #[test]
    fn there_is_one_more_after_each_that_was_quick_up_to_the_most() {
        let limiter = Limiter::new(16, QUICK);
        let rounds: Vec<_> = (0..4).map(|_| round(&limiter, Turn::done)).collect();
        assert_eq!(rounds, [4, 8, 16, 16]);
    }

    #[test]
    fn there_are_never_more_than_the_most_not_even_at_first() {
        for most in [1, 2, 4] {
            let limiter = Limiter::new(most, QUICK);
            assert_eq!([round(&limiter, Turn::done), round(&limiter, Turn::done)], [most; 2]);
        }
    }

    #[tokio::test]
    async fn who_has_to_wait_begins_when_somebody_else_has_ended() {
        let limiter = Limiter::new(1, QUICK);
        let first = limiter.enter().await;
        assert!(limiter.try_enter().is_none());
        let second = tokio::time::timeout(QUICK, limiter.enter());
        let (second, ()) = tokio::join!(second, async { drop(first) });
        let _second = second.expect("it begins");
        assert!(limiter.try_enter().is_none());
    }

    #[test]
    fn those_that_are_refused_together_halve_the_limit_once() {
        let limiter = Limiter::new(16, QUICK);
        for expected in [4, 2, 1, 1] {
            assert_eq!(round(&limiter, Turn::refused), expected);
        }
        let rounds: Vec<_> = (0..4).map(|_| round(&limiter, Turn::done)).collect();
        assert_eq!(rounds, [1, 2, 3, 4], "one more after each round");
    }

    #[test]
    fn what_went_quickly_before_a_refusal_does_not_count_afterwards() {
        let limiter = Limiter::new(16, QUICK);
        for _ in 0..4 {
            round(&limiter, Turn::done);
        }
        limiter.try_enter().unwrap().refused();
        limiter.try_enter().unwrap().done();
        assert_eq!(round(&limiter, Turn::done), 8);
    }

    #[test]
    fn what_takes_long_is_no_reason_for_more() {
        let limiter = Limiter::new(16, QUICK);
        for _ in 0..8 {
            let mut turn = limiter.try_enter().unwrap();
            turn.began = turn.began.checked_sub(QUICK * 2).unwrap();
            turn.done();
        }
        assert_eq!(round(&limiter, Turn::done), 4);
    }
}
