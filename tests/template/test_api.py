"""What is open to the world: the API's routes, how fast they may be called, what is logged of them, and the domain."""

import json

from conftest import Template

# Which function each route leads to. `test_texts.py` looks at the one that leads into a queue.
ROUTES = {
    ("post", "/call-forward"): "CallForward",
    ("post", "/call-forward/again"): "CallForward",
    ("post", "/call-forward/after"): "CallForward",
    ("post", "/sms-forward"): "SmsForward",
    ("post", "/sms-forward/status"): "SmsForward",
    ("post", "/sms-forward/later/{owner}"): None,
    ("get", "/media/{message}/{media}"): "SmsForward",
    ("head", "/media/{message}/{media}"): "SmsForward",
}

# Everything that is deployed. A queue or a topic has no policy, so only the account can use it, and a function has no URL.
KINDS = {
    "AWS::ApiGatewayV2::": ["Api", "ApiMapping", "DomainName", "Stage"],
    "AWS::CloudWatch::": ["Alarm", "Dashboard"],
    "AWS::CodeDeploy::": ["Application", "DeploymentGroup"],
    "AWS::IAM::": ["ManagedPolicy", "Role"],
    "AWS::Lambda::": ["Alias", "EventInvokeConfig", "EventSourceMapping", "Function", "Permission", "Version"],
    "AWS::Logs::": ["LogGroup"],
    "AWS::Route53::": ["RecordSet"],
    "AWS::SNS::": ["Subscription", "Topic"],
    "AWS::SQS::": ["Queue"],
    "AWS::SSM::": ["Parameter"],
    "AWS::Scheduler::": ["Schedule"],
}

DOMAIN = {"ApiGatewayV2::DomainName": "Domain", "ApiGatewayV2::ApiMapping": "DomainMapping", "Route53::RecordSet": "DomainRecord"}

INVOKE = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/%s/invocations"


def test_only_what_twilio_calls_is_open_to_the_world(template):
    body = template.properties("Api")["Body"]
    operations = {(method, path): it for path, methods in body["paths"].items() for method, it in methods.items()}
    assert set(operations) == set(ROUTES)
    for (method, path), function in ROUTES.items():
        if function:
            integration = operations[method, path]["x-amazon-apigateway-integration"]
            assert integration == {
                "type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0",
                "uri": INVOKE % f"${{{function}Aliaslive}}",
            }, f"{method} {path} does not reach {function}"
    assert set(template.resources("AWS::ApiGatewayV2::Api")) == {"Api"}


def test_nothing_is_deployed_that_no_test_knows(template, full):
    kinds = {service + kind for service, kinds in KINDS.items() for kind in kinds}
    assert {it["Type"] for it in full.json["Resources"].values()} == kinds
    assert set(full.source) == {
        "AWSTemplateFormatVersion", "Transform", "Description", "Parameters", "Rules", "Mappings", "Conditions", "Globals",
        "Resources", "Outputs",
    }
    assert set(template.json["Resources"]) <= set(full.json["Resources"])


def test_the_api_is_called_like_the_stack(template):
    body = template.properties("Api")["Body"]
    assert set(template.properties("Api")) == {"Body"}
    assert set(body) == {"openapi", "info", "paths", "tags"}
    assert body["openapi"] == "3.0.1"
    assert body["info"].pop("description")
    assert body["info"] == {"title": "${AWS::StackName}", "version": "1"}


def test_more_texts_are_let_into_the_queue_than_to_the_functions_so_that_none_is_lost(template):
    stage = template.properties("ApiApiGatewayDefaultStage")
    del stage["AccessLogSettings"]
    assert stage == {
        "ApiId": "${Api}",
        "StageName": "$default",
        "AutoDeploy": True,
        "DefaultRouteSettings": {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200},
        "RouteSettings": {
            "POST /sms-forward/later/{owner}": {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 2000},
        },
        "Tags": {"service": "${AWS::StackName}", "httpapi:createdBy": "SAM"},
    }, "Twilio gets 429s, or somebody who floods the webhooks makes you pay for it"


def test_the_access_log_has_nothing_personal(template):
    """The route and not the path, which names an employee."""
    log = template.properties("ApiApiGatewayDefaultStage")["AccessLogSettings"]
    assert log["DestinationArn"] == "${ApiLog.Arn}"
    assert json.loads(log["Format"]) == {
        "api_request_id": "$context.requestId",
        "route": "$context.routeKey",
        "status": "$context.status",
        "source_ip": "$context.identity.sourceIp",
        "response_ms": "$context.responseLatency",
        "integration_ms": "$context.integrationLatency",
        "integration_status": "$context.integrationStatus",
        "error": "$context.error.message",
    }


def test_a_domain_of_ones_own_leads_to_the_api(full):
    assert full.properties("Domain") == {
        "DomainName": "phones.example.com",
        "DomainNameConfigurations": [{
            "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
            "EndpointType": "REGIONAL",
            "SecurityPolicy": "TLS_1_2",
        }],
    }
    assert full.properties("DomainMapping") == {
        "ApiId": "${Api}", "DomainName": "${Domain}", "Stage": "${ApiApiGatewayDefaultStage}",
    }
    assert full.properties("DomainRecord") == {
        "HostedZoneId": "Z123",
        "Name": "phones.example.com",
        "Type": "A",
        "AliasTarget": {"DNSName": "${Domain.RegionalDomainName}", "HostedZoneId": "${Domain.RegionalHostedZoneId}"},
    }


def test_without_a_domain_there_is_none_and_without_a_zone_no_record(template, full):
    def made(it):
        return {kind: set(it.resources(f"AWS::{kind}")) for kind in DOMAIN if it.resources(f"AWS::{kind}")}

    assert made(template) == {}
    elsewhere = Template(DomainName="phones.example.com", CertificateArn="arn:aws:acm:us-east-1:1:certificate/1")
    assert made(elsewhere) == {kind: {name} for kind, name in DOMAIN.items() if name != "DomainRecord"}
    assert made(full) == {kind: {name} for kind, name in DOMAIN.items()}
