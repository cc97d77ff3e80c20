//! Servers as child processes, so that CPU time, memory and threads belong to one model only.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::pin::pin_to;

/// A newly started server must print its address within this time, even on a busy machine.
pub const START_TIMEOUT: Duration = Duration::from_secs(20);

/// An address of this machine that nobody listens on now, for a program that cannot choose a free port itself.
///
/// # Errors
/// All ports are in use.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// How long a connection to a program that is starting may take, and the pause before the next one.
const POLL: Duration = Duration::from_millis(10);

/// The command line of a server: a program and its first arguments. The program takes
/// `--addr` and `--quiet`, and prints `listening on ADDRESS` when it is ready.
#[derive(Clone, Debug)]
pub struct ServerCommand {
    name: String,
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl ServerCommand {
    /// This program with these arguments. Messages use the server's name.
    pub fn new(
        name: impl Into<String>,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        ServerCommand { name: name.into(), program: program.into(), arguments }
    }

    /// The same command with these further arguments.
    #[must_use]
    pub fn with(mut self, further: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(further.into_iter().map(Into::into));
        self
    }

    /// The program's file.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The arguments that come before all others.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The command, to which further arguments can be added.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// A running server, killed when this is dropped. On Linux the kernel also kills it when this process ends for any
/// reason, including a signal or a crash.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
    /// Whether it leads a process group of its own.
    has_group: bool,
    _keeper: Keeper,
}

impl ServerProcess {
    /// Starts a server on a free port of 127.0.0.1 and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, ended immediately (its message is on standard error), or did not print its address in
    /// time.
    pub fn start(server: &ServerCommand, extra_arguments: &[&str]) -> Result<ServerProcess> {
        ServerProcess::start_on(None, server, extra_arguments)
    }

    /// Starts a server in the same way, but pinned to one CPU.
    ///
    /// # Errors
    /// As [`ServerProcess::start`], or there is no such CPU.
    pub fn start_on(
        cpu: Option<usize>,
        server: &ServerCommand,
        extra_arguments: &[&str],
    ) -> Result<ServerProcess> {
        start(server, cpu, extra_arguments, None)
    }

    /// Starts a server in the same way, with its log in a file.
    ///
    /// # Errors
    /// As [`ServerProcess::start`].
    pub fn start_logging(
        server: &ServerCommand,
        extra_arguments: &[&str],
        log: File,
    ) -> Result<ServerProcess> {
        start(server, None, extra_arguments, Some(log))
    }

    /// Starts somebody's program, whose command line says that it listens on this address, and waits until it takes
    /// connections there. It gets a process group of its own, which is killed with it, and its standard output is
    /// discarded.
    ///
    /// # Errors
    /// It cannot be started, or it ends or takes no connection within [`START_TIMEOUT`].
    pub fn start_foreign(
        cpu: Option<usize>,
        mut command: Command,
        address: SocketAddr,
    ) -> Result<ServerProcess> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        let (child, keeper) = spawn(command, cpu).context("cannot start the program")?;
        let mut process = ServerProcess { child, address, has_group: true, _keeper: keeper };
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect_timeout(&address, POLL).is_err() {
            if let Some(status) = process.child.try_wait().context("cannot wait for the program")? {
                bail!("the program ended before it listened on {address} ({status})");
            }
            if Instant::now() > deadline {
                bail!("the program takes no connection on {address} within {START_TIMEOUT:?}");
            }
            thread::sleep(POLL);
        }
        Ok(process)
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it with SIGTERM, waits until it has ended, and returns its exit status.
    ///
    /// # Errors
    /// It is still running after `timeout`; it is then killed.
    pub fn stop(self, timeout: Duration) -> Result<ExitStatus> {
        self.ask_to_stop()?;
        self.wait(timeout)
    }

    /// Sends it SIGTERM and does not wait.
    ///
    /// # Errors
    /// It has ended.
    pub fn ask_to_stop(&self) -> Result<()> {
        terminate(&self.child)
    }

