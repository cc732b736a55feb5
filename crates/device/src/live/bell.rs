//! What wakes a live store. However often a bell is rung before it is heard, it is heard once.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Instant;

use crate::store::lock;

/// Why a bell is rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ring {
    /// Something waits to be sent.
    Work,
    /// The server has something new.
    Poke,
    /// The stream of pokes is there: the server can be reached.
    Opened,
    /// The stream of pokes is gone.
    Closed,
    /// The server has no stream of pokes.
    Unsupported,
    /// The app says that now is a good time.
    Now,
    /// The store can be read again, or never more.
    Resumed,
    /// It is over.
    Ended,
}

/// Rings that have not been heard, in no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rung(u8);

impl Rung {
    pub(crate) fn has(self, ring: Ring) -> bool {
        self.0 & (1 << ring as u8) != 0
    }

    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// One bell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<Rung>,
    heard: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self, ring: Ring) {
        let mut rung = lock(&self.rung);
        // Of a stream only how it stands now counts.
        let stream = [Ring::Opened, Ring::Closed, Ring::Unsupported];
        if stream.contains(&ring) {
            for ring in stream {
                rung.0 &= !(1 << ring as u8);
            }
        }
        rung.0 |= 1 << ring as u8;
        drop(rung);
        self.heard.notify_all();
    }

    /// Waits until it is rung, or an instant.
    pub(crate) fn wait(&self, until: Instant) -> Rung {
        let left = until.saturating_duration_since(Instant::now());
        let rung = lock(&self.rung);
        let (mut rung, _) = self
            .heard
            .wait_timeout_while(rung, left, |rung| rung.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut rung)
    }
}

/// The bells of one store.
#[derive(Debug, Default)]
pub(crate) struct Bells(Mutex<Vec<Weak<Bell>>>);

impl Bells {
    /// Rings all.
    pub(crate) fn ring(&self, ring: Ring) {
        lock(&self.0).retain(|bell| bell.upgrade().inspect(|bell| bell.ring(ring)).is_some());
    }

    /// One more bell, as long as somebody has it.
    pub(crate) fn add(&self, bell: &Arc<Bell>) {
        lock(&self.0).push(Arc::downgrade(bell));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rings_add_up_and_the_last_of_the_stream_counts() {
        let bell = Bell::default();
        for ring in [Ring::Work, Ring::Work, Ring::Opened, Ring::Poke, Ring::Closed] {
            bell.ring(ring);
        }
        let rung = bell.wait(Instant::now() + Duration::from_mins(1));
        assert!(rung.has(Ring::Work) && rung.has(Ring::Poke) && rung.has(Ring::Closed));
        assert!(!rung.has(Ring::Opened) && !rung.has(Ring::Ended));
        assert!(bell.wait(Instant::now()).is_none(), "heard once");
    }
}
