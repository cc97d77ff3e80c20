//! Histogram logs in `HdrHistogram`'s interval format, which other tools read and `merge` adds up.
//!
//! One line for each interval and tag: start and length in seconds, the maximum, and the histogram as
//! [`histogram::encode`] writes it. The maximum is for human readers; as the format's own tools expect, it is in
//! milliseconds while the values are nanoseconds.

mod meaning;

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

/// How the headers of this tool's logs begin, and the one that says what `latency` means.
const LOGGED: &str = "Logged with loadgen ";
const LATENCY: &str = "Latency: ";

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
        self.write_intervals(&runs.flat_map(intervals).collect::<Vec<Interval>>())
    }

    /// Replaces the file's content with the log of these intervals.
    pub(crate) fn write_intervals(self, intervals: &[Interval]) -> anyhow::Result<()> {
        let mut text = Vec::new();
        write(intervals, &mut text)?;
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
pub(crate) fn write(intervals: &[Interval], out: &mut impl Write) -> anyhow::Result<()> {
    let start = intervals.iter().map(|interval| interval.start).min().unwrap_or_default();
    let date = humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + start);
    let meaning = intervals.iter().find_map(|interval| interval.meaning);
    let meaning = meaning.map(|meaning| format!("#[{LATENCY}{meaning}]\n")).unwrap_or_default();
    let header = format!(
        "#[{LOGGED}{}]\n\
         #[Histogram log format version 1.3]\n\
         #[Values are nanoseconds, Interval_Max is in milliseconds]\n\
         {meaning}#[StartTime: {} (seconds since epoch), {date}]\n\
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

/// Reads a log of this tool or another one, or several in one text. The format does not record whether the values are
/// nanoseconds.
///
/// # Errors
/// The first malformed line, with its number and the cause; or that the log holds no histogram.
pub(crate) fn read(text: &str) -> anyhow::Result<Vec<Interval>> {
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
    Ok(intervals)
}

/// What the headers before a line say about it.
#[derive(Debug, Default)]
struct Headers {
    base: Option<Duration>,
    start: Option<Duration>,
    meaning: Option<Meaning>,
    /// Whether this tool wrote the log.
    are_ours: bool,
}

impl Headers {
    fn read(&mut self, header: &str) -> anyhow::Result<()> {
        if let Some(time) = header.strip_prefix("BaseTime:") {
            self.base = Some(header_time(time)?);
        } else if let Some(time) = header.strip_prefix("StartTime:") {
            self.start = Some(header_time(time)?);
        } else if let Some(meaning) = header.strip_prefix(LATENCY) {
            self.meaning = Meaning::parse(meaning.trim_end().trim_end_matches(']'));
        } else if header.starts_with("Logged with ") {
            // Another log begins.
            *self = Headers { are_ours: header.starts_with(LOGGED), ..Headers::default() };
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
mod tests {
    use super::*;

    fn interval(tag: &str, start_ms: u64, values: &[u64]) -> Interval {
        let mut times_ns = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for &value in values {
            times_ns.record(value).unwrap();
        }
        let length = Duration::from_millis(1_500);
        Interval {
            tag: tag.to_owned(),
            meaning: Some(Meaning::RoundTrips),
            start: Duration::from_millis(start_ms),
            length,
            times_ns,
        }
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
        assert_eq!(lines[4], "#[StartTime: 1763870400.123 (seconds since epoch), 2025-11-23T04:00:00.123Z]");
        assert!(lines[6].starts_with("Tag=latency,1763870400.123,1.500,2.001,HISTFAAA"), "{}", lines[6]);
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
    fn a_log_that_is_cut_off_within_a_line_is_rejected() {
        let text = written(&[interval("latency", 1_763_870_400_123, &[1_000, 2_000])]);
        let line = text.trim_end().rfind('\n').unwrap() + 1;
        for end in line + 1..text.len() - 1 {
            let message = format!("{:#}", read(&text[..end]).unwrap_err());
            assert!(message.starts_with("line 7: "), "{end}: {message}");
        }
        assert!(format!("{:#}", read(&text[..line]).unwrap_err()).contains("no histogram"));
    }

    #[test]
    fn logs_that_were_put_into_one_file_keep_their_own_times_and_meanings() {
        let foreign = format!(
            "#[Logged with another tool]\n#[StartTime: 1500000000.000 (...)]\n0.5,1,2,{}\n",
            histogram::encode(&interval("", 0, &[1]).times_ns).unwrap()
        );
        let text = format!("\u{feff}{}{foreign}", written(&[interval("latency", 1_763_870_400_123, &[1])]));
        let read = read(&text).unwrap();
        assert_eq!((read[0].meaning, read[0].start.as_secs()), (Some(Meaning::RoundTrips), 1_763_870_400));
        assert_eq!((read[1].meaning, read[1].start.as_secs_f64()), (None, 1_500_000_000.5));
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
            ("Tag=\u{1b}[2J,1,2,3,HIST", "line 1: its tag holds a control character"),
        ] {
            let message = format!("{:#}", read(text).unwrap_err());
            assert!(message.contains(words), "{words}: {message}");
        }
    }
}
