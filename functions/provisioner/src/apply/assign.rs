//! Writing numbers into profiles, and seeing to it that a number has one employee.

use twilify::{CompanyNumber, Employee, Status, okta, okta::Revision, twilio::OwnedNumber};

use super::{Failure, Later, Taken, Work};
use crate::{Provisioner, Who};

/// How often a write is tried whose outcome is unknown, or that came a moment after somebody else's.
const ATTEMPTS: usize = 3;

impl Work<'_> {
    /// Writes a number with the employee's label into their profile.
    pub(super) async fn assign(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let written = self.write(who, &owned.number, None).await;
        // That Okta asks for fewer requests does not mean that it refuses the number.
        if !matches!(written, Ok(_) | Err(Failure::Okta(okta::Error::Throttled))) {
            self.waiting.one_more(None);
        }
        written
    }

    /// Gives the employee a number from the pool: first the label, so that a run that is interrupted
    /// is completed by the next one.
    pub(super) async fn take_from_pool(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let Some(revision) = self.vacancy(who).await? else { return Ok(Err(Later::Changed)) };
        let _ = self.label(who, owned).await?;
        let written = self.write(who, &owned.number, Some(revision)).await?;
        if written.is_err() {
            self.pool(owned).await?;
        } else {
            self.try_to_enroll(who, owned).await;
        }
        Ok(written)
    }

    /// Labels a number that the employee's profile names already, and cleans its notation there.
    pub(super) async fn adopt(&self, who: &Who, owned: &OwnedNumber) -> Taken {
        let Provisioner { directory, territory, .. } = self.provisioner;
        let employee = directory.find(&who.employee).await?.map(|(employee, _)| employee);
        if !employee.is_some_and(|it| it.publishes(&owned.number, territory)) {
            return Ok(Err(Later::Changed));
        }
        let _ = self.label(who, owned).await?;
        self.try_to_enroll(who, owned).await;
        self.clean_company_number(who, &owned.number).await
    }

    pub(super) async fn clean_company_number(&self, who: &Who, wanted: &CompanyNumber) -> Taken {
        let Provisioner { directory, territory, .. } = self.provisioner;
        let Some((employee, revision)) = directory.find(&who.employee).await? else {
            return Ok(Err(Later::Changed));
        };
        let Some(typed) = &employee.company_number else { return Ok(Err(Later::Changed)) };
        if typed.is(wanted.as_e164()) {
            return Ok(Ok(()));
        }
        if typed.dialled(territory.home).is_ok_and(|number| number.as_e164() == wanted.as_e164()) {
            return match directory.assign(&revision, wanted).await {
                Ok(()) => Ok(Ok(())),
                Err(okta::Error::Refused(refusal)) if refusal.is_mastered_elsewhere() => {
                    Ok(Err(Later::Uncleaned))
                }
                Err(error) => Err(error.into()),
            };
        }
        Ok(Err(Later::Changed))
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
                        return Ok(Ok(()));
                    }
                    Some((employee, revision)) if is_vacant(&employee) => revision,
                    _ => return Ok(Err(Later::Changed)),
                },
            };
            match directory.assign(&current, number).await {
                Ok(()) => return Ok(Ok(())),
                Err(error) if attempt < ATTEMPTS && may_be_repeated(&error) => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The profile of an employee who, at this moment, still works here and waits for a number.
    pub(super) async fn vacancy(&self, who: &Who) -> Result<Option<Revision>, Failure> {
        let found = self.provisioner.directory.find(&who.employee).await?;
        Ok(found.filter(|(employee, _)| is_vacant(employee)).map(|(_, revision)| revision))
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
