//! Which flag is which setting.

use super::*;

/// A value that each setting takes.
const SETTINGS: [(&str, &str, &str); 12] = [
    ("TWILIFY_AREA_CODES", "--area-codes", "925"),
    ("TWILIFY_PUBLIC_URL", "--public-url", "https://phones.example.com/"),
    ("TWILIFY_COUNTRY", "--country", "GB"),
    ("TWILIFY_MOBILE_COUNTRIES", "--mobile-countries", "GB"),
    ("TWILIFY_MAX_PURCHASES", "--max-purchases", "3"),
    ("TWILIFY_OKTA_SEARCH", "--okta-search", "id pr"),
    ("TWILIFY_COMPANY_PHONE_ATTRIBUTE", "--company-phone-attribute", "companyPhone"),
    ("TWILIFY_MESSAGING_SERVICE_SID", "--messaging-service-sid", "MG00000000000000000000000000000001"),
    ("TWILIFY_RETIRE", "--retire", "pool"),
    ("TWILIFY_RETIRE_AFTER_DAYS", "--retire-after-days", "60"),
    ("TWILIFY_LAST_KNOWN_DAYS", "--last-known-days", "9"),
    ("TWILIFY_PARAMETER_PATH", "--parameter-path", "/phones"),
];

fn flags(arguments: &[&str]) -> Flags {
    let arguments = std::iter::once("twilify").chain(arguments.iter().copied());
    Arguments::try_parse_from(arguments).unwrap().flags
}

#[test]
fn each_flag_is_one_setting_and_a_blank_one_is_none() {
    for (variable, name, value) in SETTINGS {
        assert_eq!(flag(variable), name);
        let flags = flags(&[name, value]);
        for (other, ..) in SETTINGS {
            assert_eq!(
                flags.setting(other).as_deref(),
                (other == variable).then_some(value),
                "{name}: {other}"
            );
        }
        let is_of_a_function = variable != "TWILIFY_PARAMETER_PATH";
        assert_eq!(flags.settings(), [variable][..usize::from(is_of_a_function)], "{name}");
    }
    assert_eq!(flags(&["--okta-search", " "]).setting("TWILIFY_OKTA_SEARCH"), None);
    assert_eq!(flags(&["--okta-search", "id pr"]).setting("TWILIFY_VOICE"), None);
}

#[test]
fn each_flag_of_an_account_is_one_parameter_and_a_blank_one_is_none() {
    for (flag, value, parameter) in [
        ("--okta-org-url", "https://example.okta.com", OKTA_ORG_URL),
        ("--twilio-account-sid", "AC1", TWILIO_ACCOUNT_SID),
        ("--twilio-api-key-sid", "SK1", TWILIO_API_KEY_SID),
        ("--twilio-api-key-secret", "secret", TWILIO_API_KEY_SECRET),
        ("--okta-token", "token", OKTA_TOKEN),
        ("--twilio-auth-token", "token", TWILIO_AUTH_TOKEN),
    ] {
        let given = flags(&[flag, value]);
        assert_eq!(given.parameters(), [parameter.as_str()], "{flag}");
        assert_eq!(given.parameter(parameter).unwrap().expose_secret(), value);
        assert!(flags(&[flag, " "]).parameters().is_empty(), "{flag}");
    }
}
