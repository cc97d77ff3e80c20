//! What the fuzzer asks of each input, as plain functions that any test can call.
//!
//! | target | what it takes any bytes to be | what must hold |
//! | --- | --- | --- |
//! | [`engine`] | a stream and where it is cut into reads | every way of feeding a session answers as the specification |
//! | [`verifier`] | a reply, how often it is owed, cuts, damage | what is right passes at any cut, what is not is refused where it is wrong |
//! | [`differential`] | a script and its sends | every model answers over a socket as the specification, and closes in order |
//!
//! A `check` returns if all held and panics with the difference if not: that is what libFuzzer and a test both
//! take for a finding. The specification is written in here once more and shares no code with the crate that
//! it judges.

mod specification;

pub mod corpus;
pub mod differential;
pub mod engine;
pub mod script;
pub mod verifier;
