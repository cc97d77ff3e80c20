//! The cache in front of the prime service: a number is looked up in Redis, and tested only if it is not there.
//!
//! ```text
//!   number ──▶ GET primecache:N ──▶ prime or composite ──────────────────────────▶ answer
//!                   │                                                               ▲
//!                   └─ nothing, or the cache did not help ──▶ test ──▶ SET ─────────┘
//! ```
//!
//! A cache may make an answer faster, and never wrong or missing. If it is away, slow or full, or says what nobody can
//! have stored, the number is tested all the same, and the log says so once a second at most.
//!
//! | task | use |
//! | --- | --- |
//! | look up and store on a thread that blocks | [`blocking::Cache`] |
//! | in a task that awaits | [`asynchronous::Cache`] |
//! | on an event loop, with a socket that never blocks | [`nonblocking::Cache`] |
//! | the same without I/O: bytes and moments in, bytes and results out | [`Pipeline`] |
//! | what all three have in common: key, values, timeout, pauses | [`TIMEOUT`], [`Health`], [`Trouble`] |
//!
//! The first two are the crate `redis`, the others our own codec, [`resp`]. No model needs to know: each has `get` and
//! `store`, and neither of these fails.
//!
//! What is stored is trusted: whoever can write to the cache decides what the service answers.

pub mod asynchronous;
pub mod blocking;
mod client;
pub mod nonblocking;
mod pipeline;
mod policy;

pub use pipeline::{Done, Pipeline};
pub use policy::{Epoch, Health, MOST_CONNECTIONS, TIMEOUT, Trouble, key, parse, value};
