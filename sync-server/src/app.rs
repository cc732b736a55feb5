//! What every part of the running server shares.

use std::path::Path;
use std::sync::Arc;

use crate::access::{Access, Proxies, RateLimits, Rates};
use crate::admission::Desk;
use crate::clock::Clock;
use crate::documents::derive_missing;
use crate::http::Room;
use crate::office::By;
use crate::standards::Standards;
use crate::store::{Store, StoreError};
use crate::uploads::{UploadLimits, Uploads};
use crate::workers::Workers;

/// The store, the standards, who is let in, and the clock.
pub(crate) struct App {
    /// The store.
    pub(crate) store: Store,
    /// The standards that visits pin.
    pub(crate) standards: Standards,
    /// The processes that judge what devices send.
    pub(crate) workers: Workers,
    /// Room for what devices send and get.
    pub(crate) room: Room,
    /// How devices are let in.
    pub(crate) access: Access,
    /// How often callers may ask.
    pub(crate) rates: Rates,
    /// Which proxies are believed.
    pub(crate) proxies: Proxies,
    /// Files that devices send.
    pub(crate) uploads: Uploads,
    /// The clock.
    pub(crate) clock: Clock,
}

/// The app as handlers hold it.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Opens the store in a data directory.
    pub(crate) fn open(folder: &Path, clock: Clock) -> Result<Self, StoreError> {
        let store = Store::open(folder)?;
        let access = Access::new(store.read(|tx| tx.access_key())?)?;
        let (rates, proxies) = (Rates::new(RateLimits::default()), Proxies::default());
        let uploads = Uploads::new(&store, UploadLimits::default());
        let (standards, workers, room) = (Standards::default(), Workers::default(), Room::default());
        let app = Self { store, standards, workers, room, access, rates, proxies, uploads, clock };
        app.store.write(|tx| derive_missing(tx, &app.standards))?;
        Ok(app)
    }

    /// What exchanges with devices are carried out with.
    pub(crate) fn desk(&self) -> Desk<'_> {
        Desk { store: &self.store, standards: &self.standards, workers: &self.workers }
    }

    /// The server itself, or whoever works at its command line, acting now.
    pub(crate) fn itself(&self, name: &str) -> By {
        By::itself(name, self.clock.now())
    }
}
