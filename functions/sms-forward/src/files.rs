//! Pictures and other files: which of them go out, and the links by which Twilio fetches them.
//!
//! A file that came with a message is at Twilio, behind the account's credentials. The message that goes out
//! has a link to this function instead, which is good for one file and for some time.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use twilify::twilio::{IncomingMedia, MediaSid, MessageSid, Webhooks};
use url::Url;

use crate::words::Words;

/// How long a link is good: Twilio may keep a message in its queue for ten hours.
const LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// The longest file that Lambda can answer with, in bytes: six MiB, in Base64, with some room.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const LONGEST: u64 = 4_500_000;

/// The kinds of files that carriers take in any size, because Twilio makes them smaller.
const RESIZED: [&str; 3] = ["image/jpeg", "image/png", "image/gif"];

/// The longest file of any other kind, in bytes.
const LONGEST_OTHER: u64 = 500_000;

/// The kinds of files that Twilio sends, as their names begin.
///
/// <https://www.twilio.com/docs/messaging/guides/accepted-mime-types>
const ACCEPTED: [&str; 9] = [
    "image/",
    "audio/",
    "video/",
    "text/vcard",
    "text/x-vcard",
    "text/calendar",
    "text/csv",
    "application/pdf",
    "application/vcard",
];

/// What becomes of the files of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    /// The links to those that go out.
    pub(crate) links: Vec<Url>,
    /// What is said of the others.
    pub(crate) notes: Vec<String>,
}

/// How long a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// In bytes.
    Known(u64),
    /// Twilio does not say. That is no reason to leave the file out.
    Unknown,
    /// Twilio does not have the file yet.
    NotThere,
}

/// A file that a link names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The message it came with.
    pub(crate) message: MessageSid,
    /// The file.
    pub(crate) media: MediaSid,
}

impl Files {
    /// Sorts the files of a message. One that is not there yet is there by the time at which its link is followed, or else
    /// the text follows without it.
    pub(crate) fn of(
        message: &MessageSid,
        files: Vec<(IncomingMedia, Length)>,
        links: impl Fn(&Link) -> Option<Url>,
    ) -> Self {
        let (mut sorted, mut too_large, mut wrong, mut total) = (Self::default(), 0, Vec::new(), 0);
        for (IncomingMedia { sid, content_type }, length) in files {
            let accepted = ACCEPTED.iter().any(|kind| content_type.starts_with(kind));
            let link = sid.and_then(|media| links(&Link { message: message.clone(), media }));
            match link {
                Some(link) if accepted => {
                    let longest =
                        if RESIZED.contains(&content_type.as_str()) { LONGEST } else { LONGEST_OTHER };
                    let length = if let Length::Known(bytes) = length { bytes } else { 0 };
                    if length > longest || total + length > LONGEST {
                        too_large += 1;
                    } else {
                        total += length;
                        sorted.links.push(link);
                    }
                }
                _ => wrong.push(if content_type.is_empty() { "unknown".to_owned() } else { content_type }),
            }
        }
        if too_large > 0 {
            sorted.notes.push(Words::TooLarge(too_large).to_string());
        }
        if !wrong.is_empty() {
            sorted.notes.push(Words::WrongType(wrong.len(), &wrong.join(", ")).to_string());
        }
        sorted
    }

    /// The same message with none of its files, because they cannot be delivered.
    pub(crate) fn without_links(&self) -> Self {
        let note = Words::NoFiles(self.links.len()).to_string();
        Self { links: Vec::new(), notes: self.notes.iter().cloned().chain([note]).collect() }
    }
}

impl Link {
    /// The link as a URL below `base`, good from `now` for twelve hours. `None` if `base` is no URL.
    pub(crate) fn url(&self, base: &str, webhooks: &Webhooks, now: Timestamp) -> Option<Url> {
        let expires = (now + LIFETIME).as_second();
        let mark = webhooks.mark(&self.text(expires));
        let Self { message: MessageSid(message), media: MediaSid(media) } = self;
        format!("{base}/media/{message}/{media}?expires={expires}&signature={mark}").parse().ok()
    }

    /// Reads the path and the query of such a URL. `None` if it was not made by us, or is too old at the time
    /// `now`.
    pub(crate) fn read(path: &str, query: &str, webhooks: &Webhooks, now: Timestamp) -> Option<Self> {
        let (message, media) = path.split_once("/media/")?.1.split_once('/')?;
        let link = Self { message: message.parse().ok()?, media: media.parse().ok()? };
        let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
        let parameter = |name| parameters.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
        let expires: i64 = parameter("expires")?.parse().ok()?;
        let is_ours = webhooks.marked(&link.text(expires), parameter("signature")?);
        (is_ours && now.as_second() < expires).then_some(link)
    }

    /// What is marked.
    fn text(&self, expires: i64) -> String {
        format!("twilify media {} {} {expires}", self.message.0, self.media.0)
    }
}

