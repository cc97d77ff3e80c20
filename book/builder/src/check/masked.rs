//! Output without what differs from run to run: times, rates, sizes, addresses, processes and versions.

use anyhow::{Context, Result};
use regex::Regex;

/// What is masked, and by what. The order matters: a time of day has numbers in it.
const MASKS: [(&str, &str); 7] = [
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z?", "TIME"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\b\d+\.\d+\.\d+\.\d+(:\d+)?|\[::1?\](:\d+)?", "ADDRESS"),
    (r"\bpid[ =]\d+", "PID"),
    (r"\b\d+\.\d+\.\d+\b", "VERSION"),
    // 1,234 messages/s; before the units, of which some begin such words.
    (r"\d[\d.,]*\s?[A-Za-zµ]+/s\b", "RATE"),
    (r"-?\d[\d.,]*\s?(ns|µs|us|ms|s|min|h|%|B|KB|kB|MB|GB|KiB|MiB|GiB|times)($|[^A-Za-z0-9])", "NUMBER$2"),
];

/// What a client received: the milliseconds of the time of day, its name, the bytes.
const RECEIVED: &str = r#"(\d\d):(\d\d):(\d\d)\.(\d{3}) (\w+) received b"(.*)"$"#;

/// Pieces of a reply that come within so many milliseconds are one: how the scheduler has cut it says nothing. A gap that a
/// chapter is about is longer.
const AT_ONCE: u32 = 15;

/// The lines, masked, with one space between words.
pub(super) fn lines(text: &str) -> Result<Vec<String>> {
    let masks = MASKS.map(|(pattern, mask)| (Regex::new(pattern), mask));
    let mut text = whole_replies(text)?;
    for (pattern, mask) in masks {
        let pattern = pattern.context("the pattern of a mask")?;
        // Numbers that stand side by side share the character between them.
        for _ in 0..2 {
            text = pattern.replace_all(&text, mask).into_owned();
        }
    }
    // A number that has another length moves what stands behind it.
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(lines.collect())
}

/// The text, with one line for what a client received at once.
fn whole_replies(text: &str) -> Result<String> {
    let received = Regex::new(RECEIVED).context("the pattern of what was received")?;
    let mut lines: Vec<String> = Vec::new();
    let mut last: Option<(u32, String)> = None;
    for line in text.lines() {
        let piece = received.captures(line).map(|found| {
            let number = |group: usize| found[group].parse::<u32>().unwrap_or(0);
            let at = ((number(1) * 60 + number(2)) * 60 + number(3)) * 1000 + number(4);
            (at, found[5].to_owned(), found[6].to_owned())
        });
        match (&piece, &last, lines.last_mut()) {
            (Some((at, name, bytes)), Some((before, of)), Some(reply))
                if name == of && at.saturating_sub(*before) <= AT_ONCE && reply.ends_with('"') =>
            {
                reply.truncate(reply.len() - 1);
                reply.push_str(bytes);
                reply.push('"');
            }
            _ => lines.push(line.to_owned()),
        }
        last = piece.map(|(at, name, _)| (at, name));
    }
    Ok(lines.join("\n"))
}

/// The first difference of two texts in words; `None` if they are the same.
pub(super) fn difference(recorded: &[String], printed: &[String]) -> Option<String> {
    let longest = recorded.len().max(printed.len());
    let end = "(the end)".to_owned();
    (0..longest).find_map(|line| {
        let [was, is] = [recorded, printed].map(|lines| lines.get(line).unwrap_or(&end));
        (was != is).then(|| format!("line {}: recorded `{was}`, now `{is}`", line + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_masked_and_the_rest_is_not() {
        for (text, expected) in [
            ("INFO  13:57:15.117 conn0 sending", "INFO TIME conn0 sending"),
            ("at 2026-11-29T13:49:16.170714Z it", "at TIME it"),
            ("listening on 127.0.0.1:36331", "listening on ADDRESS"),
            ("elapsed 0.445 s, 12 MiB", "elapsed NUMBER, NUMBER"),
            ("1.5 ms  20 µs 3 %  -12 B", "NUMBER NUMBER NUMBER NUMBER"),
            ("1,234 messages/s", "RATE"),
            ("38 bytes, 3 clients, 5 s", "38 bytes, 3 clients, NUMBER"),
            ("redis 7.2.1 pid 17", "redis VERSION PID"),
            ("64 threads", "64 threads"),
        ] {
            assert_eq!(lines(text).unwrap(), [expected]);
        }
    }

    #[test]
    fn a_reply_may_come_in_pieces_and_a_gap_in_it_stays() {
        let [whole, cut, late, others] = [
            "10:00:00.990 conn0 received b\"234\"\nend",
            "10:00:00.990 conn0 received b\"2\"\n10:00:01.000 conn0 received b\"34\"\nend",
            "10:00:00.990 conn0 received b\"2\"\n10:00:01.030 conn0 received b\"34\"\nend",
            "10:00:00.990 conn0 received b\"2\"\n10:00:00.990 conn1 received b\"34\"\nend",
        ]
        .map(|text| lines(text).unwrap());
        assert_eq!(difference(&whole, &cut), None);
        assert!(difference(&whole, &late).is_some());
        assert!(difference(&whole, &others).is_some());
    }

    #[test]
    fn the_first_difference_is_told() {
        let [one, two] = ["a\nb", "a\nc\nd"].map(|text| lines(text).unwrap());
        assert_eq!(difference(&one, &one), None);
        assert_eq!(difference(&one, &two).unwrap(), "line 2: recorded `b`, now `c`");
        assert_eq!(difference(&two[..2], &two).unwrap(), "line 3: recorded `(the end)`, now `d`");
    }
}
