//! A proxy between a client and the server that cuts connections at chosen bytes of a file.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Forwards everything, and cuts the connection when a body has brought the byte before each of `cuts` of an upload to the
/// server; each cut happens once. At the end of a body the server has got all of it, and the client gets no answer.
pub(crate) struct Proxy {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    cuts: BTreeSet<u64>,
    /// After how many more bytes of answers the connection is cut, one after the other.
    answer_cuts: VecDeque<usize>,
    done: Vec<u64>,
    /// Body bytes that were let through to uploads.
    passed: u64,
    /// Offsets that the server acknowledged, in order.
    acknowledged: Vec<u64>,
}

impl Proxy {
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let upstream = server.strip_prefix("http://").unwrap().to_owned();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&upstream) else { continue };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (to, from) = (shared.clone(), shared.clone());
                std::thread::spawn(move || answers(back.0, back.1, &from));
                std::thread::spawn(move || requests(client, server, &to));
            }
        });
        Self { address, state }
    }

    pub(crate) fn cut_at(&self, cuts: impl IntoIterator<Item = u64>) {
        let mut state = self.state.lock().unwrap();
        state.cuts = cuts.into_iter().collect();
        state.done.clear();
        state.acknowledged.clear();
    }

    /// Cuts the connection of the answer that brings the last of so many bytes; then anew for the next number.
    pub(crate) fn cut_answers_after(&self, bytes: impl IntoIterator<Item = usize>) {
        self.state.lock().unwrap().answer_cuts = bytes.into_iter().collect();
    }

    /// How many cuts of answers have not happened.
    pub(crate) fn answer_cuts_left(&self) -> usize {
        self.state.lock().unwrap().answer_cuts.len()
    }

    /// Cuts that have not happened.
    pub(crate) fn left(&self) -> BTreeSet<u64> {
        self.state.lock().unwrap().cuts.clone()
    }

    pub(crate) fn passed(&self) -> u64 {
        self.state.lock().unwrap().passed
    }

    /// Offsets of one upload at a time, as the client was told.
    pub(crate) fn acknowledged(&self) -> Vec<u64> {
        self.state.lock().unwrap().acknowledged.clone()
    }
}

/// The server's answers, with the offsets that they tell.
fn answers(mut server: TcpStream, mut client: TcpStream, state: &Mutex<State>) {
    let mut block = vec![0; 64 << 10];
    while let Ok(read) = server.read(&mut block) {
        if read == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&block[..read]).to_lowercase();
        let told =
            text.split("upload-offset: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        state.lock().unwrap().acknowledged.extend::<Option<u64>>(told);
        let passes = {
            let mut state = state.lock().unwrap();
            match state.answer_cuts.front_mut() {
                Some(left) if *left > read => {
                    *left -= read;
                    read
                }
                Some(_) => state.answer_cuts.pop_front().unwrap(),
                None => read,
            }
        };
        if client.write_all(&block[..passes]).is_err() || passes < read {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// The client's requests, one after the other.
fn requests(mut client: TcpStream, mut server: TcpStream, state: &Mutex<State>) {
    let mut pending: Vec<u8> = Vec::new();
    'requests: loop {
        let head = loop {
            if let Some(end) = pending.windows(4).position(|four| four == b"\r\n\r\n") {
                break pending.drain(..end + 4).collect::<Vec<u8>>();
            }
            let mut block = vec![0; 64 << 10];
            match client.read(&mut block) {
                Ok(read) if read > 0 => pending.extend_from_slice(&block[..read]),
                _ => break 'requests,
            }
        };
        if server.write_all(&head).is_err() {
            break;
        }
        let text = String::from_utf8_lossy(&head).to_lowercase();
        let number =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        let (mut left, is_upload) =
            (number("content-length:").unwrap_or(0), text.starts_with("patch /v1/uploads"));
        let mut at = number("upload-offset:").unwrap_or(0);
        loop {
            if is_upload {
                let mut state = state.lock().unwrap();
                if state.cuts.remove(&at) {
                    state.done.push(at);
                    break 'requests;
                }
            }
            if left == 0 {
                break;
            }
            if pending.is_empty() {
                let mut block = vec![0; 64 << 10];
                match client.read(&mut block) {
                    Ok(read) if read > 0 => pending.extend_from_slice(&block[..read]),
                    _ => break 'requests,
                }
            }
            let next = state.lock().unwrap().cuts.range(at + 1..).next().copied();
            let until = next.filter(|_| is_upload).map_or(left, |cut| left.min(cut - at));
            let now = usize::try_from(until).unwrap().min(pending.len());
            let bytes: Vec<u8> = pending.drain(..now).collect();
            if server.write_all(&bytes).is_err() {
                break 'requests;
            }
            at += now as u64;
            left -= now as u64;
            if is_upload {
                state.lock().unwrap().passed += now as u64;
            }
        }
    }
    // What was written still reaches the server: only the end of the stream comes after it.
    let _ = server.shutdown(Shutdown::Write);
    let _ = client.shutdown(Shutdown::Both);
}
