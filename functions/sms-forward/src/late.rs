//! Messages that could not be forwarded at once, and have waited in a queue.
//!
//! When the webhook fails, Twilio calls the number's fallback URL, and API Gateway puts that request into the
//! queue as it is. Lambda fetches it from there.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use serde::{Deserialize, Serialize};
use twilify::{metrics, twilio::Rejection};

use crate::SmsForward;

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
    /// The form that Twilio posted.
    body: String,
    #[serde(default)]
    message_attributes: Attributes,
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
#[serde(rename_all = "camelCase")]
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

impl SmsForward {
    /// Forwards what has waited. What cannot be forwarded now stays in the queue, and so does what is signed
    /// with another token than ours, or seems to be cut anew: it may be a text all the same.
    pub async fn work_off(&self, batch: Batch) -> Leftover {
        let mut leftover = Leftover::default();
        for Record { message_id, body, message_attributes: Attributes { signature, url } } in batch.records {
            let message = self.webhooks.accept_late(&url.string_value, &signature.string_value, &body);
            let done = match message {
                Ok(message) => self.forward_once(&message, true).await.is_ok(),
                Err(rejection) => {
                    tracing::error!(reason = %rejection, "refused a request that was in the queue");
                    metrics::count("RequestsRefused");
                    !matches!(rejection, Rejection::Forged | Rejection::CutAnew(_))
                }
            };
            if !done {
                leftover.batch_item_failures.push(Failure { item_identifier: message_id });
            }
        }
        leftover
    }
}
