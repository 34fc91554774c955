"""Every role may do what `SECURITY.md` says, and nothing else."""

import json

import pytest

from conftest import Template, listed
from pages import code, name, table

ROWS = table("SECURITY.md", "## What each role may do in AWS")

PARAMETER = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"

FUNCTIONS = ["CallForward", "SmsForward", "Provisioner"]

# Since this one AWS fills in variables: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
VERSION = "2012-10-17"

# The parameter that a condition asks for.
ASKED = {"HasParameterKey": "ParameterKeyArn"}

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def resource(value):
    """A resource in the words of the page."""
    return code("ParameterKeyArn" if value == KEY else name(value, "Arn").removeprefix(PARAMETER))


def row(who, whom, statement):
    """A row of the page without its last cell, made of a statement. It has a word for each part that may be there."""
    it = dict(statement)
    assert it.pop("Effect") == "Allow", who
    may, on = code(*listed(it.pop("Action"))), listed(it.pop("Resource"))
    assert all(value.startswith(("arn:", "${")) for value in on), f"{who}: a text in {on}, not a resource"
    resources = [resource(value) for value in on]
    for operator, keys in it.pop("Condition", {}).items():
        resources += [f"if {code(key)} {code(operator)} {resource(value)}" for key, value in keys.items()]
    assert not it, f"{who}: the page has no words for {it}"
    return who, code(*whom), may, ", ".join(resources)


def assumed_by(template, role):
    """The AWS services that may assume a role."""
    document = template.properties(role)["AssumeRolePolicyDocument"]
    assert document["Version"] == VERSION
    [statement] = listed(document["Statement"])
    assert set(statement) == {"Effect", "Action", "Principal"}, role
    assert (statement["Effect"], listed(statement["Action"])) == ("Allow", ["sts:AssumeRole"]), role
    assert set(statement["Principal"]) == {"Service"}, f"somebody else than AWS may be {role}"
    return listed(statement["Principal"]["Service"])


def rows(template):
    """The rows of the page that a template makes."""
    roles, policies = template.resources("AWS::IAM::Role"), template.resources("AWS::IAM::ManagedPolicy")
    held = {policy: [] for policy in policies}
    for role in roles:
        properties = template.properties(role)
        known = {"AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "Policies", "Tags"}
        assert set(properties) <= known, role
        for policy in properties.get("Policies", []):
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                yield row(code(role), assumed_by(template, role), statement)
        for arn in properties.get("ManagedPolicyArns", []):
            assert arn.startswith(("arn:aws", "${")), f"{role}: {arn} is a text, not a policy"
            if name(arn) in held:
                held[name(arn)].append(role)
            else:
                who = code(role) + (", with `Deployment`" if role == "CodeDeployServiceRole" else "")
                ready = arn.removeprefix("arn:aws:iam::aws:policy/service-role/")
                yield who, code(*assumed_by(template, role)), code(ready), "what that policy of AWS names"
    for policy, it in policies.items():
        who = code(policy) + (f", with {code(ASKED[it['Condition']])}" if "Condition" in it else "")
        for statement in listed(template.properties(policy)["PolicyDocument"]["Statement"]):
            yield row(who, held[policy], statement)


def on_the_page():
    """The rows of the page, and what happens without each."""
    return {tuple(list(it.values())[:4]): it["without it"] for it in ROWS}


def test_every_right_is_on_the_page_and_every_row_of_the_page_is_a_right(full):
    actual, expected = set(rows(full)), on_the_page()
    missing = [f"{it}: without it {expected[it]}" for it in expected if it not in actual]
    assert not missing, "\n".join(["The template does not give these rights:", *missing])
    assert not actual - set(expected), "The page does not know these rights"
    assert len(list(rows(full))) == len(ROWS), "something is said twice"


@pytest.mark.parametrize(
    ("answers", "more"),
    [
        ({}, "nothing"),
        ({"ParameterKeyArn": KEY}, "with `ParameterKeyArn`"),
        ({"Deployment": "Canary10Percent5Minutes"}, "with `Deployment`"),
    ],
)
def test_rights_for_a_key_and_for_gradual_deployments_are_there_only_with_them(answers, more):
    expected = {it for it in on_the_page() if ", with " not in it[0] or it[0].endswith(more)}
    assert set(rows(Template(**answers))) == expected


def test_the_parameters_are_read_where_somebody_has_put_them():
    it = Template(ParameterPath="/phones", ParameterKeyArn=KEY)
    said = json.dumps([list(row) for row in rows(it)])
    assert "/phones/okta/token" in said and "/phones/*" in said
    assert "/twilify/" not in said, "the functions look below /phones, and may read something else"
    assert it.properties("ProvisionerName")["Name"] == "/phones/deployment/provisioner"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_its_own_role(template, function):
    assert template.properties(function)["Role"] == f"${{{function}Role.Arn}}"


def test_policies_are_of_the_version_that_fills_in_variables(template, full):
    for it in (template, full):
        for role in ["CallForwardRole", "SmsForwardRole", "ProvisionerRole", "KeepLateTexts"]:
            [policy] = it.properties(role)["Policies"]
            assert policy["PolicyName"] == ("KeepLateTexts" if role == "KeepLateTexts" else "Own")
            assert policy["PolicyDocument"]["Version"] == VERSION, role
            assert set(policy["PolicyDocument"]) == {"Version", "Statement"}, role
    for policy in ["ReadParameters", "DecryptParameters"]:
        assert full.properties(policy)["PolicyDocument"]["Version"] == VERSION, policy


def test_api_gateway_alone_invokes_a_function_and_for_its_routes_only(template):
    """One permission for each route that leads to a function, and no other."""
    routes = set()
    for path, methods in template.properties("Api")["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"].get("uri")
            if uri:
                alias = uri.split("/functions/")[1].removesuffix("/invocations")
                fields = "/".join("*" if it.startswith("{") else it for it in path.split("/"))
                routes.add((alias, method.upper() + fields))
    api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/"
    permissions = [template.properties(it) for it in template.resources("AWS::Lambda::Permission")]
    allowed = {(it["FunctionName"], it["SourceArn"].removeprefix(api)) for it in permissions}
    assert allowed == routes, "Twilio gets a 500 where API Gateway may not invoke the function"
    for it in permissions:
        assert (it["Action"], it["Principal"]) == ("lambda:InvokeFunction", "apigateway.amazonaws.com")
        assert set(it) == {"Action", "Principal", "FunctionName", "SourceArn"}
