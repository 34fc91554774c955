//! Where Twilio reports what happens on a number, and what it tells us along with it.

use url::{Url, form_urlencoded};

use super::OwnedNumber;
use crate::{EmployeeId, seal::Sealed};

/// The parameter of a webhook's URL with the id of the employee.
const EMPLOYEE: &str = "employee";

/// The parameter of a webhook's URL with their last known mobile.
const ROUTE: &str = "route";

/// Where messages wait that were not taken, up to whose they are.
const LATER: &str = "sms-forward/later/";

/// What stands at the end of the URL that is told about messages when the employee has texted STOP.
const STOPPED: &str = "&stopped=1";

/// Where Twilio asks what to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEndpoint {
    /// `/call-forward`, when somebody calls.
    Incoming,
    /// `/call-forward/again`, the number's fallback URL, when one of the other two has failed.
    Again,
    /// `/call-forward/after`, when the dialled phone rings no more.
    After,
}

/// Where Twilio reports what happens on a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Asked what to do with a call, by POST.
    pub(super) voice: Url,
    /// Asked when a webhook of a call has failed, by POST. It has its own path, so that API Gateway limits its rate
    /// separately.
    pub(super) voice_fallback: Url,
    /// Told about a message, by POST.
    pub(super) sms: Url,
    /// Told about a message that the other one did not take, by POST.
    pub(super) sms_fallback: Url,
}

/// What the URL of a webhook says about whose number it is. Twilio signs the URL, so it may be believed to
/// be what we wrote there, at some time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hint {
    /// Whose the number is.
    pub employee: Option<EmployeeId>,
    /// Their last known mobile.
    pub sealed: Option<Sealed>,
    /// Whether they have texted STOP to their company number, as far as we have noticed.
    pub stopped: bool,
}

impl CallEndpoint {
    /// The endpoint at `path`; a stage or a domain may have put something before ours.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let all = [Self::Incoming, Self::Again, Self::After];
        all.into_iter().find(|it| path.strip_suffix(it.path()).is_some_and(|before| before.ends_with('/')))
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Incoming => "call-forward",
            Self::Again => "call-forward/again",
            Self::After => "call-forward/after",
        }
    }

    /// [`After`](Self::After) as a URL that is relative to this endpoint.
    pub(super) const fn to_after(self) -> &'static str {
        match self {
            Self::Incoming => "call-forward/after",
            Self::Again | Self::After => "after",
        }
    }
}

impl Route {
    /// The route of `employee`'s number to our functions, which are all below `public_url`, with their
    /// last known mobile, if it is known.
    #[must_use]
    pub fn of(public_url: &Url, employee: &EmployeeId, sealed: Option<&Sealed>) -> Self {
        let mut route = Self::pool(public_url);
        for url in [&mut route.voice, &mut route.voice_fallback, &mut route.sms] {
            let mut query = url.query_pairs_mut();
            query.append_pair(EMPLOYEE, &employee.0);
            if let Some(Sealed(sealed)) = sealed {
                query.append_pair(ROUTE, sealed);
            }
        }
        route.sms_fallback = later(public_url, &employee.0);
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
        Self {
            voice: url(CallEndpoint::Incoming.path()),
            voice_fallback: url(CallEndpoint::Again.path()),
            sms: url("sms-forward"),
            sms_fallback: later(public_url, "pool"),
        }
    }

    /// The same route, with the note that the employee has texted STOP, if they have.
    #[must_use]
    pub fn noting(mut self, stopped: bool) -> Self {
        if stopped && let Some(query) = self.sms.query().map(|query| format!("{query}{STOPPED}")) {
            self.sms.set_query(Some(&query));
        }
        self
    }

