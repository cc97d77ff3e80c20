//! A stand-in for Redis: a cache whose every answer comes after a settable latency.
//!
//! ```text
//!              arrival                        arrival + latency
//!  client A ──── get, get, get ───────────────── three answers, in one send
//!  client B ──────────── set ─────────────────────────── OK
//! ```
//!
//! What it is for: a request that waits for another machine and keeps no processor busy. The latency begins when the
//! request arrives and not when the previous one has been answered, so requests that are sent together are answered
//! together, as over a long wire. One thread serves all clients; it waits for the next moment to the microsecond.
//!
//! | idea | where |
//! | --- | --- |
//! | the command line | [`CommandLine`], [`Settings`] |
//! | what each command means, and what is kept | [`Cache`] |
//! | faults that a client may ask for | [`Fault`] |
//! | one connection without I/O: bytes and moments in, replies that are due out | [`Session`] |
//! | clients, sockets, the stop | [`serve`] |
//!
//! It speaks as much of [RESP2](resp) as the servers here and `redis-cli` need, and answers that as Redis 7.0 does.
//! Everything is bounded: what is kept ([`Settings::memory`]), a command ([`MOST_IN_A_COMMAND`]), the replies that wait
//! for a client ([`MOST_QUEUED`]; beyond that it is not read), and clients (`--max-conns`).

mod cache;
mod client;
mod delay;
mod event_loop;
mod faults;
mod info;
mod options;
mod refusing;
mod session;
mod store;

pub use cache::{Cache, MOST_IN_A_COMMAND, Then};
pub use event_loop::serve;
pub use faults::Fault;
pub use options::{CommandLine, Settings};
pub use session::{Due, MOST_QUEUED, Session};
