//! Writing numbers into profiles.

use std::time::Duration;

use twilify::{
    Causes, CompanyNumber, Employee, Status, okta,
    okta::Revision,
    twilio::{OwnedNumber, Owner},
};

use super::{Later, NotDone, Taken, Work};
use crate::{Provisioner, Who};

/// How often a write is tried whose outcome is unknown, or that came a moment after somebody else's.
const ATTEMPTS: usize = 3;

/// How long to wait before a rehearsal is repeated. Together the pauses outlast an outage of a second.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];

/// A number that has an employee's label was not written into their profile.
pub(super) struct Unwritten {
    pub(super) why: NotDone,
    /// The number, if it is in the pool now.
    pub(super) pooled: Option<OwnedNumber>,
}

impl Work<'_> {
    /// Writes a number with the employee's label into their profile.
    pub(super) async fn assign(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        self.check_claims(who, owned).await?;
        let written = self.write(who, &owned.number, None).await;
        if let Err(NotDone::Failed(_)) = &written {
            self.waiting.one_more(None);
        }
        written
    }

    /// Gives the employee a number from the pool.
    pub(super) async fn take_from_pool(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let revision = match self.rehearse(who).await {
            Ok(revision) => revision,
            Err(why) => {
                if owned.label.owner() == Owner::Pool {
                    self.supply.add(owned.clone()).await;
                }
                return Err(why);
            }
        };
        match self.hand_over(who, owned, revision).await {
            Ok(()) => Ok(()),
            Err(Unwritten { why, pooled }) => {
                if let Some(number) = pooled {
                    self.supply.add(number).await;
                }
                Err(why)
            }
        }
    }

    /// Gives the employee a number that the account owns: first the label, so that a run that is interrupted is
    /// completed by the next one.
    pub(super) async fn hand_over(
        &self,
        who: &Who,
        owned: &OwnedNumber,
        revision: Revision,
    ) -> Result<(), Unwritten> {
        if let Err(why) = self.label_unchanged(who, owned).await {
            return Err(Unwritten { why, pooled: None });
        }
        let written = self.complete(who, owned, revision).await;
        if let Err(Unwritten { why: NotDone::Failed(_), .. }) = &written {
            self.waiting.one_more(None);
        }
        written
    }

    /// Writes the employee's label on a number, unless somebody has given the number away since it was looked at.
    async fn label_unchanged(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        if !self.is_unchanged(owned).await? {
            return Err(Later::Changed.into());
        }
        self.check_claims(who, owned).await?;
        self.label(who, owned).await
    }

    /// Nobody gets a number that somebody else publishes: they would get the other's calls and texts. The plan does not
    /// know the profiles of people whom `OktaSearch` leaves out.
    async fn check_claims(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let Provisioner { directory, territory, .. } = self.provisioner;
        match directory.find_by_company_number(&owned.number, territory).await {
            Ok(None) => Ok(()),
            Ok(Some(employee)) if employee.id == who.employee => Ok(()),
            Ok(Some(_)) | Err(okta::Error::Ambiguous(_)) => {
                tracing::warn!(
                    employee = who.employee.0,
                    "a number for this employee stands in somebody else's profile"
                );
                Err(Later::Claimed.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a number that has the employee's label into their profile. If the profile does not take it, or not any
    /// more, the number goes to the pool.
    pub(super) async fn complete(
        &self,
        who: &Who,
        owned: &OwnedNumber,
        revision: Revision,
    ) -> Result<(), Unwritten> {
        match self.write(who, &owned.number, Some(revision)).await {
            Ok(()) => {
                self.try_to_enroll(who, owned).await;
                Ok(())
            }
            Err(why @ (NotDone::Unwritable(_) | NotDone::Later(Later::Changed))) => {
                let pooled = self.pool(owned).await;
                if let Err(NotDone::Failed(failure)) = &pooled {
                    let error = Causes(failure);
                    tracing::error!(employee = who.employee.0, %error, "could not put a number into the pool");
                }
                // What the employee's profile was refused for is what somebody has to put right.
                Err(Unwritten { why, pooled: pooled.ok() })
            }
            // The label is on it, so the next run assigns it.
            Err(why) => Err(Unwritten { why, pooled: None }),
        }
    }

    /// Sees whether the employee's profile takes a number, before one is bought or labelled for them: it reads the
    /// profile, and writes what stands there already.
    pub(super) async fn rehearse(&self, who: &Who) -> Result<Revision, NotDone> {
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.try_to_rehearse(who).await {
                Ok(Some(revision)) => {
                    self.doubt.has_written();
                    return Ok(revision);
                }
                Ok(None) => return Err(Later::Changed.into()),
                Err(error) if may_be_repeated(&error) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error.into()),
                },
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The revision that was rehearsed; `None` if the employee does not wait for a number any more.
    async fn try_to_rehearse(&self, who: &Who) -> Result<Option<Revision>, okta::Error> {
        let directory = &self.provisioner.directory;
        let found = directory.find(&who.employee).await?;
        let Some((_, revision)) = found.filter(|(employee, _)| is_vacant(employee)) else { return Ok(None) };
        directory.rehearse(&revision).await?;
        Ok(Some(revision))
    }

    /// Labels a number that the employee's profile names already, and cleans its notation there.
    pub(super) async fn adopt(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let Provisioner { directory, territory, .. } = self.provisioner;
        let employee = directory.find(&who.employee).await?.map(|(employee, _)| employee);
        if !employee.is_some_and(|it| it.publishes(&owned.number, territory)) {
            return Err(Later::Changed.into());
        }
        self.check_claims(who, owned).await?;
        self.label(who, owned).await?;
        self.try_to_enroll(who, owned).await;
        self.clean_company_number(who, &owned.number).await
    }

    pub(super) async fn clean_company_number(&self, who: &Who, wanted: &CompanyNumber) -> Taken {
        let Provisioner { directory, territory, .. } = self.provisioner;
        let (employee, revision) = directory.find(&who.employee).await?.ok_or(Later::Changed)?;
        let typed = employee.company_number.as_ref().ok_or(Later::Changed)?;
        if typed.is(wanted.as_e164()) {
            return Ok(());
        }
        if typed.dialled(territory.home).is_ok_and(|number| number.as_e164() == wanted.as_e164()) {
            return Ok(directory.assign(&revision, wanted).await?);
        }
        Err(Later::Changed.into())
    }

    /// Writes `number` into the profile of an employee who works here and has none. `Later::Changed` if
    /// they have another one by now, or do not need one any more.
    ///
    /// A write whose outcome is unknown is repeated: it says what the profile is to hold and which
    /// revision it builds on, so twice is the same as once.
    pub(super) async fn write(
        &self,
        who: &Who,
        number: &CompanyNumber,
        mut revision: Option<Revision>,
    ) -> Taken {
        let directory = &self.provisioner.directory;
        let mut attempt = 1;
        loop {
            let current = match revision.take() {
                Some(revision) => revision,
                None => match directory.find(&who.employee).await? {
                    Some((employee, _)) if employee.status != Status::Left && has(&employee, number) => {
                        return Ok(());
                    }
                    Some((employee, revision)) if is_vacant(&employee) => revision,
                    _ => return Err(Later::Changed.into()),
                },
            };
            match directory.assign(&current, number).await {
                Ok(()) => return Ok(()),
                Err(error) if attempt < ATTEMPTS && may_be_repeated(&error) => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn has(employee: &Employee, number: &CompanyNumber) -> bool {
    employee.company_number.as_ref().is_some_and(|it| it.is(number.as_e164()))
}

fn is_vacant(employee: &Employee) -> bool {
    employee.status == Status::Working && employee.mobile.is_some() && employee.company_number.is_none()
}

fn may_be_repeated(error: &okta::Error) -> bool {
    match error {
        okta::Error::Conflict | okta::Error::Unreachable { .. } => true,
        okta::Error::Refused(refusal) => refusal.status.is_server_error(),
        okta::Error::Ambiguous(_) | okta::Error::Throttled => false,
    }
}
