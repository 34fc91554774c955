//! The note on a number that its employee has texted STOP: it stays as long as the number is theirs, and no longer.

use sandbox::{Employee, World};

use crate::{COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// Whether a run tells that somebody has texted STOP.
async fn is_told(world: &World) -> bool {
    let report = world.run_provisioner().await.unwrap();
    report["findings"].to_string().contains("has texted STOP")
}

/// Points Ada's number elsewhere, so that the next run leads it back.
fn leads_elsewhere(world: &World) {
    world.twilio.change(COMPANY_NUMBER, |it| "https://elsewhere.example.com/".clone_into(&mut it.voice_url));
}

#[tokio::test]
async fn a_number_that_is_led_back_keeps_the_note_that_its_employee_wants_no_texts() {
    let world = a_world_with_ada().await;
    leads_elsewhere(&world);
    assert!(!is_told(&world).await);
    assert!(!is_told(&world).await, "nobody has texted STOP");
    world.text(MOBILE, COMPANY_NUMBER, "STOP").await;
    leads_elsewhere(&world);
    assert!(is_told(&world).await);
    assert!(is_told(&world).await, "texts are lost, and nobody is told");
}

#[tokio::test]
async fn a_number_that_goes_to_somebody_else_does_not_keep_the_note() {
    for label in ["twilify:pool", "Ada's old line"] {
        let world = a_world_with_ada().await;
        world.text(MOBILE, COMPANY_NUMBER, "STOP").await;
        world.okta.leaves("Ada", 0);
        world.twilio.change(COMPANY_NUMBER, |it| label.clone_into(&mut it.friendly_name));
        let grace = Employee::named("Grace", "Hopper").mobile("+14155550111");
        let adopts = label != "twilify:pool";
        world.okta.hire(if adopts { grace.company_number(COMPANY_NUMBER) } else { grace });
        world.run_provisioner().await.unwrap();
        assert_eq!(world.okta.profile("Grace", "primaryPhone").as_deref(), Some(COMPANY_NUMBER), "{label}");
        assert!(!is_told(&world).await, "{label}: she has not texted STOP");
    }
}
