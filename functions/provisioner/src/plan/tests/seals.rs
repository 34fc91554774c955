//! When the last known mobile is sealed into a number's webhooks, and when it is taken out.

use twilify::seal::Sealed;

use super::*;

const NUMBER: &str = "+12125550199";

fn seal() -> Seal {
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".into();
    Seal::new(&key, SignedDuration::from_hours(24 * 7)).unwrap()
}

/// Ada's number, whose webhooks have had her mobile since some days ago.
fn sealed(mobile: &str, name: &str, days: i64) -> OwnedNumber {
    let known = LastKnown { mobile: mobile.parse().unwrap(), name: name.to_owned() };
    let then = now() - SignedDuration::from_hours(24 * days);
    let Sealed(route) = seal().seal(&known, &NUMBER.parse().unwrap(), &id("Ada"), then);
    routed(NUMBER, "twilify:00uada", &format!("?employee=00uada&route={route}"))
}

fn ada(mobile: &str) -> Employee {
    employee("Ada", mobile, NUMBER)
}

/// What is planned, with or without a seal.
fn planned_with_seal(employees: Vec<Employee>, number: OwnedNumber, seal: Option<&Seal>) -> String {
    let world = Observation { employees, numbers: vec![number], ..Observation::default() };
    planned_in(&world, seal)
}

/// A world in which Grace has a number with a seal, and there is `number` besides.
fn a_world_with_grace(number: OwnedNumber) -> Observation {
    let graces = "+12125550188";
    let known = LastKnown { mobile: "+14155550188".parse().unwrap(), name: "Grace".to_owned() };
    let Sealed(route) = seal().seal(&known, &graces.parse().unwrap(), &id("Grace"), now());
    let graces_number = routed(graces, "twilify:00ugrace", &format!("?employee=00ugrace&route={route}"));
    Observation {
        employees: vec![employee("Grace", "+14155550188", graces)],
        numbers: vec![graces_number, number],
        ..Observation::default()
    }
}

fn planned_in(world: &Observation, seal: Option<&Seal>) -> String {
    planned_under(world, &Rules { settings: &settings(), territory: &territory(), seal, now: now() })
}

const SEAL: &str = "Seal the mobile of Ada Doe into the webhooks of their company number (+12125550199).";
const UNSEAL: &str = "Take the mobile of Ada Doe out of the webhooks of the company number (+12125550199).";
const UNSEAL_LEAVERS: &str =
    "Take the mobile of 00uada out of the webhooks of the company number (+12125550199).";

#[test]
fn a_mobile_is_sealed_when_it_is_new_or_the_seal_is_old() {
    let seal = seal();
    let planned = |mobile, number| planned_with_seal(vec![ada(mobile)], number, Some(&seal));
    assert_eq!(planned("+14155550100", adas(NUMBER)), SEAL, "not sealed yet");
    assert_eq!(planned("+14155550100", sealed("+14155550100", "Ada", 3)), "", "all is well");
    assert_eq!(planned("+14155550100", sealed("+14155550100", "Ada", 4)), SEAL, "half its life is over");
    assert_eq!(planned("+14155550100", sealed("+14155550199", "Ada", 1)), SEAL, "another mobile");
    assert_eq!(planned("+14155550100", sealed("+14155550100", "Augusta", 1)), SEAL, "another name");
    let other_key =
        Seal::new(&"ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=".into(), SignedDuration::MAX).unwrap();
    let foreign =
        planned_with_seal(vec![ada("+14155550100")], sealed("+14155550100", "Ada", 1), Some(&other_key));
    assert_eq!(foreign, SEAL, "another key");
}

#[test]
fn the_mobile_of_someone_who_cannot_be_called_is_taken_out() {
    let (seal, number) = (seal(), || sealed("+14155550100", "Ada", 1));
    let status = |status| Employee { status, ..ada("+14155550100") };
    for gone in [vec![], vec![status(Status::Left)], vec![status(Status::Paused)]] {
        let mut world = a_world_with_grace(number());
        world.employees.extend(gone.clone());
        assert_eq!(planned_in(&world, Some(&seal)).lines().next(), Some(UNSEAL_LEAVERS), "{gone:?}");
    }
    for unusable in ["", "+18765550100", "ask at the desk", NUMBER] {
        let planned = planned_with_seal(vec![ada(unusable)], number(), Some(&seal));
        assert!(planned.contains(UNSEAL), "{unusable}: {planned}");
    }
    assert_eq!(
        planned_with_seal(vec![ada("+14155550100")], number(), None),
        UNSEAL,
        "there is no key any more"
    );
    assert_eq!(planned_with_seal(vec![ada("+14155550100")], adas(NUMBER), None), "");
}

