//! The part of AWS that stands between Twilio and the functions.

pub(crate) mod api;
pub(crate) mod binaries;
pub(crate) mod gateway;
pub(crate) mod lambda;
mod runtime;
pub(crate) mod sqs;
pub(crate) mod ssm;
