//! A server on loopback, and what can go wrong with it.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    serve::Listener,
};
use futures_util::stream::{self, StreamExt as _};
use http::{StatusCode, header};
use jiff::fmt::rfc2822;
use tokio::{net::TcpListener, sync::Notify};

use crate::{
    clock::Clock,
    line::{Identity, Line},
};

/// What is wrong with a vendor.
#[derive(Clone)]
pub enum Fault {
    /// It answers with this status and body, and does nothing.
    Answers(u16, &'static str),
    /// It answers with this status, these headers and this body, and does nothing.
    Replies(u16, Vec<(&'static str, String)>, String),
    /// It refuses because of too many requests, and says in how many seconds there may be more. Until then it refuses all
    /// requests of this kind, see [`Health::fails_on`].
    LimitsRate(u64),
    /// It does what it is asked, after so long.
    Takes(Duration),
    /// It takes the request, does nothing and never answers.
    Hangs,
    /// It closes the connection in the middle of an answer, and has done nothing.
    Cuts,
    /// It does what it is asked, and answers with this status as if it had not.
    Denies(u16),
    /// It does what it is asked, and closes the connection in place of an answer.
    LosesReply,
    /// Something else happens first, then all is well.
    First(Action),
    /// It does what it is asked, then something else happens, and there is no answer.
    Then(Action),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers(status, body) => write!(f, "Answers({status}, {body:?})"),
            Self::Replies(status, headers, body) => write!(f, "Replies({status}, {headers:?}, {body:?})"),
            Self::LimitsRate(seconds) => write!(f, "LimitsRate({seconds})"),
            Self::Takes(time) => write!(f, "Takes({time:?})"),
            Self::Hangs => f.write_str("Hangs"),
            Self::Cuts => f.write_str("Cuts"),
            Self::Denies(status) => write!(f, "Denies({status})"),
            Self::LosesReply => f.write_str("LosesReply"),
            Self::First(_) => f.write_str("First(…)"),
            Self::Then(_) => f.write_str("Then(…)"),
        }
    }
}

/// Something that happens.
pub type Action = Arc<dyn Fn() + Send + Sync>;

/// What a function asks for to have a connection, and for nothing else.
const CONNECTING: [&str; 2] = ["GET /", "GET /.well-known/okta-organization"];

/// A vendor's health, and what was asked of it.
#[derive(Clone, Default)]
pub struct Health {
    condition: Arc<Mutex<Condition>>,
    clock: Clock,
    pub(crate) hang_up: Arc<Notify>,
    pub(crate) connections: Arc<AtomicUsize>,
    load: Arc<Load>,
}

/// How many requests a vendor is busy with, and has been.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
    /// How many it takes at once; all of them if this is zero.
    takes: AtomicUsize,
    refused: AtomicUsize,
}

/// A request that the vendor is busy with.
struct Busy<'a>(&'a AtomicUsize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Condition {
    faults: Vec<Chance>,
    requests: Vec<String>,
}

/// What a request, like `GET /api/v1/users?limit=200`, suffers, if anything.
type Chance = Box<dyn FnMut(&str) -> Option<Fault> + Send>;

impl Health {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), ..Self::default() }
    }

    /// Breaks the vendor in this way and no other, until it [recovers](Self::recovers).
    pub fn fails(&self, fault: Fault) {
        self.recovers();
        self.fails_when(|_| true, fault);
    }

    /// Breaks the vendor for the next `times` requests that begin with `request`, like `POST /api/v1/users`. An
    /// [exhausted limit](Fault::LimitsRate) counts once for all of them that come before it is reset.
    pub fn fails_on(&self, request: &'static str, times: usize, fault: Fault) {
        let (mut left, mut reset, clock) = (times, i64::MIN, self.clock.clone());
        self.fails_as(move |it| {
            if !it.starts_with(request) {
                return None;
            }
            let now = clock.now().as_second();
            if now < reset {
                return Some(Fault::LimitsRate(reset.abs_diff(now)));
            }
            left = left.checked_sub(1)?;
            if let Fault::LimitsRate(seconds) = fault {
                reset = now.saturating_add_unsigned(seconds);
            }
            Some(fault.clone())
        });
    }

    /// Breaks the vendor for the requests that `when` chooses.
    pub fn fails_when(&self, mut when: impl FnMut(&str) -> bool + Send + 'static, fault: Fault) {
        self.fails_as(move |it| when(it).then(|| fault.clone()));
    }

    /// Breaks the vendor for each request as `chance` says.
    pub fn fails_as(&self, chance: impl FnMut(&str) -> Option<Fault> + Send + 'static) {
        lock(&self.condition).faults.push(Box::new(chance));
    }

    /// Makes everything well again.
    pub fn recovers(&self) {
        lock(&self.condition).faults.clear();
    }

    /// Ends all connections to the vendor that there are.
    pub fn hangs_up(&self) {
        self.hang_up.notify_waiters();
    }

    /// How often somebody has connected to the vendor so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// What was asked of the vendor so far, like `GET /api/v1/users?limit=200`, but for what only opens a
    /// connection.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        lock(&self.condition).requests.clone()
    }

    /// Lets the vendor take so many requests at once, from now on, and refuse those that are too many.
    pub fn takes_at_once(&self, requests: usize) {
        self.load.takes.store(requests, Ordering::Relaxed);
    }

    /// The most requests that the vendor was busy with at the same time, and how many were
    /// [too many](Self::takes_at_once).
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.load.most.load(Ordering::Relaxed), self.load.refused.load(Ordering::Relaxed))
    }

    fn diagnose(&self, request: String) -> Option<Fault> {
        let mut condition = lock(&self.condition);
        let fault = condition.faults.iter_mut().find_map(|chance| chance(&request));
        if !CONNECTING.contains(&request.as_str()) {
            condition.requests.push(request);
        }
        fault
    }
}

