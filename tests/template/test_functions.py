"""The three functions: how much they get, what they are told, when they run, and how a new version takes over."""

import tomllib

import pytest

from conftest import ROOT, Template

WEBHOOKS = ["CallForward", "SmsForward"]
FUNCTIONS = [*WEBHOOKS, "Provisioner"]

# The variables of every function, and the parameters that they hold.
EVERYWHERE = {
    "TWILIFY_PARAMETER_PATH": "ParameterPath",
    "TWILIFY_COUNTRY": "Country",
    "TWILIFY_MOBILE_COUNTRIES": "MobileCountries",
    "TWILIFY_REMEMBER_SECONDS": "RememberSeconds",
    "TWILIFY_LAST_KNOWN_DAYS": "LastKnownDays",
    "TWILIFY_COMPANY_PHONE_ATTRIBUTE": "CompanyPhoneAttribute",
    "TWILIFY_PUBLIC_URL": "PublicUrl",
    "TWILIFY_LOG": "LogLevel",
    "TWILIFY_SECRETS_VERSION": "SecretsVersion",
}

OWN = {
    "CallForward": {
        "TWILIFY_CALLER_ID": "CallerId",
        "TWILIFY_GREETING": "Greeting",
        "TWILIFY_VOICE": "Voice",
        "TWILIFY_LANGUAGE": "Language",
        "TWILIFY_RING_SECONDS": "RingSeconds",
    },
    "SmsForward": {
        "TWILIFY_MESSAGING_SERVICE_SID": "MessagingServiceSid",
        "TWILIFY_NOTIFY_SENDER": "NotifySender",
    },
    "Provisioner": {
        "TWILIFY_AREA_CODES": "AreaCodes",
        "TWILIFY_MAX_PURCHASES": "MaxPurchases",
        "TWILIFY_MESSAGING_SERVICE_SID": "MessagingServiceSid",
        "TWILIFY_RETIRE": "Retire",
        "TWILIFY_RETIRE_AFTER_DAYS": "RetireAfterDays",
        "TWILIFY_OKTA_SEARCH": "OktaSearch",
    },
}

# What is no variable when its parameter is empty. The provisioner is told a URL in any case.
IF_NOT_EMPTY = ["Voice", "Language", "MessagingServiceSid", "OktaSearch", "PublicUrl"]

SERVICE = {"Key": "service", "Value": "${AWS::StackName}"}

