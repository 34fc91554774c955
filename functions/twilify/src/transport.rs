//! HTTP, with limits: how long a vendor may take and how much it may say.

mod mended;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde::de::DeserializeOwned;

use crate::limiter::Limiter;

/// How long a connection may take, the TLS handshake included.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a connection may rest before it is not used any more: load balancers close theirs after a minute.
const IDLE: Duration = Duration::from_secs(50);

/// The patience of a function that Twilio waits for, and somebody on the phone with it.
pub const WHILE_SOMEONE_WAITS: Duration = Duration::from_secs(4);

/// The patience of a function that nobody waits for.
pub const WHILE_NOBODY_WAITS: Duration = Duration::from_secs(30);

/// The longest answer that is read, in bytes. A page of a thousand numbers has about one million.
const LONGEST_ANSWER: usize = 8 << 20;

/// The most pages that are read of a list, lest a vendor that always names a next one be followed for ever. Okta's hold 200
/// employees, or 12 where it manages no more, Twilio's 1,000 numbers.
pub(crate) const MOST_PAGES: usize = 2_000;

/// A limit on the requests under way at one vendor, for a function that nobody waits for. Twilio takes a second or so to
/// sell a number, which is no sign of too much load.
pub(crate) fn limiter() -> Limiter {
    Limiter::new(16, Duration::from_secs(2))
}

/// An HTTP client. Its clones share connections.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

/// The certificate authorities whose word for a server's name is taken.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

/// The text is no list of certificate authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file with certificates in PEM format, like -----BEGIN CERTIFICATE-----")]
pub struct NotRoots;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// No usable answer came.
///
/// What it says about itself names no URL: URLs carry phone numbers.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There was no connection, so nothing was sent and nothing has happened.
    #[error("no connection")]
    NotSent(#[source] reqwest::Error),
    /// The answer did not arrive, or not in time; the request may have been carried out.
    #[error("no answer")]
    NoAnswer(#[source] reqwest::Error),
    /// The answer names a next page that cannot be fetched, so the list it begins cannot be read.
    #[error("the answer names a next page that cannot be fetched")]
    Link,
    /// There is a next page after more pages than any list of ours has.
    #[error("the list goes on after {MOST_PAGES} pages, so it seems to have no end")]
    Endless,
    /// The answer is longer than any answer should be.
    #[error("the answer is longer than {} MiB", LONGEST_ANSWER >> 20)]
    TooLong,
    /// The answer is not the JSON that it should be. What it is instead may be personal.
    #[error("the answer, with status {status}, is not the expected JSON (line {line}, column {column})")]
    Unexpected {
        /// The status of the answer.
        status: StatusCode,
        /// Where the JSON ends to make sense, counted from one.
        line: usize,
        /// Likewise.
        column: usize,
    },
}

impl Failure {
    /// Whether there was no time for the answer, or too much of it.
    pub(crate) fn is_too_long(&self) -> bool {
        match self {
            Self::NoAnswer(error) => error.is_timeout(),
            Self::TooLong => true,
            Self::NotSent(_) | Self::Link | Self::Endless | Self::Unexpected { .. } => false,
        }
    }

    /// Whether the connection failed at once, so that another one may well work. One that was merely slow
    /// has used up the time for that.
    pub(crate) fn is_of_a_connection(&self) -> bool {
        match self {
            Self::NotSent(_) => true,
            Self::NoAnswer(error) => !error.is_timeout(),
            Self::Link | Self::Endless | Self::TooLong | Self::Unexpected { .. } => false,
        }
    }
}

/// `pause`, or up to a tenth longer, so that those who were refused together do not come back together.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    pause + pause * (now.subsec_micros() % 100) / 1000
}

impl Roots {
    /// Those that Mozilla trusts.
    #[must_use]
    pub fn mozilla() -> Self {
        Self(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() })
    }

    /// Those in `pem` that can be used, and no others.
    pub fn read(pem: &[u8]) -> Result<Self, NotRoots> {
        let mut roots = RootCertStore::empty();
        // Whatever is too old to be used is no reason to use none, as with OpenSSL.
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).flatten());
        if roots.is_empty() { Err(NotRoots) } else { Ok(Self(roots)) }
    }
}

impl Http {
    /// A client that gives every request `patience`, from its first byte to the last one of the
    /// answer.
    ///
    /// It trusts `roots`, follows no redirect and uses no proxy, so that credentials go nowhere but where
    /// they were sent.
    ///
    /// # Panics
    ///
    /// Never: the TLS provider is compiled in.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place the lint points to")]
    pub fn new(patience: Duration, Roots(roots): Roots) -> Self {
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            .timeout(patience)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_idle_timeout(IDLE)
            .no_proxy()
            .user_agent(concat!("twilify/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(client.expect("rustls is the one TLS backend"))
    }

    /// What builds requests.
    #[must_use]
    pub fn client(&self) -> &reqwest::Client {
        &self.0
    }

    /// Sends `request` and reads the answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Failure> {
        let failure = |error: reqwest::Error| {
            let error = error.without_url();
            if error.is_connect() { Failure::NotSent(error) } else { Failure::NoAnswer(error) }
        };
        let mut response = request.send().await.map_err(failure)?;
        let mut body = Vec::with_capacity(1024);
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(Failure::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
    }
}

impl Answer {
    /// The body.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    /// Reads the body as JSON. Characters that no string can hold are replaced.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let json = serde_json::from_slice(&self.body).or_else(|error| {
            // Few answers need this, and only they pay for it.
            serde_json::from_str(&mended::mended(&self.body)).map_err(|_| error)
        });
        json.map_err(|error| Failure::Unexpected {
            status: self.status,
            line: error.line(),
            column: error.column(),
        })
    }
}

