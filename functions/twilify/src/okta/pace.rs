//! How fast Okta may be asked.
//!
//! <https://developer.okta.com/docs/reference/rl-best-practices/>

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http::{Method, StatusCode, header};
use jiff::fmt::rfc2822;

use crate::{
    limiter::{Limiter, Turn},
    transport::{Answer, limiter},
};

/// The longest that Okta can mean: its limits are for a minute.
const LONGEST: Duration = Duration::from_secs(61);

/// How long to wait where too much was going on at once, for which Okta names no time.
const BREATH: Duration = Duration::from_secs(1);

/// The share of each limit that is left to the functions that answer calls and texts with the same token, as one
/// in so many.
const RESERVE: u32 = 3;

/// How fast Okta is asked by someone who has time until a deadline.
#[derive(Debug)]
pub(super) struct Pace {
    deadline: Instant,
    limiter: Limiter,
    /// What is known of each [`Endpoint`].
    buckets: [Mutex<Bucket>; 3],
    /// When the next request is welcome after one was refused, whatever it is for.
    next: Mutex<Option<Instant>>,
}

/// The endpoints that Okta [counts together].
///
/// [counts together]: https://developer.okta.com/docs/reference/rate-limits/
#[derive(Clone, Copy, Debug)]
pub(super) enum Endpoint {
    /// Lists and searches.
    Users,
    /// Reading one user.
    Read,
    /// Writing one user.
    Write,
}

/// What is known about the limit of some endpoints.
#[derive(Debug, Default)]
struct Bucket {
    window: Option<Window>,
    /// How many requests have no answer yet.
    under_way: u32,
}

/// What Okta said about the present window.
#[derive(Clone, Copy, Debug)]
struct Window {
    limit: u32,
    remaining: u32,
    /// When it ends, by Okta's clock, in seconds since 1970.
    reset: i64,
    /// When it is over for certain, by our clock.
    over: Instant,
}

/// When a request may be made.
enum When {
    Now,
    At(Instant),
    /// When a request that is under way has been answered.
    Answered,
}

/// The right to make one request.
pub(super) struct Begun<'a> {
    pace: &'a Pace,
    // Those who wait for the turn to end look at the bucket then, so it comes first.
    counted: Counted<'a>,
    turn: Turn<'a>,
}

/// A request that counts as under way until this is dropped.
struct Counted<'a>(&'a Mutex<Bucket>);

impl Pace {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { deadline, limiter: limiter(), buckets: Default::default(), next: Mutex::default() }
    }

    /// Waits until another request is welcome. `None`, at once, if that is only after the deadline.
    pub(super) async fn begin(&self, endpoint: Endpoint) -> Option<Begun<'_>> {
        let bucket = &self.buckets[endpoint as usize];
        loop {
            let changed = self.limiter.changed();
            match self.next(bucket) {
                When::At(time) if time >= self.deadline => return None,
                When::At(time) => tokio::time::sleep_until(time.into()).await,
                When::Now => match self.limiter.try_enter() {
                    Some(turn) => return Some(Begun { pace: self, counted: Counted::new(bucket), turn }),
                    None => changed.await,
                },
                When::Answered => changed.await,
            }
        }
    }

    fn next(&self, bucket: &Mutex<Bucket>) -> When {
        let now = Instant::now();
        match *lock(&self.next) {
            Some(next) if next > now => When::At(next),
            _ => lock(bucket).next(now),
        }
    }
}

impl Endpoint {
    pub(super) fn of(method: &Method, path: &str) -> Self {
        match path {
            "/api/v1/users" => Self::Users,
            _ if *method == Method::GET => Self::Read,
            _ => Self::Write,
        }
    }
}

impl Begun<'_> {
    /// Learns from the answer when the next request is welcome.
    pub(super) fn learn(self, answer: &Answer) {
        let Self { pace, counted, turn } = self;
        lock(counted.0).learn(answer);
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let mut next = lock(&pace.next);
            *next = (*next).max(Some(Instant::now() + pause(answer)));
            drop(next);
            drop(counted);
            turn.refused();
        } else {
            drop(counted);
            turn.done();
        }
    }
}

impl<'a> Counted<'a> {
    fn new(bucket: &'a Mutex<Bucket>) -> Self {
        lock(bucket).under_way += 1;
        Self(bucket)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        lock(self.0).under_way -= 1;
    }
}

impl Bucket {
    fn next(&self, now: Instant) -> When {
        let Some(Window { limit, remaining, over, .. }) = self.window.filter(|it| it.over > now) else {
            // The first answer of a window tells what the others may use.
            return if self.under_way == 0 { When::Now } else { When::Answered };
        };
        let reserve = limit.div_ceil(RESERVE).min(limit - 1);
        if remaining <= reserve {
            When::At(over)
        } else if remaining - reserve > self.under_way {
            When::Now
        } else {
            When::Answered
        }
    }

    fn learn(&mut self, answer: &Answer) {
        let now = Instant::now();
        let Some(told) = Window::of(answer, now) else { return };
        let before = self.window.filter(|it| it.over > now);
        match before {
            // An answer of the window before, which is late.
            Some(it) if it.reset > told.reset => {}
            Some(it) if it.reset == told.reset => {
                self.window = Some(Window { remaining: it.remaining.min(told.remaining), ..told });
            }
            _ => self.window = Some(told),
        }
    }
}

impl Window {
    /// What the headers of an answer say; `None` if they say nothing, or speak of requests at the same time, for
    /// which Okta says that the limit is zero.
    fn of(answer: &Answer, now: Instant) -> Option<Self> {
        let number = |name| text(answer, name)?.parse::<i64>().ok();
        let count = |name| u32::try_from(number(name)?).ok();
        let limit = count("x-rate-limit-limit").filter(|limit| *limit > 0)?;
        let remaining = count("x-rate-limit-remaining")?;
        let reset = number("x-rate-limit-reset")?;
        let over = now + until(reset, answer)?;
        let refused = answer.status == StatusCode::TOO_MANY_REQUESTS;
        Some(Self { limit, remaining: if refused { 0 } else { remaining }, reset, over })
    }
}

/// How long to wait after a 429: until the limit is reset, and a second more.
pub(super) fn pause(answer: &Answer) -> Duration {
    let now = Instant::now();
    Window::of(answer, now).map_or(BREATH, |window| window.over - now)
}

/// How long it is until `reset`, and a second more. Okta's clock is held against Okta's clock, so that ours does not
/// matter.
fn until(reset: i64, answer: &Answer) -> Option<Duration> {
    let date = text(answer, header::DATE.as_str())?;
    let now = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let seconds = u64::try_from(reset - now.as_second()).unwrap_or_default();
    Some(Duration::from_secs(seconds + 1).min(LONGEST))
}

fn text<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
