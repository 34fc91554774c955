//! What can be typed after `twilify`.

use std::{fmt::Display, path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use secrecy::{ExposeSecret as _, SecretString};
use twilify::{
    PhoneNumber,
    config::{Retire, base_url},
    okta::Attribute,
    phone::{Countries, Country, NotACountry, TypedNumber},
    secrets::{
        Name, OKTA_ORG_URL, OKTA_TOKEN, TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SECRET, TWILIO_API_KEY_SID,
        TWILIO_AUTH_TOKEN,
    },
    twilio::{AreaCode, MessagingServiceSid},
};

use crate::command_line;

/// A company phone number for every employee: sets it up, shows it, and puts right what is wrong.
///
/// Without a command it provisions: it shows who would get a number, asks, and buys.
#[derive(Debug, Parser)]
#[command(name = "twilify", version, disable_version_flag = true, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) flags: Flags,
    /// The same as `twilify init`
    #[arg(short, long, conflicts_with = "yes")]
    pub(crate) init: bool,
    /// Do not ask
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Print the version
    #[arg(short = 'v', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask for everything that has to be known, check it and store it
    Init,
    /// Show what provisioning would change, and what that would cost a month
    Plan {
        /// Let the deployed function look, instead of this program
        #[arg(long)]
        remote: bool,
        #[command(flatten)]
        output: Json,
    },
    /// Show the plan, ask, and carry it out
    Provision {
        /// Let the deployed function do it, instead of this program
        #[arg(long)]
        remote: bool,
        #[command(flatten)]
        output: Json,
    },
    /// Show employees and their numbers, and what is wrong with them
    Status {
        /// Only those whose name or number contains this
        filter: Option<String>,
        /// Show mobile numbers in full
        #[arg(long)]
        show: bool,
        #[command(flatten)]
        output: Json,
        /// Print comma-separated values
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Check everything that can be wrong; exits with 1 if something is
    Doctor {
        #[command(flatten)]
        output: Json,
    },
    /// Give a number back to Twilio, or to the pool
    Release {
        /// The company number, like +14155550100
        #[arg(value_parser = number)]
        number: PhoneNumber,
        /// Keep it for the next employee instead
        #[arg(long)]
        pool: bool,
    },
    /// Give an employee a number that the account owns
    Assign {
        /// The number, like +14155550100
        #[arg(value_parser = number)]
        number: PhoneNumber,
        /// Their id in Okta, their login, or their whole name or a part of it
        employee: String,
    },
    /// Point the company numbers that lead elsewhere at the webhooks
    Route {
        /// Only this one, like +14155550100
        #[arg(value_parser = number)]
        number: Option<PhoneNumber>,
    },
    /// Pretend to be Twilio, with a call, and show what the caller would hear
    Call {
        /// The company number that is called, like +14155550100
        #[arg(value_parser = number)]
        number: PhoneNumber,
        /// Who calls
        #[arg(long, default_value = STRANGER, value_parser = number)]
        from: PhoneNumber,
        /// Show mobile numbers in full
        #[arg(long)]
        show: bool,
    },
    /// Pretend to be Twilio, with a text, which is then really forwarded
    Text {
        /// The company number that is texted, like +14155550100
        #[arg(value_parser = number)]
        number: PhoneNumber,
        /// The text
        #[arg(default_value = "This is a test of our company phones.")]
        body: String,
        /// Who texts
        #[arg(long, default_value = STRANGER, value_parser = number)]
        from: PhoneNumber,
        /// Show mobile numbers in full
        #[arg(long)]
        show: bool,
    },
    /// Print what completes these commands in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, for man
    Manual {
        /// Write it there instead, with a page for each command
        #[arg(value_hint = ValueHint::DirPath)]
        directory: Option<PathBuf>,
    },
}

/// A number of which nobody is disturbed: it is set apart for fiction.
const STRANGER: &str = "+12025550123";

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Json {
    /// Print JSON, for other programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the settings are, and those that are given here instead.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Okta API token; better in the environment, or asked for by init
    #[arg(short, long, env = "OKTA_TOKEN", hide_env_values = true, global = true, help_heading = ACCESS, hide_short_help = true)]
    okta_token: Option<SecretString>,
    /// URL of the Okta org, like example.okta.com
    #[arg(short = 'u', long, env = "OKTA_ORG_URL", global = true, help_heading = ACCESS, hide_short_help = true, value_hint = ValueHint::Url)]
    okta_org_url: Option<String>,
    /// Twilio account SID, AC…
    #[arg(short = 's', long, env = "TWILIO_ACCOUNT_SID", global = true, help_heading = ACCESS, hide_short_help = true)]
    twilio_account_sid: Option<String>,
    /// Twilio auth token; better in the environment, or asked for by init
    #[arg(short, long, env = "TWILIO_AUTH_TOKEN", hide_env_values = true, global = true, help_heading = ACCESS, hide_short_help = true)]
    twilio_auth_token: Option<SecretString>,
    /// Twilio API key, SK…, in place of the auth token wherever Twilio is called
    #[arg(long, env = "TWILIO_API_KEY_SID", global = true, help_heading = ACCESS, hide_short_help = true)]
    twilio_api_key_sid: Option<String>,
    /// That key's secret; better in the environment
    #[arg(long, env = "TWILIO_API_KEY_SECRET", hide_env_values = true, global = true, help_heading = ACCESS, hide_short_help = true)]
    twilio_api_key_secret: Option<SecretString>,

    /// Area codes to buy numbers in, in order of preference, like 925,415
    #[arg(short = 'p', long, visible_alias = "prefix", env = "TWILIFY_AREA_CODES", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = area_codes)]
    area_codes: Option<String>,
    /// What Twilio calls: the URL before /call-forward and /sms-forward
    #[arg(short = 'f', long, visible_alias = "twilio-function-base-url", env = "TWILIFY_PUBLIC_URL", global = true, help_heading = SETTINGS, hide_short_help = true, value_hint = ValueHint::Url, value_parser = url)]
    public_url: Option<String>,
    /// Country of the company numbers
    #[arg(long, env = "TWILIFY_COUNTRY", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<Country>)]
    country: Option<String>,
    /// Countries that calls and texts may be forwarded to, like US,CA
    #[arg(long, env = "TWILIFY_MOBILE_COUNTRIES", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<Countries>)]
    mobile_countries: Option<String>,
    /// The most numbers to buy at once
    #[arg(long, env = "TWILIFY_MAX_PURCHASES", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<usize>)]
    max_purchases: Option<String>,
    /// Okta search expression that narrows whom to serve
    #[arg(long, env = "TWILIFY_OKTA_SEARCH", global = true, help_heading = SETTINGS, hide_short_help = true)]
    okta_search: Option<String>,
    /// Okta profile attribute with the company number
    #[arg(long, env = "TWILIFY_COMPANY_PHONE_ATTRIBUTE", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<Attribute>)]
    company_phone_attribute: Option<String>,
    /// Messaging Service that all company numbers join, MG…
    #[arg(long, env = "TWILIFY_MESSAGING_SERVICE_SID", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<MessagingServiceSid>)]
    messaging_service_sid: Option<String>,
    /// What becomes of the numbers of those who leave: keep, pool or release
    #[arg(long, env = "TWILIFY_RETIRE", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<Retire>)]
    retire: Option<String>,
    /// How many days a leaver's number stays theirs
    #[arg(long, env = "TWILIFY_RETIRE_AFTER_DAYS", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<u16>)]
    retire_after_days: Option<String>,
    /// How many days the last known mobile is good for while Okta is down
    #[arg(long, env = "TWILIFY_LAST_KNOWN_DAYS", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = checked::<u8>)]
    last_known_days: Option<String>,

    /// Where the parameters are in AWS Systems Manager [default: /twilify]
    #[arg(long, env = "TWILIFY_PARAMETER_PATH", global = true, help_heading = PLACE, hide_short_help = true)]
    pub(crate) parameter_path: Option<String>,
    /// The KMS key with which init encrypts the secrets, if it is your own: its id, ARN or alias
    #[arg(long, env = "TWILIFY_KEY_ID", global = true, help_heading = PLACE, hide_short_help = true)]
    pub(crate) key_id: Option<String>,
    /// Keep the settings on this machine, in ~/.config/twilify/config.toml
    #[arg(long, global = true, help_heading = PLACE, hide_short_help = true)]
    pub(crate) local: bool,
    /// Keep them in AWS Systems Manager, even if there are some on this machine
    #[arg(long, global = true, help_heading = PLACE, hide_short_help = true, conflicts_with = "local")]
    pub(crate) aws: bool,
}

/// The text, if it is a `T`, so that a wrong one is complained of with the flag that it was given for. Blank is not given.
fn checked<T: FromStr<Err: Display>>(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Ok(String::new()),
        text => text.parse::<T>().map(|_| text.to_owned()).map_err(|error| error.to_string()),
    }
}

