//! `trace`: feeds buffers to the state machine and prints each transition, or first asks which reply they get.

mod predict;
pub(super) mod random;
mod states;
mod table;
mod walk;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::Result;

use text::escapes::Buffer;
use text::output;

use predict::Input;
use walk::Trace;

/// Seeds that are chosen here are below this number, so that they are easy to type.
const SEEDS: u64 = 10_000;

/// Arguments of `trace`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  concurrent-servers trace '^abc$de^abte$f' 'xyz^123' '25$^ab$abab'
  concurrent-servers trace --json '^\\xff\\n$'
  concurrent-servers trace -- --json
  concurrent-servers trace --predict                       what does each read get?
  concurrent-servers trace --predict --seed 7 --rounds 20  the same twenty for everybody
  concurrent-servers trace --predict 'a^b' 'c$d'           one of your own
  concurrent-servers trace --table                         for programs in other languages

--predict reads a line for each read: the reply, with the same escapes, or an empty line
if there is none. It ends with the last read or the end of the input, here Ctrl-D.")]
pub struct Arguments {
    /// Print the transitions as JSON instead of a table
    #[arg(long)]
    pub json: bool,

    /// Print the whole table of the protocol as JSON: of each state and byte the output and the next state
    #[arg(long, conflicts_with_all = ["json", "predict", "buffers"])]
    pub table: bool,

    /// Ask for the reply to each read before it is shown. Without BUFFER the reads are random
    #[arg(long, conflicts_with = "json")]
    pub predict: bool,

    /// Of the random reads: the same seed asks for the same again [default: another one each time]
    #[arg(long, value_name = "NUMBER", requires = "predict", conflicts_with = "buffers")]
    pub seed: Option<u64>,

    /// Of the random reads: how many connections, with three reads each
    #[arg(long, value_name = "N", requires = "predict", conflicts_with = "buffers", default_value_t = 3,
        value_parser = clap::value_parser!(u8).range(1..=100))]
    pub rounds: u8,

    /// Bytes of one read; the escapes \xff, \n, \r, \t, \0 and \\ are understood. Behind `--` it may begin with a dash
    #[arg(value_name = "BUFFER", required_unless_present_any = ["table", "predict"])]
    pub buffers: Vec<Buffer>,
}

/// Prints the trace to standard output.
///
/// # Errors
/// Standard output cannot be written to; for predictions also: standard input cannot be read, or has a line that is too long.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.predict {
        ask(arguments)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = if arguments.table {
        states::to_json()?
    } else {
        let trace = Trace::of(&arguments.buffers);
        if arguments.json { trace.to_json()? } else { table::draw(&trace) }
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Asks for predictions on standard input.
fn ask(arguments: &Arguments) -> Result<()> {
    let mut stdout = output::stdout();
    let rounds = if arguments.buffers.is_empty() {
        let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..SEEDS));
        let rounds = random::rounds(seed, arguments.rounds);
        let again = format!("The same again: trace --predict --seed {seed} --rounds {}\n", rounds.len());
        output::write(&mut stdout, &again)?;
        rounds
    } else {
        vec![arguments.buffers.clone()]
    };
    let stdin = io::stdin();
    let input = Input { is_echoed: stdin.is_terminal(), lines: stdin.lock() };
    predict::ask(&rounds, input, &mut stdout)
}

#[cfg(test)]
mod tests;
