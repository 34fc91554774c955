//! When two runs were at work at once: who keeps a number that both have given away.
//!
//! Lambda runs one provisioner at a time, but a person may run another. To buy a number that the other
//! run has just bought does not fail: Twilio takes it for a change, and writes our label over theirs.

use std::collections::HashMap;

use twilify::{
    Employee, EmployeeId, Status,
    twilio::{Label, OwnedNumber, Owner, Route},
};

use super::{Failure, Work};
use crate::{Provisioner, Report, Who};

impl Work<'_> {
    /// Looks whether the numbers written in this run are still their employees' and nobody else's, and
    /// gives back those that are not. The other profile is looked at only if there are signs of another
    /// run: `crossed` says that something had changed that this run was about to do.
    pub(super) async fn verify(&self, written: &[(Who, String)], crossed: bool, report: &mut Report) {
        if let Err(failure) = self.give_back(written, crossed, report).await {
            report.find(format!(
                "Could not look whether another run was at work at the same time ({}); see whether two people have the same \
                 company number.",
                twilify::Causes(&failure)
            ));
        }
    }

    async fn give_back(
        &self,
        written: &[(Who, String)],
        crossed: bool,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let Provisioner { account, directory, settings, .. } = self.provisioner;
        let numbers = account.list().await?;
        let owned: HashMap<&str, &OwnedNumber> = numbers.iter().map(|it| (it.number.as_e164(), it)).collect();
        let employees = if crossed {
            directory.list(settings.okta_search.as_deref()).await?.employees
        } else {
            Vec::new()
        };
        for (who, number) in written {
            let Some(owned) = owned.get(number.as_str()) else { continue };
            let rival =
                employees.iter().find(|it| it.id != who.employee && holds(it, number)).map(|it| &it.id);
            match self.settle(who, owned, rival).await {
                Ok(true) => {}
                Ok(false) => report.taken(who, number),
                Err(failure) => {
                    report.failed(who, "settle it with another run", &twilify::Causes(&failure));
                }
            }
        }
        Ok(())
    }

    /// Whether `who` keeps a number. If not, it is no longer in their profile.
    async fn settle(
        &self,
        who: &Who,
        owned: &OwnedNumber,
        rival: Option<&EmployeeId>,
    ) -> Result<bool, Failure> {
        let Provisioner { directory, .. } = self.provisioner;
        let number = owned.number.as_e164();
        let rival = match rival {
            Some(rival) => directory.find(rival).await?.map(|(it, _)| it).filter(|it| holds(it, number)),
            None => None,
        };
        match (rival, owned.label.owner()) {
            // Theirs is the older claim: what is written in a profile is in use.
            (Some(rival), _) => self.restore(owned, &rival.id).await?,
            (None, Owner::Employee(label)) if label != who.employee => {}
            (None, _) => return Ok(true),
        }
        tracing::warn!(employee = who.employee.0, "another run gave away the same number");
        if let Some((employee, revision)) = directory.find(&who.employee).await?
            && holds(&employee, number)
        {
            directory.unassign(&revision).await?;
        }
        Ok(false)
    }

    async fn restore(&self, owned: &OwnedNumber, employee: &EmployeeId) -> Result<(), Failure> {
        let Provisioner { account, settings, .. } = self.provisioner;
        account
            .update(&owned.sid, &Label::of(employee), &Route::of(&settings.public_url, employee, None))
            .await?;
        Ok(())
    }
}

/// Whether somebody who works here has `number` in their profile. Those who have left may still, and
/// nobody can change that.
fn holds(employee: &Employee, number: &str) -> bool {
    employee.status != Status::Left && employee.company_number.as_ref().is_some_and(|held| held.is(number))
}
