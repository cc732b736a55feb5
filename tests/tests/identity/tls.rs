//! TLS in the server, and certificates that change under it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jobsheet::{Network, Options, Store, SyncError};
use jobsheet_tests::server::{Server, server_command};
use rcgen::{CertificateParams, KeyPair};

const PATIENCE: Duration = Duration::from_mins(1);

/// A certificate of 127.0.0.1 and its key, written where the server reads them. Gives the certificate.
fn certify(folder: &Path) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    certificate.pem().into_bytes()
}

fn trusting(folder: PathBuf, certificate: &[u8]) -> Store {
    let network = Network { extra_ca_pem: Some(certificate.to_vec()), ..Network::default() };
    Store::open(folder, Options { network, ..Options::default() }).unwrap()
}

fn sync(store: &Store) -> Result<(), SyncError> {
    store.sync(|_| ControlFlow::Continue(())).map(drop)
}

#[test]
fn a_device_syncs_over_tls_and_a_new_certificate_is_taken_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let data = folder.path().join("server");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::start_with(&data, None, 0, &files).unwrap();
    assert!(server.address.starts_with("https://127.0.0.1:"), "{}", server.address);
    server_command(&data, &["technician", "add", "maria", "Maria Santos"]).unwrap();
    let code = server_command(&data, &["enrol", "maria", "--json"]).unwrap();
    let code: serde_json::Value = serde_json::from_str(&code).unwrap();

    let phone = folder.path().join("phone");
    let store = trusting(phone.clone(), &first);
    store.enrol(&server.address, code["code"].as_str().unwrap(), "phone").unwrap();
    sync(&store).unwrap();
    let plain = Options::default();
    let stranger = Store::open(folder.path().join("stranger"), plain).unwrap();
    let refused = stranger.enrol(&server.address, "0", "phone").unwrap_err();
    assert!(matches!(refused, SyncError::Unreachable(_)), "the certificate is nobody's: {refused}");

    // A connection that never says anything holds up nobody.
    let _silent = std::net::TcpStream::connect(server.address.strip_prefix("https://").unwrap()).unwrap();

    // A broken certificate changes nothing, also when it is looked at at once.
    std::fs::write(&cert, "-----BEGIN CERTIFICATE-----\nnothing\n").unwrap();
    server.signal(rustix::process::Signal::HUP).unwrap();
    let log = data.with_extension("log");
    let begun = Instant::now();
    while !std::fs::read_to_string(&log).unwrap().contains("can not be used; the one in use stays") {
        assert!(begun.elapsed() < PATIENCE, "the broken certificate was not noticed");
        std::thread::sleep(Duration::from_millis(50));
    }
    sync(&store).unwrap();

    // A new one is taken by itself; what was trusted before is no longer shown.
    let second = certify(folder.path());
    drop(store);
    let renewed = trusting(phone.clone(), &second);
    let begun = Instant::now();
    while let Err(error) = sync(&renewed) {
        assert!(matches!(error, SyncError::Unreachable(_)), "{error}");
        assert!(begun.elapsed() < PATIENCE, "the new certificate was not taken");
    }
    drop(renewed);
    assert!(matches!(sync(&trusting(phone, &first)), Err(SyncError::Unreachable(_))));
    server.stop().unwrap();
}
