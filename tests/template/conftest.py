"""template.yaml as it is after the SAM transform, with the answers that somebody may give to its questions."""

import copy
import functools
import re
from pathlib import Path

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]

# The managed policies that SAM may ask for; the template does without all but CodeDeploy's.
MANAGED = {}

PARAMETERS = ["okta/org-url", "okta/token", "twilio/account-sid", "twilio/auth-token"]

# SAM asks it for the partition of the region.
SESSION = boto3.Session(region_name="us-east-1")


@functools.cache
def source():
    """template.yaml as it is written."""
    return yaml_parse((ROOT / "template.yaml").read_text())


@functools.cache
def transformed(deployment):
    """What SAM makes of the template. Of all answers it looks only at the one to `Deployment`."""
    it = copy.deepcopy(source())
    for resource in it["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://code/function.zip"
    return Translator(MANAGED, Parser(), boto_session=SESSION).translate(it, {"Deployment": deployment})


class Template:
    """The template with some answers: its resources, and what their values come to."""

    def __init__(self, **answers):
        self.source = source()
        self.answers = {name: it["Default"] for name, it in self.source["Parameters"].items() if "Default" in it}
        self.answers |= {"AreaCodes": "925"} | answers
        self.json = transformed(self.answers["Deployment"])

    def resources(self, kind):
        """The resources of a kind that there are with these answers."""
        return {
            name: it
            for name, it in self.json["Resources"].items()
            if it["Type"] == kind and ("Condition" not in it or self.holds(it["Condition"]))
        }

    def properties(self, name):
        """What a resource's properties come to."""
        return self.value(self.json["Resources"][name]["Properties"])

    def holds(self, condition):
        """Whether a condition holds."""
        if isinstance(condition, str):
            return self.holds(self.json["Conditions"][condition])
        [(function, operands)] = condition.items()
        match function:
            case "Fn::Equals":
                one, other = (str(self.value(it)) for it in operands)
                return one == other
            case "Fn::Not":
                return not self.holds(operands[0])
            case "Fn::And":
                return all(self.holds(it) for it in operands)
            case "Condition":
                return self.holds(operands)
        raise NotImplementedError(function)

    def value(self, it):
        """`it`, with parameters and conditions filled in. What only AWS knows is named like ${Api.Arn}."""
        if isinstance(it, list):
            values = [self.value(item) for item in it]
            return [item for item in values if item is not None]
        if not isinstance(it, dict):
            return it
        match list(it.items()):
            case [("Ref", "AWS::NoValue")]:
                return None
            case [("Ref", name)]:
                return self.answers.get(name, f"${{{name}}}")
            case [("Fn::GetAtt", path)]:
                return "${" + (path if isinstance(path, str) else ".".join(path)) + "}"
            case [("Fn::If", [condition, then, otherwise])]:
                return self.value(then if self.holds(condition) else otherwise)
            case [("Fn::Join", [separator, items])]:
                return separator.join(self.value(items))
            case [("Fn::Split", [separator, text])]:
                return self.value(text).split(separator)
            case [("Fn::FindInMap", [name, first, second])]:
                return self.source["Mappings"][name][self.value(first)][second]
            case [("Fn::Sub", text)]:
                return self.filled(text)
        values = {key: self.value(item) for key, item in it.items()}
        return {key: item for key, item in values.items() if item is not None}

    def filled(self, text):
        words = {}
        if isinstance(text, list):
            text, words = text
        known = self.answers | {name: self.value(it) for name, it in words.items()}
        return re.sub(r"\$\{([^}]+)\}", lambda it: str(known.get(it[1], it[0])), text)

    def statements(self, role):
        """Everything that a role may do."""
        properties = self.properties(role)
        documents = [it["PolicyDocument"] for it in properties.get("Policies", [])]
        for arn in properties.get("ManagedPolicyArns", []):
            documents.append(self.properties(arn.strip("${}"))["PolicyDocument"])
        for document in documents:
            statements = document["Statement"]
            yield from statements if isinstance(statements, list) else [statements]


def listed(it):
    """A list, where AWS lets one leave out the brackets of a list of one."""
    return it if isinstance(it, list) else [it]


@pytest.fixture(scope="session")
def template():
    """As it is by default."""
    return Template()


@pytest.fixture(scope="session")
def full():
    """With everything that can be switched on."""
    return Template(
        DomainName="phones.example.com",
        CertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/1",
        HostedZoneId="Z123",
        ParameterKeyArn="arn:aws:kms:us-east-1:123456789012:key/1",
        AlarmEmail="phones@example.com",
        MessagingServiceSid="MG" + "0" * 32,
        Voice="Polly.Amy",
        Language="en-GB",
        OktaSearch='profile.department eq "Sales"',
        Deployment="Canary10Percent5Minutes",
        PublicUrl="https://phones.example.com/twilio",
    )
