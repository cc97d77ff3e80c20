//! The result of a run, for people and for machines.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::case::Case;
use crate::failure::{CaseResult, Failure, Stop};
use crate::runner::Options;
use crate::target::Concurrency;

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The concurrency that the server promised.
    pub concurrency: Concurrency,
    /// The seed of all random choices; the same seed reproduces them.
    pub seed: u64,
    /// Whether the cases ran at full size.
    pub long: bool,
    /// Cases that the server passed.
    pub passed: usize,
    /// Cases that it failed.
    pub failed: usize,
    /// Cases that do not apply, or that need what is not there.
    pub skipped: usize,
    /// Cases that would apply and have no result, because the run was stopped or the checker was.
    pub not_run: usize,
    /// Why the run was stopped before its last case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// How long the run took.
    pub seconds: f64,
    /// Every case, in the order in which they ran.
    pub cases: Vec<CaseReport>,
}

/// One case of a run.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// The case's id.
    pub id: &'static str,
    /// Its requirement.
    pub title: &'static str,
    /// Its result.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What it measured, as text.
    pub notes: Vec<String>,
    /// How long it took, including the check afterwards.
    pub seconds: f64,
}

/// The result of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// The server did everything that is required.
    Passed,
    /// It did not.
    Failed(Failure),
    /// The case does not apply or could not run.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The case applies and has no result: the run was stopped, or the checker was.
    NotRun {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Passed => formatter.write_str("ok"),
            Outcome::Failed(failure) => write!(formatter, "FAILED: {failure}"),
            Outcome::Skipped { reason } => write!(formatter, "skipped: {reason}"),
            Outcome::NotRun { reason } => write!(formatter, "not run: {reason}"),
        }
    }
}

impl From<CaseResult> for Outcome {
    fn from(result: CaseResult) -> Self {
        match result {
            Ok(()) => Outcome::Passed,
            Err(Stop::Failed(failure)) => Outcome::Failed(failure),
            Err(Stop::Skipped(reason)) => Outcome::Skipped { reason },
        }
    }
}

impl CaseReport {
    pub(crate) fn new(case: &Case, outcome: Outcome, notes: Vec<String>, took: Duration) -> Self {
        CaseReport { id: case.id, title: case.title, outcome, notes, seconds: took.as_secs_f64() }
    }

    pub(crate) fn not_run(case: &Case, reason: String) -> Self {
        CaseReport::new(case, Outcome::NotRun { reason }, Vec::new(), Duration::ZERO)
    }
}

impl Report {
    /// The report of a run that its user ends after these cases have finished: the others are not run.
    pub fn interrupted(
        concurrency: Concurrency,
        options: &Options,
        took: Duration,
        cases: &[&Case],
        mut finished: Vec<CaseReport>,
    ) -> Report {
        let reason = "interrupted".to_owned();
        let left = cases.iter().skip(finished.len());
        finished.extend(left.map(|case| CaseReport::not_run(case, reason.clone())));
        Report::new(concurrency, options.seed, options.long, took, Some(reason), finished)
    }

    pub(crate) fn new(
        concurrency: Concurrency,
        seed: u64,
        long: bool,
        took: Duration,
        stopped: Option<String>,
        cases: Vec<CaseReport>,
    ) -> Self {
        let count = |wanted: fn(&Outcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count();
        Report {
            concurrency,
            seed,
            long,
            passed: count(|outcome| matches!(outcome, Outcome::Passed)),
            failed: count(|outcome| matches!(outcome, Outcome::Failed(_))),
            skipped: count(|outcome| matches!(outcome, Outcome::Skipped { .. })),
            not_run: count(|outcome| matches!(outcome, Outcome::NotRun { .. })),
            stopped,
            seconds: took.as_secs_f64(),
            cases,
        }
    }
}
