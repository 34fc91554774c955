//! How the account and its Messaging Service stand: for whoever looks whether everything is set up.

use serde::Deserialize;

use super::{Account, Error, MessagingService};

/// How an account stands.
///
/// <https://www.twilio.com/docs/iam/api/account>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Standing {
    /// What somebody has called it.
    #[serde(rename = "friendly_name")]
    pub name: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// `Full` or `Trial`.
    #[serde(rename = "type")]
    pub kind: String,
    sid: String,
    /// Its main account, or itself if it is one.
    #[serde(default)]
    owner_account_sid: Option<String>,
}

/// What an account has left.
///
/// <https://www.twilio.com/docs/usage/api/account-balance>
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Balance {
    /// The amount, like `12.34`; less than nothing if it owes.
    balance: String,
    /// The currency, like `USD`.
    pub currency: String,
}

/// How a Messaging Service stands.
///
/// <https://www.twilio.com/docs/messaging/api/service-resource>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServiceStanding {
    /// What somebody has called it.
    #[serde(rename = "friendly_name")]
    pub name: String,
    /// Whether what comes in goes to the webhook of the number. If not, no text reaches us.
    #[serde(default, rename = "use_inbound_webhook_on_number")]
    pub defers_to_numbers: bool,
    /// How the registration of its campaigns stands: `VERIFIED` and others.
    ///
    /// <https://www.twilio.com/docs/messaging/api/usapptoperson-resource>
    #[serde(skip)]
    pub campaigns: Vec<String>,
}

impl Standing {
    /// Whether it is part of another account, which has the money and pays.
    #[must_use]
    pub fn is_subaccount(&self) -> bool {
        self.owner_account_sid.as_ref().is_some_and(|owner| *owner != self.sid)
    }
}

impl Balance {
    /// The amount; `None` if Twilio's is no number.
    #[must_use]
    pub fn amount(&self) -> Option<f64> {
        self.balance.parse().ok()
    }
}

impl Account {
    /// How the account stands. An API key may not ask this, only an auth token may.
    pub async fn standing(&self) -> Result<Standing, Error> {
        self.get(&self.account_url(".json")).await
    }

    /// What the account has left. A subaccount [has nothing of its own](https://www.twilio.com/docs/iam/api/subaccounts).
    pub async fn balance(&self) -> Result<Balance, Error> {
        self.get(&self.url("Balance.json")).await
    }
}

impl MessagingService {
    /// How the service stands, and the campaigns for which it is registered.
    pub async fn standing(&self) -> Result<ServiceStanding, Error> {
        #[derive(Deserialize)]
        struct Campaigns {
            compliance: Vec<Campaign>,
        }
        #[derive(Deserialize)]
        struct Campaign {
            campaign_status: String,
        }

        let standing: ServiceStanding = self.account.get(&self.service).await?;
        let mut url = self.service.clone();
        url.set_path(&format!("{}/Compliance/Usa2p", self.service.path()));
        let Campaigns { compliance } = self.account.get(&url).await?;
        let campaigns = compliance.into_iter().map(|it| it.campaign_status).collect();
        Ok(ServiceStanding { campaigns, ..standing })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subaccount_has_another_owner_than_itself() {
        let standing = |owner: Option<&str>| {
            let standing = json!({
                "friendly_name": "x", "status": "active", "type": "Full", "sid": "AC1", "owner_account_sid": owner,
            });
            serde_json::from_value::<Standing>(standing).unwrap()
        };
        assert!(standing(Some("AC2")).is_subaccount());
        assert!(!standing(Some("AC1")).is_subaccount() && !standing(None).is_subaccount());
    }

    #[test]
    fn a_balance_is_a_number_or_unknown() {
        let amount = |text: &str| Balance { balance: text.to_owned(), currency: "USD".to_owned() }.amount();
        assert_eq!(amount("12.34").map(|it| (it * 100.).round()), Some(1234.));
        assert_eq!(amount("-0.5").map(|it| (it * 100.).round()), Some(-50.));
        assert_eq!(amount("a lot"), None);
    }
}
