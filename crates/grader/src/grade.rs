//! The checks of an exercise, one after the other.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use conformance::{Concurrency, Launch, Options, Outcome, Service, Settings, Target};

use crate::exercise::{Check, Exercise, Run, Subject};
use crate::program::Server;

/// What a check has found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The check.
    pub check: &'static Check,
    /// How it ended.
    pub verdict: Verdict,
}

/// How a check ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was seen as required.
    Passed,
    /// This was seen instead.
    Failed(String),
    /// This machine cannot make the check, for this reason.
    Skipped(String),
}

impl From<Result<(), String>> for Verdict {
    fn from(result: Result<(), String>) -> Verdict {
        result.map_or_else(Verdict::Failed, |()| Verdict::Passed)
    }
}

/// Which checks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// All up to the first that fails: one thing to mend at a time.
    FirstFailure,
    /// All.
    All,
}

/// The longest that a program may take for one action. It only has to tell slow from never.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes the checks of this exercise, and calls `each` after every one of them. Returns whether none has failed.
pub fn grade(
    exercise: &Exercise,
    subject: &Subject<'_>,
    thoroughness: Thoroughness,
    each: &mut dyn FnMut(&Finding),
) -> bool {
    let mut passed = true;
    for check in exercise.checks {
        let verdict = match check.run {
            Run::Own(_, run) => run(subject).into(),
            Run::Case(service) => catalogue(check, service, subject).unwrap_or_else(Verdict::Failed),
        };
        passed &= !matches!(verdict, Verdict::Failed(_));
        each(&Finding { check, verdict });
        if !passed && thoroughness == Thoroughness::FirstFailure {
            break;
        }
    }
    passed
}

/// A case of the catalogue. One about the first service starts the program as it needs it, and looks at its process
/// afterwards. The second service has no greeting by which the catalogue could tell that a program is ready, so the program is
/// started here.
fn catalogue(check: &Check, service: Service, subject: &Subject<'_>) -> Result<Verdict, String> {
    // Also for the first service: a program that does not even listen is told sooner than by the case.
    let mut server = Server::start(subject, &[])?;
    let verdict = match service {
        Service::Echo => {
            drop(server);
            return Ok(run(check, &Target::launched(&Launched { subject }, Concurrency::Many)));
        }
        Service::Primes => run(check, &Target::at(server.address(), Concurrency::Many).serving(service)),
    };
    Ok(match verdict {
        Verdict::Failed(failure) => Verdict::Failed(server.explain(&failure)),
        other => other,
    })
}

fn run(check: &Check, target: &Target<'_>) -> Verdict {
    let options = Options { patience: PATIENCE, ..Options::default() };
    let report = conformance::run(target, &conformance::find(check.id), &options, &mut |_| {});
    match report.cases.first().map(|case| &case.outcome) {
        Some(Outcome::Passed) => Verdict::Passed,
        Some(Outcome::Skipped { reason }) => Verdict::Skipped(reason.clone()),
        Some(Outcome::Failed(failure)) => Verdict::Failed(failure.to_string()),
        Some(Outcome::NotRun { reason }) => Verdict::Failed(reason.clone()),
        None => Verdict::Failed(format!("the catalogue has no case {}", check.id)),
    }
}

/// The program as the catalogue starts it.
struct Launched<'subject> {
    subject: &'subject Subject<'subject>,
}

impl Launch for Launched<'_> {
    fn command(&self, address: SocketAddr, _: &Settings) -> Option<Command> {
        let mut command = (self.subject.needs.tied)(self.subject.program.as_os_str());
        command.arg(address.to_string());
        Some(command)
    }

    fn fixed(&self) -> Option<Settings> {
        Some(Settings::NONE)
    }
}
