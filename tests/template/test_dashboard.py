"""The dashboard: what each of its pictures shows."""

import json

import pytest

OURS, QUEUE, LAMBDA = "${AWS::StackName}", "ApproximateNumberOfMessagesVisible", "AWS/Lambda"

# Title: place (x, y, width), statistic, seconds, and the metrics with their dimensions.
WIDGETS = {
    "Calls": ((0, 0, 8), "Sum", 300, [
        [OURS, "CallsConnected"], [OURS, "CallsAnswered"], [OURS, "CallsRefused"], [OURS, "CallsFromLastKnownRoute"],
    ]),
    "Texts": ((8, 0, 8), "Sum", 300, [
        [OURS, "TextsForwarded"], [OURS, "TextsLate"], [OURS, "TextsFromLastKnownRoute"], [OURS, "MessagesRefused"],
        [OURS, "MessagesUndelivered"], [OURS, "TextsNotForwarded"], [OURS, "TextsToNobody"],
    ]),
    "Texts that wait": ((16, 0, 8), "Maximum", 300, [
        ["AWS/SQS", QUEUE, "QueueName", "${LateTexts.QueueName}", {"label": "late"}],
        ["AWS/SQS", QUEUE, "QueueName", "${LaterTexts.QueueName}", {"label": "later"}],
        ["AWS/SQS", QUEUE, "QueueName", "${DeadTexts.QueueName}", {"label": "dead"}],
    ]),
    "How long Okta and Twilio take": ((0, 6, 8), "p99", 300, [[OURS, "OktaLatency"], [OURS, "TwilioLatency"]]),
    "How long Twilio waits for us": ((8, 6, 8), "p99", 300, [
        [LAMBDA, "Duration", "FunctionName", "${CallForward}"], [LAMBDA, "Duration", "FunctionName", "${SmsForward}"],
    ]),
    "What goes wrong": ((16, 6, 8), "Sum", 300, [
        [LAMBDA, "Errors", "FunctionName", "${CallForward}"],
        [LAMBDA, "Errors", "FunctionName", "${SmsForward}"],
        [LAMBDA, "Errors", "FunctionName", "${Provisioner}"],
        [LAMBDA, "Throttles", "FunctionName", "${CallForward}"],
        [LAMBDA, "Throttles", "FunctionName", "${SmsForward}"],
        [OURS, "OktaOutages"], [OURS, "RequestsRefused"],
    ]),
    "Provisioning": ((0, 12, 24), "Sum", 3600, [
        [OURS, "ProvisionerRuns"], [OURS, "ProvisioningChanges"], [OURS, "NumbersBought"], [OURS, "NumbersReleased"],
        [OURS, "ProvisioningRefused"], [OURS, "ProvisioningPostponed"], [OURS, "ProvisioningFailed"],
        [OURS, "ProvisioningFindings"],
    ]),
}


def spelt_out(metrics):
    """Metrics without CloudWatch's short forms: "." for the word above, "..." for all words above but the last ones.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    whole, above = [], []
    for metric in metrics:
        words, options = [it for it in metric if isinstance(it, str)], [it for it in metric if not isinstance(it, str)]
        if words[0] == "...":
            words = above[: len(above) - len(words) + 1] + words[1:]
        words = [above[at] if word == "." else word for at, word in enumerate(words)]
        whole.append([*words, *options])
        above = words
    return whole


@pytest.mark.parametrize("which", ["template", "full"])
def test_the_dashboard_shows_what_goes_on(request, which):
    it = request.getfixturevalue(which)
    assert set(it.resources("AWS::CloudWatch::Dashboard")) == {"Dashboard"}
    assert set(it.properties("Dashboard")) == {"DashboardBody"}
    body = json.loads(it.properties("Dashboard")["DashboardBody"])
    assert set(body) == {"widgets"}
    shown = {}
    for widget in body["widgets"]:
        picture = widget["properties"]
        assert (widget["type"], widget["height"], picture["region"]) == ("metric", 6, "${AWS::Region}")
        place = widget["x"], widget["y"], widget["width"]
        shown[picture["title"]] = place, picture["stat"], picture["period"], spelt_out(picture["metrics"])
        lines = {"horizontal": [{"label": "Twilio gives up", "value": 15000}]}
        assert picture.get("annotations") == (lines if "Twilio waits" in picture["title"] else None)
    assert shown == WIDGETS
