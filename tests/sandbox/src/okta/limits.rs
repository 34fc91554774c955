//! How often the token may ask.
//!
//! <https://developer.okta.com/docs/reference/rate-limits/>

use std::{collections::HashMap, time::Duration};

use axum::http::{Method, StatusCode};
use jiff::Timestamp;

use super::failure::Failure;

/// The limits of one token, which are the same for each group of endpoints here.
pub(super) struct Limits {
    requests: u32,
    window: Duration,
    /// The present window of each group of endpoints.
    windows: HashMap<Bucket, Window>,
    most: u32,
}

/// What Okta counts together: lists and searches, reading one user, and writing one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Bucket {
    List,
    Read,
    Write,
}

/// Windows begin with a request and are not aligned to the minute. They end on a whole second.
struct Window {
    /// In seconds since 1970.
    end: i64,
    used: u32,
}

/// What the headers of an answer say.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    limit: u32,
    remaining: u32,
    reset: u64,
    is_refused: bool,
}

impl Limits {
    pub(super) fn new(requests: u32, window: Duration) -> Self {
        Self { requests, window, windows: HashMap::new(), most: 0 }
    }

    pub(super) fn most(&self) -> u32 {
        self.most
    }

    /// Counts a request at the time `now`.
    pub(super) fn count(&mut self, method: &Method, path: &str, now: Timestamp) -> Standing {
        let next = || Window { end: (now + self.window).as_second(), used: 0 };
        let window = self.windows.entry(Bucket::of(method, path)).or_insert_with(next);
        if window.end <= now.as_second() {
            *window = next();
        }
        window.used += 1;
        self.most = self.most.max(window.used);
        Standing {
            limit: self.requests,
            remaining: self.requests.saturating_sub(window.used),
            reset: window.end.unsigned_abs(),
            is_refused: window.used > self.requests,
        }
    }
}

impl Bucket {
    fn of(method: &Method, path: &str) -> Self {
        match (method, path) {
            (_, "/api/v1/users") => Self::List,
            (&Method::GET, _) => Self::Read,
            _ => Self::Write,
        }
    }
}

impl Standing {
    /// Where nothing is limited: `remaining` of six hundred requests are left, whatever is asked.
    pub(super) fn unlimited(remaining: u32) -> Self {
        Self { limit: 600, remaining, reset: 0, is_refused: false }
    }

    pub(super) fn refusal(self) -> Option<Failure> {
        let summary = "API call exceeded rate limit due to too many requests.";
        self.is_refused.then_some(Failure::new(StatusCode::TOO_MANY_REQUESTS, "E0000047", summary))
    }

    /// The limit is the token's own share, not the org's.
    ///
    /// <https://developer.okta.com/docs/reference/rl2-token-oauth/>
    pub(super) fn headers(self) -> [(&'static str, u64); 3] {
        [
            ("x-rate-limit-limit", self.limit.into()),
            ("x-rate-limit-remaining", self.remaining.into()),
            ("x-rate-limit-reset", self.reset),
        ]
    }
}
