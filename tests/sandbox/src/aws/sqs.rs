//! Queues: a message that could not be dealt with comes back after a while, and after too many times it goes
//! to the next queue, and from there to the dead letters.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::lambda::Function;
use crate::server::lock;

/// How long a message rests before it can be fetched for the first time.
const DELAY: Duration = Duration::from_mins(1);

/// The queues, as in `template.yaml`: how long a message rests after it was fetched, and how often it may be.
const QUEUES: [(Duration, usize); 2] = [(Duration::from_mins(2), 5), (Duration::from_mins(30), 8)];

/// The queues of late messages, which work themselves off.
#[derive(Clone)]
pub struct Queues {
    waiting: Arc<Mutex<Vec<Item>>>,
    dead: Arc<Mutex<Vec<String>>>,
    /// How many times faster than in the real world time goes by here.
    speed: Arc<AtomicU32>,
}

struct Item {
    id: String,
    body: String,
    attributes: Value,
    queue: usize,
    receives: usize,
    visible: Instant,
}

impl Queues {
    /// Empty queues, from which `function` is fed.
    pub(crate) fn start(function: Arc<Function>) -> Self {
        let speed = Arc::new(AtomicU32::new(1000));
        let queues = Self { waiting: Arc::default(), dead: Arc::default(), speed };
        let worker = queues.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                while let Some((id, event)) = worker.receive() {
                    let result = function.invoke(event).await;
                    let done = result.is_ok_and(|it| it["batchItemFailures"] == json!([]));
                    if done {
                        lock(&worker.waiting).retain(|it| it.id != id);
                    }
                }
            }
        });
        queues
    }

    /// Lets time go by so many times faster than in the real world for all that comes from now on; at first it
    /// is a thousand times.
    pub fn set_speed(&self, speed: u32) {
        self.speed.store(speed, Ordering::Relaxed);
    }

    /// How many messages wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// The bodies of the messages that were given up.
    #[must_use]
    pub fn dead(&self) -> Vec<String> {
        lock(&self.dead).clone()
    }

    /// Puts a message into the first queue.
    pub(crate) fn put(&self, body: String, signature: &str, url: &str) {
        static IDS: AtomicU32 = AtomicU32::new(1);

        let id = format!("00000000-0000-4000-9000-{:012x}", IDS.fetch_add(1, Ordering::Relaxed));
        let attribute = |value: &str| json!({ "stringValue": value, "dataType": "String" });
        let attributes = json!({ "signature": attribute(signature), "url": attribute(url) });
        let visible = Instant::now() + self.scaled(DELAY);
        lock(&self.waiting).push(Item { id, body, attributes, queue: 0, receives: 0, visible });
    }

    /// The next message that can be fetched, as Lambda hands it to the function.
    fn receive(&self) -> Option<(String, Value)> {
        let mut waiting = lock(&self.waiting);
        let now = Instant::now();
        let position = waiting.iter().position(|it| it.visible <= now)?;
        let item = &mut waiting[position];
        if item.receives == QUEUES[item.queue].1 {
            (item.queue, item.receives) = (item.queue + 1, 0);
        }
        let Some((rest, _)) = QUEUES.get(item.queue) else {
            let item = waiting.remove(position);
            lock(&self.dead).push(item.body);
            return None;
        };
        item.receives += 1;
        item.visible = now + self.scaled(*rest);
        let event = json!({ "Records": [{
            "messageId": item.id,
            "receiptHandle": "AQEBsandbox",
            "body": item.body,
            "attributes": { "ApproximateReceiveCount": item.receives.to_string(), "SentTimestamp": "1763842800000" },
            "messageAttributes": item.attributes,
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:late",
            "awsRegion": "us-east-1",
        }]});
        Some((item.id.clone(), event))
    }

    fn scaled(&self, time: Duration) -> Duration {
        time / self.speed.load(Ordering::Relaxed)
    }
}
