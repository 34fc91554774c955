//! What AWS says when it does not do what it was asked.

use std::error::Error;

use anyhow::anyhow;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use twilify::Causes;

/// The error that AWS gives as its code and a sentence, or whatever else was in the way.
pub(crate) fn complaint<E, R>(error: SdkError<E, R>) -> anyhow::Error
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => anyhow!("{code}: {message}"),
        (Some(code), None) => anyhow!("{code}"),
        _ => match error.into_source() {
            Ok(source) => anyhow!("{}", Causes(&*source)),
            Err(error) => anyhow!("{}", Causes(&error)),
        },
    }
}
