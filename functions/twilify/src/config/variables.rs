//! Reading variables, and what can be wrong with them.

use std::{fmt::Display, str::FromStr};

use url::Url;

use super::{Error, base_url};

/// An environment, be it the process's or a test's.
pub(super) struct Variables<F>(pub(super) F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// What a variable is set to. Templates like to set to nothing what they cannot leave out, so
    /// blank is unset.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<String, Error> {
        self.get(name).ok_or(Error::Missing(name))
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(
        &self,
        name: &'static str,
        default: &str,
    ) -> Result<T, Error> {
        let value = self.get(name);
        value.as_deref().unwrap_or(default).parse().map_err(|it| invalid(name, &it))
    }

    pub(super) fn optional<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<Option<T>, Error> {
        self.get(name).map(|value| value.parse().map_err(|it| invalid(name, &it))).transpose()
    }

    pub(super) fn url(&self, name: &'static str) -> Result<Option<Url>, Error> {
        self.get(name).map(|value| base_url(&value).map_err(|it| invalid(name, &it))).transpose()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place the lint points to")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(super) fn invalid(name: &'static str, complaint: &dyn Display) -> Error {
    Error::Invalid { name, complaint: complaint.to_string() }
}