/// Takes a port of the loopback interface, any free one if it is zero, and tells its URL.
pub(crate) async fn listen(port: u16) -> anyhow::Result<(TcpListener, String)> {
    let taken = || format!("port {port} of this machine is not to be had; is another sandbox running?");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.with_context(taken)?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Takes any free port for a vendor, and tells its URL.
pub(crate) async fn listen_as(
    identity: Option<&Identity>,
    health: &Health,
) -> anyhow::Result<(Line, String)> {
    let (listener, mut url) = listen(0).await?;
    if identity.is_some() {
        url = format!("https://localhost:{}", listener.local_addr()?.port());
    }
    Ok((Line::new(listener, identity.cloned(), health)?, url))
}

/// Serves `router` for as long as the world lasts.
pub(crate) fn serve<L: Listener<Addr: fmt::Debug>>(listener: L, router: Router) {
    tokio::spawn(async { axum::serve(listener, router).await });
}

/// Like [`serve`], for a vendor that can fall ill.
pub(crate) fn serve_vendor(line: Line, health: &Health, router: Router) {
    serve(line, router.layer(middleware::from_fn_with_state(health.clone(), suffer)));
}

async fn suffer(State(health): State<Health>, request: Request, next: Next) -> Response {
    let Load { now, most, takes, refused } = &*health.load;
    let at_once = now.fetch_add(1, Ordering::Relaxed) + 1;
    let _busy = Busy(now);
    let takes = takes.load(Ordering::Relaxed);
    if takes > 0 && at_once > takes {
        refused.fetch_add(1, Ordering::Relaxed);
        return too_many_at_once();
    }
    most.fetch_max(at_once, Ordering::Relaxed);
    let mut response = suffer_one(&health, request, next).await;
    // A server would say the real time.
    let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&health.clock.now());
    let date = date.ok().and_then(|it| it.parse().ok()).expect("a date");
    response.headers_mut().insert(header::DATE, date);
    response
}

/// Okta names a limit of zero then, and Twilio a code and nothing more.
///
/// <https://developer.okta.com/docs/reference/rl-best-practices/>,
/// <https://www.twilio.com/docs/api/errors/20429>
fn too_many_at_once() -> Response {
    let headers = [("x-rate-limit-limit", "0"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "0")];
    (StatusCode::TOO_MANY_REQUESTS, headers, r#"{"errorCode":"E0000047","code":20429}"#).into_response()
}

async fn suffer_one(health: &Health, request: Request, next: Next) -> Response {
    match health.diagnose(format!("{} {}", request.method(), request.uri())) {
        None => next.run(request).await,
        Some(Fault::Answers(status, body)) => {
            (StatusCode::from_u16(status).expect("a status"), [("content-type", "application/json")], body)
                .into_response()
        }
        Some(Fault::Replies(status, headers, body)) => reply(status, &headers, body),
        Some(Fault::LimitsRate(seconds)) => {
            let reset = health.clock.now().as_second().saturating_add_unsigned(seconds);
            let headers = [
                ("x-rate-limit-limit", "600".to_owned()),
                ("x-rate-limit-remaining", "0".to_owned()),
                ("x-rate-limit-reset", reset.to_string()),
            ];
            (StatusCode::TOO_MANY_REQUESTS, headers, "{}").into_response()
        }
        Some(Fault::Takes(time)) => {
            // Whoever hangs up in the meantime does not keep it from being done.
            let done = tokio::spawn(async move {
                tokio::time::sleep(time).await;
                next.run(request).await
            });
            done.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
        Some(Fault::Hangs) => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Some(Fault::Cuts) => cut(),
        Some(Fault::Denies(status)) => {
            next.run(request).await;
            StatusCode::from_u16(status).expect("a status").into_response()
        }
        Some(Fault::LosesReply) => {
            next.run(request).await;
            cut()
        }
        Some(Fault::First(action)) => {
            action();
            next.run(request).await
        }
        Some(Fault::Then(action)) => {
            next.run(request).await;
            action();
            std::future::pending().await
        }
    }
}

/// An answer in JSON with these headers.
pub(crate) fn reply(status: u16, headers: &[(&'static str, String)], body: String) -> Response {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body)).expect("headers that HTTP allows")
}

/// An answer of which more is announced than comes before the connection is closed.
fn cut() -> Response {
    let begin = stream::iter([Ok("[")]);
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    let response = Response::builder().header("content-length", "1000");
    response.body(Body::from_stream(begin.chain(end))).expect("a response")
}

/// A lock that a failed test does not poison for those that look at the world afterwards.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
