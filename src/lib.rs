//! The launcher's commands.

pub mod client;
pub mod trace;
