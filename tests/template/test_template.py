"""What the template and the code say of the same things: parameters, metrics, variables, routes."""

import json
import re
import tomllib

import pytest
from samtranslator.yaml_helper import yaml_parse

from conftest import ROOT, listed

WEBHOOKS = ["CallForward", "SmsForward"]
FUNCTIONS = [*WEBHOOKS, "Provisioner"]
ARN = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/twilify/"

# What AWS itself sets for every function.
BY_LAMBDA = re.compile("AWS_(REGION|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)")

# What only a test or somebody without AWS sets: other addresses than the vendors' own.
ELSEWHERE = {"TWILIO_API_URL", "TWILIO_MESSAGING_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"}


def rust(path):
    """The source of a module and of those below it, without its tests."""
    paths = [(ROOT / path).with_suffix(".rs"), *sorted((ROOT / path).rglob("*.rs"))]
    return "".join(it.read_text().split("#[cfg(test)]")[0] for it in paths if it.is_file())


def variables(module):
    return set(re.findall(r'"((?:TWILIFY|TWILIO|AWS)_[A-Z_]+)"', rust(module)))


def read_by():
    """Which variables each function reads, according to its code."""
    config = "functions/twilify/src/config"
    kinds = {"CallForward": "calls", "SmsForward": "messages", "Provisioner": "provisioning"}
    own = {name: variables(f"{config}/{module}") for name, module in kinds.items()}
    shared = variables(config) - set.union(*own.values()) | {"TWILIFY_PUBLIC_URL"}
    return {name: shared | its for name, its in own.items()}


def read_parameters():
    """The parameters that the code asks SSM for."""
    source = rust("functions/twilify/src/secrets")
    values = dict(re.findall(r'pub const (\w+): Name = Name\("([^"]+)"\)', source))
    names = re.search(r"const ALL: \[Name; \d+\] = \[([^\]]+)\]", source)[1]
    return {values[name.strip()] for name in names.split(",") if name.strip()}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_role_reads_exactly_the_parameters_that_the_code_asks_for(template, function):
    assert len(read_parameters()) == 7
    [statement] = [it for it in template.statements(f"{function}Role") if "ssm:GetParameters" in listed(it["Action"])]
    assert set(statement["Resource"]) == {ARN + name for name in read_parameters()}


@pytest.mark.parametrize("which", ["template", "full"])
def test_nobody_may_do_something_to_everything(request, which):
    it = request.getfixturevalue(which)
    for role in it.resources("AWS::IAM::Role").keys() - {"CodeDeployServiceRole"}:
        for statement in it.statements(role):
            for resource in listed(statement["Resource"]):
                assert "*" not in resource, (role, resource)
            for action in listed(statement["Action"]):
                assert "*" not in action, (role, action)


def test_alarms_and_dashboard_look_at_metrics_that_the_code_counts(template):
    source = rust("functions/twilify/src") + "".join(rust(f"functions/{it}/src") for it in
                                                    ("call-forward", "sms-forward", "provisioner"))
    alarms = [template.properties(it) for it in template.resources("AWS::CloudWatch::Alarm")]
    ours = {it["MetricName"] for it in alarms if it["Namespace"] == "${AWS::StackName}"}
    widgets = json.loads(template.properties("Dashboard")["DashboardBody"])["widgets"]
    for widget in widgets:
        namespace = None
        for metric in widget["properties"]["metrics"]:
            namespace = namespace if metric[0] in (".", "...") else metric[0]
            if namespace == "${AWS::StackName}":
                ours.add(metric[1])
    assert len(ours) > 15
    for metric in ours:
        assert f'"{metric}"' in source, metric


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("which", ["template", "full"])
def test_every_variable_that_is_set_is_read_and_every_one_that_is_read_is_set(request, function, which):
    it = request.getfixturevalue(which)
    set_here = set(it.properties(function)["Environment"]["Variables"])
    read = read_by()[function]
    # Its only purpose is to be different.
    assert set_here - read == {"TWILIFY_SECRETS_VERSION"}
    absent = {name for name in read - set_here if not BY_LAMBDA.fullmatch(name)} - ELSEWHERE
    optional = set() if which == "full" else {
        "CallForward": {"TWILIFY_PUBLIC_URL", "TWILIFY_VOICE", "TWILIFY_LANGUAGE"},
        "SmsForward": {"TWILIFY_PUBLIC_URL"},
        "Provisioner": {"TWILIFY_OKTA_SEARCH"},
    }[function]
    # The library reads it for everybody, but it means something to those two only.
    assert absent - optional <= {"TWILIFY_MESSAGING_SERVICE_SID"}
    if which == "full" and function != "CallForward":
        assert "TWILIFY_MESSAGING_SERVICE_SID" in set_here


