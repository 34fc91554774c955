"""The stack, created in moto, which plays CloudFormation, IAM, Lambda, SQS and SSM on this machine.

It leaves out API Gateway, the scheduler and alarms; the other tests look at those.
"""

import io
import json
import re
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from moto.server import ThreadedMotoServer

from conftest import ROOT, Template
from events import AFTER_RINGING, AUTH_TOKEN, posted

# What moto does not know. Where an alias is meant, it gets the function.
UNKNOWN = ("AWS::ApiGatewayV2::", "AWS::CloudWatch::", "AWS::Lambda::Alias", "AWS::Lambda::EventInvoke", "AWS::Scheduler::")

SECRETS = {
    "okta/org-url": ("String", "https://example.okta.com"),
    "okta/token": ("SecureString", "okta-token"),
    "twilio/account-sid": ("String", "AC" + "0" * 32),
    "twilio/auth-token": ("SecureString", AUTH_TOKEN),
}

@pytest.fixture(scope="module")
def aws():
    """Clients of a world in which the stack has been created."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    session = boto3.Session("AKIASANDBOX", "secret", region_name="us-east-1")

    def client(name):
        return session.client(name, endpoint_url=url)

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "")
    client("s3").create_bucket(Bucket="code")
    client("s3").put_object(Bucket="code", Key="function.zip", Body=code.getvalue())
    for name, (kind, value) in SECRETS.items():
        client("ssm").put_parameter(Name=f"/twilify/{name}", Type=kind, Value=value)
    # moto knows no API whose address could be asked for.
    template = Template(PublicUrl="https://phones.example.com")
    body = {**template.json, "Outputs": {}}
    body["Resources"] = {k: it for k, it in body["Resources"].items() if not it["Type"].startswith(UNKNOWN)}
    text = re.sub(r'\{"Ref": "(\w+)Aliaslive"\}', r'{"Ref": "\1"}', json.dumps(body))
    text = text.replace('{"Ref": "Api"}', '"api"')
    client("cloudformation").create_stack(
        StackName="twilify",
        TemplateBody=text,
        Parameters=[{"ParameterKey": k, "ParameterValue": str(v)} for k, v in template.answers.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    client.url = url
    yield client
    server.stop()


def resources(aws, kind):
    all_of_them = aws("cloudformation").describe_stack_resources(StackName="twilify")["StackResources"]
    return {it["LogicalResourceId"]: it["PhysicalResourceId"] for it in all_of_them if it.get("ResourceType") == kind}


def configuration(aws, function):
    name = resources(aws, "AWS::Lambda::Function")[function]
    return aws("lambda").get_function_configuration(FunctionName=name)


def test_the_stack_is_created(aws):
    [stack] = aws("cloudformation").describe_stacks(StackName="twilify")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert set(resources(aws, "AWS::Lambda::Function")) == {"CallForward", "SmsForward", "Provisioner"}
    assert len(resources(aws, "AWS::SQS::Queue")) == 3
    assert len(resources(aws, "AWS::Logs::LogGroup")) == 4
    assert len(resources(aws, "AWS::SNS::Topic")) == 1


@pytest.mark.parametrize("function", ["CallForward", "SmsForward", "Provisioner"])
def test_functions_have_their_own_role_and_log(aws, function):
    it = configuration(aws, function)
    role = resources(aws, "AWS::IAM::Role")[f"{function}Role"]
    assert it["Role"].endswith(f"/{role}")
    assert it["Runtime"] == "provided.al2023"
    log = resources(aws, "AWS::Logs::LogGroup")[f"{function}Log"]
    own = aws("iam").get_role_policy(RoleName=role, PolicyName="Own")["PolicyDocument"]
    assert f":log-group:{log}" in str(own)


def test_the_policy_names_the_parameters_that_there_are(aws):
    arn = resources(aws, "AWS::IAM::ManagedPolicy")["ReadParameters"]
    version = aws("iam").get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    allowed = set(version["Document"]["Statement"]["Resource"])
    for name in SECRETS:
        assert aws("ssm").get_parameter(Name=f"/twilify/{name}")["Parameter"]["ARN"] in allowed


def test_twilio_reaches_the_webhooks_only_through_the_api(aws):
    for name, function in resources(aws, "AWS::Lambda::Function").items():
        policies = []
        for qualifier in ({}, {"Qualifier": "live"}):
            try:
                policies.append(aws("lambda").get_policy(FunctionName=function, **qualifier)["Policy"])
            except aws("lambda").exceptions.ResourceNotFoundException:
                pass
        principals = {it["Principal"]["Service"] for policy in policies for it in json.loads(policy)["Statement"]}
        assert principals == (set() if name == "Provisioner" else {"apigateway.amazonaws.com"}), name


def test_late_texts_wait_and_are_given_up_in_the_dead_letter_queue(aws):
    queues = resources(aws, "AWS::SQS::Queue")

    def attributes(name):
        return aws("sqs").get_queue_attributes(QueueUrl=queues[name], AttributeNames=["All"])["Attributes"]

    for name, following, times in [("LateTexts", "LaterTexts", 5), ("LaterTexts", "DeadTexts", 14)]:
        policy = json.loads(attributes(name)["RedrivePolicy"])
        assert policy["deadLetterTargetArn"] == attributes(following)["QueueArn"]
        assert int(policy["maxReceiveCount"]) == times
    for name in ["LateTexts", "LaterTexts", "DeadTexts"]:
        assert attributes(name)["MessageRetentionPeriod"] == str(14 * 24 * 3600), name


def test_the_operator_finds_the_provisioner_in_ssm(aws):
    found = aws("ssm").get_parameter(Name="/twilify/deployment/provisioner")["Parameter"]["Value"]
    assert found == resources(aws, "AWS::Lambda::Function")["Provisioner"]


class Runtime(BaseHTTPRequestHandler):
    """Lambda, as a function sees it: one invocation, and then silence."""

    def do_GET(self):
        if self.server.invoked:
            self.server.over.wait()
            return
        self.server.invoked = True
        body = json.dumps(self.server.event).encode()
        self.send_response(200)
        self.send_header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("lambda-runtime-deadline-ms", "4000000000000")
        self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:1:function:f")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.server.answer = json.loads(body)
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()
        self.server.over.set()

    def log_message(self, *_):
        """Says nothing."""


def binary(package):
    """The function's binary, which cargo builds if the specification has not."""
    packages = [f"--package={it}" for it in ("call-forward", "sms-forward", "provisioner")]
    build = ["cargo", "build", "--locked", "--bins", "--message-format=json", "--quiet", *packages]
    messages = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    built = {it["target"]["name"]: it["executable"] for it in map(json.loads, messages.splitlines()) if it.get("executable")}
    return built[package]


