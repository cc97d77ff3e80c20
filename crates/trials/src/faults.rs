//! Injects failing system calls into a running model, one by one, and checks its promises.
//!
//! ```text
//!   plan: which calls, which errors ──► sweep ──► strace, attached to the server ──► the server
//!                                         │                                             ▲
//!                                         └──► four scripted clients, every byte verified ┘
//! ```
//!
//! A fault counts only if the trace confirms that it was injected. After each fault a new client must be served and the
//! server must have no more descriptors and threads than before; after all faults the same process must pass the
//! catalogue.
//!
//! | file | idea |
//! | --- | --- |
//! | `plan.rs` | which calls fail how, and the required outcome |
//! | `thoroughness.rs` | how much of the plan is tried |
//! | `operations.rs` | injecting where strace sees nothing |
//! | `clients.rs`, `server.rs` | the clients and the server of a trial |
//! | `sweep.rs`, `stages.rs` | trials: while serving; while starting and stopping |
//! | `report.rs` | the outcomes |

mod clients;
mod operations;
mod plan;
mod report;
mod server;
mod stages;
mod sweep;
mod thoroughness;

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use conformance::{Case, Needs, Target};
use observe::Pulse;
use text::terminal::wrap;

use crate::excuse::excused;
use crate::subject::Subject;
use plan::{Expected, Fault, PLAN, Row, Stage};
use server::Server;
use sweep::Sweep;

pub use observe::strace::missing;
pub use report::{Line, Report};
pub use thoroughness::Thoroughness;

/// Sweeps over the faults of these system calls, or over all faults if none are named, and then runs the catalogue
/// against the server. `finished` receives each line as soon as its trials have ended.
///
/// # Errors
/// A server does not start even without a fault, strace cannot attach, or the folder for logs cannot be created.
pub fn run(
    subject: &Subject,
    only: &[String],
    thoroughness: &Thoroughness,
    finished: &mut dyn FnMut(&Line),
) -> Result<Report> {
    // For logs and traces; gone when this is dropped.
    let folder = tempfile::tempdir().context("cannot create a folder for logs")?;
    *logs() = Some(folder.path().to_owned());
    let start = Instant::now();
    let pulse = Pulse::start().context("cannot watch the clock")?;
    let mut report = Report::new(&subject.name, thoroughness);
    let mut sweep = Sweep::begin(subject, folder.path(), thoroughness)?;
    let mut finished = |line: Line| {
        finished(&line);
        report.add(line);
    };
    // Clients that have no descriptors cannot be told from the signal handler's pipe.
    let is_possible = |row: &&Row| {
        if subject.hands_over { row.scope != plan::Scope::Connections } else { !row.is_operation() }
    };
    for row in PLAN.iter().filter(|row| is_meant(row, only)).filter(is_possible) {
        match row.stage {
            Stage::Starting => sweep.starting(row, &mut finished),
            Stage::Serving => sweep.serving(row, &mut finished),
            Stage::Draining => sweep.draining(row, &mut finished),
        }
        .with_context(|| format!("in the sweep over {} while {}", row.calls, row.stage.name()))?;
    }
    if only.is_empty() {
        finished(sweep.pairs()?);
    }
    report.findings.extend(report.faults.iter().filter_map(Line::proves_nothing));
    let server = sweep.into_server();
    if report.fired > 0 {
        hold_to_catalogue(server, subject, &mut report);
    }
    report.seconds = start.elapsed().as_secs_f64();
    report.findings = excused(report.findings, pulse.lost());
    Ok(report)
}

/// The folder of the sweep that is running, for [`discard_logs`].
static LOGS: Mutex<Option<PathBuf>> = Mutex::new(None);

fn logs() -> MutexGuard<'static, Option<PathBuf>> {
    LOGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the logs and traces of the sweep that is running: for a process that is about to end without dropping its
/// values, as on Ctrl-C.
pub fn discard_logs() {
    /// The sweep goes on meanwhile, and a file that it creates between two steps makes the removal fail.
    const TRIES: usize = 100;
    if let Some(folder) = logs().take() {
        // Nothing else can be done with what cannot be removed.
        let _ = (0..TRIES).any(|_| fs::remove_dir_all(&folder).is_ok());
    }
}

/// The server that has survived all faults must pass the same cases as a newly started one.
fn hold_to_catalogue(server: Server, subject: &Subject, report: &mut Report) {
    let memory = server.expect_memory(); // the catalogue may use more
    let cases: Vec<&Case> =
        conformance::cases_of(subject.service).filter(|case| case.needs == Needs::Address).collect();
    let target = Target::at(server.process().address(), subject.concurrency).serving(subject.service);
    let held = conformance::run(&target, &cases, &conformance::Options::default(), &mut |case| {
        if let conformance::Outcome::Failed(failure) = &case.outcome {
            report.findings.push(format!("after the faults, {}: {failure}", case.id));
        }
    });
    (report.cases_passed, report.cases_failed, report.cases_skipped) =
        (held.passed, held.failed, held.skipped);
    if let Err(error) = memory.and_then(|()| server.end()) {
        report.findings.push(format!("after the faults: {error:#}"));
    }
}

/// Whether a fault of this system call is planned.
pub fn is_planned(call: &str) -> bool {
    PLAN.iter().any(|row| row.names().any(|name| name == call))
}

fn is_meant(row: &Row, only: &[String]) -> bool {
    only.is_empty() || only.iter().any(|call| row.names().any(|name| name == call))
}

/// What is injected and the required outcome, a line for each row of the plan, or several where a terminal has too few
/// columns; of these system calls, or of all if none.
pub fn list(only: &[String], columns: Option<usize>) -> String {
    let line = |row: &Row| {
        let faults: Vec<_> = row.faults.iter().map(|fault| Fault::name(*fault)).collect();
        let (stage, calls) = (row.stage.name(), row.calls.replace('?', ""));
        let (expected, faults) = (Expected::text(row.expected), faults.join(" "));
        let whole = format!("{stage:<8} {calls:<24} {expected:<37} {faults}\n");
        match columns.filter(|columns| whole.chars().count() > *columns) {
            None => whole,
            Some(columns) => {
                let wrapped = |text| wrap(text, "         ", columns);
                format!("{stage:<8} {calls}\n")
                    + &wrapped(&format!("         {expected}"))
                    + &wrapped(&format!("         {faults}"))
            }
        }
    };
    PLAN.iter().filter(|row| is_meant(row, only)).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_named_without_marks() {
        assert!(is_planned("epoll_wait"));
        assert!(!is_planned("?epoll_wait") && !is_planned("fork"));
    }

    #[test]
    fn a_selection_keeps_all_rows_of_its_calls() {
        let only = ["accept4".to_owned()];
        let rows: Vec<_> = PLAN.iter().filter(|row| is_meant(row, &only)).collect();
        assert!(rows.len() >= 4 && rows.iter().all(|row| row.calls == "accept4"));
        assert_eq!(list(&only, None).lines().count(), rows.len());
    }

    #[test]
    fn a_list_fits_the_terminal_and_leaves_nothing_out() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
        for columns in [60, 80] {
            let narrow = list(&[], Some(columns));
            assert!(narrow.lines().all(|line| line.chars().count() <= columns), "{narrow}");
            assert_eq!(words(&narrow), words(&list(&[], None)));
        }
    }
}
