//! Carrying a plan out, one step after the other.

use std::collections::{HashSet, VecDeque};

use twilify::{
    Causes, CompanyNumber, Employee, Status, okta,
    okta::Revision,
    twilio::{self, AreaCode, Label, Route},
};

use crate::{Change, Plan, Provisioner, Report, Step, Who};

/// Twilio's word for a number that somebody else was quicker to buy.
///
/// <https://www.twilio.com/docs/api/errors/21422>
const NOT_AVAILABLE: u32 = 21422;

/// Twilio's word for an area code without numbers.
///
/// <https://www.twilio.com/docs/api/errors/21452>
const NONE_IN_AREA_CODE: u32 = 21452;

/// A step that was not done, or not to its end.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("could not read or write their profile")]
    Okta(#[from] okta::Error),
    #[error("could not buy a number")]
    Twilio(#[from] twilio::Error),
    #[error("no number is for sale in any of the area codes {0}")]
    SoldOut(String),
    #[error("their profile changed while this ran, so this is left to the next run")]
    Changed,
}

/// Does what `plan` says. A step that fails is reported and does not keep the others from being
/// tried.
pub async fn apply(provisioner: &Provisioner, plan: Plan) -> Report {
    let mut report = Report::default();
    report.leave(plan.refused, plan.postponed);
    let mut shelf = Shelf::new(provisioner);
    for Step { who, change } in plan.steps {
        let done = match change {
            Change::Clean(mobile) => clean(provisioner, &who, &mobile).await.map(|()| {
                let number = mobile.as_e164();
                (
                    "cleaned",
                    format!("Cleaned up the formatting of a phone number ({number}) for {}.", who.name),
                )
            }),
            Change::Assign(number) => assign(provisioner, &who, &number).await.map(|()| {
                let number = number.as_e164();
                ("assigned", format!("Assigned a company number bought earlier ({number}) to {}.", who.name))
            }),
            Change::Buy => buy(provisioner, &mut shelf, &who).await.map(|number| {
                let number = number.as_e164();
                ("purchased", format!("Purchased a new company number ({number}) for {}.", who.name))
            }),
        };
        match done {
            Ok((change, text)) => report.done(who, change, text),
            Err(failure) => report.failed(who, &Causes(&failure)),
        }
    }
    report
}

async fn clean(
    Provisioner { directory, country, .. }: &Provisioner,
    who: &Who,
    mobile: &twilify::MobileNumber,
) -> Result<(), Failure> {
    let (employee, revision) = directory.find(&who.employee).await?.ok_or(Failure::Changed)?;
    let typed = employee.mobile.and_then(|typed| typed.parse(*country).ok());
    if typed.is_none_or(|number| number.as_e164() != mobile.as_e164()) {
        return Err(Failure::Changed);
    }
    Ok(directory.clean_mobile(&revision, mobile).await?)
}

async fn assign(provisioner: &Provisioner, who: &Who, number: &CompanyNumber) -> Result<(), Failure> {
    let revision = waiting(provisioner, who).await?;
    Ok(provisioner.directory.assign(&revision, number).await?)
}

async fn buy(provisioner: &Provisioner, shelf: &mut Shelf<'_>, who: &Who) -> Result<CompanyNumber, Failure> {
    let revision = waiting(provisioner, who).await?;
    let number = shelf.buy(&Label::of(&who.employee)).await?;
    provisioner.directory.assign(&revision, &number).await?;
    Ok(number)
}

/// The profile of an employee who, at this moment, still works here and waits for a number.
async fn waiting(Provisioner { directory, .. }: &Provisioner, who: &Who) -> Result<Revision, Failure> {
    match directory.find(&who.employee).await? {
        Some((Employee { status: Status::Working, mobile: Some(_), company_number: None, .. }, revision)) => {
            Ok(revision)
        }
        _ => Err(Failure::Changed),
    }
}

/// Numbers for sale, in the order in which they are to be bought. One search serves many
/// purchases.
struct Shelf<'a> {
    provisioner: &'a Provisioner,
    numbers: VecDeque<CompanyNumber>,
    /// What was on the shelf before: sold, to us or to somebody else, whatever a search says. To buy
    /// a number of ours again would take it from the employee who has it.
    seen: HashSet<CompanyNumber>,
    /// The area codes that have not been searched yet, or not to the end.
    areas: VecDeque<AreaCode>,
}

impl<'a> Shelf<'a> {
    fn new(provisioner: &'a Provisioner) -> Self {
        let areas = provisioner.settings.area_codes.iter().copied().collect();
        Self { provisioner, numbers: VecDeque::new(), seen: HashSet::new(), areas }
    }

    /// Buys the first number that nobody else has been quicker to buy.
    async fn buy(&mut self, label: &Label) -> Result<CompanyNumber, Failure> {
        let Provisioner { account, settings, .. } = self.provisioner;
        let route = Route::below(&settings.public_url);
        loop {
            let number = self.next().await?;
            match account.buy(&number, label, &route).await {
                Ok(bought) => return Ok(bought.number),
                Err(error) if error.code() == Some(NOT_AVAILABLE) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn next(&mut self) -> Result<CompanyNumber, Failure> {
        let Provisioner { account, country, settings, .. } = self.provisioner;
        loop {
            if let Some(number) = self.numbers.pop_front() {
                return Ok(number);
            }
            let Some(&area) = self.areas.front() else {
                let codes: Vec<_> = settings.area_codes.iter().map(ToString::to_string).collect();
                return Err(Failure::SoldOut(codes.join(", ")));
            };
            let found = match account.search(*country, area).await {
                Ok(numbers) => numbers,
                Err(error) if error.code() == Some(NONE_IN_AREA_CODE) => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            self.numbers.extend(found.into_iter().filter(|number| self.seen.insert(number.clone())));
            if self.numbers.is_empty() {
                self.areas.pop_front();
            }
        }
    }
}
