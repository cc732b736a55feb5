//! The thread that listens to the server's pokes: Server-Sent Events that say nothing but that it pays to ask.

use std::sync::Weak;
use std::time::{Duration, Instant};

use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use tokio::runtime::{Builder, Runtime};

use super::bell::Ring;
use super::{Shared, wait};
use crate::store::{Inner, Store};
use crate::sync::{Failed, Network, open, streaming};

/// The server sends something every 15 seconds; after three times that long it is taken for gone.
const SILENCE: Duration = Duration::from_secs(45);
/// How long before a server that has no stream is asked for one again.
const UNSUPPORTED: Duration = Duration::from_mins(10);
/// A stream that held for less does not count as one that worked.
const HELD: Duration = Duration::from_secs(5);
/// Longest line that is read of a stream, in bytes.
const MAX_LINE_BYTES: usize = 1024;
/// Media type of the stream.
const EVENTS: &str = "text/event-stream";

/// How a stream ended.
enum Heard {
    /// Nobody listens any more.
    Ended,
    /// It was open and broke off, or ended.
    Broken,
    /// The server does not offer it.
    Unsupported,
    /// It could not be opened.
    Failed(Failed),
}

/// Listens until it is ended, again and again.
pub(super) fn run(store: &Weak<Inner>, shared: &Shared, network: &Network) {
    let made = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string());
    let made = made.and_then(|runtime| {
        // What stands in the way here stands in the way of every sync, and is told by that.
        streaming(network, SILENCE).map(|http| (runtime, http)).map_err(|error| error.to_string())
    });
    let (runtime, http) = match made {
        Ok(made) => made,
        Err(error) => {
            tracing::warn!(error, "pokes can not be listened to");
            shared.bell.ring(Ring::Unsupported);
            return;
        }
    };
    let mut failures = 0;
    while !shared.is_ended() {
        let begun = Instant::now();
        let heard = listen(store, shared, &runtime, &http);
        let held = begun.elapsed() >= HELD;
        failures = if held { 1 } else { failures + 1 };
        let (pause, asked) = match heard {
            Heard::Ended => return,
            Heard::Unsupported => {
                shared.bell.ring(Ring::Unsupported);
                (wait::about(UNSUPPORTED), false)
            }
            Heard::Broken => {
                shared.bell.ring(Ring::Closed);
                (if held { Duration::ZERO } else { wait::after(failures, None) }, false)
            }
            Heard::Failed(failed) => {
                shared.bell.ring(Ring::Closed);
                // A device that is shut out learns of it by a sync.
                if failed.is_about_device() {
                    shared.bell.ring(Ring::Poke);
                }
                (wait::after(failures, failed.retry_after), failed.retry_after.is_some())
            }
        };
        runtime.block_on(rest(shared, pause, asked));
    }
}

/// Waits, until somebody is in a hurry. A wait that the server asked for is kept.
async fn rest(shared: &Shared, pause: Duration, asked: bool) {
    let waited = async {
        loop {
            shared.hurry.notified().await;
            if shared.is_ended() || !asked {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(pause, waited).await;
}

/// Opens the stream and hears it to its end.
fn listen(store: &Weak<Inner>, shared: &Shared, runtime: &Runtime, http: &reqwest::Client) -> Heard {
    let opened = {
        let Some(store) = store.upgrade().map(|inner| Store { inner }) else { return Heard::Ended };
        let server = match store.authorised() {
            Ok(server) => server,
            Err(error) => return Heard::Failed(error.into()),
        };
        server.stream("v1/pokes", |url, token| {
            let request = http.get(url).bearer_auth(token).header(ACCEPT, EVENTS);
            runtime.block_on(unless_ended(shared, open(request)))
        })
    };
    let response = match opened {
        None => return Heard::Ended,
        Some(Err(failed)) if matches!(failed.status(), Some(404 | 405 | 406 | 501)) => {
            return Heard::Unsupported;
        }
        Some(Err(failed)) => return Heard::Failed(failed),
        Some(Ok(response)) => response,
    };
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(|media_type| media_type.starts_with(EVENTS)) {
        return Heard::Unsupported;
    }
    shared.bell.ring(Ring::Opened);
    match runtime.block_on(unless_ended(shared, hear(shared, response))) {
        Some(()) => Heard::Broken,
        None => Heard::Ended,
    }
}

/// Does something until it is over. None: nobody wants it any more.
async fn unless_ended<T>(shared: &Shared, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            () = shared.hurry.notified() => {
                if shared.is_ended() {
                    return None;
                }
            }
        }
    }
}

/// Reads events until there are no more.
async fn hear(shared: &Shared, mut response: Response) {
    let mut events = Events::default();
    while let Ok(Some(piece)) = response.chunk().await {
        match events.take(&piece) {
            Some(0) => {}
            Some(_) => shared.bell.ring(Ring::Poke),
            None => return,
        }
    }
}

/// What has come of an event.
#[derive(Debug, Default)]
struct Events {
    line: Vec<u8>,
    /// Its name is another one than that of pokes.
    other: bool,
    /// It has data, if only empty.
    data: bool,
}

impl Events {
    /// Takes some more bytes. How many pokes have come with them; none: this is no such stream.
    fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut pokes = 0;
        for &byte in bytes {
            if byte != b'\n' {
                if self.line.len() >= MAX_LINE_BYTES {
                    return None;
                }
                self.line.push(byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let (field, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            match field {
                // An empty line is the end of an event; one that begins with a colon is for nobody.
                b"" if line.is_empty() => {
                    pokes += usize::from(self.data && !self.other);
                    (self.other, self.data) = (false, false);
                }
                b"event" => self.other = value.trim_ascii() != b"poke",
                b"data" => self.data = true,
                _ => {}
            }
        }
        Some(pokes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pokes_are_found_wherever_the_stream_is_cut() {
        let stream = b": hello\n\nevent: poke\ndata: \n\n:\n\nevent:poke\r\ndata\r\n\r\nevent: other\ndata: x\n\nevent: poke\n\n\
                       data: y\n\n";
        for cut in 0..=stream.len() {
            let mut events = Events::default();
            let pokes = events.take(&stream[..cut]).unwrap() + events.take(&stream[cut..]).unwrap();
            assert_eq!(pokes, 3, "two that are named, and one without a name");
        }
    }

    #[test]
    fn a_line_without_end_is_no_stream_of_pokes() {
        let mut events = Events::default();
        assert_eq!(events.take(&vec![b'x'; MAX_LINE_BYTES]), Some(0));
        assert_eq!(events.take(b"x"), None);
    }
}
