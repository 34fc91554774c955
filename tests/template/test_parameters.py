"""What may be answered to the template's questions: each edge has an answer on both of its sides."""

import re

import pytest

from conftest import Template, source
from pages import table

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1-2"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1-2"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"

# Parameter: what is accepted | what is refused before anything is deployed.
ANSWERS = {
    "AreaCodes": (["925", "925,415"], ["", "125", "92", "9255", "925, 415", "925,"]),
    "MobileCountries": ([",".join(["US"] * 27)], ["", "us", "USA", "US, CA", "US,", ",".join(["US"] * 28)]),
    "Voice": (
        ["", "man", "Polly.Mía-Generative", "Google.en-US-Chirp3-HD-Aoede", "x", "x" * 40],
        ['"/><Dial', "Polly Amy", "÷", "1", "x" * 41],
    ),
    "Language": (
        ["", "en", "en-GB", "cmn-Hans-CN", "x" * 3 + "-" + "y" * 8],
        ["e", "engl", "en_GB", "en-", "cmn-Hans-CNXX", "aa-bb-cc-dd", "en-" + "y" * 9],
    ),
    "RingSeconds": (["5", "600"], ["4", "601"]),
    "RememberSeconds": (["0", "3600"], ["-1", "3601"]),
    "LastKnownDays": (["0", "255"], ["-1", "256"]),
    "MessagingServiceSid": (["", "MG" + "0aF" * 10 + "00"], ["MG", "MG" + "0" * 31, "MG" + "0" * 33, "SM" + "0" * 32]),
    "RetireAfterDays": (["0", "3650"], ["-1", "3651"]),
    "MaxPurchases": (["0", "100000"], ["-1"]),
    "Schedule": (["rate(1 hour)", "cron(0 8 * * ? *)"], ["", "1 hour", "rate()", "at(2026-11-25T00:00:00)"]),
    "OktaSearch": (["", 'profile.department eq "Sales"'], []),
    "CompanyPhoneAttribute": (["primaryPhone", "x", "x" * 24], ["", "1x", "_x", "a.b", "a b", "x" * 25]),
    "DomainName": (
        ["", "phones.example.com", "x.co", "xy.co", "a-1.co", "x" * 63 + ".co"],
        ["phones", "Phones.example.com", "https://x.co", "-x.co", "x-.co", "x.c", "x.co.", "x" * 64 + ".co"],
    ),
    "CertificateArn": (["", CERTIFICATE, CERTIFICATE.replace("aws", "aws-us-gov")], ["1", KEY, CERTIFICATE[:-3]]),
    "HostedZoneId": (["", "Z1", "Z" + "9" * 31], ["Z", "1", "z1", "Z" + "9" * 32]),
    "PublicUrl": (
        ["", "https://x", "https://phones.example.com/twilio", "https://" + "x" * 64],
        ["http://x", "https://x/", "https://x?y", "https://x#y", "https://x y", "https://x?", "https://" + "x" * 65],
    ),
    "ParameterPath": (["/a", "/twilify/of-us_1.2", "/" + "x" * 31], ["", "/", "a", "/a/", "//a", "/a b", "/" + "x" * 32]),
    "ParameterKeyArn": (["", KEY, KEY.replace("aws", "aws-us-gov")], ["1", CERTIFICATE, KEY[:-3]]),
    "SecretsVersion": (["", "2026-11-25"], ["2026-11-25b"]),
    "HoursWithoutRun": (["1", "168"], ["0", "169"]),
    "AlarmEmail": (["", "phones@example.com"], ["phones", "@example.com", "phones@", "a@b@c", "a b@c"]),
    "AlarmTopicArn": (["", TOPIC, TOPIC.replace("aws", "aws-us-gov")], ["1", KEY, TOPIC.removesuffix("alarms")]),
    # Four texts may come out of the queues at once, and somebody may be texted besides.
    "WebhookConcurrency": (["0", "5", "9", "10", "9999"], ["", "1", "4", "05", "-5", "10000"]),
}

