//! The launcher: every model, client and measurement by name.
//!
//! [`models`] is the registry that everything goes through, [`commands`] has one file for each verb. What the verbs do
//! is in the crates that they call; nothing else belongs here.
//!
//! This is a library only so that the tests and benches of this package can use the registry, too.

pub mod commands;
pub mod help;
pub mod mistaken;
pub mod models;
