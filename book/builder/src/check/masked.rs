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
    (r"\d[\d.,]*\s?(ns|µs|us|ms|s|min|h|%|B|KB|kB|MB|GB|KiB|MiB|GiB|times)($|[^A-Za-z0-9])", "NUMBER$2"),
];

/// The lines, masked, with one space between words.
pub(super) fn lines(text: &str) -> Result<Vec<String>> {
    let masks = MASKS.map(|(pattern, mask)| (Regex::new(pattern), mask));
    let mut text = text.to_owned();
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
            ("1.5 ms  20 µs 3 %", "NUMBER NUMBER NUMBER"),
            ("1,234 messages/s", "RATE"),
            ("38 bytes, 3 clients, 5 s", "38 bytes, 3 clients, NUMBER"),
            ("redis 7.2.1 pid 17", "redis VERSION PID"),
            ("64 threads", "64 threads"),
        ] {
            assert_eq!(lines(text).unwrap(), [expected]);
        }
    }

    #[test]
    fn the_first_difference_is_told() {
        let [one, two] = ["a\nb", "a\nc\nd"].map(|text| lines(text).unwrap());
        assert_eq!(difference(&one, &one), None);
        assert_eq!(difference(&one, &two).unwrap(), "line 2: recorded `b`, now `c`");
        assert_eq!(difference(&two[..2], &two).unwrap(), "line 3: recorded `(the end)`, now `d`");
    }
}
