//! Staying in touch with the server: what is applied here goes out at once, and what is new there comes in at once.
//!
//! Two threads: one syncs (`turns.rs`), the other listens to the server's pokes (`listen.rs`). They tell one another what
//! happens by a bell (`bell.rs`), as does [`Store::apply`]. Neither keeps the store alive.

mod bell;
mod listen;
mod turns;
mod wait;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

pub(crate) use bell::{Bell, Bells, Ring};

use crate::StoreError;
use crate::store::Store;
use crate::sync::{Progress, SyncError, SyncReport};

/// How a store stays in touch.
#[derive(Debug, Clone, Default)]
pub struct LiveOptions {
    /// How often it is looked for work that another process has written into the same store. None: there is no other process.
    pub look_every: Option<Duration>,
}

/// What happens while a store stays in touch.
#[derive(Debug)]
#[non_exhaustive]
pub enum LiveEvent {
    /// The server tells this device of news from now on, as they happen.
    Connected,
    /// The server is not telling of news now; it is asked from time to time, and the connection is tried again.
    Disconnected,
    /// The server tells no device of news, or something between does not let it: it is asked every so often.
    Polling {
        /// How often.
        every: Duration,
    },
    /// An exchange is done; there may be more.
    Progress(Progress),
    /// Records are in sync. Files follow by themselves.
    Synced(Box<SyncReport>),
    /// It did not work, and is tried again.
    Waiting {
        /// Why, in words, without personal data.
        reason: String,
        /// When it is tried again.
        next_in: Duration,
    },
    /// The store is paused; it goes on when the store is resumed.
    Paused,
    /// No further try can help, or the store was shut down. The last thing that is told.
    Ended(SyncError),
}

/// A store that stays in touch with the server. Dropping it ends that: an exchange that is under way is finished on its own
/// thread, and no other begins.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Live {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    ended: AtomicBool,
    bell: Arc<Bell>,
    /// The listening thread is to end, or to try again at once.
    hurry: Notify,
}

impl Shared {
    fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.bell.ring(Ring::Ended);
        self.hurry.notify_one();
    }
}

impl Live {
    /// Ends it.
    pub fn cancel(&self) {
        self.shared.end();
    }

    /// Tries again at once: the app knows that there is a network again, or that somebody is looking. A time that the server asked
    /// for is waited for all the same.
    pub fn now(&self) {
        self.shared.bell.ring(Ring::Now);
        self.shared.hurry.notify_one();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Store {
    /// Stays in touch with the server until the handle is dropped: syncs at once, then whenever something is applied here or the
    /// server says that it has something new, and from time to time. Where that fails it is tried again by itself, with waits
    /// that grow. Files are sent beside it. Other calls of [`Store::sync`] take turns with it.
    ///
    /// `tell` is called on a thread of its own, holding no lock of the store. It may call the store, and not block for long.
    ///
    /// # Errors
    /// [`StoreError::Closed`] after a shutdown, [`StoreError::File`] if no thread can be started. Everything else is told as
    /// [`LiveEvent::Ended`], also that the device is not enrolled.
    pub fn live(
        &self,
        options: &LiveOptions,
        tell: impl FnMut(LiveEvent) + Send + 'static,
    ) -> Result<Live, StoreError> {
        self.inner.connections.check_not_closed()?;
        let shared = Arc::<Shared>::default();
        let live = Live { shared: shared.clone() };
        self.inner.bells.add(&shared.bell);
        let failed = |error| StoreError::file("no thread could be started", &self.inner.folder, error);
        let (store, network) = (Arc::downgrade(&self.inner), self.inner.options.network.clone());
        let (listening, heard) = (store.clone(), shared.clone());
        let look_every = options.look_every;
        std::thread::Builder::new()
            .name("jobsheet-live".to_owned())
            .spawn(move || turns::run(&store, &shared, look_every, Box::new(tell)))
            .map_err(failed)?;
        std::thread::Builder::new()
            .name("jobsheet-pokes".to_owned())
            .spawn(move || listen::run(&listening, &heard, &network))
            .map_err(failed)?;
        Ok(live)
    }
}
