//! Histogram logs in `HdrHistogram`'s interval format, which other tools read and `merge` adds up.
//!
//! One line for each interval and tag: start and length in seconds, the maximum, and the histogram as
//! [`histogram::encode`] writes it. The maximum is for human readers; as the format's own tools expect, it is in
//! milliseconds while the values are nanoseconds.

mod meaning;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use text::files::Replacement;

pub(crate) use self::meaning::Meaning;
use crate::histogram;
use crate::outcome::Measurement;

/// The maximum's unit in values.
const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

/// How this tool's own headers begin: of every log, of one that says what `latency` means, of a sum.
const LOGGED: &str = "Logged with loadgen ";
const LATENCY: &str = "Latency: ";
const SUM_OF: &str = "Sum of: ";

/// An interval whose start is more than this before the log's start time counts from that start time: the
/// reference implementation's rule for logs without a base time.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// One line of a log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Interval {
    /// What was timed; empty if the log has no tag.
    pub(crate) tag: String,
    /// What `latency` means in this log; `None` if another tool wrote it.
    pub(crate) meaning: Option<Meaning>,
    /// When it started, as time since the Unix epoch.
    pub(crate) start: Duration,
    pub(crate) length: Duration,
    /// In nanoseconds, if this tool wrote the log.
    pub(crate) times_ns: Histogram<u64>,
}

/// What a log holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) intervals: Vec<Interval>,
    /// If it is a sum, the identities of the logs that were added up, as `merge` numbers them.
    pub(crate) sum_of: BTreeSet<u64>,
}

/// The file that a log will be written to.
pub(crate) struct Log<'path> {
    path: &'path Path,
    file: Replacement,
}

impl<'path> Log<'path> {
    /// Checks before the load that the file can be written, so that a wrong path does not waste a run. The file keeps
    /// its content until the log is complete.
    pub(crate) fn prepare(path: &'path Path) -> anyhow::Result<Self> {
        let file = Replacement::prepare(path)
            .with_context(|| format!("cannot write the histogram log {}", path.display()))?;
        Ok(Log { path, file })
    }

    /// Replaces the file's content with the log of these runs.
    pub(crate) fn write<'run>(self, runs: impl Iterator<Item = &'run Measurement>) -> anyhow::Result<()> {
        self.write_contents(&Contents {
            intervals: runs.flat_map(intervals).collect(),
            ..Contents::default()
        })
    }

    /// Replaces the file's content with this log.
    pub(crate) fn write_contents(self, contents: &Contents) -> anyhow::Result<()> {
        let mut text = Vec::new();
        write(contents, &mut text)?;
        let written = self.file.write(&text);
        written.with_context(|| format!("cannot write the histogram log {}", self.path.display()))
    }
}

/// The intervals of one run, one for each tag.
fn intervals(measurement: &Measurement) -> Vec<Interval> {
    let start = measurement.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    let length = Duration::from_nanos(measurement.outcome.elapsed_ns);
    let interval = |(tag, times_ns): (&str, &Histogram<u64>)| Interval {
        tag: tag.to_owned(),
        meaning: Some(Meaning::of(&measurement.outcome)),
        start,
        length,
        times_ns: times_ns.clone(),
    };
    measurement.histograms().map(interval).collect()
}

