//! Where the next page is.
//!
//! <https://developer.okta.com/docs/reference/core-okta-api/#pagination>

use http::{HeaderMap, header};
use url::Url;

/// A `Link` header names a next page that is none.
#[derive(Debug)]
pub(super) struct Unusable;

/// The next page's URL, read from the `Link` headers and brought home to `org`.
///
/// Okta sends one header for each link. Whatever host a link names, the next request, and with it
/// the token, goes to the org that was configured.
pub(super) fn next(headers: &HeaderMap, org: &Url) -> Result<Option<Url>, Unusable> {
    for line in headers.get_all(header::LINK) {
        let mut rest = line.to_str().map_err(|_| Unusable)?;
        // There may be commas in a URL, so the line cannot be split at them.
        while let Some((_, link)) = rest.split_once('<') {
            let (target, after) = link.split_once('>').ok_or(Unusable)?;
            let (parameters, others) =
                after.split_once('<').map_or((after, ""), |(it, _)| (it, &after[it.len()..]));
            rest = others;
            if parameters.split([';', ',']).any(|it| it.trim().eq_ignore_ascii_case(r#"rel="next""#)) {
                let link = org.join(target).map_err(|_| Unusable)?;
                let mut url = org.clone();
                url.set_path(link.path());
                url.set_query(link.query());
                return if url.path().starts_with("/api/v1/") { Ok(Some(url)) } else { Err(Unusable) };
            }
        }
    }
    Ok(None)
}

/// The same page with half as many entries; `None` if there are only few left.
pub(super) fn halved(page: &Url) -> Option<Url> {
    let limit: usize = page.query_pairs().find(|(name, _)| name == "limit")?.1.parse().ok()?;
    let limit = Some(limit / 2).filter(|limit| *limit >= 10)?.to_string();
    let others: Vec<_> = page.query_pairs().filter(|(name, _)| name != "limit").collect();
    let mut url = page.clone();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("limit", &limit);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_of(links: &[&str]) -> Result<Option<String>, Unusable> {
        let mut headers = HeaderMap::new();
        for link in links {
            headers.append(header::LINK, link.parse().unwrap());
        }
        Ok(next(&headers, &"https://example.okta.com/".parse().unwrap())?.map(Into::into))
    }

    const SELF: &str = r#"<https://example.okta.com/api/v1/users?fields=id,status&limit=200>; rel="self""#;
    const NEXT: &str =
        r#"<https://example.okta.com/api/v1/users?after=200u&fields=id,status&limit=200>; rel="next""#;

    #[test]
    fn the_next_page_is_found_on_its_own_line_or_behind_a_comma() {
        let page = "https://example.okta.com/api/v1/users?after=200u&fields=id,status&limit=200";
        for links in
            [&[SELF, NEXT][..], &[NEXT, SELF], &[&format!("{SELF}, {NEXT}")], &[&format!("{NEXT},{SELF}")]]
        {
            assert_eq!(next_of(links).unwrap().as_deref(), Some(page));
        }
    }

    #[test]
    fn the_last_page_has_no_next_one() {
        assert_eq!(next_of(&[SELF]).unwrap(), None);
        assert_eq!(next_of(&[]).unwrap(), None);
    }

    #[test]
    fn a_link_cannot_lead_the_token_astray() {
        let stray = r#"<https://evil.example/api/v1/users?after=1>; rel="next""#;
        assert_eq!(
            next_of(&[stray]).unwrap().as_deref(),
            Some("https://example.okta.com/api/v1/users?after=1")
        );
    }

    #[test]
    fn a_next_page_that_is_none_is_not_taken_for_the_end() {
        for link in
            [r#"<https://example.okta.com/oauth2/v1/token>; rel="next""#, "<https://example.okta.com/api"]
        {
            assert!(next_of(&[link]).is_err(), "{link}");
        }
    }

    #[test]
    fn a_page_is_halved_down_to_a_few_entries() {
        let half = |url: &str| halved(&url.parse().unwrap()).map(String::from);
        let next = half("https://example.okta.com/api/v1/users?limit=200&after=7").unwrap();
        assert_eq!(next, "https://example.okta.com/api/v1/users?after=7&limit=100");
        let least = half("https://example.okta.com/api/v1/users?limit=20").unwrap();
        assert_eq!(least, "https://example.okta.com/api/v1/users?limit=10");
        for page in ["?limit=19", "?limit=0", "?limit=many", "?after=7", ""] {
            assert_eq!(half(&format!("https://example.okta.com/api/v1/users{page}")), None, "{page}");
        }
    }
}
