//! Links to pictures.

use http::{Request, Uri};
use url::form_urlencoded;

use crate::{
    door::{sms_forward, webhooks},
    line, vendor, wait,
};

const MESSAGE: &str = "MM00000000000000000000000000000001";
const MEDIA: &str = "ME00000000000000000000000000000002";

/// Until when the link is good: as good as for ever.
const EXPIRES: &str = "99999999999";

/// A file is served to whoever has the link to it, and nothing is served for any other link.
///
/// The first line takes the place of a part of the link, from the position that the two bytes after it tell. What
/// follows is the method.
///
/// # Panics
///
/// If something else is served.
pub fn links(bytes: &[u8]) {
    let (text, rest) = line(bytes);
    let mark = webhooks().mark(&format!("twilify media {MESSAGE} {MEDIA} {EXPIRES}"));
    let mut link = format!("/media/{MESSAGE}/{MEDIA}?expires={EXPIRES}&signature={mark}");
    let byte = |index: usize| usize::from(rest.get(index).copied().unwrap_or_default());
    let start = (byte(0) << 8 | byte(1)) % (link.len() + 1);
    let end = (start + text.len()).min(link.len());
    link.replace_range(start..end, &text);

    let Ok(uri) = format!("https://phones.example.com{link}").parse::<Uri>() else { return };
    let method = if byte(2) == 0 { http::Method::GET } else { http::Method::HEAD };
    let request = Request::builder().method(method).uri(uri.clone()).body(Vec::new()).expect("a request");
    vendor::says(200, "a picture");
    let status = wait(sms_forward().respond(Ok(request))).status();
    let expected = if is_the_link(&uri, &mark) { 200 } else { 404 };
    assert_eq!(status, expected, "{uri}");
}

/// Whether the link says what it said at first, in whatever words.
fn is_the_link(uri: &Uri, mark: &str) -> bool {
    let parameters: Vec<_> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
    let first =
        |name| parameters.iter().find(|(it, _)| it == name).map(|(_, value)| value.trim_start_matches('+'));
    let file = format!("/media/{MESSAGE}/{MEDIA}");
    uri.path().ends_with(&file)
        && first("expires").is_some_and(|it| it.trim_start_matches('0') == EXPIRES)
        && first("signature") == Some(mark)
}
