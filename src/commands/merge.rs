//! `merge`: the histogram logs of several machines or runs, added up.

use std::process::ExitCode;

use anyhow::Result;

/// Arguments of `merge`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  concurrent-servers load 127.0.0.1:9090 --hist-out one.hlog   on each machine
  concurrent-servers merge one.hlog two.hlog                   percentiles of the sum
  concurrent-servers merge *.hlog --out all.hlog               the sum as a log, for other tools")]
pub struct Arguments {
    #[command(flatten)]
    merge: loadgen::merge::Arguments,
}

/// Adds the logs and prints the percentiles of each tag.
///
/// # Errors
/// A file cannot be read or is not a histogram log; the merged log or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    loadgen::merge::run(&arguments.merge)
}
