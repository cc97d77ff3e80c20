//! How far a check is: its report, also if it is interrupted.

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use conformance::{Case, CaseReport, Concurrency, Options, Report};
use serde::Serialize;
use text::output;

use super::{columns, table};

/// A reader of standard output takes the report of an interrupted run within this time.
const PRINTED_WITHIN: Duration = Duration::from_secs(2);

/// What a check is to do.
pub(super) struct Plan {
    pub(super) target: String,
    pub(super) concurrency: Concurrency,
    pub(super) cases: Vec<&'static Case>,
    pub(super) options: Options,
    pub(super) json: bool,
}

/// The cases that have finished, for the thread that a signal wakes. It does not wait for the one that is running.
#[derive(Default)]
pub(super) struct Progress(Mutex<State>);

#[derive(Default)]
struct State {
    run: Option<Run>,
    is_interrupted: bool,
}

struct Run {
    plan: Plan,
    start: Instant,
    finished: Vec<CaseReport>,
}

impl Progress {
    /// The first case is about to run.
    pub(super) fn begin(&self, plan: Plan) {
        self.state().run = Some(Run { plan, start: Instant::now(), finished: Vec::new() });
    }

    /// A case has finished.
    pub(super) fn add(&self, case: &CaseReport) {
        if let Some(run) = &mut self.state().run {
            run.finished.push(case.clone());
        }
    }

    /// The run is over, and its own report is about to be printed.
    pub(super) fn end(&self) {
        self.state().run = None;
    }

    /// The report so far, if cases are running. From now on the thread that runs them says nothing more: the rest of
    /// the process is about to end, and what it sees is no fault of the server.
    pub(super) fn interrupt(&self) -> Option<NamedReport> {
        let mut state = self.lock();
        state.is_interrupted = true;
        let Run { plan, start, finished } = state.run.take()?;
        let Plan { target, concurrency, cases, options, json } = plan;
        let report = Report::interrupted(concurrency, &options, start.elapsed(), &cases, finished);
        Some(NamedReport::new(target, report, json))
    }

    /// The state, for the thread that runs the cases: it goes no further after an interrupt.
    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.lock();
        if state.is_interrupted {
            drop(state);
            loop {
                thread::park();
            }
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A report and its target.
#[derive(Serialize)]
pub(super) struct NamedReport {
    /// This program's version.
    version: &'static str,
    target: String,
    #[serde(flatten)]
    report: Report,
    #[serde(skip)]
    json: bool,
}

impl NamedReport {
    pub(super) fn new(target: String, report: Report, json: bool) -> Self {
        NamedReport { version: env!("CARGO_PKG_VERSION"), target, report, json }
    }

    /// Prints it as JSON, or else why the run was stopped and the counts.
    pub(super) fn print(&self) -> Result<()> {
        if self.json {
            let json = serde_json::to_string_pretty(self).context("cannot write JSON")?;
            output::print(&(json + "\n"))?;
        } else {
            output::print(&table::totals(&self.target, &self.report, columns()))?;
        }
        Ok(())
    }

    /// Prints it, unless standard output cannot be written, or not in time: a process that is to end must not wait for
    /// a reader that does not read.
    pub(super) fn print_if_possible(self) {
        let (done, printed) = mpsc::channel();
        let printing = thread::Builder::new().spawn(move || {
            let _ = self.print();
            let _ = done.send(());
        });
        if printing.is_ok() {
            let _ = printed.recv_timeout(PRINTED_WITHIN);
        }
    }
}