impl From<Answer> for http::Response<Vec<u8>> {
    fn from(Answer { status, headers, body }: Answer) -> Self {
        let mut response = Self::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// A server that answers every request with `answer` and hangs up.
    fn server(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(&answer);
            }
        });
        url
    }

    fn with_body(body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 201 Created\r\nX-Test: 1\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    fn ask(url: &str, patience: Duration) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let http = Http::new(patience, Roots::mozilla());
        runtime.block_on(http.send(http.client().get(url)))
    }

    #[test]
    fn an_answer_is_read_to_its_end_unless_it_is_far_too_long() {
        let longest = vec![b'x'; LONGEST_ANSWER];
        let answer = ask(&server(with_body(&longest)), WHILE_SOMEONE_WAITS).unwrap();
        assert_eq!((answer.status, &answer.headers["x-test"]), (StatusCode::CREATED, &"1".parse().unwrap()));
        assert_eq!(answer.into_bytes(), longest);
        let longer = [longest, vec![b'x']].concat();
        let failure = ask(&server(with_body(&longer)), WHILE_SOMEONE_WAITS).unwrap_err();
        assert!(matches!(failure, Failure::TooLong), "{failure:?}");
        assert_eq!(failure.to_string(), "the answer is longer than 8 MiB");
        assert!(failure.is_too_long() && !failure.is_of_a_connection());
    }

    #[test]
    fn an_answer_keeps_its_status_headers_and_body() {
        let answer = ask(&server(with_body(b"Hi")), WHILE_SOMEONE_WAITS).unwrap();
        let response = http::Response::from(answer);
        assert_eq!(
            (response.status(), &response.headers()["x-test"]),
            (StatusCode::CREATED, &"1".parse().unwrap())
        );
        assert_eq!(response.body(), b"Hi");
    }

    #[test]
    fn what_is_not_the_expected_json_is_not_repeated() {
        let answer = ask(&server(with_body(b"[1,\n +14155550100]")), WHILE_SOMEONE_WAITS).unwrap();
        let failure = answer.json::<Vec<u8>>().unwrap_err().to_string();
        assert_eq!(
            failure,
            "the answer, with status 201 Created, is not the expected JSON (line 2, column 2)"
        );
        let mended = ask(&server(with_body(br#"["\ud800"]"#)), WHILE_SOMEONE_WAITS).unwrap();
        assert_eq!(mended.json::<Vec<String>>().unwrap(), ["\u{fffd}"]);
    }

    #[test]
    fn a_request_that_was_not_sent_is_told_from_one_that_was_not_answered_and_one_that_took_too_long() {
        let not_sent = ask("http://127.0.0.1:1/+14155550100", WHILE_SOMEONE_WAITS).unwrap_err();
        assert!(matches!(not_sent, Failure::NotSent(_)), "{not_sent:?}");
        assert!(not_sent.is_of_a_connection() && !not_sent.is_too_long());
        assert!(!format!("{not_sent:?}").contains("4155550100"), "its URL is personal");

        let cut =
            ask(&server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[".to_vec()), WHILE_SOMEONE_WAITS);
        let cut = cut.unwrap_err();
        assert!(matches!(cut, Failure::NoAnswer(_)), "{cut:?}");
        assert!(cut.is_of_a_connection() && !cut.is_too_long());

        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let slow = ask(&url, Duration::from_millis(50)).unwrap_err();
        assert!(matches!(slow, Failure::NoAnswer(_)), "{slow:?}");
        assert!(slow.is_too_long() && !slow.is_of_a_connection());

        for failure in [Failure::Link, Failure::Endless] {
            assert!(!failure.is_too_long() && !failure.is_of_a_connection(), "{failure:?}");
        }
    }

    #[test]
    fn those_who_were_refused_together_come_back_up_to_a_tenth_later_than_they_must() {
        let pause = Duration::from_secs(1);
        let pauses: Vec<_> = (0..10_000).map(|_| jittered(pause)).collect();
        assert!(pauses.iter().all(|it| (pause..pause * 11 / 10).contains(it)), "{pauses:?}");
        assert!(pauses.iter().any(|it| *it != pauses[0]), "they come back together");
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert_eq!(Roots::read(b"").unwrap_err(), NotRoots);
        assert_eq!(
            Roots::read(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap_err(),
            NotRoots
        );
    }
}
