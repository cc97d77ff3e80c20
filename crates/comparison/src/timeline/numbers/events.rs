//! What a server has written with `--events`.

use std::time::Duration;

use anyhow::{Context, Result};

/// A line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// By the monotonic clock.
    pub(super) at: Duration,
    pub(super) kind: Kind,
    pub(super) number: u64,
    /// 0 is the main thread.
    pub(super) thread: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Received,
    Begun,
    Computed,
}

/// Reads all of them.
///
/// # Errors
/// A line is no event.
pub(super) fn parse(text: &str) -> Result<Vec<Event>> {
    text.lines().map(|line| event(line).with_context(|| format!("{line:?} is no event"))).collect()
}

fn event(line: &str) -> Option<Event> {
    let mut words = line.split(' ');
    let at = Duration::from_nanos(words.next()?.parse().ok()?);
    let kind = match words.next()? {
        "received" => Kind::Received,
        "begun" => Kind::Begun,
        "computed" => Kind::Computed,
        _ => return None,
    };
    let (number, thread) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Event { at, kind, number, thread })
}
