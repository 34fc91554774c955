//! `cargo sandbox`: the world stays, and its gateway takes requests from whoever likes to try.
//!
//! With `--new` it is that of a company which has nothing yet, for an operator to set up; a number is the port of
//! the gateway.

use anyhow::{Context as _, Result};
use sandbox::{Employee, World, say};

/// Where the gateway is, unless an argument names another port.
const PORT: u16 = 9925;

/// Where the environment of the functions is written, for `cargo lambda watch`.
const ENV_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/sandbox.env");

const CALLER: &str = "+14155550123";

#[tokio::main]
async fn main() -> Result<()> {
    let (mut port, mut is_new) = (PORT, false);
    for argument in std::env::args().skip(1) {
        match &*argument {
            "--new" => is_new = true,
            number => {
                port = number.parse().with_context(|| format!("{number} is neither --new nor the number of a port; say: cargo sandbox [--new] [PORT]"))?;
            }
        }
    }
    say("Starting; the first time this builds the functions, which takes a few minutes …");
    let world = World::start_at(port, true).await?;
    world.okta.hire(Employee::named("Randall", "Degges").mobile("(818) 217-9229"));
    world.okta.hire(Employee::named("Ada", "Lovelace").mobile("415.555.0177"));
    world.okta.hire(Employee::named("Grace", "Hopper").mobile("+14155550188"));
    for last in 4108..4120 {
        world.twilio.sells(&format!("+1925329{last}"));
    }
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target"))?;
    std::fs::write(ENV_FILE, world.env_file())?;
    if is_new {
        world.ssm.clear();
        introduce_operator(&world);
        tokio::signal::ctrl_c().await?;
        return Ok(());
    }
    say("Giving everybody a company number …");
    let report = world.run_provisioner().await.map_err(|failed| anyhow::anyhow!(failed.message))?;
    for change in report["changes"].as_array().into_iter().flatten() {
        say(&format!("  {}", change["text"].as_str().unwrap_or_default()));
    }
    let [number, ..] = &world.twilio.owned()[..] else { anyhow::bail!("no number was bought") };
    let number = number.phone_number.as_str();
    say(&format!(
        "
Okta          {okta}
Twilio        {twilio}
SSM           {ssm}
API Gateway   {gateway}

Somebody calls {number}, signed as Twilio signs:
{call}

Somebody texts it:
{text}

The list of users that the provisioner reads:
curl -s -H 'Accept: application/json' -H 'Authorization: SSWS {token}' '{okta}/api/v1/users'

The messages that were sent:
curl -s -u {account}:{auth_token} '{twilio}/2010-04-01/Accounts/{account}/Messages.json'

Change anything in a webhook and it is refused with 403. The same text once more is not forwarded
again: Twilio repeats itself sometimes.
",
        okta = world.okta.url(),
        twilio = world.twilio.url(),
        ssm = world.ssm.url(),
        gateway = world.url(),
        call = world.twilio.a_call(CALLER, number).curl(&world.twilio),
        text = world.twilio.a_text(CALLER, number, "Lunch at noon?").curl(&world.twilio),
        token = sandbox::OKTA_TOKEN,
        account = sandbox::TWILIO_ACCOUNT_SID,
        auth_token = sandbox::TWILIO_AUTH_TOKEN,
    ));
    introduce_operator(&world);
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Tells how to be the operator of this world, in another terminal.
fn introduce_operator(world: &World) {
    let variables: Vec<_> = world.access().iter().map(|(name, value)| format!("{name}={value}")).collect();
    say(&format!(
        "To run twilify, in another terminal:
export {variables}
cargo twilify init

What it asks for:
Okta org URL         {okta}
Okta API token       {token}
Twilio account SID   {account}
Twilio auth token    {auth_token}
area codes           925,415
public URL           {gateway}

Ctrl-C ends the world.
",
        variables = variables.join(" "),
        okta = world.okta.url(),
        token = sandbox::OKTA_TOKEN,
        account = sandbox::TWILIO_ACCOUNT_SID,
        auth_token = sandbox::TWILIO_AUTH_TOKEN,
        gateway = world.url(),
    ));
}
