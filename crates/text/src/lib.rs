//! Text between programs and users: what users type, and what they read.
//!
//! All tools depend on this crate, so that addresses are parsed and figures are written in the same way everywhere. Its
//! files are independent of each other, except that `connecting` stands on `addresses`.
//!
//! | file | idea |
//! | --- | --- |
//! | [`addresses`] | `HOST:PORT` as users type it |
//! | [`connecting`] | trying each address of a name, and why a connection cannot be opened |
//! | [`units`] | figures as users read them: bytes, durations, counts, rates |
//! | [`escapes`] | bytes as users type and read them |
//! | [`markdown`] | tables in Markdown |
//! | [`output`] | standard output and standard error, which may be closed or full |
//! | [`files`] | files that are replaced whole |
//! | [`locale`] | whether Unicode can be shown |
//! | [`terminal`] | the terminal: its width, and whether a line can be drawn again |
//!
//! Nothing here depends on the protocol, a measurement or a model, opens a connection, or parses a command line.

pub mod addresses;
pub mod connecting;
pub mod escapes;
pub mod files;
pub mod locale;
pub mod markdown;
pub mod output;
pub mod terminal;
pub mod units;
