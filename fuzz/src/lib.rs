//! The fuzz targets, as plain functions that any test can call.
//!
//! | target | how it interprets the input | what must hold |
//! | --- | --- | --- |
//! | [`engine`] | a stream and how it is split into reads | every way of feeding a session replies as the specification |
//! | [`verifier`] | a reply, its number of repetitions, splits, damage | a correct stream passes at any split, a damaged one is rejected at the position of the damage |
//! | [`primes`] | a stream of numbers and how it is split into reads | the requests are those of the specification after each read |
//! | [`resp`] | a stream of replies or commands to and from a cache, how it is split, and a limit | both decoders understand as the specification, and what was understood is encoded as it came |
//! | [`differential`] | a script and its sends | every model replies over a socket as the specification, and closes in order |
//!
//! A `check` function returns on success and panics with the difference otherwise, which both libFuzzer and a test
//! report. The specification is implemented here once more and shares no code with the crate under test.

#[path = "../../crates/resp/tests/suite/specification.rs"]
mod resp_specification;
mod specification;

pub mod corpus;
pub mod differential;
pub mod engine;
pub mod primes;
pub mod resp;
pub mod script;
pub mod verifier;
