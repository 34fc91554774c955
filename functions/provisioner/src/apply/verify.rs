//! When two runs were at work at once: who keeps a number that both have given away.
//!
//! Lambda runs one provisioner at a time, but a person may run another. To buy a number that the other
//! run has just bought does not fail: Twilio takes it for a change, and writes our label over theirs.

use std::collections::HashMap;

use twilify::{
    CompanyNumber, EmployeeId,
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
            tracing::error!(error = %twilify::Causes(&failure), "could not look whether another run was at work");
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
        let employees =
            if crossed { directory.list(settings.okta_search.as_deref()).await? } else { Vec::new() };
        for (who, number) in written {
            let Some(owned) = owned.get(number.as_str()) else { continue };
            let holds = |number: &CompanyNumber| {
                let number = number.as_e164().to_owned();
                move |it: &&twilify::Employee| it.company_number.as_ref().is_some_and(|held| held.is(&number))
            };
            let rival = employees
                .iter()
                .filter(holds(&owned.number))
                .map(|it| &it.id)
                .find(|id| **id != who.employee);
            let label = match owned.label.owner() {
                Owner::Employee(id) => Some(id),
                Owner::Pool | Owner::Stranger => None,
            };
            match (rival, label) {
                // Theirs is the older claim: what is written in a profile is in use.
                (Some(rival), _) => self.restore(owned, rival).await?,
                (None, Some(label)) if label != who.employee => {}
                (None, _) => continue,
            }
            tracing::warn!(employee = who.employee.0, "another run gave away the same number");
            if let Some((employee, revision)) = directory.find(&who.employee).await?
                && employee.company_number.is_some_and(|it| it.is(number))
            {
                directory.unassign(&revision).await?;
            }
            report.taken(who, number);
        }
        Ok(())
    }

    async fn restore(&self, owned: &OwnedNumber, employee: &EmployeeId) -> Result<(), Failure> {
        let Provisioner { account, settings, .. } = self.provisioner;
        account.update(&owned.sid, &Label::of(employee), &Route::of(&settings.public_url, employee)).await?;
        Ok(())
    }
}
