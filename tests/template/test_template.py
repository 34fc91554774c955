"""What is deployed: who may do what, what is watched, and what is open to the world."""

import json
import re
import tomllib

import pytest
from samtranslator.yaml_helper import yaml_parse

from conftest import ROOT, Template, listed

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
    actions = {action for it in template.statements(f"{function}Role") for action in listed(it["Action"])}
    allowed = {"ssm:GetParameters", "logs:CreateLogStream", "logs:PutLogEvents"}
    if function == "SmsForward":
        allowed |= {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert actions == allowed
    assert template.properties(function)["Role"] == f"${{{function}Role.Arn}}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_key_is_used_for_the_parameters_only(full, function):
    [statement] = [it for it in full.statements(f"{function}Role") if "kms:Decrypt" in listed(it["Action"])]
    assert statement["Resource"] == "arn:aws:kms:us-east-1:123456789012:key/1"
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": "ssm.${AWS::Region}.${AWS::URLSuffix}"},
        "StringLike": {"kms:EncryptionContext:PARAMETER_ARN": ARN + "*"},
    }


@pytest.mark.parametrize("which", ["template", "full"])
def test_nobody_may_do_something_to_everything(request, which):
    it = request.getfixturevalue(which)
    roles = it.resources("AWS::IAM::Role")
    expected = {"CallForwardRole", "SmsForwardRole", "ProvisionerRole", "KeepLateTexts", "ProvisionerScheduleRole"}
    assert set(roles) - {"CodeDeployServiceRole"} == expected
    for role in expected:
        for statement in it.statements(role):
            assert statement["Effect"] == "Allow"
            for resource in listed(statement["Resource"]):
                assert "*" not in resource, (role, resource)
            for action in listed(statement["Action"]):
                assert "*" not in action, (role, action)


def test_only_what_twilio_calls_is_open_to_the_world(template):
    paths = template.properties("Api")["Body"]["paths"]
    routes = {(method, path) for path, methods in paths.items() for method in methods}
    assert routes == {
        ("post", "/call-forward"),
        ("post", "/call-forward/again"),
        ("post", "/call-forward/after"),
        ("post", "/sms-forward"),
        ("post", "/sms-forward/status"),
        ("post", "/sms-forward/later/{owner}"),
        ("get", "/media/{message}/{media}"),
        ("head", "/media/{message}/{media}"),
    }
    integrations = [method["x-amazon-apigateway-integration"] for path in paths.values() for method in path.values()]
    uris = [it["uri"] for it in integrations if "uri" in it]
    assert len(uris) == 7 and all("Aliaslive" in uri for uri in uris), uris
    assert set(template.resources("AWS::ApiGatewayV2::Api")) == {"Api"}
    assert not template.resources("AWS::Lambda::Url")
    assert not template.resources("AWS::ApiGatewayV2::DomainName")


