//! Where the settings and secrets are kept, and who can read them there.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
};

use sandbox::{Fault, Operator, Said, World};

use super::{a_new_company, doctor::complaints, init::init, privacy::assert_secretless};

/// Everything that `init` stores, and as what. A secret that is stored as a `String` can be read without the right to decrypt.
const STORED: [(&str, &str); 9] = [
    ("area-codes", "String"),
    ("okta/org-url", "String"),
    ("okta/token", "SecureString"),
    ("public-url", "String"),
    ("seal-key", "SecureString"),
    ("twilio/account-sid", "String"),
    ("twilio/api-key-secret", "SecureString"),
    ("twilio/api-key-sid", "String"),
    ("twilio/auth-token", "SecureString"),
];

/// The secrets.
fn secrets() -> impl Iterator<Item = &'static str> {
    STORED.into_iter().filter(|(_, kind)| *kind == "SecureString").map(|(name, _)| name)
}

/// Stores everything that can be stored, and `more`.
async fn store_everything(world: &World, more: &[(&str, &str)]) -> Said {
    let key = [
        ("TWILIFY_PUBLIC_URL", world.url()),
        ("TWILIO_API_KEY_SID", sandbox::TWILIO_API_KEY_SID),
        ("TWILIO_API_KEY_SECRET", sandbox::TWILIO_API_KEY_SECRET),
    ];
    init(world, &[&key, more].concat()).await
}

#[tokio::test]
async fn every_secret_is_stored_encrypted_and_nothing_else_is() {
    for (key, more) in [(None, &[][..]), (Some("alias/phones"), &[("TWILIFY_KEY_ID", "alias/phones")])] {
        let world = a_new_company().await;
        let said = store_everything(&world, more).await;
        assert_eq!(said.status, 0, "{said:?}");
        let stored = world.ssm.names().into_iter().filter(|it| !it.contains("/deployment/"));
        let stored: Vec<_> = stored
            .map(|name| {
                let (kind, _, key) = world.ssm.stored(&name).unwrap();
                (name.trim_start_matches("/twilify/").to_owned(), kind, key)
            })
            .collect();
        let expected = STORED.map(|(name, kind)| {
            let key = key.filter(|_| kind == "SecureString").map(ToOwned::to_owned);
            (name.to_owned(), kind.to_owned(), key)
        });
        assert_eq!(stored, expected, "who may read parameters reads what is stored in the clear");
    }
}

#[tokio::test]
async fn a_secret_that_is_replaced_is_encrypted_with_the_key_that_aws_chooses_if_the_others_are() {
    let world = a_new_company().await;
    store_everything(&world, &[]).await;
    world.ssm.put_secure("/twilify/okta/token", "00old");
    store_everything(&world, &[]).await;
    let expected = ("SecureString".to_owned(), sandbox::OKTA_TOKEN.to_owned(), None);
    assert_eq!(world.ssm.stored("/twilify/okta/token"), Some(expected));
}

#[tokio::test]
async fn all_parameters_of_the_functions_are_among_them() {
    for name in twilify::secrets::ALL {
        assert!(STORED.iter().any(|(stored, _)| *stored == name.as_str()), "{}", name.as_str());
    }
}

#[tokio::test]
async fn every_secret_that_is_stored_in_the_clear_is_found_and_nothing_else() {
    let world = a_new_company().await;
    store_everything(&world, &[]).await;
    for (name, _) in STORED {
        let name = format!("/twilify/{name}");
        let (_, value, _) = world.ssm.stored(&name).unwrap();
        world.ssm.put(&name, &value);
    }
    let complaints = complaints(&world.operator()).await;
    let secrets = secrets().collect::<Vec<_>>().join(", ");
    let expected = format!("stored in the clear, as String and not as SecureString: {secrets} | ");
    assert!(complaints.contains(&expected), "{complaints}");
}

