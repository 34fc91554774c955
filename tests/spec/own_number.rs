//! What somebody hears who calls a company number and shows its employee's own mobile: the employee, or somebody who
//! pretends to be them, to learn whether they have guessed the mobile.

use sandbox::World;

use crate::{CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada, calls::CONNECTED};

const OWN_NUMBER: &str = "\
The caller hears: This is your own company number. Calls to it ring this phone. Goodbye.
";

const NOT_AVAILABLE: &str = "The caller hears: Ada is not available. Goodbye.\n";

/// What networks say of a caller's number, but for the one value that vouches for it.
///
/// <https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir>
const UNPROVEN: [&str; 9] = [
    "",
    "TN-Validation-Passed-B",
    "TN-Validation-Passed-C",
    "TN-Validation-Passed-A-Diverted",
    "TN-Validation-Passed-A-Passthrough",
    "TN-Validation-Failed-A",
    "TN-Validation-Failed",
    "No-TN-Validation",
    "something new",
];

/// What the caller hears who shows Ada's mobile, of which the network says `verstat`.
async fn heard(world: &World, verstat: &str) -> String {
    let call = world.twilio.a_call(MOBILE, COMPANY_NUMBER);
    let call =
        if verstat.is_empty() { call.without("StirVerstat") } else { call.with("StirVerstat", verstat) };
    world.twilio.follow(call).await.to_string()
}

#[tokio::test]
async fn who_only_pretends_to_call_from_the_mobile_hears_what_everybody_hears_while_it_is_busy() {
    let world = a_world_with_ada().await;
    world.twilio.dials_end("busy");
    let rung = world.call(CALLER, COMPANY_NUMBER).await.to_string();
    assert_eq!(rung, format!("{CONNECTED}{NOT_AVAILABLE}"));
    let busy = rung.lines().filter(|line| !line.contains("rings")).map(|line| format!("{line}\n"));
    let busy = busy.collect::<String>();
    for verstat in UNPROVEN {
        assert_eq!(heard(&world, verstat).await, busy, "{verstat}");
    }
    world.logged("a call claims to come from the employee's own mobile").await;
}

/// Twilio answers a call that is to wait first only when it has waited: the caller hears it ring.
#[tokio::test]
async fn without_a_greeting_they_hear_it_ring_as_long_as_a_mobile_rings_that_nobody_answers() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_GREETING", "off").await;
    world.configure("TWILIFY_RING_SECONDS", "20").await;
    let rings = "The caller hears ringing for 25 seconds\n";
    assert_eq!(heard(&world, "No-TN-Validation").await, format!("{rings}{NOT_AVAILABLE}"));
}

#[tokio::test]
async fn an_employee_whose_network_vouches_for_the_call_is_told_that_it_is_their_own_number() {
    let world = a_world_with_ada().await;
    assert_eq!(heard(&world, "TN-Validation-Passed-A").await, OWN_NUMBER);
    world.throttles("/call-forward", 1);
    assert_eq!(heard(&world, "TN-Validation-Passed-A").await, OWN_NUMBER);
}

#[tokio::test]
async fn a_caller_for_whom_no_network_vouches_is_connected_all_the_same() {
    let world = a_world_with_ada().await;
    for verstat in UNPROVEN {
        let call = world.twilio.a_call(CALLER, COMPANY_NUMBER).with("StirVerstat", verstat);
        assert_eq!(world.twilio.follow(call).await.to_string(), CONNECTED, "{verstat}");
    }
}

/// A caller who can make up a number can also make up the phone that sent the call on.
#[tokio::test]
async fn a_call_that_the_mobile_seems_to_have_sent_on_is_not_sent_back_and_tells_no_more_than_a_busy_mobile()
{
    let world = a_world_with_ada().await;
    let sent_on = || world.twilio.a_call(CALLER, COMPANY_NUMBER).with("ForwardedFrom", MOBILE);
    let busy = format!("The caller hears: Please wait. You are being connected to Ada.\n{NOT_AVAILABLE}");
    assert_eq!(world.twilio.follow(sent_on()).await.to_string(), busy);
    world.configure("TWILIFY_GREETING", "off").await;
    assert_eq!(world.twilio.follow(sent_on()).await.to_string(), NOT_AVAILABLE);
    world.logged("it forwards its calls to the company number").await;
}
