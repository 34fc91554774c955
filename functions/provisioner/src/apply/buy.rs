//! Buying numbers, each once.

use std::sync::atomic::Ordering;

use twilify::{
    CompanyNumber, okta,
    twilio::{self, Label, OwnedNumber},
};

use super::{Failure, Later, Outcome, Work};
use crate::Who;

/// Twilio's word for a number that somebody else was quicker to buy.
///
/// <https://www.twilio.com/docs/api/errors/21422>
const NOT_AVAILABLE: u32 = 21422;

/// How often a purchase is tried whose outcome is unknown.
const ATTEMPTS: usize = 3;

impl Work<'_> {
    /// Buys a number and writes it into the employee's profile.
    pub(super) async fn buy(&self, who: &Who) -> Result<Outcome, Failure> {
        let Ok(permit) = self.waiting.permits.acquire().await else {
            return Ok(Outcome::Later(Later::TooManyWaiting));
        };
        // The number is taken before the profile is read, and not put back: so two runs that see the same
        // world want the same number for the same employee, and buying it twice is buying it once.
        let candidate = self.candidate().await?;
        let Some(revision) = self.vacancy(who).await? else { return Ok(Outcome::Later(Later::Changed)) };
        let bought = match self.purchase(candidate, who).await {
            Ok(bought) => bought,
            Err(failure) => {
                // It may have been bought all the same.
                if failure.may_have_bought() {
                    self.waiting.one_more(Some(permit));
                }
                return Err(failure);
            }
        };
        self.purchases.fetch_add(1, Ordering::Relaxed);
        match self.write(who, &bought.number, Some(revision)).await {
            Ok(Ok(())) => {}
            Ok(Err(later)) => {
                self.pool(&bought).await?;
                return Ok(Outcome::Later(later));
            }
            // The label is on it, so the next run assigns it.
            Err(Failure::Okta(okta::Error::Throttled)) => return Ok(Outcome::Later(Later::Throttled)),
            Err(failure) => {
                self.waiting.one_more(Some(permit));
                return Err(Failure::Unwritten(bought.number.as_e164().to_owned(), Box::new(failure)));
            }
        }
        self.try_to_enroll(who, &bought).await;
        Ok(Outcome::Done(bought.number.as_e164().to_owned()))
    }

    async fn candidate(&self) -> Result<CompanyNumber, Failure> {
        let codes = || {
            let codes: Vec<_> =
                self.provisioner.settings.area_codes.iter().map(ToString::to_string).collect();
            Failure::SoldOut(codes.join(", "))
        };
        self.shelf.lock().await.take().await?.ok_or_else(codes)
    }

    /// Buys `number`, or the next one that nobody else was quicker to buy.
    async fn purchase(&self, mut number: CompanyNumber, who: &Who) -> Result<OwnedNumber, Failure> {
        loop {
            match self.purchase_one(&number, who).await? {
                Some(bought) => return Ok(bought),
                None => number = self.candidate().await?,
            }
        }
    }

    /// Buys `number`; `None` if somebody else has.
    ///
    /// A purchase whose outcome is unknown is repeated, which changes nothing if it was made. If Twilio
    /// then calls the number unavailable, it may be so because it is ours.
    async fn purchase_one(&self, number: &CompanyNumber, who: &Who) -> Result<Option<OwnedNumber>, Failure> {
        let account = &self.provisioner.account;
        let (label, route) = (Label::of(&who.employee), self.route(who, number));
        let mut attempt = 1;
        loop {
            match account.buy(number, &label, &route).await {
                Ok(bought) => return Ok(Some(bought)),
                Err(error) if error.code() == Some(NOT_AVAILABLE) => {
                    let ours = if attempt > 1 { account.find(number).await? } else { None };
                    return Ok(ours.filter(|it| it.label == label));
                }
                Err(error) if attempt < ATTEMPTS && is_unknown(&error) => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Failure {
    fn may_have_bought(&self) -> bool {
        matches!(self, Self::Twilio(error) if is_unknown(error))
    }
}

/// Whether the purchase may have been made.
fn is_unknown(error: &twilio::Error) -> bool {
    match error {
        twilio::Error::Unreachable { .. } => true,
        twilio::Error::Refused(refusal) => refusal.status.is_server_error(),
    }
}
