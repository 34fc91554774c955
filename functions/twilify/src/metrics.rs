//! Numbers for CloudWatch, in lines that it understands by itself.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use jiff::Timestamp;
use serde_json::json;

/// Where the metrics are in CloudWatch.
const NAMESPACE: &str = "twilify";

/// Counts one of `metric`, once by itself and once for each value of `dimension`.
#[expect(clippy::print_stdout, reason = "this is where Lambda collects it, like the log")]
pub fn count(metric: &str, dimension: (&str, &str)) {
    let (name, value) = dimension;
    let line = json!({
        "_aws": {
            "Timestamp": Timestamp::now().as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[], [name]],
                "Metrics": [{ "Name": metric, "Unit": "Count" }],
            }],
        },
        name: value,
        metric: 1,
    });
    println!("{line}");
}
