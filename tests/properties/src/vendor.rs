//! What Okta and Twilio answer.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{LazyLock, Mutex, PoisonError},
    thread,
};

use jiff::Timestamp;
use twilify::{
    CompanyNumber, EmployeeId,
    config::base_url,
    okta::{ApiToken, Directory},
    phone::Territory,
    transport::{Http, Roots, WHILE_SOMEONE_WAITS},
    twilio::{Account, AuthTokens, Credentials, Label, MessageSid, MessagingService, OutgoingMessage, Route},
};

use crate::{TOKEN, line, wait};

/// The statuses of answers. Those after which the clients wait a while are left to the specification.
const STATUSES: [u16; 10] = [200, 201, 204, 302, 400, 401, 403, 404, 412, 418];

/// How often the same is answered before there is nothing: nobody lists for ever.
const TIMES: usize = 3;

/// What is answered, and how often that still is.
static ANSWER: Mutex<(Vec<u8>, usize)> = Mutex::new((Vec::new(), 0));

/// Where a vendor answers all requests with [`ANSWER`].
pub(crate) static VENDOR: LazyLock<String> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(|| answer(connection));
        }
    });
    url
});

fn answer(mut connection: TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(length @ 1..) = connection.read(&mut buffer) else { return };
        request.extend_from_slice(&buffer[..length]);
        while let Some(end) = end_of(&request) {
            request.drain(..end);
            let mut answer = ANSWER.lock().unwrap_or_else(PoisonError::into_inner);
            let nothing = b"HTTP/1.1 404 X\r\ncontent-length: 2\r\n\r\n{}";
            let bytes = if answer.1 == 0 { &nothing[..] } else { &answer.0 };
            if connection.write_all(bytes).is_err() {
                return;
            }
            answer.1 = answer.1.saturating_sub(1);
        }
    }
}

/// Where the first request ends, if all of it is there.
fn end_of(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|it| it.strip_prefix("content-length: ")?.parse().ok());
    let end = head + length.unwrap_or(0usize);
    (request.len() >= end).then_some(end)
}

/// Lets the vendor answer what `bytes` say: the first is for the status, then there is a line for the headers that
/// name a next page, then the body.
fn answers(bytes: &[u8]) {
    let status = STATUSES[usize::from(bytes.first().copied().unwrap_or_default()) % STATUSES.len()];
    let (link, body) = line(bytes.get(1..).unwrap_or_default());
    let link: String = link.chars().filter(|it| matches!(it, ' '..='~')).collect();
    let body = if status == 204 { &[] } else { body };
    let mut answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for (name, value) in [("link", &link), ("etag", &link), ("location", &link)] {
        if !link.is_empty() {
            answer.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(body);
    *ANSWER.lock().unwrap_or_else(PoisonError::into_inner) = (answer, TIMES);
}

/// Lets the vendor answer `body` for a while.
pub(crate) fn says(status: u16, body: &str) {
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    *ANSWER.lock().unwrap_or_else(PoisonError::into_inner) = (answer.into_bytes(), usize::MAX);
}

pub(crate) fn http() -> Http {
    thread_local! {
        static HTTP: Http = Http::new(WHILE_SOMEONE_WAITS, Roots::mozilla());
    }
    HTTP.with(Clone::clone)
}

/// Whatever Okta answers, it is an employee, nobody or an error, and no error repeats what was answered.
///
/// # Panics
///
/// If that is not so.
pub fn okta(bytes: &[u8]) {
    let token = ApiToken::new(TOKEN.into());
    let org = VENDOR.parse().expect("an org");
    let directory = Directory::new(http(), org, token, "primaryPhone".parse().expect("an attribute"));
    let number: CompanyNumber = "+19253294108".parse().expect("a number");
    let territory =
        Territory { home: "US".parse().expect("a country"), mobiles: "US".parse().expect("countries") };
    wait(async {
        answers(bytes);
        if let Ok(Some((employee, revision))) = directory.find(&EmployeeId("00u1".to_owned())).await {
            let _ = (employee.reachable(&number, &territory), employee.name.spoken(), employee.name.full());
            answers(bytes);
            let _ = directory.assign(&revision, &number).await;
        }
        answers(bytes);
        let _ = directory.find_by_company_number(&number, &territory).await;
        answers(bytes);
        let _ = directory.list(None).await;
    });
}

/// Whatever Twilio answers, it is what was asked for or an error.
///
/// # Panics
///
/// If that is not so.
pub fn twilio(bytes: &[u8]) {
    let api = base_url(&VENDOR).expect("a URL");
    let sid = "AC00000000000000000000000000000000".parse().expect("a SID");
    let tokens = AuthTokens::parse(TOKEN).expect("a token");
    let account = Account::new(http(), api.clone(), sid, Credentials::AuthTokens(tokens));
    let number: CompanyNumber = "+19253294108".parse().expect("a number");
    let ada = EmployeeId("00uada".to_owned());
    let text = OutgoingMessage {
        from: number.clone(),
        to: "+14155550100".parse().expect("a number"),
        body: "Hello".to_owned(),
        media: Vec::new(),
        service: None,
        status_callback: api.clone(),
    };
    let service = "MG00000000000000000000000000000000".parse().expect("a SID");
    let service = MessagingService::new(account.clone(), &api, &service);
    wait(async {
        answers(bytes);
        for owned in account.list().await.unwrap_or_default() {
            let _ =
                (owned.label.owner(), owned.sealed(), owned.is_stopped(), owned.follows(&Route::pool(&api)));
        }
        answers(bytes);
        let _ = account.search("US".parse().expect("a country"), "925".parse().expect("a code"), 1).await;
        answers(bytes);
        let _ = account.buy(&number, &Label::of(&ada), &Route::of(&api, &ada, None)).await;
        answers(bytes);
        let _ = account.send(&text).await;
        answers(bytes);
        let _ = account.messages_since("+14155550123", number.as_e164(), Timestamp::UNIX_EPOCH).await;
        answers(bytes);
        if let Ok(logged) = account.message(&MessageSid("SM1".to_owned())).await {
            let _ = logged.files();
        }
        answers(bytes);
        let _ =
            account.file(&MessageSid("MM1".to_owned()), &twilify::twilio::MediaSid("ME1".to_owned())).await;
        answers(bytes);
        let _ = service.list().await;
    });
}
