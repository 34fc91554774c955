//! Somebody else's server, to which a vendor's answer may lead.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request, response::Response};
use http::header;

use crate::server::{listen, lock, reply, serve};

/// A server that has no business with any credentials. It remembers what it was asked, and answers like a vendor. From
/// `/hops/3` it redirects to `/hops/2`, and so on to `/hops/0`.
#[derive(Clone)]
pub struct Stranger {
    url: String,
    visits: Arc<Mutex<Vec<Visit>>>,
    says: Arc<Mutex<Says>>,
}

/// A request to a [`Stranger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Method, path and query, like `GET /api/v1/users?limit=200`.
    pub request: String,
    /// The credentials that came with it.
    pub authorization: Option<String>,
}

/// Status, headers and body.
type Says = (u16, Vec<(&'static str, String)>, String);

impl Stranger {
    /// Starts the server, which answers `{}` to everything.
    ///
    /// # Panics
    ///
    /// If there is no port left.
    pub async fn start() -> Self {
        let (listener, url) = listen(0).await.expect("a port of the loopback interface");
        let stranger =
            Self { url, visits: Arc::default(), says: Arc::new(Mutex::new((200, vec![], "{}".to_owned()))) };
        let asked = stranger.clone();
        serve(listener, Router::new().fallback(async move |request: Request| asked.answer(&request)));
        stranger
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers with this status, these headers and this body from now on.
    pub fn says(&self, status: u16, headers: &[(&'static str, String)], body: &str) {
        *lock(&self.says) = (status, headers.to_vec(), body.to_owned());
    }

    /// What it was asked so far.
    #[must_use]
    pub fn visits(&self) -> Vec<Visit> {
        lock(&self.visits).clone()
    }

    fn answer(&self, request: &Request) -> Response {
        let authorization = request.headers().get(header::AUTHORIZATION);
        lock(&self.visits).push(Visit {
            request: format!("{} {}", request.method(), request.uri()),
            authorization: authorization.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned()),
        });
        let hops = request.uri().path().strip_prefix("/hops/").and_then(|it| it.parse::<u32>().ok());
        if let Some(left @ 1..) = hops {
            return reply(302, &[("location", format!("/hops/{}", left - 1))], String::new());
        }
        let (status, headers, body) = lock(&self.says).clone();
        reply(status, &headers, body)
    }
}
