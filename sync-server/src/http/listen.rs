//! Accepting connections, and stopping without cutting any request short.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How long a client may take to send its request's header. `axum::serve` has no such limit, and without one a client that
/// sends nothing holds its connection for ever.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long requests in flight may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(30);
/// Most connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;

/// Why the server can not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The signals to stop can not be received.
    #[error("signals can not be received: {0}")]
    Signals(std::io::Error),
}

/// Answers until a signal to stop, then lets requests in flight finish.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> Result<(), ServeError> {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let mut stop = std::pin::pin!(stopped()?);
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
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                let service = TowerToHyperService::new(router.clone());
                let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
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
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish within {} s", GRACE.as_secs());
    }
    Ok(())
}

#[cfg(unix)]
fn stopped() -> Result<impl Future<Output = ()>, ServeError> {
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

#[cfg(not(unix))]
fn stopped() -> Result<impl Future<Output = ()>, ServeError> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
