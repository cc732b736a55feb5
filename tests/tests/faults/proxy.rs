//! A network that tears, doubles, holds back and repeats the exchanges of devices.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::machine::Machine;

/// Exchanges that are remembered, to be repeated.
const REMEMBERED: usize = 64;
/// A server that was killed answers nobody.
const PATIENCE: Duration = Duration::from_secs(20);

/// What happens to one exchange. Parts are in 256ths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server gets a part of the request.
    TornRequest(u8),
    /// The device gets a part of the answer.
    TornReply(u8),
    /// The server gets the request twice, one after the other.
    Twice,
    /// The server gets the request twice at the same moment.
    TwiceAtOnce,
    /// The request stays on its way; it arrives much later.
    HeldBack,
    /// The server is killed when it has a part of the request.
    KilledInRequest(u8),
    /// The server is killed when the device has a part of the answer.
    KilledInReply(u8),
}

#[derive(Default)]
struct State {
    closed: bool,
    faults: VecDeque<Fault>,
    remembered: VecDeque<Vec<u8>>,
    held: Vec<Vec<u8>>,
    spoiled: u64,
}

/// The network between devices and the server.
pub(crate) struct Proxy {
    pub(crate) address: String,
    machine: Machine,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    pub(crate) fn before(machine: &Machine) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, upstream) = (Arc::downgrade(&state), machine.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Some(state) = shared.upgrade().filter(|state| !state.lock().unwrap().closed) else {
                    break;
                };
                let machine = upstream.clone();
                std::thread::spawn(move || {
                    let _ = client.set_nodelay(true);
                    let _ = serve(&client, &machine, &state);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, machine: machine.clone(), state }
    }

    /// What happens to the next exchange.
    pub(crate) fn spoil_next(&self, fault: Fault) {
        self.state.lock().unwrap().faults.push_back(fault);
    }

    /// Nothing happens to the next exchange.
    pub(crate) fn spoil_none(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    /// What was held back arrives, in any order.
    pub(crate) fn release(&self, place: impl Fn(usize) -> usize) {
        loop {
            let mut state = self.state.lock().unwrap();
            if state.held.is_empty() {
                break;
            }
            let at = place(state.held.len());
            let request = state.held.remove(at);
            drop(state);
            let _ = forward(&self.machine, &request);
        }
    }

    /// An exchange of before arrives once more.
    pub(crate) fn repeat(&self, place: impl Fn(usize) -> usize) {
        let request = {
            let state = self.state.lock().unwrap();
            if state.remembered.is_empty() {
                return;
            }
            state.remembered[place(state.remembered.len())].clone()
        };
        let _ = forward(&self.machine, &request);
    }

    /// Exchanges to which something happened.
    pub(crate) fn spoiled(&self) -> u64 {
        self.state.lock().unwrap().spoiled
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.lock().unwrap().closed = true;
        // Whoever waits for connections gets one, and ends.
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
    }
}

/// Serves one request of a device. `None`: it is cut.
fn serve(client: &TcpStream, machine: &Machine, state: &Mutex<State>) -> Option<()> {
    let request = read_request(client)?;
    let fault = if request.starts_with(b"POST /v1/sync ") {
        let mut state = state.lock().unwrap();
        if state.remembered.len() == REMEMBERED {
            state.remembered.pop_front();
        }
        state.remembered.push_back(request.clone());
        let fault = state.faults.pop_front();
        state.spoiled += u64::from(fault.is_some());
        fault
    } else {
        None
    };
    let part = |bytes: &[u8], part: u8| bytes[..bytes.len() * usize::from(part) / 256].to_vec();
    let reply = match fault {
        None => forward(machine, &request)?,
        Some(Fault::TornRequest(length)) => {
            let mut server = TcpStream::connect(("127.0.0.1", machine.port)).ok()?;
            let _ = server.write_all(&part(&request, length));
            return None;
        }
        Some(Fault::TornReply(length)) => {
            let reply = forward(machine, &request)?;
            let _ = (&*client).write_all(&part(&reply, length));
            return None;
        }
        Some(Fault::Twice) => {
            forward(machine, &request)?;
            forward(machine, &request)?
        }
        Some(Fault::TwiceAtOnce) => std::thread::scope(|scope| {
            let other = scope.spawn(|| forward(machine, &request));
            let reply = forward(machine, &request);
            let _ = other.join();
            reply
        })?,
        Some(Fault::HeldBack) => {
            state.lock().unwrap().held.push(request);
            return None;
        }
        Some(Fault::KilledInRequest(length)) => {
            let mut server = TcpStream::connect(("127.0.0.1", machine.port)).ok()?;
            let _ = server.write_all(&part(&request, length));
            machine.kill("in a request");
            return None;
        }
        Some(Fault::KilledInReply(length)) => {
            let reply = forward(machine, &request)?;
            machine.kill("in a reply");
            let _ = (&*client).write_all(&part(&reply, length));
            return None;
        }
    };
    // The server was told that this is the last request of its connection, and with its answer the device is told too.
    (&*client).write_all(&reply).ok()
}

/// One request, whole.
fn read_request(mut client: &TcpStream) -> Option<Vec<u8>> {
    let mut pending = Vec::new();
    loop {
        if let Some(end) = pending.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&pending[..end]).to_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let whole = end + 4 + length.unwrap_or(0);
            if pending.len() >= whole {
                return Some(pending.drain(..whole).collect());
            }
        }
        let mut block = vec![0; 64 << 10];
        let read = client.read(&mut block).ok().filter(|read| *read > 0)?;
        pending.extend_from_slice(&block[..read]);
    }
}

/// Sends a request on a connection of its own, and gives the whole answer.
fn forward(machine: &Machine, request: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", machine.port)).ok()?;
    server.set_read_timeout(Some(PATIENCE)).ok()?;
    let end = request.windows(4).position(|four| four == b"\r\n\r\n")?;
    server.write_all(&request[..end]).ok()?;
    server.write_all(b"\r\nconnection: close").ok()?;
    server.write_all(&request[end..]).ok()?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply).ok()?;
    is_whole(&reply).then_some(reply)
}

/// Whether an answer has all the bytes that it says it has.
fn is_whole(reply: &[u8]) -> bool {
    let Some(end) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&reply[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_none_or(|length: usize| reply.len() == end + 4 + length)
}
