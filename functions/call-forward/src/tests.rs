//! Who is connected to whom, and what everybody else hears.

use twilify::{
    phone::NotDialable,
    switchboard::Silence,
    twilio::{AuthToken, AuthTokens, Voice, Webhooks},
};

use super::*;

const DIALLED: &str = "+12125550142";
const MOBILE: &str = "+14155550100";

fn ada() -> Destination {
    Destination {
        employee: EmployeeId("00uada".to_owned()),
        name: "Ada".to_owned(),
        mobile: MOBILE.parse().unwrap(),
        source: Source::Okta,
    }
}

fn from(number: &str) -> Caller {
    Caller { number: number.parse().ok(), ..Caller::default() }
}

fn outcome(caller: Caller, found: Result<Destination, Unreached>) -> Outcome {
    Outcome::of(caller, DIALLED.parse().unwrap(), found, CallerId::Caller)
}

fn connected(shown: Shown) -> Outcome {
    Outcome::Connect { to: ada(), shown }
}

#[test]
fn the_mobile_shows_the_caller_or_else_the_company_number() {
    let company = || connected(Shown::Company(DIALLED.parse().unwrap()));
    let caller = "+442071838750";
    assert_eq!(outcome(from(caller), Ok(ada())), connected(Shown::Caller(caller.parse().unwrap())));
    assert_eq!(outcome(from("anonymous"), Ok(ada())), company());
    assert_eq!(outcome(from("+11155550123"), Ok(ada())), company());
    let shown = Outcome::of(from(caller), DIALLED.parse().unwrap(), Ok(ada()), CallerId::Company);
    assert_eq!(shown, company());
}

#[test]
fn nobody_is_connected_to_the_phone_they_call_from() {
    let proven = Caller { attestation: Attestation::Full, ..from(MOBILE) };
    assert_eq!(outcome(proven, Ok(ada())), Outcome::Oneself(ada().employee));
    assert_eq!(outcome(from(MOBILE), Ok(ada())), Outcome::Unproven(ada()));
    let sent_on = Caller { forwarded_from: MOBILE.parse().ok(), ..from("+442071838750") };
    assert_eq!(outcome(sent_on, Ok(ada())), Outcome::SentBack(ada()));
}

#[test]
fn without_a_phone_nobody_is_dialled() {
    let reason = Unreachable::NotDialable(NotDialable::NotANumber);
    let employee = ada().employee;
    let no_mobile = Unreached::NoMobile { employee: employee.clone(), reason };
    assert_eq!(outcome(from(""), Err(no_mobile)), Outcome::NoMobile { employee, reason });
    assert_eq!(outcome(from(""), Err(Unreached::Nobody)), Outcome::NotInService);
    assert_eq!(outcome(from(""), Err(Unreached::Unknown(Silence::TooSlow))), Outcome::TryLater);
}

fn settings(greeting: bool) -> Calls {
    Calls { caller_id: CallerId::Caller, greeting, ring: "20".parse().unwrap(), voice: Voice::default() }
}

