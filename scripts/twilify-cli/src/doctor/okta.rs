//! Whether Okta does what it has to.

use twilify::okta::{self, Glance};

use super::Check;
use crate::setup::Setup;

/// The part of a minute's requests that has to be left, as one in so many.
const SPARE: u32 = 10;

pub(super) async fn checks(setup: &Setup) -> Vec<Check> {
    let mut checks = vec![org(setup).await];
    let directory = match setup.directory() {
        Ok(directory) => directory,
        Err(error) => {
            checks.push(Check::failed("Okta token", &error));
            return checks;
        }
    };
    let Glance { allowance, somebody } = match directory.glance(setup.search()).await {
        Ok(glance) => glance,
        Err(error) => {
            checks.push(Check::failed("Okta token", &error.into()));
            return checks;
        }
    };
    checks.push(Check::good("Okta token", "it may look people up"));
    checks.push(match somebody {
        None => Check::skipped("Okta token's rights", "there is nobody in the org yet"),
        Some(somebody) => match directory.may_edit(&somebody).await {
            Ok(true) => Check::good("Okta token's rights", "it may write numbers into profiles"),
            Ok(false) => Check::bad(
                "Okta token's rights",
                "it may not write numbers into profiles",
                "in Okta, give the token's owner the right to edit users",
            ),
            Err(error) => Check::failed("Okta token's rights", &error.into()),
        },
    });
    checks.push(match allowance {
        None => Check::skipped("Okta rate limit", "Okta does not say what it is"),
        Some(it) if it.remaining < it.limit / SPARE => Check::bad(
            "Okta rate limit",
            format!("{} of {} requests a minute are left", it.remaining, it.limit),
            "see in Okta which program uses it up, or raise the limit",
        ),
        Some(it) => Check::good(
            "Okta rate limit",
            format!("{} of {} requests a minute are left", it.remaining, it.limit),
        ),
    });
    checks
}

async fn org(setup: &Setup) -> Check {
    let found = match setup.org() {
        Ok(org) => okta::is_there(&setup.http, &org).await.map_err(Into::into),
        Err(error) => Err(error),
    };
    match found {
        Ok(()) => Check::good("Okta org", "it is there"),
        Err(error) => {
            Check::bad("Okta org", format!("{error:#}"), "correct its URL: twilify init --okta-org-url …")
        }
    }
}
