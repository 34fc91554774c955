//! Where secrets must not be: on the list of processes, in what is printed, in files of others.

use std::{fs, path::Path, time::Duration};

use sandbox::{Fault, Operator, Said};

use super::{Terminal, a_new_company, answer_all};

/// Secrets of the sandbox.
const SECRETS: [&str; 3] = [sandbox::OKTA_TOKEN, sandbox::TWILIO_AUTH_TOKEN, sandbox::TWILIO_API_KEY_SECRET];

/// The command line of a process, as everybody on the machine can read it.
fn command_line(process: u32) -> String {
    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

pub(super) fn assert_secretless(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {what}:\n{text}");
    }
}

#[tokio::test]
async fn what_is_typed_as_a_secret_appears_nowhere() {
    let world = a_new_company().await;
    let operator = world.operator();
    let mut terminal = Terminal::run(&operator, &["init"]);
    answer_all(&mut terminal, &world).await;
    assert_secretless("the list of processes", &command_line(terminal.process()));
    terminal.wait_for_text("What comes next").await;
    assert_secretless("everything that was ever on the screen", &terminal.everything());
    assert_eq!(terminal.ended().await.1, 0);
    for arguments in
        [&["init", "--yes"][..], &["plan"], &["plan", "--json"], &["status", "--json"], &["doctor"]]
    {
        let Said { result, remarks, .. } = operator.run(arguments).await;
        assert_secretless(&arguments.join(" "), &format!("{result}{remarks}"));
    }
    let (_, key, _) = world.ssm.stored("/twilify/seal-key").unwrap();
    assert!(!operator.run(&["init", "--yes"]).await.result.contains(&key), "the seal key is shown");
    assert_eq!(files_below(operator.home()), Vec::<String>::new(), "nothing is left behind");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_secret_on_the_command_line_is_off_the_list_of_processes_before_anything_else_happens() {
    let world = a_new_company().await;
    let operator = world.operator();
    world.okta.health.fails_when(|it| it.contains("/api/v1/users"), Fault::Takes(Duration::from_secs(2)));
    let arguments = [
        "plan",
        "-yo",
        sandbox::OKTA_TOKEN,
        &format!("--twilio-auth-token={}", sandbox::TWILIO_AUTH_TOKEN),
        "-u",
        world.okta.url(),
        "-s",
        sandbox::TWILIO_ACCOUNT_SID,
        "-p",
        "925",
    ];
    let terminal = Terminal::run(&operator, &arguments);
    terminal.wait_for_text("Looking at Okta and Twilio").await;
    let line = command_line(terminal.process());
    assert!(line.contains(" plan ") && line.contains("925"), "{line}");
    assert_secretless("the list of processes", &line);
    let (screen, status) = terminal.ended().await;
    assert!(
        screen.contains(
            "A secret on the command line stays in the history of your shell; better put it into OKTA_TOKEN."
        ),
        "{screen}"
    );
    assert!(status == 0 && screen.contains("3 to buy"), "{screen}");
}

#[tokio::test]
async fn an_error_tells_no_secret_even_if_the_vendor_does() {
    let world = a_new_company().await;
    let with = |operator: Operator, name: &str, value: &str| operator.with(name, value);
    let operator = with(world.operator(), "OKTA_ORG_URL", world.okta.url());
    let operator = with(operator, "OKTA_TOKEN", sandbox::OKTA_TOKEN);
    let operator = with(operator, "TWILIO_ACCOUNT_SID", sandbox::TWILIO_ACCOUNT_SID);
    let operator = with(operator, "TWILIO_AUTH_TOKEN", sandbox::TWILIO_AUTH_TOKEN);
    let operator = with(operator, "TWILIFY_AREA_CODES", "925");
    for fault in [Fault::Answers(401, "{}"), Fault::Answers(500, "<html>"), Fault::Cuts] {
        world.okta.health.fails(fault.clone());
        world.twilio.health.fails(fault);
        for arguments in [&["init"][..], &["plan"], &["doctor"]] {
            let Said { result, remarks, status } = operator.run(arguments).await;
            assert_eq!(status, 1, "{arguments:?}");
            assert_secretless(&arguments.join(" "), &format!("{result}{remarks}"));
        }
    }
    assert!(!operator.run(&["--help"]).await.result.contains(sandbox::OKTA_TOKEN));
}

fn files_below(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.display().to_string()).collect()
}

#[tokio::test]
async fn the_help_shows_no_secret_of_the_environment() {
    let operator = a_new_company()
        .await
        .operator()
        .with("OKTA_TOKEN", sandbox::OKTA_TOKEN)
        .with("TWILIO_AUTH_TOKEN", sandbox::TWILIO_AUTH_TOKEN)
        .with("TWILIO_API_KEY_SECRET", sandbox::TWILIO_API_KEY_SECRET);
    let help = operator.run(&["--help"]).await.result;
    assert!(["OKTA_TOKEN", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SECRET"].iter().all(|it| help.contains(it)));
    assert_secretless("the help", &help);
}
