//! `merge`: the histogram logs of several machines or runs, added up.
//!
//! Percentiles cannot be averaged: half of one machine's messages may have been slower than all of
//! another's. Histograms can be added, and the sum has percentiles of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::interval_log::{self, Interval};
use crate::outcome::Latency;
use crate::summary::times;

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
#[derive(Clone, Debug, Serialize)]
struct Merged {
    /// Empty if the logs have no tag.
    tag: String,
    /// Number of log lines added up.
    intervals: usize,
    /// Absent if there are no samples.
    times: Option<Latency>,
}

/// Adds up the logs by tag and prints the percentiles of each tag.
///
/// # Errors
/// A file cannot be read or is not a histogram log; the merged log or standard output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut logs = Vec::new();
    for file in &arguments.files {
        logs.push(read(file)?);
    }
    let (merged, sums) = merge(logs)?;
    if let Some(out) = &arguments.out {
        let mut log = Vec::new();
        interval_log::write(&sums, &mut log)?;
        fs::write(out, log).with_context(|| format!("cannot write the merged log {}", out.display()))?;
    }
    let text = if arguments.json {
        serde_json::to_string_pretty(&merged)?
    } else {
        merged.iter().map(line).collect::<Vec<String>>().join("\n")
    };
    writeln!(io::stdout(), "{text}").context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> anyhow::Result<Vec<Interval>> {
    let name = file.display();
    let text = fs::read(file).with_context(|| format!("cannot read {name}; does it exist?"))?;
    let help = || format!("{name} is not a histogram log; give files that --hist-out wrote");
    let text = String::from_utf8(text).context("it is not UTF-8 text").with_context(help)?;
    interval_log::read(&text).with_context(help)
}

/// One sum for each tag, in the order in which the tags first appear.
fn merge(logs: Vec<Vec<Interval>>) -> anyhow::Result<(Vec<Merged>, Vec<Interval>)> {
    let mut places = BTreeMap::new();
    let mut merged: Vec<Merged> = Vec::new();
    let mut sums: Vec<Interval> = Vec::new();
    for interval in logs.into_iter().flatten() {
        let place = *places.entry(interval.tag.clone()).or_insert(sums.len());
        if place == sums.len() {
            // Resized as needed: other tools choose other bounds.
            let mut times_ns = Histogram::new(interval.times_ns.sigfig())?;
            times_ns.auto(true);
            merged.push(Merged { tag: interval.tag.clone(), intervals: 0, times: None });
            sums.push(Interval { tag: interval.tag.clone(), times_ns, ..interval });
        }
        let sum = &mut sums[place];
        let end = (sum.start + sum.length).max(interval.start + interval.length);
        sum.start = sum.start.min(interval.start);
        sum.length = end.saturating_sub(sum.start);
        let tag = &interval.tag;
        sum.times_ns.add(&interval.times_ns).with_context(|| format!("cannot add histograms of {tag:?}"))?;
        merged[place].intervals += 1;
        merged[place].times = Latency::of(&sum.times_ns);
    }
    Ok((merged, sums))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn interval(tag: &str, start: u64, length: u64, values: std::ops::Range<u64>) -> Interval {
        let mut times_ns = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for value in values {
            times_ns.record(value).unwrap();
        }
        let (start, length) = (Duration::from_secs(start), Duration::from_secs(length));
        Interval { tag: tag.to_owned(), start, length, times_ns }
    }

    #[test]
    fn a_sum_has_the_percentiles_of_all_values_and_not_the_mean_of_the_percentiles() {
        // One log holds only fast values, the other only slow ones: the mean of both medians would be 50,050.
        let here = vec![interval("latency", 10, 5, 100..109), interval("life", 10, 5, 1..2)];
        let there = vec![interval("latency", 12, 5, 100_000..100_100)];
        let (merged, sums) = merge(vec![here, there]).unwrap();
        assert_eq!(merged.iter().map(|sum| sum.tag.as_str()).collect::<Vec<&str>>(), ["latency", "life"]);
        let times = merged[0].times.unwrap();
        assert_eq!((merged[0].intervals, times.samples), (2, 109));
        assert!((100_000..100_200).contains(&times.p50_ns), "{times:?}");
        assert_eq!((sums[0].start.as_secs(), sums[0].length.as_secs()), (10, 7));
        assert_eq!((merged[1].intervals, merged[1].times.unwrap().samples), (1, 1));
    }

    #[test]
    fn histograms_with_other_bounds_can_be_added() {
        let mut other = interval("latency", 0, 1, 0..0);
        other.times_ns = Histogram::new_with_bounds(1_000, 3_600_000_000_000, 2).unwrap();
        other.times_ns.record(3_000_000_000_000).unwrap();
        let (merged, _) = merge(vec![vec![interval("latency", 0, 1, 5..6)], vec![other]]).unwrap();
        let times = merged[0].times.unwrap();
        assert_eq!((times.samples, times.p50_ns), (2, 5));
        // That histogram has two significant digits.
        assert!((2_970_000_000_000..3_030_000_000_000).contains(&times.max_ns), "{times:?}");
    }
}
