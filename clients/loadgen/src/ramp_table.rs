//! The steps of a ramp as one table for a terminal, 60 columns wide, with what else must be known below it.

use text::units;

use crate::outcome::{Bound, Latency, Outcome};
use crate::ramp::Step;

/// The widest line.
const COLUMNS: usize = 60;

/// A row for each step, then the reasons and the failures.
pub(crate) fn ramp_table(steps: &[Step]) -> String {
    let is_open_loop = steps.iter().any(|step| step.measurement.outcome.open_loop.is_some());
    let mut lines = vec![
        (if is_open_loop { "Response times, from due:" } else { "Round trips:" }).to_owned(),
        row(["connections", "messages/s", "median", "99 %", "maximum"], "limit of"),
    ];
    lines.extend(steps.iter().map(|step| cells(step.scenario.connections, &step.measurement.outcome)));
    for step in steps {
        for note in notes(&step.measurement.outcome) {
            lines.extend(wrapped(&format!("{} connections: {note}", step.scenario.connections)));
        }
    }
    lines.join("\n")
}

fn row(figures: [&str; 5], bound: &str) -> String {
    let [connections, rate, median, p99, maximum] = figures;
    format!("{connections:>11} {rate:>10} {median:>8} {p99:>8} {maximum:>8}  {bound}")
}

fn cells(connections: usize, outcome: &Outcome) -> String {
    let time = |figure: fn(Latency) -> u64| match outcome.latency {
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        Some(latency) => units::duration(figure(latency) as f64),
        None => "-".to_owned(),
    };
    let [median, p99, maximum] =
        [time(|times| times.p50_ns), time(|times| times.p99_ns), time(|times| times.max_ns)];
    let rate = units::count(outcome.messages_per_second);
    let bound = match outcome.verdict.as_ref().map(|verdict| verdict.bound) {
        Some(Bound::Server) => "server",
        Some(Bound::Client) => "client",
        Some(Bound::Neither) => "neither",
        Some(Bound::Invalid) => "invalid",
        None => "-",
    };
    row([&connections.to_string(), &rate, &median, &p99, &maximum], bound)
}

/// What a row cannot say.
fn notes(outcome: &Outcome) -> Vec<String> {
    let mut notes = Vec::new();
    if outcome.starved > 0 {
        notes.push(format!("{} of {} starved", outcome.starved, outcome.connections));
    }
    if let Some(open) = &outcome.open_loop
        && open.unanswered() + open.lost > 0
    {
        notes.push(format!(
            "{} of {} messages unanswered, {} lost with their connection",
            open.unanswered(),
            open.due,
            open.lost
        ));
    }
    let invalid = outcome.verdict.iter().filter(|verdict| verdict.bound == Bound::Invalid);
    notes.extend(invalid.map(ToString::to_string));
    notes.extend(outcome.errors.first.iter().map(|first| format!("first error: {first}")));
    if outcome.interrupted {
        notes.push("interrupted: its figures cover the time before".to_owned());
    }
    notes
}

/// A text in lines of at most 60 characters, the further ones indented. A longer word has a line of its own.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            None => lines.push(word.to_owned()),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
        }
    }
    lines
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::outcome::{ErrorKind, Verdict};
    use crate::scenario::Scenario;
    use crate::tally::Tally;

    fn step(connections: usize, change: impl FnOnce(&mut Outcome)) -> Step {
        let mut measurement =
            Tally::new().expect("a tally").into_measurement(std::time::SystemTime::UNIX_EPOCH);
        measurement.outcome = Outcome {
            messages_per_second: 9_999_999.4,
            latency: Some(Latency {
                samples: 9,
                p50_ns: 999_400,
                p99_ns: 99_900_000,
                max_ns: 3_600_000_000_000,
                ..Latency::default()
            }),
            verdict: Some(Verdict { bound: Bound::Neither, reason: "so it was".to_owned() }),
            ..Outcome::default()
        };
        change(&mut measurement.outcome);
        Step { scenario: Scenario { connections, ..Scenario::default() }, measurement }
    }

    #[test]
    fn the_widest_figures_fit_into_sixty_columns_and_have_units() {
        let failed = step(100_000, |outcome| {
            outcome.starved = 99_999;
            outcome.connections = 100_000;
            outcome.latency = None;
            outcome.errors.add(ErrorKind::Reset, || {
                "reading failed: Connection reset by peer (os error 104)".to_owned()
            });
            outcome.verdict = Some(Verdict {
                bound: Bound::Invalid,
                reason: "connections failed: 1 reset; none was left".to_owned(),
            });
        });
        let table = ramp_table(&[step(1, |_| {}), failed]);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 60), "{table}");
        assert_eq!(lines[2], "          1  9,999,999   999 µs  99.9 ms  3,600 s  neither");
        assert_eq!(lines[3], "     100000  9,999,999        -        -        -  invalid");
        assert!(table.contains("100000 connections: 99999 of 100000 starved"), "{table}");
        assert!(table.contains("first error: reading failed: Connection"), "{table}");
    }
}