#[tokio::test]
async fn no_command_shows_a_secret() {
    let world = a_new_company().await;
    store_everything(&world, &[]).await;
    let (_, seal_key, _) = world.ssm.stored("/twilify/seal-key").unwrap();
    let operator = world.operator();
    for arguments in [
        &["init", "--yes"][..],
        &["init", "--yes", "--area-codes", "415"],
        &["plan"],
        &["plan", "--json"],
        &["plan", "--remote", "--json"],
        &["provision", "--yes", "--json"],
        &["status"],
        &["status", "--json"],
        &["doctor"],
        &["route", "--yes"],
        &["release", "+19253294109", "--pool", "--yes"],
        &["assign", "+19253294109", "Ada", "--yes"],
    ] {
        let Said { result, remarks, .. } = operator.run(arguments).await;
        let said = format!("{result}{remarks}");
        assert_secretless(&arguments.join(" "), &said);
        assert!(!said.contains(&seal_key), "the seal key is in {}:\n{said}", arguments.join(" "));
    }
    assert_eq!(secrets().count(), 4, "a new secret has to be looked for here");
}

/// Somebody who keeps the settings on their machine, and the file with them.
async fn an_operator_with_a_file(world: &World) -> (Operator, PathBuf) {
    let answers = [
        ("OKTA_ORG_URL", world.okta.url()),
        ("OKTA_TOKEN", sandbox::OKTA_TOKEN),
        ("TWILIO_ACCOUNT_SID", sandbox::TWILIO_ACCOUNT_SID),
        ("TWILIO_AUTH_TOKEN", sandbox::TWILIO_AUTH_TOKEN),
        ("TWILIO_API_KEY_SID", sandbox::TWILIO_API_KEY_SID),
        ("TWILIO_API_KEY_SECRET", sandbox::TWILIO_API_KEY_SECRET),
        ("TWILIFY_AREA_CODES", "925"),
        ("TWILIFY_PUBLIC_URL", world.url()),
    ];
    let given = answers.iter().fold(world.operator(), |operator, (name, value)| operator.with(name, value));
    let said = given.run(&["init", "--local"]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let file = given.home().join(".config/twilify/config.toml");
    let operator = answers.iter().fold(given, |operator, (name, _)| operator.without(name));
    (operator, file)
}

fn set_mode(file: &PathBuf, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// Expects that the file is refused because of its mode, before anybody is asked anything.
async fn assert_refused(world: &World, operator: &Operator, mode: u32) {
    let requests = || world.okta.health.requests().len() + world.twilio.health.requests().len();
    let before = requests();
    for arguments in [&["plan"][..], &["init", "--local", "--yes"]] {
        let said = operator.run(arguments).await;
        let complaint = format!("has secrets in it, and others may read it (mode {mode:o}); run: chmod 600 ");
        assert!(said.status == 1 && said.remarks.contains(&complaint), "mode {mode:o}: {said:?}");
        assert_secretless("the complaint", &format!("{}{}", said.result, said.remarks));
    }
    assert_eq!(requests(), before, "mode {mode:o}: a token that others may know was used");
}

#[tokio::test]
async fn a_file_that_anybody_else_may_read_write_or_run_is_refused() {
    let world = a_new_company().await;
    let (operator, file) = an_operator_with_a_file(&world).await;
    for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o660, 0o666, 0o444, 0o755, 0o777] {
        set_mode(&file, mode);
        assert_refused(&world, &operator, mode).await;
    }
    for mode in [0o600, 0o400, 0o700] {
        set_mode(&file, mode);
        let said = operator.run(&["plan"]).await;
        assert!(said.status == 0 && said.result.contains("3 to buy"), "mode {mode:o}: {said:?}");
    }
}

#[tokio::test]
async fn of_a_link_to_a_file_the_rights_of_the_file_count() {
    let world = a_new_company().await;
    let (operator, file) = an_operator_with_a_file(&world).await;
    let elsewhere = operator.home().join("elsewhere.toml");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert_eq!(operator.run(&["plan"]).await.status, 0);
    set_mode(&elsewhere, 0o640);
    assert_refused(&world, &operator, 0o640).await;
}

#[tokio::test]
async fn what_is_kept_in_a_file_is_all_that_was_answered() {
    let world = a_new_company().await;
    let (operator, file) = an_operator_with_a_file(&world).await;
    let text = fs::read_to_string(file).unwrap();
    let names: Vec<_> = text.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    let mut expected = STORED.map(|(name, _)| name.replace('/', "-"));
    expected.sort();
    assert_eq!(names, expected);
    // The account is asked with the API key: the auth token is not needed for that any more.
    world.twilio.promotes_auth_token("another");
    let said = operator.run(&["provision", "--yes"]).await;
    assert_eq!((said.status, world.twilio.purchases()), (0, 3), "{said:?}");
}

#[tokio::test]
async fn the_file_is_where_a_person_keeps_such_files() {
    let world = a_new_company().await;
    let (operator, file) = an_operator_with_a_file(&world).await;
    // A variable that is set to nothing says nothing.
    let operator = operator.with("XDG_CONFIG_HOME", "");
    assert_eq!(operator.run(&["plan"]).await.status, 0);
    let elsewhere = operator.home().join("elsewhere");
    fs::create_dir_all(elsewhere.join("twilify")).unwrap();
    fs::rename(file, elsewhere.join("twilify/config.toml")).unwrap();
    let operator = operator.with("XDG_CONFIG_HOME", &elsewhere.to_string_lossy());
    let said = operator.run(&["plan"]).await;
    assert!(said.status == 0 && said.remarks.contains("elsewhere/twilify/config.toml"), "{said:?}");
}

#[tokio::test]
async fn an_area_code_without_numbers_is_stored_and_one_that_twilio_cannot_look_up_is_not() {
    // <https://www.twilio.com/docs/api/errors/21452>
    let nothing = Fault::Answers(400, r#"{"code":21452,"message":"No phone numbers found"}"#);
    let not_found = Fault::Answers(404, r#"{"code":20404,"message":"not found"}"#);
    for (fault, is_stored) in [
        (nothing, true),
        (not_found, true),
        (Fault::Answers(403, "{}"), false),
        (Fault::Answers(500, "{}"), false),
    ] {
        let world = a_new_company().await;
        world.twilio.health.fails_when(|it| it.contains("AreaCode=925"), fault.clone());
        let said = init(&world, &[]).await;
        assert_eq!(said.status == 0, is_stored, "{fault:?}: {said:?}");
        assert_eq!(world.ssm.stored("/twilify/area-codes").is_some(), is_stored, "{fault:?}");
        let told = said.result.contains("925 has none for sale at the moment");
        assert_eq!(told, is_stored, "{fault:?}: {said:?}");
    }
}

#[tokio::test]
async fn what_is_no_file_is_not_taken_for_no_settings() {
    let world = a_new_company().await;
    let (operator, file) = an_operator_with_a_file(&world).await;
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let said = operator.run(&["plan"]).await;
    assert!(said.status == 1 && said.remarks.contains("could not read "), "{said:?}");
}

#[tokio::test]
async fn who_stores_no_secret_needs_no_right_to_look_for_keys() {
    let world = a_new_company().await;
    store_everything(&world, &[]).await;
    let asked = || world.ssm.health_for_operators.requests().len();
    let before = asked();
    let said = store_everything(&world, &[("TWILIFY_AREA_CODES", "415")]).await;
    assert_eq!((said.status, asked() - before), (0, 3), "it reads, stores and reads again: {said:?}");
}

#[tokio::test]
async fn a_vendor_that_fails_is_not_said_to_refuse_a_token() {
    let world = a_new_company().await;
    for (status, told) in [(401, true), (403, false), (500, false)] {
        let is_list = |it: &str| it.starts_with("GET /api/v1/users");
        world.okta.health.fails_when(is_list, Fault::Answers(status, "{}"));
        let said = init(&world, &[]).await;
        assert_eq!(said.remarks.contains("Okta does not take this token"), told, "{status}: {said:?}");
        assert_eq!(said.status, 1, "{said:?}");
        world.okta.health.recovers();
    }
    for (status, complaint) in [
        (401, "Twilio does not take this token for this account"),
        (404, "Twilio knows no such account"),
        (500, "Twilio answered GET"),
    ] {
        world.twilio.health.fails(Fault::Answers(status, "{}"));
        let said = init(&world, &[]).await;
        assert!(said.status == 1 && said.remarks.contains(complaint), "{status}: {said:?}");
    }
}
