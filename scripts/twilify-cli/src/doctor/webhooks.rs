//! Whether the webhooks let Twilio in and nobody else.

use anyhow::Result;
use twilify::PhoneNumber;

use super::Check;
use crate::{
    pretend::{Answer, Pretence},
    setup::Setup,
};

/// A number that Twilio gives to nobody.
///
/// <https://www.twilio.com/docs/iam/test-credentials>
const NOBODY: &str = "+15005550006";

pub(super) async fn checks(setup: &Setup) -> Vec<Check> {
    let public_url = match setup.public_url() {
        Ok(url) => url.as_str(),
        Err(error) => return vec![Check::bad("webhooks", format!("{error:#}"), "run: twilify init")],
    };
    let account = match setup.account_sid() {
        Ok(account) => account,
        Err(error) => return vec![Check::failed("webhooks", &error)],
    };
    let nobody: PhoneNumber = NOBODY.parse().expect("this is a number");
    let call = Pretence::a_call(&format!("{public_url}call-forward"), &account, &nobody, &nobody);
    let again = Pretence::a_call(&format!("{public_url}call-forward/again"), &account, &nobody, &nobody);
    let text = Pretence::a_text(&format!("{public_url}sms-forward"), &account, &nobody, &nobody, "");
    let delivery = Pretence::a_delivery(&format!("{public_url}sms-forward/status"), &account);
    let signed = Some(setup.auth_token());
    vec![
        refuses("call-forward, unsigned", call.post(&setup.http, None).await),
        takes("call-forward, signed", call.post(&setup.http, signed).await),
        takes("call-forward/again, signed", again.post(&setup.http, signed).await),
        refuses("sms-forward, unsigned", text.post(&setup.http, None).await),
        takes("sms-forward, signed", delivery.post(&setup.http, signed).await),
    ]
}

fn refuses(what: &'static str, answer: Result<Answer>) -> Check {
    match answer {
        Ok(Answer { status: 403, .. }) => Check::good(what, "it is refused"),
        Ok(Answer { status, .. }) if status < 300 => Check::bad(
            what,
            format!("it is taken, with {status}: this is not twilify, or anybody can use it"),
            "look what is at the public URL",
        ),
        answer => unusable(what, answer),
    }
}

fn takes(what: &'static str, answer: Result<Answer>) -> Check {
    match answer {
        Ok(Answer { status: 200 | 204, .. }) => Check::good(what, "it is taken"),
        Ok(Answer { status: 403, .. }) => Check::bad(
            what,
            "it is refused, as Twilio's would be",
            "deploy with another SecretsVersion, so that the functions read the auth token anew; if that does not \
             help, PublicUrl is not what Twilio calls",
        ),
        answer => unusable(what, answer),
    }
}

fn unusable(what: &'static str, answer: Result<Answer>) -> Check {
    match answer {
        Ok(Answer { status: 404, .. }) => Check::bad(
            what,
            "there is nothing at this address",
            "deploy, or correct the public URL: twilify init --public-url …",
        ),
        Ok(Answer { status, .. }) => {
            Check::bad(what, format!("it is answered with {status}"), "the function's log says why: sam logs")
        }
        Err(error) => Check::bad(what, format!("{error:#}"), "deploy, or correct the public URL"),
    }
}
