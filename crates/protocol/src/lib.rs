//! The protocol of "Concurrent Servers" as a pure state machine.
//!
//! ```text
//!                    ^ (start delimiter)
//!            ┌──────────────────────────────┐
//!            │                              ▼
//!     ┌────────────┐                  ┌──────────┐
//!     │ WaitForMsg │                  │  InMsg   │──┐ any other byte b:
//!     └────────────┘                  └──────────┘◄─┘ output b + 1, 0xFF wraps to 0x00
//!      ▲ │ any other  ▲     $ (end delimiter)  │
//!      └─┘ byte:      └────────────────────────┘
//!          no output
//! ```
//!
//! A server greets each connection with one [`GREETING`] byte. From then on the connection is this Mealy
//! machine (outputs belong to transitions, not to states) over the bytes that the client sends. The bytes
//! from one delimiter to the other are a *frame*; a read may hold many frames or a part of one, so a
//! [`Session`] keeps its state across reads.
//!
//! | task | use |
//! | --- | --- |
//! | answer bytes in the buffer they arrived in | [`Session::transform_in_place`] |
//! | name the engine that does so | [`Session::transform_with`], [`Engine`] |
//! | answer bytes into another buffer | [`Session::append_reply`] |
//! | watch each transition | [`Session::trace`] |
//! | build a request and its reply | [`append_frame`], [`append_frame_reply`] |
//! | check a stream of replies as it arrives | [`Verifier`] |
//!
//! This crate is sans-IO: bytes in, bytes out. It is `no_std`, reads no clock and spawns no threads, so every
//! server, client and test of the workspace uses the same code.
//!
//! ```
//! use protocol::Session;
//!
//! let mut session = Session::new();
//! let mut reply = Vec::new();
//! for read in [&b"^abc$de^abte$f"[..], b"xyz^123", b"25$^ab$abab"] {
//!     session.append_reply(read, &mut reply);
//! }
//! assert_eq!(reply, b"bcdbcuf23436bc");
//! ```
#![no_std]

extern crate alloc;

mod bytes;
mod engine;
mod frame;
mod session;
mod trace;
mod verifier;

pub use bytes::{END, GREETING, START};
pub use engine::Engine;
pub use frame::{PayloadError, append_frame, append_frame_reply};
pub use session::Session;
pub use trace::{StateName, Trace, Transition};
pub use verifier::{Mismatch, Verifier};
