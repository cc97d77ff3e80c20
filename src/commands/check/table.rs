//! What `check` prints: the catalogue, a line for each case, the totals. No line is longer than `columns`, if its words allow.

use anstyle::{AnsiColor, Style};
use conformance::{Case, CaseReport, GROUPS, Group, Outcome, Report};
use text::terminal::hang;

const HEADING: Style = Style::new().bold();

/// The cases under the headings of their groups, by the letters of these.
pub(super) fn list(cases: &[&Case], columns: usize) -> String {
    let row = |case: &&Case| format!("{:<4} {:<20} {}", case.id, case.needs, hang(case.title, 26, columns));
    let group = |group: &Group| {
        let mut rows = cases.iter().filter(|case| case.group() == group.letter).map(row).peekable();
        rows.peek()?;
        let title = hang(group.title, 3, columns);
        let heading = format!("\n{HEADING}{}: {}{HEADING:#}\n", group.letter, title.trim_end());
        Some(heading + &rows.collect::<String>())
    };
    format!("{:<4} {:<20} {}\n", "id", "needs", "what is required")
        + &GROUPS.iter().filter_map(group).collect::<String>()
}

/// A case in one line; below it what it measured, and why it failed or was skipped.
pub(super) fn line(case: &CaseReport, columns: usize) -> String {
    let (color, word, reason) = match &case.outcome {
        Outcome::Passed => (AnsiColor::Green, "ok", String::new()),
        Outcome::Failed(failure) => (AnsiColor::Red, "FAILED", failure.to_string()),
        Outcome::Skipped { reason } => (AnsiColor::Yellow, "skipped", reason.clone()),
        Outcome::NotRun { reason } => (AnsiColor::Yellow, "not run", reason.clone()),
    };
    let style = Style::new().fg_color(Some(color.into()));
    let title = hang(case.title, 23, columns);
    let line = format!("{:<4} {style}{word:<7}{style:#} {:>6.2} s  {title}", case.id, case.seconds);
    let notes = case.notes.iter().chain((!reason.is_empty()).then_some(&reason));
    line + &notes.map(|note| format!("     {}", hang(note, 5, columns))).collect::<String>()
}

/// Why the run was stopped, if it was, and the counts.
pub(super) fn totals(target: &str, report: &Report, columns: usize) -> String {
    let Report { concurrency, seed, passed, failed, skipped, not_run, seconds, stopped, .. } = report;
    let stopped = stopped.as_ref().map(|reason| hang(&format!("stopped: {reason}"), 0, columns));
    let not_run = if *not_run > 0 { format!(", {not_run} not run") } else { String::new() };
    let counts = format!(
        "{target}, {concurrency}: {passed} ok, {failed} failed, {skipped} skipped{not_run} in {seconds:.1} s (seed {seed})"
    );
    stopped.unwrap_or_default() + &hang(&counts, 0, columns)
}
