//! What `check` prints: the catalogue, a line for each case, the totals.

use anstyle::{AnsiColor, Style};
use conformance::{Case, CaseReport, GROUPS, Group, Outcome, Report};

const HEADING: Style = Style::new().bold();

/// The cases under the headings of their groups, by the letters of these.
pub(super) fn list(cases: &[&Case]) -> String {
    let row = |case: &&Case| format!("{:<4} {:<20} {}\n", case.id, case.needs, case.title);
    let group = |group: &Group| {
        let mut rows = cases.iter().filter(|case| case.group() == group.letter).map(row).peekable();
        rows.peek()?;
        let heading = format!("\n{HEADING}{}: {}{HEADING:#}\n", group.letter, group.title);
        Some(heading + &rows.collect::<String>())
    };
    format!("{:<4} {:<20} {}\n", "id", "needs", "what is required")
        + &GROUPS.iter().filter_map(group).collect::<String>()
}

/// A case in one line; below it what it measured, and why it failed or was skipped.
pub(super) fn line(case: &CaseReport) -> String {
    let (color, word, reason) = match &case.outcome {
        Outcome::Passed => (AnsiColor::Green, "ok", String::new()),
        Outcome::Failed(failure) => (AnsiColor::Red, "FAILED", failure.to_string()),
        Outcome::Skipped { reason } => (AnsiColor::Yellow, "skipped", reason.clone()),
        Outcome::NotRun { reason } => (AnsiColor::Yellow, "not run", reason.clone()),
    };
    let style = Style::new().fg_color(Some(color.into()));
    let line = format!("{:<4} {style}{word:<7}{style:#} {:>6.2} s  {}\n", case.id, case.seconds, case.title);
    let notes = case.notes.iter().chain((!reason.is_empty()).then_some(&reason));
    line + &notes.map(|note| format!("     {note}\n")).collect::<String>()
}

/// Why the run was stopped, if it was, and the counts.
pub(super) fn totals(target: &str, report: &Report) -> String {
    let Report { concurrency, seed, passed, failed, skipped, not_run, seconds, stopped, .. } = report;
    let stopped = stopped.as_ref().map(|reason| format!("stopped: {reason}\n")).unwrap_or_default();
    let not_run = if *not_run > 0 { format!(", {not_run} not run") } else { String::new() };
    format!(
        "{stopped}{target}, {concurrency}: {passed} ok, {failed} failed, {skipped} skipped{not_run} in {seconds:.1} s (seed {seed})\n"
    )
}
