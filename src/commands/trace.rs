//! `trace`: buffers walked through the state machine, one transition at a time.

mod escapes;
mod table;

use std::process::ExitCode;

use anyhow::{Context, Result};
use protocol::Session;
use serde::Serialize;

use text::output;

pub use escapes::{Buffer, EscapeError};

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

    /// Bytes of one read; \xff, \n, \r, \t, \0 and \\ stand for bytes that are hard to type
    #[arg(value_name = "BUFFER", required = true, allow_hyphen_values = true)]
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

/// What one connection's reads do to the state machine.
#[derive(Debug, Serialize)]
struct Trace {
    buffers: Vec<TracedBuffer>,
    reply: Buffer,
}

#[derive(Debug, Serialize)]
struct TracedBuffer {
    #[serde(flatten)]
    buffer: Buffer,
    transitions: Vec<TracedTransition>,
}

#[derive(Debug, Serialize)]
struct TracedTransition {
    state: &'static str,
    byte: u8,
    text: String,
    output: Option<u8>,
    output_text: Option<String>,
    next: &'static str,
}

impl Trace {
    fn of(buffers: &[Buffer]) -> Self {
        let mut session = Session::new();
        let traced: Vec<TracedBuffer> = buffers.iter().map(|buffer| trace(&mut session, buffer)).collect();
        let transitions = traced.iter().flat_map(|buffer| &buffer.transitions);
        let reply = transitions.filter_map(|transition| transition.output).collect::<Vec<u8>>();
        Trace { buffers: traced, reply: Buffer::from(reply) }
    }

    fn to_json(&self) -> Result<String> {
        let mut text = serde_json::to_string_pretty(self).context("cannot write the trace as JSON")?;
        text.push('\n');
        Ok(text)
    }
}

fn trace(session: &mut Session, buffer: &Buffer) -> TracedBuffer {
    let transitions = session.trace(&buffer.bytes).map(|transition| TracedTransition {
        state: transition.state.as_str(),
        byte: transition.byte,
        text: escapes::readable_byte(transition.byte),
        output: transition.output,
        output_text: transition.output.map(escapes::readable_byte),
        next: transition.next.as_str(),
    });
    let transitions = transitions.collect();
    TracedBuffer { buffer: buffer.clone(), transitions }
}

#[cfg(test)]
mod tests;
