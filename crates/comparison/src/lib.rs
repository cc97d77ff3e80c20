//! Comparing servers: all of them under the same loads, in rounds, and what the figures say in the end.
//!
//! ```text
//!  scenario ─┐
//!  servers  ─┼► request ► run ──► plan ──► trial ──► record ──► store    on disk after every trial
//!  machine  ─┘                                        │
//!                                                     └─────► analysis ──► table, report, baseline, documents
//! ```
//!
//! | file | idea |
//! | --- | --- |
//! | [`scenario`], `scenarios.toml` | what is asked, as data |
//! | [`servers`] | who can be asked, as plain data that the caller fills in |
//! | [`subject`] | who takes part: models, the floors they are divided by, and the floors' twins |
//! | [`request`] | from what is asked for to a run that is written down |
//! | [`mod@plan`] | the order of trials: a pure function of the run |
//! | [`measure`], [`trial`], [`progress`] | making them, one on a freshly started server, and saying how far that is |
//! | [`record`], [`store`] | what a trial leaves behind, and where |
//! | [`analysis`] | what all records say together: all statistics are here |
//! | [`table`], [`report`], [`baseline`] | drawn from the analysis: for a terminal, as a page, against an older run |
//! | [`mod@timeline`] | the scripted clients under each server, a lane for each client |
//! | [`show`] | table, report and baseline as one answer |
//! | [`recorded`], [`documents`] | the runs that a project keeps, and the documents that quote the newest |
//!
//! Nothing in here knows a model, a server's crate or the launcher: a server is a name, a number and a command. No
//! command line is parsed here and nothing is printed to standard output.

pub mod analysis;
pub mod baseline;
pub mod documents;
pub mod measure;
pub mod plan;
pub mod progress;
pub mod record;
pub mod recorded;
pub mod report;
pub mod request;
pub mod scenario;
pub mod servers;
pub mod show;
pub mod store;
pub mod subject;
pub mod table;
pub mod timeline;
pub mod trial;

#[cfg(test)]
pub(crate) mod example;

pub use servers::{Server, Servers};
