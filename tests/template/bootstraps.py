"""What `sam build` has made, under AWS's runtime interface emulator: three bootstraps that start and answer.

Called by `scripts/check-build`.
"""

import json
import socket
import subprocess
import time
import urllib.request

import boto3
import pytest
from moto.server import ThreadedMotoServer

from conftest import ROOT, Template
from events import AFTER_RINGING, AUTH_TOKEN, DELIVERED, posted

[EMULATOR] = (ROOT / "target/build-tools").glob("lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")

PARAMETERS = {
    # Nobody listens there, and only the provisioner asks.
    "okta/org-url": "http://127.0.0.1:9",
    "okta/token": "okta-token",
    "twilio/account-sid": "AC" + "0" * 32,
    "twilio/auth-token": AUTH_TOKEN,
}


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


@pytest.fixture(scope="module")
def ssm():
    """The URL of an SSM that has the parameters."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client("ssm", "us-east-1", endpoint_url=url, aws_access_key_id="none", aws_secret_access_key="none")
    for name, value in PARAMETERS.items():
        client.put_parameter(Name=f"/twilify/{name}", Type="SecureString", Value=value)
    yield url
    server.stop()


@pytest.fixture
def invoke(ssm):
    """Starts a function under the emulator, with the variables of the template, and invokes it."""
    started = []

    def invoke(function, event):
        build = ROOT / ".aws-sam/build" / function / "bootstrap"
        api, port = free_port(), free_port()
        variables = Template().properties(function)["Environment"]["Variables"]
        variables = {name: str(value) for name, value in variables.items()}
        if function == "Provisioner":
            variables["TWILIFY_PUBLIC_URL"] = "https://phones.example.com"
        command = [
            EMULATOR, "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
            "--runtime-api-address", f"127.0.0.1:{api}", build,
        ]
        process = subprocess.Popen(command, env=variables | {
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_ENDPOINT_URL_SSM": ssm,
            "TWILIO_API_URL": "http://127.0.0.1:9",
        })
        started.append(process)
        for _ in range(100):
            with socket.socket() as it:
                if it.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        request = urllib.request.Request(url, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    yield invoke
    for process in started:
        process.terminate()
        process.wait(10)


def test_call_forward_answers_what_twilio_has_signed(invoke):
    answer = invoke("CallForward", posted("/call-forward/after", AFTER_RINGING))
    assert (answer["statusCode"], "is not available" in answer["body"]) == (200, True)


def test_call_forward_refuses_what_somebody_else_has_signed(invoke):
    assert invoke("CallForward", posted("/call-forward", AFTER_RINGING, "another-token"))["statusCode"] == 403


def test_sms_forward_answers_what_twilio_has_signed(invoke):
    assert invoke("SmsForward", posted("/sms-forward/status", DELIVERED))["statusCode"] == 204


def test_the_provisioner_says_that_it_sees_nothing(invoke):
    answer = invoke("Provisioner", {"dry_run": True})
    assert answer["errorType"] == "NotObserved"
    assert "could not list the company numbers" in answer["errorMessage"]


@pytest.mark.parametrize("function", ["CallForward", "SmsForward", "Provisioner"])
def test_a_bootstrap_is_small(function):
    """Lambda has to fetch it before it can start."""
    size = (ROOT / ".aws-sam/build" / function / "bootstrap").stat().st_size
    assert 1 << 20 < size < 12 << 20, size