    /// The fields that set this route.
    pub(super) fn fields(&self) -> [(&'static str, &str); 8] {
        [
            ("VoiceUrl", self.voice.as_str()),
            ("VoiceMethod", "POST"),
            ("VoiceFallbackUrl", self.voice_fallback.as_str()),
            ("VoiceFallbackMethod", "POST"),
            ("SmsUrl", self.sms.as_str()),
            ("SmsMethod", "POST"),
            ("SmsFallbackUrl", self.sms_fallback.as_str()),
            ("SmsFallbackMethod", "POST"),
        ]
    }

    /// The fields that take away what would go before this route.
    pub(super) fn clearing() -> [(&'static str, &'static str); 3] {
        [("VoiceApplicationSid", ""), ("TrunkSid", ""), ("SmsApplicationSid", "")]
    }
}

/// Where a message of `owner` waits that was not taken. There is nothing after a question mark, because it has to
/// pass a place where no code of ours is.
fn later(public_url: &Url, owner: &str) -> Url {
    public_url.join(&format!("{LATER}{owner}")).expect("this is a path")
}

impl Hint {
    /// Reads the path of a URL, which names the employee where a message has waited, and the part after the
    /// question mark.
    pub(super) fn read(path: &str, query: &str) -> Self {
        let late = path.rsplit_once(LATER).and_then(|(_, owner)| owner.parse().ok());
        let mut hint = Self { employee: late, sealed: None, stopped: query.ends_with(STOPPED) };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                EMPLOYEE if hint.employee.is_none() => hint.employee = value.parse().ok(),
                ROUTE if hint.sealed.is_none() => hint.sealed = Some(Sealed(value.into_owned())),
                _ => {}
            }
        }
        hint
    }
}

impl Hint {
    /// What of it is known about a call, as parameters of another URL. A seal with other letters than ours is none.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let employee = self.employee.iter().map(|EmployeeId(id)| (EMPLOYEE, id.as_str()));
        let sealed = self.sealed.iter().map(|Sealed(sealed)| (ROUTE, sealed.as_str()));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        employee.chain(sealed).filter(move |(_, value)| value.bytes().all(is_plain))
    }
}

impl OwnedNumber {
    /// Whether calls and messages on it are reported along `route`.
    #[must_use]
    pub fn follows(&self, route: &Route) -> bool {
        let is = |(url, method): &super::number::Hook, wanted: &Url| {
            let url = url.as_deref().map(|url| url.strip_suffix(STOPPED).unwrap_or(url));
            url == Some(wanted.as_str()) && method.as_deref() == Some("POST")
        };
        !self.overridden
            && is(&self.voice, &route.voice)
            && is(&self.voice_fallback, &route.voice_fallback)
            && is(&self.sms, &route.sms)
            && is(&self.sms_fallback, &route.sms_fallback)
    }

    /// Whom Twilio asks what to do with a call to it, if anybody.
    #[must_use]
    pub fn voice_url(&self) -> Option<&str> {
        self.voice.0.as_deref().filter(|url| !url.is_empty())
    }

    /// Whom Twilio tells of a message to it, if anybody.
    #[must_use]
    pub fn sms_url(&self) -> Option<&str> {
        self.sms.0.as_deref().filter(|url| !url.is_empty())
    }

    /// What the webhook that is told of a message to it learns from its own URL.
    #[must_use]
    pub fn sms_hint(&self) -> Hint {
        let query = self.sms_url().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
        Hint::read("", query)
    }

    /// Whether its employee has texted STOP to it, as far as we have noticed.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.sms.0.as_ref().is_some_and(|url| url.ends_with(STOPPED))
    }

    /// The URL that is told about its messages, with or without the note; `None` if nothing changes.
    pub(super) fn sms_url_if_stopped(&self, stopped: bool) -> Option<String> {
        let url = self.sms.0.as_deref().filter(|url| url.contains('?') && self.is_stopped() != stopped)?;
        Some(if stopped { format!("{url}{STOPPED}") } else { url.strip_suffix(STOPPED)?.to_owned() })
    }

    /// The last known mobile that stands in one of its webhooks.
    #[must_use]
    pub fn sealed(&self) -> Option<Sealed> {
        let sealed = |(url, _): &super::number::Hook| Hint::read("", url.as_ref()?.split_once('?')?.1).sealed;
        sealed(&self.voice).or_else(|| sealed(&self.sms))
    }
}

#[cfg(test)]
mod tests;
