//! API Gateway, as a function behind it sees it: [events with payload format 2.0][format] in, answers out.
//!
//! `lambda_http` could do this, and panics where a path makes no URL; it also reads ten times what a webhook is
//! made of.
//!
//! [format]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

use std::{borrow::Cow, ops::Deref};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use lambda_http::{Body, aws_lambda_events::apigw::ApiGatewayV2httpResponse};
use serde::Deserialize;

/// What Twilio signs with.
const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");

/// A request, as API Gateway tells of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    #[serde(borrow)]
    raw_path: Text<'a>,
    raw_query_string: Option<Text<'a>>,
    headers: Headers<'a>,
    request_context: Context<'a>,
    body: Option<Text<'a>>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The headers that anybody asks for. Their names arrive in lower case.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Headers<'a> {
    #[serde(borrow)]
    host: Option<Text<'a>>,
    content_type: Option<Text<'a>>,
    x_forwarded_proto: Option<Text<'a>>,
    x_twilio_signature: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    #[serde(borrow)]
    domain_name: Option<Text<'a>>,
    http: Http<'a>,
    stage: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    method: Text<'a>,
}

/// A part of the event, which is not copied unless something in it is escaped.
#[derive(Debug, Default, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The event tells of something that is no HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its {0} makes no sense")]
pub struct NotARequest(&'static str);

impl NotARequest {
    /// What makes no sense, like `URL`.
    #[must_use]
    pub fn part(self) -> &'static str {
        self.0
    }
}

impl Event<'_> {
    /// The path that was requested. The stage that it is in comes first, unless that is `$default`.
    #[must_use]
    pub fn path(&self) -> Cow<'_, str> {
        let Text(path) = &self.raw_path;
        match self.request_context.stage.as_deref() {
            None | Some("$default") => path.as_ref().into(),
            Some(stage) => {
                let below = path.strip_prefix('/').and_then(|it| it.strip_prefix(stage));
                let is_below = below.is_some_and(|it| it.starts_with('/'));
                if is_below { path.as_ref().into() } else { format!("/{stage}{path}").into() }
            }
        }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Event<'_>> for Request<Vec<u8>> {
    type Error = NotARequest;

    /// The request: with the URL as it was requested, and of its headers those that anybody asks for.
    fn try_from(event: Event<'_>) -> Result<Self, NotARequest> {
        let Event { headers, request_context: context, .. } = &event;
        let scheme = headers.x_forwarded_proto.as_deref().unwrap_or("https");
        let host = headers.host.as_deref().or(context.domain_name.as_deref()).unwrap_or_default();
        let query = event.raw_query_string.as_deref().unwrap_or_default();
        let mark = if query.is_empty() { "" } else { "?" };
        let uri = Uri::try_from([scheme, "://", host, &event.path(), mark, query].concat());
        let body = event.body.as_deref().unwrap_or_default().as_bytes();
        let body =
            if event.is_base64_encoded { BASE64_STANDARD.decode(body).ok() } else { Some(body.into()) };
        let mut request = Self::new(body.ok_or(NotARequest("body"))?);
        *request.uri_mut() = uri.map_err(|_| NotARequest("URL"))?;
        *request.method_mut() =
            Method::from_bytes(context.http.method.as_bytes()).map_err(|_| NotARequest("method"))?;
        for (name, value) in
            [(header::CONTENT_TYPE, &headers.content_type), (SIGNATURE, &headers.x_twilio_signature)]
        {
            if let Some(value) = value {
                let value = HeaderValue::from_str(value).map_err(|_| NotARequest("header"))?;
                request.headers_mut().insert(name, value);
            }
        }
        Ok(request)
    }
}

/// What API Gateway is told: bytes in an encoding of their own, text as it is.
pub fn answer(response: Response<impl Into<Body>>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let body = body.into();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.headers = parts.headers;
    answer.is_base64_encoded = matches!(body, Body::Binary(_));
    answer.body = Some(body);
    answer
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event() -> Value {
        json!({
            "version": "2.0",
            "rawPath": "/call-forward",
            "rawQueryString": "employee=00u1&x=%20|",
            "headers": {
                "content-type": "application/x-www-form-urlencoded",
                "host": "phones.example.com",
                "x-forwarded-proto": "https",
                "x-twilio-signature": "c2lnbmF0dXJl",
                "user-agent": "TwilioProxy/1.1",
            },
            "requestContext": {
                "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
                "http": { "method": "POST", "path": "/call-forward" },
                "stage": "$default",
            },
            "body": "QT0x",
            "isBase64Encoded": true,
        })
    }

    fn read(event: &Value) -> Result<Request<Vec<u8>>, NotARequest> {
        serde_json::from_str::<Event<'_>>(&event.to_string()).unwrap().try_into()
    }

    #[test]
    fn a_request_is_what_was_requested() {
        let request = read(&event()).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri().to_string(), "https://phones.example.com/call-forward?employee=00u1&x=%20|");
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(request.headers()["x-twilio-signature"], "c2lnbmF0dXJl");
        assert_eq!(request.body(), b"A=1");
    }

    #[test]
    fn without_a_host_header_the_domain_counts() {
        let mut event = event();
        event["headers"] = json!({});
        event["rawQueryString"] = json!("");
        let uri = "https://abc123.execute-api.us-east-1.amazonaws.com/call-forward";
        assert_eq!(read(&event).unwrap().uri().to_string(), uri);
    }

    #[test]
    fn a_stage_comes_first_and_only_once() {
        let mut event = event();
        event["requestContext"]["stage"] = json!("live");
        for (path, whole) in [
            ("/call-forward", "/live/call-forward"),
            ("/live/call-forward", "/live/call-forward"),
            ("/lively", "/live/lively"),
        ] {
            event["rawPath"] = json!(path);
            assert_eq!(read(&event).unwrap().uri().path(), whole);
        }
    }

    #[test]
    fn what_is_no_request_is_an_error_and_no_panic() {
        for (pointer, nonsense, complaint) in [
            ("/rawPath", "/a b", "its URL makes no sense"),
            ("/rawQueryString", "a\u{7f}", "its URL makes no sense"),
            ("/headers/host", "", "its URL makes no sense"),
            ("/headers/host", "[", "its URL makes no sense"),
            ("/headers/x-forwarded-proto", "java script", "its URL makes no sense"),
            ("/headers/content-type", "a\nb", "its header makes no sense"),
            ("/requestContext/http/method", "", "its method makes no sense"),
            ("/body", "!", "its body makes no sense"),
        ] {
            let mut event = event();
            *event.pointer_mut(pointer).unwrap() = json!(nonsense);
            let error = read(&event).unwrap_err();
            assert_eq!(error.to_string(), complaint, "{pointer} {nonsense:?}");
            assert_eq!(format!("its {} makes no sense", error.part()), complaint);
        }
    }

    #[test]
    fn an_answer_is_text_or_bytes() {
        let text = serde_json::to_value(answer(Response::new("Grüße".to_owned()))).unwrap();
        assert_eq!((&text["body"], &text["isBase64Encoded"]), (&json!("Grüße"), &json!(false)));
        let bytes = serde_json::to_value(answer(Response::new(vec![0, 255]))).unwrap();
        assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("AP8="), &json!(true)));
        assert_eq!(bytes["statusCode"], 200);
    }
}
