//! Okta, Twilio and SSM fail at random while people call, text, and are hired.
//!
//! What goes wrong follows from a seed, which is printed. `TWILIFY_CHAOS_SEED` takes another one.

use std::{
    cell::Cell,
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher as _},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use sandbox::{Call, Employee, Fault, Heard, World, say};

use crate::{BUSY, calls::TRY_LATER, late::worked_off};

/// Who has a number before anything goes wrong, and how many more are hired meanwhile.
const STAFF: usize = 12;
const NEWCOMERS: usize = 6;

/// How many people call, and how many text, all at the same time, and how often each of them does.
const PEOPLE: usize = 10;
const TIMES: usize = 24;

/// How much faster time goes by in the queues than in the real world. A message rests there for five seconds before it
/// is looked for in Twilio's log, which is longer than one can be on its way.
const SPEED: u32 = 12;

/// The longest that a vendor takes, in milliseconds: longer than the functions' patience.
const SLOWEST: u64 = 4800;

/// How long a caller may wait for what is to become of the call.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn whatever_goes_wrong_calls_are_answered_texts_arrive_once_and_every_number_has_its_employee() {
    let seed = seed();
    say(&format!("TWILIFY_CHAOS_SEED={seed}"));
    let _busy = BUSY.blocking_lock();
    tokio::runtime::Runtime::new().unwrap().block_on(everything_at_once(seed));
}

#[expect(clippy::disallowed_methods, reason = "whoever repeats a run says which")]
fn seed() -> u64 {
    std::env::var("TWILIFY_CHAOS_SEED").map_or(20_261_125, |seed| seed.parse().expect("a number"))
}

async fn everything_at_once(seed: u64) {
    let world = a_company(seed).await;
    world.okta.health.fails_as(storm(seed, "Okta", 30, SLOWEST));
    world.twilio.health.fails_as(storm(seed, "Twilio", 30, SLOWEST));
    world.ssm.health.fails_as(storm(seed, "SSM", 10, 1000));

    let (began, is_over) = (Instant::now(), Cell::new(false));
    let people = async {
        let calls = join_all((0..PEOPLE).map(|caller| calls(&world, caller)));
        let texts = join_all((0..PEOPLE).map(|sender| texts(&world, sender)));
        tokio::join!(calls, texts);
        is_over.set(true);
        for health in [&world.okta.health, &world.twilio.health, &world.ssm.health] {
            health.recovers();
        }
    };
    tokio::join!(people, keep_provisioning(&world, &is_over), keep_ending_processes(&world, &is_over, seed));
    say(&format!("everybody has called and texted after {:?}", began.elapsed()));
    worked_off(&world).await;
    say(&format!("no text waits any more after {:?}", began.elapsed()));
    every_text_has_arrived_once(&world);
    every_number_has_its_employee(&world).await;
    nothing_personal_is_in_the_log(&world);
}

/// A company whose staff have their numbers, and in which some are about to begin.
async fn a_company(seed: u64) -> World {
    let world = World::start().await.unwrap();
    world.scales_to(30);
    world.late.set_speed(SPEED);
    world.configure("TWILIFY_REMEMBER_SECONDS", if seed.is_multiple_of(2) { "0" } else { "2" }).await;
    for index in 0..STAFF {
        world.okta.hire(an_employee(index));
    }
    for index in 0..STAFF + 3 * NEWCOMERS {
        world.twilio.sells(&format!("+1925329{index:04}"));
    }
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), STAFF);
    world
}

fn an_employee(index: usize) -> Employee {
    Employee::named(&format!("N{index}"), "Doe").mobile(&mobile(index))
}

fn mobile(employee: usize) -> String {
    format!("+1818217{employee:04}")
}

fn outsider(person: usize) -> String {
    format!("+1415555{person:04}")
}

fn company_number(world: &World, employee: usize) -> String {
    let label = format!("twilify:{}", an_employee(employee).id());
    world.twilio.owned().into_iter().find(|it| it.friendly_name == label).unwrap().phone_number
}

/// What a vendor does that fails for so many of a hundred requests, and then takes up to so many milliseconds if it
/// does nothing worse. The same requests in the same order suffer the same.
fn storm(
    seed: u64,
    vendor: &'static str,
    percent: u64,
    slowest: u64,
) -> impl FnMut(&str) -> Option<Fault> + Send + 'static {
    let mut times: HashMap<String, u64> = HashMap::new();
    move |request| {
        let time = times.entry(request.to_owned()).or_default();
        *time += 1;
        let dice = |what: &str, sides: u64| {
            let mut hasher = DefaultHasher::new();
            (seed, vendor, request, *time, what).hash(&mut hasher);
            hasher.finish() % sides
        };
        let faults: [Fault; 13] = [
            Fault::Answers(500, ""),
            Fault::Answers(502, "<html>"),
            Fault::Answers(503, "{}"),
            Fault::Answers(429, r#"{"code":20429,"errorCode":"E0000047"}"#),
            Fault::LimitsRate(1),
            Fault::Answers(200, "{"),
            Fault::Answers(200, "null"),
            Fault::Cuts,
            Fault::Denies(500),
            Fault::Denies(504),
            Fault::LosesReply,
            Fault::Takes(Duration::from_millis(dice("how long", slowest))),
            Fault::Takes(Duration::from_millis(dice("how long", slowest))),
        ];
        let which = usize::try_from(dice("which", 13)).expect("one of thirteen");
        (dice("whether", 100) < percent).then(|| faults[which].clone())
    }
}