# Twilio waits 15 seconds for a webhook. A run of the provisioner has as long as Lambda gives, and there is one at a time.
LIMITS = {
    "CallForward": {"MemorySize": 128, "Timeout": 14, "ReservedConcurrentExecutions": "20"},
    "SmsForward": {"MemorySize": 128, "Timeout": 14, "ReservedConcurrentExecutions": "20"},
    "Provisioner": {"MemorySize": 256, "Timeout": 900, "ReservedConcurrentExecutions": 1},
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_these_limits_and_its_own_role_and_log(template, function):
    it = template.properties(function)
    assert it.pop("Description")
    del it["Environment"], it["Code"]
    assert it == LIMITS[function] | {
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Architectures": ["arm64"],
        "Role": f"${{{function}Role.Arn}}",
        "LoggingConfig": {"LogGroup": f"${{{function}Log}}"},
        "Tags": [SERVICE],
    }


@pytest.mark.parametrize("function", WEBHOOKS)
def test_as_many_webhooks_run_at_once_as_somebody_chose(function):
    assert Template(WebhookConcurrency="7").properties(function)["ReservedConcurrentExecutions"] == "7"
    nothing = Template(WebhookConcurrency="0").properties(function)
    assert "ReservedConcurrentExecutions" not in nothing, "0 would reserve nothing for anybody: every call would fail"
    assert Template(WebhookConcurrency="0").properties("Provisioner")["ReservedConcurrentExecutions"] == 1


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_on_the_processor_that_it_is_built_for(function):
    assert Template(Architecture="x86_64").properties(function)["Architectures"] == ["x86_64"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_built_from_its_own_crate(template, function):
    it = template.source["Resources"][function]
    assert it["Metadata"] == {"BuildMethod": "rust-cargolambda"}
    package = tomllib.loads((ROOT / it["Properties"]["CodeUri"] / "Cargo.toml").read_text())["package"]["name"]
    assert package == {"CallForward": "call-forward", "SmsForward": "sms-forward", "Provisioner": "provisioner"}[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_setting_reaches_the_functions_that_it_is_for(template, function):
    """Each parameter is answered with its own name, so that no two can be taken for each other."""
    expected = EVERYWHERE | OWN[function]
    it = Template(**{name: f"<{name}>" for name in template.source["Parameters"] if name != "Deployment"})
    variables = it.properties(function)["Environment"]["Variables"]
    assert variables.pop("TWILIFY_METRICS") == "${AWS::StackName}", "alarms look there"
    assert variables == {name: f"<{parameter}>" for name, parameter in expected.items()}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_empty_is_no_variable(template, function):
    asked = template.source["Parameters"]
    expected = {}
    for variable, parameter in (EVERYWHERE | OWN[function]).items():
        if parameter not in IF_NOT_EMPTY:
            expected[variable] = asked[parameter].get("Default", "925")
    if function == "Provisioner":
        expected["TWILIFY_PUBLIC_URL"] = "${Api.ApiEndpoint}"
    variables = template.properties(function)["Environment"]["Variables"]
    assert variables == expected | {"TWILIFY_METRICS": "${AWS::StackName}"}


@pytest.mark.parametrize("parameter", IF_NOT_EMPTY)
def test_what_is_set_is_a_variable_whatever_else_is_empty(template, parameter):
    it = Template(**{parameter: f"<{parameter}>"})
    for function in FUNCTIONS:
        before = template.properties(function)["Environment"]["Variables"]
        variables = it.properties(function)["Environment"]["Variables"]
        mine = {name: f"<{parameter}>" for name, its in (EVERYWHERE | OWN[function]).items() if its == parameter}
        assert variables == before | mine, f"{function} does not know {parameter}"


@pytest.mark.parametrize("which", ["template", "full"])
def test_logs_are_kept_as_long_as_somebody_chose(request, which):
    it = request.getfixturevalue(which)
    own = {name: it.properties(name) for name in it.resources("AWS::Logs::LogGroup")}
    kept = {"RetentionInDays": 30}
    prefix = {"LogGroupName": "/aws/vendedlogs/${AWS::StackName}-webhooks"}
    assert own == {f"{function}Log": kept for function in FUNCTIONS} | {"ApiLog": kept | prefix}
    for name in own:
        assert Template(LogDays=7).properties(name)["RetentionInDays"] == 7, name


@pytest.mark.parametrize("function", WEBHOOKS)
def test_webhooks_are_called_by_an_alias_and_the_provisioner_is_not(template, full, function):
    for it in (template, full):
        alias = it.properties(f"{function}Aliaslive")
        version = alias.pop("FunctionVersion").strip("${}").removesuffix(".Version")
        assert alias == {"Name": "live", "FunctionName": f"${{{function}}}"}
        assert it.properties(version)["FunctionName"] == f"${{{function}}}"
        assert set(it.properties(version)) == {"FunctionName", "Description"}
        assert len(it.resources("AWS::Lambda::Version")) == len(it.resources("AWS::Lambda::Alias")) == 2


@pytest.mark.parametrize("function", WEBHOOKS)
def test_codedeploy_turns_back_when_a_new_version_fails_or_is_slow(template, full, function):
    kinds = {it["Type"] for it in template.json["Resources"].values()}
    assert not any(kind.startswith("AWS::CodeDeploy") for kind in kinds)
    assert "UpdatePolicy" not in template.json["Resources"][f"{function}Aliaslive"]
    more = ["${UnreadParameters}"] if function == "CallForward" else []
    alarms = [f"${{{function}Errors}}", f"${{{function}Slow}}", *more]
    group = full.properties(f"{function}DeploymentGroup")
    assert group["AlarmConfiguration"] == {"Enabled": True, "Alarms": [{"Name": it} for it in alarms]}
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert full.json["Resources"][f"{function}Aliaslive"]["UpdatePolicy"] == {"CodeDeployLambdaAliasUpdate": {
        "ApplicationName": {"Ref": "ServerlessDeploymentApplication"},
        "DeploymentGroupName": {"Ref": f"{function}DeploymentGroup"},
    }}


def test_every_gradual_deployment_is_one(template):
    asked = template.source["Parameters"]["Deployment"]["AllowedValues"]
    gradual = template.source["Mappings"]["IsGradual"]
    assert gradual == {it: {"Answer": "false" if it == "AllAtOnce" else "true"} for it in asked}
    linear = Template(Deployment="Linear10PercentEvery10Minutes")
    for function in WEBHOOKS:
        group = linear.properties(f"{function}DeploymentGroup")
        assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes"


def test_the_schedule_starts_the_provisioner_and_a_run_that_failed_is_not_repeated(template):
    assert set(template.resources("AWS::Scheduler::Schedule")) == {"ProvisionerSchedule"}
    schedule = template.properties("ProvisionerSchedule")
    assert schedule.pop("Description")
    assert schedule == {
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        "Target": {
            "Arn": "${Provisioner.Arn}",
            "RoleArn": "${ProvisionerScheduleRole.Arn}",
            "Input": "{}",
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 900},
        },
    }, "nobody gets a number, and leavers keep theirs"
    assert Template(Schedule="rate(1 day)").properties("ProvisionerSchedule")["ScheduleExpression"] == "rate(1 day)"
    assert template.properties("ProvisionerEventInvokeConfig") == {
        "FunctionName": "${Provisioner}",
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 900,
        "DestinationConfig": {},
    }, "a run that failed half way would be made again at once"


def test_an_operator_finds_the_provisioner(template):
    parameter = template.properties("ProvisionerName")
    assert parameter.pop("Description")
    assert parameter == {"Name": "/twilify/deployment/provisioner", "Type": "String", "Value": "${Provisioner}"}
