//! A network between devices and the server that can break off and keep streams out.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) struct Proxy {
    pub(crate) address: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    open: Mutex<Vec<TcpStream>>,
    /// Requests for the stream of pokes that got through, or were turned away.
    streams: AtomicU32,
    no_streams: AtomicBool,
}

impl Proxy {
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let upstream = server.strip_prefix("http://").unwrap().to_owned();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&upstream) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                shared
                    .open
                    .lock()
                    .unwrap()
                    .extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || pass(back.0, back.1));
                let state = shared.clone();
                std::thread::spawn(move || requests(client, server, &state));
            }
        });
        Self { address, state }
    }

    /// Breaks off every connection.
    pub(crate) fn cut(&self) {
        for stream in self.state.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// From now on streams are answered as by something that knows none.
    pub(crate) fn keep_streams_out(&self) {
        self.state.no_streams.store(true, Ordering::SeqCst);
    }

    pub(crate) fn streams(&self) -> u32 {
        self.state.streams.load(Ordering::SeqCst)
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut block = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut block) {
        if to.write_all(&block[..read]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

fn requests(mut client: TcpStream, mut server: TcpStream, state: &State) {
    let mut block = vec![0; 64 << 10];
    while let Ok(read @ 1..) = client.read(&mut block) {
        if block.starts_with(b"GET /v1/pokes ") {
            state.streams.fetch_add(1, Ordering::SeqCst);
            if state.no_streams.load(Ordering::SeqCst) {
                let _ = client
                    .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                break;
            }
        }
        if server.write_all(&block[..read]).is_err() {
            break;
        }
    }
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
}
