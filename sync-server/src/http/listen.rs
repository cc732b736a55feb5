//! Accepting connections, and stopping without cutting any request short.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

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
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(15),
            handshake: Duration::from_secs(10),
            grace: Duration::from_secs(30),
        }
    }
}

/// Most connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;

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
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(waits.header);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let permit = connections.clone().acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
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
