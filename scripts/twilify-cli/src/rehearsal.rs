//! `twilify call` and `twilify text`: what would happen if somebody did.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use roxmltree::{Document, Node};
use twilify::{
    CompanyNumber, MobileNumber, PhoneNumber,
    switchboard::Unreached,
    twilio::{Account, Logged, OwnedNumber},
};

use crate::{
    arguments::{Arguments, Flags},
    pretend::{Answer, Pretence},
    setup::Setup,
    terminal::{Declined, agreed, masked, say, waiting},
};

/// How often Twilio's log is looked at for what was sent, and how long in between.
const LOOKS: usize = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// Sends the webhook of a call to where Twilio would send it, and tells what the caller would hear.
pub(crate) async fn call(flags: &Flags, number: &PhoneNumber, from: &PhoneNumber, show: bool) -> Result<()> {
    let setup = Setup::read(flags).await?;
    let owned = owned(&setup.account()?, number).await?;
    let url = owned.voice_url().with_context(|| unrouted(number))?;
    let call = Pretence::a_call(url, &setup.account_sid()?, from, number);
    let answer = call.post(&setup.http, Some(setup.auth_token())).await?;
    let action = tell(&answer, "The caller hears", show)?;
    if let Some(action) = action {
        let ended = call.ended(&action, "no-answer")?;
        tell(
            &ended.post(&setup.http, Some(setup.auth_token())).await?,
            "If nobody answers, the caller hears",
            show,
        )?;
    }
    Ok(())
}

/// Sends the webhook of a text to where Twilio would send it, and tells what was sent on.
pub(crate) async fn text(
    Arguments { flags, yes, .. }: &Arguments,
    number: &PhoneNumber,
    from: &PhoneNumber,
    body: &str,
    show: bool,
) -> Result<()> {
    let setup = Setup::read(flags).await?;
    let account = setup.account()?;
    let owned = owned(&account, number).await?;
    let url = owned.sms_url().with_context(|| unrouted(number))?;
    let mobile = mobile_behind(&setup, &owned).await?;
    let shown = masked(&mobile.clone().into(), show);
    let question = format!("A text will really go to {shown}, from {}: “{body}” Send it?", from.as_e164());
    if !agreed(&question, *yes)? {
        return Err(Declined.into());
    }
    // Their clock and ours may differ.
    let since = Timestamp::now() - SignedDuration::from_mins(5);
    let before = log(&account, number, &mobile, since).await?;
    let text = Pretence::a_text(url, &setup.account_sid()?, from, number, body);
    let spinner = waiting("The function is at work …");
    let answer = text.post(&setup.http, Some(setup.auth_token())).await;
    spinner.finish_and_clear();
    let answer = answer?;
    if answer.status >= 300 {
        bail!("{}", refused(&answer, "sms-forward"));
    }
    let mut sent = Vec::new();
    // Twilio's log may be a moment behind.
    for _ in 0..LOOKS {
        sent = log(&account, number, &mobile, since).await?;
        sent.retain(|it| !before.iter().any(|old| old.sid == it.sid));
        if !sent.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if sent.is_empty() {
        bail!("the function took the text, and nothing is in Twilio's log yet; the function's log says more");
    }
    for message in sent.iter().rev() {
        say(format_args!("{} sends to {shown}:", number.as_e164()));
        message.body.lines().for_each(|line| say(format!("  {line}").trim_end()));
    }
    Ok(())
}

/// Says what an answer makes Twilio do, and returns where Twilio asks again when the phone rings no more.
fn tell(answer: &Answer, hears: &str, show: bool) -> Result<Option<String>> {
    if answer.status != 200 {
        bail!("{}", refused(answer, "call-forward"));
    }
    let document = Document::parse(&answer.body).context("the answer is not TwiML")?;
    let mut action = None;
    for verb in document.root_element().children().filter(Node::is_element) {
        let text = |node: Node<'_, '_>| node.text().unwrap_or_default().trim().to_owned();
        match verb.tag_name().name() {
            "Say" => say(format_args!("{hears}: {}", text(verb))),
            "Dial" => {
                let number = verb.children().find(|child| child.has_tag_name("Number")).map(text);
                let number: PhoneNumber =
                    number.unwrap_or_default().parse().context("the answer dials no number")?;
                say(format_args!(
                    "Then {} rings for {} seconds, and shows {}.",
                    masked(&number, show),
                    verb.attribute("timeout").unwrap_or("30"),
                    verb.attribute("callerId").unwrap_or("the caller's number")
                ));
                action = verb.attribute("action").map(ToOwned::to_owned);
            }
            other => say(format_args!("Then Twilio does this: <{other}>")),
        }
    }
    Ok(action)
}

async fn owned(account: &Account, number: &PhoneNumber) -> Result<OwnedNumber> {
    let found = account.find(&CompanyNumber::new(number.clone())).await?;
    let number = number.as_e164();
    let found =
        found.with_context(|| format!("{number} is not a number of the account; see: twilify status"))?;
    if found.overridden {
        bail!(
            "an application or a trunk of Twilio's takes what comes to {number}; run: twilify route {number}"
        );
    }
    Ok(found)
}

/// The mobile to which the function would forward a text to `owned`.
async fn mobile_behind(setup: &Setup, owned: &OwnedNumber) -> Result<MobileNumber> {
    match setup.switchboard()?.find(&owned.number, &owned.sms_hint()).await {
        Ok(destination) => Ok(destination.mobile),
        Err(Unreached::Nobody) => bail!("nobody has this number, so no text to it goes anywhere"),
        Err(Unreached::NoMobile { employee, reason }) => {
            bail!("the mobile of {} is unusable: {reason}", employee.0)
        }
        Err(Unreached::Unknown(silence)) => Err(silence).context("Okta does not say whose number this is"),
    }
}

async fn log(
    account: &Account,
    from: &PhoneNumber,
    to: &MobileNumber,
    since: Timestamp,
) -> Result<Vec<Logged>> {
    let messages = account.messages_since(from.as_e164(), to.as_e164(), since).await;
    messages.context("could not see what was sent")
}

fn unrouted(number: &PhoneNumber) -> String {
    let number = number.as_e164();
    format!("Twilio asks nobody about {number}; run: twilify route {number}")
}

fn refused(answer: &Answer, function: &str) -> String {
    let why = match answer.status {
        403 => "it does not take the signature: the deployed auth token or PublicUrl is another one",
        404 => "there is nothing at this address",
        503 => "it could not do it now; its log says why, and Twilio would put it into the queue",
        _ => "its log says why",
    };
    format!("{function} answered with {}; {why}", answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_function_refuses_is_told_by_its_status() {
        for (status, why) in [
            (403, "signature"),
            (404, "nothing at this address"),
            (503, "its log says why, and"),
            (500, "its log says why"),
        ] {
            let said = refused(&Answer { status, body: String::new() }, "sms-forward");
            assert!(
                said.starts_with(&format!("sms-forward answered with {status}; ")) && said.contains(why),
                "{said}"
            );
        }
    }
}
