//! `threads`: what idle threads cost, beside as many idle coroutines and tasks.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use chassis::most_threads;
use observe::child::this_program;
use spawner::{Cost, Kind};
use text::{output, terminal};

use crate::commands::interrupts;
use crate::commands::leash::end_with;

/// However many threads the system allows: a hundred thousand tell nothing that fifteen thousand do not.
const MOST: usize = 100_000;

/// Arguments of `threads`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers threads 1000
  concurrent-servers threads 10000 --json       totals, not shares

Needs Linux. Kernel memory is partly known for the whole machine only: measure on one that is
otherwise idle, and with some thousands. Times of one run vary: take the median of several.

Exit codes: 0 measured, 1 so many cannot be started or observed, 2 wrong arguments, 130 after
Ctrl-C.")]
pub struct Arguments {
    /// How many threads, then how many coroutines, then how many tasks
    #[arg(value_name = "N", value_parser = parse_count, allow_negative_numbers = true)]
    count: u32,

    /// Print the totals as JSON
    #[arg(long)]
    json: bool,

    /// Hold so many of this kind, for the process that measures them: the launcher passes it to itself
    #[arg(long, value_name = "KIND", hide = true, value_parser = parse_kind, requires = "parent")]
    hold: Option<Kind>,

    /// End together with this parent process
    #[arg(long, value_name = "PID", hide = true)]
    parent: Option<u32>,
}

/// Measures each kind and prints a table.
///
/// # Errors
/// So many cannot be started or observed, or standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Some((kind, parent)) = arguments.hold.zip(arguments.parent) {
        end_with(parent)?;
        return spawner::hold(kind, arguments.count);
    }
    interrupts::end_with(interrupts::interrupted)?;
    let count = arguments.count;
    let cost = |kind| spawner::measure(holder(kind, count)?, kind, count);
    let costs = Kind::ALL.into_iter().map(cost).collect::<Result<Vec<Cost>>>()?;
    let text = if arguments.json {
        serde_json::to_string_pretty(&costs).context("cannot write JSON")? + "\n"
    } else {
        spawner::table(&costs, terminal::columns())
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// This program, as the process that holds them.
fn holder(kind: Kind, count: u32) -> Result<Command> {
    let mut command = Command::new(this_program()?);
    command.args(["threads", &count.to_string(), "--hold", kind.name()]);
    command.args(["--parent", &std::process::id().to_string()]);
    Ok(command)
}

fn parse_count(text: &str) -> Result<u32, String> {
    let most = most_threads().min(MOST);
    let count = text.parse().ok().filter(|&count: &u32| count >= 1 && count as usize <= most);
    count.ok_or_else(|| {
        let why = if most < MOST { ", which is what vm.max_map_count allows; raise it for more" } else { "" };
        format!("give a whole number from 1 to {most}{why}")
    })
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| "no such kind".to_owned())
}
