//! TLS in the server: certificate and key from files that are read again when they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// How often it is looked whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why certificate and key can not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file can not be read.
    #[error("{path} can not be read: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The files are not what they should be.
    #[error(
        "certificate {cert} and key {key} can not be used: {reason}; give the certificate with its chain and its key, in PEM"
    )]
    Unusable {
        /// File of the certificate.
        cert: PathBuf,
        /// File of the key.
        key: PathBuf,
        /// Why.
        reason: String,
    },
}

/// What the files held.
#[derive(PartialEq, Eq)]
struct Held {
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// What was found when the files were looked at last.
struct Last {
    /// What was read last, whether it could be used or not.
    held: Held,
    /// Why the files could not be read; none: they could.
    fault: Option<String>,
}

/// Certificate and key as they are used now.
pub(crate) struct Tls {
    cert: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    last: tokio::sync::Mutex<Last>,
}

impl Tls {
    /// Reads certificate and key.
    pub(crate) fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let held = Held { cert: read(cert)?, key: read(key)? };
        let config = configure(&held).map_err(|reason| TlsError::Unusable {
            cert: cert.to_path_buf(),
            key: key.to_path_buf(),
            reason,
        })?;
        Ok(Self {
            cert: cert.to_path_buf(),
            key: key.to_path_buf(),
            config: RwLock::new(Arc::new(config)),
            last: tokio::sync::Mutex::new(Last { held, fault: None }),
        })
    }

    /// What answers the next connection. Connections that stand keep what they began with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Looks for new files for ever: every few seconds, and at once on SIGHUP.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let mut hangup = hangup();
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = hangup.told() => tracing::info!("looking for a new certificate"),
            }
            self.look().await;
        }
    }

    /// Takes new files. Those that can not be used are logged once and change nothing.
    async fn look(&self) {
        let mut last = self.last.lock().await;
        let read = read(&self.cert).and_then(|cert| Ok(Held { cert, key: read(&self.key)? }));
        let new = match read {
            Ok(new) => new,
            Err(error) => {
                let fault = Some(error.to_string());
                if last.fault != fault {
                    tracing::error!(%error, "the certificate in use stays");
                    last.fault = fault;
                }
                return;
            }
        };
        last.fault = None;
        if new == last.held {
            return;
        }
        match configure(&new) {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!("a new certificate is in use");
            }
            Err(reason) => {
                tracing::error!(%reason, "the new certificate can not be used; the one in use stays");
            }
        }
        last.held = new;
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |reason: String| TlsError::File { path: path.to_path_buf(), reason };
    let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > MAX_FILE_BYTES {
        return Err(failed(format!("it has more than {MAX_FILE_BYTES} bytes")));
    }
    std::fs::read(path).map_err(|error| failed(error.to_string()))
}

fn configure(held: &Held) -> Result<ServerConfig, String> {
    let chain = CertificateDer::pem_slice_iter(&held.cert)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("certificate: {error}"))?;
    let key = PrivateKeyDer::from_pem_slice(&held.key).map_err(|error| format!("key: {error}"))?;
    // Ring, said explicitly: nothing depends on what the process has set up.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Told by SIGHUP.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    async fn told(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

fn hangup() -> Hangup {
    Hangup {
        #[cfg(unix)]
        signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
    }
}