def test_the_stage_has_limits_and_a_log_without_anything_personal(template):
    [stage] = template.resources("AWS::ApiGatewayV2::Stage")
    stage = template.properties(stage)
    assert stage["StageName"] == "$default"
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200}
    [(route, limits)] = stage["RouteSettings"].items()
    assert route == "POST /sms-forward/later/{owner}"
    assert limits["ThrottlingRateLimit"] > stage["DefaultRouteSettings"]["ThrottlingRateLimit"], "no text is lost"
    log = stage["AccessLogSettings"]
    assert log["DestinationArn"] == "${ApiLog.Arn}"
    shown = set(re.findall(r"\$context\.([A-Za-z.]+)", json.dumps(json.loads(log["Format"]))))
    assert shown == {
        "requestId", "routeKey", "status", "identity.sourceIp", "responseLatency", "integrationLatency",
        "integrationStatus", "error.message",
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_watched_limited_and_forgetful(template, function):
    properties = template.properties(function)
    assert properties["Architectures"] == ["arm64"]
    assert properties["Runtime"] == "provided.al2023"
    assert int(properties["ReservedConcurrentExecutions"]) == (1 if function == "Provisioner" else 20)
    log = properties["LoggingConfig"]["LogGroup"].strip("${}")
    assert template.properties(log)["RetentionInDays"] == 30
    watched = {"Errors", "Throttles"} | ({"Duration"} if function in WEBHOOKS else set())
    alarms = [template.properties(it) for it in template.resources("AWS::CloudWatch::Alarm")]
    mine = {"Name": "FunctionName", "Value": f"${{{function}}}"}
    assert {it["MetricName"] for it in alarms if mine in it.get("Dimensions", [])} == watched


def test_webhooks_are_done_before_twilio_gives_up_and_warn_before_that(template):
    for function in WEBHOOKS:
        assert template.properties(function)["Timeout"] < 15
        slow = template.properties(f"{function}Slow")
        assert (slow["ExtendedStatistic"], slow["Namespace"]) == ("p99", "AWS/Lambda")
        assert 6000 < slow["Threshold"] < 1000 * template.properties(function)["Timeout"]


def test_without_a_reservation_there_is_none():
    assert "ReservedConcurrentExecutions" not in Template(WebhookConcurrency="0").properties("CallForward")


def test_every_alarm_reaches_one_topic(template, full):
    for it in (template, full):
        for name in it.resources("AWS::CloudWatch::Alarm"):
            assert it.properties(name)["AlarmActions"] == ["${Alarms}"], name
    assert not template.resources("AWS::SNS::Subscription")
    assert full.properties("AlarmsByEmail")["Endpoint"] == "phones@example.com"
    topic = "arn:aws:sns:us-east-1:123456789012:ours"
    own = Template(AlarmTopicArn=topic, AlarmEmail="phones@example.com")
    assert not own.resources("AWS::SNS::Topic") and not own.resources("AWS::SNS::Subscription")
    assert all(own.properties(it)["AlarmActions"] == [topic] for it in own.resources("AWS::CloudWatch::Alarm"))


def test_alarms_and_dashboard_look_at_metrics_that_the_code_counts(template):
    source = rust("functions/twilify/src") + "".join(rust(f"functions/{it}/src") for it in
                                                    ("call-forward", "sms-forward", "provisioner"))
    alarms = [template.properties(it) for it in template.resources("AWS::CloudWatch::Alarm")]
    ours = {it["MetricName"] for it in alarms if it["Namespace"] == "${AWS::StackName}"}
    assert ours == {"ProvisionerRuns", "MessagesUndelivered", "MessagesRefused", "OktaOutages", "ParametersUnread",
                    "RequestsRefused", "TextsNotForwarded"}
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
    for function in FUNCTIONS:
        assert template.properties(function)["Environment"]["Variables"]["TWILIFY_METRICS"] == "${AWS::StackName}"


def test_there_is_an_alarm_when_texts_wait_too_long_and_before_dead_ones_are_deleted(template):
    alarms = [template.properties(it) for it in template.resources("AWS::CloudWatch::Alarm")]
    [age] = [it for it in alarms if it["MetricName"] == "ApproximateAgeOfOldestMessage"]
    # A text leaves LateTexts after 11 minutes.
    assert (age["Statistic"], age["EvaluationPeriods"]) == ("Maximum", 1) and age["Threshold"] > 11 * 60
    unfetched, dead = template.properties("LaterTextsWait"), template.properties("DeadTextsOld")
    for alarm, queue in [(age, "LateTexts"), (unfetched, "LaterTexts"), (dead, "DeadTexts")]:
        assert (alarm["Namespace"], alarm["ComparisonOperator"]) == ("AWS/SQS", "GreaterThanThreshold"), queue
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": f"${{{queue}.QueueName}}"}]
        assert (alarm["TreatMissingData"], len(alarm["AlarmActions"])) == ("notBreaching", 1), queue
    for alarm in (unfetched, dead):
        assert (alarm["MetricName"], alarm["Statistic"]) == ("ApproximateNumberOfMessagesVisible", "Minimum")
        assert alarm["Threshold"] == 0
    # Each text of LaterTexts is tried every half hour, and a dead one is deleted after 14 days.
    assert unfetched["Period"] * unfetched["EvaluationPeriods"] == 30 * 60
    assert dead["Period"] * dead["EvaluationPeriods"] == 7 * 24 * 3600


def test_each_late_text_is_fetched_by_itself(template):
    sources = [template.properties(it) for it in template.resources("AWS::Lambda::EventSourceMapping")]
    assert sources and all(it["BatchSize"] == 1 for it in sources)


def test_a_text_that_reaches_nobody_although_somebody_could_help_raises_an_alarm_at_once(template):
    alarm = template.properties("TextsLost")
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("TextsNotForwarded", "Sum", 0)
    assert (alarm["ComparisonOperator"], alarm["EvaluationPeriods"]) == ("GreaterThanThreshold", 1)


def test_there_is_an_alarm_when_the_provisioner_does_not_run(template):
    alarm = template.properties("ProvisionerSilent")
    assert (alarm["MetricName"], alarm["TreatMissingData"]) == ("ProvisionerRuns", "breaching")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 3 * 3600


def test_the_schedule_starts_the_provisioner(template):
    [schedule] = template.resources("AWS::Scheduler::Schedule")
    schedule = template.properties(schedule)
    assert schedule["Target"]["Arn"] == "${Provisioner.Arn}"
    assert schedule["FlexibleTimeWindow"]["Mode"] == "FLEXIBLE"
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 900}
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    [statement] = template.statements("ProvisionerScheduleRole")
    assert (statement["Action"], statement["Resource"]) == ("lambda:InvokeFunction", "${Provisioner.Arn}")
    assert template.properties("ProvisionerEventInvokeConfig")["MaximumRetryAttempts"] == 0