/// Somebody calls the staff, one after the other. Each of their phones rings in time, unless the process that was asked
/// could not read its parameters yet: then the caller is told so in time, and calls again.
async fn calls(world: &World, caller: usize) {
    for time in 0..TIMES {
        let employee = (caller + time) % STAFF;
        for once_more in [true, true, false] {
            let began = Instant::now();
            let call = world.call(&outsider(caller), &company_number(world, employee)).await;
            let took = began.elapsed();
            assert!(took < PATIENCE, "a call waited for {took:?}");
            if call.to_string() != TRY_LATER || !once_more {
                rings(&call, &mobile(employee));
                break;
            }
        }
    }
}

fn rings(call: &Call, mobile: &str) {
    let rung: Vec<_> = call
        .script
        .iter()
        .filter_map(|it| if let Heard::Rings { number, .. } = it { Some(number.as_str()) } else { None })
        .collect();
    assert_eq!(rung, [mobile], "{call}");
    assert_eq!(call.after.as_ref().map(|it| it.status), Some(200), "{call}");
}

/// Somebody texts the staff, one after the other.
async fn texts(world: &World, sender: usize) {
    for time in 0..TIMES {
        let employee = (sender + time) % STAFF;
        world.text(&outsider(sender), &company_number(world, employee), &text(sender, time)).await;
    }
}

fn text(sender: usize, time: usize) -> String {
    let text = format!("Lunch {sender} at {time}?");
    // Some go out in two parts.
    if time % 8 == 3 { format!("{text} {}", "Really. ".repeat(200)) } else { text }
}

/// The schedule ticks all the time, and people are hired. A run that was too unlucky fails.
async fn keep_provisioning(world: &World, is_over: &Cell<bool>) {
    for time in (0..).take_while(|_| !is_over.get()) {
        if time < NEWCOMERS {
            world.okta.hire(an_employee(STAFF + time));
        }
        if time % 3 == 2 {
            world.kill_provisioner_after_change(1 + time % 4);
        }
        let _ = world.run_provisioner().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Processes end, and some of those that forward texts in the middle of that.
async fn keep_ending_processes(world: &World, is_over: &Cell<bool>, seed: u64) {
    for time in (usize::from(seed.is_multiple_of(2))..).take_while(|_| !is_over.get()) {
        tokio::time::sleep(Duration::from_millis(700)).await;
        if time.is_multiple_of(3) {
            world.recycles_functions();
        } else {
            world.kills_sms_forward(time);
        }
    }
}

fn every_text_has_arrived_once(world: &World) {
    assert_eq!(world.late.dead(), [""; 0]);
    let mut messages = 0;
    for (sender, time) in (0..PEOPLE).flat_map(|sender| (0..TIMES).map(move |time| (sender, time))) {
        let (head, text) = (format!("From: {}", outsider(sender)), text(sender, time));
        let inbox = world.twilio.inbox(&mobile((sender + time) % STAFF));
        let from_sender = inbox.iter().filter(|it| it.body.starts_with(&head));
        let mut parts: Vec<_> = from_sender.filter_map(|it| it.body.split_once("\n\n")).collect();
        parts.retain(|(_, part)| text.contains(part));
        parts.sort_unstable();
        messages += parts.len();
        let arrived: String = parts.iter().map(|(_, part)| *part).collect();
        assert_eq!(arrived, text, "{parts:#?}");
    }
    let all: usize = (0..STAFF + NEWCOMERS).map(|it| world.twilio.inbox(&mobile(it)).len()).sum();
    assert_eq!(all, messages, "something has arrived that nobody has written");
}

/// Two quiet runs later everybody has one number, which leads to them, and there is none to spare.
async fn every_number_has_its_employee(world: &World) {
    world.run_provisioner().await.unwrap();
    let last = world.run_provisioner().await.unwrap();
    let counts = ["changes", "refused", "postponed", "failed"].map(|it| last["counts"][it].as_u64());
    assert_eq!(counts, [Some(0); 4], "{last:#}");
    let (owned, staff) = (world.twilio.owned(), world.okta.everybody());
    assert_eq!(owned.len(), world.twilio.purchases());
    assert_eq!(owned.len(), staff.len());
    for employee in 0..staff.len() {
        let number = company_number(world, employee);
        let profile = staff.iter().find(|it| it.id() == an_employee(employee).id()).unwrap();
        assert_eq!(profile.attribute("primaryPhone"), Some(number.as_str()));
        rings(&world.call(&outsider(0), &number).await, &mobile(employee));
    }
}

fn nothing_personal_is_in_the_log(world: &World) {
    let numbers = (0..STAFF + NEWCOMERS).map(mobile).chain((0..PEOPLE).map(outsider));
    let numbers = numbers.chain(world.twilio.owned().into_iter().map(|it| it.phone_number));
    let numbers = numbers.map(|it| it.trim_start_matches("+1").to_owned());
    let secrets =
        [sandbox::OKTA_TOKEN, sandbox::TWILIO_AUTH_TOKEN, sandbox::SEAL_KEY, "Lunch", "Really", "route="];
    let forbidden: Vec<_> = numbers.chain(secrets.map(ToOwned::to_owned)).collect();
    let log = world.log();
    assert!(log.len() > PEOPLE * TIMES, "much has happened");
    for line in log {
        let found = forbidden.iter().find(|it| line.contains(*it));
        assert_eq!(found, None, "in the log:\n{line}");
    }
}
