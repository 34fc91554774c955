//! The answers, each checked as soon as it is there.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use inquire::{Password, PasswordDisplayMode, Text};
use secrecy::{ExposeSecret as _, SecretString};
use twilify::{
    config::{Settings, base_url},
    okta::{self, OrgUrl},
    phone::{Country, Territory, TypedNumber},
    secrets::{
        Name, OKTA_ORG_URL, OKTA_TOKEN, Parameters, TWILIO_ACCOUNT_SID, TWILIO_API_KEY_SECRET,
        TWILIO_API_KEY_SID, TWILIO_AUTH_TOKEN,
    },
    transport::Http,
    twilio::{self, AccountSid, AreaCode},
};

use super::questions::{QUESTIONS, Question};
use crate::{
    arguments::Flags,
    setup,
    store::{AREA_CODES, Item, Kept, PUBLIC_URL, is_secret},
    terminal::{bad, faint, good, say, waiting, wrapped},
};

/// What is known so far.
pub(super) struct Answers<'a> {
    flags: &'a Flags,
    kept: &'a Kept,
    asks: bool,
    /// Whether the settings are kept on this machine, where nobody gives an address to the webhooks.
    local: bool,
    http: Http,
    values: BTreeMap<&'static str, SecretString>,
}

/// What Okta and Twilio say of an answer, in a line.
type Verdict = Result<String>;

impl<'a> Answers<'a> {
    pub(super) fn new(flags: &'a Flags, kept: &'a Kept, asks: bool, local: bool, http: Http) -> Self {
        Self { flags, kept, asks, local, http, values: BTreeMap::new() }
    }

