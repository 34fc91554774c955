//! Which messages a warm function has dealt with.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use twilify::twilio::MessageSid;

/// How many messages are remembered: Twilio repeats a webhook within seconds, if at all.
const CAPACITY: usize = 1000;

/// The messages that were dealt with last.
#[derive(Debug, Default)]
pub(crate) struct Handled(Mutex<VecDeque<MessageSid>>);

impl Handled {
    pub(crate) fn contains(&self, message: &MessageSid) -> bool {
        self.lock().contains(message)
    }

    pub(crate) fn add(&self, message: &MessageSid) {
        let mut handled = self.lock();
        if handled.len() == CAPACITY {
            handled.pop_front();
        }
        handled.push_back(message.clone());
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<MessageSid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
