//! The provisioner's runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{REGION, World};
use crate::{
    aws::lambda::Failed,
    server::{Action, Fault},
};

impl World {
    /// Lets the schedule tick, and returns the provisioner's report.
    pub async fn run_provisioner(&self) -> Result<Value, Failed> {
        self.functions[2].invoke(schedule_event(self.clock.now())).await
    }

    /// Makes two runs at the same time, as when a person is as quick as the schedule.
    pub async fn run_two_provisioners(&self) -> [Result<Value, Failed>; 2] {
        let [.., one, other] = &self.functions;
        tokio::join!(
            one.invoke(schedule_event(self.clock.now())),
            other.invoke(schedule_event(self.clock.now()))
        )
        .into()
    }

    /// Asks the provisioner what it would do.
    pub async fn plan_provisioning(&self) -> Result<Value, Failed> {
        self.invoke_provisioner(json!({ "dry_run": true })).await
    }

    /// Invokes the provisioner with whatever a person may come up with.
    pub async fn invoke_provisioner(&self, event: Value) -> Result<Value, Failed> {
        self.functions[2].invoke(event).await
    }

    /// Gives the provisioner so much time for a run.
    pub fn gives_provisioner(&self, time: Duration) {
        self.functions[2].set_timeout(time);
    }

    /// Kills the provisioner's process, once, after it has changed something for the `nth` time,
    /// counted from one, and before it hears of it.
    pub fn kill_provisioner_after_change(&self, nth: usize) {
        let provisioner = Arc::clone(&self.functions[2]);
        let kill: Action = Arc::new(move || provisioner.kill());
        let changes = Arc::new(AtomicUsize::new(0));
        for health in [&self.okta.health, &self.twilio.health] {
            let changes = Arc::clone(&changes);
            let when = move |request: &str| {
                !request.starts_with("GET ") && changes.fetch_add(1, Ordering::Relaxed) + 1 == nth
            };
            health.fails_when(when, Fault::Then(Arc::clone(&kill)));
        }
    }
}

/// What EventBridge Scheduler sends when a schedule has no input of its own.
fn schedule_event(now: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": format!("{now:.0}"),
        "region": REGION,
        "resources": ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/provisioner"],
        "detail": "{}",
    })
}
