//! Windows of hours and days as an operator meets them, on both sides of their edge.

use jiff::SignedDuration;
use sandbox::{Employee, Operator, World};

use super::a_company_with_numbers;

const AT_ONCE: SignedDuration = SignedDuration::ZERO;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The number that Ada gets.
const ADAS: &str = "+19253294109";

/// A company with numbers, whose clock can be moved.
async fn a_company_with_a_clock() -> (World, Operator) {
    let (world, _) = a_company_with_numbers().await;
    world.gets_a_clock().await.unwrap();
    let operator = world.operator();
    (world, operator)
}

/// What `twilify doctor` says of the schedule.
async fn schedule(operator: &Operator) -> String {
    let said = operator.run(&["doctor"]).await.result;
    said.lines().find(|it| it.contains(" schedule: ")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[tokio::test]
async fn a_schedule_that_has_stopped_is_noticed_after_twenty_five_hours() {
    let (world, operator) = a_company_with_a_clock().await;
    world.run_provisioner().await.unwrap();
    world.logged("ProvisionerRuns").await;
    for (time, expected) in [
        (AT_ONCE, "✓ schedule: a run came to its end a minute ago"),
        (59 * MINUTE, "✓ schedule: a run came to its end 59 minutes ago"),
        (24 * HOUR, "✓ schedule: a run came to its end 24 hours ago"),
        (2 * MINUTE, "✗ schedule: no run has come to its end for 25 hours"),
        (90 * DAY, "✗ schedule: no run has come to its end for 25 hours"),
    ] {
        world.clock.passes(time);
        assert_eq!(schedule(&operator).await, expected, "{} minutes later", time.as_mins());
    }
}

#[tokio::test]
async fn a_schedule_that_has_never_run_is_noticed_twenty_five_hours_after_the_deployment() {
    let (world, operator) = a_company_with_a_clock().await;
    world.deploys_provisioner();
    for (time, expected) in [
        (
            25 * HOUR - MINUTE,
            "– schedule: no run has come to its end since the last deployment; look again later",
        ),
        (2 * MINUTE, "✗ schedule: no run has come to its end for 25 hours"),
    ] {
        world.clock.passes(time);
        assert_eq!(schedule(&operator).await, expected, "{} minutes later", time.as_mins());
    }
}

#[tokio::test]
async fn a_number_whose_employee_is_missing_for_thirty_days_may_be_given_to_somebody_else_without_a_question()
{
    let (world, _) = a_company_with_numbers().await;
    world.configure("TWILIFY_RETIRE", "pool").await;
    world.gets_a_clock().await.unwrap();
    let operator = world.operator();
    world.okta.deletes("Ada");
    world.run_provisioner().await.unwrap();
    world.okta.hire(Employee::named("Hedy", "Lamarr").mobile("+14155550111"));
    for (time, status) in [(29 * DAY, 1), (DAY, 0)] {
        world.clock.passes(time);
        let said = operator.run(&["assign", ADAS, "Hedy", "--yes"]).await;
        assert_eq!(said.status, status, "{} minutes later: {said:?}", time.as_mins());
    }
}
