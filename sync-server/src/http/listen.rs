//! Accepting connections, and stopping without cutting any request short.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use super::tls::Tls;
use crate::access::Peer;

/// How long the server waits for others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// For a client to send its request's header. `axum::serve` has no such limit, and without one a client that sends
    /// nothing holds its connection for ever.
    header: Duration,
    /// For a client to finish the TLS handshake.
    handshake: Duration,
    /// For requests in flight after the signal to stop.
    grace: Duration,
    /// Most connections at once; none: as many as the system allows.
    connections: Option<usize>,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(15),
            handshake: Duration::from_secs(10),
            grace: Duration::from_secs(30),
            connections: None,
        }
    }
}

/// Most connections at once: one on which each device listens, one for its requests, and room for the office. No more than the
/// process may have files open.
const MAX_CONNECTIONS: usize = 32_768;
/// Files and connections that are not callers': the database and its readers, workers, files on their way.
const RESERVED_HANDLES: usize = 256;
/// Connections beyond those that are told to come back later. More wait to be accepted.
const MAX_TURNED_AWAY: usize = 64;
/// What whoever is turned away is told to wait, in seconds.
const TURNED_AWAY_SECONDS: u32 = 5;

/// How many connections there may be: the limit of open files is raised as far as it goes.
#[cfg(unix)]
fn max_connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limits = getrlimit(Resource::Nofile);
    if limits.current != limits.maximum {
        let raised = Rlimit { current: limits.maximum, ..limits };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit of open files could not be raised");
        }
    }
    let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let open = usize::try_from(open).unwrap_or(usize::MAX);
    let room = open.saturating_sub(RESERVED_HANDLES).max(open / 2);
    if room < MAX_CONNECTIONS {
        tracing::info!(
            open,
            "the limit of open files allows {room} connections; raise it (`ulimit -n`) for more"
        );
    }
    room.min(MAX_CONNECTIONS)
}

/// How many connections there may be.
#[cfg(not(unix))]
fn max_connections() -> usize {
    MAX_CONNECTIONS
}

/// Why the server can not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The signals to stop can not be received.
    #[error("signals can not be received: {0}")]
    Signals(std::io::Error),
}

/// Answers until `stop`, then lets requests in flight finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    waits: Waits,
    stop: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(waits.connections.unwrap_or_else(max_connections)));
    let turned_away = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
    let full = full();
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(waits.header);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            // Some connections beyond the limit are taken, to be told that there are too many; even more wait.
            let room = tokio::select! {
                biased;
                permit = connections.clone().acquire_owned() => Room { permit, router: &router },
                permit = turned_away.clone().acquire_owned() => Room { permit, router: &full },
            };
            let accepted = listener.accept().await;
            // There may be room again by the time that somebody comes.
            let room = match connections.clone().try_acquire_owned() {
                Ok(permit) if std::ptr::eq(room.router, &raw const full) => {
                    Room { permit: Ok(permit), router: &router }
                }
                _ => room,
            };
            (room, accepted)
        };
        let (Room { permit, router }, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                let service = of_peer(router.clone(), Peer(peer.ip()));
                let (http, watcher) = (http.clone(), graceful.watcher());
                let acceptor = tls.as_ref().map(|tls| tls.acceptor());
                tokio::spawn(async move {
                    let ended = match acceptor {
                        None => watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await,
                        Some(acceptor) => {
                            match tokio::time::timeout(waits.handshake, acceptor.accept(stream)).await {
                                Ok(Ok(stream)) => {
                                    watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await
                                }
                                Ok(Err(error)) => {
                                    tracing::debug!(%error, "no TLS handshake");
                                    Ok(())
                                }
                                Err(_) => Ok(()),
                            }
                        }
                    };
                    if let Err(error) = ended {
                        tracing::debug!(%error, "connection ended");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file handles, mostly: wait for some to be given back.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    tracing::info!("stopping: requests in flight finish first");
    if tokio::time::timeout(waits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish within {} s", waits.grace.as_secs());
    }
}

/// Leave to take one more connection, and who answers on it.
struct Room<'a> {
    permit: Result<OwnedSemaphorePermit, AcquireError>,
    router: &'a Router,
}

/// Answers everybody that there are too many.
fn full() -> Router {
    Router::new().fallback(|| async {
        let problem =
            Problem::busy_for("the server has as many connections as it takes", TURNED_AWAY_SECONDS);
        ([(header::CONNECTION, "close")], problem)
    })
}

/// The router, told with every request of a connection who is at its other end.
fn of_peer(
    router: Router,
    peer: Peer,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> {
    let service = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        service.call(request)
    })
}

/// Ends when the process is told to stop: SIGTERM or SIGINT.
#[cfg(unix)]
pub(crate) fn stopped() -> Result<impl Future<Output = ()>, ServeError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends when the process is told to stop.
#[cfg(not(unix))]
pub(crate) fn stopped() -> Result<impl Future<Output = ()>, ServeError> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn a_header_that_never_ends_does_not_hold_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let waits =
            Waits { header: Duration::from_millis(50), grace: Duration::from_secs(1), ..Waits::default() };
        let (told, stop) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, Router::new(), None, waits, async {
            let _ = stop.await;
        }));
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), slow.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "the connection was closed");
        told.send(()).unwrap();
        server.await.unwrap();
    }
}
