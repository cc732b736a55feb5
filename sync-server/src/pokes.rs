//! Devices that listen for news. A poke tells one that it pays to ask, and nothing else: what is new is told to whoever asks, by
//! the rules of every exchange.
//!
//! Who is to be poked is noted in the transaction that brings the news ([`News`]), and told once it is durable. A listener that
//! has not read its last poke yet gets no second one: whatever happens, it costs one bit of memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// Most devices that listen at once, if nothing else is said.
pub(crate) const MAX_LISTENERS: usize = 16_384;
/// Most requests of one device that listen at once. One more ends the oldest: a phone that changes networks does not know that
/// it is still listening on the other.
pub(crate) const MAX_LISTENERS_OF_DEVICE: usize = 4;

/// For whom a transaction brings something new.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Technicians.
    pub(crate) technicians: BTreeSet<String>,
    /// Everybody.
    pub(crate) everybody: bool,
    /// The device whose exchange it is: its own reply tells it.
    pub(crate) by: Option<Uuid>,
    /// Devices that were shut out.
    pub(crate) out: BTreeSet<Uuid>,
}

impl News {
    fn is_none(&self) -> bool {
        self.technicians.is_empty() && !self.everybody && self.out.is_empty()
    }
}

/// Too many devices listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyListeners;

/// Everybody who listens.
#[derive(Debug)]
pub(crate) struct Pokes {
    listeners: Mutex<HashMap<String, Vec<Arc<Ear>>>>,
    /// How many there are.
    count: AtomicUsize,
    /// How many there may be.
    max: AtomicUsize,
    /// The server is stopping.
    closed: AtomicBool,
}

impl Default for Pokes {
    fn default() -> Self {
        Self {
            listeners: Mutex::default(),
            count: AtomicUsize::new(0),
            max: AtomicUsize::new(MAX_LISTENERS),
            closed: AtomicBool::new(false),
        }
    }
}

#[derive(Debug)]
struct Ear {
    device: Uuid,
    /// Keeps one poke that has not been heard.
    poked: Notify,
    ended: AtomicBool,
}

impl Ear {
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.poked.notify_one();
    }
}

impl Pokes {
    /// How many may listen from now on.
    pub(crate) fn limit(&self, max: usize) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// Tells everybody for whom there is something new, and ends those who are out. Called after the commit.
    pub(crate) fn tell(&self, news: &News) {
        if news.is_none() {
            return;
        }
        let listeners = self.lock();
        let poke = |ears: &[Arc<Ear>]| {
            let others = ears.iter().filter(|ear| Some(ear.device) != news.by);
            others.for_each(|ear| ear.poked.notify_one());
        };
        if news.everybody {
            listeners.values().for_each(|ears| poke(ears));
        } else {
            news.technicians
                .iter()
                .filter_map(|technician| listeners.get(technician))
                .for_each(|ears| poke(ears));
        }
        if !news.out.is_empty() {
            let all = listeners.values().flatten();
            all.filter(|ear| news.out.contains(&ear.device)).for_each(|ear| ear.end());
        }
    }

    /// Begins to listen as a device of a technician. It is poked once at the beginning: what happened before it listened, it may
    /// not know.
    pub(crate) fn listen(
        self: &Arc<Self>,
        technician: &str,
        device: Uuid,
    ) -> Result<Listener, TooManyListeners> {
        let mut listeners = self.lock();
        if self.closed.load(Ordering::Acquire) {
            return Err(TooManyListeners);
        }
        let ears = listeners.entry(technician.to_owned()).or_default();
        let own: Vec<&Arc<Ear>> = ears.iter().filter(|ear| ear.device == device).collect();
        let full = self.count.load(Ordering::Relaxed) >= self.max.load(Ordering::Relaxed);
        // Whoever takes the place of its own oldest needs no other.
        if full && own.is_empty() {
            if ears.is_empty() {
                listeners.remove(technician);
            }
            return Err(TooManyListeners);
        }
        if full || own.len() >= MAX_LISTENERS_OF_DEVICE {
            let oldest = own[0].clone();
            ears.retain(|ear| !Arc::ptr_eq(ear, &oldest));
            self.count.fetch_sub(1, Ordering::Relaxed);
            oldest.end();
        }
        let ear = Arc::new(Ear { device, poked: Notify::new(), ended: AtomicBool::new(false) });
        ear.poked.notify_one();
        ears.push(ear.clone());
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(Listener { pokes: self.clone(), technician: technician.to_owned(), ear })
    }

