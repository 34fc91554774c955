//! What there is: employees, numbers, and what became of those whose numbers are left over.

use std::collections::{BTreeSet, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use twilify::{
    EmployeeId, Status,
    config::Retire,
    okta::{self, Listing},
    twilio::{self, Owner},
};

use crate::{AT_ONCE, Absence, Observation, Provisioner};

/// Nothing was done, because it could not be seen what there is to do.
#[derive(Debug, thiserror::Error)]
pub enum NotObserved {
    /// The employees are unknown.
    #[error("could not list the employees, so nothing was changed")]
    Employees(#[from] okta::Error),
    /// The numbers are unknown.
    #[error("could not list the company numbers, so nothing was changed")]
    Numbers(#[from] twilio::Error),
    /// There was no time to see everything.
    #[error("looking at employees and numbers took all the time there was, so nothing was changed")]
    TooSlow,
}

/// Looks at everything, to the last page. What was seen in part is not worth planning on.
pub(crate) async fn observe(provisioner: &Provisioner) -> Result<Observation, NotObserved> {
    let Provisioner { directory, account, settings, messaging_service, .. } = provisioner;
    // The numbers first: a number that another run buys in the meantime is then not taken for free.
    let numbers = account.list().await?;
    let Listing { mut employees, unreadable } = directory.list(settings.okta_search.as_deref()).await?;
    // While people come and go, pages may overlap.
    let mut seen = HashSet::new();
    employees.retain(|it| seen.insert(it.id.clone()));
    let enrolled = match messaging_service {
        Some(service) => Some(service.list().await?),
        None => None,
    };
    let mut world = Observation { employees, unreadable, numbers, enrolled, ..Observation::default() };
    if settings.retire != Retire::Keep {
        let absent = absent_owners(&world);
        let absences = absent.into_iter().map(|id| async {
            let absence = match directory.find(&id).await {
                Ok(None) => Absence::Missing,
                Ok(Some((employee, _))) if employee.status == Status::Left => {
                    Absence::Left(employee.status_changed)
                }
                Ok(Some(_)) => Absence::NotServed,
                // The token may not see this employee. That it may see nobody would have shown in the list.
                Err(okta::Error::Refused(refusal)) if is_about_one(&refusal) => Absence::NotServed,
                // Okta has them, whatever is wrong with what it says of them.
                Err(error) if error.is_unreadable() => Absence::NotServed,
                Err(error) => return Err(error.into()),
            };
            Ok::<_, NotObserved>((id, absence))
        });
        world.absent = stream::iter(absences).buffered(AT_ONCE).try_collect().await?;
    }
    Ok(world)
}

/// Whether Okta refuses to show one employee, and may well show others.
fn is_about_one(refusal: &okta::Refusal) -> bool {
    matches!(refusal.is_about(), okta::Subject::Profile(_))
}

/// Those whose label is on a number and who are not among the employees, or have left.
fn absent_owners(world: &Observation) -> Vec<EmployeeId> {
    let present = world.employees.iter().filter(|it| it.status != Status::Left).map(|it| &it.id);
    let present: HashSet<_> =
        present.chain(world.unreadable.iter().filter_map(|it| it.id.as_ref())).collect();
    let owners = world.numbers.iter().filter_map(|it| match it.label.owner() {
        Owner::Employee(id) if !present.contains(&id) => Some(id),
        _ => None,
    });
    owners.collect::<BTreeSet<_>>().into_iter().collect()
}
