"""What AWS allows, with the longest answers that the template takes."""

import re

import pytest

from conftest import Template

# An answer of the greatest length to each question without a list of answers or a greatest number.
LONGEST = {
    "ParameterPath": "/company/production/phone-numbers"[:32],
    "MobileCountries": ",".join(["US"] * 27),
    "CompanyPhoneAttribute": "companyPhoneNumberOfTheirs"[:24],
    "PublicUrl": "https://a1b2c3d4e5.execute-api.ap-southeast-2.amazonaws.com/a-longer-stage"[:72],
    "SecretsVersion": "2026-11-25",
    "Voice": "Google.cmn-CN-Chirp3-HD-Zubenelgenubi-XX"[:40],
    "Language": "cmn-Hans-CNX",
    "MessagingServiceSid": "MG" + "0" * 32,
}

# The most characters of a version's description:
# https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
DESCRIPTION = 256


def longest(name, parameter):
    """An answer that is as long as any."""
    if "AllowedValues" in parameter:
        return str(max(map(str, parameter["AllowedValues"]), key=len))
    if parameter["Type"] == "Number":
        return str(parameter["MaxValue"])
    answer = LONGEST[name]
    assert re.fullmatch(parameter["AllowedPattern"], answer) if "AllowedPattern" in parameter else True
    return answer


@pytest.mark.parametrize("function", ["CallForward", "SmsForward"])
def test_the_description_of_a_version_is_never_too_long(template, function):
    source = template.source["Resources"][function]["Properties"]["VersionDescription"]["Fn::Sub"]
    text, words = source
    asked = template.source["Parameters"]
    names = set(re.findall(r"\$\{(\w+)\}", text)) - set(words) | {"MobileCountries", "PublicUrl"}
    answers = {name: longest(name, asked[name]) for name in names}
    for name in names & set(LONGEST) - {"MessagingServiceSid"}:
        assert len(answers[name]) == asked[name]["MaxLength"], name
    it = Template(**answers)
    version = it.properties(f"{function}Aliaslive")["FunctionVersion"].strip("${}").removesuffix(".Version")
    description = it.properties(version)["Description"]
    assert all(answers[name].replace(",", "").removeprefix("https://") in description for name in names)
    assert len(description) <= DESCRIPTION


@pytest.mark.parametrize("function", ["CallForward", "SmsForward"])
def test_every_setting_of_a_function_makes_a_new_version(template, function):
    def description(**answers):
        it = Template(**answers)
        version = it.properties(f"{function}Aliaslive")["FunctionVersion"].strip("${}").removesuffix(".Version")
        return it.properties(version)["Description"]

    asked = template.source["Parameters"]
    letters = [it["Answer"] for it in template.source["Mappings"]["Letter"].values()]
    assert len(set(letters)) == len(letters), "two answers look the same, so the alias stays with the old version"
    assert all(len(it) == 1 for it in letters), "descriptions may be too long for AWS"
    before = description()
    everywhere = ["Country", "MobileCountries", "RememberSeconds", "LastKnownDays", "CompanyPhoneAttribute"]
    everywhere += ["PublicUrl", "LogLevel", "ParameterPath", "SecretsVersion"]
    own = {
        "CallForward": ["CallerId", "Greeting", "Voice", "Language", "RingSeconds"],
        "SmsForward": ["MessagingServiceSid", "NotifySender"],
    }
    for name in everywhere + own[function]:
        values = asked[name].get("AllowedValues") or [longest(name, asked[name])]
        for value in {str(it) for it in values} - {str(asked[name]["Default"])}:
            assert description(**{name: value}) != before, (name, value)
