//! The outcome of a sweep: for each fault how often it was injected and survived.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde::Serialize;

use super::operations::are_operations;
use super::plan::{Expected, Fault, Row, Stage};
use super::thoroughness::Thoroughness;
use observe::strace;

/// A whole sweep of one model.
#[derive(Debug, Serialize)]
pub struct Report {
    pub(super) version: &'static str,
    pub(super) model: String,
    pub(super) strace: String,
    pub(super) seed: u64,
    /// At how many calls each fault was injected at most; absent if at all.
    pub(super) sample: Option<usize>,
    pub(super) seconds: f64,
    /// Servers under a fault, or a pair of them.
    pub(super) trials: u64,
    /// Faults that were confirmed as injected.
    pub fired: u64,
    /// Those of them after which the required outcome was observed.
    pub(super) survived: u64,
    /// Trials in which no fault was injected: they prove nothing.
    pub(super) not_reached: u64,
    pub(super) faults: Vec<Line>,
    /// Cases of the catalogue that then ran against the swept server.
    pub(super) cases_passed: usize,
    pub(super) cases_failed: usize,
    pub(super) cases_skipped: usize,
    /// Broken promises; empty if there are none.
    pub findings: Vec<String>,
}

/// One fault, at all its calls.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub(super) calls: String,
    pub(super) fault: &'static str,
    pub(super) stage: Stage,
    pub(super) expected: Expected,
    pub(super) trials: u64,
    pub(super) fired: u64,
    pub(super) survived: u64,
    pub(super) not_reached: u64,
    #[serde(skip)]
    pub(super) findings: Vec<String>,
}

impl Line {
    pub(super) fn new(row: &Row, fault: Fault) -> Line {
        Line {
            calls: row.calls.replace('?', ""),
            fault: fault.name(),
            stage: row.stage,
            expected: row.expected,
            trials: 0,
            fired: 0,
            survived: 0,
            not_reached: 0,
            findings: Vec::new(),
        }
    }

    /// All pairs of faults.
    pub(super) fn of_pairs() -> Line {
        let expected = Expected::EndsItsConnection;
        let (calls, fault) = ("pairs".to_owned(), "two at once");
        let (trials, fired, survived, not_reached) = (0, 0, 0, 0);
        let stage = Stage::Serving;
        Line { calls, fault, stage, expected, trials, fired, survived, not_reached, findings: Vec::new() }
    }

    /// Adds a trial in which this many faults were injected; `place` says where, for a finding.
    pub(super) fn add(&mut self, fired: u64, outcome: Result<()>, place: &str) {
        self.trials += 1;
        self.fired += fired;
        match outcome {
            Err(error) => {
                let (stage, calls, fault) = (self.stage.name(), &self.calls, self.fault);
                self.findings.push(format!("{stage}, {calls} {fault} {place}: {error:#}"));
            }
            Ok(()) if fired == 0 => self.not_reached += 1,
            Ok(()) => self.survived += fired,
        }
    }

    /// That nothing was injected into operations, which a model that has them cannot avoid.
    pub(super) fn proves_nothing(&self) -> Option<String> {
        let is_silent = are_operations(&self.calls) && self.fired == 0;
        is_silent
            .then(|| format!("{}, {} {}: it was never injected", self.stage.name(), self.calls, self.fault))
    }
}

impl Line {
    /// The line for a terminal with this many columns, with a line break. Where they are too few, the outcome has a line of
    /// its own.
    pub fn text(&self, columns: Option<usize>) -> String {
        /// What the figures take at most, behind the fault's name.
        const OUTCOME: usize = 50;
        const INDENT: &str = "         ";
        let (color, word) = match (self.findings.is_empty(), self.fired, self.trials) {
            (false, ..) => (AnsiColor::Red, "FAILED"),
            (true, 0, 0) => (AnsiColor::Yellow, "no such call"),
            (true, 0, _) => (AnsiColor::Yellow, "not reached"),
            (true, ..) => (AnsiColor::Green, "ok"),
        };
        let style = Style::new().fg_color(Some(color.into()));
        let place = format!("{:<8} {:<22} ", self.stage.name(), self.calls);
        let is_narrow = columns.is_some_and(|columns| place.len() + OUTCOME > columns);
        let place = if is_narrow { format!("{}\n{INDENT}", place.trim_end()) } else { place };
        let (fault, fired, trials) = (self.fault, self.fired, self.trials);
        let mut text =
            format!("{place}{fault:<12} {style}{word:<12}{style:#} {fired:>4} fired in {trials:>3} trials");
        if !self.findings.is_empty() {
            let before = if is_narrow { format!("\n{INDENT}") } else { ", ".to_owned() };
            text += &format!("{before}{} survived; required: {}", self.survived, self.expected.text());
        }
        text.extend(self.findings.iter().map(|finding| format!("\n{INDENT}{finding}")));
        text + "\n"
    }
}

