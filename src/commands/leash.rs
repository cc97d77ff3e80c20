//! Processes that end together with the launcher that started them, however that one ends.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Error, Result};

/// The first argument that makes this program run another one. It is no subcommand, because nobody types it.
const NAME: &str = "leash";

/// The command that runs a program in a process that ends with this one: this program, which becomes the other one. Only
/// a process can ask the kernel to be ended with its parent, so that must happen in the new process.
pub(crate) fn command(launcher: &Path, program: &OsStr) -> Command {
    let mut command = Command::new(launcher);
    command.arg(NAME).arg(std::process::id().to_string()).arg(program);
    command
}

/// Becomes the program that these arguments ask for. Returns `None` if they do not ask for one.
pub fn run_if_asked(arguments: impl IntoIterator<Item = OsString>) -> Option<Error> {
    let mut arguments = arguments.into_iter().skip(1);
    let is_asked = arguments.next().is_some_and(|first| first == NAME);
    is_asked.then(|| match run(arguments) {
        Err(error) => error,
        Ok(never) => match never {},
    })
}

fn run(mut arguments: impl Iterator<Item = OsString>) -> Result<Infallible> {
    let parent = arguments.next().and_then(|parent| parent.to_str()?.parse().ok());
    end_with(parent.context("the launcher's process id is missing")?)?;
    let program = arguments.next().context("the program is missing")?;
    let error = Command::new(&program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

/// Asks the kernel to kill this process when its parent ends for any reason.
#[cfg(target_os = "linux")]
pub(super) fn end_with(parent: u32) -> Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot ask the kernel to end with the parent process")?;
    if std::os::unix::process::parent_id() != parent {
        // It had ended before the request. As the kernel would have done, and without a word: nobody is left to read it.
        std::process::exit(1);
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn end_with(_: u32) -> Result<()> {
    Ok(())
}
