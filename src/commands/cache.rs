//! `cache`: a stand-in for Redis with a settable latency.

use std::process::ExitCode;

use anyhow::Result;

use crate::commands::leash::end_with;
use crate::commands::refused;

/// Arguments of `cache`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers cache                               on 127.0.0.1:6380, 5 ms for each answer
  concurrent-servers cache --latency 20ms --jitter 2ms   18 to 22 ms
  concurrent-servers cache --latency 0ms --addr 127.0.0.1:0
  redis-cli -p 6380 set primecache:7 prime               any client of Redis will do
  redis-cli -p 6380 get primecache:7

It speaks RESP2: PING, ECHO, GET, SET, DEL, EXISTS, DBSIZE, FLUSHDB, FLUSHALL, SELECT 0, HELLO 2,
INFO, QUIT, and what clients say when they connect. With --faults also FAULT KIND, which lasts
until FAULT none and concerns GET and SET:

  slow MILLISECONDS   answers come this much later
  wrong               GET finds a value that nobody has set
  garbage             answers are no RESP
  error               answers are errors
  oom                 SET finds the memory full
  reset               the connection is reset when half of an answer has been sent
  refuse              all other connections are reset, and new ones refused; keep the
                      connection that asks for it open, since no other can end it

Stop it with Ctrl-C, SIGTERM or SIGHUP: it answers what it has received, then exits.

Exit codes: 0 stopped cleanly, 1 could not start or continue, 2 wrong arguments, 3 answers were cut
off at --drain-timeout, 130, 143 or another 128 + signal ended by a second signal.")]
pub struct Arguments {
    #[command(flatten)]
    cache: cache::CommandLine,

    /// End together with this parent process: the launcher passes it to what it starts
    #[arg(long, value_name = "PID", hide = true)]
    parent: Option<u32>,
}

/// Serves until the process receives a signal to stop.
///
/// # Errors
/// The kernel cannot be asked to end this process with its parent.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Some(parent) = arguments.parent {
        end_with(parent)?;
    }
    let settings = match arguments.cache.settings() {
        Ok(settings) => settings,
        Err(advice) => return Ok(refused(&advice)),
    };
    let options = arguments.cache.options();
    Ok(chassis::run("cache", &[], &options, |listener, options, shutdown| {
        cache::serve(listener, options, &settings, shutdown)
    }))
}
