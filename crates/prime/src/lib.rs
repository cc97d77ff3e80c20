//! The service of the series' parts 4, 6 and 7: a number in, `prime` or `composite` out. Echo costs a server nothing; this
//! puts work behind a message.
//!
//! ```text
//!  bytes, cut anywhere        Requests             Test                      answer
//!  "7\n10000000" ──────────▶ one by one, ───────▶ divides by 2 and odd ────▶ prime\n, composite\n
//!  "00039\n+7\n"              in order      │      numbers, a slice at a      or error\n
//!                                           │      time, until it knows
//!                                           └───▶ nonsense: error\n at once
//! ```
//!
//! A request is a line, and each is answered, in the order of the requests. A number is 1 to 20 ASCII digits, at most
//! 2^64 - 1. The test is trial division, on purpose: its cost is a knob. By far the most expensive numbers of a size are
//! its primes, and squares of primes.
//!
//! | task | use |
//! | --- | --- |
//! | take requests out of bytes as they arrive | [`Requests`], [`Request`] |
//! | what ends a request | [`Framing`] |
//! | find the answer, a slice at a time | [`Test`], [`Verdict`] |
//! | be told when a test begins and ends | [`Test::watched`] |
//!
//! This crate is sans-IO: bytes in, answers out. It is `no_std`, reads no clock and spawns no threads, so every server,
//! client and test of the workspace uses the same code.
//!
//! ```
//! use prime::{Framing, Request, Requests, Verdict};
//!
//! let mut requests = Requests::new(Framing::Line);
//! requests.receive(b"7\n1");
//! let Some(Request::Number(mut test)) = requests.take_next() else { panic!() };
//! assert_eq!(test.go_on(), Some(Verdict::Prime));
//! assert_eq!(requests.take_next(), None); // the second line has not ended
//! requests.receive(b"0\n");
//! let Some(Request::Number(mut test)) = requests.take_next() else { panic!() };
//! assert_eq!(test.go_on(), Some(Verdict::Composite)); // 10, not 1 and 0
//! ```
#![no_std]

extern crate alloc;

mod number;
mod requests;
mod test;

pub use requests::{ERROR, Framing, LONGEST, MOST_AT_ONCE, Request, Requests};
pub use test::{Progress, SLICE, Test, Verdict, Watch};
