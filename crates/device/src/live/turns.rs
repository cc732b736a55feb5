//! The thread that syncs.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::bell::{Ring, Rung};
use super::{LiveEvent, Shared, wait};
use crate::StoreError;
use crate::store::{self, Inner, Store};
use crate::sync::{Failed, SyncError, Tries};

/// How often the server is asked while it tells of news by itself: for what no poke tells of.
const ROUTINE: Duration = Duration::from_mins(5);
/// How often the server is asked while it does not tell of news.
const POLL: Duration = Duration::from_secs(30);
/// A time that does not come.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// Who is told what happens.
type Tell = Box<dyn FnMut(LiveEvent) + Send>;

/// Where the thread stands.
struct Turns<'a> {
    shared: &'a Arc<Shared>,
    tell: Tell,
    /// Something is to be synced.
    wanted: bool,
    /// Not before.
    from: Instant,
    /// The server asked for that wait.
    asked: bool,
    /// When the server is asked without anything being known of.
    routine: Instant,
    every: Duration,
    failures: u32,
    connected: bool,
    /// Changes that were left when a sync ended.
    left: u32,
    sending: Arc<AtomicBool>,
}

/// Syncs whenever there is reason to, until it is ended.
pub(super) fn run(store: &Weak<Inner>, shared: &Arc<Shared>, look_every: Option<Duration>, tell: Tell) {
    let now = Instant::now();
    let mut turns = Turns {
        shared,
        tell,
        wanted: true,
        from: now,
        asked: false,
        routine: now,
        every: POLL,
        failures: 0,
        connected: false,
        left: 0,
        sending: Arc::default(),
    };
    loop {
        let due = if turns.wanted { turns.from } else { turns.routine };
        let look = look_every.filter(|_| !turns.wanted).map(|every| Instant::now() + every);
        let rung = shared.bell.wait(look.map_or(due, |look| look.min(due)));
        if shared.is_ended() {
            return;
        }
        turns.heed(rung);
        let Some(store) = store.upgrade().map(|inner| Store { inner }) else { break };
        if look.is_some() && rung.is_none() && turns.others_wrote(&store) {
            turns.wanted = true;
        }
        let now = Instant::now();
        if !(turns.wanted && now >= turns.from) && now < turns.routine.max(turns.from) {
            continue;
        }
        if turns.sync(&store).is_break() {
            break;
        }
    }
    shared.end();
}

impl Turns<'_> {
    /// What a bell means.
    fn heed(&mut self, rung: Rung) {
        let now = Instant::now();
        self.wanted |= [Ring::Work, Ring::Poke, Ring::Opened, Ring::Now, Ring::Resumed]
            .into_iter()
            .any(|ring| rung.has(ring));
        // The server can be reached again, or somebody says so: what was only a guess is not waited for.
        let again = [Ring::Opened, Ring::Now, Ring::Resumed].into_iter().any(|ring| rung.has(ring));
        if again && !self.asked {
            self.from = now;
        }
        if rung.has(Ring::Opened) {
            (self.every, self.connected) = (ROUTINE, true);
            (self.tell)(LiveEvent::Connected);
        }
        if rung.has(Ring::Closed) {
            self.every = POLL;
            self.routine = self.routine.min(now + wait::about(POLL));
            if std::mem::take(&mut self.connected) {
                (self.tell)(LiveEvent::Disconnected);
            }
        }
        if rung.has(Ring::Unsupported) {
            (self.every, self.connected) = (POLL, false);
            self.routine = self.routine.min(now + wait::about(POLL));
            (self.tell)(LiveEvent::Polling { every: POLL });
        }
    }

    /// Whether more waits to be sent than the last sync left.
    fn others_wrote(&self, store: &Store) -> bool {
        let unsent = || {
            let mut reader = store.inner.connections.read()?;
            store::all_unsent(&*reader.begin()?)
        };
        unsent().is_ok_and(|unsent| unsent != self.left)
    }

    fn sync(&mut self, store: &Store) -> ControlFlow<()> {
        self.wanted = false;
        self.asked = false;
        let (shared, tell) = (self.shared, &mut self.tell);
        let mut left = 0;
        let outcome = store.sync_as(Tries::One, |progress| {
            if shared.is_ended() {
                return ControlFlow::Break(());
            }
            left = progress.to_send;
            tell(LiveEvent::Progress(progress));
            ControlFlow::Continue(())
        });
        let now = Instant::now();
        self.routine = now + wait::about(self.every);
        match outcome {
            _ if shared.is_ended() => ControlFlow::Break(()),
            Ok(report) => {
                if std::mem::take(&mut self.failures) > 0 {
                    // What let this through may let the stream through.
                    shared.hurry.notify_one();
                }
                self.left = left;
                tell(LiveEvent::Synced(Box::new(report)));
                self.send_files(store);
                ControlFlow::Continue(())
            }
            Err(failed) => self.failed(failed, now),
        }
    }

    fn failed(&mut self, failed: Failed, now: Instant) -> ControlFlow<()> {
        let asked = failed.retry_after;
        let error = SyncError::from(failed);
        if matches!(error, SyncError::Store(StoreError::Paused)) {
            // Resuming rings.
            self.from = now + NEVER;
            self.routine = self.from;
            (self.tell)(LiveEvent::Paused);
            return ControlFlow::Continue(());
        }
        if !error.may_pass() {
            (self.tell)(LiveEvent::Ended(error));
            return ControlFlow::Break(());
        }
        self.failures = self.failures.saturating_add(1);
        let next_in = wait::after(self.failures, asked);
        (self.wanted, self.asked, self.from) = (true, asked.is_some(), now + next_in);
        (self.tell)(LiveEvent::Waiting { reason: error.to_string(), next_in });
        ControlFlow::Continue(())
    }

    /// Sends files on a thread of its own: records do not wait for them.
    fn send_files(&self, store: &Store) {
        let to_send = || {
            let mut reader = store.inner.connections.read()?;
            store::count_files_to_send(&*reader.begin()?)
        };
        if !to_send().is_ok_and(|files| files > 0) || self.sending.swap(true, Ordering::AcqRel) {
            return;
        }
        let (store, shared, sending) = (store.clone(), self.shared.clone(), self.sending.clone());
        let send = move || {
            let uploaded = store.upload_files(&mut |_| {
                if shared.is_ended() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            sending.store(false, Ordering::Release);
            match uploaded {
                // Files that were named meanwhile.
                Ok((report, None)) if report.sent > 0 => shared.bell.ring(Ring::Work),
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "files were not sent"),
            }
        };
        if let Err(error) = std::thread::Builder::new().name("jobsheet-files".to_owned()).spawn(send) {
            self.sending.store(false, Ordering::Release);
            tracing::warn!(%error, "no thread for files could be started");
        }
    }
}
