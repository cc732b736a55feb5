//! Places at which the server can be told to end at once, as a loss of power would end it: for tests of what is left then.
//!
//! Only builds with debug assertions have them, which the tests build anyway. In a release there is nothing to switch on.

/// From now on places count: what the server does while it starts does not.
#[cfg(debug_assertions)]
pub(crate) fn arm() {
    debug::ARMED.store(true, std::sync::atomic::Ordering::SeqCst);
}

/// The server is at a place. It ends if `JOBSHEET_FAILPOINT` is `NAME:N` with the place's name, and it is there for the N-th time.
#[cfg(debug_assertions)]
pub(crate) fn reached(place: &str) {
    debug::reached(place);
}

/// Nothing in a release.
#[cfg(not(debug_assertions))]
pub(crate) fn arm() {}

/// Nothing in a release.
#[cfg(not(debug_assertions))]
pub(crate) fn reached(_place: &str) {}

#[cfg(debug_assertions)]
mod debug {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    pub(super) static ARMED: AtomicBool = AtomicBool::new(false);
    /// How often the place that was named has been reached.
    static REACHED: AtomicU64 = AtomicU64::new(0);

    /// The place that was named, and how often it is reached before the end.
    fn named() -> Option<&'static (String, u64)> {
        static NAMED: OnceLock<Option<(String, u64)>> = OnceLock::new();
        let read = || {
            let text = std::env::var("JOBSHEET_FAILPOINT").ok()?;
            let (place, count) = text.split_once(':')?;
            Some((place.to_owned(), count.parse().ok()?))
        };
        NAMED.get_or_init(read).as_ref()
    }

    pub(super) fn reached(place: &str) {
        let is_here = named().filter(|(name, _)| name == place && ARMED.load(Ordering::SeqCst));
        if let Some((_, count)) = is_here
            && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count
        {
            std::process::abort();
        }
    }
}