def start(aws, variables, event=None):
    """Starts call-forward with these variables, and returns what it answers to an event and what it logs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Runtime)
    server.daemon_threads = True
    server.event, server.invoked, server.answer, server.over = event, False, None, threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = subprocess.Popen(
        [binary("call-forward")],
        stdout=subprocess.PIPE,
        text=True,
        env={name: str(value) for name, value in variables.items()} | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "call-forward",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL_SSM": aws.url,
        },
    )
    try:
        # It ends by itself if it cannot start.
        waiting = threading.Thread(target=lambda: (process.wait(), server.over.set()), daemon=True)
        waiting.start()
        assert server.over.wait(30), "it neither answers nor ends"
    finally:
        process.terminate()
        server.over.set()
        server.shutdown()
    return server.answer, process.communicate(timeout=10)[0]


def test_a_function_starts_with_what_the_template_sets_and_what_is_in_ssm(aws):
    variables = configuration(aws, "CallForward")["Environment"]["Variables"]
    variables.pop("TWILIFY_PUBLIC_URL")
    answer, log = start(aws, variables, posted("/call-forward/after", AFTER_RINGING))
    assert answer and answer["statusCode"] == 200, log
    assert "is not available" in answer["body"]
    answer, log = start(aws, variables, posted("/call-forward/after", AFTER_RINGING, "another-token"))
    assert answer and answer["statusCode"] == 403, log
    [measured] = [it for it in map(json.loads, log.splitlines()) if it.get("RequestsRefused") == 1]
    assert measured["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "twilify"


def test_a_function_that_is_pointed_elsewhere_says_what_is_missing(aws):
    variables = configuration(aws, "CallForward")["Environment"]["Variables"]
    answer, log = start(aws, variables | {"TWILIFY_PARAMETER_PATH": "/elsewhere"})
    assert answer is None
    assert "cannot start" in log and "/elsewhere/" in log
