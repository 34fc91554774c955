//! What the org's only token may do, and how often.

use std::time::Duration;

use axum::http::StatusCode;

use super::{Okta, limits::Limits};
use crate::server::lock;

/// What the token may do, and what Okta tells and does with it.
#[derive(Clone, Copy)]
pub(super) struct Rights {
    pub(super) may_write: bool,
    pub(super) no_ops_on_mastered: bool,
    /// With which status searches with `or` are refused, if they are.
    pub(super) conditions: Option<StatusCode>,
    pub(super) requests_left: u32,
    pub(super) etags: Etags,
    /// How many writes somebody else's are to overwrite.
    pub(super) lost_writes: usize,
    pub(super) edits_leavers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Etags {
    Told,
    Untold,
}

impl Rights {
    pub(super) fn all() -> Self {
        Self {
            may_write: true,
            no_ops_on_mastered: false,
            conditions: None,
            requests_left: 599,
            etags: Etags::Told,
            lost_writes: 0,
            edits_leavers: false,
        }
    }

    /// Whether the next write without `If-Match` is lost.
    pub(super) fn loses_write(&mut self) -> bool {
        let loses = self.lost_writes > 0;
        self.lost_writes -= usize::from(loses);
        loses
    }
}

impl Okta {
    /// Lets the token read and nothing more, like that of an administrator who may only look.
    pub fn token_may_only_read(&self) {
        lock(&self.rights).may_write = false;
    }

    /// Gives the token's owner a role with attribute conditions, for which Okta refuses searches with `or`. No document
    /// says with which status; 400 and 403 are likely.
    ///
    /// <https://help.okta.com/en-us/content/topics/security/custom-admin-role/permission-conditions.htm>
    ///
    /// # Panics
    ///
    /// If that is no status.
    pub fn token_has_conditions(&self, status: u16) {
        lock(&self.rights).conditions = Some(StatusCode::from_u16(status).expect("a status"));
    }

    /// Lets so many of the six hundred requests of a minute be left.
    pub fn requests_left(&self, requests: u32) {
        lock(&self.rights).requests_left = requests;
    }

    /// Lets the token make so many requests to each group of endpoints in each `window`, which is a minute at the
    /// real Okta, from now on. Requests that are one too many are refused until the window ends.
    pub fn allows(&self, requests: u32, window: Duration) {
        *lock(&self.limits) = Some(Limits::new(requests, window));
    }

    /// The most requests of one window and one group of endpoints since there are [limits](Self::allows), those
    /// that were refused included.
    #[must_use]
    pub fn most_in_a_window(&self) -> u32 {
        lock(&self.limits).as_ref().map_or(0, Limits::most)
    }

    /// Whether a write is accepted that names an attribute of another system but changes nothing. No document
    /// says it; by default it is refused.
    pub fn accepts_no_ops_on_mastered(&self, accepts: bool) {
        lock(&self.rights).no_ops_on_mastered = accepts;
    }

    /// Tells no `ETag`s, like an org from before April 2025.
    pub fn tells_no_etags(&self) {
        lock(&self.rights).etags = Etags::Untold;
    }

    /// Lets the next write without `If-Match` be overwritten by somebody else's of another attribute at the same moment.
    ///
    /// <https://github.com/okta/okta-sdk-golang/issues/302>
    pub fn loses_a_write(&self) {
        lock(&self.rights).lost_writes += 1;
    }

    /// Switches on “Allow updates to deactivated users”.
    ///
    /// <https://support.okta.com/help/s/article/this-operation-is-not-allowed-in-the-users-current-status-error-when-editing-deactivated-user-profiles>
    pub fn lets_leavers_be_edited(&self) {
        lock(&self.rights).edits_leavers = true;
    }
}
