//! The ways in which a case ends, and what a failure reports.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

/// How a case ends: `Ok` if the server did everything that is required.
pub type CaseResult = Result<(), Stop>;

/// Why a case ended early.
#[derive(Clone, Debug, Error)]
pub enum Stop {
    /// The server did not do what is required.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The case does not apply or cannot run; the text says why.
    #[error("skipped: {0}")]
    Skipped(String),
}

/// How the reason of a skip begins if the machine that runs the suite lacks a program.
pub const NEEDS_PROGRAM: &str = "needs the program ";

/// How the reason of a skip begins if the machine was too busy for the client of the case: another time it may not be.
pub const TOO_BUSY: &str = "this machine is too busy";

impl Stop {
    pub(crate) fn without_program(which: &str) -> Stop {
        Stop::Skipped(format!("{NEEDS_PROGRAM}{which}"))
    }

    pub(crate) fn skipped(reason: impl Into<String>) -> CaseResult {
        Err(Stop::Skipped(reason.into()))
    }
}

/// What was required at which step, and what happened instead.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[error("{step}: expected {expected}, got {got}")]
pub struct Failure {
    /// What the client was doing.
    pub step: String,
    /// What is required.
    pub expected: String,
    /// What happened.
    pub got: String,
}

impl Failure {
    pub(crate) fn new(step: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Failure { step: step.into(), expected: expected.into(), got: got.into() }
    }
}

/// Prefixes the failed step with its circumstances, outermost first.
pub(crate) trait During {
    #[must_use]
    fn during(self, circumstances: impl fmt::Display) -> Self;
}

impl<T> During for Result<T, Failure> {
    fn during(self, circumstances: impl fmt::Display) -> Self {
        self.map_err(|failure| Failure { step: format!("{circumstances}: {}", failure.step), ..failure })
    }
}

impl During for CaseResult {
    fn during(self, circumstances: impl fmt::Display) -> Self {
        match self {
            Err(Stop::Failed(failure)) => Ok(Err(failure).during(circumstances)?),
            other => other,
        }
    }
}

/// Fails unless the condition holds; `got` describes what happened instead.
pub(crate) fn require(
    condition: bool,
    step: &str,
    expected: impl Into<String>,
    got: impl FnOnce() -> String,
) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(Failure::new(step, expected, got())) }
}
