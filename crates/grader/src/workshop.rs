//! Building an exercise with cargo, in bounded time.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::exercise::Tied;
use crate::program::Process;

/// The longest that a build may take: the first one compiles a runtime, on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);

/// A workspace of exercises, and where it is built.
#[derive(Clone, Copy)]
pub struct Workshop<'needs> {
    /// The workspace's folder.
    pub workspace: &'needs Path,
    /// Where cargo puts what it builds.
    pub target: &'needs Path,
    /// Whether what is built must be that of the lock file.
    pub locked: bool,
    /// How cargo is started.
    pub tied: &'needs Tied<'needs>,
}

/// Why there is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotBuilt {
    /// The compiler refuses it, and says this.
    Refused(String),
    /// It takes too long.
    TooLong(Duration),
    /// Cargo cannot be run.
    NoCargo(String),
}

impl Workshop<'_> {
    /// Builds this package, and returns its program.
    ///
    /// # Errors
    /// It does not compile, or there is no cargo.
    pub fn build(&self, package: &str) -> Result<PathBuf, NotBuilt> {
        self.cargo(&["build", "--quiet", "--package", package], &[])?;
        Ok(self.target.join("debug").join(package))
    }

    /// Builds this package's parts with clippy, which must not warn.
    ///
    /// # Errors
    /// It warns, or as [`Workshop::build`].
    pub fn lint(&self, package: &str) -> Result<(), NotBuilt> {
        self.cargo(&["clippy", "--quiet", "--all-targets", "--package", package], &["--", "-D", "warnings"])
    }

    fn cargo(&self, arguments: &[&str], last: &[&str]) -> Result<(), NotBuilt> {
        // Cargo tells the programs that it runs which cargo it is.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = (self.tied)(&cargo);
        command.args(arguments).arg("--manifest-path").arg(self.workspace.join("Cargo.toml"));
        command.arg("--target-dir").arg(self.target);
        if self.locked {
            command.arg("--locked");
        }
        command.args(last.iter().map(OsStr::new));
        let mut process = Process::start(command).map_err(|error| NotBuilt::NoCargo(error.to_string()))?;
        match process.ended_within(LIMIT) {
            None => Err(NotBuilt::TooLong(LIMIT)),
            Some(status) if status.success() => Ok(()),
            Some(_) => Err(NotBuilt::Refused(process.errors())),
        }
    }
}
