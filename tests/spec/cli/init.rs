//! The set-up.

use std::{fs, os::unix::fs::PermissionsExt as _};

use insta::assert_snapshot;
use sandbox::{Said, World};

use super::{Terminal, a_company, a_new_company, answer_all};

/// What is on the screen from the line that begins with `first` on.
fn from<'a>(first: &str, screen: &'a str) -> &'a str {
    let begin = screen.lines().find(|line| line.starts_with(first)).expect("there is such a line");
    &screen[begin.as_ptr() as usize - screen.as_ptr() as usize..]
}

/// All answers as flags, with what `change` makes of them.
pub(super) async fn init(world: &World, change: &[(&str, &str)]) -> Said {
    let mut answers = vec![
        ("OKTA_ORG_URL", world.okta.url()),
        ("OKTA_TOKEN", sandbox::OKTA_TOKEN),
        ("TWILIO_ACCOUNT_SID", sandbox::TWILIO_ACCOUNT_SID),
        ("TWILIO_AUTH_TOKEN", sandbox::TWILIO_AUTH_TOKEN),
        ("TWILIFY_AREA_CODES", "925"),
    ];
    answers.extend(change);
    let operator =
        answers.iter().fold(world.operator(), |operator, (name, value)| operator.with(name, value));
    operator.run(&["init"]).await
}

pub(super) fn stored(world: &World, name: &str) -> (String, String) {
    let (kind, value, _) = world.ssm.stored(name).expect("it is stored");
    (kind, value)
}

#[tokio::test]
async fn whatever_is_answered_is_checked_at_once_and_asked_again_if_it_is_wrong() {
    let world = a_new_company().await;
    let mut terminal = Terminal::run(&world.operator(), &["init"]);
    for wrong in [
        "http://example.okta.com",
        "https://example-admin.okta.com",
        "https://{yourOktaDomain}",
        "https://example.okta.com/api/v1",
        world.twilio.url(),
    ] {
        terminal.answer("Okta org URL", wrong).await;
    }
    terminal.answer("Okta org URL", world.okta.url()).await;
    terminal.answer("Okta API token", "00wrong").await;
    terminal.answer("Okta API token", sandbox::OKTA_TOKEN).await;
    terminal.answer("Twilio account SID", "SK00000000000000000000000000000000").await;
    terminal.answer("Twilio account SID", sandbox::TWILIO_ACCOUNT_SID).await;
    terminal.answer("Twilio auth token", "wrong").await;
    terminal.answer("Twilio account SID", "AC11111111111111111111111111111111").await;
    terminal.answer("Twilio auth token", sandbox::TWILIO_AUTH_TOKEN).await;
    terminal.answer("Twilio account SID", sandbox::TWILIO_ACCOUNT_SID).await;
    terminal.answer("Twilio auth token", sandbox::TWILIO_AUTH_TOKEN).await;
    for wrong in ["", "92", "925;415", "999"] {
        terminal.answer("Area codes", wrong).await;
    }
    terminal.answer("Area codes", "925, 415").await;
    terminal.answer("Public URL", "http://phones.example.com").await;
    terminal.answer("Public URL", "").await;
    let (screen, status) = terminal.ended().await;
    assert_eq!(status, 0, "{screen}");
    let screen = screen.replace(world.okta.url(), "OKTA").replace(world.twilio.url(), "TWILIO");
    let asked = from("What to set", &screen).split("\nWhat is set now").next().unwrap();
    assert_snapshot!(asked);
    assert_eq!(stored(&world, "/twilify/area-codes"), ("String".to_owned(), "925,415".to_owned()));
    assert_eq!(world.ssm.stored("/twilify/public-url"), None);
}

