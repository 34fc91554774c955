//! The world around the functions, on loopback: Okta, Twilio, SSM, API Gateway and Lambda.
//!
//! A [`World`] speaks the vendors' own HTTP and is as strict as they are; the functions run in it
//! as the unmodified binaries that are deployed. Things happen through verbs:
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use sandbox::{Employee, World};
//!
//! let world = World::start().await?;
//! world.okta.hire(Employee::named("Ada", "Lovelace").mobile("(415) 555-0100"));
//! world.twilio.sells("+19253294108");
//! world.run_provisioner().await.unwrap();
//! println!("{}", world.call("+14155550123", "+19253294108").await);
//! # Ok(())
//! # }
//! ```

mod aws;
mod clock;
mod line;
mod okta;
mod operator;
mod server;
mod stranger;
mod twilio;
mod world;

pub use self::{
    aws::{
        binaries::{binary, build_as_deployed},
        lambda::{Failed, Usage},
        sqs::Queues,
        ssm::Ssm,
    },
    clock::Clock,
    okta::{API_TOKEN as OKTA_TOKEN, Corrupt, Employee, Hidden, Okta, Refuses},
    operator::{Operator, Said},
    server::{Action, Fault, Health},
    stranger::{Stranger, Visit},
    twilio::{
        ACCOUNT_SID as TWILIO_ACCOUNT_SID, API_KEY_SECRET as TWILIO_API_KEY_SECRET,
        API_KEY_SID as TWILIO_API_KEY_SID, AUTH_TOKEN as TWILIO_AUTH_TOKEN, Answer, Call, Delivery,
        FallbackFields, File, Heard, MESSAGING_SERVICE_SID, Message, Number, Quirks, Standing, Twilio,
    },
    world::{SEAL_KEY, World},
};

/// Prints a line for the person in front of the terminal.
#[expect(clippy::print_stdout, reason = "the sandbox and the demo talk to a person")]
pub fn say(line: &str) {
    println!("{line}");
}
