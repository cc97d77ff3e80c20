//! Servers as child processes, so that processor time, memory and threads belong to one model alone.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::pin::pin_to;

/// A server that has just been started says within this time where it listens, even on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A running server, killed when this is dropped. On Linux it does not outlive this process either,
/// however this process ends: no signal and no crash leaves a server behind.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
    _keeper: Keeper,
}

impl ServerProcess {
    /// Starts this program again as `serve NAME` on a free port of 127.0.0.1 and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, ended at once (its own message stands on standard error), or said nothing.
    pub fn start(name: &str, extra_arguments: &[&str]) -> Result<ServerProcess> {
        ServerProcess::start_on(None, name, extra_arguments)
    }

    /// Starts this program in the same way, and lets it run on one CPU only.
    ///
    /// # Errors
    /// As [`ServerProcess::start`], and if there is no such CPU.
    pub fn start_on(cpu: Option<usize>, name: &str, extra_arguments: &[&str]) -> Result<ServerProcess> {
        start(&this_program()?, cpu, name, extra_arguments, None)
    }

    /// Starts this program in the same way, with its log in a file.
    ///
    /// # Errors
    /// As [`ServerProcess::start`].
    pub fn start_logging(name: &str, extra_arguments: &[&str], log: File) -> Result<ServerProcess> {
        start(&this_program()?, None, name, extra_arguments, Some(log))
    }

    /// Starts `program serve NAME` in the same way: for tests, which are programs of their own.
    ///
    /// # Errors
    /// As [`ServerProcess::start`].
    pub fn start_from(program: &Path, name: &str, extra_arguments: &[&str]) -> Result<ServerProcess> {
        start(program, None, name, extra_arguments, None)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, waits until it has, and returns how it ended.
    ///
    /// # Errors
    /// It is still running after `timeout`; it is then killed.
    pub fn stop(self, timeout: Duration) -> Result<ExitStatus> {
        self.ask_to_stop()?;
        self.wait(timeout)
    }

    /// Asks it to stop, and does not wait.
    ///
    /// # Errors
    /// It is no more.
    pub fn ask_to_stop(&self) -> Result<()> {
        terminate(&self.child)
    }

    /// Waits until it has ended, and returns how.
    ///
    /// # Errors
    /// It is still running after `timeout`; it is then killed.
    pub fn wait(mut self, timeout: Duration) -> Result<ExitStatus> {
        let ended = ended_within(&mut self.child, timeout)?;
        ended.with_context(|| format!("the server at {} still runs after {timeout:?}", self.address))
    }
}

/// Asks a server to stop.
///
/// # Errors
/// It is no more.
pub(crate) fn terminate(server: &Child) -> Result<()> {
    let pid = i32::try_from(server.id()).ok().and_then(Pid::from_raw).context("its process id is no id")?;
    kill_process(pid, Signal::TERM).context("cannot signal the server")
}

/// How a server ended, if it does within this time.
///
/// # Errors
/// It cannot be waited for.
pub(crate) fn ended_within(server: &mut Child, timeout: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + timeout;
    while Instant::now() < deadline {
        if let Some(status) = server.try_wait().context("cannot wait for the server")? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(None)
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The file of this program.
///
/// # Errors
/// It cannot be found.
pub fn this_program() -> Result<PathBuf> {
    std::env::current_exe().context("cannot find this program's own file")
}

fn start(
    program: &Path,
    cpu: Option<usize>,
    name: &str,
    extra_arguments: &[&str],
    log: Option<File>,
) -> Result<ServerProcess> {
    let mut command = Command::new(program);
    command
        .args(["serve", name, "--addr", "127.0.0.1:0"])
        .args(["--parent", &std::process::id().to_string()])
        .args(extra_arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    match log {
        Some(log) => command.stderr(log),
        None => command.arg("--quiet"),
    };
    let (mut child, keeper) =
        spawn(command, cpu).with_context(|| format!("cannot start {} serve {name}", program.display()))?;
    match wait_for_address(child.stdout.take()) {
        Ok(address) => Ok(ServerProcess { child, address, _keeper: keeper }),
        Err(error) => {
            let _ = child.kill();
            let status = child.wait().map_or_else(|_| "unknown".to_owned(), |status| status.to_string());
            Err(error.context(format!("server {name} did not start ({status})")))
        }
    }
}

/// Keeps the thread that started a server alive until this is dropped.
type Keeper = Sender<()>;

/// Starts the process from a thread that lives as long as it: Linux ends a child that has asked to end
/// with its parent as soon as the *thread* that started it has ended, see `PR_SET_PDEATHSIG` in prctl(2).
fn spawn(mut command: Command, cpu: Option<usize>) -> Result<(Child, Keeper)> {
    let (keeper, end) = mpsc::channel();
    let (answer, outcome) = mpsc::sync_channel(1);
    thread::Builder::new().name("keeper".to_owned()).spawn(move || {
        // A child begins with the CPUs of the thread that starts it.
        let pinned = cpu.map_or(Ok(()), pin_to);
        let _ = answer.send(pinned.and_then(|()| Ok(command.spawn()?)));
        let _ = end.recv();
    })?;
    Ok((outcome.recv()??, keeper))
}

/// Reads the one line that a server prints when it is ready.
pub(crate) fn wait_for_address(stdout: Option<ChildStdout>) -> Result<SocketAddr> {
    let mut stdout = stdout.context("its output is not connected")?;
    let deadline = Instant::now() + START_TIMEOUT;
    let mut line = Vec::new();
    while !line.contains(&b'\n') && line.len() < 1024 {
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now()))?;
        if poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&left))? == 0 {
            bail!("it did not say where it listens within {START_TIMEOUT:?}");
        }
        let mut part = [0; 256];
        match stdout.read(&mut part)? {
            0 => bail!("it ended before it was ready; its message stands above"),
            length => line.extend_from_slice(&part[..length]),
        }
    }
    let line = String::from_utf8_lossy(&line);
    let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
    address.with_context(|| format!("it said {line:?} instead of `listening on ADDRESS`"))
}
