//! How a function starts while somebody may be waiting for it.

use std::time::Duration;

use tokio::{
    sync::OnceCell,
    time::{Instant, timeout},
};
use url::Url;

use crate::{Causes, secrets, transport::Http};

/// How long a start waits for a connection that may be needed. Whoever takes longer is connected to
/// meanwhile.
const CONNECTING: Duration = Duration::from_millis(500);

/// How long a start waits for the parameters. Lambda ends a start after [ten seconds][init], half a second of which may go to
/// the connections. A caller waits all the time, and Twilio gives up after fifteen seconds: there must be time left to
/// ask once more at the first event.
///
/// [init]: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const STARTING: Duration = Duration::from_secs(7);

/// What a function makes of its parameters: when it starts, or if AWS does not answer then, at an event. To make it takes how
/// long the parameters may take.
#[derive(Debug)]
pub struct Lazy<T, F> {
    made: OnceCell<T>,
    make: F,
    took: Duration,
}

impl<T, F: AsyncFn(Duration) -> Result<T, secrets::Error>> Lazy<T, F> {
    /// Makes it, if AWS answers. Whatever else is wrong is an error.
    pub async fn start(make: F) -> Result<Self, secrets::Error> {
        let began = Instant::now();
        let mut lazy = Self { made: OnceCell::new(), make, took: Duration::ZERO };
        match lazy.get(STARTING).await {
            Err(error @ secrets::Error::Unanswered { .. }) => {
                tracing::error!(error = %Causes(&error), "starts without its parameters");
            }
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        lazy.took = began.elapsed();
        Ok(lazy)
    }

    /// How long the start took. Nobody has waited longer than that when an event arrives.
    pub const fn took(&self) -> Duration {
        self.took
    }

    /// Makes it, if that has not been done, from parameters for which it waits no longer than `patience`.
    pub async fn get(&self, patience: Duration) -> Result<&T, secrets::Error> {
        self.made.get_or_try_init(|| (self.make)(patience)).await
    }
}

/// Opens a connection to whoever is at `url`, so that the first request to them finds one.
///
/// The request that this takes asks for nothing and carries no credentials. How it ends does not matter.
pub async fn connect(http: &Http, url: Url) {
    let http = http.clone();
    let connected = tokio::spawn(async move { http.send(http.client().get(url)).await.map(drop) });
    if !matches!(timeout(CONNECTING, connected).await, Ok(Ok(Ok(())))) {
        tracing::debug!("there is no connection yet");
    }
}
