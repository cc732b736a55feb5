//! A proxy between devices and the server that counts bytes, headers included.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Through {
    /// Bytes from devices to the server.
    pub(crate) up: u64,
    /// Bytes from the server to devices.
    pub(crate) down: u64,
}

#[derive(Default)]
struct Counters {
    up: AtomicU64,
    down: AtomicU64,
}

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) address: String,
    counters: Arc<Counters>,
}

impl Proxy {
    /// In front of `127.0.0.1:port`, whoever listens there when a connection comes.
    pub(crate) fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let counters = Arc::new(Counters::default());
        let shared = counters.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let (to, from) = (shared.clone(), shared.clone());
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || pass(back.0, back.1, &from.down));
                std::thread::spawn(move || pass(client, server, &to.up));
            }
        });
        Self { address, counters }
    }

    /// What went through until now.
    pub(crate) fn through(&self) -> Through {
        let read = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Through { up: read(&self.counters.up), down: read(&self.counters.down) }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, counter: &AtomicU64) {
    let mut block = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut block) {
        counter.fetch_add(read as u64, Ordering::SeqCst);
        if read == 0 || to.write_all(&block[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
