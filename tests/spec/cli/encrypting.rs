//! Secrets that somebody has stored in the clear.

use sandbox::{Fault, World};

use super::{
    a_new_company,
    init::{init, stored},
};

#[tokio::test]
async fn secrets_that_somebody_has_stored_in_the_clear_are_encrypted_with_the_key_of_the_others() {
    let world = a_new_company().await;
    init(&world, &[("TWILIFY_KEY_ID", "alias/phones")]).await;
    world.ssm.delete("/twilify/okta/token");
    world.ssm.put("/twilify/okta/token", sandbox::OKTA_TOKEN);
    let said = init(&world, &[]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let (kind, value, key) = world.ssm.stored("/twilify/okta/token").unwrap();
    assert_eq!((kind.as_str(), value.as_str()), ("SecureString", sandbox::OKTA_TOKEN));
    assert_eq!(key.as_deref(), Some("alias/phones"));
    // Nothing is left to do.
    assert!(init(&world, &[]).await.result.contains("Nothing has changed."));
}

/// A company with a token that somebody has stored in the clear.
async fn a_company_with_a_token_in_the_clear() -> World {
    let world = a_new_company().await;
    init(&world, &[]).await;
    world.ssm.delete("/twilify/okta/token");
    world.ssm.put("/twilify/okta/token", sandbox::OKTA_TOKEN);
    world
}

#[tokio::test]
async fn a_secret_that_cannot_be_encrypted_stays_as_it_was() {
    let world = a_company_with_a_token_in_the_clear().await;
    world.ssm.forbids_key("alias/phones");
    let said = init(&world, &[("TWILIFY_KEY_ID", "alias/phones")]).await;
    assert!(said.status == 1 && said.remarks.contains("could not encrypt /twilify/okta/token"), "{said:?}");
    assert_eq!(stored(&world, "/twilify/okta/token"), ("String".to_owned(), sandbox::OKTA_TOKEN.to_owned()));
}

#[tokio::test]
async fn a_secret_that_cannot_be_stored_again_is_in_a_copy() {
    let world = a_company_with_a_token_in_the_clear().await;
    world.ssm.forbids_name("/twilify/okta/token");
    let said = init(&world, &[]).await;
    assert!(
        said.status == 1 && said.remarks.contains("/twilify/okta/token.encrypted, encrypted"),
        "{said:?}"
    );
    let copy = stored(&world, "/twilify/okta/token.encrypted");
    assert_eq!(copy, ("SecureString".to_owned(), sandbox::OKTA_TOKEN.to_owned()));
}

#[tokio::test]
async fn a_secret_is_stored_again_although_its_name_is_refused_for_a_while() {
    let world = a_company_with_a_token_in_the_clear().await;
    let said = init(&world, &[]).await;
    assert_eq!(said.status, 0, "{said:?}");
    let token = stored(&world, "/twilify/okta/token");
    assert_eq!(token, ("SecureString".to_owned(), sandbox::OKTA_TOKEN.to_owned()));
    assert_eq!(world.ssm.stored("/twilify/okta/token.encrypted"), None);
}

/// The requests of `init` to AWS when it encrypts one secret: it reads, looks for a key on two pages, stores a copy, reads the
/// copy, deletes the secret and stores it again.
const STORES_COPY: usize = 4;
const STORES_AGAIN: usize = 7;

#[tokio::test]
async fn whatever_fails_a_secret_that_is_stored_in_the_clear_is_not_lost() {
    let denied = Fault::Answers(400, r#"{"__type":"AccessDeniedException","message":"no"}"#);
    // AWS says that it has stored a parameter which nobody can read then.
    let lost = Fault::Answers(200, r#"{"Version":1,"Tier":"Standard"}"#);
    let denials = (1..=STORES_AGAIN).map(|nth| vec![(nth, denied.clone())]);
    // Without a look at the copy, the secret would be deleted next, and then not be stored again.
    let without_a_copy = vec![(STORES_COPY, lost.clone()), (STORES_COPY + 2, denied.clone())];
    for faults in denials.chain([without_a_copy, vec![(STORES_AGAIN, lost)]]) {
        let world = a_company_with_a_token_in_the_clear().await;
        let (mut requests, what) = (0, format!("{faults:?}"));
        world.ssm.health_for_operators.fails_as(move |_| {
            requests += 1;
            faults.iter().find(|(nth, _)| *nth == requests).map(|(_, fault)| fault.clone())
        });
        let said = init(&world, &[]).await;
        assert_eq!(said.status, 1, "{what}: {said:?}");
        let names = ["/twilify/okta/token", "/twilify/okta/token.encrypted"];
        let kept = names.iter().filter_map(|name| world.ssm.stored(name));
        let kept: Vec<_> = kept.filter(|(_, value, _)| value == sandbox::OKTA_TOKEN).collect();
        assert!(!kept.is_empty(), "{what}: the token is lost: {said:?}");
    }
}
