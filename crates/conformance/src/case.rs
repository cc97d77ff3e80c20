//! What a case is, and the ways in which it can end.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use crate::Context;

/// One entry of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The catalogue's name for it: a group letter and a number, such as `A3`.
    pub id: &'static str,
    /// What is required, as a sentence.
    pub title: &'static str,
    /// What it needs beside an address.
    pub needs: Needs,
    /// Plays the client and judges what comes back.
    pub run: fn(&Context) -> CaseResult,
}

impl Case {
    /// A case that needs nothing but an address.
    pub(crate) const fn new(id: &'static str, title: &'static str, run: fn(&Context) -> CaseResult) -> Self {
        Case { id, title, needs: Needs::Address, run }
    }

    pub(crate) const fn needs(self, needs: Needs) -> Self {
        Case { needs, ..self }
    }

    /// The group that the case belongs to: the letter of its id.
    pub fn group(&self) -> &'static str {
        &self.id[..1]
    }
}

/// What a case needs to know of the server, or to do to it, beside connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Nothing: any server at any address will do.
    Address,
    /// A short idle timeout that is known.
    IdleTimeout,
    /// A short write timeout that is known.
    WriteTimeout,
    /// A short minimum-progress timeout that is known.
    ProgressTimeout,
    /// A process of its own that it may stop and continue; it must serve afterwards.
    Pause,
    /// A process of its own that it may ask to shut down; it must have ended afterwards.
    Shutdown,
    /// A program that it may start by itself, and that it has ended afterwards.
    Program,
    /// Nothing at all: it is about the checker.
    Nothing,
}

impl fmt::Display for Needs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Needs::Address => "address",
            Needs::IdleTimeout => "idle timeout",
            Needs::WriteTimeout => "write timeout",
            Needs::ProgressTimeout => "progress timeout",
            Needs::Pause => "process to pause",
            Needs::Shutdown => "process to shut down",
            Needs::Program => "program to start",
            Needs::Nothing => "nothing",
        })
    }
}

/// How a case ends: `Ok` if the server did all that was required.
pub type CaseResult = Result<(), Stop>;

/// Why a case ended before its end.
#[derive(Clone, Debug, Error)]
pub enum Stop {
    /// The server did something else than what is required.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The case says nothing about this server; the text says why.
    #[error("skipped: {0}")]
    Skipped(String),
}

/// How the reason of a skip begins that is due to the machine on which the checker runs: it lacks a program.
pub const NEEDS_PROGRAM: &str = "needs the program ";

impl Stop {
    pub(crate) fn without_program(which: &str) -> Stop {
        Stop::Skipped(format!("{NEEDS_PROGRAM}{which}"))
    }

    pub(crate) fn skipped(reason: impl Into<String>) -> CaseResult {
        Err(Stop::Skipped(reason.into()))
    }
}

/// What was required at which step, and what came instead.
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

/// Names the circumstances of a step that failed, outermost first.
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

/// Fails unless the condition holds.
pub(crate) fn require(
    condition: bool,
    step: &str,
    expected: impl Into<String>,
    got: impl FnOnce() -> String,
) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(Failure::new(step, expected, got())) }
}