    /// Waits until it has ended, and returns its exit status.
    ///
    /// # Errors
    /// It is still running after `timeout`; it is then killed.
    pub fn wait(mut self, timeout: Duration) -> Result<ExitStatus> {
        let ended = ended_within(&mut self.child, timeout)?;
        ended.with_context(|| format!("the server at {} is still running after {timeout:?}", self.address))
    }
}

/// Sends SIGTERM to a server.
///
/// # Errors
/// It has ended.
pub fn terminate(server: &Child) -> Result<()> {
    let pid = i32::try_from(server.id()).ok().and_then(Pid::from_raw).context("its process id is invalid")?;
    kill_process(pid, Signal::TERM).context("cannot signal the server")
}

/// The exit status of a server, if it ends within this time.
///
/// # Errors
/// It cannot be waited for.
pub fn ended_within(server: &mut Child, timeout: Duration) -> Result<Option<ExitStatus>> {
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
        if self.has_group
            && let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        // Both fail only if it has already ended.
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
    server: &ServerCommand,
    cpu: Option<usize>,
    extra_arguments: &[&str],
    log: Option<File>,
) -> Result<ServerProcess> {
    let mut command = server.command();
    command.args(["--addr", "127.0.0.1:0"]).args(extra_arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    match log {
        Some(log) => command.stderr(log),
        None => command.arg("--quiet"),
    };
    let (mut child, keeper) = spawn(command, cpu)
        .with_context(|| format!("cannot start server {} from {}", server.name, server.program.display()))?;
    match wait_for_address(child.stdout.take()) {
        Ok(address) => Ok(ServerProcess { child, address, has_group: false, _keeper: keeper }),
        Err(error) => {
            let _ = child.kill();
            let status = child.wait().map_or_else(|_| "unknown".to_owned(), |status| status.to_string());
            Err(error.context(format!("server {} did not start ({status})", server.name)))
        }
    }
}

/// Keeps the thread that started a server alive until this is dropped.
type Keeper = Sender<()>;

/// Starts the process from a thread that lives as long as the process: with `PR_SET_PDEATHSIG`, Linux kills a child as
/// soon as the *thread* that started it has ended, see prctl(2).
fn spawn(mut command: Command, cpu: Option<usize>) -> Result<(Child, Keeper)> {
    let (keeper, end) = mpsc::channel();
    let (answer, outcome) = mpsc::sync_channel(1);
    thread::Builder::new().name("keeper".to_owned()).spawn(move || {
        // A child inherits the CPU affinity of the thread that starts it.
        let pinned = cpu.map_or(Ok(()), pin_to);
        let _ = answer.send(pinned.and_then(|()| Ok(command.spawn()?)));
        let _ = end.recv();
    })?;
    Ok((outcome.recv()??, keeper))
}

/// Reads the one line that a server prints when it is ready.
///
/// # Errors
/// It ends before that, prints something else, or prints nothing within [`START_TIMEOUT`].
pub fn wait_for_address(stdout: Option<ChildStdout>) -> Result<SocketAddr> {
    let mut stdout = stdout.context("its standard output is not piped")?;
    let deadline = Instant::now() + START_TIMEOUT;
    let mut line = Vec::new();
    while !line.contains(&b'\n') && line.len() < 1024 {
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now()))?;
        match poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&left)) {
            Ok(0) => bail!("it did not print its address within {START_TIMEOUT:?}"),
            // A signal, such as Ctrl-C, which ends a run later.
            Err(Errno::INTR) => continue,
            ready => ready?,
        };
        let mut part = [0; 256];
        match stdout.read(&mut part)? {
            0 => bail!("it ended before it was ready; its message is above"),
            length => line.extend_from_slice(&part[..length]),
        }
    }
    let line = String::from_utf8_lossy(&line);
    let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
    address.with_context(|| format!("it printed {line:?} instead of `listening on ADDRESS`"))
}
