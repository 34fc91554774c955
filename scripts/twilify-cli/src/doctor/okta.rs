//! Whether Okta does what it has to.

use anyhow::{Error, Result};
use twilify::{
    CompanyNumber, EmployeeId,
    okta::{self, Directory, Glance, Publishers, Right},
};

use super::Check;
use crate::setup::Setup;

/// The part of a minute's requests that has to be left, as one in so many.
const SPARE: u32 = 10;

/// How many people it is tried with whether the token may write into their profile: super administrators are not
/// everybody's to write.
const TRIED: usize = 5;

/// A number that nobody has.
const NOBODYS: &str = "+15005550006";

pub(super) async fn checks(setup: &Setup) -> Vec<Check> {
    let mut checks = vec![org(setup).await];
    let directory = match setup.directory() {
        Ok(directory) => directory,
        Err(error) => {
            checks.push(Check::failed("Okta token", &error));
            return checks;
        }
    };
    let Glance { allowance, people } = match directory.glance(setup.search()).await {
        Ok(glance) => glance,
        Err(error) => {
            checks.push(Check::failed("Okta token", &error.into()));
            return checks;
        }
    };
    checks.push(Check::good("Okta token", "it may look people up"));
    checks.push(search(setup, &directory).await);
    checks.push(rights(&directory, &people).await);
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

/// Looks for the owner of a number exactly as calls and texts do.
async fn search(setup: &Setup, directory: &Directory) -> Check {
    let what = "Okta search";
    let number: CompanyNumber = NOBODYS.parse().expect("this is a number");
    match directory.publishers(&number, &setup.settings.territory).await {
        Ok(Publishers { others_refused: None, .. }) => Check::good(what, "a number leads to its owner"),
        Ok(_) => Check::skipped(
            what,
            "a number that a profile holds in another form than +14155550123 is not found: the role of the token's owner has \
             conditions on attributes",
        ),
        Err(error) => Check::failed(what, &error.into()),
    }
}

/// Whether the token may write into the profiles of people who work here.
async fn rights(directory: &Directory, people: &[EmployeeId]) -> Check {
    let what = "Okta token's rights";
    let mut may_not = false;
    for somebody in people.iter().take(TRIED) {
        match directory.may_edit(somebody).await {
            Ok(Right::Granted) => return Check::good(what, "it may write numbers into profiles"),
            Ok(Right::Missing) => may_not = true,
            Ok(Right::NotInThisStatus) => {}
            Err(error) => return Check::failed(what, &error.into()),
        }
    }
    if may_not {
        return Check::bad(
            what,
            "it may not write numbers into profiles",
            "in Okta, give the token's owner the right to edit users",
        );
    }
    Check::skipped(what, "there is nobody yet whose profile can be written now")
}

async fn org(setup: &Setup) -> Check {
    let what = "Okta org";
    match is_there(setup).await {
        Ok(()) => Check::good(what, "it is there"),
        Err(error) => match error.downcast_ref() {
            Some(okta::Error::Refused(refusal)) if refusal.status == 429 => {
                Check::skipped(what, "Okta asks for fewer requests at the moment; look again in a minute")
            }
            // It says itself what to do.
            Some(okta::Error::Refused(_)) => Check::failed(what, &error),
            _ => Check::bad(what, format!("{error:#}"), "correct its URL: twilify init --okta-org-url …"),
        },
    }
}

async fn is_there(setup: &Setup) -> Result<()> {
    okta::is_there(&setup.http, &setup.org()?).await.map_err(Error::from)
}
