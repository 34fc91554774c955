//! AWS's SDKs on our own HTTP client, because theirs would bring a second TLS provider.

use std::time::Duration;

use aws_sdk_ssm::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use secrecy::ExposeSecret;

use crate::{config::Aws, transport::Http};

/// How long all attempts together may take: a caller may be waiting for the function to start.
const PATIENCE: Duration = Duration::from_secs(2);

/// What an SDK makes its requests with.
#[must_use]
pub fn http_client(http: &Http) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(http.clone()));
    http_client_fn(move |_, _| connector.clone())
}

/// A client for Systems Manager, with the credentials that Lambda gives a function.
pub(crate) fn ssm(http: &Http, aws: &Aws) -> aws_sdk_ssm::Client {
    let credentials = Credentials::new(
        &aws.access_key_id,
        aws.secret_access_key.expose_secret(),
        aws.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
        None,
        "environment",
    );
    let config = aws_sdk_ssm::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials)
        .http_client(http_client(http))
        .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
        .retry_config(RetryConfig::standard());
    let config = match &aws.ssm_endpoint {
        Some(endpoint) => config.endpoint_url(endpoint.as_str()),
        None => config,
    };
    aws_sdk_ssm::Client::from_conf(config.build())
}

#[derive(Debug)]
struct Connector(Http);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|it| ConnectorError::user(it.into()))?;
            let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
            let request =
                reqwest::Request::try_from(request).map_err(|it| ConnectorError::user(it.into()))?;
            let request = reqwest::RequestBuilder::from_parts(http.client().clone(), request);
            let answer = http.send(request).await.map_err(|it| ConnectorError::io(it.into()))?;
            let answer = http::Response::from(answer).map(SdkBody::from);
            HttpResponse::try_from(answer).map_err(|it| ConnectorError::other(it.into(), None))
        })
    }
}
