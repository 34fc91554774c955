//! Whose server is asked: the vendors' answers name other addresses, as redirects and as next pages. Credentials, questions and
//! messages go nowhere but to the host that was configured.

use sandbox::{Fault, Health, MESSAGING_SERVICE_SID, Stranger, World};
use serde_json::json;

use crate::{
    CALLER, COMPANY_NUMBER, MOBILE, a_world_that_remembers_ada, a_world_with_ada, calls::CONNECTED,
    late::worked_off,
};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// What a profile would say, and an answer of Twilio's, so that somebody who believed it would do something.
const PLAUSIBLE: &str = r#"{"id":"00uxxxxxxxxxxxxxxada","status":"ACTIVE","profile":{"firstName":"Eve",
"mobilePhone":"+14155550199","primaryPhone":"+19253294108"},"sid":"SM00000000000000000000000000000009",
"incoming_phone_numbers":[],"messages":[],"phone_numbers":[],"Parameters":[],"InvalidParameters":[]}"#;

/// Somebody else's server, which answers like every vendor.
async fn a_stranger() -> Stranger {
    let stranger = Stranger::start().await;
    stranger.says(200, &[], PLAUSIBLE);
    stranger
}

/// A redirect to `location`.
fn redirect(status: u16, location: String) -> Fault {
    Fault::Replies(status, vec![("location", location)], PLAUSIBLE.to_owned())
}

/// Addresses of the same server, and of somebody else's.
fn elsewhere(own: &str, stranger: &Stranger) -> [String; 4] {
    let strangers = stranger.url();
    let (_, host) = strangers.split_once("//").unwrap();
    [
        format!("{strangers}/elsewhere"),
        format!("//{host}/elsewhere"),
        format!("{own}/elsewhere"),
        "/elsewhere".to_owned(),
    ]
}

fn nobody_was_asked(what: &str, world: &World, stranger: &Stranger) {
    assert_eq!(stranger.visits(), [], "{what}: somebody else's server was asked");
    for health in [&world.okta.health, &world.twilio.health, &world.ssm.health] {
        let asked = health.requests();
        assert!(
            !asked.iter().any(|it| it.contains("elsewhere")),
            "{what}: the redirect was followed: {asked:?}"
        );
    }
}

#[tokio::test]
async fn a_redirect_of_oktas_tells_nobody_who_is_called_and_no_other_phone_rings() {
    let world = a_world_with_ada().await;
    let stranger = a_stranger().await;
    for status in STATUSES {
        for location in elsewhere(world.okta.url(), &stranger) {
            let what = format!("{status} to {location}");
            world.okta.health.fails(redirect(status, location));
            let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
            assert_eq!(call, CONNECTED, "{what}: the last known mobile rings");
            world.run_provisioner().await.unwrap_err();
            nobody_was_asked(&what, &world, &stranger);
        }
    }
}

#[tokio::test]
async fn a_redirect_of_twilios_tells_nobody_what_was_written() {
    let world = a_world_with_ada().await;
    let stranger = a_stranger().await;
    let mut texts = 0;
    for status in STATUSES {
        for location in elsewhere(world.twilio.url(), &stranger) {
            let what = format!("{status} to {location}");
            world.twilio.health.fails(redirect(status, location));
            let answer = world.text(CALLER, COMPANY_NUMBER, &what).await;
            assert_eq!(answer.status, 503, "{what}: a text is taken for sent that was not");
            world.run_provisioner().await.unwrap_err();
            nobody_was_asked(&what, &world, &stranger);
            texts += 1;
        }
    }
    world.twilio.health.recovers();
    worked_off(&world).await;
    assert_eq!((world.twilio.inbox(MOBILE).len(), world.late.dead().len()), (texts, 0));
}

#[tokio::test]
async fn a_redirect_of_systems_managers_tells_nobody_a_secret() {
    let world = a_world_that_remembers_ada().await;
    let stranger = a_stranger().await;
    // All clients are made alike, so the other addresses are tried above.
    let [location, ..] = elsewhere("", &stranger);
    for status in STATUSES {
        world.configure("TWILIFY_LOG", "info").await;
        world.ssm.health.fails(redirect(status, location.clone()));
        let call = world.call(CALLER, COMPANY_NUMBER).await.to_string();
        assert_ne!(call, CONNECTED, "{status}");
        nobody_was_asked(&format!("{status} to {location}"), &world, &stranger);
    }
    world.ssm.health.recovers();
    assert_eq!(world.call(CALLER, COMPANY_NUMBER).await.to_string(), CONNECTED);
}

/// Links to `path` at somebody else's server, as a vendor's answer may write them.
fn links(stranger: &Stranger, path: &str) -> [String; 8] {
    let (_, host) = stranger.url().split_once("//").unwrap();
    let (_, port) = host.split_once(':').unwrap();
    [
        format!("http://{host}{path}"),
        format!("HTTP://{host}{path}"),
        format!("https://{host}{path}"),
        format!("//{host}{path}"),
        format!(r"\\{host}{path}"),
        format!("http://api.twilio.com@{host}{path}"),
        format!("http://AC1:secret@{host}{path}"),
        format!("http://localhost:{port}{path}"),
    ]
}

