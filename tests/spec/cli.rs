//! `twilify`, the operator's program, as somebody in the IT department meets it.

mod asking;
mod doctor;
mod encrypting;
mod handing_over;
mod init;
mod one;
mod privacy;
mod provision;
mod readme;
mod rehearsal;
mod reports;
mod status;
mod storing;
mod terminal;
#[cfg(target_os = "linux")]
mod time;

use sandbox::{Employee, Operator, World};

use self::terminal::Terminal;
use crate::COMPANY_NUMBER;

/// A company that has nothing yet but three employees, and numbers to buy.
async fn a_new_company() -> World {
    let world = World::start().await.unwrap();
    world.ssm.clear();
    for (first, last, mobile) in [
        ("Randall", "Degges", "(818) 217-9229"),
        ("Ada", "Lovelace", "415.555.0177"),
        ("Grace", "Hopper", "+14155550188"),
    ] {
        world.okta.hire(Employee::named(first, last).mobile(mobile));
    }
    for number in [COMPANY_NUMBER, "+19253294109", "+19253294110"] {
        world.twilio.sells(number);
    }
    world
}

/// A company that is set up, but whose employees have no numbers yet, and its operator.
async fn a_company() -> (World, Operator) {
    let world = a_new_company().await;
    world.ssm.put("/twilify/okta/org-url", world.okta.url());
    world.ssm.put_secure("/twilify/okta/token", sandbox::OKTA_TOKEN);
    world.ssm.put("/twilify/twilio/account-sid", sandbox::TWILIO_ACCOUNT_SID);
    world.ssm.put_secure("/twilify/twilio/auth-token", sandbox::TWILIO_AUTH_TOKEN);
    world.ssm.put_secure("/twilify/seal-key", sandbox::SEAL_KEY);
    let operator = world.operator();
    (world, operator)
}

/// A company in which everybody has a number.
async fn a_company_with_numbers() -> (World, Operator) {
    let (world, operator) = a_company().await;
    world.run_provisioner().await.unwrap();
    (world, operator)
}

/// Answers all that `twilify init` asks.
async fn answer_all(terminal: &mut Terminal, world: &World) {
    terminal.answer("Okta org URL", world.okta.url()).await;
    terminal.answer("Okta API token", sandbox::OKTA_TOKEN).await;
    terminal.answer("Twilio account SID", sandbox::TWILIO_ACCOUNT_SID).await;
    terminal.answer("Twilio auth token", sandbox::TWILIO_AUTH_TOKEN).await;
    terminal.answer("Area codes", "925,415").await;
    terminal.answer("Public URL", world.url()).await;
}
