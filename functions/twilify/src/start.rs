//! How a function starts while somebody may be waiting for it.

use std::time::Duration;

use tokio::{sync::OnceCell, time::timeout};
use url::Url;

use crate::{Causes, secrets, transport::Http};

/// How long a start waits for a connection that may be needed. Whoever takes longer is connected to
/// meanwhile.
const CONNECTING: Duration = Duration::from_millis(500);

/// What a function makes of its parameters: when it starts, or if AWS does not answer then, when it is first
/// invoked.
#[derive(Debug)]
pub struct Lazy<T, F> {
    made: OnceCell<T>,
    make: F,
}

impl<T, F: AsyncFn() -> Result<T, secrets::Error>> Lazy<T, F> {
    /// Makes it, if AWS answers. Whatever else is wrong is an error.
    pub async fn start(make: F) -> Result<Self, secrets::Error> {
        let lazy = Self { made: OnceCell::new(), make };
        match lazy.get().await {
            Err(error @ secrets::Error::Unanswered { .. }) => {
                tracing::error!(error = %Causes(&error), "starts without its parameters");
            }
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        Ok(lazy)
    }

    /// Makes it, if that has not been done.
    pub async fn get(&self) -> Result<&T, secrets::Error> {
        self.made.get_or_try_init(|| (self.make)()).await
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
