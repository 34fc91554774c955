//! Where the next page is.
//!
//! <https://developer.okta.com/docs/reference/core-okta-api/#pagination>

use http::{HeaderMap, header};
use url::Url;

/// The next page's URL, read from the `Link` headers and brought home to `org`.
///
/// Okta sends one header for each link. Whatever host a link names, the next request, and with it
/// the token, goes to the org that was configured.
pub(super) fn next(headers: &HeaderMap, org: &Url) -> Option<Url> {
    let links = headers.get_all(header::LINK).iter().filter_map(|link| link.to_str().ok());
    let target = links.flat_map(|line| line.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|it| it.trim().eq_ignore_ascii_case(r#"rel="next""#));
        is_next.then_some(target)
    })?;
    let link = org.join(target).ok()?;
    let mut url = org.clone();
    url.set_path(link.path());
    url.set_query(link.query());
    url.path().starts_with("/api/v1/").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_of(links: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for link in links {
            headers.append(header::LINK, link.parse().unwrap());
        }
        next(&headers, &"https://example.okta.com/".parse().unwrap()).map(Into::into)
    }

    const SELF: &str = r#"<https://example.okta.com/api/v1/users?limit=200>; rel="self""#;
    const NEXT: &str = r#"<https://example.okta.com/api/v1/users?after=200u&limit=200>; rel="next""#;

    #[test]
    fn the_next_page_is_found_on_its_own_line_or_behind_a_comma() {
        let page = Some("https://example.okta.com/api/v1/users?after=200u&limit=200".to_owned());
        assert_eq!(next_of(&[SELF, NEXT]), page);
        assert_eq!(next_of(&[&format!("{SELF}, {NEXT}")]), page);
    }

    #[test]
    fn the_last_page_has_no_next_one() {
        assert_eq!(next_of(&[SELF]), None);
        assert_eq!(next_of(&[]), None);
    }

    #[test]
    fn a_link_cannot_lead_the_token_astray() {
        let stray = r#"<https://evil.example/api/v1/users?after=1>; rel="next""#;
        assert_eq!(next_of(&[stray]), Some("https://example.okta.com/api/v1/users?after=1".to_owned()));
        assert_eq!(next_of(&[r#"<https://example.okta.com/oauth2/v1/token>; rel="next""#]), None);
    }
}
