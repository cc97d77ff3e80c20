//! `check -- PROGRAM ARGS`: a server that is not ours, started and stopped as the cases need it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use conformance::{Launch, Settings};

use crate::commands::leash;

const PORT: &str = "{port}";
const ADDRESS: &str = "{addr}";

/// Starts servers by somebody's command line, each on a port of its own.
#[derive(Debug)]
pub(in crate::commands) struct Program<'words> {
    /// This program, which ties the servers to its own life.
    launcher: PathBuf,
    words: &'words [OsString],
    promised: Settings,
}

impl<'words> Program<'words> {
    /// # Errors
    /// The words do not say where the port belongs.
    pub(in crate::commands) fn new(
        launcher: PathBuf,
        words: &'words [OsString],
        promised: Settings,
    ) -> Result<Self, &'static str> {
        let takes_port =
            |word: &OsString| word.to_str().is_some_and(|word| word.contains(PORT) || word.contains(ADDRESS));
        if words.iter().any(takes_port) {
            return Ok(Program { launcher, words, promised });
        }
        Err(
            "the program cannot be told where to listen: where its port belongs, write {port} there, such as `-- ./server \
             --port {port}`, or {addr} for 127.0.0.1 and the port; if it takes the port from the environment, `-- env \
             PORT={port} ./server`",
        )
    }

    /// Expects the program's file to be there, and to be one that may be run.
    ///
    /// # Errors
    /// It is not. The message says so as the system would.
    pub(in crate::commands) fn expect_file(&self) -> Result<(), String> {
        let Some(program) = self.words.first() else { return Ok(()) };
        let reason = hindrance(program);
        reason.map_or(Ok(()), |reason| Err(format!("cannot run {}: {reason}", program.display())))
    }

    /// The command line as it was typed.
    pub(super) fn name(&self) -> String {
        self.words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

impl Launch for Program<'_> {
    fn command(&self, address: SocketAddr, _: &Settings) -> Option<Command> {
        let (program, arguments) = self.words.split_first()?;
        Some(listening_on(address, &self.launcher, program, arguments))
    }

    fn fixed(&self) -> Option<Settings> {
        Some(self.promised)
    }
}

/// The command that makes this program with these arguments listen on this address.
pub(in crate::commands) fn listening_on(
    address: SocketAddr,
    launcher: &Path,
    program: &OsStr,
    arguments: &[OsString],
) -> Command {
    let mut command = leash::command(launcher, &filled_in(program, address));
    command.args(arguments.iter().map(|word| filled_in(word, address)));
    command
}

/// Why the system cannot run the program of this name, as far as its file shows. Like the system, this looks for a name
/// without a slash in the folders of PATH.
fn hindrance(program: &OsStr) -> Option<&'static str> {
    let is_name = !program.as_bytes().contains(&b'/');
    let files: Vec<PathBuf> = if is_name {
        env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).collect()
    } else {
        vec![program.into()]
    };
    let found: Vec<_> = files.iter().map(|file| file.metadata()).collect();
    let may_run = |file: &Metadata| file.is_file() && file.permissions().mode() & 0o111 != 0;
    if found.iter().flatten().any(may_run) {
        return None;
    }
    let is_missing = |found: &io::Result<Metadata>| {
        found.as_ref().is_err_and(|error| error.kind() != ErrorKind::PermissionDenied)
    };
    Some(if found.iter().all(is_missing) { "No such file or directory" } else { "Permission denied" })
}

fn filled_in(word: &OsStr, address: SocketAddr) -> OsString {
    let Some(text) = word.to_str() else { return word.to_owned() };
    text.replace(PORT, &address.port().to_string()).replace(ADDRESS, &address.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_port_and_the_address_are_filled_in_wherever_they_stand() {
        let words = words("./server --port={port} -b {addr} {port}{port} other");
        let program = Program::new("launcher".into(), &words, Settings::NONE).unwrap();
        let command = program.command(([127, 0, 0, 1], 81).into(), &Settings::NONE).unwrap();
        let arguments: Vec<_> = command.get_args().skip(2).collect();
        assert_eq!(arguments, ["./server", "--port=81", "-b", "127.0.0.1:81", "8181", "other"]);
        assert_eq!(program.name(), "./server --port={port} -b {addr} {port}{port} other");
    }

    #[test]
    fn a_program_that_is_not_told_its_port_is_refused_with_advice() {
        let words = words("./server --port 8080");
        let advice = Program::new("launcher".into(), &words, Settings::NONE).unwrap_err();
        assert!(advice.contains("-- ./server --port {port}"), "{advice}");
    }
}
