"""Every alarm rings when `functions/OBSERVING.md` says that it does, and somebody hears it."""

import json
import re

import pytest

from conftest import ROOT, Template
from pages import code, name, seconds, table

TABLE = table("functions/OBSERVING.md", "## Alarms")
ROWS = {row["alarm"].strip("`"): row for row in TABLE}

COMPARISONS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}

NO_DATA = {"notBreaching": "quiet", "breaching": "rings", "ignore": "no change", "missing": "unknown"}


# Metrics of AWS that do not count something.
UNITS = {"Duration": " ms", "ApproximateAgeOfOldestMessage": " s"}

NEEDED = {"Namespace", "MetricName", "Period", "ComparisonOperator", "Threshold", "EvaluationPeriods"}


def alarms(template):
    return template.resources("AWS::CloudWatch::Alarm")


def rings_when(template, alarm):
    """The sentence of the page, made of the alarm's properties. It has a word for each property that may be there."""
    it = template.properties(alarm)
    assert not NEEDED - set(it), f"{alarm} never rings without {NEEDED - set(it)}"
    unit = UNITS.get(it["MetricName"], "")
    metric = f"{code(it.pop('MetricName'))} of "
    namespace = it.pop("Namespace")
    metric += "the stack" if namespace == "${AWS::StackName}" else code(namespace)
    for dimension in it.pop("Dimensions", []):
        assert dimension["Value"].startswith("${"), f"{alarm} looks at a text, not at a resource"
        attribute = "QueueName" if namespace == "AWS/SQS" else None
        metric += f", {code(dimension['Name'])} {code(name(dimension['Value'], attribute))}"
    statistic = it.pop("ExtendedStatistic", None) or it.pop("Statistic").lower()
    period = seconds(it.pop("Period"))
    limit = f"{COMPARISONS[it.pop('ComparisonOperator')]} {it.pop('Threshold')}{unit}"
    times = it.pop("EvaluationPeriods")
    asked = template.json["Resources"][alarm]["Properties"]["EvaluationPeriods"]
    if isinstance(asked, dict):
        times = f"{code(asked['Ref'])} ({times})"
    times = "" if times == 1 else f", {times} times in a row"
    no_data = NO_DATA[it.pop("TreatMissingData", "missing")]
    del it["AlarmDescription"], it["AlarmActions"]
    more = f"; and {json.dumps(it)}, for which the page has no words" if it else ""
    return f"{metric}: {statistic} of {period} {limit}{times}; no data: {no_data}{more}"


def test_the_page_has_a_row_for_each_alarm_and_none_for_another(template, full):
    assert len(ROWS) == len(TABLE), "something is said twice"
    assert set(alarms(template)) == set(alarms(full)) == set(ROWS)
    assert f"{len(ROWS)} alarms × 0.10 = {len(ROWS) / 10:.2f}" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("alarm", ROWS)
def test_an_alarm_rings_when_the_page_says(template, full, alarm):
    for it in (template, full):
        actual, expected = rings_when(it, alarm), ROWS[alarm]["rings when"]
        assert actual == expected, f"nobody would hear this in time: {ROWS[alarm]['says']}"


def test_every_alarm_tells_one_topic_when_it_starts_to_ring(template, full):
    topic = "arn:aws:sns:us-east-1:123456789012:ours"
    own = Template(AlarmTopicArn=topic, AlarmEmail="phones@example.com")
    for it, told in [(template, "${Alarms}"), (full, "${Alarms}"), (own, topic)]:
        for alarm in alarms(it):
            assert it.properties(alarm)["AlarmActions"] == [told], f"nobody hears {alarm}"
    assert not own.resources("AWS::SNS::Topic"), "a topic that nobody tells anything"
    assert set(template.resources("AWS::SNS::Topic")) == {"Alarms"}
    assert template.json["Resources"]["Alarms"].get("Properties", {}) == {}


def test_the_topic_tells_an_address_if_there_is_one(template, full):
    assert full.properties("AlarmsByEmail") == {
        "TopicArn": "${Alarms}", "Protocol": "email", "Endpoint": "phones@example.com",
    }
    assert set(full.resources("AWS::SNS::Subscription")) == {"AlarmsByEmail"}
    assert not template.resources("AWS::SNS::Subscription"), "a subscription without an address cannot be deployed"
    own = Template(AlarmTopicArn="arn:aws:sns:us-east-1:123456789012:ours", AlarmEmail="phones@example.com")
    assert not own.resources("AWS::SNS::Subscription"), "a subscription to a topic that does not exist"


def test_every_alarm_says_what_has_happened(template):
    for alarm in alarms(template):
        assert len(template.properties(alarm)["AlarmDescription"]) > 30, f"the mail of {alarm} says nothing"


def test_the_webhooks_warn_before_twilio_gives_up(template):
    for function in ("CallForward", "SmsForward"):
        assert 6000 < template.properties(f"{function}Slow")["Threshold"] < 1000 * template.properties(function)["Timeout"]


def test_waiting_texts_ring_when_they_have_waited_longer_than_they_ever_should(template):
    # A text leaves LateTexts after 11 minutes.
    assert template.properties("LateTextsOld")["Threshold"] > 11 * 60
    # Each text of LaterTexts is tried every half hour, and a dead one is deleted after 14 days.
    later, dead = template.properties("LaterTextsWait"), template.properties("DeadTextsOld")
    assert later["Period"] * later["EvaluationPeriods"] == template.properties("LaterTexts")["VisibilityTimeout"]
    assert dead["Period"] * dead["EvaluationPeriods"] * 2 == template.properties("DeadTexts")["MessageRetentionPeriod"]


@pytest.mark.parametrize("hours", [1, 168])
def test_the_provisioner_is_silent_after_as_many_hours_as_somebody_chose(hours):
    alarm = rings_when(Template(HoursWithoutRun=hours), "ProvisionerSilent")
    assert f"sum of 1 hour < 1, `HoursWithoutRun` ({hours}) times in a row" in alarm