    /// The answer called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(SecretString::expose_secret)
    }

    /// What is to be stored, because it is not there yet.
    pub(super) fn changed(&self) -> Vec<Item> {
        let is_kept = |name: &str, value: &SecretString| {
            self.kept.get(name).is_some_and(|kept| kept.expose_secret() == value.expose_secret())
        };
        let changed = self.values.iter().filter(|(name, value)| !is_kept(name, value));
        changed.map(|(name, value)| Item::new(name, value.clone())).collect()
    }

    /// Whether nothing works without an answer to `question`.
    fn needs(&self, question: &Question) -> bool {
        question.required || (self.local && question.name == PUBLIC_URL)
    }

    /// Complains of half an API key.
    fn complete(&self) -> Result<()> {
        let is_there = |name: Name| self.get(name.as_str()).is_some();
        match (is_there(TWILIO_API_KEY_SID), is_there(TWILIO_API_KEY_SECRET)) {
            (true, false) => bail!("an API key needs a secret; say TWILIO_API_KEY_SECRET in the environment"),
            (false, true) => bail!("an API key needs a SID; say --twilio-api-key-sid"),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// Gets the answer to `question` and checks it: the one that was given beforehand, else one that somebody
    /// types, as often as it takes, else the one that is kept.
    pub(super) async fn add(&mut self, question: &Question) -> Result<()> {
        self.answer(question).await?;
        if question.name == TWILIO_API_KEY_SECRET.as_str() { self.complete() } else { Ok(()) }
    }

    async fn answer(&mut self, question: &Question) -> Result<()> {
        let kept = self.kept.get(question.name).cloned();
        if let Some(given) = question.given(self.flags) {
            let checked = self.check(question, given).await;
            return checked.with_context(|| format!("{} is no good", question.flag));
        }
        let Some(prompt) = question.prompt.filter(|_| self.asks) else {
            return match kept {
                Some(kept) => {
                    let checked = self.check(question, kept).await;
                    checked.with_context(|| format!("what is kept as {} is no good", question.name))
                }
                None if self.needs(question) => {
                    bail!(
                        "{} is needed; nobody is there to be asked, so say {}",
                        question.name,
                        question.flag
                    )
                }
                None => Ok(()),
            };
        };
        loop {
            let Some(answer) = ask(prompt, question, kept.as_ref())? else {
                if !self.needs(question) {
                    return Ok(());
                }
                say(faint("  It is needed."));
                continue;
            };
            match self.check(question, answer).await {
                Ok(()) => return Ok(()),
                Err(error) => say(wrapped(&format!("  {} {error:#}", bad("✗")), "    ")),
            }
            // The token may be the right one, for another account.
            if question.name == TWILIO_AUTH_TOKEN.as_str()
                && let Some(sid) = QUESTIONS.iter().find(|it| it.name == TWILIO_ACCOUNT_SID.as_str())
            {
                let before = self.values.get(sid.name).cloned();
                if let Some(answer) = ask(sid.prompt.unwrap_or_default(), sid, before.as_ref())? {
                    self.values.insert(sid.name, usual(sid.name, answer.expose_secret().trim()).into());
                }
            }
        }
    }

    /// Checks an answer and takes it, in its usual form.
    async fn check(&mut self, question: &Question, answer: SecretString) -> Result<()> {
        let text = usual(question.name, answer.expose_secret().trim());
        // What is in it is checked with it.
        self.values.insert(question.name, text.as_str().into());
        let spinner = waiting("Checking …");
        let verdict = match question.name {
            name if name == OKTA_ORG_URL.as_str() => self.check_org(&text).await,
            name if name == OKTA_TOKEN.as_str() => self.check_okta_token().await,
            name if name == TWILIO_ACCOUNT_SID.as_str() => {
                text.parse::<AccountSid>().map(|_| String::new()).map_err(Into::into)
            }
            name if name == TWILIO_AUTH_TOKEN.as_str() => self.check_auth_token().await,
            name if name == TWILIO_API_KEY_SECRET.as_str() => self.check_api_key().await,
            AREA_CODES => self.check_area_codes(&text).await,
            PUBLIC_URL => base_url(&text).map(|_| String::new()).map_err(Into::into),
            _ => Ok(String::new()),
        };
        spinner.finish_and_clear();
        if verdict.is_err() {
            self.values.remove(question.name);
        }
        let verdict = verdict?;
        if !verdict.is_empty() {
            say(format_args!("  {} {verdict}", good("✓")));
        }
        Ok(())
    }

    async fn check_org(&self, text: &str) -> Verdict {
        let org: OrgUrl = text.parse()?;
        match okta::is_there(&self.http, &org).await {
            // It may be there.
            Err(error @ okta::Error::Refused(_)) => return Err(error.into()),
            found => found.context("there is no Okta org at this address")?,
        }
        Ok("there is an Okta org at this address".to_owned())
    }

    async fn check_okta_token(&self) -> Verdict {
        let directory = self.parameters().directory(&self.http, &self.settings()?)?;
        let glance = match directory.glance(None).await {
            Err(okta::Error::Refused(refusal)) if refusal.status == 401 => {
                bail!("Okta does not take this token")
            }
            glance => glance?,
        };
        Ok(match glance.allowance {
            Some(it) => format!("Okta takes it, and {} requests a minute", it.limit),
            None => "Okta takes it".to_owned(),
        })
    }

    async fn check_auth_token(&self) -> Verdict {
        // An API key would be asked in place of the token.
        let token =
            [TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN].map(|name| (name, self.values[name.as_str()].clone()));
        let account = Parameters::new("", token).account(&self.http, &self.settings()?)?;
        let standing = match account.standing().await {
            Err(twilio::Error::Refused(refusal)) if refusal.status == 401 => {
                bail!("Twilio does not take this token for this account")
            }
            Err(twilio::Error::Refused(refusal)) if refusal.status == 404 => {
                bail!("Twilio knows no such account")
            }
            standing => standing?,
        };
        if standing.status != "active" {
            bail!("the Twilio account “{}” is {}", standing.name, standing.status);
        }
        let trial = if standing.kind == "Trial" {
            "; it is a trial account, which reaches verified numbers only"
        } else {
            ""
        };
        Ok(format!("Twilio takes it, for the account “{}”{trial}", standing.name))
    }

    async fn check_api_key(&self) -> Verdict {
        // The account has not this number, and that is what it has to say.
        let nobodys = "+15005550006".parse()?;
        self.parameters().account(&self.http, &self.settings()?)?.find(&nobodys).await?;
        Ok("Twilio takes the API key".to_owned())
    }

    async fn check_area_codes(&self, text: &str) -> Verdict {
        let settings = self.settings()?;
        let account = self.parameters().account(&self.http, &settings)?;
        let mut verdicts = Vec::new();
        for code in text.split(',') {
            let code = code.trim();
            let area: AreaCode = code.parse().with_context(|| format!("{code:?} is no good"))?;
            if !exists(area)? {
                bail!("there is no area code {area} in the United States or Canada");
            }
            let found = match account.search(settings.territory.home, area, 1).await {
                Ok(found) => found,
                // So Twilio says that there are none.
                Err(twilio::Error::Refused(refusal)) if [400, 404].contains(&refusal.status.as_u16()) => {
                    Vec::new()
                }
                Err(error) => return Err(error.into()),
            };
            verdicts.push((area, !found.is_empty()));
        }
        let told = |(area, sells): &(AreaCode, bool)| {
            let sells = if *sells { "has numbers for sale" } else { "has none for sale at the moment" };
            format!("{area} {sells}")
        };
        let told = verdicts.iter().map(told).collect::<Vec<_>>().join("; ");
        if verdicts.iter().any(|(_, sells)| *sells) {
            return Ok(told);
        }
        say(format_args!("  {} {told}", faint("–")));
        Ok(String::new())
    }

    /// The settings as they would be with the answers so far.
    fn settings(&self) -> Result<Settings> {
        // The public URL is checked when its turn comes.
        let lookup = |variable: &str| {
            setup::setting(self.flags, None, self.kept, variable).filter(|_| variable != "TWILIFY_PUBLIC_URL")
        };
        Settings::read(lookup).context("a setting is no good")
    }

    fn parameters(&self) -> Parameters {
        let values = setup::values(self.flags, self.kept).into_iter();
        let answered = |name: Name| self.values.get(name.as_str()).cloned();
        let values = values.filter(|(name, _)| answered(*name).is_none());
        let answers = twilify::secrets::ALL.into_iter().filter_map(|name| Some((name, answered(name)?)));
        Parameters::new("", values.chain(answers).collect::<Vec<_>>())
    }
}

/// Asks a person; `None` if they have no answer.
fn ask(prompt: &str, question: &Question, kept: Option<&SecretString>) -> Result<Option<SecretString>> {
    let help = match kept {
        Some(_) => format!("{}; Enter keeps the stored one", question.help),
        None => question.help.to_owned(),
    };
    let answer = if is_secret(question.name) {
        let prompt = Password::new(prompt).with_help_message(&help).without_confirmation();
        SecretString::from(prompt.with_display_mode(PasswordDisplayMode::Masked).prompt()?)
    } else {
        let prompt = Text::new(prompt).with_help_message(&help);
        let kept = kept.map(SecretString::expose_secret);
        SecretString::from(kept.into_iter().fold(prompt, Text::with_default).prompt()?)
    };
    Ok(if answer.expose_secret().trim().is_empty() { kept.cloned() } else { Some(answer) })
}

/// An answer as it is stored: so that it fits on a command line, and into the template.
fn usual(name: &str, text: &str) -> String {
    match name {
        AREA_CODES => text.split(',').map(str::trim).collect::<Vec<_>>().join(","),
        PUBLIC_URL => text.trim_end_matches('/').to_owned(),
        _ => text.to_owned(),
    }
}

/// Whether telephone numbers in the area can exist, as Google's data have it.
fn exists(area: AreaCode) -> Result<bool> {
    let home: Country = "US".parse()?;
    let territory = Territory { home, mobiles: "US,CA".parse()? };
    let number = TypedNumber::new(&format!("+1{area}2345678")).context("this is a number")?;
    Ok(number.mobile(&territory).is_ok())
}
