//! The policy from outside: each rule by itself, a service that answers late, and random conversations.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod late;
mod random;
mod rules;
mod world;
