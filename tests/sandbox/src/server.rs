//! A server on loopback, and what can go wrong with it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use tokio::net::TcpListener;

/// What is wrong with a vendor.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It answers every request with this status and body.
    Answers(u16, &'static str),
    /// It takes requests and never answers.
    Hangs,
    /// It closes the connection in the middle of an answer.
    Cuts,
}

/// A vendor's health, and what was asked of it.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<Condition>>);

#[derive(Debug, Default)]
struct Condition {
    fault: Option<Fault>,
    requests: Vec<String>,
}

impl Health {
    /// Breaks the vendor, until it [recovers](Self::recovers).
    pub fn fails(&self, fault: Fault) {
        lock(&self.0).fault = Some(fault);
    }

    /// Makes everything well again.
    pub fn recovers(&self) {
        lock(&self.0).fault = None;
    }

    /// What was asked of the vendor so far, like `GET /api/v1/users?limit=200`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        lock(&self.0).requests.clone()
    }
}

/// Takes a port of the loopback interface, any free one if it is zero, and tells its URL.
pub(crate) async fn listen(port: u16) -> anyhow::Result<(TcpListener, String)> {
    let taken = || format!("port {port} of this machine is not to be had; is another sandbox running?");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.with_context(taken)?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Serves `router` for as long as the world lasts.
pub(crate) fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async { axum::serve(listener, router).await });
}

/// Like [`serve`], for a vendor that can fall ill.
pub(crate) fn serve_vendor(listener: TcpListener, health: &Health, router: Router) {
    serve(listener, router.layer(middleware::from_fn_with_state(health.clone(), suffer)));
}

async fn suffer(State(health): State<Health>, request: Request, next: Next) -> Response {
    let fault = {
        let mut condition = lock(&health.0);
        condition.requests.push(format!("{} {}", request.method(), request.uri()));
        condition.fault.clone()
    };
    match fault {
        None => next.run(request).await,
        Some(Fault::Answers(status, body)) => {
            (StatusCode::from_u16(status).expect("a status"), [("content-type", "application/json")], body)
                .into_response()
        }
        Some(Fault::Hangs) => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Some(Fault::Cuts) => {
            // More is announced than comes, so that the server has to hang up.
            let response = Response::builder().header("content-length", "1000");
            response.body(Body::from("[")).expect("a response")
        }
    }
}

/// A lock that a failed test does not poison for those that look at the world afterwards.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