# Parameters with a list of answers.
LISTS = {
    "Country": ["US", "CA"],
    "CallerId": ["caller", "company"],
    "Greeting": ["on", "off"],
    "NotifySender": ["on", "off"],
    "Retire": ["keep", "pool", "release"],
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    "LogDays": [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
    "LogLevel": ["error", "warn", "info", "debug", "trace"],
    # https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
    "Deployment": [
        "AllAtOnce",
        *(f"Canary10Percent{it}Minutes" for it in (5, 10, 15, 30)),
        "Linear10PercentEvery1Minute",
        *(f"Linear10PercentEvery{it}Minutes" for it in (2, 3, 10)),
    ],
    "Architecture": ["arm64", "x86_64"],
}

NUMBERS = {
    "RingSeconds", "RememberSeconds", "LastKnownDays", "RetireAfterDays", "MaxPurchases", "HoursWithoutRun", "LogDays",
}

# What CloudFormation reads of a parameter, and what a person reads.
KNOWN = {
    "Type", "Default", "AllowedPattern", "AllowedValues", "MinValue", "MaxValue", "MaxLength",
    "Description", "ConstraintDescription",
}


def accepts(parameter, answer):
    """Whether CloudFormation takes an answer. A pattern has to match all of it."""
    it = source()["Parameters"][parameter]
    assert set(it) <= KNOWN, parameter
    if "AllowedPattern" in it and not re.fullmatch(it["AllowedPattern"], answer):
        return False
    if it["Type"] == "Number":
        return it.get("MinValue", float("-inf")) <= float(answer) <= it.get("MaxValue", float("inf"))
    return len(answer) <= it.get("MaxLength", 4096)


def test_every_parameter_has_answers_here():
    assert set(ANSWERS) | set(LISTS) == set(source()["Parameters"])


@pytest.mark.parametrize("parameter", ANSWERS)
def test_an_answer_is_accepted_or_refused(parameter):
    accepted, refused = ANSWERS[parameter]
    for answer in accepted:
        assert accepts(parameter, answer), f"{answer!r} cannot be deployed"
    for answer in refused:
        assert not accepts(parameter, answer), f"{answer!r} is deployed, and fails later"
    assert source()["Parameters"][parameter]["Type"] == ("Number" if parameter in NUMBERS else "String")
    assert "AllowedValues" not in source()["Parameters"][parameter]


@pytest.mark.parametrize("parameter", LISTS)
def test_an_answer_is_in_the_list(parameter):
    it = source()["Parameters"][parameter]
    assert it["AllowedValues"] == LISTS[parameter]
    assert it["Type"] == ("Number" if parameter in NUMBERS else "String")
    assert set(it) <= {"Type", "Default", "AllowedValues", "Description"}
    assert it["Default"] in it["AllowedValues"]


def test_the_readme_tells_every_default():
    said = {}
    for row in table("README.md", "### Parameters"):
        for name in row["parameter of the template"].split(", "):
            said[name.strip("`")] = row["default"].strip("`")
    words = {"": "empty", None: "required"}
    defaults = {name: it.get("Default") for name, it in source()["Parameters"].items()}
    assert said == {name: words.get(it, str(it)) for name, it in defaults.items()}


# What each parameter switches on or off when it alone has this answer. By default there are a topic and a reservation.
SWITCHES = {
    "OktaSearch": ("x", {"HasOktaSearch": True}),
    "MessagingServiceSid": ("x", {"HasMessagingService": True}),
    "Voice": ("x", {"HasVoice": True}),
    "Language": ("x", {"HasLanguage": True}),
    "DomainName": ("x", {"HasDomain": True}),
    "HostedZoneId": ("x", {"HasHostedZone": True}),
    "AlarmTopicArn": ("x", {"HasAlarmTopic": True, "NeedsAlarmTopic": False}),
    "AlarmEmail": ("x", {"HasAlarmEmail": True}),
    "WebhookConcurrency": ("0", {"ReservesForWebhooks": False}),
    "PublicUrl": ("x", {"HasPublicUrl": True}),
    "ParameterKeyArn": ("x", {"HasParameterKey": True}),
}


@pytest.mark.parametrize("parameter", [*ANSWERS, *sorted(LISTS.keys() - {"Deployment"})])
def test_a_condition_asks_for_its_own_parameter(template, parameter):
    default = {"NeedsAlarmTopic", "ReservesForWebhooks"}
    assert {name for name in template.json["Conditions"] if template.holds(name)} == default
    answer, changes = SWITCHES.get(parameter, ("x", {}))
    it = Template(**{parameter: answer})
    for name in it.json["Conditions"]:
        assert it.holds(name) == changes.get(name, name in default), name


def test_a_resource_is_there_when_its_own_parameter_asks_for_it(full):
    assert {name: it["Condition"] for name, it in full.json["Resources"].items() if "Condition" in it} == {
        "Domain": "HasDomain",
        "DomainMapping": "HasDomain",
        "DomainRecord": "HasHostedZone",
        "Alarms": "NeedsAlarmTopic",
        "AlarmsByEmail": "HasAlarmEmail",
        "DecryptParameters": "HasParameterKey",
    }


def test_every_parameter_says_what_it_is_for():
    for name, it in source()["Parameters"].items():
        assert it["Description"], name
        # CloudFormation shows a pattern in place of it, and a person cannot see what a long one means.
        if "MaxLength" in it or name in ("AreaCodes", "WebhookConcurrency"):
            assert it["ConstraintDescription"], f"nobody understands why {name} is refused"


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({}, []),
        ({"DomainName": "x.co", "CertificateArn": CERTIFICATE}, []),
        ({"DomainName": "x.co", "CertificateArn": CERTIFICATE, "HostedZoneId": "Z1"}, []),
        ({"DomainName": "x.co"}, ["DomainHasCertificate"]),
        ({"HostedZoneId": "Z1"}, ["ZoneHasDomain"]),
        ({"HostedZoneId": "Z1", "CertificateArn": CERTIFICATE}, ["ZoneHasDomain"]),
        ({"CertificateArn": CERTIFICATE}, []),
    ],
)
def test_a_domain_needs_a_certificate_and_a_zone_a_domain(answers, refused):
    it = Template(**answers)
    broken = []
    for name, rule in it.json["Rules"].items():
        assert set(rule) == {"RuleCondition", "Assertions"}
        if it.holds(rule["RuleCondition"]) and not all(it.holds(each["Assert"]) for each in rule["Assertions"]):
            broken.append(name)
            assert all(each["AssertDescription"] for each in rule["Assertions"])
    assert broken == refused


