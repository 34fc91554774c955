//! What is asked.

use secrecy::SecretString;
use twilify::secrets::{
    Name, OKTA_ORG_URL, OKTA_TOKEN, TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SECRET, TWILIO_API_KEY_SID,
    TWILIO_AUTH_TOKEN,
};

use crate::{
    arguments::Flags,
    store::{AREA_CODES, PUBLIC_URL},
};

/// Something that has to be known.
pub(super) struct Question {
    /// What the answer is called where it is kept.
    pub(super) name: &'static str,
    /// What gives the answer beforehand.
    pub(super) flag: &'static str,
    /// What a person is asked; `None` if they are not, because few need it.
    pub(super) prompt: Option<&'static str>,
    /// What helps them.
    pub(super) help: &'static str,
    /// Whether nothing works without an answer.
    pub(super) required: bool,
    given: Given,
}

/// Where the flags have the answer.
enum Given {
    Parameter(Name),
    Setting(&'static str),
}

/// What is asked, in this order: a later answer may be checked with the help of earlier ones.
pub(super) const QUESTIONS: [Question; 8] = [
    parameter(
        OKTA_ORG_URL,
        "--okta-org-url",
        Some("Okta org URL"),
        "Like https://example.okta.com, without -admin",
    ),
    parameter(
        OKTA_TOKEN,
        "--okta-token",
        Some("Okta API token"),
        "Okta's console, Security, API, Tokens; its owner may view and edit users",
    ),
    parameter(
        TWILIO_ACCOUNT_SID,
        "--twilio-account-sid",
        Some("Twilio account SID"),
        "AC and 32 characters, on the first page of Twilio's console",
    ),
    parameter(
        TWILIO_AUTH_TOKEN,
        "--twilio-auth-token",
        Some("Twilio auth token"),
        "Right below the account SID",
    ),
    parameter(TWILIO_API_KEY_SID, "--twilio-api-key-sid", None, ""),
    parameter(TWILIO_API_KEY_SECRET, "--twilio-api-key-secret", None, ""),
    Question {
        name: AREA_CODES,
        flag: "--area-codes",
        prompt: Some("Area codes to buy numbers in"),
        help: "In order of preference, with commas between them, like 925,415",
        required: true,
        given: Given::Setting("TWILIFY_AREA_CODES"),
    },
    Question {
        name: PUBLIC_URL,
        flag: "--public-url",
        prompt: Some("Public URL"),
        help: "What Twilio is to call, like https://phones.example.com; without one, the address that AWS gives",
        required: false,
        given: Given::Setting("TWILIFY_PUBLIC_URL"),
    },
];

const fn parameter(
    name: Name,
    flag: &'static str,
    prompt: Option<&'static str>,
    help: &'static str,
) -> Question {
    Question {
        name: name.as_str(),
        flag,
        prompt,
        help,
        required: prompt.is_some(),
        given: Given::Parameter(name),
    }
}

impl Question {
    /// The answer that was given beforehand.
    pub(super) fn given(&self, flags: &Flags) -> Option<SecretString> {
        match self.given {
            Given::Parameter(name) => flags.parameter(name),
            Given::Setting(variable) => flags.setting(variable).map(SecretString::from),
        }
    }
}
