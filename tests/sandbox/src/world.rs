//! Everything together.

mod mishaps;
mod provisioner;
mod time;

use std::{ffi::OsString, sync::Arc, time::Duration};

use axum::{body::Bytes, routing::MethodFilter};
use http::{HeaderMap, HeaderValue, Method, header};

use crate::{
    aws::{
        api,
        binaries::binary,
        gateway::{self, Throttle},
        lambda::{Function, Log, Usage},
        sqs::Queues,
        ssm::{self, Ssm},
    },
    clock::Clock,
    line::Identity,
    okta::{self, Okta},
    operator::Operator,
    server::listen,
    twilio::{self, Answer, Call, Twilio},
};

/// The region everything is in.
const REGION: &str = "us-east-1";

/// The area codes in which the world buys numbers, best first.
const AREA_CODES: &str = "925,415";

/// The key that seals the last known mobiles.
pub const SEAL_KEY: &str = "c2FuZGJveCBzYW5kYm94IHNhbmRib3ggc2FuZGJveCE=";

/// An Okta org, a Twilio account and the functions between them.
pub struct World {
    /// The org.
    pub okta: Okta,
    /// The account, and the telephone network.
    pub twilio: Twilio,
    /// The parameters.
    pub ssm: Ssm,
    /// The messages that could not be forwarded at once.
    pub late: Queues,
    /// What time it is.
    pub clock: Clock,
    aws_url: String,
    url: String,
    functions: [Arc<Function>; 4],
    log: Log,
    throttle: Throttle,
    /// What the vendors prove with who they are, if they do.
    _identity: Option<Identity>,
}

impl World {
    /// Starts everything but the functions, which start when they are first needed.
    pub async fn start() -> anyhow::Result<Self> {
        Self::begin(0, false, None).await
    }

    /// Like [`start`](Self::start), but the functions and the vendors speak with TLS, as in the world outside.
    pub async fn start_over_tls() -> anyhow::Result<Self> {
        Self::begin(0, false, Some(Identity::new()?)).await
    }

    /// Like [`start`](Self::start), with the gateway on `port` of the loopback interface, and with
    /// what the functions log printed if `echo` says so.
    pub async fn start_at(port: u16, echo: bool) -> anyhow::Result<Self> {
        Self::begin(port, echo, None).await
    }

