//! What an exercise is: a program, and what it must show.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use conformance::Service;

/// One exercise.
#[derive(Clone, Copy, Debug)]
pub struct Exercise {
    /// Its number, from 1.
    pub number: u8,
    /// Its folder in `exercises/`: the number and the package's name.
    pub folder: &'static str,
    /// What a solution must show, in this order.
    pub checks: &'static [Check],
    /// What the start must not show: the ids of these checks, and for each the words of which it must say some. There are
    /// several where chance decides which part of a fault is seen first.
    pub start_fails: &'static [(&'static str, &'static [&'static str])],
}

impl Exercise {
    /// The name of its package, which is its program's, too.
    pub fn package(&self) -> &'static str {
        self.folder.split_once('-').map_or(self.folder, |(_, name)| name)
    }
}

/// One thing that a solution must show.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The id of a case of the catalogue, or a name of its own.
    pub id: &'static str,
    /// What to think about if it fails, in the words of a teacher.
    pub advice: &'static str,
    pub(crate) run: Run,
}

/// How a check is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    /// By the case of the catalogue with this id.
    Case(Service),
    /// In another way. The text says what is required.
    Own(&'static str, fn(&Subject<'_>) -> Result<(), String>),
}

impl Check {
    /// A case of the catalogue about the first service.
    pub(crate) const fn case(id: &'static str, advice: &'static str) -> Check {
        Check { id, advice, run: Run::Case(Service::Echo) }
    }

    /// A case of the catalogue about the second service.
    pub(crate) const fn primes(id: &'static str, advice: &'static str) -> Check {
        Check { id, advice, run: Run::Case(Service::Primes) }
    }

    pub(crate) const fn own(
        id: &'static str,
        requires: &'static str,
        run: fn(&Subject<'_>) -> Result<(), String>,
        advice: &'static str,
    ) -> Check {
        Check { id, advice, run: Run::Own(requires, run) }
    }

    /// What is required, as a sentence.
    pub fn requires(&self) -> &'static str {
        match self.run {
            Run::Own(requires, _) => requires,
            Run::Case(_) => conformance::find(self.id).first().map_or("", |case| case.title),
        }
    }
}

/// Makes the command that runs a program which ends together with this process.
pub type Tied<'needs> = dyn Fn(&OsStr) -> Command + Sync + 'needs;

/// What is needed to grade any exercise, besides the exercise.
#[derive(Clone, Copy)]
pub struct Needs<'needs> {
    /// How programs are started.
    pub tied: &'needs Tied<'needs>,
    /// The reads whose replies are to be predicted: of each connection.
    pub questions: &'needs [Vec<Vec<u8>>],
    /// Of the choices that nobody is to know beforehand.
    pub seed: u64,
    /// A program must listen within this time.
    pub listens_within: Duration,
}

impl<'needs> Needs<'needs> {
    /// With a seed that nobody knows, and time enough to start on a busy machine.
    pub fn new(tied: &'needs Tied<'needs>, questions: &'needs [Vec<Vec<u8>>]) -> Self {
        Needs { tied, questions, seed: fastrand::u64(..), listens_within: Duration::from_secs(10) }
    }
}

/// The program that is graded.
#[derive(Clone, Copy)]
pub struct Subject<'needs> {
    /// Its file.
    pub program: &'needs Path,
    /// The folder of its source.
    pub source: &'needs Path,
    /// What its grading needs.
    pub needs: Needs<'needs>,
}
