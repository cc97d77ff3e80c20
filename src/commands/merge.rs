//! `merge`: the histogram logs of several machines or runs, added up.

use std::process::ExitCode;

use anyhow::Result;

/// Arguments of `merge`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  concurrent-servers load 127.0.0.1:9090 --hist-out one.hlog   on each machine
  concurrent-servers merge one.hlog two.hlog                   percentiles of the sum
  concurrent-servers merge *.hlog --out sum.log                the sum as a log, for other tools

Response times of an open loop and round trips of a closed loop are not added, and no log counts
twice.
Exit codes: 0 merged, 1 a log cannot be read, added or written, 2 wrong options, such as a log
that is also the output.")]
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
