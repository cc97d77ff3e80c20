//! `load`: verified load on any server that speaks the protocol.

use std::process::ExitCode;

use anyhow::Result;

use crate::mistaken;

/// Arguments of `load`.
#[derive(Clone, Debug, clap::Args)]
#[command(mut_arg("address", |address| address.value_parser(mistaken::parse_server)), after_help = "Examples:
  concurrent-servers load 127.0.0.1:9090                 50 connections, one message in flight
  concurrent-servers load 127.0.0.1:9090 --depth 64      pipelined
  concurrent-servers load 127.0.0.1:9090 --rate 10000 --arrivals poisson
                                                         by the clock, as independent clients would
  concurrent-servers load 127.0.0.1:9090 --idle 5000     50 active connections among 5,000 idle ones
  concurrent-servers load 127.0.0.1:9090 --churn         connect, one message, close, and again
  concurrent-servers load 127.0.0.1:9090 --service prime --numbers small:95,36ms:5
                                                         95 % small numbers, 5 % that take 36 ms
  concurrent-servers load 127.0.0.1:9090 --service prime --numbers small,36ms:4x --rate 500
                                                         small ones by the clock beside 4 big
  concurrent-servers load 127.0.0.1:9090 --ramp 1,8,64,512
                                                         a growing number of connections
  concurrent-servers load 127.0.0.1:9090 --start-at 2026-11-23T12:00:00Z --hist-out one.hlog
                                                         together with other machines; see merge

Exit codes: 0 every reply was right and an asked rate was kept; 1 not so, or no message was
answered in the window, or something could not be written; 2 wrong options; 128 + signal after
Ctrl-C (130) or another signal to stop, which end the run early with what was measured so far (one
more, half a second later or more, ends it at once). Starved connections are a result, and so is
an invalid verdict for which the server is not to blame. Times are whole milliseconds.")]
pub struct Arguments {
    #[command(flatten)]
    load: loadgen::command::Arguments,
}

/// Generates the load and prints the outcome.
///
/// # Errors
/// Nothing listens at any of the addresses, this machine cannot generate such a load, or something cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    loadgen::command::run(&arguments.load)
}
