//! Lambda, which starts a process of a function for whoever invokes it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, anyhow, ensure};
use jiff::Timestamp;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    sync::{self, Notify, mpsc},
};

use super::{
    binaries::binary,
    runtime::{Runtime, router},
};
use crate::{
    clock::Clock,
    server::{listen, lock, serve},
};

/// A function, which is started when it is first invoked, and again when it has died.
pub(crate) struct Function {
    name: &'static str,
    /// What takes invocations while it is busy, if anything does: else they wait.
    others: Mutex<Vec<Arc<Self>>>,
    timeout: Mutex<Duration>,
    env: Mutex<Vec<(String, String)>>,
    /// The command that starts it, where that is not the binary alone.
    command: Mutex<Option<Vec<OsString>>>,
    instance: sync::Mutex<Option<Instance>>,
    /// The process that was started last.
    process: Mutex<Option<u32>>,
    killed: Notify,
    /// Whether nothing can be invoked.
    down: AtomicBool,
    deployed: Mutex<Timestamp>,
    log: Log,
}

/// What all functions have printed, line by line.
#[derive(Clone)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    /// When a run of the provisioner last told of its end.
    last_run: Arc<Mutex<Option<Timestamp>>>,
    clock: Clock,
    echo: bool,
}

/// What a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// The most memory, in bytes.
    pub peak_memory: u64,
    /// The time on a processor.
    pub cpu_time: Duration,
}

/// An invocation that has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What kind of failure, like `Unfinished`.
    pub kind: String,
    /// What the function says about it.
    pub message: String,
}

struct Instance {
    process: Child,
    invocations: mpsc::Sender<Value>,
    results: mpsc::Receiver<Result<Value, Failed>>,
    /// Told when the process asks for its first invocation.
    ready: Arc<Notify>,
}

impl Function {
    pub(crate) fn new(name: &'static str, timeout: Duration, env: Vec<(String, String)>, log: Log) -> Self {
        let (instance, killed) = (sync::Mutex::default(), Notify::new());
        let down = AtomicBool::new(false);
        let deployed = Mutex::new("2026-01-05T09:00:00Z".parse().expect("a time"));
        let (timeout, env) = (Mutex::new(timeout), Mutex::new(env));
        let (others, command, process) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { name, others, timeout, env, command, instance, process, killed, down, deployed, log }
    }

    /// Lets so many invocations be dealt with at once, each by a process of its own.
    pub(crate) fn scale(&self, most: usize) {
        let (timeout, env) = (*lock(&self.timeout), self.env());
        let other = || Arc::new(Self::new(self.name, timeout, env.clone(), self.log.clone()));
        lock(&self.others).extend((1..most).map(|_| other()));
    }

    fn others(&self) -> Vec<Arc<Self>> {
        lock(&self.others).clone()
    }

    /// Ends the processes that have nothing to do, as Lambda does after some time.
    pub(crate) fn recycle(&self) {
        if let Ok(mut idle) = self.instance.try_lock() {
            *idle = None;
        }
        self.others().iter().for_each(|other| other.recycle());
    }

    /// Sets a variable of the environment; a function that runs already is started anew.
    pub(crate) async fn configure(&self, name: &str, value: &str) {
        lock(&self.env).push((name.to_owned(), value.to_owned()));
        *self.instance.lock().await = None;
        for other in self.others() {
            Box::pin(other.configure(name, value)).await;
        }
    }

    /// Starts the function with another command from now on.
    pub(crate) async fn run_as(&self, command: Vec<OsString>) {
        *lock(&self.command) = Some(command);
        *self.instance.lock().await = None;
    }

    /// Starts the function before it is invoked, and waits until it asks for an invocation.
    pub(crate) async fn warm_up(&self) -> anyhow::Result<()> {
        let mut slot = self.instance.lock().await;
        let instance = slot.insert(self.start().await?);
        tokio::select! {
            () = instance.ready.notified() => Ok(()),
            status = instance.process.wait() => Err(anyhow!("{} ends: {}", self.name, status?)),
        }
    }

    /// Ends the function by itself, as if Lambda were gone, and waits until it has ended.
    pub(crate) async fn end(&self) -> anyhow::Result<()> {
        let Some(Instance { mut process, invocations, results, .. }) = self.instance.lock().await.take()
        else {
            return Ok(());
        };
        drop((invocations, results));
        process.wait().await?;
        Ok(())
    }

