//! Lists that tell when they change. One thread serves all subscriptions: it reads rows after they are committed and
//! calls back holding no lock, so a callback may call the store.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};

use jobsheet_core::record::DocumentId;

use crate::StoreError;
use crate::list::{Filter, Query, select};
use crate::store::{Inner, Store, VisitRow, lock};

/// What happened to an observed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListChange {
    /// The whole list; the first thing a subscriber is told.
    All(Vec<VisitRow>),
    /// A visit or shift is new in the list, or its row has changed.
    Put(Box<VisitRow>),
    /// A visit or shift is no longer in the list.
    Removed(DocumentId),
}

/// A subscription. Dropping it ends it; a call that is under way on the other thread is finished.
#[derive(Debug)]
#[must_use = "a subscription ends when it is dropped"]
pub struct Subscription {
    cancelled: Arc<AtomicBool>,
}

impl Subscription {
    /// Ends the subscription.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Who observes.
#[derive(Default)]
pub(crate) struct Observers {
    thread: Mutex<Option<Sender<Signal>>>,
}

enum Signal {
    Subscribe(Subscriber),
    Changed(Vec<DocumentId>),
}

struct Subscriber {
    query: Query,
    cancelled: Arc<AtomicBool>,
    shown: HashSet<DocumentId>,
    callback: Box<dyn FnMut(ListChange) + Send>,
}

impl Observers {
    /// Rows have been committed.
    pub(crate) fn changed(&self, visits: impl IntoIterator<Item = DocumentId>) {
        let mut thread = lock(&self.thread);
        let Some(sender) = &*thread else { return };
        if sender.send(Signal::Changed(visits.into_iter().collect())).is_err() {
            *thread = None;
        }
    }

    /// Ends all subscriptions.
    pub(crate) fn end(&self) {
        *lock(&self.thread) = None;
    }
}

impl Store {
    /// Observes the list of all visits and shifts that match a query (its page is not regarded): the callback is told the
    /// whole list first, then every difference that this process commits. It runs on a thread of its own and is never
    /// called while the store holds a lock. A callback that panics is not called again.
    ///
    /// # Errors
    /// [`StoreError::Closed`] after a shutdown, [`StoreError::File`] if no thread can be started.
    pub fn observe(
        &self,
        query: Query,
        callback: impl FnMut(ListChange) + Send + 'static,
    ) -> Result<Subscription, StoreError> {
        self.inner.connections.read()?;
        let cancelled = Arc::new(AtomicBool::new(false));
        let subscriber = Subscriber {
            query,
            cancelled: cancelled.clone(),
            shown: HashSet::new(),
            callback: Box::new(callback),
        };
        let mut thread = lock(&self.inner.observers.thread);
        let sender = match &*thread {
            Some(sender) => sender.clone(),
            None => start(&self.inner)?,
        };
        // The thread ends only after its sender is gone from here, so this reaches it.
        let _ = sender.send(Signal::Subscribe(subscriber));
        *thread = Some(sender);
        Ok(Subscription { cancelled })
    }
}

fn start(inner: &Arc<Inner>) -> Result<Sender<Signal>, StoreError> {
    let (sender, receiver) = channel();
    // The thread must not keep the store alive: the last handle ends it by dropping the sender.
    let store = Arc::downgrade(inner);
    std::thread::Builder::new()
        .name("jobsheet-observe".to_owned())
        .spawn(move || serve(&store, &receiver))
        .map_err(|error| {
        StoreError::file("the thread of observers could not be started", &inner.folder, error)
    })?;
    Ok(sender)
}

fn serve(store: &Weak<Inner>, receiver: &Receiver<Signal>) {
    let mut subscribers: Vec<Subscriber> = Vec::new();
    // What could not be read because the store is paused; the resuming store sends a signal.
    let (mut waiting, mut visits) = (Vec::new(), Vec::new());
    while let Ok(signal) = receiver.recv() {
        // Signals that have piled up are served together: each row is read once.
        for signal in std::iter::once(signal).chain(receiver.try_iter()) {
            match signal {
                Signal::Subscribe(subscriber) => waiting.push(subscriber),
                Signal::Changed(changed) => visits.extend(changed),
            }
        }
        visits.sort_unstable();
        visits.dedup();
        let mut paused = false;
        subscribers.retain_mut(|subscriber| {
            visits.iter().all(|visit| match difference(store, subscriber, *visit) {
                Told::Yes => true,
                Told::Ended => false,
                Told::Paused => {
                    paused = true;
                    true
                }
            })
        });
        let mut later = Vec::new();
        for mut subscriber in waiting.drain(..) {
            match first(store, &mut subscriber) {
                Told::Yes => subscribers.push(subscriber),
                Told::Ended => {}
                Told::Paused => later.push(subscriber),
            }
        }
        waiting = later;
        // A row that is told twice says the same twice.
        if !paused {
            visits.clear();
        }
    }
}

/// What became of telling a subscriber.
enum Told {
    Yes,
    /// The subscription has ended.
    Ended,
    /// The store is paused: to be told after it has been resumed.
    Paused,
}

/// Tells the whole list.
fn first(store: &Weak<Inner>, subscriber: &mut Subscriber) -> Told {
    match rows(store, &Filter::of(&subscriber.query)) {
        Read::Rows(rows) => {
            subscriber.shown = rows.iter().map(|row| row.visit).collect();
            tell(subscriber, ListChange::All(rows))
        }
        Read::Paused => Told::Paused,
        Read::Failed | Read::Closed => Told::Ended,
    }
}

/// Tells what a commit means for one list.
fn difference(store: &Weak<Inner>, subscriber: &mut Subscriber, visit: DocumentId) -> Told {
    match rows(store, &Filter::of(&subscriber.query).and_document(visit)) {
        Read::Rows(rows) => match rows.into_iter().next() {
            Some(row) => {
                subscriber.shown.insert(visit);
                tell(subscriber, ListChange::Put(Box::new(row)))
            }
            None if subscriber.shown.remove(&visit) => tell(subscriber, ListChange::Removed(visit)),
            None if subscriber.cancelled.load(Ordering::Acquire) => Told::Ended,
            None => Told::Yes,
        },
        Read::Failed => Told::Yes,
        Read::Paused => Told::Paused,
        Read::Closed => Told::Ended,
    }
}

enum Read {
    Rows(Vec<VisitRow>),
    Failed,
    Paused,
    Closed,
}

fn rows(store: &Weak<Inner>, filter: &Filter) -> Read {
    let Some(inner) = store.upgrade() else { return Read::Closed };
    let read = || {
        let mut reader = inner.connections.read()?;
        let tx = reader.begin()?;
        select(&tx, filter, 0, u32::MAX)
    };
    match read() {
        Ok(rows) => Read::Rows(rows),
        Err(StoreError::Closed) => Read::Closed,
        Err(StoreError::Paused) => Read::Paused,
        Err(error) => {
            tracing::warn!(%error, "an observed list could not be read");
            Read::Failed
        }
    }
}

fn tell(subscriber: &mut Subscriber, change: ListChange) -> Told {
    if subscriber.cancelled.load(Ordering::Acquire) {
        return Told::Ended;
    }
    let told = catch_unwind(AssertUnwindSafe(|| (subscriber.callback)(change)));
    if told.is_err() {
        tracing::warn!("a callback panicked and is not called again");
    }
    if told.is_ok() && !subscriber.cancelled.load(Ordering::Acquire) { Told::Yes } else { Told::Ended }
}