/// What the caller hears and which phone rings, without the tags around all of it.
fn verbs(twiml: &VoiceResponse) -> String {
    let text = twiml.to_string();
    let (_, verbs) = text.split_once("<Response>\n").unwrap();
    verbs.strip_suffix("</Response>\n").unwrap().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

fn told(outcome: Outcome, greeting: bool) -> String {
    let hint = Hint { employee: Some(ada().employee), ..Hint::default() };
    verbs(&outcome.twiml(&settings(greeting), CallEndpoint::Incoming, hint))
}

const WAIT: &str = "<Say>Please wait. You are being connected to Ada.</Say>";
const NOT_AVAILABLE: &str = "<Say>Ada is not available. Goodbye.</Say>";

#[test]
fn a_phone_that_shows_the_caller_may_be_rung_again_and_one_that_shows_the_company_number_may_not() {
    let dial = |caller_id: &str, more: &str| {
        format!(
            "<Dial answerOnBridge=\"true\" callerId=\"{caller_id}\" timeout=\"20\" action=\"call-forward/after?name=QWRh{more}\">\
             <Number>{MOBILE}</Number></Dial>"
        )
    };
    let shows_caller = connected(Shown::Caller("+442071838750".parse().unwrap()));
    let once_more = dial("+442071838750", "&amp;retry=1&amp;employee=00uada");
    assert_eq!(told(shows_caller.clone(), true), format!("{WAIT}\n{once_more}"));
    assert_eq!(told(shows_caller, false), once_more);
    let shows_company = connected(Shown::Company(DIALLED.parse().unwrap()));
    assert_eq!(told(shows_company, true), format!("{WAIT}\n{}", dial(DIALLED, "")));
    let again = ring_again(ada(), DIALLED.parse().unwrap(), &settings(true), CallEndpoint::Incoming);
    assert_eq!(
        verbs(&again),
        dial(DIALLED, ""),
        "the caller hears no greeting again, and there is no third time"
    );
}

#[test]
fn whoever_is_not_connected_hears_why_or_what_everybody_hears_while_the_phone_is_busy() {
    for greeting in [true, false] {
        let say = |words: &str| format!("<Say>{words}</Say>");
        let no_mobile = Outcome::NoMobile { employee: ada().employee, reason: Unreachable::NoNumber };
        let own = "This is your own company number. Calls to it ring this phone. Goodbye.";
        assert_eq!(told(Outcome::Oneself(ada().employee), greeting), say(own));
        assert_eq!(
            told(Outcome::NotInService, greeting),
            say("Sorry, this number is not in service. Goodbye.")
        );
        assert_eq!(told(no_mobile, greeting), say("Sorry, this person cannot be reached by phone. Goodbye."));
        let later = "Sorry, your call cannot be connected right now. Please try again later. Goodbye.";
        assert_eq!(told(Outcome::TryLater, greeting), say(later));
    }
    let greeted = format!("{WAIT}\n{NOT_AVAILABLE}");
    assert_eq!(told(Outcome::Unproven(ada()), true), greeted);
    assert_eq!(told(Outcome::SentBack(ada()), true), greeted);
    assert_eq!(told(Outcome::Unproven(ada()), false), format!("<Pause length=\"25\"/>\n{NOT_AVAILABLE}"));
    assert_eq!(told(Outcome::SentBack(ada()), false), NOT_AVAILABLE);
}

/// A dial of Ada's phone that has ended, as Twilio tells of it.
fn ended_dial(query: &str, status: &str) -> EndedDial {
    let url = format!("https://phones.example.com/call-forward/after?name=QWRh{query}");
    let fields = [
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("CallSid", "CA00000000000000000000000000000002"),
        ("DialCallStatus", status),
        ("To", DIALLED),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let form: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}={}", value.replace('+', "%2B"))).collect();
    let request = http::Request::post(&url)
        .header("x-twilio-signature", AuthToken::new("12345".into()).sign(&url, &fields))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.join("&"));
    Webhooks::new(AuthTokens::parse("12345").unwrap(), None).accept(&request.unwrap()).unwrap()
}

#[test]
fn only_a_phone_that_could_not_be_rung_and_showed_the_caller_is_rung_again() {
    for status in ["completed", "answered", "busy", "no-answer", "canceled", "failed"] {
        let dial = ended_dial("&retry=1&employee=00uada", status);
        let again = to_be_rung_again(&dial).map(|(to, hint)| (to.as_e164(), hint.employee.clone()));
        let expected = (status == "failed").then(|| (DIALLED, Some(ada().employee)));
        assert_eq!(again, expected, "{status}");
        assert!(to_be_rung_again(&ended_dial("", status)).is_none(), "{status}");
    }
}

#[test]
fn who_has_talked_or_given_up_hears_nothing_and_who_was_not_answered_hears_so() {
    for status in ["completed", "answered", "canceled"] {
        assert_eq!(verbs(&after(&ended_dial("", status), &settings(true))), "", "{status}");
    }
    for status in ["busy", "no-answer", "failed"] {
        assert_eq!(verbs(&after(&ended_dial("", status), &settings(true))), NOT_AVAILABLE, "{status}");
    }
    let mut unknown = ended_dial("", "busy");
    unknown.status = DialStatus::Unknown;
    let has_ended = "<Say>The call has ended. Goodbye.</Say>";
    assert_eq!(verbs(&after(&unknown, &settings(true))), has_ended);
    assert_eq!(verbs(&ended(&settings(true))), has_ended);
}
