//! What is true of whatever comes in. `tests/fuzz` looks for bytes of which it is not, and `cargo test` tries those that
//! it has kept.
//!
//! Each property takes any bytes, makes of them what could come in, and panics if the property does not hold.

mod door;
mod links;
mod numbers;
mod sealed;
mod signature;
mod twiml;
mod vendor;

pub use self::{
    door::{door, event},
    links::links,
    numbers::numbers,
    sealed::sealed,
    signature::signature,
    twiml::twiml,
    vendor::{okta, twilio},
};

/// A property.
pub type Property = fn(&[u8]);

/// All properties, by the names of their fuzz targets.
pub const ALL: [(&str, Property); 9] = [
    ("door", door),
    ("event", event),
    ("links", links),
    ("numbers", numbers),
    ("okta", okta),
    ("sealed", sealed),
    ("signature", signature),
    ("twilio", twilio),
    ("twiml", twiml),
];

/// The auth token in all of them.
const TOKEN: &str = "properties-auth-token";

/// The first line of `bytes` and what is after it, as text.
fn line(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.iter().position(|it| *it == b'\n').unwrap_or(bytes.len());
    let rest = bytes.get(end + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), rest)
}

/// Waits for something that happens on this thread.
fn wait<T>(something: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|it| it.block_on(something))
}
