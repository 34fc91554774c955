//! Whatever the world is like and whatever goes wrong, runs of the provisioner end in good order.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use provisioner::Provisioner;
use sandbox::{Employee, Fault, World};
use twilify::{
    config::{Provisioning, Retire, base_url},
    okta::{ApiToken, Directory},
    phone::Territory,
    seal::Seal,
    transport::{Http, Roots, WHILE_NOBODY_WAITS},
    twilio::{Account, AuthTokens, Credentials},
};

/// How somebody's profile looks, and what the account has of theirs.
#[derive(Clone, Debug)]
struct Person {
    mobile: &'static str,
    status: &'static str,
    /// Whether a number carries their label already.
    labelled: bool,
    /// Whether their profile names a number of the account that carries no label.
    adopted: bool,
}

/// Something that goes wrong with the nth request to a vendor.
#[derive(Clone, Debug)]
struct Mishap {
    at_okta: bool,
    nth: usize,
    fault: Fault,
}

fn a_person() -> impl Strategy<Value = Person> {
    let mobile = prop::sample::select(vec![
        "+14155550100",
        "(415) 555-0101",
        "415.555.0102",
        "ask at the desk",
        "+442071838750",
        "1-900-234-5678",
        "",
    ]);
    let status = prop::sample::select(vec!["ACTIVE", "ACTIVE", "PROVISIONED", "SUSPENDED", "DEPROVISIONED"]);
    (mobile, status, any::<bool>(), any::<bool>()).prop_map(|(mobile, status, labelled, adopted)| Person {
        mobile,
        status,
        labelled,
        adopted: adopted && !labelled,
    })
}

fn a_mishap() -> impl Strategy<Value = Mishap> {
    let fault = prop_oneof![
        Just(Fault::Answers(500, "")),
        Just(Fault::Answers(503, "<html>")),
        Just(Fault::Answers(200, "{")),
        Just(Fault::Answers(403, r#"{"errorCode":"E0000006","code":20403}"#)),
        Just(Fault::Answers(400, r#"{"errorCode":"E0000001","code":21422}"#)),
        Just(Fault::Answers(429, r#"{"code":20429}"#)),
        Just(Fault::Answers(412, "")),
        Just(Fault::Cuts),
        Just(Fault::LosesReply),
    ];
    (any::<bool>(), 0..40usize, fault).prop_map(|(at_okta, nth, fault)| Mishap { at_okta, nth, fault })
}

#[test]
fn whatever_goes_wrong_runs_end_with_one_number_for_everybody_and_none_to_spare() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let people = prop::collection::vec(a_person(), 0..7);
    let mishaps = prop::collection::vec(a_mishap(), 0..12);
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(people, 0..3usize, mishaps), |(people, pool, mishaps)| {
        runtime.block_on(converges(&people, pool, &mishaps));
        Ok(())
    });
    outcome.unwrap();
}

async fn converges(people: &[Person], pool: usize, mishaps: &[Mishap]) {
    let world = World::start().await.unwrap();
    for index in 0..pool {
        own(&world, &format!("+1415777{index:04}"), "twilify:pool");
    }
    for (index, person) in people.iter().enumerate() {
        let mut employee =
            Employee::named(&format!("N{index}"), "Doe").mobile(person.mobile).status(person.status);
        let number = format!("+1415888{index:04}");
        if person.labelled {
            own(&world, &number, &format!("twilify:{}", employee.id()));
        }
        if person.adopted {
            own(&world, &number, "Reception");
            employee = employee.company_number(&number);
        }
        world.okta.hire(employee);
    }
    for index in 0..20 {
        world.twilio.sells(&format!("+1925555{index:04}"));
    }
    let before = world.twilio.owned().len();
    let provisioner = a_provisioner(&world);
    let run = || provisioner.run(false, Instant::now() + Duration::from_mins(1));

    for mishap in mishaps {
        let health = if mishap.at_okta { &world.okta.health } else { &world.twilio.health };
        let left = Arc::new(Mutex::new(mishap.nth));
        let when = move |_: &str| {
            let mut left = left.lock().unwrap();
            let now = *left == 0;
            *left = left.wrapping_sub(1);
            now
        };
        health.fails_when(when, mishap.fault.clone());
    }
    for _ in 0..3 {
        let _ = run().await;
    }
    world.okta.health.recovers();
    world.twilio.health.recovers();
    run().await.unwrap();
    let last = run().await.unwrap();

    assert!(last.changes.is_empty() && last.failed.is_empty() && last.postponed.is_empty(), "{last:#?}");
    let owned = world.twilio.owned();
    assert_eq!(owned.len() - before, world.twilio.purchases());
    let mut entitled_people = 0;
    for employee in world.okta.everybody() {
        let label = format!("twilify:{}", employee.id());
        let theirs: Vec<_> = owned.iter().filter(|it| it.friendly_name == label).collect();
        let entitled = last.refused.iter().all(|it| it.who.employee.0 != employee.id())
            && employee.attribute("mobilePhone").is_some_and(|it| !it.is_empty())
            && ["ACTIVE", "PROVISIONED"].contains(&employee.status_name());
        assert!(theirs.len() <= 1, "{theirs:?}");
        if entitled {
            entitled_people += 1;
            let [number] = theirs[..] else { panic!("{} has no number", employee.id()) };
            assert_eq!(employee.attribute("primaryPhone"), Some(number.phone_number.as_str()));
        }
    }
    let purchases = world.twilio.purchases();
    assert!(purchases <= entitled_people, "{purchases} purchases for {entitled_people} people");
}

fn own(world: &World, number: &str, label: &str) {
    world.twilio.owns(number);
    world.twilio.change(number, |it| label.clone_into(&mut it.friendly_name));
}

/// The provisioner of the function, in this process.
fn a_provisioner(world: &World) -> Provisioner {
    let http = Http::new(WHILE_NOBODY_WAITS, Roots::mozilla());
    let token = ApiToken::new(sandbox::OKTA_TOKEN.into());
    let tokens = AuthTokens::parse(sandbox::TWILIO_AUTH_TOKEN).unwrap();
    Provisioner {
        directory: Directory::new(
            http.clone(),
            world.okta.url().parse().unwrap(),
            token,
            "primaryPhone".parse().unwrap(),
        ),
        account: Account::new(
            http,
            base_url(world.twilio.url()).unwrap(),
            sandbox::TWILIO_ACCOUNT_SID.parse().unwrap(),
            Credentials::AuthTokens(tokens),
        ),
        messaging_service: None,
        settings: Provisioning {
            public_url: base_url(world.url()).unwrap(),
            area_codes: vec!["925".parse().unwrap()],
            max_purchases: 50,
            okta_search: None,
            retire: Retire::Keep,
            retire_after_days: 30,
        },
        territory: Territory { home: "US".parse().unwrap(), mobiles: "US,CA".parse().unwrap() },
        seal: Some(Seal::new(&sandbox::SEAL_KEY.into(), SignedDuration::from_hours(24 * 7)).unwrap()),
    }
}