#[test]
fn a_number_that_its_owner_does_not_publish_has_no_seal() {
    let seal = seal();
    let mut world = a_world_with_grace(sealed("+14155550100", "Ada", 1));
    world.employees.push(employee("Ada", "+14155550100", "+19995550000"));
    assert!(planned_in(&world, Some(&seal)).contains(UNSEAL), "she publishes another");
    world.employees[1] = employee("Ada", "+14155550100", "");
    world.employees.push(employee("Hedy", "+14155550101", NUMBER));
    assert!(planned_in(&world, Some(&seal)).contains(UNSEAL), "somebody else publishes it");
}

#[test]
fn a_number_that_somebody_has_put_into_the_pool_has_no_seal() {
    let pooled = serde_json::json!({
        "sid": "PN1",
        "phone_number": NUMBER,
        "friendly_name": "twilify:pool",
        "voice_url": format!("{HOOKS}call-forward?employee=00uada&route=x"),
    });
    let world = a_world_with_grace(serde_json::from_value(pooled).unwrap());
    assert_eq!(
        planned_in(&world, Some(&seal())),
        "Take the mobile of whoever had it last out of the webhooks of the company number (+12125550199)."
    );
}

#[test]
fn when_nobody_seems_to_be_here_any_more_the_seals_stay_where_they_are() {
    let mut world = a_world_with_grace(sealed("+14155550100", "Ada", 1));
    world.employees.clear();
    assert!(!planned_in(&world, Some(&seal())).contains("Take the mobile"));
}

#[test]
fn seals_are_taken_out_before_anything_else_and_renewed_last() {
    let seal = seal();
    let mut world = a_world_with_grace(sealed("+14155550100", "Ada", 1));
    world.employees[0].name.first = Some("Amazing".to_owned());
    world.employees.push(employee("Hedy", "+14155550101", ""));
    insta::assert_snapshot!(planned_in(&world, Some(&seal)).lines().filter(|it| !it.starts_with("Note")).collect::<Vec<_>>().join("\n"), @r"
    Take the mobile of 00uada out of the webhooks of the company number (+12125550199).
    Purchase a new company number for Hedy Doe.
    Seal the mobile of Amazing Doe into the webhooks of their company number (+12125550188).
    ");
}

#[test]
fn a_number_that_leads_elsewhere_is_rerouted_and_not_sealed_besides() {
    let elsewhere = routed(NUMBER, "twilify:00uada", "?employee=00ugrace");
    assert_eq!(
        planned_with_seal(vec![ada("+14155550100")], elsewhere, Some(&seal())),
        "Point the company number (+12125550199) of Ada Doe at the webhooks."
    );
}

#[test]
fn the_mobile_of_whoever_gets_a_number_is_ready_to_be_sealed() {
    let seal = seal();
    let rules = Rules { settings: &settings(), territory: &territory(), seal: Some(&seal), now: now() };
    let world =
        Observation { employees: vec![employee("Ada", "(415) 555-0100", "")], ..Observation::default() };
    let plan = plan(&world, &rules);
    let known = LastKnown { mobile: "+14155550100".parse().unwrap(), name: "Ada".to_owned() };
    assert!(plan.steps.iter().any(|it| it.change == Change::Buy && it.who.last_known == Some(known.clone())));
}

#[test]
fn of_two_numbers_the_one_that_is_about_to_be_assigned_has_the_seal() {
    let seal = seal();
    let mut world = a_world_with_grace(sealed("+14155550100", "Ada", 1));
    world.employees.push(employee("Ada", "+14155550100", ""));
    world.numbers.push(adas("+12125550111"));
    let planned = planned_in(&world, Some(&seal));
    let steps: Vec<_> = planned.lines().filter(|it| !it.starts_with("Note")).collect();
    let sealed = "Seal the mobile of Ada Doe into the webhooks of their company number (+12125550111).";
    let assigned = "Assign the company number bought earlier (+12125550111) to Ada Doe.";
    assert_eq!(steps, [UNSEAL, assigned, sealed]);
}