def test_an_operator_finds_the_provisioner(template):
    parameter = template.properties("ProvisionerName")
    assert (parameter["Name"], parameter["Value"]) == ("/twilify/deployment/provisioner", "${Provisioner}")
    assert template.properties("Provisioner").get("FunctionName") is None
    outputs = template.value(template.json["Outputs"])
    assert outputs["ProvisionerFunction"]["Value"] == "${Provisioner}"
    assert outputs["DashboardUrl"]["Value"].endswith("#dashboards/dashboard/${Dashboard}")


@pytest.mark.parametrize(
    ("answers", "base"),
    [
        ({}, "${Api.ApiEndpoint}"),
        ({"DomainName": "phones.example.com"}, "https://phones.example.com"),
        ({"DomainName": "phones.example.com", "PublicUrl": "https://x.example.com"}, "https://x.example.com"),
    ],
)
def test_the_webhooks_are_where_the_provisioner_says(answers, base):
    template = Template(**answers)
    outputs = template.value(template.json["Outputs"])
    assert outputs["CallForwardUrl"]["Value"] == f"{base}/call-forward"
    assert outputs["SmsForwardUrl"]["Value"] == f"{base}/sms-forward"
    assert template.properties("Provisioner")["Environment"]["Variables"]["TWILIFY_PUBLIC_URL"] == base


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


@pytest.mark.parametrize("function", WEBHOOKS)
def test_a_new_version_takes_over_by_degrees_if_that_is_wanted(template, full, function):
    assert not template.resources("AWS::CodeDeploy::DeploymentGroup")
    group = full.properties(f"{function}DeploymentGroup")
    alarms = [it["Name"] for it in group["AlarmConfiguration"]["Alarms"]]
    more = ["${UnreadParameters}"] if function == "CallForward" else []
    assert alarms == [f"${{{function}Errors}}", f"${{{function}Slow}}", *more]
    assert "Canary10Percent5Minutes" in json.dumps(group["DeploymentConfigName"])
    assert "CodeDeployLambdaAliasUpdate" in full.json["Resources"][f"{function}Aliaslive"]["UpdatePolicy"]


def test_no_secret_is_asked_for(template):
    for name, parameter in template.source["Parameters"].items():
        assert not re.search("(?i)token|password|secret$|apikey", name), name
        assert parameter.get("NoEcho") is None, name


def test_a_domain_needs_a_certificate(template):
    rules = template.json["Rules"]
    assert set(rules) == {"DomainHasCertificate", "ZoneHasDomain"}


def test_a_domain_of_ones_own_leads_to_the_api(full):
    assert full.properties("DomainMapping") == {
        "ApiId": "${Api}", "DomainName": "${Domain}", "Stage": "${ApiApiGatewayDefaultStage}",
    }
    assert full.properties("DomainRecord")["AliasTarget"]["DNSName"] == "${Domain.RegionalDomainName}"


@pytest.mark.parametrize("name", ["CallForward", "SmsForward", "Provisioner", "ApiApiGatewayDefaultStage"])
def test_what_costs_money_is_tagged(template, name):
    tags = template.properties(name)["Tags"]
    assert {"Key": "service", "Value": "${AWS::StackName}"} in tags if isinstance(tags, list) else tags["service"]


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


@pytest.mark.parametrize("voice", ["", "man", "Polly.Amy", "Polly.Mía-Generative", "Google.en-US-Chirp3-HD-Aoede"])
def test_every_voice_that_twilio_has_may_be_chosen(template, voice):
    assert re.fullmatch(template.source["Parameters"]["Voice"]["AllowedPattern"], voice)


@pytest.mark.parametrize("voice", ['"/><Dial', "Polly Amy", "÷", "1", "x" * 65])
def test_what_is_no_voice_is_refused_before_it_is_deployed(template, voice):
    assert not re.fullmatch(template.source["Parameters"]["Voice"]["AllowedPattern"], voice)
