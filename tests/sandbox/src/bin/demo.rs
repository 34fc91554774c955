//! `scripts/demo`: a company gets its phones, and somebody calls.

use std::io::IsTerminal as _;

use anyhow::{Context as _, Result, anyhow, ensure};
use sandbox::{Call, Employee, Fault, Heard, Message, World, say};

const CALLER: &str = "+14155550123";

/// How the demo is coloured: on a terminal only.
struct Style {
    coloured: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let style = Style::of_standard_output();
    let world = World::start().await?;

    style.heading("Three employees in Okta");
    for (first, last, mobile) in [
        ("Randall", "Degges", "(818) 217-9229"),
        ("Ada", "Lovelace", "415.555.0177"),
        ("Grace", "Hopper", "+14155550188"),
    ] {
        world.okta.hire(Employee::named(first, last).mobile(mobile));
        style.line(&format!("{first} {last}"), &format!("mobile {mobile}"));
    }
    for number in ["+19253294108", "+19253294109", "+19253294110"] {
        world.twilio.sells(number);
    }

    style.heading("The schedule runs the provisioner");
    let report = world.run_provisioner().await.map_err(|failed| anyhow!(failed.message))?;
    for change in report["changes"].as_array().context("a report has changes")? {
        style.good(change["text"].as_str().unwrap_or_default());
    }
    let number = world.okta.profile("Randall", "primaryPhone").context("Randall has a company number")?;

    style.heading(&format!("Somebody ({CALLER}) calls Randall's company number"));
    style.call(&world.call(CALLER, &number).await)?;

    style.heading("Okta is down: somebody calls Ada, by what was last known, and she does not answer");
    world.okta.health.fails(Fault::Answers(503, ""));
    world.twilio.dials_end("no-answer");
    let adas = world.okta.profile("Ada", "primaryPhone").context("Ada has a company number")?;
    style.call(&world.call(CALLER, &adas).await)?;
    world.okta.health.recovers();

    style.heading("Somebody texts Randall's company number");
    world.text(CALLER, &number, "Lunch at noon? 🥪").await;
    let inbox = world.twilio.inbox("+18182179229");
    let [Message { from, to, body, .. }] = &inbox[..] else {
        return Err(anyhow!("{} messages arrived", inbox.len()));
    };
    style.line("arrives at", &format!("{to}, from {from}"));
    for (index, line) in body.lines().enumerate() {
        style.line(if index == 0 { "and says" } else { "" }, line);
    }

    style.heading("Lambda is down while somebody sends Randall a picture, and then it is back");
    world.lambda_is_down(true);
    world.twilio.picture(CALLER, &number, "See the view!", &[("image/jpeg", b"a view")]).await;
    style.line("waits in the queue", &format!("{} message", world.late.waiting()));
    world.lambda_is_down(false);
    let inbox = world.twilio.inbox_of("+18182179229", 2).await;
    for message in &inbox[1..] {
        style.line("arrives once", &message.body.replace("\n\n", " / "));
        let files = message.media.iter().map(|it| format!("{}, {} bytes", it.content_type, it.bytes.len()));
        style.line("with", &files.collect::<Vec<_>>().join(" and "));
    }

    style.heading("Somebody who is not Twilio claims that there is a call");
    let forged = world.twilio.a_call(CALLER, &number).signed_with("a guess");
    let answer = world.twilio.deliver(&forged).await;
    ensure!(answer.status == 403, "a forged request was answered with {}", answer.status);
    style.line("is answered", "403 Forbidden, and nothing rings");
    say("");
    Ok(())
}

impl Style {
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is not a setting of ours: https://no-color.org")]
    fn of_standard_output() -> Self {
        Self { coloured: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    fn heading(&self, text: &str) {
        say("");
        say(&self.coloured("1", text));
    }

    fn line(&self, label: &str, text: &str) {
        say(&format!("  {} {text}", self.coloured("2", &format!("{label:<18}"))));
    }

    fn call(&self, call: &Call) -> Result<()> {
        for heard in &call.script {
            match heard {
                Heard::Says(text) => self.line("the caller hears", &format!("“{text}”")),
                Heard::Rings { number, caller_id } => {
                    self.line("then rings", &format!("{number}, showing {caller_id}"));
                }
                Heard::Waits { hears, seconds } => {
                    self.line("the caller hears", &format!("{hears} for {seconds} seconds"));
                }
                Heard::Refused { number, caller_id } => {
                    self.line("does not ring", &format!("{number}, showing {caller_id}"));
                }
                Heard::ApplicationError(error) => return Err(anyhow!("the call failed: {error}")),
            }
        }
        Ok(())
    }

    fn good(&self, text: &str) {
        say(&format!("  {} {text}", self.coloured("32", "✓")));
    }

    fn coloured(&self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
