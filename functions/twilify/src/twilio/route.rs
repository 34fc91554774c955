//! Where Twilio reports what happens on a number, and what it tells us along with it.

use url::{Url, form_urlencoded};

use super::OwnedNumber;
use crate::{EmployeeId, seal::Sealed};

/// The parameter of a webhook's URL with the id of the employee.
const EMPLOYEE: &str = "employee";

/// The parameter of a webhook's URL with their last known mobile.
const ROUTE: &str = "route";

/// Where Twilio reports what happens on a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Asked what to do with a call, by POST.
    pub(super) voice: Url,
    /// Told about a message, by POST.
    pub(super) sms: Url,
}

/// What the URL of a webhook says about whose number it is. Twilio signs the URL, so it may be believed to
/// be what we wrote there, at some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// Whose the number is.
    pub employee: Option<EmployeeId>,
    /// Their last known mobile.
    pub sealed: Option<Sealed>,
}

impl Route {
    /// The route of `employee`'s number to our functions, which are all below `public_url`, with their
    /// last known mobile, if it is known.
    #[must_use]
    pub fn of(public_url: &Url, employee: &EmployeeId, sealed: Option<&Sealed>) -> Self {
        let mut route = Self::pool(public_url);
        for url in [&mut route.voice, &mut route.sms] {
            let mut query = url.query_pairs_mut();
            query.append_pair(EMPLOYEE, &employee.0);
            if let Some(Sealed(sealed)) = sealed {
                query.append_pair(ROUTE, sealed);
            }
        }
        route
    }

    /// The route of a number that waits for an employee: to our functions, which will say so.
    ///
    /// # Panics
    ///
    /// Never: a base URL takes any path.
    #[must_use]
    pub fn pool(public_url: &Url) -> Self {
        let url = |path| public_url.join(path).expect("these are paths");
        Self { voice: url("call-forward"), sms: url("sms-forward") }
    }

    /// The fields that set this route.
    pub(super) fn fields(&self) -> [(&'static str, &str); 4] {
        [
            ("VoiceUrl", self.voice.as_str()),
            ("VoiceMethod", "POST"),
            ("SmsUrl", self.sms.as_str()),
            ("SmsMethod", "POST"),
        ]
    }

    /// The fields that take away what would go before this route.
    pub(super) fn clearing() -> [(&'static str, &'static str); 3] {
        [("VoiceApplicationSid", ""), ("TrunkSid", ""), ("SmsApplicationSid", "")]
    }
}

impl Hint {
    /// Reads the part of a URL after the question mark.
    pub(super) fn read(query: &str) -> Self {
        let parameter = |name| form_urlencoded::parse(query.as_bytes()).find(|(it, _)| it == name);
        Self {
            employee: parameter(EMPLOYEE).and_then(|(_, id)| id.parse().ok()),
            sealed: parameter(ROUTE).map(|(_, sealed)| Sealed(sealed.into_owned())),
        }
    }
}

impl OwnedNumber {
    /// Whether calls and messages on it are reported along `route`.
    #[must_use]
    pub fn follows(&self, route: &Route) -> bool {
        let is = |(url, method): &super::number::Webhook, wanted: &Url| {
            url.as_deref() == Some(wanted.as_str()) && method.as_deref() == Some("POST")
        };
        !self.overridden && is(&self.voice, &route.voice) && is(&self.sms, &route.sms)
    }

    /// The last known mobile that stands in one of its webhooks.
    #[must_use]
    pub fn sealed(&self) -> Option<Sealed> {
        let sealed = |(url, _): &super::number::Webhook| Hint::read(url.as_ref()?.split_once('?')?.1).sealed;
        sealed(&self.voice).or_else(|| sealed(&self.sms))
    }
}
