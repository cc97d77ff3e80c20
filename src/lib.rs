//! The launcher: every model, client and measurement by name. One file for each subcommand, and
//! [`models`], the registry that they all go through.
//!
//! A library only so that the tests and benches of this package can use the registry, too.

pub mod audit;
pub mod check;
pub mod client;
pub mod compare;
pub mod completions;
pub mod faults;
pub mod list;
pub mod load;
pub mod merge;
pub mod models;
pub mod record;
pub mod serve;
pub mod soak;
pub mod timeline;
pub mod trace;
