//! Comparing servers: all servers under the same loads, in rounds, and the analysis of the figures.
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
//! | [`scenario`], `scenarios.toml` | the questions and loads, as data |
//! | [`servers`] | the servers, as plain data from the caller |
//! | [`subject`] | the subjects of a run: models, the floors they are divided by, and twins |
//! | [`variant`] | models with options, which a scenario measures beside the models as they are |
//! | [`request`] | from the user's request to a complete description of a run |
//! | [`mod@plan`] | the order of trials: a pure function of the run |
//! | [`group`] | the trials of a round that are made together, in slices |
//! | [`measure`], [`trial`], `running`, `window`, [`progress`] | making the trials, each on a newly started server, and showing progress |
//! | `stand_in` | the cache of a trial, if its scenario has one |
//! | [`disturbance`], `repeat` | what other programs take from a trial, and which trials are made again |
//! | [`record`], [`store`] | the record of a trial, and the files of a run |
//! | [`coverage`] | what a run was to measure and did not |
//! | `provenance` | machine, compiler and program of a run, and in what two runs differ |
//! | [`analysis`] | all statistics |
//! | `answers` | the answers of a run in sentences, each with its claim, and which model is for what |
//! | [`table`], [`report`], [`baseline`] | views of the analysis: for a terminal, as a page, compared with an earlier run |
//! | [`mod@timeline`] | the scripted clients under each server, a lane for each client; of numbers also the loop and the threads |
//! | [`order_effect`] | does it matter which server had the load before |
//! | [`self_test`] | does the instrument claim what is not there, and find what is |
//! | [`show`] | table, report and baseline together |
//! | [`recorded`], [`documents`] | the runs that a project keeps, and the documents that quote the newest |
//!
//! Nothing here depends on a model, a server crate or the launcher: a server is a name, a number and a command. This
//! crate parses no command line and prints nothing to standard output.

pub mod analysis;
mod answers;
pub mod baseline;
pub mod coverage;
pub mod disturbance;
pub mod documents;
pub mod group;
pub mod measure;
mod numbers;
pub mod order_effect;
pub mod plan;
pub mod progress;
mod provenance;
pub mod record;
pub mod recorded;
mod repeat;
pub mod report;
pub mod request;
mod running;
pub mod scenario;
pub mod self_test;
pub mod servers;
pub mod show;
mod stand_in;
pub mod store;
pub mod subject;
pub mod table;
pub mod timeline;
pub mod trial;
pub mod variant;
mod window;

#[cfg(test)]
pub(crate) mod example;

pub use servers::{Place, Server, Servers, Service};
