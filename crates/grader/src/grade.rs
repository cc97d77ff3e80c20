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
    /// What was seen instead of what is required; `None` if it passed.
    pub failure: Option<String>,
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

/// Makes the checks of this exercise, and calls `each` after every one of them. Returns whether all have passed.
pub fn grade(
    exercise: &Exercise,
    subject: &Subject<'_>,
    thoroughness: Thoroughness,
    each: &mut dyn FnMut(&Finding),
) -> bool {
    let mut passed = true;
    for check in exercise.checks {
        let failure = match check.run {
            Run::Own(_, run) => run(subject).err(),
            Run::Case(Service::Echo) => catalogue(check, subject).err(),
            Run::Case(Service::Primes) => catalogue_of_primes(check, subject).err(),
        };
        passed &= failure.is_none();
        each(&Finding { check, failure });
        if !passed && thoroughness == Thoroughness::FirstFailure {
            break;
        }
    }
    passed
}

/// A case of the catalogue, which starts the program as it needs it, and looks at its process afterwards.
fn catalogue(check: &Check, subject: &Subject<'_>) -> Result<(), String> {
    // A program that does not even listen is told sooner than by the case.
    drop(Server::start(subject, &[])?);
    let launch = Launched { subject };
    run(check, &Target::launched(&launch, Concurrency::Many))
}

/// A case about the second service. It has no greeting by which the catalogue could tell that a program is ready, so the
/// program is started here.
fn catalogue_of_primes(check: &Check, subject: &Subject<'_>) -> Result<(), String> {
    let mut server = Server::start(subject, &[])?;
    let target = Target::at(server.address(), Concurrency::Many).serving(Service::Primes);
    run(check, &target).map_err(|failure| server.explain(&failure))
}

fn run(check: &Check, target: &Target<'_>) -> Result<(), String> {
    let options = Options { patience: PATIENCE, ..Options::default() };
    let report = conformance::run(target, &conformance::find(check.id), &options, &mut |_| {});
    match report.cases.first().map(|case| &case.outcome) {
        // What this machine cannot test is nobody's fault.
        Some(Outcome::Passed | Outcome::Skipped { .. }) => Ok(()),
        Some(Outcome::Failed(failure)) => Err(failure.to_string()),
        Some(Outcome::NotRun { reason }) => Err(reason.clone()),
        None => Err(format!("the catalogue has no case {}", check.id)),
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
