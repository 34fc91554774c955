//! What a webhook is made of, part by part.

use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, header};
use jiff::{SignedDuration, Timestamp};
use twilify::{
    EmployeeId,
    seal::{LastKnown, Seal},
    twilio::{AuthToken, AuthTokens, CallEndpoint, Dial, Hint, IncomingCall, Leg, VoiceResponse, Webhooks},
};

/// What Twilio posts about a call.
const FORM: [(&str, &str); 20] = [
    ("AccountSid", "AC00000000000000000000000000000000"),
    ("ApiVersion", "2010-04-01"),
    ("CallSid", "CA00000000000000000000000000000000"),
    ("CallStatus", "ringing"),
    ("Called", "+19253294108"),
    ("CalledCity", "WALNUT CREEK"),
    ("CalledCountry", "US"),
    ("CalledState", "CA"),
    ("CalledZip", "94598"),
    ("Caller", "+14155550123"),
    ("CallerCity", "SAN FRANCISCO"),
    ("CallerCountry", "US"),
    ("CallerState", "CA"),
    ("CallerZip", "94103"),
    ("Direction", "inbound"),
    ("From", "+14155550123"),
    ("FromCity", "SAN FRANCISCO"),
    ("StirVerstat", "TN-Validation-Passed-A"),
    ("To", "+19253294108"),
    ("ToCity", "WALNUT CREEK"),
];

fn parts(criterion: &mut Criterion) {
    let key = "c2FuZGJveCBzYW5kYm94IHNhbmRib3ggc2FuZGJveCE=".into();
    let seal = Seal::new(&key, SignedDuration::from_hours(24)).expect("a key");
    let known =
        LastKnown { mobile: "+18182179229".parse().expect("a mobile"), name: "Ada Lovelace".to_owned() };
    let number = "+19253294108".parse().expect("a number");
    let (employee, now) = (EmployeeId("00u1ab2cd3EF4gh5i6j7".to_owned()), Timestamp::now());
    let sealed = seal.seal(&known, &number, &employee, now);

    let url = format!("https://phones.example.com/call-forward?employee={}&route={}", employee.0, sealed.0);
    let form = FORM.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = Request::post(&url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
        .header("x-twilio-signature", AuthToken::new("token".into()).sign(&url, &form))
        .body(serde_urlencoded::to_string(&form).expect("a form"))
        .expect("a request");
    let webhooks = Webhooks::new(AuthTokens::parse("token").expect("a token"), None);
    criterion.bench_function("door", |bencher| {
        bencher.iter(|| webhooks.accept::<IncomingCall>(&request).expect("it is signed"));
    });
    criterion.bench_function("seal", |bencher| {
        bencher.iter(|| seal.open(&sealed, &number, &employee, now).expect("it is ours"));
    });

    let hint = Hint { employee: Some(employee), sealed: Some(sealed), stopped: false };
    let dial = Dial {
        to: known.mobile,
        caller_id: "+14155550123".parse().expect("a number"),
        ring: "20".parse().expect("seconds"),
        asked_at: CallEndpoint::Incoming,
        leg: Leg { name: Some(known.name), retry: Some(hint) },
    };
    criterion.bench_function("twiml", |bencher| {
        bencher.iter(|| {
            let greeting = "Please wait. You are being connected to Ada Lovelace.";
            VoiceResponse::new(twilify::twilio::Voice::default()).say(greeting).dial(dial.clone()).to_string()
        });
    });
}

criterion_group!(benches, parts);
criterion_main!(benches);
