//! An outcome as text for a terminal.

use std::time::Duration;

use text::units;

use crate::outcome::{Latency, OfKind, OpenLoop, Outcome};

/// The outcome of a run, line by line.
#[expect(clippy::cast_precision_loss, reason = "a time for human readers")]
pub(crate) fn summary(outcome: &Outcome) -> String {
    let mut lines = vec![
        format!(
            "served {} of {} connections ({} starved)",
            outcome.served, outcome.connections, outcome.starved
        ),
        format!("{} messages, {:.0} per second", outcome.messages, outcome.messages_per_second),
    ];
    if outcome.interrupted {
        let seconds = Duration::from_nanos(outcome.elapsed_ns).as_secs_f64();
        lines.push(format!("interrupted: all figures cover the {seconds:.2} s before the interrupt"));
    }
    if let Some(churned) = &outcome.churned {
        lines.push(format!(
            "{} connections opened and closed, {:.0} per second",
            churned.completed, churned.completed_per_second
        ));
        lines.extend(times("connect to greeting", churned.greeting));
        lines.extend(times("connect to close", churned.life));
    }
    match &outcome.open_loop {
        None => lines.extend(times("round trip", outcome.latency)),
        Some(open) => lines.extend(open_loop(open, outcome.latency)),
    }
    lines.extend(kinds(&outcome.kinds));
    if let Some(cpu) = outcome.client_cpu_ns_per_message {
        lines.push(format!("client CPU per message: {}", units::duration(cpu)));
    }
    if outcome.client_not_running_ns > 0 && outcome.client_stopped().is_none() {
        let missing = units::duration(outcome.client_not_running_ns as f64);
        lines.push(format!("the load generator did not run for {missing}: the longest times may be its own"));
    }
    lines.extend(outcome.verdict.iter().map(|verdict| format!("verdict: {verdict}")));
    lines.push(format!("errors: {}", outcome.errors));
    lines.extend(outcome.errors.first.iter().map(|first| format!("first error: {first}")));
    lines.join("\n")
}

/// A row for each kind of requests, and below them what a row cannot say.
fn kinds(kinds: &[OfKind]) -> Vec<String> {
    if kinds.is_empty() {
        return Vec::new();
    }
    let longest = kinds.iter().map(|kind| kind.name.len()).max().unwrap_or(0).max("kind".len());
    let row = |name: &str, [requests, rate, median, p99, maximum]: [&str; 5]| {
        format!("{name:<longest$} {requests:>9} {rate:>9} {median:>9} {p99:>9} {maximum:>9}")
    };
    let mut lines = vec![row("kind", ["requests", "a second", "median", "99 %", "maximum"])];
    for kind in kinds {
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        let time = |figure: fn(Latency) -> u64| {
            kind.latency.map_or_else(|| "-".to_owned(), |latency| units::duration(figure(latency) as f64))
        };
        let [median, p99, maximum] =
            [time(|times| times.p50_ns), time(|times| times.p99_ns), time(|times| times.max_ns)];
        let rate = units::count(kind.messages_per_second);
        lines.push(row(&kind.name, [&kind.messages.to_string(), &rate, &median, &p99, &maximum]));
    }
    for kind in kinds {
        let name = &kind.name;
        let times = if kind.open_loop.is_some() { "response times, from due" } else { "round trips" };
        lines.push(format!("{name}: {times}"));
        if let Some(open) = kind.open_loop.as_ref().filter(|open| open.unanswered() + open.lost > 0) {
            let (unanswered, lost) = (open.unanswered(), open.lost);
            lines.push(format!(
                "{name}: {unanswered} of {} unanswered, {lost} lost with their connection",
                open.due
            ));
        }
        if kind.repeated > 0 {
            lines.push(format!("{name}: {} numbers had been asked before", kind.repeated));
        }
        if !kind.errors.is_empty() {
            lines.push(format!("{name}: errors: {}", kind.errors));
        }
    }
    lines
}

fn open_loop(open: &OpenLoop, response: Option<Latency>) -> Vec<String> {
    let mut lines = vec![format!(
        "{} due, {} sent in time ({:.1} per second), {} unanswered, {} lost with their connection",
        open.due,
        open.sent,
        open.sent_per_second,
        open.unanswered(),
        open.lost
    )];
    for (name, latency) in [
        ("response, from due", response),
        ("service, from sent", open.service),
        ("send lag", open.send_lag),
        ("  generator late", open.generator_late),
        ("  blocked by server", open.blocked),
    ] {
        lines.extend(times(name, latency));
    }
    lines.extend(lower_bounds(open, response).map(str::to_owned));
    lines
}

/// What to know of the response times if some messages were not answered.
fn lower_bounds(open: &OpenLoop, response: Option<Latency>) -> Option<&'static str> {
    let samples = response.map_or(0, |response| response.samples);
    match open.unanswered() {
        0 => None,
        unanswered if unanswered >= samples => Some(
            "no message was answered: the times are the ages of messages that still waited, and no response times",
        ),
        _ => Some("unanswered messages count with their age: the highest percentiles are lower bounds"),
    }
}

pub(crate) fn times(name: &str, latency: Option<Latency>) -> Option<String> {
    latency.map(|latency| {
        format!(
            "{name} in µs: median {}, 90 % {}, 99 % {}, 99.9 % {}, maximum {}",
            units::microseconds(latency.p50_ns),
            units::microseconds(latency.p90_ns),
            units::microseconds(latency.p99_ns),
            units::microseconds(latency.p999_ns),
            units::microseconds(latency.max_ns)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_from_response_times() {
        let response = Some(Latency { samples: 5, ..Latency::default() });
        let bounds = |censored, unsent| {
            lower_bounds(&OpenLoop { censored, unsent, ..OpenLoop::default() }, response).unwrap_or_default()
        };
        assert_eq!(bounds(0, 0), "");
        assert!(bounds(2, 2).contains("the highest percentiles are lower bounds"));
        assert!(bounds(2, 3).contains("no message was answered"));
    }
}
