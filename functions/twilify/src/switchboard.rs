//! Which phone is meant by a company number: what calls and texts have in common.
//!
//! Whoever was found a moment ago is believed. Else Okta is asked, about the employee whom the webhook's URL
//! names, for that is never out of date, or by searching for the number. While Okta does not answer, what was
//! last known has to do: a company's phones must not fall silent because its directory does.

mod memory;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout, timeout_at};

use self::memory::Memory;
use crate::{
    Causes, CompanyNumber, Employee, EmployeeId, MobileNumber, Status, Unreachable, metrics,
    okta::{self, Directory},
    phone::{Territory, TypedNumber},
    seal::Seal,
    twilio::{Account, Hint},
};

/// How long Okta may take, all its answers together.
const OKTAS_TIME: Duration = Duration::from_millis(4500);

/// How long Twilio may take to tell whether a number is one of ours.
const TWILIOS_TIME: Duration = Duration::from_secs(1);

/// What finds the phone behind a company number.
#[derive(Debug)]
pub struct Switchboard {
    directory: Directory,
    account: Account,
    seal: Option<Seal>,
    territory: Territory,
    memory: Memory,
}

/// The phone that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Whose phone it is.
    pub employee: EmployeeId,
    /// What a caller hears them called.
    pub name: String,
    /// The phone in their pocket.
    pub mobile: MobileNumber,
    /// How this is known.
    pub source: Source,
}

/// How a [`Destination`] is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Okta says so, or said so a moment ago.
    Okta,
    /// Okta did not answer, and said so some time ago.
    LastKnown,
}

/// No phone is meant, as far as anybody knows.
#[derive(Debug)]
pub enum Unreached {
    /// The number is nobody's who works here.
    Nobody,
    /// The number is somebody's who has no phone that could ring.
    NoMobile {
        /// Whose.
        employee: EmployeeId,
        /// Why not.
        reason: Unreachable,
    },
    /// Okta did not say, and nothing is known from before.
    Unknown(Silence),
}

/// Why Okta did not say whose a number is.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// It answered, and that was of no use; or it did not.
    #[error(transparent)]
    Okta(#[from] okta::Error),
    /// There was no time left.
    #[error("Okta did not answer in time")]
    TooSlow,
}

/// What Okta says of a number.
enum Answer {
    /// It is this employee's.
    Found(Box<Employee>),
    /// It is nobody's who works here.
    Nobody,
    /// Two people claim it.
    Ambiguous(okta::Error),
    /// Nothing, or nothing of use.
    Silence {
        /// Why.
        silence: Silence,
        /// Whether it has said, before that, that the number is not the hinted employee's.
        hint_is_wrong: bool,
    },
}

impl Switchboard {
    /// A switchboard that asks `directory` and, about mobiles that nothing vouches for, `account`; that
    /// believes what it was told for the time `fresh`, and makes do with what was last known for `lifetime`.
    #[must_use]
    pub fn new(
        directory: Directory,
        account: Account,
        seal: Option<Seal>,
        territory: Territory,
        fresh: SignedDuration,
        lifetime: SignedDuration,
    ) -> Self {
        Self { directory, account, seal, territory, memory: Memory::new(fresh, lifetime) }
    }

    /// Makes ready to ask the directory. It takes no longer than half a second.
    pub async fn connect(&self) {
        self.directory.connect().await;
    }

    /// Finds the phone behind `number`, with the help of what the webhook's URL says. It takes no longer than
    /// six seconds.
    pub async fn find(&self, number: &CompanyNumber, hint: &Hint) -> Result<Destination, Unreached> {
        self.find_until(Instant::now() + OKTAS_TIME, number, hint).await
    }

    /// The same for a caller who has waited already: Okta may answer until `deadline`, and no longer than 4.5 seconds. After
    /// that the phone that was last known has to do.
    pub async fn find_until(
        &self,
        deadline: Instant,
        number: &CompanyNumber,
        hint: &Hint,
    ) -> Result<Destination, Unreached> {
        let now = Timestamp::now();
        if let Some(destination) = self.memory.fresh(number, hint, now) {
            return Ok(destination);
        }
        // On the heap, so that there is little to move for those who are remembered.
        let deadline = deadline.min(Instant::now() + OKTAS_TIME);
        let found = match Box::pin(self.ask(deadline, number, hint)).await {
            Answer::Found(employee) => Box::pin(self.destination(*employee, number, hint, now)).await,
            Answer::Nobody => Err(Unreached::Nobody),
            Answer::Ambiguous(error) => {
                self.memory.forget(number);
                return Err(Unreached::Unknown(error.into()));
            }
            Answer::Silence { silence, hint_is_wrong } => {
                metrics::count("OktaOutages");
                return self.last_known(number, hint, hint_is_wrong, now, silence);
            }
        };
        match &found {
            Ok(destination) => self.memory.remember(number, hint, destination.clone(), now),
            Err(_) => self.memory.forget(number),
        }
        found
    }

