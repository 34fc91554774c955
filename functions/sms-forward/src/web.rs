//! The requests that come in through API Gateway.

use std::time::{Duration, Instant};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use lambda_http::Body;
use tokio::time::timeout;
use twilify::{
    Causes, metrics,
    twilio::{self, File, Rejection},
};

use crate::{
    SmsForward,
    delivery::Attempt,
    files::{self, LONGEST, Link},
};

/// How long Twilio is asked again for a file when it gets too many requests.
const WHILE_LIMITED: Duration = Duration::from_secs(4);

/// How long a file is asked for that is not there yet. A webhook may come some seconds before the files of its message.
///
/// <https://support.twilio.com/hc/en-us/articles/44750147594523>
const WHILE_MISSING: Duration = Duration::from_secs(9);

/// How long the first pause before a file is asked for again; each is longer by as much.
const PAUSE: Duration = Duration::from_millis(500);

/// How long all of it may take. Lambda gives the function fourteen seconds, of which four may go to reading the parameters.
const FOR_A_FILE: Duration = Duration::from_millis(9500);

impl SmsForward {
    /// Refuses what Twilio did not sign and links that are not ours, and tells Twilio whether a message was
    /// dealt with.
    pub async fn respond(&self, request: Result<Request<Vec<u8>>, Rejection>) -> Response<Body> {
        match self.answer(request).await {
            Ok(response) => response,
            Err(rejection) => {
                tracing::warn!(reason = %rejection, "refused a request");
                metrics::count("RequestsRefused");
                Response::<String>::from(rejection).map(Body::from)
            }
        }
    }

    async fn answer(
        &self,
        request: Result<Request<Vec<u8>>, Rejection>,
    ) -> Result<Response<Body>, Rejection> {
        let request = request?;
        // A stage or a domain may have put something before the path.
        let path = request.uri().path();
        if path.ends_with("/sms-forward") {
            Ok(self.take_message(&request).await?.map(Body::from))
        } else if path.ends_with("/sms-forward/status") {
            Ok(self.take_status(&request).await?.map(Body::from))
        } else if [Method::GET, Method::HEAD].contains(request.method()) && path.contains("/media/") {
            Ok(self.serve_file(&request).await)
        } else {
            Err(Rejection::NotFound)
        }
    }

    async fn take_message(&self, request: &Request<Vec<u8>>) -> Result<Response<String>, Rejection> {
        let message = self.webhooks.accept(request)?;
        let reply = self.forward_once(&message, Attempt::First).await;
        let failed = reply.is_err();
        let mut response = Response::from(reply.unwrap_or_default());
        if failed {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        Ok(response)
    }

    async fn take_status(&self, request: &Request<Vec<u8>>) -> Result<Response<String>, Rejection> {
        let followed = self.follow_up(&self.webhooks.accept(request)?).await;
        let mut response = Response::default();
        *response.status_mut() =
            if followed.is_ok() { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE };
        Ok(response)
    }

    /// Passes a file on to whoever has a link to it that is ours.
    async fn serve_file(&self, request: &Request<Vec<u8>>) -> Response<Body> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_FOUND;
        let Some(link) = Link::read(path, query, &self.webhooks, Timestamp::now()) else {
            tracing::warn!("refused a link to a file that is not ours or too old");
            return response;
        };
        let Ok(file) = timeout(FOR_A_FILE, self.fetch(&link)).await else {
            tracing::error!(message_sid = link.message.0, "Twilio takes too long to hand over a file");
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            return response;
        };
        let file = match file {
            Ok(file) if file.bytes.len() as u64 <= LONGEST => file,
            Ok(_) => {
                tracing::error!(message_sid = link.message.0, "a file is too large to be passed on");
                return response;
            }
            Err(error) => {
                tracing::error!(message_sid = link.message.0, error = %Causes(&error), "cannot pass a file on");
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                return response;
            }
        };
        *response.status_mut() = StatusCode::OK;
        let name = format!("inline; filename=\"{}\"", files::name(&file.content_type));
        let headers = [
            (header::CONTENT_TYPE, file.content_type),
            (header::CONTENT_DISPOSITION, name),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (header::CACHE_CONTROL, "private, no-store".to_owned()),
        ];
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        if request.method() == Method::GET {
            *response.body_mut() = Body::Binary(file.bytes);
        }
        response
    }

    /// Fetches a file. Twilio asks us for it once, and if that fails, the message does; so it is asked for again.
    async fn fetch(&self, Link { message, media }: &Link) -> Result<File, twilio::Error> {
        let began = Instant::now();
        let account = self.account.until(began + WHILE_LIMITED);
        let mut pause = PAUSE;
        let mut has_failed = false;
        loop {
            let error = match account.file(message, media).await {
                Ok(file) => return Ok(file),
                Err(error) => error,
            };
            if error.is_missing() && began.elapsed() + pause < WHILE_MISSING {
                tokio::time::sleep(pause).await;
                pause += PAUSE;
            } else if !has_failed && !error.is_missing() {
                has_failed = true;
            } else {
                return Err(error);
            }
        }
    }
}
