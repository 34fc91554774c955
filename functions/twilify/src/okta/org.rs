//! The address of an Okta org, with the usual mistakes told apart.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use crate::config::{NotABaseUrl, base_url};

/// Where an Okta org is, like `https://example.okta.com/`.
#[derive(Clone, PartialEq, Eq)]
pub struct OrgUrl(Url);

/// The text is not the address of an Okta org.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrg {
    /// It is no usable URL at all.
    #[error(transparent)]
    Url(#[from] NotABaseUrl),
    /// It goes on after the host name.
    #[error("an org's URL ends with the host name, like https://example.okta.com")]
    Path,
    /// It is the address of the admin console, which answers no API.
    #[error("this is the admin console; the org is https://{0}")]
    AdminConsole(String),
    /// It was copied from an example.
    #[error("this is a placeholder; put in your own org, like https://example.okta.com")]
    Placeholder,
}

impl OrgUrl {
    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for OrgUrl {
    type Err = NotAnOrg;

    /// A host name alone is understood as well.
    fn from_str(text: &str) -> Result<Self, NotAnOrg> {
        let text = text.trim();
        if text.contains(['{', '}', '<', '>']) || text.to_ascii_lowercase().contains("youroktadomain") {
            return Err(NotAnOrg::Placeholder);
        }
        let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = base_url(&text)?;
        if url.path() != "/" {
            return Err(NotAnOrg::Path);
        }
        if let Some(Host::Domain(host)) = url.host()
            && let Some((name, domain)) = host.split_once('.')
            && let Some(name) = name.strip_suffix("-admin")
            && domain.starts_with("okta")
        {
            return Err(NotAnOrg::AdminConsole(format!("{name}.{domain}")));
        }
        Ok(Self(url))
    }
}

impl fmt::Debug for OrgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_is_an_https_host() {
        for text in ["https://example.okta.com", " https://example.okta.com/ ", "example.okta.com"] {
            assert_eq!(text.parse::<OrgUrl>().unwrap().url().as_str(), "https://example.okta.com/");
        }
        assert!("http://127.0.0.1:8080".parse::<OrgUrl>().is_ok(), "a stand-in on this machine");
    }

    #[test]
    fn the_usual_mistakes_are_told_apart() {
        for (text, complaint) in [
            ("http://example.okta.com", "http:// is for this machine only; use https://"),
            (
                "https://example-admin.okta.com",
                "this is the admin console; the org is https://example.okta.com",
            ),
            (
                "https://{yourOktaDomain}",
                "this is a placeholder; put in your own org, like https://example.okta.com",
            ),
            (
                "https://example.okta.com/api/v1",
                "an org's URL ends with the host name, like https://example.okta.com",
            ),
            ("https://me:secret@example.okta.com", "a URL must not carry a name or a password"),
            ("", "not a URL like https://example.com"),
        ] {
            assert_eq!(text.parse::<OrgUrl>().unwrap_err().to_string(), complaint, "{text}");
        }
    }

    #[test]
    fn a_domain_of_ones_own_may_end_in_admin() {
        for text in ["https://example-admin.example.com", "https://login.okta-admin.example.com"] {
            assert!(text.parse::<OrgUrl>().is_ok(), "{text}");
        }
        for domain in ["okta.com", "oktapreview.com", "okta-emea.com"] {
            let complaint = format!("https://example-admin.{domain}").parse::<OrgUrl>().unwrap_err();
            assert_eq!(complaint, NotAnOrg::AdminConsole(format!("example.{domain}")));
        }
    }

    #[test]
    fn what_was_copied_from_an_example_is_told_from_an_address() {
        for text in
            ["{org}.okta.com", "https://org}.okta.com", "<org>.okta.com", "org>", "https://YourOktaDomain/"]
        {
            assert_eq!(text.parse::<OrgUrl>(), Err(NotAnOrg::Placeholder), "{text}");
        }
    }

    #[test]
    fn the_debug_output_of_an_org_is_its_address() {
        assert_eq!(
            format!("{:?}", "example.okta.com".parse::<OrgUrl>().unwrap()),
            "https://example.okta.com/"
        );
    }
}