    /// Who publishes `number`, according to Okta.
    async fn ask(&self, deadline: Instant, number: &CompanyNumber, hint: &Hint) -> Answer {
        let mut hint_is_wrong = false;
        if let Some(id) = &hint.employee {
            match timeout_at(deadline, self.directory.find(id)).await {
                Ok(Ok(Some((it, _))))
                    if it.status == Status::Working && it.publishes(number, &self.territory) =>
                {
                    return Answer::Found(Box::new(it));
                }
                Ok(Ok(_)) => {
                    self.memory.forget_employee(number, id);
                    hint_is_wrong = true;
                }
                Ok(Err(error)) => return Answer::Silence { silence: error.into(), hint_is_wrong },
                Err(_) => return Answer::Silence { silence: Silence::TooSlow, hint_is_wrong },
            }
        }
        let search = self.directory.find_by_company_number(number, &self.territory);
        match timeout_at(deadline, search).await {
            Ok(Ok(Some(employee))) => Answer::Found(Box::new(employee)),
            Ok(Ok(None)) => Answer::Nobody,
            Ok(Err(error @ okta::Error::Ambiguous(_))) => Answer::Ambiguous(error),
            Ok(Err(error)) => Answer::Silence { silence: error.into(), hint_is_wrong },
            Err(_) => Answer::Silence { silence: Silence::TooSlow, hint_is_wrong },
        }
    }

    /// The phone of `employee`, unless a call to it would come back here.
    async fn destination(
        &self,
        employee: Employee,
        number: &CompanyNumber,
        hint: &Hint,
        now: Timestamp,
    ) -> Result<Destination, Unreached> {
        let name = employee.name.spoken();
        match employee.reachable(number, &self.territory) {
            Ok(mobile) if !self.is_vouched_for(&mobile, number, hint, now) && self.is_ours(&mobile).await => {
                Err(Unreached::NoMobile { employee: employee.id, reason: Unreachable::Loop })
            }
            Ok(mobile) => Ok(Destination { employee: employee.id, name, mobile, source: Source::Okta }),
            Err(reason) => Err(Unreached::NoMobile { employee: employee.id, reason }),
        }
    }

    /// Whether the provisioner, who knows all our numbers, has seen this mobile and sealed it.
    fn is_vouched_for(
        &self,
        mobile: &MobileNumber,
        number: &CompanyNumber,
        hint: &Hint,
        now: Timestamp,
    ) -> bool {
        self.sealed(number, hint, now).is_some_and(|(sealed, _)| sealed.mobile == *mobile)
    }

    /// Whether `mobile` is a number of the account. If Twilio does not say, it is taken for none: whoever has
    /// just changed their phone is more likely than a circle.
    async fn is_ours(&self, mobile: &MobileNumber) -> bool {
        let number = CompanyNumber::new(mobile.clone().into());
        match timeout(TWILIOS_TIME, self.account.find(&number)).await {
            Ok(Ok(found)) => found.is_some(),
            Ok(Err(error)) => {
                tracing::error!(error = %Causes(&error), "cannot see whether a mobile is a company number");
                false
            }
            Err(_) => {
                tracing::warn!("Twilio takes too long to say whether a mobile is a company number");
                false
            }
        }
    }

    /// What was last known: by this process, or when the provisioner ran, whichever is newer. If the hint is
    /// wrong, its seal does not count any more.
    fn last_known(
        &self,
        number: &CompanyNumber,
        hint: &Hint,
        hint_is_wrong: bool,
        now: Timestamp,
        silence: Silence,
    ) -> Result<Destination, Unreached> {
        let sealed = self.sealed(number, hint, now).filter(|_| !hint_is_wrong);
        let known = [sealed, self.memory.last(number, hint, now)];
        let last = known.into_iter().flatten().max_by_key(|(_, time)| *time);
        let Some((destination, time)) = last else { return Err(Unreached::Unknown(silence)) };
        tracing::error!(
            employee = destination.employee.0,
            error = %Causes(&silence),
            age_seconds = now.duration_since(time).as_secs(),
            "Okta does not answer as it should, so what was last known has to do"
        );
        Ok(destination)
    }

    /// What is sealed into the webhook's URL, and when it was, if it may still be used.
    fn sealed(
        &self,
        number: &CompanyNumber,
        hint: &Hint,
        now: Timestamp,
    ) -> Option<(Destination, Timestamp)> {
        let (seal, employee) = (self.seal.as_ref()?, hint.employee.as_ref()?);
        let (known, time) = seal.open(hint.sealed.as_ref()?, number, employee, now)?;
        // The settings may have changed since.
        let mobile = TypedNumber::new(known.mobile.as_e164())?.dialled_within(&self.territory).ok()?;
        let employee = employee.clone();
        Some((Destination { employee, name: known.name, mobile, source: Source::LastKnown }, time))
    }
}
