//! Numbers for CloudWatch: a line for each invocation, and one more for a hundred values, which CloudWatch understands
//! by itself.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

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

/// What a line says of itself, so that CloudWatch understands it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    /// Milliseconds since 1970.
    timestamp: i64,
    cloud_watch_metrics: Vec<Directive<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: &'static [&'static [&'static str]],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

/// A line in the making.
struct Line<'a>(&'a Measured, Timestamp);

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
    times.push(milliseconds(time));
    if times.len() == MOST_VALUES {
        measured.print();
    }
}

/// `time` to the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.).round() / 1000.
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

    fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.times.is_empty() && self.by_code.is_none()
    }

    /// Prints what was measured, if anything was, and forgets it.
    fn print(&mut self) {
        if self.is_empty() {
            return;
        }
        if let Ok(mut line) = serde_json::to_vec(&Line(self, Timestamp::now())) {
            line.push(b'\n');
            // Where Lambda collects it, like the log.
            let _ = io::stdout().lock().write_all(&line);
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.counts.clear();
        self.times.clear();
        self.by_code = None;
    }
}

impl Line<'_> {
    fn directives(&self) -> Vec<Directive<'_>> {
        let Self(Measured { namespace, counts, times, by_code, .. }, _) = self;
        // A metric costs money in every hour in which it is told of. That there was none is told to the log.
        let counted = counts.iter().filter(|(_, count)| **count > 0);
        let counted = counted.map(|(name, _)| Metric { name, unit: "Count" });
        let timed = times.keys().map(|name| Metric { name, unit: "Milliseconds" });
        let metrics: Vec<_> = counted.chain(timed).collect();
        let plain = Directive { namespace, dimensions: &[&[]], metrics };
        let by_code = by_code.map(|(name, _)| Directive {
            namespace,
            dimensions: &[&[], &["ErrorCode"]],
            metrics: vec![Metric { name, unit: "Count" }],
        });
        [Some(plain), by_code].into_iter().flatten().filter(|it| !it.metrics.is_empty()).collect()
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Measured { request_id, counts, times, by_code, .. }, now) = self;
        let mut line = serializer.serialize_map(None)?;
        let metadata = Metadata { timestamp: now.as_millisecond(), cloud_watch_metrics: self.directives() };
        line.serialize_entry("_aws", &metadata)?;
        line.serialize_entry("request_id", request_id)?;
        for (name, count) in counts {
            line.serialize_entry(name, count)?;
        }
        for (name, times) in times {
            line.serialize_entry(name, times)?;
        }
        if let Some((name, code)) = by_code {
            line.serialize_entry(name, &1)?;
            line.serialize_entry("ErrorCode", &code.to_string())?;
        }
        line.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_understands() {
        let mut measured =
            Measured { namespace: "phones".to_owned(), request_id: "8476".to_owned(), ..Measured::nothing() };
        assert!(measured.is_empty(), "of nothing there is no line");
        measured.counts.insert("TextsLate", 1);
        measured.counts.insert("TextsFromLastKnownRoute", 0);
        measured.times.insert("OktaLatency", vec![12.5, 3.]);
        measured.by_code = Some(("MessagesRefused", 30034));
        let line = serde_json::to_string_pretty(&Line(&measured, Timestamp::UNIX_EPOCH)).unwrap();
        insta::assert_snapshot!(line, @r#"
        {
          "_aws": {
            "Timestamp": 0,
            "CloudWatchMetrics": [
              {
                "Namespace": "phones",
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
                ]
              },
              {
                "Namespace": "phones",
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
                ]
              }
            ]
          },
          "request_id": "8476",
          "TextsFromLastKnownRoute": 0,
          "TextsLate": 1,
          "OktaLatency": [
            12.5,
            3.0
          ],
          "MessagesRefused": 1,
          "ErrorCode": "30034"
        }
        "#);
        measured.forget();
        assert!(measured.is_empty(), "nothing is told twice");
    }

    #[test]
    fn there_is_a_line_if_anything_was_measured_and_the_process_is_a_function() {
        let measured = Measured::nothing;
        assert!(!Measured { counts: [("TextsLate", 0)].into(), ..measured() }.is_empty());
        assert!(!Measured { times: [("OktaLatency", vec![3.])].into(), ..measured() }.is_empty());
        assert!(!Measured { by_code: Some(("MessagesRefused", 0)), ..measured() }.is_empty());
        assert!(
            !measured().is_wanted() && Measured { namespace: "phones".to_owned(), ..measured() }.is_wanted()
        );
    }

    #[test]
    fn a_time_is_told_in_milliseconds_and_to_the_microsecond() {
        let told = |nanoseconds| milliseconds(Duration::from_nanos(nanoseconds)).to_string();
        assert_eq!(
            [told(0), told(1_234_567), told(1_500), told(2_000_000_000)],
            ["0", "1.235", "0.002", "2000"]
        );
    }
}
