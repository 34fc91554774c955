//! AWS's SDKs on our own HTTP client, because theirs would bring a second TLS provider.

use std::time::Duration;

use aws_sdk_ssm::config::{
    BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use secrecy::ExposeSecret;

use crate::{config::Aws, transport::Http};

/// What an SDK makes its requests with.
#[must_use]
pub fn http_client(http: &Http) -> SharedHttpClient {
    connecting(Connector { http: http.clone(), patience: None })
}

fn connecting(connector: Connector) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}

/// A client for Systems Manager, with the credentials that Lambda gives a function. All attempts of a request together
/// take no longer than `patience`.
pub(crate) fn ssm(http: &Http, aws: &Aws, patience: Duration) -> aws_sdk_ssm::Client {
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
        .http_client(connecting(Connector { http: http.clone(), patience: Some(patience) }))
        .timeout_config(TimeoutConfig::builder().operation_timeout(patience).build())
        // It would end an attempt after five seconds, whatever the patience.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(RetryConfig::standard());
    let config = match &aws.ssm_endpoint {
        Some(endpoint) => config.endpoint_url(endpoint.as_str()),
        None => config,
    };
    aws_sdk_ssm::Client::from_conf(config.build())
}

#[derive(Debug)]
struct Connector {
    http: Http,
    /// How long a request may take, if not as long as the client gives every request.
    patience: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { http, patience } = self;
        let (http, patience) = (http.clone(), *patience);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|it| ConnectorError::user(it.into()))?;
            let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
            let mut request =
                reqwest::Request::try_from(request).map_err(|it| ConnectorError::user(it.into()))?;
            if patience.is_some() {
                *request.timeout_mut() = patience;
            }
            let request = reqwest::RequestBuilder::from_parts(http.client().clone(), request);
            let answer = http.send(request).await.map_err(|it| ConnectorError::io(it.into()))?;
            let answer = http::Response::from(answer).map(SdkBody::from);
            HttpResponse::try_from(answer).map_err(|it| ConnectorError::other(it.into(), None))
        })
    }
}