#[tokio::test]
async fn secrets_are_stored_encrypted_and_the_rest_in_the_clear() {
    let world = a_new_company().await;
    let said = init(&world, &[("TWILIFY_PUBLIC_URL", world.url())]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let text = |kind: &str, value: &str| (kind.to_owned(), value.to_owned());
    assert_eq!(stored(&world, "/twilify/okta/org-url"), text("String", world.okta.url()));
    assert_eq!(stored(&world, "/twilify/okta/token"), text("SecureString", sandbox::OKTA_TOKEN));
    assert_eq!(stored(&world, "/twilify/twilio/account-sid"), text("String", sandbox::TWILIO_ACCOUNT_SID));
    assert_eq!(
        stored(&world, "/twilify/twilio/auth-token"),
        text("SecureString", sandbox::TWILIO_AUTH_TOKEN)
    );
    assert_eq!(stored(&world, "/twilify/area-codes"), text("String", "925"));
    assert_eq!(stored(&world, "/twilify/public-url"), text("String", world.url()));
    let (kind, key) = stored(&world, "/twilify/seal-key");
    assert_eq!((kind.as_str(), key.len()), ("SecureString", 44));
    // What was stored is what the functions need.
    world.run_provisioner().await.unwrap();
    assert_eq!(world.twilio.purchases(), 3);
}

#[tokio::test]
async fn a_second_time_it_shows_what_is_set_and_keeps_what_is_not_changed() {
    let world = a_new_company().await;
    init(&world, &[("TWILIFY_PUBLIC_URL", world.url())]).await;
    let key = stored(&world, "/twilify/seal-key");
    let mut terminal = Terminal::run(&world.operator(), &["--init"]);
    for prompt in ["Okta org URL", "Okta API token", "Twilio account SID", "Twilio auth token"] {
        terminal.answer(prompt, "").await;
    }
    terminal.answer("Area codes", "415").await;
    terminal.answer("Public URL", "").await;
    let (screen, status) = terminal.ended().await;
    assert_eq!(status, 0, "{screen}");
    let screen = screen
        .replace(world.okta.url(), "OKTA-ADDRESS-OF-22-CHA")
        .replace(world.url(), "API-ADDRESS-OF-22-CHAR");
    assert_snapshot!(screen);
    assert_eq!(stored(&world, "/twilify/area-codes").1, "415");
    assert_eq!(stored(&world, "/twilify/okta/token").1, sandbox::OKTA_TOKEN);
    assert_eq!(stored(&world, "/twilify/seal-key"), key);
}

#[tokio::test]
async fn a_key_of_ones_own_encrypts_all_secrets_and_nothing_else() {
    let world = a_new_company().await;
    init(&world, &[]).await;
    let said = init(&world, &[("TWILIFY_KEY_ID", "alias/phones")]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let key = |name: &str| world.ssm.stored(name).unwrap().2;
    for name in ["okta/token", "twilio/auth-token", "seal-key"] {
        assert_eq!(key(&format!("/twilify/{name}")).as_deref(), Some("alias/phones"), "{name}");
    }
    assert_eq!(key("/twilify/okta/org-url"), None);
}

#[tokio::test]
async fn a_key_of_ones_own_is_kept_when_a_secret_is_replaced_later() {
    let world = a_new_company().await;
    init(&world, &[("TWILIFY_KEY_ID", "alias/phones")]).await;
    world.ssm.put_with_key("/twilify/okta/token", "00old", "alias/phones");
    let said = init(&world, &[]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let (kind, value, key) = world.ssm.stored("/twilify/okta/token").unwrap();
    assert_eq!((kind.as_str(), value.as_str()), ("SecureString", sandbox::OKTA_TOKEN));
    assert_eq!(key.as_deref(), Some("alias/phones"));
}

#[tokio::test]
async fn what_the_template_asks_for_is_told_in_the_form_that_it_takes() {
    let world = a_new_company().await;
    let said = init(
        &world,
        &[
            ("TWILIFY_AREA_CODES", " 925, 415 "),
            ("TWILIFY_PUBLIC_URL", "https://phones.example.com/"),
            ("TWILIFY_PARAMETER_PATH", "/phones"),
            ("TWILIFY_KEY_ID", "alias/phones"),
        ],
    )
    .await;
    for line in [
        "  AreaCodes: 925,415\n",
        "  PublicUrl: https://phones.example.com\n",
        "  ParameterPath: /phones\n",
        "  ParameterKeyArn: the ARN of your key",
    ] {
        assert!(said.result.contains(line), "{said:?}");
    }
    assert_eq!(stored(&world, "/phones/area-codes").1, "925,415");
}

#[tokio::test]
async fn an_api_key_is_checked_as_well_and_half_of_one_is_none() {
    let key = ("TWILIO_API_KEY_SID", sandbox::TWILIO_API_KEY_SID);
    let secret = ("TWILIO_API_KEY_SECRET", sandbox::TWILIO_API_KEY_SECRET);
    for (answers, complaint) in [
        (&[key, secret][..], ""),
        (
            &[key, ("TWILIO_API_KEY_SECRET", "wrong")],
            "error: --twilio-api-key-secret is no good: Twilio answered GET",
        ),
        (&[key], "error: an API key needs a secret; say TWILIO_API_KEY_SECRET in the environment"),
        (&[secret], "error: an API key needs a SID; say --twilio-api-key-sid"),
    ] {
        let world = a_new_company().await;
        let said = init(&world, answers).await;
        assert!(said.remarks.starts_with(complaint), "{said:?}");
        assert_eq!(world.ssm.stored("/twilify/twilio/api-key-secret").is_some(), complaint.is_empty());
    }
}

#[tokio::test]
async fn what_else_is_below_the_path_is_neither_read_nor_shown() {
    let (world, operator) = a_company().await;
    for name in ["/twilify/staging/okta/token", "/twilify/twilio/auth-token.old"] {
        world.ssm.put_secure(name, "somebody-elses-secret");
    }
    let said = operator.run(&["init", "--yes", "-p", "925"]).await;
    assert!(said.status == 0 && !said.result.contains("somebody-elses"), "{said:?}");
}

#[tokio::test]
async fn where_aws_refuses_somebody_no_file_is_offered_in_its_place() {
    let (_world, operator) = a_company().await;
    let terminal = Terminal::run(&operator.with("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE"), &["init"]);
    let (screen, status) = terminal.ended().await;
    assert!(status == 1 && screen.contains("UnrecognizedClientException"), "{screen}");
}

#[tokio::test]
async fn a_wrong_answer_that_was_given_beforehand_is_named_and_nothing_is_stored() {
    for (variable, value, complaint) in [
        (
            "OKTA_ORG_URL",
            "https://example-admin.okta.com",
            "error: --okta-org-url is no good: this is the admin console; the org is https://example.okta.com\n",
        ),
        ("OKTA_TOKEN", "00wrong", "error: --okta-token is no good: Okta does not take this token\n"),
        (
            "TWILIO_ACCOUNT_SID",
            "AC123",
            "error: --twilio-account-sid is no good: not AC and 32 hexadecimal digits\n",
        ),
        (
            "TWILIFY_AREA_CODES",
            "925,999",
            "error: --area-codes is no good: there is no area code 999 in the United States or Canada\n",
        ),
    ] {
        let world = a_new_company().await;
        let said = init(&world, &[(variable, value)]).await;
        assert_eq!((said.remarks.as_str(), said.status), (complaint, 1), "{variable}");
        assert_eq!(world.ssm.stored("/twilify/okta/org-url"), None, "{variable}");
    }
}

#[tokio::test]
async fn where_nobody_can_be_asked_what_is_missing_is_named_with_its_flag() {
    let world = a_new_company().await;
    let said = init(&world, &[("TWILIO_AUTH_TOKEN", "")]).await;
    assert_eq!(
        (said.remarks.as_str(), said.status),
        ("error: twilio/auth-token is needed; nobody is there to be asked, so say --twilio-auth-token\n", 1)
    );
    assert_eq!(world.ssm.stored("/twilify/okta/org-url"), None);
}

#[tokio::test]
async fn whoever_gives_up_in_the_middle_has_stored_nothing() {
    let world = a_new_company().await;
    let mut terminal = Terminal::run(&world.operator(), &["init"]);
    terminal.answer("Okta org URL", world.okta.url()).await;
    terminal.wait_for_question("Okta API token").await;
    terminal.press("\u{3}");
    let (screen, status) = terminal.ended().await;
    assert!(screen.ends_with("Nothing was changed."), "{screen}");
    assert_eq!((status, world.ssm.stored("/twilify/okta/org-url")), (130, None));
}

#[tokio::test]
async fn without_aws_the_settings_are_kept_in_a_file_that_nobody_else_can_read() {
    let world = a_new_company().await;
    let operator = world.operator().without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    let mut terminal = Terminal::run(&operator, &["init"]);
    terminal.answer("Keep the settings in a file on this machine instead?", "y").await;
    answer_all(&mut terminal, &world).await;
    let (screen, status) = terminal.ended().await;
    assert_eq!(status, 0, "{screen}");
    let file = operator.home().join(".config/twilify/config.toml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let said = operator.run(&["provision", "--yes"]).await;
    assert_eq!((said.status, world.twilio.purchases()), (0, 3), "{said:?}");
    assert!(said.remarks.starts_with(&format!("Settings: {}\n", file.display())), "{said:?}");
    assert_eq!(world.ssm.health_for_operators.requests().len(), 0, "nobody has asked AWS");
}

#[tokio::test]
async fn a_file_that_others_can_read_is_not_used_and_a_new_one_does_not_inherit_its_rights() {
    let world = a_new_company().await;
    let operator = world.operator();
    let run = async |arguments: &[&str]| operator.run(arguments).await;
    let answers = [
        "init",
        "--local",
        "-u",
        world.okta.url(),
        "-o",
        sandbox::OKTA_TOKEN,
        "-s",
        sandbox::TWILIO_ACCOUNT_SID,
        "-t",
        sandbox::TWILIO_AUTH_TOKEN,
        "-p",
        "925",
        "-f",
        world.url(),
    ];
    assert_eq!(run(&answers).await.status, 0);
    let file = operator.home().join(".config/twilify/config.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = run(&["plan"]).await;
    let complaint = format!(
        "error: {file} has secrets in it, and others may read it (mode 644); run: chmod 600 {file}\n",
        file = file.display()
    );
    assert!(said.status == 1 && said.remarks.ends_with(&complaint), "{said:?}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(file.with_extension("toml.new"), "left behind").unwrap();
    assert_eq!(run(&["init", "--yes", "-p", "415"]).await.status, 0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&file).unwrap().contains("area-codes = \"415\""));
    fs::write(&file, "okta-token = 00secret").unwrap();
    let said = run(&["plan"]).await;
    assert!(said.status == 1 && !said.remarks.contains("00secret"), "{said:?}");
}

#[tokio::test]
async fn who_may_not_read_the_parameters_learns_what_aws_says() {
    let (_world, operator) = a_company().await;
    let said = operator.with("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE").run(&["plan"]).await;
    assert_snapshot!(said.remarks, @r"
    Settings: AWS Systems Manager, below /twilify in us-east-1
    error: could not read the parameters in AWS Systems Manager, below /twilify in us-east-1: UnrecognizedClientException: The security token included in the request is invalid.
    ");
    assert_eq!(said.status, 1);
}

#[tokio::test]
async fn before_anything_is_set_every_command_says_what_to_do() {
    let world = a_new_company().await;
    world.ssm.delete("/twilify/deployment/provisioner");
    let said = world.operator().run(&["plan"]).await;
    assert_snapshot!(said.remarks, @r"
    Settings: AWS Systems Manager, below /twilify in us-east-1
    error: these are not set: okta/org-url, okta/token, twilio/account-sid, twilio/auth-token; run: twilify init
    ");
}

#[tokio::test]
async fn a_flag_that_cannot_be_right_is_named_before_anything_is_asked() {
    let (_world, operator) = a_company().await;
    for (arguments, complaint) in [
        (
            ["plan", "--area-codes", "abc"],
            "invalid value 'abc' for '--area-codes <AREA_CODES>': not a North American area code",
        ),
        (
            ["plan", "-f", "http://phones.example.com"],
            "for '--public-url <PUBLIC_URL>': http:// is for this machine only",
        ),
        (["plan", "--retire", "burn"], "for '--retire <RETIRE>': not keep, pool or release"),
        (["plan", "--max-purchases", "many"], "for '--max-purchases <MAX_PURCHASES>'"),
        (["plan", "--country", "America"], "for '--country <COUNTRY>': not a two-letter country code"),
        (["release", "call me", "--yes"], "invalid value 'call me' for '<NUMBER>': it is not a phone number"),
    ] {
        let said = operator.run(&arguments).await;
        assert!(said.status == 2 && said.remarks.contains(complaint), "{arguments:?}: {said:?}");
    }
    let said = operator.with("TWILIFY_PUBLIC_URL", "").run(&["plan", "-p", "925"]).await;
    assert!(said.remarks.contains("said here: TWILIFY_AREA_CODES"), "{said:?}");
}
