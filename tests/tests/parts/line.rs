//! A line to the server on which answers can be lost: the request arrives, the answer does not.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A line that listens on an address of its own.
pub(crate) struct Line {
    pub(crate) address: String,
    losing: Arc<AtomicBool>,
}

impl Line {
    /// A line to a server at `http://HOST:PORT`.
    pub(crate) fn to(server: &str) -> Self {
        let upstream = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let losing = Arc::new(AtomicBool::new(false));
        let loses = losing.clone();
        std::thread::spawn(move || {
            for device in listener.incoming().map_while(Result::ok) {
                let (upstream, loses) = (upstream.clone(), loses.clone());
                std::thread::spawn(move || carry(&device, &upstream, &loses));
            }
        });
        Self { address, losing }
    }

    /// From now on answers are lost, or no longer.
    pub(crate) fn loses(&self, loses: bool) {
        self.losing.store(loses, Ordering::SeqCst);
    }
}

fn carry(device: &TcpStream, upstream: &str, loses: &AtomicBool) {
    let Ok(server) = TcpStream::connect(upstream) else { return };
    let (mut from, mut to) = (device.try_clone().unwrap(), server.try_clone().unwrap());
    let there = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (server, device.try_clone().unwrap());
    let mut block = [0; 16 << 10];
    while let Ok(read) = from.read(&mut block) {
        if read == 0 {
            break;
        }
        if loses.load(Ordering::SeqCst) {
            // The server has answered, so it has committed. Nothing of that is heard.
            break;
        }
        if to.write_all(&block[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
    let _ = there.join();
}
