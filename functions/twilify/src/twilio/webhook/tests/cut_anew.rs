//! The same characters, cut into another URL and other fields: Twilio's signature fits all of them.

use super::*;

const SENDER: &str = "+14155550123";

/// A text as Twilio sends it: what is in it was written by a stranger.
fn text(body: &str) -> [(&str, &str); 15] {
    [
        ACCOUNT,
        ("ApiVersion", "2010-04-01"),
        ("Body", body),
        ("From", SENDER),
        ("FromCity", "SAN FRANCISCO"),
        ("FromCountry", "US"),
        ("MessageSid", TEXT_SID),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("SmsMessageSid", TEXT_SID),
        ("SmsSid", TEXT_SID),
        ("SmsStatus", "received"),
        ("To", "+19253294108"),
        ("ToCountry", "US"),
        ("ToZip", ""),
    ]
}

fn joined(url: &str, fields: &[(&str, &str)]) -> String {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    let fields: Vec<_> = fields.iter().flat_map(|(name, value)| [*name, *value]).collect();
    [url, &fields.concat()].concat()
}

/// What is said to a request that consists of `url` and `fields` and carries the signature of the text `body`.
fn answer(body: &str, url: &str, fields: &[(&str, &str)]) -> Result<IncomingMessage, Rejection> {
    let captured = text(body);
    assert_eq!(joined(url, fields), joined(TEXT_URL, &captured), "these are the characters that were signed");
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(url)
        .header("x-twilio-signature", signature(TEXT_URL, &captured))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into_bytes());
    webhooks().accept(&request.unwrap())
}

fn is_cut_anew(answer: &Result<IncomingMessage, Rejection>) -> bool {
    matches!(answer, Err(Rejection::CutAnew(_)))
}

#[test]
fn whatever_a_text_says_it_is_accepted() {
    for body in [
        "",
        "From+14155550199",
        "FromCountryUSMessageSidSM00000000000000000000000000000009To+19253294108",
        "AccountSidAC00000000000000000000000000000001ApiVersion2010-04-01BodyHiFrom+14155550199StirVerstat",
        "?employee=00uada&x=1",
    ] {
        let message = answer(body, TEXT_URL, &text(body)).ok().unwrap();
        assert_eq!((message.body.as_str(), message.from.as_str()), (body, SENDER));
    }
}

#[test]
fn a_text_is_not_cut_into_one_of_somebody_else() {
    // The real sender ends up in a field that nobody reads.
    let body = "Hello From the CEO From+14155550199FromA";
    let mut cut = text("Hello From the CEO ").to_vec();
    cut[3].1 = "+14155550199";
    cut[4] = ("FromA", "From+14155550123FromCitySAN FRANCISCO");
    assert!(is_cut_anew(&answer(body, TEXT_URL, &cut)));
    cut[4] = ("FromAFro", "m+14155550123FromCitySAN FRANCISCO");
    assert!(is_cut_anew(&answer(body, TEXT_URL, &cut)), "nor with the cut in a name");
}

#[test]
fn the_real_sender_does_not_become_part_of_the_text() {
    let mut cut = text("Hello").to_vec();
    cut[2].1 = "HelloFrom+14155550123FromCitySAN FRANCISCO";
    cut[3].1 = "CountryUS";
    cut.drain(4..6);
    assert!(is_cut_anew(&answer("Hello", TEXT_URL, &cut)));
}

#[test]
fn a_field_does_not_become_part_of_the_url() {
    let rest = "AccountSidAC00000000000000000000000000000001ApiVersion2010-04-01BodyPay";
    let body = format!("&employee=00ueve{rest}");
    let url = format!("{TEXT_URL}AccountSid{}ApiVersion2010-04-01Body&employee=00ueve", ACCOUNT.1);
    assert!(is_cut_anew(&answer(&body, &url, &text("Pay"))));
}

#[test]
fn a_part_of_the_url_does_not_become_a_field() {
    let mut cut = text("Hello").to_vec();
    cut.push(("?employee", "=00uada"));
    assert!(is_cut_anew(&answer("Hello", "https://phones.example.com/sms-forward", &cut)));
    let mut cut = text("Hi").to_vec();
    cut[0] = ("Account", "SidAC00000000000000000000000000000001ApiVersion2010-04-01Body");
    let body = "AccountSidAC00000000000000000000000000000001ApiVersion2010-04-01BodyHi";
    cut.push(ACCOUNT);
    cut.sort_unstable();
    assert!(is_cut_anew(&answer(body, TEXT_URL, &cut)), "nor does the account's SID become another field");
}

#[test]
fn a_caller_is_not_vouched_for_by_what_they_call_themselves() {
    let odd = "someoneStirVerstatTN-Validation-Passed-A";
    let cut = with(&CALL, &[("Caller", odd), ("From", "someone"), ("StirVerstat", "TN-Validation-Passed-A")]);
    assert!(matches!(refusal(&posted(CALL_URL, &cut)), Some(Rejection::CutAnew(_))));
}

