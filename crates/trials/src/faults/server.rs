//! The server of a sweep: a child process with its log in a file, and its resources at rest.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use conformance::{Service, require_adds_up};

use super::clients::{End, Manner, PATIENCE, visit};
use super::operations::{self, Operations, are_operations};
use super::plan::Scope;
use crate::subject::Subject;
use observe::meter::{Meter, Sample};
use observe::strace::{Injection, Strace, Trace, Tracing};
use observe::{Process, ServerProcess};
use text::units::whole_bytes;

/// Short, so that a connection whose readiness was lost is checked again soon, and a silent one is closed soon. Long enough
/// for the catalogue afterwards on a busy machine, where some clients wait unread until the others are blocked, too.
const TIMEOUTS: [&str; 3] = ["--idle-timeout=5s", "--write-timeout=4s", "--progress-timeout=5s"];
const DRAIN_TIMEOUT: &str = "--drain-timeout=4s";
/// Memory by which a server may grow in a sweep: heaps of threads, tables at their largest.
const MEMORY_AT_MOST: u64 = 8 << 20;

/// What injects faults into a server, until it is detached.
pub(super) enum Attached {
    Strace(Strace),
    Operations(Operations),
}

impl Attached {
    /// What has been injected.
    ///
    /// # Errors
    /// strace does not end.
    pub(super) fn detach(self) -> Result<Trace> {
        match self {
            Attached::Strace(strace) => strace.detach(),
            Attached::Operations(operations) => Ok(operations.detach()),
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    service: Service,
    process: ServerProcess,
    meter: Meter,
    folder: PathBuf,
    log: PathBuf,
    /// Its descriptors and threads while no client is connected.
    rest: Sample,
    /// Descriptors that it could not close because of an injected error.
    not_closed: usize,
    /// Its open files while no client is connected.
    own_files: Vec<PathBuf>,
}

impl Server {
    /// Starts it and serves some clients, so that everything that is set up once exists.
    ///
    /// # Errors
    /// It does not start, or does not serve.
    pub(super) fn start(subject: &Subject, folder: &Path) -> Result<Server> {
        let log = folder.join("server.log");
        let operations = format!("--operation-faults={}", operations::file(folder).display());
        let mut arguments = arguments();
        arguments.push(&operations);
        let process = ServerProcess::start_logging(&subject.server, &arguments, File::create(&log)?)?;
        let meter = Meter::new(process.pid());
        let rest = meter.sample(Duration::ZERO)?;
        let folder = folder.to_owned();
        let mut server = Server {
            service: subject.service,
            process,
            meter,
            folder,
            log,
            rest,
            not_closed: 0,
            own_files: Vec::new(),
        };
        for _ in 0..3 {
            server.probe()?;
        }
        server.rest = server.meter.settled(None, PATIENCE)?;
        server.own_files = open_files(server.process.pid())?;
        Ok(server)
    }

    pub(super) fn process(&self) -> &ServerProcess {
        &self.process
    }

    /// Attaches strace to it, or has it inject faults into its operations. "Connections" are those that are open now.
    ///
    /// # Errors
    /// As [`Strace::attach`] and [`Operations::attach`].
    pub(super) fn attach(&self, calls: &[&str], injections: &[Injection], scope: Scope) -> Result<Attached> {
        if calls.iter().any(|calls| are_operations(calls)) {
            return Ok(Attached::Operations(Operations::attach(&self.folder, calls, injections)?));
        }
        let files = match scope {
            Scope::AllThreads | Scope::MainThread => Vec::new(),
            Scope::Log => vec![self.log.clone()],
            Scope::Connections => {
                let mut files = open_files(self.process.pid())?;
                files.retain(|file| !self.own_files.contains(file));
                files
            }
        };
        let main_thread_only = scope == Scope::MainThread;
        let tracing = Tracing { calls, injections, main_thread_only, files: &files };
        Ok(Attached::Strace(Strace::attach(self.process.pid(), &tracing, PATIENCE)?))
    }

    /// Notes that `close` failed this many times because of an injected error.
    pub(super) fn could_not_close(&mut self, descriptors: u64) {
        self.not_closed += usize::try_from(descriptors).unwrap_or(usize::MAX);
    }

    /// A new client is served, and the server has no more descriptors and threads than before.
    ///
    /// # Errors
    /// A new client is not served, something leaked, or the server has ended.
    pub(super) fn expect_unharmed(&self) -> Result<()> {
        self.probe()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.meter.sample(Duration::ZERO)?;
            let (descriptors, threads) = (self.rest.descriptors + self.not_closed, self.rest.threads);
            if now.descriptors <= descriptors && now.threads <= threads {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "it has {} descriptors and {} threads without clients; before the fault {descriptors} and {threads}",
                now.descriptors,
                now.threads
            );
            // Nothing signals that the server has noticed a closed connection.
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn probe(&self) -> Result<()> {
        match visit(self.process.address(), Manner::of(self.service)) {
            End::Whole => Ok(()),
            end => bail!("a new client after the fault: {end}"),
        }
    }

    /// Its memory has not grown.
    ///
    /// # Errors
    /// It has.
    pub(super) fn expect_memory(&self) -> Result<()> {
        let grown =
            self.meter.sample(Duration::ZERO)?.anonymous_bytes.saturating_sub(self.rest.anonymous_bytes);
        ensure!(grown <= MEMORY_AT_MOST, "its memory grew by {}", whole_bytes(grown));
        Ok(())
    }

    /// SIGTERM: it exits with 0, its counters add up, and nothing panicked.
    ///
    /// # Errors
    /// One of these is not the case.
    pub(super) fn end(self) -> Result<()> {
        let status = self.process.stop(PATIENCE)?;
        let log = fs::read_to_string(&self.log)?;
        ensure!(status.success(), "it ended with {status}; {}", last_line(&log));
        expect_no_panic(&log)?;
        Ok(require_adds_up(&log)?)
    }

    /// It ends by itself.
    ///
    /// # Errors
    /// It is still running after a while.
    pub(super) fn expect_end(self) -> Result<(ExitStatus, String)> {
        let status = self.process.wait(PATIENCE)?;
        let log = fs::read_to_string(&self.log)?;
        expect_no_panic(&log)?;
        Ok((status, log))
    }
}

/// The files and sockets that a process has open.
fn open_files(pid: u32) -> Result<Vec<PathBuf>> {
    Ok(Process::new(pid).context("its process id is no id")?.open_files()?)
}

/// The arguments of every server of a sweep.
pub(super) fn arguments() -> Vec<&'static str> {
    TIMEOUTS.into_iter().chain([DRAIN_TIMEOUT, "-vv"]).collect()
}

/// # Errors
/// The log has a panic: even one that ends only one connection is a bug here.
pub(super) fn expect_no_panic(log: &str) -> Result<()> {
    let panicked = log.lines().find(|line| line.contains("panicked"));
    ensure!(panicked.is_none(), "it logged {:?}", panicked.unwrap_or_default());
    Ok(())
}

pub(super) fn last_line(log: &str) -> String {
    log.lines().last().map_or_else(|| "its log is empty".to_owned(), |line| format!("it logged {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_the_log_is_found() {
        assert!(expect_no_panic("ERROR panicked at src/lib.rs:1\n").is_err());
        assert!(expect_no_panic("all is well\n").is_ok());
    }
}