@pytest.mark.parametrize("function", WEBHOOKS)
def test_a_changed_setting_publishes_a_version(template, function):
    """SAM publishes one for new code only, and the alias would stay with the old settings."""
    def answered(it):
        if isinstance(it, dict):
            if it.keys() == {"Ref"}:
                return {it["Ref"]} & set(template.answers)
            if "Fn::Sub" in it:
                text, *words = listed(it["Fn::Sub"])
                named = set(re.findall(r"\$\{(\w+)\}", text))
                return named & set(template.answers) | answered(words)
            return set().union(*(answered(value) for value in it.values()))
        return set().union(*map(answered, it)) if isinstance(it, list) else set()

    resources = template.json["Resources"]
    alias = template.properties(f"{function}Aliaslive")
    version = alias["FunctionVersion"].strip("${}").removesuffix(".Version")
    described = answered(resources[version]["Properties"]["Description"])
    assert described == answered(resources[function]["Properties"]["Environment"])
    # AWS takes no more.
    assert len(template.properties(version)["Description"]) < 128


def test_the_console_says_what_everything_is_for(full):
    described = ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::Lambda::Function", "AWS::Scheduler::Schedule"]
    for kind in described:
        # SAM makes those two, and writes no description.
        for name in full.resources(kind).keys() - {"ProvisionerScheduleRole", "CodeDeployServiceRole"}:
            assert full.properties(name).get("Description"), name


def test_no_secret_is_asked_for(template):
    for name, parameter in template.source["Parameters"].items():
        assert not re.search("(?i)token|password|secret$|apikey", name), name
        assert parameter.get("NoEcho") is None, name


def test_the_local_loop_has_the_routes_that_are_deployed(template):
    metadata = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["metadata"]
    router = metadata["lambda"]["watch"]["router"]
    local = {(it["method"].lower(), path, it["function"]) for path, all_of_it in router.items() for it in all_of_it}
    deployed = set()
    for path, methods in template.properties("Api")["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"].get("uri")
            # What goes into the queue meets no function.
            if uri:
                deployed.add((method, path, "call-forward" if "CallForward" in uri else "sms-forward"))
    assert local == deployed


@pytest.mark.parametrize("name", ["ci.yml", "mutants.yml"])
def test_a_workflow_has_few_rights_and_runs_nothing_that_can_change(name):
    workflow = yaml_parse((ROOT / ".github/workflows" / name).read_text())
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", it) for it in used), used
    assert all("permissions" not in job for job in workflow["jobs"].values())


def test_every_push_is_tested_and_built_for_both_architectures():
    workflow = yaml_parse((ROOT / ".github/workflows/ci.yml").read_text())
    assert {"run": "scripts/test"} in workflow["jobs"]["test"]["steps"]
    architectures = [it["architecture"] for it in workflow["jobs"]["build"]["strategy"]["matrix"]["include"]]
    assert architectures == ["x86_64", "arm64"]


def test_every_shard_of_the_mutants_is_tried():
    job = yaml_parse((ROOT / ".github/workflows/mutants.yml").read_text())["jobs"]["code"]
    shards = job["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))
    assert job["steps"][-1] == {"run": f"scripts/mutants ${{{{ matrix.shard }}}}/{len(shards)}"}