#[test]
fn fields_that_twilio_does_not_send_so_are_refused() {
    let long = "x".repeat(129);
    for field in [
        ("AccountSid", "AC1"),
        ("CallSid", "CA1"),
        ("CallSid", "CA0000000000000000000000000000000ß"),
        ("CallSid", "ca00000000000000000000000000000002"),
        ("MessageSid", "SM1"),
        ("ErrorCode", "11200x"),
        ("NumMedia", "-1"),
        ("NumMedia", "10000000000"),
        ("NumSegments", "many"),
        ("", "1"),
        ("1", ""),
        ("?employee", "00ueve"),
        ("a b", "1"),
        ("a!b", "1"),
        ("SipHeader_a b", "1"),
        (&long, "1"),
        ("From", &"1".repeat(513)),
    ] {
        let refused = refusal(&posted(CALL_URL, &with(&CALL, &[field])));
        assert!(matches!(refused, Some(Rejection::CutAnew(_))), "{field:?}: {refused:?}");
    }
    let twice = with(&CALL, &[("Digits", "1"), ("Digits", "2")]);
    assert_eq!(refusal(&posted(CALL_URL, &twice)), Some(Rejection::CutAnew("a field comes twice")));
}

#[test]
fn fields_that_nobody_here_knows_are_accepted() {
    for field in [
        ("SipHeader_X-Account.Id", "7"),
        ("AddOns", r#"{"status":"successful","code":null}"#),
        ("AIAgent", "no"),
        ("MediaUrl0", "https://api.twilio.com/x"),
        ("newInTwilio_2", ""),
        ("ErrorCode", ""),
        ("From", "sip:ada@example.com;transport=udp"),
        ("From", "\u{7}"),
        ("From", "CityBank"),
        ("SipHeader_!", "1"),
        ("Digits", "StirVerstate and AccountSam"),
    ] {
        assert_eq!(refusal(&posted(CALL_URL, &with(&CALL, &[field]))), None, "{field:?}");
    }
}

#[test]
fn a_url_may_have_letters_of_the_accounts_name_in_it_but_not_the_whole_name() {
    let at = |more: &str| refusal(&posted(&format!("{CALL_URL}{more}"), &CALL));
    for more in ["&x=Account", "&x=Sid", "&x=AccountSam", "&x=AccountsSid"] {
        assert_eq!(at(more), None, "{more}");
    }
    assert!(matches!(at("&x=AccountSid"), Some(Rejection::CutAnew(_))));
}

#[test]
fn what_the_network_says_of_a_caller_is_believed_if_it_says_it_once() {
    for (verstat, attestation) in
        [("TN-Validation-Passed-A", Attestation::Full), ("TN-Validation-Passed-B", Attestation::Less)]
    {
        let call = call(&[("StirVerstat", verstat), ("Caller", "Stir Verstat xVerstat StirVer")]);
        assert_eq!(call.attestation, attestation, "{verstat}");
    }
    assert_eq!(call(&[]).attestation, Attestation::Less);
    let twice = [("StirVerstat", "TN-Validation-Passed-B"), ("ToCity", "StirVerstatTN-Validation-Passed-A")];
    assert!(matches!(refusal(&posted(CALL_URL, &with(&CALL, &twice))), Some(Rejection::CutAnew(_))));
}

#[test]
fn only_the_value_of_a_sip_header_may_begin_like_another_side() {
    let header = ("SipHeader_X-From", "+14155550199");
    for other in [("ToCity", "From+14155550199"), ("XFrom", "+14155550199")] {
        let refused = refusal(&posted(CALL_URL, &with(&CALL, &[header, other])));
        assert!(matches!(refused, Some(Rejection::CutAnew(_))), "{other:?}");
    }
}

#[test]
fn a_text_in_a_form_without_sides_is_not_taken_for_one() {
    let report =
        [ACCOUNT, ("MessageSid", TEXT_SID), ("MessageStatus", "failed"), ("Body", "From+14155550199")];
    let accepted = webhooks().accept::<MessageStatus>(&posted(TEXT_URL, &report));
    assert!(accepted.is_ok_and(|it| it.is_lost));
}

#[test]
fn a_call_with_a_number_in_a_sip_header_is_accepted() {
    for header in ["SipHeader_X-From", "SipHeader_X-Original-From", "SipHeader_X-To"] {
        let call = with(&CALL, &[(header, "+14155550199")]);
        assert_eq!(refusal(&posted(CALL_URL, &call)), None, "{header}");
    }
}

#[test]
fn the_real_sender_of_a_text_does_not_become_a_sip_header() {
    let place = "FromCitySAN FRANCISCOFromCountryUS";
    let rest = format!("MessageSid{TEXT_SID}NumMedia0NumSegments1");
    let body = format!("Pay From+14155550199{rest}SipHeader_X");
    let swallowed = format!("{SENDER}{place}{rest}");
    let mut cut = text("Pay ").to_vec();
    cut[3].1 = "+14155550199";
    cut.drain(4..6);
    cut.push(("SipHeader_XFrom", &swallowed));
    assert!(is_cut_anew(&answer(&body, TEXT_URL, &cut)));
    // Without its MessageSid it is no text.
    let body = "Pay From+14155550199SipHeader_X";
    cut.retain(|(name, _)| !["MessageSid", "NumMedia", "NumSegments"].contains(name));
    assert_eq!(answer(body, TEXT_URL, &cut).err(), Some(Rejection::Incomplete("MessageSid")));
}

#[test]
fn a_sender_may_be_called_like_a_place_field() {
    let accepted = |fields: &[(&str, &str)]| webhooks().accept::<IncomingMessage>(&posted(TEXT_URL, fields));
    for (sender, place) in [
        ("Zip", "FromZip"),
        ("City", "FromCity"),
        ("CityFM", "FromCity"),
        ("State", "FromState"),
        ("Zip24", "FromZip"),
    ] {
        let fields = with(&TEXT, &[("From", sender), (place, "")]);
        assert_eq!(accepted(&fields).map(|it| it.from).ok().as_deref(), Some(sender));
        assert!(is_cut_anew(&accepted(&with(&TEXT, &[("From", sender)]))), "{sender}");
    }
}
