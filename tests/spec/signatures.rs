//! Webhooks that Twilio's own library signed: `vectors/signatures.py` made them.

use http::Request;
use serde::Deserialize;
use twilify::{
    config::base_url,
    twilio::{AuthTokens, Called, Form, Rejection, Webhook, Webhooks},
};

#[derive(Deserialize)]
struct Vector {
    name: String,
    token: String,
    url: String,
    /// What arrives here, if that is not what was signed.
    requested: Option<String>,
    body: String,
    signature: String,
}

/// A webhook of which nothing is read.
#[derive(Debug, PartialEq)]
struct Anything;

impl Webhook for Anything {
    fn read(_: &Form, _: &Called<'_>) -> Result<Self, Rejection> {
        Ok(Self)
    }
}

impl Vector {
    fn all() -> Vec<Self> {
        let vectors: Vec<Self> = serde_json::from_str(include_str!("vectors/signatures.json")).unwrap();
        assert!(vectors.len() > 20, "the vectors are there");
        vectors
    }

    fn webhooks(&self) -> Webhooks {
        Webhooks::new(AuthTokens::parse(&self.token).unwrap(), None)
    }

    fn request(&self) -> Request<Vec<u8>> {
        Request::post(self.requested.as_ref().unwrap_or(&self.url))
            .header("x-twilio-signature", &self.signature)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(self.body.clone().into_bytes())
            .unwrap()
    }
}

#[test]
fn what_twilios_library_signed_is_signed() {
    for vector in Vector::all() {
        assert!(is_signed(&vector.webhooks(), &vector.request()), "{}", vector.name);
    }
}

/// Whether the signature is taken for Twilio's. The library signs any fields, be they such as Twilio sends or not.
fn is_signed(webhooks: &Webhooks, request: &Request<Vec<u8>>) -> bool {
    match webhooks.accept::<Anything>(request) {
        Ok(Anything) | Err(Rejection::CutAnew(_) | Rejection::Incomplete("AccountSid")) => true,
        Err(Rejection::Forged) => false,
        Err(rejection) => panic!("{rejection}"),
    }
}

/// The gateway lets nothing else through, but it is not what keeps the door.
#[test]
fn what_is_no_post_is_refused_even_if_it_is_signed() {
    for vector in Vector::all() {
        let webhooks = vector.webhooks();
        for method in ["GET", "PUT", "HEAD"] {
            let mut request = vector.request();
            *request.method_mut() = method.parse().unwrap();
            assert_eq!(webhooks.accept::<Anything>(&request).err(), Some(Rejection::Method), "{method}");
        }
    }
}

#[test]
fn one_more_field_or_another_token_and_it_is_refused() {
    for vector in Vector::all() {
        let mut request = vector.request();
        let separator = if vector.body.is_empty() { "" } else { "&" };
        *request.body_mut() = format!("{}{separator}Extra=1", vector.body).into_bytes();
        assert_eq!(vector.webhooks().accept::<Anything>(&request), Err(Rejection::Forged), "{}", vector.name);

        let webhooks = Webhooks::new(AuthTokens::parse("another").unwrap(), None);
        assert_eq!(webhooks.accept::<Anything>(&vector.request()), Err(Rejection::Forged), "{}", vector.name);
    }
}

#[test]
fn behind_a_proxy_the_public_url_counts_and_not_the_one_that_arrives() {
    let vectors = Vector::all();
    let vector = vectors.iter().find(|it| it.url.starts_with("https://") && it.requested.is_none()).unwrap();
    let (base, rest) = vector.url.split_at(vector.url[8..].find('/').unwrap() + 8);
    let mut request = vector.request();
    *request.uri_mut() = format!("https://abc123.execute-api.us-east-1.amazonaws.com{rest}").parse().unwrap();
    let webhooks = |public_url: Option<&str>| {
        let public_url = public_url.map(|url| base_url(url).unwrap());
        Webhooks::new(AuthTokens::parse(&vector.token).unwrap(), public_url)
    };
    assert!(!is_signed(&webhooks(None), &request));
    assert!(is_signed(&webhooks(Some(base)), &request));
    assert!(is_signed(&webhooks(Some(&format!("{base}/"))), &request));
}