@pytest.mark.parametrize(
    ("answers", "base"),
    [
        ({}, "${Api.ApiEndpoint}"),
        ({"DomainName": "phones.example.com"}, "https://phones.example.com"),
        ({"DomainName": "phones.example.com", "PublicUrl": "https://x.example.com"}, "https://x.example.com"),
    ],
)
def test_an_operator_is_told_where_everything_is(answers, base):
    it = Template(**answers)
    outputs = {name: output for name, output in it.json["Outputs"].items()
               if "Condition" not in output or it.holds(output["Condition"])}
    assert all(output["Description"] for output in outputs.values())
    domain = {"DomainTarget": "${Domain.RegionalDomainName}"} if "DomainName" in answers else {}
    console = "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
    assert {name: it.value(output["Value"]) for name, output in outputs.items()} == domain | {
        "CallForwardUrl": f"{base}/call-forward",
        "SmsForwardUrl": f"{base}/sms-forward",
        "DeadTexts": "${DeadTexts}",
        "ProvisionerFunction": "${Provisioner}",
        "ProvisionerSchedule": "rate(1 hour)",
        "DashboardUrl": f"{console}#dashboards/dashboard/${{Dashboard}}",
    }
    assert it.properties("Provisioner")["Environment"]["Variables"]["TWILIFY_PUBLIC_URL"] == base
