//! The program under test: a process that ends when nobody looks at it any more.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use observe::child::{ended_within, free_address};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::NamedTempFile;

use crate::exercise::Subject;

/// How long one attempt to connect may take, and the pause before the next one.
const POLL: Duration = Duration::from_millis(10);

/// Of what a program has said, the last lines are shown.
const LINES: usize = 4;

/// A process in a group of its own, which is killed with it, and what it writes.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stdout: NamedTempFile,
    stderr: NamedTempFile,
}

impl Process {
    /// Starts this command.
    pub(crate) fn start(mut command: Command) -> io::Result<Process> {
        let (stdout, stderr) = (NamedTempFile::new()?, NamedTempFile::new()?);
        command.stdin(Stdio::null()).stdout(stdout.reopen()?).stderr(stderr.reopen()?).process_group(0);
        Ok(Process { child: command.spawn()?, stdout, stderr })
    }

    /// How it has ended; `None` if it still runs after this time.
    pub(crate) fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        // It can always be waited for: it is a child of this process, and nobody else waits for it.
        ended_within(&mut self.child, limit).ok().flatten()
    }

    pub(crate) fn errors(&self) -> String {
        text_of(&self.stderr)
    }

    /// What it has said last, for the end of a sentence.
    fn last_words(&self) -> String {
        let errors = self.errors();
        let lines: Vec<&str> = errors.lines().filter(|line| !line.trim().is_empty()).collect();
        match lines.len() {
            0 => "and it has written nothing to standard error".to_owned(),
            count => format!(
                "and the end of its standard error is:\n    {}",
                lines[count.saturating_sub(LINES)..].join("\n    ")
            ),
        }
    }
}

fn text_of(file: &NamedTempFile) -> String {
    fs::read(file.path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running server, killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    /// Starts the program with an address and these arguments, and waits until it takes connections there.
    pub(crate) fn start(subject: &Subject<'_>, arguments: &[&str]) -> Result<Server, String> {
        let address = free_address().map_err(|error| format!("the grader finds no free port: {error}"))?;
        let mut command = (subject.needs.tied)(subject.program.as_os_str());
        command.arg(address.to_string()).args(arguments);
        let mut process =
            Process::start(command).map_err(|error| format!("the program cannot be started: {error}"))?;
        let within = subject.needs.listens_within;
        let deadline = Instant::now() + within;
        while TcpStream::connect_timeout(&address, POLL).is_err() {
            if let Some(status) = process.ended_within(POLL) {
                return Err(format!(
                    "the program ended before it listened on {address} ({status}), {}",
                    process.last_words()
                ));
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "the program does not listen on {address}, its first argument, within {within:?}, {}",
                    process.last_words()
                ));
            }
        }
        Ok(Server { process, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds to a failure that the process has ended, if it has.
    pub(crate) fn explain(&mut self, failure: &str) -> String {
        match self.process.ended_within(POLL) {
            None => failure.to_owned(),
            Some(status) => {
                format!("{failure}; the server has ended ({status}), {}", self.process.last_words())
            }
        }
    }
}

/// What a program has written.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What a program writes that ends by itself.
pub(crate) fn printed(subject: &Subject<'_>, arguments: &[&str], within: Duration) -> Result<Output, String> {
    let mut command = (subject.needs.tied)(subject.program.as_os_str());
    command.args(arguments);
    let mut process =
        Process::start(command).map_err(|error| format!("the program cannot be started: {error}"))?;
    match process.ended_within(within) {
        None => Err(format!("the program still runs after {within:?}, {}", process.last_words())),
        Some(status) if status.success() => {
            Ok(Output { stdout: text_of(&process.stdout), stderr: process.errors() })
        }
        Some(status) => Err(format!("the program failed ({status}), {}", process.last_words())),
    }
}

/// A pause for what gives no sign when it is done.
pub(crate) fn pause() {
    thread::sleep(POLL);
}