/// Writes a log. All intervals have the same meaning.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn write(contents: &Contents, out: &mut impl Write) -> anyhow::Result<()> {
    let Contents { intervals, sum_of } = contents;
    let start = intervals.iter().map(|interval| interval.start).min().unwrap_or_default();
    let date = humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + start);
    let meaning = intervals.iter().find_map(|interval| interval.meaning);
    let meaning = meaning.map(|meaning| format!("#[{LATENCY}{meaning}]\n")).unwrap_or_default();
    let sum_of: String = sum_of.iter().map(|identity| format!(" {identity:016x}")).collect();
    let sum_of = if sum_of.is_empty() { sum_of } else { format!("#[{SUM_OF}{}]\n", sum_of.trim_start()) };
    let header = format!(
        "#[{LOGGED}{}]\n\
         #[Histogram log format version 1.3]\n\
         #[Values are nanoseconds, Interval_Max is in milliseconds]\n\
         {meaning}{sum_of}#[StartTime: {} (seconds since epoch), {date}]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        env!("CARGO_PKG_VERSION"),
        seconds(start),
    );
    out.write_all(header.as_bytes())?;
    for interval in intervals {
        write_interval(interval, out)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a maximum for human readers")]
fn write_interval(interval: &Interval, out: &mut impl Write) -> anyhow::Result<()> {
    let Interval { tag, start, length, times_ns, .. } = interval;
    if !tag.is_empty() {
        write!(out, "Tag={tag},")?;
    }
    let max = times_ns.max() as f64 / NANOSECONDS_PER_MILLISECOND;
    let text = histogram::encode(times_ns)?;
    writeln!(out, "{},{},{max:.3},{text}", seconds(*start), seconds(*length)).map_err(io::Error::into)
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

/// Reads a log of this tool or another one, or several in one text. If a log does not say what its values are, they are
/// taken for nanoseconds.
///
/// # Errors
/// The first malformed line, with its number and the cause; or that the log holds no histogram.
pub(crate) fn read(text: &str) -> anyhow::Result<Contents> {
    let mut headers = Headers::default();
    let mut intervals = Vec::new();
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let read = (|| {
            if let Some(header) = line.strip_prefix("#[") {
                headers.read(header)?;
            } else if !line.trim().is_empty() && !line.starts_with(['#', '"']) {
                intervals.push(headers.apply(read_interval(line)?));
            }
            anyhow::Ok(())
        })();
        read.with_context(|| format!("line {}", index + 1))?;
    }
    if intervals.is_empty() {
        bail!("it contains no histogram");
    }
    if headers.are_ours {
        let guess = Meaning::guess(intervals.iter().map(|interval| interval.tag.as_str()));
        for interval in &mut intervals {
            interval.meaning = interval.meaning.or(Some(guess));
        }
    }
    Ok(Contents { intervals, sum_of: headers.sum_of })
}

/// What the headers before a line say about it.
#[derive(Debug, Default)]
struct Headers {
    base: Option<Duration>,
    start: Option<Duration>,
    meaning: Option<Meaning>,
    /// Whether this tool wrote the log.
    are_ours: bool,
    /// Of this log and of those before it.
    sum_of: BTreeSet<u64>,
}

impl Headers {
    fn read(&mut self, header: &str) -> anyhow::Result<()> {
        if let Some(time) = header.strip_prefix("BaseTime:") {
            self.base = Some(header_time(time)?);
        } else if let Some(time) = header.strip_prefix("StartTime:") {
            self.start = Some(header_time(time)?);
        } else if let Some(meaning) = header.strip_prefix(LATENCY) {
            self.meaning = Meaning::parse(meaning.trim_end().trim_end_matches(']'));
        } else if let Some(identities) = header.strip_prefix(SUM_OF) {
            let identities = identities.trim_end().trim_end_matches(']').split_whitespace();
            for identity in identities {
                let identity = u64::from_str_radix(identity, 16)
                    .with_context(|| format!("not the identity of a log: {identity:?}"))?;
                self.sum_of.insert(identity);
            }
        } else if let Some(unit) = header.strip_prefix("Values are ") {
            let is_ours = unit.split([',', ']']).next().is_some_and(|unit| unit.trim() == "nanoseconds");
            ensure!(is_ours, "its values are {}", unit.trim_end_matches(']'));
        } else if header.starts_with("Logged with ") {
            // Another log begins.
            let sum_of = std::mem::take(&mut self.sum_of);
            *self = Headers { are_ours: header.starts_with(LOGGED), sum_of, ..Headers::default() };
        }
        Ok(())
    }

    fn apply(&self, interval: Interval) -> Interval {
        let since_start = self.start.filter(|start| interval.start + YEAR < *start);
        let start = interval.start + self.base.or(since_start).unwrap_or_default();
        Interval { start, meaning: self.meaning, ..interval }
    }
}

/// The seconds at the start of a header's value; the rest is ignored.
fn header_time(text: &str) -> anyhow::Result<Duration> {
    parse_seconds(text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ']']))
}

fn read_interval(line: &str) -> anyhow::Result<Interval> {
    let (tag, fields) = match line.strip_prefix("Tag=") {
        Some(tagged) => tagged.split_once(',').context("nothing follows the tag")?,
        None => ("", line),
    };
    let fields: Vec<&str> = fields.split(',').collect();
    let [start, length, _max, histogram] = fields[..] else {
        bail!("not an interval: it has {} fields after the tag instead of 4", fields.len());
    };
    ensure!(!tag.contains(char::is_control), "its tag holds a control character: {tag:?}");
    Ok(Interval {
        tag: tag.to_owned(),
        meaning: None,
        start: parse_seconds(start)?,
        length: parse_seconds(length)?,
        times_ns: histogram::decode(histogram)?,
    })
}

fn parse_seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = text.trim().parse().with_context(|| format!("not a number of seconds: {text:?}"))?;
    let time = Duration::try_from_secs_f64(seconds).ok();
    // Up to the year 5138, so that sums do not overflow.
    let time = time.filter(|time| time.as_secs() < 100_000_000_000);
    let time = time.with_context(|| format!("not a time: {seconds} seconds"))?;
    // Digits after the microseconds are floating-point error.
    Ok(Duration::from_micros(u64::try_from((time.as_nanos() + 500) / 1_000)?))
}

#[cfg(test)]
mod tests;
