//! Histogram logs in `HdrHistogram`'s interval format, which other tools read and `merge` adds up.
//!
//! One line for each interval and tag: start and length in seconds, the maximum, and the histogram as
//! [`histogram::encode`] writes it. The maximum is for human readers; as the format's own tools expect, it is in
//! milliseconds while the values are nanoseconds.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;

use crate::histogram;
use crate::outcome::Measurement;

/// The maximum's unit in values.
const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

/// An interval whose start is more than this before the log's start time counts from that start time: the
/// reference implementation's rule for logs without a base time.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// One line of a log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Interval {
    /// What was timed; empty if the log has no tag.
    pub(crate) tag: String,
    /// When it started, as time since the Unix epoch.
    pub(crate) start: Duration,
    pub(crate) length: Duration,
    /// In nanoseconds, if this tool wrote the log.
    pub(crate) times_ns: Histogram<u64>,
}

/// The file that a log will be written to.
pub(crate) struct Log<'path> {
    path: &'path Path,
    file: File,
}

impl<'path> Log<'path> {
    /// Opens the file before the load, so that a wrong path does not waste a run. The file keeps its content until
    /// the log is written.
    pub(crate) fn open(path: &'path Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.with_context(|| format!("cannot write the histogram log {}", path.display()))?;
        Ok(Log { path, file })
    }

    /// Replaces the file's content with the log of these runs.
    pub(crate) fn write<'run>(mut self, runs: impl Iterator<Item = &'run Measurement>) -> anyhow::Result<()> {
        let mut text = Vec::new();
        write(&runs.flat_map(intervals).collect::<Vec<Interval>>(), &mut text)?;
        self.replace(&text).with_context(|| format!("cannot write the histogram log {}", self.path.display()))
    }

    fn replace(&mut self, text: &[u8]) -> io::Result<()> {
        // Only a regular file can be truncated; it may be a pipe.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.file.write_all(text)
    }
}

/// The intervals of one run, one for each tag.
fn intervals(measurement: &Measurement) -> Vec<Interval> {
    let start = measurement.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    let length = Duration::from_nanos(measurement.outcome.elapsed_ns);
    let interval = |(tag, times_ns): (&str, &Histogram<u64>)| Interval {
        tag: tag.to_owned(),
        start,
        length,
        times_ns: times_ns.clone(),
    };
    measurement.histograms().map(interval).collect()
}

/// Writes a log.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn write(intervals: &[Interval], out: &mut impl Write) -> anyhow::Result<()> {
    let start = intervals.iter().map(|interval| interval.start).min().unwrap_or_default();
    let date = humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + start);
    let header = format!(
        "#[Logged with loadgen {}]\n\
         #[Histogram log format version 1.3]\n\
         #[Values are nanoseconds, Interval_Max is in milliseconds]\n\
         #[StartTime: {} (seconds since epoch), {date}]\n\
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
    let Interval { tag, start, length, times_ns } = interval;
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

/// Reads a log of this tool or another one. The format does not record whether the values are nanoseconds.
///
/// # Errors
/// The first malformed line, with its number and the cause; or that the log holds no histogram.
pub(crate) fn read(text: &str) -> anyhow::Result<Vec<Interval>> {
    let (mut base, mut start) = (None, None);
    let mut intervals = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let read = (|| {
            if let Some(time) = line.strip_prefix("#[BaseTime:") {
                base = Some(header_time(time)?);
            } else if let Some(time) = line.strip_prefix("#[StartTime:") {
                start = Some(header_time(time)?);
            } else if !line.trim().is_empty() && !line.starts_with(['#', '"']) {
                let mut interval = read_interval(line)?;
                let since_start = start.filter(|start| interval.start + YEAR < *start);
                interval.start += base.or(since_start).unwrap_or_default();
                intervals.push(interval);
            }
            anyhow::Ok(())
        })();
        read.with_context(|| format!("line {}", index + 1))?;
    }
    if intervals.is_empty() {
        bail!("it contains no histogram");
    }
    Ok(intervals)
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
    Ok(Interval {
        tag: tag.to_owned(),
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
mod tests {
    use super::*;

    fn interval(tag: &str, start_ms: u64, values: &[u64]) -> Interval {
        let mut times_ns = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for &value in values {
            times_ns.record(value).unwrap();
        }
        let length = Duration::from_millis(1_500);
        Interval { tag: tag.to_owned(), start: Duration::from_millis(start_ms), length, times_ns }
    }

    fn written(intervals: &[Interval]) -> String {
        let mut bytes = Vec::new();
        write(intervals, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_written_log_reads_back_unchanged() {
        let intervals = [
            interval("latency", 1_763_870_400_123, &[1_000, 2_000]),
            interval("", 1_763_870_400_123, &[]),
            interval("life", 1_763_870_401_123, &[5]),
        ];
        assert!(read(&written(&intervals)).unwrap() == intervals);
    }

    #[test]
    fn times_are_seconds_and_the_maximum_is_milliseconds() {
        let text = written(&[interval("latency", 1_763_870_400_123, &[2_000_000])]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[3], "#[StartTime: 1763870400.123 (seconds since epoch), 2025-11-23T04:00:00.123Z]");
        assert!(lines[5].starts_with("Tag=latency,1763870400.123,1.500,2.001,HISTFAAA"), "{}", lines[5]);
    }

    #[test]
    fn the_hdrhistogram_crate_reads_the_log_too() {
        use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
        let original = interval("latency", 1_763_870_400_123, &[7]);
        let text = written(std::slice::from_ref(&original));
        let entries: Vec<LogEntry> = IntervalLogIterator::new(text.as_bytes()).map(Result::unwrap).collect();
        let [LogEntry::StartTime(start), LogEntry::Interval(read)] = &entries[..] else {
            panic!("{entries:?}")
        };
        assert_eq!((start.as_secs(), read.start_timestamp().as_secs()), (1_763_870_400, 1_763_870_400));
        assert_eq!(read.tag().unwrap().as_str(), "latency");
        assert_eq!(read.duration(), original.length);
    }

    #[test]
    fn logs_of_other_tools_may_have_relative_times_and_no_tags() {
        let histogram = histogram::encode(&interval("", 0, &[1]).times_ns).unwrap();
        for (header, start) in [
            ("", 0.5),
            ("#[StartTime: 1700000000.250 (seconds since epoch), some day]\n", 1_700_000_000.75),
            ("#[BaseTime: 1600000000.000 (seconds since epoch)]\n#[StartTime: 5 (...)]\n", 1_600_000_000.5),
        ] {
            let read = read(&format!("#a comment\r\n{header}0.500,1.0,2.0,{histogram}\r\n")).unwrap();
            assert_eq!((read[0].tag.as_str(), read[0].start.as_secs_f64()), ("", start));
        }
    }

    #[test]
    fn a_malformed_log_is_rejected_with_the_line_number() {
        for (text, words) in [
            ("", "no histogram"),
            ("#[StartTime: soon]", "line 1: not a number of seconds: \"soon\""),
            ("#[BaseTime: 1e300 (s)]", "line 1: not a time"),
            ("# fine\nhello", "line 2: not an interval: it has 1 field"),
            ("Tag=x", "line 1: nothing follows"),
            ("\n\n1,-1,2,x", "line 3: not a time: -1"),
            ("1,inf,2,x", "line 1: not a time: inf"),
            ("1,2,3,HIST", "line 1: not an HdrHistogram"),
            ("1,2,3,%", "line 1: not a histogram in base64"),
        ] {
            let message = format!("{:#}", read(text).unwrap_err());
            assert!(message.contains(words), "{words}: {message}");
        }
    }
}