impl Report {
    pub(super) fn new(model: &str, thoroughness: &Thoroughness) -> Report {
        Report {
            version: env!("CARGO_PKG_VERSION"),
            model: model.to_owned(),
            strace: strace::version(),
            seed: thoroughness.seed,
            sample: thoroughness.sample,
            seconds: 0.0,
            trials: 0,
            fired: 0,
            survived: 0,
            not_reached: 0,
            faults: Vec::new(),
            cases_passed: 0,
            cases_failed: 0,
            cases_skipped: 0,
            findings: Vec::new(),
        }
    }

    /// Adds a finished line.
    pub(super) fn add(&mut self, line: Line) {
        self.trials += line.trials;
        self.fired += line.fired;
        self.survived += line.survived;
        self.not_reached += line.not_reached;
        self.findings.extend(line.findings.iter().cloned());
        self.faults.push(line);
    }

    /// The last lines of the output.
    pub fn totals(&self) -> String {
        let Report { model, trials, fired, survived, not_reached, seconds, seed, .. } = self;
        let mut text = format!(
            "{model}: {fired} faults fired in {trials} trials, {survived} survived, {not_reached} trials not \
             reached; afterwards {} cases of the catalogue held, {} failed, {} skipped; {seconds:.0} s (seed {seed})\n",
            self.cases_passed, self.cases_failed, self.cases_skipped
        );
        for finding in &self.findings {
            let _ = writeln!(text, "  NOT HELD: {finding}");
        }
        text
    }
}

impl Stage {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Stage::Starting => "starting",
            Stage::Serving => "serving",
            Stage::Draining => "draining",
        }
    }
}

impl Expected {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Expected::NobodyHarmed => "no client is affected",
            Expected::EndsItsConnection => "ends at most its connection",
            Expected::EndsTheServer => "ends the server, with the reason",
            Expected::RefusedOrServed => "refused with the reason, or served",
            Expected::Drained => "all is answered, then the server ends",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::plan::PLAN;

    #[test]
    fn a_trial_without_a_fault_counts_as_not_reached() {
        let mut line = Line::new(&PLAN[0], PLAN[0].faults[0]);
        line.add(0, Ok(()), "at 1");
        line.add(3, Ok(()), "at 2");
        line.add(2, Err(anyhow::anyhow!("it hung")), "at 3");
        assert_eq!((line.trials, line.fired, line.survived, line.not_reached), (3, 5, 3, 1));
        assert_eq!(line.findings, ["starting, socket EMFILE at 3: it hung"]);
        assert!(line.text(None).contains("FAILED"));
    }

    #[test]
    fn a_fault_at_operations_that_is_never_injected_is_a_finding() {
        let row = PLAN.iter().find(|row| row.is_operation()).unwrap();
        let mut line = Line::new(row, row.faults[0]);
        line.add(0, Ok(()), "at 1");
        assert!(line.proves_nothing().is_some_and(|finding| finding.ends_with("it was never injected")));
        line.add(1, Ok(()), "at 2");
        assert_eq!(line.proves_nothing(), None);
        assert_eq!(
            Line::new(&PLAN[0], PLAN[0].faults[0]).proves_nothing(),
            None,
            "a model need not make a call"
        );
    }

    #[test]
    fn a_line_that_does_not_fit_has_its_outcome_below() {
        let row = PLAN.iter().max_by_key(|row| row.calls.len()).unwrap();
        let mut line = Line::new(row, row.faults[0]);
        line.add(9_999, Ok(()), "at 1");
        let plain = |columns| anstream::adapter::strip_str(&line.text(columns)).to_string();
        assert_eq!(plain(None).lines().count(), 1);
        let narrow = plain(Some(60));
        assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
        assert!(narrow.lines().count() == 2 && narrow.contains("9999 fired in   1 trials"), "{narrow}");
    }
}
