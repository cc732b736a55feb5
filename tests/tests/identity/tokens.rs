//! Access tokens come and end without anybody's doing, whatever the device's clock says.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jobsheet::{Options, Store, SyncError};
use jobsheet_core::key::{DeviceKey, KeyError, KeySignature, PublicKey, SecretKey};
use jobsheet_tests::scenario::note;

use crate::world::world;

const NOON: &str = "2026-03-02T12:00:00Z";

#[test]
fn a_device_whose_token_is_good_needs_one_request_after_a_restart_of_the_server() {
    let mut world = world(Some(NOON));
    let phone = world.phone("phone").at(NOON);
    world.restart(Some("2026-03-02T12:30:00Z"));
    phone.sync().unwrap();
    let asked = ["/v1/sync", "/v1/nonce", "/v1/token"].map(|route| world.asked(route));
    assert_eq!(asked, [1, 0, 0]);
}

#[test]
fn a_token_that_has_ended_is_replaced_without_anybody_noticing() {
    let mut world = world(Some(NOON));
    let phone = world.phone("phone").at(NOON);
    world.restart(Some("2026-03-02T13:00:01Z"));
    // The device's clock has not moved on, so it believes in its token; the server's answer brings the nonce.
    phone.work(&world.visits[0], &[note("steps", "on my way ")]).unwrap();
    assert_eq!(phone.sync().unwrap()["accepted"], 1);
    let asked = ["/v1/sync", "/v1/nonce", "/v1/token"].map(|route| world.asked(route));
    assert_eq!(asked, [2, 0, 1]);
    phone.sync().unwrap();
    assert_eq!(world.asked("/v1/token"), 1, "the new one was kept");
}

#[test]
fn clocks_that_are_wrong_by_ten_years_do_not_matter() {
    let world = world(Some(NOON));
    let phone = world.phone("phone");
    for clock in ["2036-03-02T12:00:00Z", "2016-03-02T12:00:00Z", "2036-03-02T12:00:00Z", NOON] {
        let phone = phone.at(clock);
        phone.work(&world.visits[0], &[note("steps", clock)]).unwrap();
        assert_eq!(phone.sync().unwrap()["accepted"], 1, "{clock}");
    }
}

/// A key that a person has to unlock.
struct Locked(SecretKey, Arc<AtomicBool>);

impl DeviceKey for Locked {
    fn public_key(&self) -> Result<PublicKey, KeyError> {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<KeySignature, KeyError> {
        if self.1.load(Ordering::SeqCst) {
            return Err(KeyError::Unavailable("the person did not unlock it".to_owned()));
        }
        self.0.sign(message)
    }
}

#[test]
fn a_locked_key_is_a_typed_error_and_passes() {
    let world = world(None);
    let locked = Arc::new(AtomicBool::new(true));
    let key = Locked(SecretKey::from_bytes(&[5; 32]).unwrap(), locked.clone());
    let options = Options { device_key: Some(Arc::new(key)), ..Options::default() };
    let store = Store::open(world.folder.path().join("app"), options).unwrap();
    let code = world.office.code("maria").unwrap();
    store.enrol(&world.office.address, &code, "app").unwrap();
    let sync = || store.sync(|_| ControlFlow::Continue(()));
    assert!(matches!(sync(), Err(SyncError::Key(KeyError::Unavailable(_)))));
    locked.store(false, Ordering::SeqCst);
    assert_eq!(sync().unwrap().documents, 2);
    // The token is good, so the key is not needed.
    locked.store(true, Ordering::SeqCst);
    sync().unwrap();
}

#[test]
fn another_key_than_the_enrolled_one_does_not_open() {
    let world = world(None);
    let folder = world.folder.path().join("app");
    let open = |seed| {
        let key: Arc<dyn DeviceKey> = Arc::new(SecretKey::from_bytes(&[seed; 32]).unwrap());
        Store::open(&folder, Options { device_key: Some(key), ..Options::default() }).unwrap()
    };
    let store = open(5);
    store.enrol(&world.office.address, &world.office.code("maria").unwrap(), "app").unwrap();
    drop(store);
    let refused = open(6).sync(|_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(refused, SyncError::Unauthorized(_)), "{refused}");
    open(5).sync(|_| ControlFlow::Continue(())).unwrap();
}
