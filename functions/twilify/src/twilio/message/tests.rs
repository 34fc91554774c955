//! Which texts are the same, and how far back the log is read.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use serde_json::{Value, json};

use super::*;
use crate::{
    transport::{Http, Roots, WHILE_SOMEONE_WAITS},
    twilio::{AuthTokens, Credentials},
};

fn logged(body: &str) -> Logged {
    let message = json!({
        "sid": "SM1", "from": "+19253294108", "to": "+18182179229", "body": body, "direction": "outbound-api",
        "date_created": "Sun, 22 Nov 2026 12:00:00 +0000",
    });
    serde_json::from_value(message).unwrap()
}

#[test]
fn a_text_is_recognised_with_and_without_smart_encoding() {
    for (written, rewritten) in [
        ("\u{201c}It\u{2019}s\u{a0}late\u{2026}\u{201d}", "\"It's late...\""),
        ("\u{bc} + \u{bd} \u{2013} \u{be}", "1/4 + 1/2 - 3/4"),
        ("O\u{2bc}Hara\u{1c3} \u{2ca}a\u{2cb}", "O'Hara! 'a'"),
    ] {
        assert!(logged(rewritten).says(written), "{written}");
        assert!(logged(written).says(written), "{written}");
    }
    for (one, other) in [
        ("Yes", "No"),
        ("12:30", "12:31"),
        ("はい", "いいえ"),
        ("Müller", "Möller"),
        ("?", "!!"),
        ("👍", "❤\u{fe0f}"),
        ("👍", ""),
        ("\u{201c}👍\u{201d}", "\"❤\""),
        ("رمز ١٢٣", "رمز ٤٥٦"),
    ] {
        assert!(!logged(one).says(other) && !logged(other).says(one), "{one}");
    }
}

#[test]
fn a_message_in_the_log_has_a_time_and_so_many_files() {
    assert_eq!(logged("Hi").date_created, "2026-11-22T12:00:00Z".parse().unwrap());
    for (count, files) in [(Value::Null, 0), ("".into(), 0), ("0".into(), 0), ("10".into(), 10)] {
        let message = json!({
            "sid": "SM1", "from": "", "to": "", "body": null, "direction": "inbound", "num_media": count,
            "date_created": "Sun, 22 Nov 2026 13:00:00 +0100",
        });
        let logged: Logged = serde_json::from_value(message).unwrap();
        assert_eq!((logged.files(), logged.body.as_str(), logged.direction), (files, "", Direction::Inbound));
        assert_eq!(logged.date_created, "2026-11-22T12:00:00Z".parse().unwrap());
    }
}

/// A message in the log, `minute` minutes after noon.
fn entry(sid: &str, minute: u32) -> Value {
    json!({
        "sid": sid, "from": "", "to": "", "body": "", "direction": "inbound",
        "date_created": format!("Sun, 22 Nov 2026 12:{minute:02}:00 +0000"),
    })
}

/// What is seen of a log that has these pages when it is searched for what was there at 12:10 or later, until a message with
/// the SID `until` comes; and whether it came, and what Twilio was asked.
fn searched(pages: Vec<Vec<Value>>, until: &str) -> (Vec<String>, bool, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}/", listener.local_addr().unwrap());
    let (asked, requests) = mpsc::channel();
    thread::spawn(move || {
        let last = pages.len() - 1;
        for (index, messages) in pages.into_iter().enumerate() {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            asked.send(request.split(' ').nth(1).unwrap().to_owned()).unwrap();
            let next = (index < last).then(|| format!("/next?Page={}", index + 1));
            let body = json!({ "messages": messages, "next_page_uri": next }).to_string();
            let head =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    let http = Http::new(WHILE_SOMEONE_WAITS, Roots::mozilla());
    let sid = format!("AC{:032}", 1).parse().unwrap();
    let credentials = Credentials::AuthTokens(AuthTokens::parse("12345").unwrap());
    let account = Account::new(http, api.parse().unwrap(), sid, credentials);
    let search = Search { from: "+1", to: "+2", since: "2026-11-22T12:10:00Z".parse().unwrap() };
    let mut seen = Vec::new();
    let wanted = |it: Logged| {
        seen.push(it.sid.0.clone());
        it.sid.0 == until
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(account.search_log(search, wanted)).unwrap();
    (seen, found, requests.try_iter().map(|it| it.replace(&format!("AC{:032}", 1), "AC1")).collect())
}

/// The first page of the log, the first long one, and the one after it.
const FIRST: &str = "/2010-04-01/Accounts/AC1/Messages.json?From=%2B1&To=%2B2&PageSize=100";
const FIRST_LONG: &str = "/2010-04-01/Accounts/AC1/Messages.json?From=%2B1&To=%2B2&PageSize=1000";

#[test]
fn the_log_is_read_back_to_the_time_from_which_it_counts_and_each_message_once() {
    let first = vec![entry("SM6", 16), entry("SM5", 15)];
    let long = vec![entry("SM6", 16), entry("SM5", 15), entry("SM4", 14)];
    // What Twilio took at that very time counts, and there may be more of it on the next page.
    let further = vec![entry("SM3", 10)];
    let last = vec![entry("SM2", 10), entry("SM1", 9)];
    let never = vec![entry("SM0", 8)];
    let (seen, found, asked) = searched(vec![first, long, further, last, never], "");
    assert_eq!((seen, found), (["SM6", "SM5", "SM4", "SM3", "SM2"].map(ToOwned::to_owned).to_vec(), false));
    assert_eq!(asked, [FIRST, FIRST_LONG, "/next?Page=2", "/next?Page=3"]);
}

#[test]
fn the_log_is_read_no_further_than_to_what_was_looked_for() {
    let pages = || vec![vec![entry("SM3", 16), entry("SM2", 15)], vec![entry("SM1", 14)]];
    let (seen, found, asked) = searched(pages(), "SM3");
    assert_eq!((seen.len(), found, asked.len()), (1, true, 1));
    let (seen, found, asked) = searched(pages(), "SM1");
    assert_eq!((seen.len(), found, asked.len()), (3, true, 2));
    let (seen, found, asked) = searched(vec![vec![entry("SM1", 9)], vec![]], "SM1");
    assert_eq!((seen.len(), found, asked.len()), (0, false, 1), "it is older");
}
