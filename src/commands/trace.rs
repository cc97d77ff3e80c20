//! `trace`: feeds buffers to the state machine and prints each transition.

mod table;
mod walk;

use std::process::ExitCode;

use anyhow::Result;

use text::escapes::Buffer;
use text::output;

use walk::Trace;

/// Arguments of `trace`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  concurrent-servers trace '^abc$de^abte$f' 'xyz^123' '25$^ab$abab'
  concurrent-servers trace --json '^\\xff\\n$'
  concurrent-servers trace -- --json")]
pub struct Arguments {
    /// Print the transitions as JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// Bytes of one read; the escapes \xff, \n, \r, \t, \0 and \\ are understood. Behind `--` it may begin with a dash
    #[arg(value_name = "BUFFER", required = true)]
    pub buffers: Vec<Buffer>,
}

/// Prints the trace to standard output.
///
/// # Errors
/// Standard output cannot be written to.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let trace = Trace::of(&arguments.buffers);
    let text = if arguments.json { trace.to_json()? } else { table::draw(&trace) };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
