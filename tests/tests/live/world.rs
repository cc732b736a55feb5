//! A server, an office, a crew of two with a visit, and devices that stay in touch.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use jobsheet::{
    ListChange, Live, LiveEvent, LiveOptions, Options, Query, Store, Subscription, SyncReport, VisitRow,
};
use jobsheet_core::record::{Command, DocumentId};
use jobsheet_tests::office::Office;
use jobsheet_tests::programs::workspace;
use jobsheet_tests::server::Server;
use serde_json::json;
use tempfile::TempDir;

use crate::proxy::Proxy;

/// How long is waited for what must come. Nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Option<Server>,
    pub(crate) office: Office,
    pub(crate) proxy: Proxy,
    pub(crate) visit: DocumentId,
}

pub(crate) fn world() -> World {
    world_with(&[])
}

pub(crate) fn world_with(further: &[&str]) -> World {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(&folder.path().join("server"), None, 0, further).unwrap();
    let office = Office::at(&server.address, server.first_token.as_ref().unwrap()).unwrap();
    let requests = workspace("sync-server/data/boston-311/service_requests.csv");
    office.import(std::fs::read(requests).unwrap()).unwrap();
    for id in ["maria", "tom"] {
        office.technician(id, id).unwrap();
    }
    let visit = dispatch(&office, "101001296115", &["maria", "tom"]);
    let proxy = Proxy::before(&server.address);
    World { folder, server: Some(server), office, proxy, visit }
}

pub(crate) fn dispatch(office: &Office, number: &str, crew: &[&str]) -> DocumentId {
    let order = json!({
        "standard": "execution-form", "crew": crew,
        "start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T11:00:00-05:00"
    });
    let told = office.post(&format!("/v1/requests/{number}/dispatch"), &order).unwrap();
    told["visit"].as_str().unwrap().parse().unwrap()
}

impl World {
    /// A device of somebody of the crew, behind the proxy, that holds the visit.
    pub(crate) fn device(&self, person: &str) -> Store {
        let store = Store::open(self.folder.path().join(person), Options::default()).unwrap();
        store.enrol(&self.proxy.address, &self.office.code(person).unwrap(), person).unwrap();
        sync(&store);
        store
    }

    /// Kills the server, does something, and starts it again at the same address.
    pub(crate) fn killed(&mut self, meanwhile: impl FnOnce()) {
        let server = self.server.take().unwrap();
        let (data, port): (PathBuf, u16) = (server.data.clone(), server.port());
        server.kill().unwrap();
        meanwhile();
        self.server = Some(Server::start(&data, None, port).unwrap());
    }

    /// How often the server answered a route with a status.
    pub(crate) fn answered(&self, route: &str, status: &str) -> u64 {
        let metrics = self.office.text("/metrics").unwrap();
        let (route, status) = (format!("route=\"{route}\""), format!("status=\"{status}\""));
        let lines = metrics.lines().filter(|line| {
            line.starts_with("jobsheet_requests_total") && line.contains(&route) && line.contains(&status)
        });
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

pub(crate) fn sync(store: &Store) -> SyncReport {
    store.sync(|_| ControlFlow::Continue(())).unwrap()
}

/// Something that changes the visit and is never refused.
pub(crate) fn say(store: &Store, visit: DocumentId, words: &str) {
    store.apply(visit, &Command::Say { words: words.to_owned() }).unwrap();
}

/// What has been said in a visit, as a store holds it.
pub(crate) fn said(store: &Store, visit: DocumentId) -> Vec<String> {
    let view = store.visit(visit).unwrap();
    view.record.talk.values().map(|said| said.words.clone()).collect()
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A store that stays in touch, and what it tells.
pub(crate) struct InTouch {
    pub(crate) live: Option<Live>,
    events: Receiver<LiveEvent>,
    /// Lives as long as the callback does, which is as long as the thread.
    alive: Weak<()>,
}

pub(crate) fn stay_in_touch(store: &Store) -> InTouch {
    let (sender, events) = channel();
    let alive = Arc::new(());
    let gone = Arc::downgrade(&alive);
    let live = store.live(&LiveOptions::default(), move |event| {
        let _ = (&alive, sender.send(event));
    });
    InTouch { live: Some(live.unwrap()), events, alive: gone }
}

impl InTouch {
    /// Waits for an event; what is told before it is passed over.
    pub(crate) fn told<T>(&self, what: &str, mut wanted: impl FnMut(LiveEvent) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let event = self.events.recv_timeout(left).unwrap_or_else(|_| panic!("never told: {what}"));
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    }

    pub(crate) fn connected(&self) {
        self.told("connected", |event| matches!(event, LiveEvent::Connected).then_some(()));
    }

    pub(crate) fn synced(&self) -> SyncReport {
        self.told("synced", |event| match event {
            LiveEvent::Synced(report) => Some(*report),
            _ => None,
        })
    }

    /// Connected, and in sync since.
    pub(crate) fn settled(&self) {
        self.connected();
        self.synced();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.alive.upgrade().is_none()
    }
}

/// Rows of the list, as they are told.
pub(crate) struct Observed {
    _subscription: Subscription,
    rows: Receiver<ListChange>,
}

pub(crate) fn observe(store: &Store) -> Observed {
    let (sender, rows): (Sender<ListChange>, _) = channel();
    let subscription = store.observe(Query::default(), move |change| {
        let _ = sender.send(change);
    });
    let observed = Observed { _subscription: subscription.unwrap(), rows };
    assert!(matches!(observed.next(), ListChange::All(_)));
    observed
}

impl Observed {
    pub(crate) fn next(&self) -> ListChange {
        self.rows.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("the observer was never told"))
    }

    pub(crate) fn put(&self) -> VisitRow {
        match self.next() {
            ListChange::Put(row) => *row,
            other => panic!("{other:?}"),
        }
    }
}
