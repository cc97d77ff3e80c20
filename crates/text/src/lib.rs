//! Texts between a program and people: what they type, and what they are shown.
//!
//! A leaf below all tools, so that an address is understood, and a figure written, in the same way everywhere. It is
//! called after what all of its files are about; each stands for itself.
//!
//! | file | idea |
//! | --- | --- |
//! | [`addresses`] | `HOST:PORT` as people type it |
//! | [`units`] | figures as people read them: bytes, durations, counts, rates |
//! | [`escapes`] | bytes as people type and read them |
//! | [`markdown`] | tables in Markdown |
//! | [`output`] | standard output, whose reader may go away |
//!
//! Nothing in here knows the protocol, a measurement or a model, opens a connection, or parses a command line.

pub mod addresses;
pub mod escapes;
pub mod markdown;
pub mod output;
pub mod units;
