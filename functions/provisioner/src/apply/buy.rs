//! Buying numbers, each once.

use std::sync::atomic::Ordering;

use tokio::sync::SemaphorePermit;
use twilify::{
    CompanyNumber,
    okta::Revision,
    twilio::{self, Label, OwnedNumber},
};

use super::{Failure, Later, NotDone, Work, assign::Unwritten, supply::Drawn};
use crate::Who;

/// Twilio's word for a number that somebody else was quicker to buy.
///
/// <https://www.twilio.com/docs/api/errors/21422>
const NOT_AVAILABLE: u32 = 21422;

/// How often a purchase is tried whose outcome is unknown.
const ATTEMPTS: usize = 3;

impl Work<'_> {
    /// Gives the employee a number that is in the pool by now, or else buys one, and returns it.
    pub(super) async fn buy(&self, who: &Who) -> Result<String, NotDone> {
        if self.doubt.is_certain() {
            return Err(Later::OktaTakesNone.into());
        }
        let permit = self.waiting.permits.acquire().await.map_err(|_| Later::TooManyWaiting)?;
        let mut rehearsed = None;
        loop {
            // The candidate is drawn before the profile is read: so two runs that see the same world want the same number
            // for the same employee, and buying it twice is buying it once.
            match self.supply.draw().await? {
                Drawn::Pooled(owned) => return self.try_on(who, *owned, rehearsed).await,
                Drawn::ForSale(number) => {
                    let revision = match rehearsed {
                        Some(revision) => revision,
                        None => match self.rehearse(who).await {
                            Ok(revision) => revision,
                            Err(why @ (NotDone::Unwritable(_) | NotDone::Later(_))) => {
                                self.supply.not_wanted(Some(number)).await;
                                return Err(why);
                            }
                            Err(why) => {
                                self.supply.not_bought(Some(number)).await;
                                return Err(why);
                            }
                        },
                    };
                    match self.purchase(&number, who).await {
                        Ok(Some(bought)) => return self.finish(who, bought, revision, permit).await,
                        Ok(None) => self.supply.not_wanted(None).await,
                        Err(error) if is_unknown(&error) => {
                            self.supply.bought(None).await;
                            self.waiting.one_more(Some(permit));
                            return Err(error.into());
                        }
                        Err(error) => {
                            self.supply.not_bought(Some(number).filter(|_| is_about_us(&error))).await;
                            return Err(error.into());
                        }
                    }
                    rehearsed = Some(revision);
                }
            }
        }
    }

    /// Gives the employee a number of the pool.
    async fn try_on(
        &self,
        who: &Who,
        owned: OwnedNumber,
        rehearsed: Option<Revision>,
    ) -> Result<String, NotDone> {
        let revision = match rehearsed {
            Some(revision) => revision,
            None => match self.rehearse(who).await {
                Ok(revision) => revision,
                Err(why) => {
                    self.supply.tried(Some(owned)).await;
                    return Err(why);
                }
            },
        };
        match self.hand_over(who, &owned, revision).await {
            Ok(()) => {
                self.supply.tried(None).await;
                Ok(owned.number.as_e164().to_owned())
            }
            Err(Unwritten { why, pooled }) => {
                self.supply.tried(pooled).await;
                Err(why)
            }
        }
    }

    /// Writes a number that was just bought into the employee's profile.
    async fn finish(
        &self,
        who: &Who,
        bought: OwnedNumber,
        revision: Revision,
        permit: SemaphorePermit<'_>,
    ) -> Result<String, NotDone> {
        self.purchases.fetch_add(1, Ordering::Relaxed);
        let number = bought.number.as_e164().to_owned();
        match self.complete(who, &bought, revision).await {
            Ok(()) => {
                self.supply.bought(None).await;
                self.waiting.is_proven();
                Ok(number)
            }
            Err(Unwritten { why, pooled }) => {
                // It still has the employee's label.
                let is_waiting =
                    pooled.is_none() && !matches!(why, NotDone::Later(later) if later != Later::Changed);
                self.supply.bought(pooled).await;
                if is_waiting {
                    self.waiting.one_more(Some(permit));
                }
                Err(match why {
                    NotDone::Failed(failure) => Failure::Unwritten(number, Box::new(failure)).into(),
                    why => why,
                })
            }
        }
    }

    /// Buys `number`; `None` if somebody else has.
    ///
    /// A purchase whose outcome is unknown is repeated, which changes nothing if it was made. If Twilio
    /// then calls the number unavailable, it may be so because it is ours.
    async fn purchase(
        &self,
        number: &CompanyNumber,
        who: &Who,
    ) -> Result<Option<OwnedNumber>, twilio::Error> {
        let account = &self.provisioner.account;
        let (label, route) = (Label::of(&who.employee), self.route(who, number));
        let mut unknown = None;
        for _ in 0..ATTEMPTS {
            match account.buy(number, &label, &route).await {
                Ok(bought) => return Ok(Some(bought)),
                Err(error) if error.code() == Some(NOT_AVAILABLE) => {
                    let Some(before) = unknown else { return Ok(None) };
                    let ours = account.find(number).await.map_err(|_| before)?;
                    return Ok(ours.filter(|it| it.label == label));
                }
                Err(error) if is_unknown(&error) => unknown = Some(error),
                // What became of the attempt before is still unknown.
                Err(error) => return Err(unknown.unwrap_or(error)),
            }
        }
        Err(unknown.expect("each attempt before has failed"))
    }
}

/// Whether the purchase may have been made.
fn is_unknown(error: &twilio::Error) -> bool {
    match error {
        twilio::Error::Unreachable { .. } => true,
        twilio::Error::Refused(refusal) => refusal.status.is_server_error(),
    }
}

/// Whether Twilio refused the purchase because of our credentials or because of too many requests, so that the number is
/// as good as before. Other refusals may be about the number: it may ask for an address, say.
fn is_about_us(error: &twilio::Error) -> bool {
    match error {
        twilio::Error::Unreachable { .. } => false,
        twilio::Error::Refused(refusal) => [401, 403, 429].contains(&refusal.status.as_u16()),
    }
}

#[cfg(test)]
mod tests {
    use twilify::twilio::Refusal;

    use super::*;

    #[test]
    fn a_number_is_still_for_sale_after_a_refusal_because_of_credentials_or_of_too_many_requests_alone() {
        for (status, about_us) in [(400_u16, false), (401, true), (403, true), (404, false), (429, true)] {
            let refusal = Refusal {
                request: "POST /".to_owned(),
                status: status.try_into().unwrap(),
                code: 0,
                message: String::new(),
            };
            assert_eq!(is_about_us(&twilio::Error::Refused(refusal)), about_us, "{status}");
        }
    }
}
