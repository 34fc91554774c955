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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thousand_messages_are_remembered_and_no_more() {
        let message = |serial: usize| MessageSid(format!("SM{serial:032x}"));
        let handled = Handled::default();
        assert!(!handled.contains(&message(0)));
        (0..1000).for_each(|serial| handled.add(&message(serial)));
        assert!((0..1000).all(|serial| handled.contains(&message(serial))));
        handled.add(&message(1000));
        assert_eq!([0, 1, 1000].map(|serial| handled.contains(&message(serial))), [false, true, true]);
    }
}
