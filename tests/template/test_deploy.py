"""`scripts/deploy`, with tools that only say how they were called."""

import os
import shutil
import subprocess

import pytest

from conftest import ROOT

TOOL = """#!/bin/sh
echo "$(basename "$0") $*${{TWILIFY_PARAMETER_PATH:+ below $TWILIFY_PARAMETER_PATH}}" >> "{calls}"
case "$(basename "$0") $*" in {fails}) exit 3 ;; esac
"""


@pytest.fixture
def deploy(tmp_path):
    """Deploys, and returns the exit status, the calls of tools, and the output."""

    def deploy(*arguments, fails="nothing", without=(), remembered=""):
        project, tools, calls = tmp_path / "project", tmp_path / "tools", tmp_path / "calls"
        (project / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts/deploy", project / "scripts")
        (project / "samconfig.toml").write_text(
            '[default.global.parameters]\nstack_name = "phones"\n'
            '[default.build.parameters]\nparameter_overrides = "Architecture=x86_64"\n' + remembered
        )
        tools.mkdir()
        for name in {"cargo", "aws", "sam"} - set(without):
            tool = tools / name
            tool.write_text(TOOL.format(calls=calls, fails=fails))
            tool.chmod(0o755)
        for name in ["sh", "sed", "grep", "tail", "dirname", "basename"]:
            os.symlink(shutil.which(name), tools / name)
        done = subprocess.run(
            [project / "scripts/deploy", *arguments], env={"PATH": str(tools)}, capture_output=True, text=True
        )
        asked = ("--version", "sts", "describe-stacks")
        made = [it for it in calls.read_text().splitlines() if not any(word in it for word in asked)]
        return done.returncode, made, done.stdout

    return deploy


DOCTOR = "cargo run --locked --quiet --package twilify-cli -- doctor"


def test_it_validates_builds_deploys_and_asks_the_doctor(deploy):
    status, calls, output = deploy("--no-confirm-changeset")
    assert calls == ["sam validate", "sam build", "sam deploy --no-confirm-changeset", DOCTOR]
    assert status == 0
    assert "the stack phones" in output


def test_the_first_time_it_asks_for_the_parameters(deploy):
    _, calls, _ = deploy(fails="*describe-stacks*phones*")
    assert calls[2:] == ["sam deploy --guided", DOCTOR]


def test_the_doctor_looks_where_the_parameters_are(deploy):
    overrides = r'''parameter_overrides = "MaxPurchases=\"5\" ParameterPath=\"/phones\" Schedule=\"rate(1 hour)\""'''
    _, calls, _ = deploy(remembered=f"[default.deploy.parameters]\n{overrides}\n")
    assert calls[-1] == f"{DOCTOR} below /phones"


@pytest.mark.parametrize(
    ("fails", "last"),
    [("sam\\ validate", "sam validate"), ("sam\\ build", "sam build"), ("sam\\ deploy*", "sam deploy"), ("*doctor", DOCTOR)],
)
def test_it_ends_with_what_fails(deploy, fails, last):
    status, calls, _ = deploy(fails=fails)
    assert status != 0
    assert calls[-1] == last


def test_it_says_everything_that_is_missing_and_does_nothing(deploy):
    status, calls, output = deploy(without=["sam"], fails="*get-caller-identity")
    assert (status, calls) == (1, [])
    assert "missing  the SAM CLI: pip install aws-sam-cli" in output
    assert "missing  AWS credentials: aws configure" in output
    assert "found    the AWS CLI" in output
