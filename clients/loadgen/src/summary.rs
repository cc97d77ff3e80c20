//! An outcome as text for a terminal.

use std::time::Duration;

use text::units;

use crate::outcome::{Latency, OpenLoop, Outcome};

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