    async fn begin(port: u16, echo: bool, identity: Option<Identity>) -> anyhow::Result<Self> {
        // Nobody is to wait for a compiler on the phone.
        binary("provisioner")?;
        let clock = Clock::default();
        let (okta, twilio, ssm) = {
            let (identity, clock) = (identity.as_ref(), &clock);
            let (okta, twilio) = (Okta::start(identity, clock), Twilio::start(identity, clock));
            tokio::try_join!(okta, twilio, Ssm::start(identity, clock))?
        };
        ssm.put("/twilify/okta/org-url", okta.url());
        ssm.put_secure("/twilify/okta/token", okta::API_TOKEN);
        ssm.put("/twilify/twilio/account-sid", twilio::ACCOUNT_SID);
        ssm.put_secure("/twilify/twilio/auth-token", twilio::AUTH_TOKEN);
        ssm.put_secure("/twilify/seal-key", SEAL_KEY);
        ssm.put("/twilify/deployment/provisioner", "provisioner");
        let log = Log::new(echo, &clock);
        let mut env: Vec<(String, String)> = [
            ("TWILIFY_PARAMETER_PATH", "/twilify"),
            ("TWILIFY_AREA_CODES", AREA_CODES),
            ("TWILIO_API_URL", twilio.url()),
            ("TWILIO_MESSAGING_URL", twilio.url()),
            ("AWS_REGION", REGION),
            ("AWS_ENDPOINT_URL_SSM", ssm.url()),
            ("AWS_ACCESS_KEY_ID", ssm::ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", "sandbox-secret-access-key"),
            ("AWS_SESSION_TOKEN", "sandbox-session-token"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        if let Some(identity) = &identity {
            env.push(("SSL_CERT_FILE".to_owned(), identity.root().display().to_string()));
        }
        let functions =
            [("call-forward", 14), ("sms-forward", 14), ("provisioner", 900), ("provisioner", 900)].map(
                |(name, seconds)| {
                    Arc::new(Function::new(name, Duration::from_secs(seconds), env.clone(), log.clone()))
                },
            );
        let (listener, url) = listen(port).await?;
        let [call_forward, sms_forward, ..] = &functions;
        let late = Queues::start(Arc::clone(sms_forward), &clock);
        let throttle = Throttle::new(&clock);
        gateway::start(
            listener,
            &[
                (MethodFilter::POST, "/call-forward", call_forward),
                (MethodFilter::POST, "/call-forward/again", call_forward),
                (MethodFilter::POST, "/call-forward/after", call_forward),
                (MethodFilter::POST, "/sms-forward", sms_forward),
                (MethodFilter::POST, "/sms-forward/status", sms_forward),
                (MethodFilter::GET.or(MethodFilter::HEAD), "/media/{message}/{media}", sms_forward),
            ],
            "/sms-forward/later/{owner}",
            &late,
            &throttle,
        );
        let aws_url = api::start(&ssm, &functions[2]).await?;
        let world = Self {
            okta,
            twilio,
            ssm,
            late,
            clock,
            aws_url,
            url,
            functions,
            log,
            throttle,
            _identity: identity,
        };
        for provisioner in &world.functions[2..] {
            provisioner.configure("TWILIFY_PUBLIC_URL", &world.url).await;
        }
        Ok(world)
    }

    /// What Twilio is to call: the gateway's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Somebody who runs `twilify` with access to all of this.
    ///
    /// # Panics
    ///
    /// If there is no place for their files.
    #[must_use]
    pub fn operator(&self) -> Operator {
        let clock = self.clock.variables();
        let variables = self.access().map(|(name, value)| (name, value.to_owned()));
        Operator::new(variables.into_iter().chain(clock))
    }

    /// What an operator's environment has to say, so that their programs find all of this.
    #[must_use]
    pub fn access(&self) -> [(&'static str, &str); 6] {
        [
            ("AWS_ENDPOINT_URL", self.aws_url.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ssm::ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", "sandbox-secret-access-key"),
            ("TWILIO_API_URL", self.twilio.url()),
            ("TWILIO_MESSAGING_URL", self.twilio.url()),
        ]
    }

    /// What the functions find in their environment, as a file for `cargo lambda watch`.
    #[must_use]
    pub fn env_file(&self) -> String {
        let lines = self.functions[2].env().into_iter().map(|(name, value)| format!("{name}={value}"));
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }

    /// Sets a variable in the environment of all functions, which are then started anew.
    pub async fn configure(&self, name: &str, value: &str) {
        for function in &self.functions {
            function.configure(name, value).await;
        }
    }

    /// Lets Lambda fail, or work again, as far as texts are concerned.
    pub fn lambda_is_down(&self, down: bool) {
        self.functions[1].set_down(down);
    }

    /// Lets so many calls, and so many texts, be dealt with at once, each by a process of its own; else it is one
    /// after the other.
    pub fn scales_to(&self, most: usize) {
        for webhook in &self.functions[..2] {
            webhook.scale(most);
        }
    }

    /// Ends the processes of `call-forward` and `sms-forward` that have nothing to do, so that others start.
    pub fn recycles_functions(&self) {
        for webhook in &self.functions[..2] {
            webhook.recycle();
        }
    }

    /// Kills a process of `sms-forward`, the `nth` of those there are, in the middle of its invocation, or else in that
    /// of its next.
    pub fn kills_sms_forward(&self, nth: usize) {
        let all = self.functions[1].all();
        all[nth % all.len()].kill();
    }

    /// Hands a request to `call-forward` or `sms-forward` that the gateway would not let through, and returns
    /// the status of the answer.
    ///
    /// # Panics
    ///
    /// If there is no such function, or no answer, or `path` is none.
    pub async fn invoke_directly(&self, function: &str, method: Method, path: &str) -> u64 {
        let function = self.functions.iter().find(|it| it.name() == function).expect("a function");
        let uri = format!("{}{path}", self.url).parse().expect("a path");
        let host = HeaderValue::from_static("phones.example.com");
        let headers = HeaderMap::from_iter([(header::HOST, host)]);
        let event = gateway::event(&method, &uri, &headers, &Bytes::new(), self.clock.now());
        function.invoke(event).await.expect("an answer")["statusCode"].as_u64().expect("a status")
    }

    /// Starts a function in another way from now on: another build of it, or the same one under a tool.
    ///
    /// # Panics
    ///
    /// If there is no such function.
    pub async fn runs(&self, function: &str, command: Vec<OsString>) {
        self.function(function).run_as(command).await;
    }

    /// Starts a function before it is needed.
    ///
    /// # Panics
    ///
    /// If there is no such function.
    pub async fn starts(&self, function: &str) -> anyhow::Result<()> {
        self.function(function).warm_up().await
    }

    /// Ends a function by itself, and waits until it has ended.
    ///
    /// # Panics
    ///
    /// If there is no such function.
    pub async fn ends(&self, function: &str) -> anyhow::Result<()> {
        self.function(function).end().await
    }

    /// Stops the process of a function, as Lambda does between invocations.
    ///
    /// # Panics
    ///
    /// If there is no such function.
    pub async fn freezes(&self, function: &str) -> anyhow::Result<()> {
        self.function(function).signal("STOP").await
    }

    /// Lets the process of a function go on.
    ///
    /// # Panics
    ///
    /// If there is no such function.
    pub async fn thaws(&self, function: &str) -> anyhow::Result<()> {
        self.function(function).signal("CONT").await
    }

    fn function(&self, name: &str) -> &Function {
        self.functions.iter().find(|it| it.name() == name).expect("a function")
    }

    /// What the process of a function has used since it was started, where the system tells.
    pub async fn usage(&self, function: &str) -> Option<Usage> {
        self.functions.iter().find(|it| it.name() == function)?.usage().await
    }

    /// Calls `to` from `from`. See [`Twilio::call`].
    pub async fn call(&self, from: &str, to: &str) -> Call {
        self.twilio.call(from, to).await
    }

    /// Texts `body` to `to` from `from`. See [`Twilio::text`].
    pub async fn text(&self, from: &str, to: &str, body: &str) -> Answer {
        self.twilio.text(from, to, body).await
    }

    /// What the functions have logged so far, line by line.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// What the functions have logged, as soon as they have logged `text`, which may be a moment after
    /// their answer.
    ///
    /// # Panics
    ///
    /// If they do not within five seconds.
    pub async fn logged(&self, text: &str) -> String {
        for _ in 0..100 {
            let log = self.log.lines().join("\n");
            if log.contains(text) {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{text:?} is not in the log:\n{}", self.log.lines().join("\n"));
    }
}
