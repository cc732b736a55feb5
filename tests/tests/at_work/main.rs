//! People at work: a counter clerk, a hotline agent, an installer, an engineer whose points are disputed, a crew that tests for
//! leaks, a company with rules of its own, and every job of every pack worked by what `next` says. A real server process, real
//! device stores, REST at the office.
#![allow(clippy::unwrap_used, clippy::panic)]

mod by_next;
mod counter;
mod crew;
mod hold;
mod hotline;
mod installation;
mod overlay;
mod points;
mod ready;
mod sample;
mod sealed;
mod world;