fn area_codes(text: &str) -> Result<String, String> {
    let codes = text.split(',').map(checked::<AreaCode>).collect::<Result<Vec<_>, _>>()?;
    Ok(codes.join(","))
}

fn url(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Ok(String::new()),
        text => base_url(text).map(|_| text.to_owned()).map_err(|error| error.to_string()),
    }
}

/// A number as people type it, without a country code one in North America.
fn number(text: &str) -> Result<PhoneNumber, String> {
    let typed = TypedNumber::new(text).ok_or_else(|| "not a phone number".to_owned())?;
    let home = "US".parse().map_err(|error: NotACountry| error.to_string())?;
    typed.dialled(home).map_err(|error| error.to_string())
}

const ACCESS: &str = "Access";
const SETTINGS: &str = "Settings";
const PLACE: &str = "Where the settings are";

/// The flags with secrets, as clap calls them, and the variables that say the same.
pub(crate) const SECRETS: [(&str, &str); 3] = [
    ("okta_token", "OKTA_TOKEN"),
    ("twilio_auth_token", "TWILIO_AUTH_TOKEN"),
    ("twilio_api_key_secret", "TWILIO_API_KEY_SECRET"),
];

/// The variables of the settings that have a flag, without the place where they are kept.
const VARIABLES: [&str; 11] = [
    "TWILIFY_AREA_CODES",
    "TWILIFY_PUBLIC_URL",
    "TWILIFY_COUNTRY",
    "TWILIFY_MOBILE_COUNTRIES",
    "TWILIFY_MAX_PURCHASES",
    "TWILIFY_OKTA_SEARCH",
    "TWILIFY_COMPANY_PHONE_ATTRIBUTE",
    "TWILIFY_MESSAGING_SERVICE_SID",
    "TWILIFY_RETIRE",
    "TWILIFY_RETIRE_AFTER_DAYS",
    "TWILIFY_LAST_KNOWN_DAYS",
];