/// Lets a run read `link` as the next page of the list that it asks for with `list`, and expects it to ask `health`'s vendor for
/// `page`, and nobody else for anything.
async fn the_next_page_is_the_vendors(
    world: &World,
    stranger: &Stranger,
    (health, list, page): (&Health, &'static str, &str),
    (link, first): (&str, Fault),
) {
    let before = health.requests().len();
    health.fails_on(list, 1, first);
    let _ = world.plan_provisioning().await;
    health.recovers();
    let asked = health.requests().split_off(before);
    assert!(asked.contains(&format!("GET {page}")), "{link}: nobody was asked for the next page: {asked:?}");
    assert_eq!(stranger.visits(), [], "{link}: the credentials went to somebody else's server");
}

#[tokio::test]
async fn whatever_host_a_next_page_names_the_credentials_go_to_the_one_that_was_configured() {
    let world = a_world_with_ada().await;
    world.configure("TWILIFY_MESSAGING_SERVICE_SID", MESSAGING_SERVICE_SID).await;
    let stranger = a_stranger().await;
    let (twilio, okta) = (&world.twilio.health, &world.okta.health);
    let list = "GET /2010-04-01/Accounts/AC00000000000000000000000000000000/IncomingPhoneNumbers.json";
    let page = format!("{}?PageSize=7", &list[4..]);
    for link in links(&stranger, &page) {
        let body = json!({ "incoming_phone_numbers": [], "next_page_uri": link });
        let first = Fault::Replies(200, vec![], body.to_string());
        the_next_page_is_the_vendors(&world, &stranger, (twilio, list, &page), (&link, first)).await;
    }
    let list = "GET /v1/Services/MG00000000000000000000000000000000/PhoneNumbers";
    let page = format!("{}?PageSize=7", &list[4..]);
    for link in links(&stranger, &page) {
        let body = json!({ "phone_numbers": [], "meta": { "next_page_url": link } });
        let first = Fault::Replies(200, vec![], body.to_string());
        the_next_page_is_the_vendors(&world, &stranger, (twilio, list, &page), (&link, first)).await;
    }
    let page = "/api/v1/users?limit=7";
    for link in links(&stranger, page) {
        let header = format!(r#"<{link}>; rel="next""#);
        let first = Fault::Replies(200, vec![("link", header)], "[]".to_owned());
        let list = "GET /api/v1/users?";
        the_next_page_is_the_vendors(&world, &stranger, (okta, list, page), (&link, first)).await;
    }
}

/// A link to a picture that Ada has got.
async fn a_link_to_a_picture(world: &World) -> String {
    world.twilio.picture(CALLER, COMPANY_NUMBER, "Look!", &[("image/png", b"png")]).await;
    let [message] = world.twilio.inbox_of(MOBILE, 1).await.try_into().unwrap();
    assert!(!world.twilio.credentials_leaked(), "the credentials went to where files are stored");
    message.media_urls[0].clone()
}

/// What somebody sees who follows a link to a picture while Twilio answers `fault`.
async fn seen(world: &World, link: &str, fault: Fault) -> (u16, String) {
    world.twilio.health.recovers();
    world.twilio.health.fails_when(|it| it.contains("/Media/"), fault);
    let (status, bytes) = world.twilio.fetches(link).await;
    (status, String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn a_picture_is_fetched_from_where_twilio_sends_us_and_without_the_accounts_credentials() {
    let world = a_world_with_ada().await;
    let stranger = Stranger::start().await;
    stranger.says(200, &[], "a picture");
    let link = a_link_to_a_picture(&world).await;
    let (_, host) = stranger.url().split_once("//").unwrap();
    let found = (200, "a picture".to_owned());
    for status in STATUSES {
        for location in [format!("http://{host}/x?Signature=1"), format!("//{host}/x?Signature=1")] {
            assert_eq!(seen(&world, &link, redirect(status, location)).await, found, "{status}");
        }
    }
    let hops = |count: u32| redirect(302, format!("http://{host}/hops/{count}"));
    assert_eq!(seen(&world, &link, hops(2)).await, found);
    assert!(stranger.visits().len() >= 13);
    for visit in stranger.visits() {
        assert_eq!(visit.authorization, None, "the credentials went to somebody else's server: {visit:?}");
    }
    assert_eq!(
        seen(&world, &link, hops(3)).await,
        (502, String::new()),
        "redirects are not followed for ever"
    );
}

#[tokio::test]
async fn a_redirect_that_leads_astray_shows_no_picture_and_asks_nobody() {
    let world = a_world_with_ada().await;
    let stranger = a_stranger().await;
    let link = a_link_to_a_picture(&world).await;
    let (_, host) = stranger.url().split_once("//").unwrap();
    let account = "/2010-04-01/Accounts/AC00000000000000000000000000000000";
    for location in [
        format!("http://me@{host}/x"),
        format!("http://AC1:secret@{host}/x"),
        format!("http://:secret@{host}/x"),
        format!("ftp://{host}/x"),
        format!("file://{host}/etc/passwd"),
        // Without credentials Twilio tells nothing of what is in the account.
        format!("{}{account}/Messages.json", world.twilio.url()),
        format!("{account}/IncomingPhoneNumbers.json"),
    ] {
        let seen = seen(&world, &link, redirect(307, location.clone())).await;
        assert_eq!(seen, (502, String::new()), "{location}");
        assert_eq!(stranger.visits(), [], "{location}");
    }
    for status in [300, 304, 307] {
        let nowhere = Fault::Replies(status, vec![], String::new());
        assert_eq!(seen(&world, &link, nowhere).await, (502, String::new()), "{status} to nowhere");
    }
}
