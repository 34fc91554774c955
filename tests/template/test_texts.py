"""A text that cannot be forwarded at once waits in a queue, as `functions/OBSERVING.md` says, and is fetched from it."""

import json

import pytest

from pages import code, name, seconds, table

TABLE = table("functions/OBSERVING.md", "## Queues")
ROWS = {row["queue"].strip("`"): row for row in TABLE}

LATER = "/sms-forward/later/{owner}"


def row(template, queue):
    """The row of the page, made of the queue's properties, but for its last cell. It has a cell for each property."""
    it = template.properties(queue)
    redrive = it.pop("RedrivePolicy", {})
    said = {
        "queue": code(queue),
        # SQS's own delay and visibility timeout:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
        "first attempt after": seconds(it.pop("DelaySeconds", 0)),
        "next attempt after": seconds(it.pop("VisibilityTimeout", 30)),
        "attempts": str(redrive.pop("maxReceiveCount", "no limit")),
        "then it goes to": code(name(redrive.pop("deadLetterTargetArn"), "Arn")) if redrive else "nothing",
        "deleted after": seconds(it.pop("MessageRetentionPeriod")),
    }
    assert it.pop("SqsManagedSseEnabled") is True, f"the texts in {queue} are not encrypted"
    assert not it and not redrive, f"the page has no words for {it} {redrive}"
    return said


def test_the_page_has_a_row_for_each_queue_and_none_for_another(template):
    assert len(ROWS) == len(TABLE), "something is said twice"
    assert set(template.resources("AWS::SQS::Queue")) == set(ROWS)


@pytest.mark.parametrize("queue", ROWS)
def test_a_queue_keeps_a_text_as_the_page_says(template, queue):
    expected = dict(ROWS[queue])
    purpose = expected.pop("so that")
    assert row(template, queue) == expected, f"no longer true: {purpose}"


def test_a_text_is_tried_for_four_hours_at_least(template):
    """Whether SQS goes on counting receives in the next queue or not."""
    late, later = template.properties("LateTexts"), template.properties("LaterTexts")
    tries = later["RedrivePolicy"]["maxReceiveCount"] - late["RedrivePolicy"]["maxReceiveCount"]
    assert (tries - 1) * later["VisibilityTimeout"] >= 4 * 3600


def test_a_text_is_not_fetched_again_while_somebody_is_at_it(template):
    """AWS asks for six times the function's timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    for queue in ("LateTexts", "LaterTexts"):
        timeout = template.properties("SmsForward")["Timeout"]
        assert template.properties(queue)["VisibilityTimeout"] >= 6 * timeout, f"duplicates out of {queue}"


@pytest.mark.parametrize(("source", "queue"), [("SmsForwardLate", "LateTexts"), ("SmsForwardLater", "LaterTexts")])
def test_waiting_texts_are_fetched_one_by_one_and_callers_come_first(template, source, queue):
    assert template.properties(source) == {
        "EventSourceArn": f"${{{queue}.Arn}}",
        "FunctionName": "${SmsForwardAliaslive}",
        # Of a larger batch, a text that there was no time for would have used up one of its attempts.
        "BatchSize": 1,
        "ScalingConfig": {"MaximumConcurrency": 2},
        # Without it a text that was not forwarded counts as done, and SQS deletes it.
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }, f"texts stay in {queue} until they are deleted, or are lost on the way out"


def test_nobody_fetches_what_is_dead(template):
    assert set(template.resources("AWS::Lambda::EventSourceMapping")) == {"SmsForwardLate", "SmsForwardLater"}


def test_a_late_text_goes_straight_into_the_queue(template):
    methods = template.properties("Api")["Body"]["paths"][LATER]
    assert set(methods) == {"post"}
    operation = methods["post"]
    assert set(operation) == {"parameters", "responses", "x-amazon-apigateway-integration"}
    assert operation["parameters"] == [{"name": "owner", "in": "path", "required": True, "schema": {"type": "string"}}]
    assert set(operation["responses"]) == {"default"}
    assert operation["responses"]["default"]["description"], "OpenAPI asks for one"
    integration = operation["x-amazon-apigateway-integration"]
    kept = integration.pop("requestParameters")
    assert integration == {
        "type": "aws_proxy",
        "integrationSubtype": "SQS-SendMessage",
        "credentials": "${KeepLateTexts.Arn}",
        "payloadFormatVersion": "1.0",
        "connectionType": "INTERNET",
        # Twilio takes a body for TwiML, and SQS answers with XML.
        "responseParameters": {"200": {"overwrite:statuscode": "204"}},
    }, "every late text is lost"
    attributes = json.loads(kept.pop("MessageAttributes"))
    assert kept == {"QueueUrl": "${LateTexts}", "MessageBody": "$request.body"}, "every late text is lost"
    text = {"DataType": "String"}
    assert attributes == {
        "signature": text | {"StringValue": "${request.header.x-twilio-signature}"},
        "url": text | {"StringValue": "https://${context.domainName}/sms-forward/later/${request.path.owner}"},
    }, "sms-forward refuses every late text, because it cannot check who signed it"
