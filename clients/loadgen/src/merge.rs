//! `merge`: the histogram logs of several machines or runs, added up.
//!
//! Percentiles cannot be averaged: half of one machine's messages may have been slower than all of
//! another's. Histograms can be added, and the sum has percentiles of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use text::output;

use crate::command::wrong_options;
use crate::interval_log::{Contents, Interval, Log};
use crate::outcome::Latency;
use crate::summary::times;

mod inputs;
mod sum;

/// Arguments of `merge`.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "logs")]
pub struct Arguments {
    /// Histogram logs as --hist-out writes them; their values must be nanoseconds
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Write the merged log, with one line for each tag, to this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Print the percentiles as JSON
    #[arg(long)]
    pub json: bool,
}

/// The sum of all histograms with one tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Merged {
    /// Empty if the logs have no tag.
    tag: String,
    /// Number of log lines added up.
    intervals: usize,
    /// Absent if there are no samples.
    times: Option<Latency>,
}

/// Adds up the logs by tag and prints the percentiles of each tag. The result does not depend on the order of the logs.
///
/// A file that is given twice, or as input and output, is a wrong option.
///
/// # Errors
/// A file cannot be read or is not a histogram log; two logs hold the same intervals, or times of different loads; the
/// merged log or standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Err(reason) = inputs::check(&arguments.files, arguments.out.as_deref()) {
        return Ok(wrong_options(&reason));
    }
    let out = arguments.out.as_deref().map(Log::prepare).transpose()?;
    let logs = inputs::read(&arguments.files)?;
    let sum_of = logs.iter().flat_map(|log| log.identities.iter().copied()).collect();
    let sums = sum::by_tag(logs)?;
    let merged: Vec<Merged> = sums.iter().map(|(sum, intervals)| described(sum, *intervals)).collect();
    let text = if arguments.json {
        serde_json::to_string_pretty(&merged)?
    } else {
        merged.iter().map(line).collect::<Vec<String>>().join("\n")
    };
    let printed = output::print(&(text + "\n"));
    let sum = Contents { intervals: sums.into_iter().map(|(sum, _)| sum).collect(), sum_of };
    out.map_or(Ok(()), |out| out.write_contents(&sum))?;
    printed?;
    Ok(ExitCode::SUCCESS)
}

fn described(sum: &Interval, intervals: usize) -> Merged {
    Merged { tag: sum.tag.clone(), intervals, times: Latency::of(&sum.times_ns) }
}

fn line(merged: &Merged) -> String {
    let tag = if merged.tag.is_empty() { "(no tag)" } else { &merged.tag };
    match times(tag, merged.times) {
        Some(times) => {
            let samples = merged.times.map_or(0, |times| times.samples);
            format!("{times} ({samples} samples of {} logged intervals)", merged.intervals)
        }
        None => format!("{tag}: no samples"),
    }
}