/// A name for a file of this type that every phone takes: at most twenty plain characters.
pub(crate) fn name(content_type: &str) -> String {
    let kind = content_type.split([';', '+']).next().unwrap_or_default();
    let extension: String =
        kind.rsplit('/').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    let extension = match extension.as_str() {
        "jpeg" => "jpg",
        "plain" => "txt",
        "mpeg" if kind.starts_with("audio/") => "mp3",
        "quicktime" => "mov",
        "xvcard" | "vcard" | "directory" => "vcf",
        other => other,
    };
    let mut name = "file".to_owned();
    let _ = write!(name, ".{:.8}", if extension.is_empty() { "bin" } else { extension });
    name
}

#[cfg(test)]
mod tests {
    use twilify::twilio::AuthTokens;

    use super::*;

    fn files(all: &[(&str, Length)]) -> Files {
        let sid = || format!("ME{:032x}", 1).parse().ok();
        let all = all
            .iter()
            .map(|(kind, length)| (IncomingMedia { sid: sid(), content_type: (*kind).to_owned() }, *length));
        let link = |_: &Link| "https://phones.example.com/media/x".parse().ok();
        Files::of(&MessageSid(format!("MM{:032x}", 1)), all.collect(), link)
    }

    #[test]
    fn what_phones_can_show_goes_out_and_of_the_rest_it_is_said_why_not() {
        let sorted = files(&[
            ("image/jpeg", Length::Known(100_000)),
            ("video/mp4", Length::Unknown),
            ("image/png", Length::Known(LONGEST + 1)),
            ("image/png", Length::Known(LONGEST - 1)),
            ("application/pdf", Length::Known(500_001)),
            ("application/zip", Length::Known(5)),
            ("", Length::Unknown),
        ]);
        assert_eq!(sorted.links.len(), 2);
        insta::assert_snapshot!(sorted.notes.join("\n"), @r"
        (3 pictures or other files that came with this message were too large to be forwarded.)
        (2 pictures or other files that came with this message were of a type that cannot be forwarded: application/zip, unknown.)
        ");
    }

    #[test]
    fn a_link_is_good_for_twelve_hours() {
        let webhooks = Webhooks::new(AuthTokens::parse("token").unwrap(), None);
        let link = Link {
            message: MessageSid(format!("MM{:032x}", 1)),
            media: format!("ME{:032x}", 2).parse().unwrap(),
        };
        let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let url = link.url("https://phones.example.com", &webhooks, noon).unwrap();
        let read = |hours| {
            let now = noon + SignedDuration::from_hours(hours);
            Link::read(url.path(), url.query().unwrap(), &webhooks, now)
        };
        assert_eq!(read(11), Some(link.clone()));
        assert_eq!(read(12), None);
    }

    #[test]
    fn a_file_has_a_short_and_plain_name() {
        for (content_type, expected) in [
            ("image/jpeg", "file.jpg"),
            ("audio/mpeg", "file.mp3"),
            ("text/vcard; charset=utf-8", "file.vcf"),
            ("image/svg+xml", "file.svg"),
            ("application/vnd.openxmlformats", "file.vndopenx"),
            ("\"/../../etc/passwd", "file.passwd"),
            ("", "file.bin"),
        ] {
            assert_eq!(name(content_type), expected);
        }
    }

    #[test]
    fn a_file_goes_out_up_to_the_length_of_its_kind_and_all_together_up_to_the_longest() {
        let goes = |all: &[(&str, u64)]| {
            let all: Vec<_> = all.iter().map(|(kind, bytes)| (*kind, Length::Known(*bytes))).collect();
            files(&all).links.len()
        };
        for kind in ["image/jpeg", "image/png", "image/gif"] {
            assert_eq!([goes(&[(kind, 4_500_000)]), goes(&[(kind, 4_500_001)])], [1, 0], "{kind}");
        }
        for kind in ["image/webp", "audio/mpeg", "video/mp4", "text/vcard", "text/x-vcard", "text/calendar"] {
            assert_eq!([goes(&[(kind, 500_000)]), goes(&[(kind, 500_001)])], [1, 0], "{kind}");
        }
        for kind in ["text/csv", "application/pdf", "application/vcard"] {
            assert_eq!([goes(&[(kind, 500_000)]), goes(&[(kind, 500_001)])], [1, 0], "{kind}");
        }
        for kind in ["text/html", "application/zip", "application/javascript", "img/png", ""] {
            assert_eq!(goes(&[(kind, 1)]), 0, "{kind}");
        }
        assert_eq!(goes(&[("image/png", 4_499_990), ("image/png", 10)]), 2);
        assert_eq!(
            goes(&[("image/png", 4_499_990), ("image/png", 11), ("image/png", 10)]),
            2,
            "the smaller one"
        );
    }

    #[test]
    fn each_type_of_file_has_the_extension_that_phones_know() {
        for (content_type, expected) in [
            ("text/plain", "file.txt"),
            ("video/mpeg", "file.mpeg"),
            ("video/quicktime", "file.mov"),
            ("text/x-vcard", "file.vcf"),
            ("text/directory", "file.vcf"),
            ("image/png", "file.png"),
        ] {
            assert_eq!(name(content_type), expected);
        }
    }
}
