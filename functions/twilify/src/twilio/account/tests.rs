//! Where the credentials go, and which.

use super::*;
use crate::transport::{Roots, WHILE_SOMEONE_WAITS};

fn account(credentials: Credentials) -> Account {
    let http = Http::new(WHILE_SOMEONE_WAITS, Roots::mozilla());
    let sid = "AC00000000000000000000000000000001".parse().unwrap();
    Account::new(http, "https://api.twilio.com/".parse().unwrap(), sid, credentials)
}

fn tokens(tokens: &str) -> Credentials {
    Credentials::AuthTokens(AuthTokens::parse(tokens).unwrap())
}

#[test]
fn whatever_a_link_says_the_next_page_is_on_the_host_that_was_configured() {
    let account = account(tokens("12345"));
    let page = "https://api.twilio.com:8443/2010-04-01/Accounts/AC1/Messages.json?Page=0".parse().unwrap();
    for link in [
        "/2010-04-01/x.json?Page=1",
        "https://api.twilio.com/2010-04-01/x.json?Page=1",
        "https://evil.example/2010-04-01/x.json?Page=1",
        "HTTPS://EVIL.EXAMPLE/2010-04-01/x.json?Page=1",
        "http://api.twilio.com/2010-04-01/x.json?Page=1",
        "https://api.twilio.com:9/2010-04-01/x.json?Page=1",
        "https://api.twilio.com@evil.example/2010-04-01/x.json?Page=1",
        "https://AC1:secret@api.twilio.com/2010-04-01/x.json?Page=1",
        "https://api.twilio.com.evil.example/2010-04-01/x.json?Page=1",
        "//evil.example/2010-04-01/x.json?Page=1",
        r"\\evil.example/2010-04-01/x.json?Page=1",
        "https://10.0.0.1/2010-04-01/x.json?Page=1#fragment",
    ] {
        let next = account.next_page(&page, link).unwrap();
        assert_eq!(next.as_str(), "https://api.twilio.com:8443/2010-04-01/x.json?Page=1", "{link}");
    }
    for link in ["https://[", "https://:x"] {
        assert!(account.next_page(&page, link).is_err(), "{link}");
    }
}

#[test]
fn a_key_goes_alone_and_tokens_go_one_after_the_other() {
    let logins = |credentials: &Credentials| {
        let sid = AccountSid("AC1".to_owned());
        credentials.logins(&sid).map(|(user, password)| format!("{user}:{password}")).collect::<Vec<_>>()
    };
    assert_eq!(logins(&tokens("old, new")), ["AC1:old", "AC1:new"]);
    let key = Credentials::ApiKey { sid: "SK1".to_owned(), secret: "secret".into() };
    assert_eq!(logins(&key), ["SK1:secret"]);
}

#[test]
fn a_sid_is_its_letters_and_32_hexadecimal_digits() {
    let sid = "AC0123456789abcdefABCDEF0123456789";
    for text in [sid, &format!(" {sid}\n")] {
        assert_eq!(text.parse::<AccountSid>().unwrap().to_string(), sid);
    }
    for text in ["", "AC", &sid[..33], &format!("{sid}0"), &sid.replace("AC", "SK"), &sid.replace('9', "g")] {
        assert_eq!(text.parse::<AccountSid>(), Err(NotASid("AC")), "{text}");
    }
}

#[test]
fn only_who_has_time_takes_turns_and_tries_again() {
    let account = account(tokens("12345"));
    assert!(account.deadline.is_none() && account.limiter.is_none());
    let patient = account.until(Instant::now());
    assert!(patient.deadline.is_some() && patient.limiter.is_some());
}
