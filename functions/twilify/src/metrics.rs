//! Numbers for CloudWatch: one line for each invocation, which CloudWatch understands by itself.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The most values of one metric that CloudWatch takes in one line.
const MOST_VALUES: usize = 100;

/// What was measured since the last line. A process deals with one invocation at a time. Nothing is measured in a process
/// that has not said where the metrics are: it is no function, and what it prints is read by people.
static MEASURED: Mutex<Measured> = Mutex::new(Measured::nothing());

struct Measured {
    namespace: String,
    request_id: String,
    counts: BTreeMap<&'static str, usize>,
    /// Counted once by themselves, and once for each of Twilio's error codes.
    by_code: Option<(&'static str, u32)>,
    /// In milliseconds.
    times: BTreeMap<&'static str, Vec<f64>>,
}

/// Sets where in CloudWatch the metrics are.
pub fn start(namespace: &str) {
    namespace.clone_into(&mut measured().namespace);
}

/// Counts one of `metric`.
pub fn count(metric: &'static str) {
    add(metric, 1);
}

/// Counts so many of `metric`, be they none.
pub fn add(metric: &'static str, so_many: usize) {
    let mut measured = measured();
    if measured.is_wanted() {
        *measured.counts.entry(metric).or_default() += so_many;
    }
}

/// Counts one of `metric`, once by itself and once for Twilio's error `code`.
pub fn count_by_code(metric: &'static str, code: u32) {
    let mut measured = measured();
    if measured.is_wanted() {
        measured.by_code = Some((metric, code));
    }
}

/// Notes that what `metric` measures took this long.
pub fn took(metric: &'static str, time: Duration) {
    let mut measured = measured();
    if !measured.is_wanted() {
        return;
    }
    let times = measured.times.entry(metric).or_default();
    // To the microsecond.
    times.push((time.as_secs_f64() * 1_000_000.).round() / 1000.);
    if times.len() == MOST_VALUES {
        measured.print();
    }
}

/// Begins an invocation.
pub(crate) fn begin(request_id: &str) {
    request_id.clone_into(&mut measured().request_id);
}

/// Ends an invocation.
pub(crate) fn end() {
    measured().print();
}

fn measured() -> MutexGuard<'static, Measured> {
    MEASURED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Measured {
    const fn nothing() -> Self {
        Self {
            namespace: String::new(),
            request_id: String::new(),
            counts: BTreeMap::new(),
            by_code: None,
            times: BTreeMap::new(),
        }
    }

    fn is_wanted(&self) -> bool {
        !self.namespace.is_empty()
    }

    /// Prints what was measured, if anything was, and forgets it.
    #[expect(clippy::print_stdout, reason = "this is where Lambda collects it, like the log")]
    fn print(&mut self) {
        if let Some(line) = self.line(Timestamp::now()) {
            println!("{line}");
        }
    }

    fn line(&mut self, now: Timestamp) -> Option<Value> {
        let (mut directives, mut line) = (Vec::new(), Map::new());
        let mut metrics = Vec::new();
        for (name, count) in std::mem::take(&mut self.counts) {
            // A metric costs money in every hour in which it is told of. That there was none is told to the log.
            if count > 0 {
                metrics.push(json!({ "Name": name, "Unit": "Count" }));
            }
            line.insert(name.to_owned(), count.into());
        }
        for (name, times) in std::mem::take(&mut self.times) {
            metrics.push(json!({ "Name": name, "Unit": "Milliseconds" }));
            line.insert(name.to_owned(), times.into());
        }
        let mut directive = |dimensions: Value, metrics: Vec<Value>| {
            directives
                .push(json!({ "Namespace": self.namespace, "Dimensions": dimensions, "Metrics": metrics }));
        };
        if !metrics.is_empty() {
            directive(json!([[]]), metrics);
        }
        if let Some((name, code)) = self.by_code.take() {
            directive(json!([[], ["ErrorCode"]]), vec![json!({ "Name": name, "Unit": "Count" })]);
            line.insert(name.to_owned(), 1.into());
            line.insert("ErrorCode".to_owned(), code.to_string().into());
        }
        if line.is_empty() {
            return None;
        }
        let aws = json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": directives });
        line.insert("_aws".to_owned(), aws);
        line.insert("request_id".to_owned(), self.request_id.clone().into());
        Some(line.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_understands() {
        let mut measured =
            Measured { namespace: "phones".to_owned(), request_id: "8476".to_owned(), ..Measured::nothing() };
        assert_eq!(measured.line(Timestamp::UNIX_EPOCH), None, "of nothing there is no line");
        measured.counts.insert("TextsLate", 1);
        measured.counts.insert("TextsFromLastKnownRoute", 0);
        measured.times.insert("OktaLatency", vec![12.5, 3.]);
        measured.by_code = Some(("MessagesRefused", 30034));
        let line = serde_json::to_string_pretty(&measured.line(Timestamp::UNIX_EPOCH)).unwrap();
        insta::assert_snapshot!(line, @r#"
        {
          "ErrorCode": "30034",
          "MessagesRefused": 1,
          "OktaLatency": [
            12.5,
            3.0
          ],
          "TextsFromLastKnownRoute": 0,
          "TextsLate": 1,
          "_aws": {
            "CloudWatchMetrics": [
              {
                "Dimensions": [
                  []
                ],
                "Metrics": [
                  {
                    "Name": "TextsLate",
                    "Unit": "Count"
                  },
                  {
                    "Name": "OktaLatency",
                    "Unit": "Milliseconds"
                  }
                ],
                "Namespace": "phones"
              },
              {
                "Dimensions": [
                  [],
                  [
                    "ErrorCode"
                  ]
                ],
                "Metrics": [
                  {
                    "Name": "MessagesRefused",
                    "Unit": "Count"
                  }
                ],
                "Namespace": "phones"
              }
            ],
            "Timestamp": 0
          },
          "request_id": "8476"
        }
        "#);
        assert_eq!(measured.line(Timestamp::UNIX_EPOCH), None, "nothing is told twice");
    }
}