impl Flags {
    /// What is given here of the parameter called `name`.
    pub(crate) fn parameter(&self, name: Name) -> Option<SecretString> {
        let open = |value: &Option<String>| value.clone().map(SecretString::from);
        let value = match name {
            OKTA_ORG_URL => open(&self.okta_org_url),
            OKTA_TOKEN => self.okta_token.clone(),
            TWILIO_ACCOUNT_SID => open(&self.twilio_account_sid),
            TWILIO_AUTH_TOKEN => self.twilio_auth_token.clone(),
            TWILIO_API_KEY_SID => open(&self.twilio_api_key_sid),
            TWILIO_API_KEY_SECRET => self.twilio_api_key_secret.clone(),
            _ => None,
        };
        // Scripts like to set to nothing what they cannot leave out, so blank is not given.
        value.map(command_line::revealed).filter(|value| !value.expose_secret().trim().is_empty())
    }

    /// The variables of the settings that are given here.
    pub(crate) fn settings(&self) -> Vec<&'static str> {
        VARIABLES.into_iter().filter(|variable| self.setting(variable).is_some()).collect()
    }

    /// The parameters that are given here.
    pub(crate) fn parameters(&self) -> Vec<&'static str> {
        let given = twilify::secrets::ALL.into_iter().filter(|name| self.parameter(*name).is_some());
        given.map(Name::as_str).collect()
    }

    /// What is given here of the setting that the environment variable `variable` holds for the functions.
    pub(crate) fn setting(&self, variable: &str) -> Option<String> {
        let value = match variable {
            "TWILIFY_AREA_CODES" => &self.area_codes,
            "TWILIFY_PUBLIC_URL" => &self.public_url,
            "TWILIFY_COUNTRY" => &self.country,
            "TWILIFY_MOBILE_COUNTRIES" => &self.mobile_countries,
            "TWILIFY_MAX_PURCHASES" => &self.max_purchases,
            "TWILIFY_OKTA_SEARCH" => &self.okta_search,
            "TWILIFY_COMPANY_PHONE_ATTRIBUTE" => &self.company_phone_attribute,
            "TWILIFY_MESSAGING_SERVICE_SID" => &self.messaging_service_sid,
            "TWILIFY_RETIRE" => &self.retire,
            "TWILIFY_RETIRE_AFTER_DAYS" => &self.retire_after_days,
            "TWILIFY_LAST_KNOWN_DAYS" => &self.last_known_days,
            "TWILIFY_PARAMETER_PATH" => &self.parameter_path,
            _ => return None,
        };
        value.clone().filter(|value| !value.trim().is_empty())
    }
}

/// The flag of the setting that the environment variable `variable` holds for the functions.
pub(crate) fn flag(variable: &str) -> String {
    format!("--{}", variable.trim_start_matches("TWILIFY_").to_ascii_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests;
