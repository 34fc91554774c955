//! What a function needs before it can start.

use aws_sdk_ssm::config::{BehaviorVersion, Credentials, Region};
use sandbox::World;
use twilify::{
    aws::http_client,
    secrets,
    transport::{Http, Roots, WHILE_NOBODY_WAITS},
};

/// Starts the provisioner in `world`, which must not work, and returns what it logged.
async fn complaint(world: &World) -> String {
    world.run_provisioner().await.unwrap_err();
    world.logged("cannot start").await
}

#[tokio::test]
async fn one_request_reads_all_secrets() {
    let world = World::start().await.unwrap();
    world.run_provisioner().await.unwrap();
    assert_eq!(world.ssm.health.requests(), ["POST /"]);
}

#[tokio::test]
async fn a_secret_that_was_stored_with_the_end_of_its_line_works() {
    let world = World::start().await.unwrap();
    world.ssm.put("/twilify/okta/org-url", &format!("{}\n", world.okta.url()));
    world.ssm.put_secure("/twilify/okta/token", &format!("{}\n", sandbox::OKTA_TOKEN));
    world.ssm.put("/twilify/twilio/account-sid", &format!("{}\n", sandbox::TWILIO_ACCOUNT_SID));
    world.ssm.put_secure("/twilify/twilio/auth-token", &format!("{}\n", sandbox::TWILIO_AUTH_TOKEN));
    world.run_provisioner().await.unwrap();
}

#[tokio::test]
async fn a_parameter_that_is_not_there_is_named() {
    let world = World::start().await.unwrap();
    world.ssm.delete("/twilify/okta/token");
    let complaint = complaint(&world).await;
    assert!(complaint.contains("there is no parameter /twilify/okta/token"), "{complaint}");
}

#[tokio::test]
async fn a_parameter_that_is_wrong_is_named_with_what_is_wrong_with_it() {
    let world = World::start().await.unwrap();
    world.ssm.put("/twilify/okta/org-url", "https://example-admin.okta.com");
    let complaint = complaint(&world).await;
    assert!(
        complaint.contains(
            "the parameter /twilify/okta/org-url is unusable: this is the admin console; the org is https://example.okta.com"
        ),
        "{complaint}"
    );
}

#[tokio::test]
async fn parameters_that_may_not_be_read_are_named_with_the_reason() {
    let world = World::start().await.unwrap();
    world.configure("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE").await;
    let complaint = complaint(&world).await;
    assert!(
        complaint.contains("could not read the parameters below /twilify from AWS Systems Manager")
            && complaint.contains("UnrecognizedClientException"),
        "{complaint}"
    );
    assert!(!complaint.contains("sandbox-secret"), "{complaint}");
}

#[tokio::test]
async fn a_setting_that_is_missing_is_named() {
    let world = World::start().await.unwrap();
    world.configure("TWILIFY_AREA_CODES", "").await;
    let complaint = complaint(&world).await;
    assert!(complaint.contains("the environment variable TWILIFY_AREA_CODES is not set"), "{complaint}");
}

#[tokio::test]
async fn more_parameters_than_systems_manager_takes_are_read_in_requests_of_ten() {
    let world = World::start().await.unwrap();
    let names: Vec<_> = (0..25).map(|it| format!("/twilify/many/{it:02}")).collect();
    for name in &names {
        world.ssm.put(name, name);
    }
    let http = Http::new(WHILE_NOBODY_WAITS, Roots::mozilla());
    let config = aws_sdk_ssm::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIASANDBOX", "sandbox-secret", None, None, "a test"))
        .http_client(http_client(&http))
        .endpoint_url(world.ssm.url());
    let read = secrets::read(&aws_sdk_ssm::Client::from_conf(config.build()), &names).await.unwrap();
    let mut values: Vec<_> = read.into_iter().map(|it| it.value.unwrap()).collect();
    values.sort();
    assert_eq!((values, world.ssm.health.requests().len()), (names, 3));
}