    /// How many listen.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Ends all, and lets nobody listen any more: the server stops.
    pub(crate) fn close(&self) {
        let listeners = self.lock();
        self.closed.store(true, Ordering::Release);
        listeners.values().flatten().for_each(|ear| ear.end());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Ear>>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A device that listens, until it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    pokes: Arc<Pokes>,
    technician: String,
    ear: Arc<Ear>,
}

impl Listener {
    /// Waits for the next poke. `None`: it may no longer listen.
    pub(crate) async fn poked(&self) -> Option<()> {
        self.ear.poked.notified().await;
        (!self.ear.ended.load(Ordering::Acquire)).then_some(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = self.pokes.lock();
        let Some(ears) = listeners.get_mut(&self.technician) else { return };
        let before = ears.len();
        ears.retain(|ear| !Arc::ptr_eq(ear, &self.ear));
        self.pokes.count.fetch_sub(before - ears.len(), Ordering::Relaxed);
        if ears.is_empty() {
            listeners.remove(&self.technician);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(technician: &str, by: Option<Uuid>) -> News {
        News { technicians: BTreeSet::from([technician.to_owned()]), by, ..News::default() }
    }

    /// Whether a listener has been poked since it was asked last; none: it was ended.
    async fn heard(listener: &Listener) -> Option<bool> {
        tokio::select! {
            biased;
            told = listener.poked() => told.map(|()| true),
            () = std::future::ready(()) => Some(false),
        }
    }

    #[tokio::test]
    async fn pokes_reach_the_technician_s_other_devices_and_add_up_to_one() {
        let pokes = Arc::new(Pokes::default());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = pokes.listen("lee", one).unwrap();
        let second = pokes.listen("lee", other).unwrap();
        let stranger = pokes.listen("kim", Uuid::from_u128(3)).unwrap();
        for listener in [&first, &second, &stranger] {
            assert_eq!(heard(listener).await, Some(true), "once at the beginning");
            assert_eq!(heard(listener).await, Some(false));
        }
        for _ in 0..100 {
            pokes.tell(&news("lee", Some(one)));
        }
        assert_eq!(heard(&first).await, Some(false), "its own");
        assert_eq!(heard(&second).await, Some(true));
        assert_eq!(heard(&second).await, Some(false), "a hundred are one");
        assert_eq!(heard(&stranger).await, Some(false));
        pokes.tell(&News { everybody: true, ..News::default() });
        for listener in [&first, &second, &stranger] {
            assert_eq!(heard(listener).await, Some(true));
        }
        drop((first, second, stranger));
        assert_eq!((pokes.count(), pokes.lock().len()), (0, 0));
    }

    #[tokio::test]
    async fn who_is_out_hears_no_more() {
        let pokes = Arc::new(Pokes::default());
        let device = Uuid::from_u128(1);
        let out = pokes.listen("lee", device).unwrap();
        let stays = pokes.listen("lee", Uuid::from_u128(2)).unwrap();
        let shut_out = News { out: BTreeSet::from([device]), ..News::default() };
        pokes.tell(&shut_out);
        assert_eq!(heard(&out).await, None);
        assert_eq!(heard(&stays).await, Some(true));
        pokes.close();
        assert_eq!(heard(&stays).await, None);
        assert_eq!(pokes.listen("lee", Uuid::from_u128(3)).unwrap_err(), TooManyListeners);
    }

    #[tokio::test]
    async fn so_many_may_listen_and_no_more() {
        let pokes = Arc::new(Pokes::default());
        pokes.limit(2);
        let first = pokes.listen("lee", Uuid::from_u128(1)).unwrap();
        let second = pokes.listen("kim", Uuid::from_u128(2)).unwrap();
        assert_eq!(pokes.listen("pat", Uuid::from_u128(3)).unwrap_err(), TooManyListeners);
        // One that comes back takes its own place.
        let again = pokes.listen("lee", Uuid::from_u128(1)).unwrap();
        assert_eq!((heard(&first).await, heard(&again).await), (None, Some(true)));
        assert_eq!(pokes.count(), 2);
        drop(first);
        assert_eq!(pokes.count(), 2);
        drop(second);
        assert_eq!(pokes.count(), 1);
    }

    #[tokio::test]
    async fn a_device_listens_a_few_times_at_once_and_then_ends_its_oldest() {
        let pokes = Arc::new(Pokes::default());
        let device = Uuid::from_u128(1);
        let mut own: Vec<Listener> =
            (0..MAX_LISTENERS_OF_DEVICE).map(|_| pokes.listen("lee", device).unwrap()).collect();
        assert_eq!(heard(&own[0]).await, Some(true));
        own.push(pokes.listen("lee", device).unwrap());
        assert_eq!(heard(&own[0]).await, None);
        assert_eq!(heard(&own[1]).await, Some(true));
        assert_eq!(pokes.count(), MAX_LISTENERS_OF_DEVICE);
    }
}
