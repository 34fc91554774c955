//! Messages that could not be forwarded at once, and have waited in a queue.
//!
//! When the webhook fails, Twilio calls the number's fallback URL, and API Gateway puts that request into the
//! queue as it is. Lambda fetches it from there.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use twilify::metrics;

use crate::{SmsForward, delivery::Attempt};

/// How long after the first message of a batch another one may be begun: each takes up to ten seconds, and all of them
/// have fourteen.
const TO_BEGIN: Duration = Duration::from_secs(3);

/// What Lambda fetched from the queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Batch {
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    /// The form that Twilio posted, or the same in Base64.
    body: String,
    #[serde(default)]
    attributes: Counts,
    #[serde(default)]
    message_attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Counts {
    /// How often it was fetched, in digits.
    approximate_receive_count: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attributes {
    /// Twilio's signature.
    signature: Attribute,
    /// The URL that Twilio called.
    url: Attribute,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Attribute {
    string_value: String,
}

/// What is to stay in the queue.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftover {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Record {
    /// How often it was fetched. Very often if SQS does not say it, so that the text does not wait for Twilio's log any more.
    fn times(&self) -> u32 {
        self.attributes.approximate_receive_count.parse().unwrap_or(u32::MAX)
    }
}

impl SmsForward {
    /// Forwards what has waited. What cannot be forwarded now stays in the queue. So does what is refused: while the auth
    /// token is replaced, it may be a text all the same, and in the end it rests with the dead letters, where somebody can
    /// look at it.
    pub async fn work_off(&self, batch: Batch) -> Leftover {
        let began = Instant::now();
        let mut leftover = Leftover::default();
        for record in batch.records {
            let done = began.elapsed() < TO_BEGIN && self.is_done(&record).await;
            if !done {
                leftover.batch_item_failures.push(Failure { item_identifier: record.message_id });
            }
        }
        leftover
    }

    async fn is_done(&self, record: &Record) -> bool {
        let Attributes { signature, url } = &record.message_attributes;
        let message = self.webhooks.accept_late(&url.string_value, &signature.string_value, &record.body);
        match message {
            Ok(message) => self.forward_once(&message, Attempt::Late(record.times())).await.is_ok(),
            Err(rejection) => {
                tracing::error!(reason = %rejection, "refused a request that was in the queue");
                metrics::count("RequestsRefused");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_receive_count_counts_as_fetched_very_often() {
        for (attributes, times) in [
            (r#"{"ApproximateReceiveCount":"3"}"#, 3),
            (r#"{"ApproximateReceiveCount":"often"}"#, u32::MAX),
            ("{}", u32::MAX),
        ] {
            let record = format!(r#"{{"messageId":"1","body":"","attributes":{attributes}}}"#);
            let record: Record = serde_json::from_str(&record).unwrap();
            assert_eq!(record.times(), times, "{attributes}");
        }
    }
}
