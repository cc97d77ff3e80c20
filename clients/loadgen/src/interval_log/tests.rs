//! What is written is read, by this tool and others, and what is rejected.

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
    write(&Contents { intervals: intervals.to_vec(), ..Contents::default() }, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_written_log_reads_back_unchanged() {
    let intervals = [
        interval("latency", 1_763_870_400_123, &[1_000, 2_000]),
        interval("", 1_763_870_400_123, &[]),
        interval("life", 1_763_870_401_123, &[5]),
    ];
    let contents = Contents { intervals: intervals.to_vec(), sum_of: [1, u64::MAX].into() };
    let mut bytes = Vec::new();
    write(&contents, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("#[Sum of: 0000000000000001 ffffffffffffffff]\n"), "{text}");
    assert!(read(&text).unwrap() == contents);
}

#[test]
fn a_log_in_another_unit_is_refused() {
    let text = written(&[interval("latency", 1_763_870_400_123, &[2_000_000])]);
    for unit in ["microseconds", "milliseconds"] {
        let error = read(&text.replace("Values are nanoseconds", &format!("Values are {unit}"))).unwrap_err();
        assert!(format!("{error:#}").contains(&format!("its values are {unit}")), "{error:#}");
    }
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
    let [LogEntry::StartTime(start), LogEntry::Interval(read)] = &entries[..] else { panic!("{entries:?}") };
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
        let text = format!("#a comment\r\n{header}0.500,1.0,2.0,{histogram}\r\n");
        let read = read(&text).unwrap().intervals;
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
    let read = read(&text).unwrap().intervals;
    assert_eq!((read[0].meaning, read[0].start.as_secs()), (Some(Meaning::RoundTrips), 1_763_870_400));
    assert_eq!((read[1].meaning, read[1].start.as_secs_f64()), (None, 1_500_000_000.5));
}

#[test]
fn a_malformed_log_is_rejected_with_the_line_number() {
    for (text, words) in [
        ("", "no histogram"),
        ("#[StartTime: soon]", "line 1: not a number of seconds: \"soon\""),
        ("#[BaseTime: 1e300 (s)]", "line 1: not a time"),
        ("#[Sum of: 12 xyz]", "line 1: not the identity of a log: \"xyz\""),
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
