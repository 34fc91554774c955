//! The beginning of other URLs.

use url::{Host, Url};

/// The text is not the base of anybody's URLs. It is not repeated here: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotABaseUrl {
    /// It is no URL with a host.
    #[error("not a URL like https://example.com")]
    NotAUrl,
    /// It would send secrets in the clear.
    #[error("http:// is for this machine only; use https://")]
    Insecure,
    /// It goes on after its path.
    #[error("a base URL has nothing after a ? or a #")]
    Query,
    /// It carries credentials, which Twilio leaves out when it signs.
    #[error("a URL must not carry a name or a password")]
    Credentials,
}

/// Reads a base URL: `https://`, or `http://` on this machine's loopback interface, with nothing
/// behind the path. The path ends with a slash, so that URLs can be built with `join`.
pub fn base_url(text: &str) -> Result<Url, NotABaseUrl> {
    let mut url: Url = text.trim().parse().map_err(|_| NotABaseUrl::NotAUrl)?;
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(NotABaseUrl::NotAUrl),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(NotABaseUrl::Insecure),
        _ => return Err(NotABaseUrl::NotAUrl),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotABaseUrl::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(NotABaseUrl::Query);
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for url in ["http://127.0.0.1:9000", "http://[::1]/", "http://localhost:9000/"] {
            assert!(base_url(url).is_ok(), "{url}");
        }
        for url in ["http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1"] {
            assert_eq!(base_url(url), Err(NotABaseUrl::Insecure), "{url}");
        }
    }

    #[test]
    fn a_base_url_has_neither_a_name_nor_a_password_nor_a_query() {
        for url in ["https://me@example.com", "https://me:secret@example.com", "https://:secret@example.com"]
        {
            assert_eq!(base_url(url), Err(NotABaseUrl::Credentials), "{url}");
        }
        for url in ["https://example.com?", "https://example.com/x?a=1", "https://example.com/#a"] {
            assert_eq!(base_url(url), Err(NotABaseUrl::Query), "{url}");
        }
        assert_eq!(base_url(" https://example.com/x ").unwrap().as_str(), "https://example.com/x/");
    }
}
