//! Queues: a message that could not be dealt with comes back after a while, and after too many times it goes
//! to the next queue, and from there to the dead letters.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::lambda::Function;
use crate::{clock::Clock, server::lock};

/// How long a message rests before it can be fetched for the first time.
const DELAY: Duration = Duration::from_mins(1);

/// The queues, as in `template.yaml`: how long a message rests after it was fetched, and how often it may be.
const QUEUES: [(Duration, usize); 2] = [(Duration::from_mins(2), 5), (Duration::from_mins(30), 14)];

/// The queues of late messages, which work themselves off.
#[derive(Clone)]
pub struct Queues {
    waiting: Arc<Mutex<Vec<Item>>>,
    dead: Arc<Mutex<Vec<Dead>>>,
    /// How many times faster than in the real world time goes by here.
    speed: Arc<AtomicU32>,
    /// How many messages Lambda hands over at once, at most.
    batch_size: Arc<AtomicUsize>,
    /// Whether the next queue counts from zero again.
    counts_anew: Arc<AtomicBool>,
    /// How often the function failed as a whole.
    failures: Arc<AtomicUsize>,
    /// Whether API Gateway hands over the body of a request in Base64.
    base64: Arc<AtomicBool>,
    clock: Clock,
    /// How many invocations are under way.
    under_way: Arc<AtomicUsize>,
}

struct Item {
    id: String,
    body: String,
    attributes: Value,
    queue: usize,
    receives: usize,
    sent: Timestamp,
    visible: Timestamp,
    /// How old it is by the clock of the queues, which is faster than that of the world.
    age: Duration,
}

struct Dead {
    body: String,
    last_try: Duration,
}

impl Queues {
    /// Empty queues, from which `function` is fed.
    pub(crate) fn start(function: Arc<Function>, clock: &Clock) -> Self {
        let queues = Self {
            waiting: Arc::default(),
            dead: Arc::default(),
            speed: Arc::new(AtomicU32::new(1000)),
            batch_size: Arc::new(AtomicUsize::new(1)),
            counts_anew: Arc::default(),
            failures: Arc::default(),
            base64: Arc::default(),
            clock: clock.clone(),
            under_way: Arc::default(),
        };
        let worker = queues.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                while let Some((ids, event)) = worker.receive() {
                    let result = function.invoke(event).await;
                    worker.settle(&ids, result.ok().as_ref());
                }
            }
        });
        queues
    }

    /// Takes those messages out of the queues with which the function was done; with none of them if it failed as a whole.
    fn settle(&self, ids: &[String], result: Option<&Value>) {
        let mut waiting = lock(&self.waiting);
        if let Some(result) = result {
            let failures = result["batchItemFailures"].as_array().cloned().unwrap_or_default();
            let failed = |id: &String| failures.iter().any(|it| it["itemIdentifier"] == json!(id));
            waiting.retain(|it| !ids.contains(&it.id) || failed(&it.id));
        } else {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Waits until no message can be fetched now.
    ///
    /// # Panics
    ///
    /// If that takes longer than half a minute.
    pub async fn rests(&self) {
        for _ in 0..3000 {
            if self.are_at_rest() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the queues do not come to rest");
    }

    fn are_at_rest(&self) -> bool {
        let waiting = lock(&self.waiting);
        let now = self.clock.now();
        self.under_way.load(Ordering::Relaxed) == 0 && waiting.iter().all(|it| it.visible > now)
    }

    /// Lets time go by so many times faster than in the real world for all that comes from now on; at first it
    /// is a thousand times.
    pub fn set_speed(&self, speed: u32) {
        self.speed.store(speed, Ordering::Relaxed);
    }

    /// Lets Lambda hand over so many messages at once; at first it is one.
    pub fn set_batch_size(&self, size: usize) {
        self.batch_size.store(size, Ordering::Relaxed);
    }

    /// Lets the count of receives start anew in the next queue of a redrive chain; at first it carries over.
    ///
    /// The documentation supports both: `ApproximateReceiveCount` counts "across all queues", `maxReceiveCount` is
    /// the number of times a message "is delivered to the source queue". `LocalStack`'s recorded answers of AWS carry it
    /// over.
    ///
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Message.html>
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
    pub fn counts_anew(&self) {
        self.counts_anew.store(true, Ordering::Relaxed);
    }

    /// Lets API Gateway hand over the bodies of requests in Base64, as it does to Lambda. At first they are as they
    /// came. No document says which it is for a form.
    ///
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html>
    pub fn hands_over_base64(&self) {
        self.base64.store(true, Ordering::Relaxed);
    }

    pub(crate) fn are_in_base64(&self) -> bool {
        self.base64.load(Ordering::Relaxed)
    }

    /// How often the function has failed as a whole, or has taken too long.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failures.load(Ordering::Relaxed)
    }

    /// How many messages wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// The bodies of the messages that were given up.
    #[must_use]
    pub fn dead(&self) -> Vec<String> {
        lock(&self.dead).iter().map(|it| it.body.clone()).collect()
    }

    /// How old those were when they were tried for the last time, by the clock of the queues.
    #[must_use]
    pub fn last_tries(&self) -> Vec<Duration> {
        lock(&self.dead).iter().map(|it| it.last_try).collect()
    }

    /// Puts a message into the first queue.
    pub fn put(&self, body: String, attributes: &[(&str, &str)]) {
        static IDS: AtomicU32 = AtomicU32::new(1);

        let id = format!("00000000-0000-4000-9000-{:012x}", IDS.fetch_add(1, Ordering::Relaxed));
        let attributes = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!({ "stringValue": value, "dataType": "String" })))
            .collect();
        let sent = self.clock.now();
        let visible = sent + self.scaled(DELAY);
        let item = Item { id, body, attributes, queue: 0, receives: 0, sent, visible, age: DELAY };
        lock(&self.waiting).push(item);
    }

    /// The next messages that can be fetched, as Lambda hands them to the function.
    fn receive(&self) -> Option<(Vec<String>, Value)> {
        let mut waiting = lock(&self.waiting);
        let now = self.clock.now();
        let (mut ids, mut records) = (Vec::new(), Vec::new());
        waiting.retain_mut(|item| {
            if item.visible > now || ids.len() == self.batch_size.load(Ordering::Relaxed) {
                return true;
            }
            let before = item.queue;
            while QUEUES.get(item.queue).is_some_and(|(_, most)| item.receives >= *most) {
                item.queue += 1;
                if self.counts_anew.load(Ordering::Relaxed) {
                    item.receives = 0;
                }
            }
            let Some((rest, _)) = QUEUES.get(item.queue) else {
                let last_try = item.age.saturating_sub(QUEUES[before].0);
                lock(&self.dead).push(Dead { body: item.body.clone(), last_try });
                return false;
            };
            item.receives += 1;
            item.visible = now + self.scaled(*rest);
            item.age += *rest;
            ids.push(item.id.clone());
            records.push(item.record());
            true
        });
        self.under_way.fetch_add(usize::from(!ids.is_empty()), Ordering::Relaxed);
        (!ids.is_empty()).then(|| (ids, json!({ "Records": records })))
    }

    fn scaled(&self, time: Duration) -> Duration {
        time / self.speed.load(Ordering::Relaxed)
    }
}

impl Item {
    fn record(&self) -> Value {
        json!({
            "messageId": self.id,
            "receiptHandle": "AQEBsandbox",
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receives.to_string(),
                "SentTimestamp": self.sent.as_millisecond().to_string(),
            },
            "messageAttributes": self.attributes,
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:late",
            "awsRegion": "us-east-1",
        })
    }
}