    /// Sends the process a signal, like `STOP`.
    pub(crate) async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let id = lock(&self.process).context("the function does not run")?;
        let sent = Command::new("kill").args(["-s", signal, &id.to_string()]).status().await?;
        ensure!(sent.success(), "kill: {sent}");
        Ok(())
    }

    /// The variables of the environment; where one is there twice, the last counts.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        lock(&self.env).clone()
    }

    /// Sets how long an invocation may take, from the next start of the process.
    pub(crate) fn set_timeout(&self, timeout: Duration) {
        *lock(&self.timeout) = timeout;
    }

    /// Invokes the function and waits for its result.
    pub(crate) async fn invoke(&self, event: Value) -> Result<Value, Failed> {
        if self.down.load(Ordering::Relaxed) {
            return Err(Failed::new("ServiceException", "Lambda is down"));
        }
        let others = self.others();
        let mut all = [self].into_iter().chain(others.iter().map(Arc::as_ref));
        let free = all.find_map(|it| Some((it, it.instance.try_lock().ok()?)));
        match free {
            Some((free, slot)) => free.invoke_in(slot, event).await,
            None => self.invoke_in(self.instance.lock().await, event).await,
        }
    }

    async fn invoke_in(
        &self,
        mut slot: sync::MutexGuard<'_, Option<Instance>>,
        event: Value,
    ) -> Result<Value, Failed> {
        let timeout = *lock(&self.timeout);
        let start =
            async || self.start().await.map_err(|error| Failed::new("Sandbox.Error", format!("{error:#}")));
        let mut instance = match slot.take() {
            Some(instance) => slot.insert(instance),
            None => slot.insert(start().await?),
        };
        let _ = instance.invocations.send(event.clone()).await;
        let mut may_begin_again = true;
        let result = loop {
            tokio::select! {
                Some(result) = instance.results.recv() => return result,
                status = instance.process.wait() => {
                    let has_begun = instance.invocations.capacity() > 0;
                    if has_begun || !std::mem::take(&mut may_begin_again) {
                        break Failed::exited(status.ok());
                    }
                    // Lambda starts a process once more that has ended before it asked for anything.
                    instance = slot.insert(start().await?);
                    let _ = instance.invocations.send(event.clone()).await;
                }
                () = self.killed.notified() => {
                    let _ = instance.process.kill().await;
                    break Failed::new("Runtime.ExitError", "the process was killed");
                }
                () = tokio::time::sleep(timeout) => {
                    let seconds = timeout.as_secs_f64();
                    break Failed::new("Sandbox.Timedout", format!("Task timed out after {seconds:.2} seconds"));
                }
            }
        };
        *slot = None;
        Err(result)
    }

    /// The processes of this function: its own, and those of the others.
    pub(crate) fn all(self: &Arc<Self>) -> Vec<Arc<Self>> {
        [Arc::clone(self)].into_iter().chain(self.others()).collect()
    }

    /// What the process has used so far, where the system tells (Linux).
    pub(crate) async fn usage(&self) -> Option<Usage> {
        let instance = self.instance.lock().await;
        let process = format!("/proc/{}", instance.as_ref()?.process.id()?);
        let status = std::fs::read_to_string(format!("{process}/status")).ok()?;
        let kibibytes =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?;
        // The first number is the time on a processor, in nanoseconds.
        let schedule = std::fs::read_to_string(format!("{process}/schedstat")).ok()?;
        let nanoseconds = schedule.split(' ').next()?.parse().ok()?;
        let peak_memory = kibibytes.parse::<u64>().ok()? << 10;
        Some(Usage { peak_memory, cpu_time: Duration::from_nanos(nanoseconds) })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// What is set in its environment by whoever has deployed it.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let env = lock(&self.env);
        env.iter().filter(|(name, _)| name.starts_with("TWIL")).cloned().collect()
    }

    /// When it was last deployed.
    pub(crate) fn deployed(&self) -> Timestamp {
        *lock(&self.deployed)
    }

    /// Pretends that it was deployed just now.
    pub(crate) fn deploy(&self) {
        *lock(&self.deployed) = self.now();
    }

    /// Where its log is.
    pub(crate) fn log_group(&self) -> String {
        format!("/aws/lambda/{}", self.name)
    }

    /// When a run of it last came to its end, as it tells CloudWatch.
    pub(crate) fn last_run(&self) -> Option<Timestamp> {
        *lock(&self.log.last_run)
    }

    /// Pretends that this was at `time`, or never.
    pub(crate) fn set_last_run(&self, time: Option<Timestamp>) {
        *lock(&self.log.last_run) = time;
    }

    /// What time it is in the world.
    pub(crate) fn now(&self) -> Timestamp {
        self.log.clock.now()
    }

    /// Lets invocations fail, or work again.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Relaxed);
    }

    /// Kills the process in the middle of its invocation.
    pub(crate) fn kill(&self) {
        self.killed.notify_one();
    }

    async fn start(&self) -> anyhow::Result<Instance> {
        let (invocations, waiting) = mpsc::channel(1);
        let (finished, results) = mpsc::channel(1);
        let ready = Arc::new(Notify::new());
        let (timeout, is_ready) = (*lock(&self.timeout), Arc::clone(&ready));
        let (waiting, clock) = (sync::Mutex::new(waiting), self.log.clock.clone());
        let runtime = Runtime { invocations: waiting, results: finished, ready: is_ready, timeout, clock };
        let (listener, api) = listen(0).await?;
        serve(listener, router(runtime));
        let env = lock(&self.env).clone();
        let command = lock(&self.command).clone();
        let command = match command {
            Some(command) => command,
            None => vec![binary(self.name)?.into()],
        };
        let mut process = Command::new(&command[0])
            .args(&command[1..])
            .env_clear()
            .envs(env)
            .env("AWS_LAMBDA_RUNTIME_API", api.trim_start_matches("http://"))
            .env("AWS_LAMBDA_FUNCTION_NAME", self.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", self.log_group())
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "sandbox")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} does not start", self.name))?;
        *lock(&self.process) = process.id();
        self.log.follow(self.name, process.stdout.take());
        self.log.follow(self.name, process.stderr.take());
        Ok(Instance { process, invocations, results, ready })
    }
}

impl Failed {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }

    fn exited(status: Option<ExitStatus>) -> Self {
        let status = status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
        Self::new("Runtime.ExitError", format!("Runtime exited with error: {status}"))
    }
}

impl Log {
    /// An empty log, whose lines are also printed if `echo` says so.
    pub(crate) fn new(echo: bool, clock: &Clock) -> Self {
        Self { lines: Arc::default(), last_run: Arc::default(), clock: clock.clone(), echo }
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    fn follow(&self, name: &'static str, output: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let Some(output) = output else { return };
        let log = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if log.echo {
                    crate::say(&format!("{name}: {line}"));
                }
                if line.contains(r#""ProvisionerRuns":1"#) {
                    *lock(&log.last_run) = Some(log.clock.now());
                }
                lock(&log.lines).push(line);
            }
        });
    }
}
