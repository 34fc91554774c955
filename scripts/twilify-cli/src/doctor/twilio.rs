//! Whether Twilio does what it has to.

use anyhow::{Result, anyhow};
use twilify::twilio::{self, Account, Standing};

use super::Check;
use crate::{provisioning::monthly_usd, setup::Setup};

/// How Twilio calls a campaign that carriers deliver texts of.
const VERIFIED: &str = "VERIFIED";

pub(super) async fn checks(setup: &Setup) -> Vec<Check> {
    let standing = standing(setup).await;
    let is_subaccount = standing.as_ref().is_ok_and(Standing::is_subaccount);
    let mut checks = vec![credentials(standing)];
    match setup.account() {
        Ok(account) => checks.extend(numbers(&account, is_subaccount).await),
        Err(error) => checks.push(Check::failed("Twilio numbers", &error)),
    }
    checks.push(messaging(setup).await);
    checks
}

/// The auth token, which signs the webhooks, and so has to be the account's even if there is an API key.
async fn standing(setup: &Setup) -> Result<Standing> {
    Ok(setup.account_by_token()?.standing().await?)
}

fn credentials(standing: Result<Standing>) -> Check {
    let what = "Twilio auth token";
    match standing {
        Ok(it) if it.status != "active" => Check::bad(
            what,
            format!("the account “{}” is {}", it.name, it.status),
            "look at Twilio's console",
        ),
        Ok(it) if it.kind == "Trial" => Check::bad(
            what,
            format!("the account “{}” is a trial account, which reaches verified numbers only", it.name),
            "upgrade it in Twilio's console",
        ),
        Ok(it) => Check::good(what, format!("Twilio takes it, for the account “{}”", it.name)),
        Err(error) => Check::bad(what, format!("{error:#}"), "store the right one: twilify init"),
    }
}

/// What is owned, and whether it can be paid for.
async fn numbers(account: &Account, is_subaccount: bool) -> Vec<Check> {
    let owned = match account.list().await {
        Ok(numbers) => numbers.len(),
        Err(error) => return vec![Check::failed("Twilio numbers", &error.into())],
    };
    let balance = if is_subaccount {
        Check::skipped(
            "Twilio balance",
            "this is a subaccount, and its main account pays; see what that has left",
        )
    } else {
        balance(account, owned).await
    };
    vec![Check::good("Twilio numbers", format!("the account owns {owned}")), balance]
}

async fn balance(account: &Account, owned: usize) -> Check {
    let what = "Twilio balance";
    match account.balance().await {
        Ok(balance) => match balance.amount() {
            Some(amount) => left(amount, &balance.currency, monthly_usd(owned)),
            None => Check::failed(what, &anyhow!("Twilio's answer has no amount")),
        },
        Err(error) if error.code() == Some(twilio::NOT_PERMITTED) => {
            Check::skipped(what, "this API key may not see it")
        }
        Err(error) => Check::failed(what, &error.into()),
    }
}

/// Whether what is left on the account pays for a `month` of its numbers, which is in USD.
fn left(amount: f64, currency: &str, month: f64) -> Check {
    let what = "Twilio balance";
    let finding = format!("{amount:.2} {currency}; the numbers cost about {month:.2} USD a month");
    match amount {
        // Who pays by invoice owes, and is not stopped for that.
        ..0.0 => Check::skipped(what, finding),
        _ if currency != "USD" => Check::skipped(what, finding),
        _ if amount < month => {
            Check::bad(what, finding, "top it up in Twilio's console, or let Twilio do that by itself")
        }
        _ => Check::good(what, finding),
    }
}

async fn messaging(setup: &Setup) -> Check {
    let what = "texts in the United States";
    match service(setup).await {
        Ok(None) => Check::skipped(
            what,
            "no Messaging Service is set, and without a registered A2P 10DLC campaign no carrier delivers texts",
        ),
        Ok(Some(it)) if !it.defers_to_numbers => Check::bad(
            what,
            format!("the Messaging Service “{}” keeps incoming texts to itself", it.name),
            "in Twilio's console, let the service defer to the sender's webhook",
        ),
        Ok(Some(it)) if !it.campaigns.iter().any(|status| status == VERIFIED) => Check::bad(
            what,
            match &it.campaigns[..] {
                [] => format!("the Messaging Service “{}” has no A2P 10DLC campaign", it.name),
                campaigns => format!("the campaign of “{}” is {}", it.name, campaigns.join(" and ")),
            },
            "register it in Twilio's console, under Messaging, Regulatory compliance, and wait until it is verified",
        ),
        Ok(Some(it)) => Check::good(what, format!("the campaign of “{}” is verified", it.name)),
        Err(error) => Check::failed(what, &error),
    }
}

async fn service(setup: &Setup) -> Result<Option<twilio::ServiceStanding>> {
    match setup.messaging_service()? {
        Some(service) => Ok(Some(service.standing().await?)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn a_balance_is_judged_in_dollars_and_by_a_month_of_the_numbers() {
        for (amount, currency, outcome) in [
            (12.35, "USD", Outcome::Good),
            (12.34, "USD", Outcome::Good),
            (12.33, "USD", Outcome::Bad),
            (0., "USD", Outcome::Bad),
            // Who pays by invoice owes.
            (-50., "USD", Outcome::Skipped),
            (1., "EUR", Outcome::Skipped),
            (100., "EUR", Outcome::Skipped),
        ] {
            assert_eq!(left(amount, currency, 12.34).outcome, outcome, "{amount} {currency}");
        }
    }
}
