//! A program that a case starts: a server's process and its output.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use observe::child::{START_TIMEOUT, terminate};

use crate::accounts::require_adds_up;
use crate::client::Client;
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{During, Failure, Stop, require};
use crate::group::Group;
use crate::probe::{self, Stranger};
use crate::process::Process;
use crate::target::{Launch, Settings};

/// A program that is not ours must end within this time after SIGTERM; then it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// After a process has ended, what it had written is read within this time, unless another process has its log open.
const LOG_WITHIN: Duration = Duration::from_secs(2);

/// A child process and its output.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    /// Of a program that is not ours.
    group: Option<Group>,
    is_foreign: bool,
    log: Arc<Mutex<String>>,
    /// Whether its log is collected here.
    keeps_log: bool,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts a server and waits until it is ready: until it prints its address, or, if it is not ours, until it greets.
    pub(crate) fn serve(
        launch: &dyn Launch,
        address: SocketAddr,
        settings: &Settings,
        patience: Duration,
    ) -> Result<(Program, SocketAddr), Stop> {
        if launch.fixed().is_some() {
            let address = if address.port() == 0 { free_address()? } else { address };
            let (program, _) = Program::serve_foreign(launch, address, settings)?;
            return Ok((program, address));
        }
        let mut command = command(launch, address, settings)?;
        command.stdout(Stdio::piped());
        let mut program = Program::run(command, false)?;
        let address = program.read_address(patience)?;
        Ok((program, address))
    }

    /// Starts a server that is not ours, and returns the first client that it has greeted.
    pub(crate) fn serve_foreign(
        launch: &dyn Launch,
        address: SocketAddr,
        settings: &Settings,
    ) -> Result<(Program, Client), Stop> {
        let mut program = Program::run(command(launch, address, settings)?, true)?;
        let client = program.expect_greeting(address)?;
        Ok((program, client))
    }

    /// Starts a command and collects its standard error, unless the command redirects it.
    pub(crate) fn run(mut command: Command, is_foreign: bool) -> Result<Program, Failure> {
        if is_foreign {
            Group::lead(&mut command);
        }
        let mut child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| Failure::new("start the program", "it to start", error.to_string()))?;
        let group = if is_foreign { Group::of(&child) } else { None };
        let log = Arc::new(Mutex::new(String::new()));
        let reader = child.stderr.take().map(|stderr| {
            let log = Arc::clone(&log);
            thread::spawn(move || keep(stderr, &log))
        });
        Ok(Program { child, group, is_foreign, log, keeps_log: reader.is_some(), reader })
    }

    /// Waits until a program that is not ours greets at this address.
    fn expect_greeting(&mut self, address: SocketAddr) -> Result<Client, Failure> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let seen = match TcpStream::connect_timeout(&address, START_TIMEOUT) {
                Ok(stream) => match probe::greeted(stream) {
                    Ok(client) => return Ok(client),
                    Err(Stranger::Other(failure)) => return Err(self.not_started(address, &failure.got)),
                    Err(Stranger::Silent(failure)) => failure.got,
                },
                Err(error) => error.to_string(),
            };
            if let Ok(status) = self.expect_exit(Duration::ZERO) {
                return Err(self.not_started(address, &format!("its end: {status}")));
            }
            if Instant::now() >= deadline {
                let within = START_TIMEOUT.as_secs();
                return Err(
                    self.not_started(address, &format!("none within {within} s; the last attempt: {seen}"))
                );
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn not_started(&self, address: SocketAddr, got: &str) -> Failure {
        let log = self.log();
        let logged =
            if log.is_empty() { "and it logged nothing".to_owned() } else { format!("it logged {log:?}") };
        Failure::new(
            "start the program",
            format!("the greeting `*` at {address}"),
            format!("{got}; {logged}"),
        )
    }

    /// Waits for a line on standard output that ends with the server's address.
    fn read_address(&mut self, patience: Duration) -> Result<SocketAddr, Failure> {
        let fail = |got: String| Failure::new("start the server", "a line with its address", got);
        let Some(stdout) = self.child.stdout.take() else { return Err(fail("no output".to_owned())) };
        // The thread ends with the process at the latest, since the pipe is closed then.
        let printed = thread::spawn(move || {
            let mut lines = BufReader::new(stdout.take(4096)).lines().map_while(Result::ok);
            lines.find_map(|line| line.split_whitespace().last()?.parse().ok())
        });
        if !eventually(patience, || printed.is_finished()) {
            return Err(fail(format!("none within {patience:?}")));
        }
        let address = printed.join().unwrap_or_default();
        address.ok_or_else(|| fail(format!("none; it logged {:?}", self.log())))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Expects it to exit by itself with this code; if the code is 0, it must have counted every client.
    pub(crate) fn expect_code(&mut self, code: i32, within: Duration) -> Result<(), Failure> {
        let status = self.expect_exit(within)?;
        require(status.code() == Some(code), "end", format!("exit code {code}"), || {
            format!("{status}; it logged {:?}", self.log())
        })?;
        if code == 0 { self.expect_counts() } else { Ok(()) }
    }

    /// Expects a server that has exited to have counted every client. Programs that are not ours need not count.
    pub(crate) fn expect_counts(&self) -> Result<(), Failure> {
        if self.keeps_log && !self.is_foreign { require_adds_up(&self.log()) } else { Ok(()) }
    }

    /// Stops a server that is no longer needed. One of ours must exit with code 0 and have counted every client. Of others
    /// that is asked in the cases about signals alone; they are killed if they do not end in time.
    pub(crate) fn expect_clean_end(&mut self, within: Duration) -> Result<(), Failure> {
        let asked = terminate(&self.child);
        if self.is_foreign {
            // Dropping it kills it.
            let _ = self.expect_exit(STOP_WITHIN);
            return Ok(());
        }
        asked.map_err(|error| Failure::new("send SIGTERM", "a running process", format!("{error:#}")))?;
        self.expect_code(0, within)
    }

    /// Adds to a failure that the process has ended, if it has. A client learns only that its connection is refused or
    /// reset, and which of these comes first is chance.
    ///
    /// The kernel closes the sockets of a process before it reports its end. So this waits until the process has ended
    /// or greets a client again.
    pub(crate) fn explain(&mut self, failure: Failure, context: &Context<'_>) -> Failure {
        let mut ended = None;
        eventually(context.patience, || {
            ended = self.expect_exit(Duration::ZERO).ok();
            ended.is_some() || context.serves()
        });
        let Some(status) = ended else { return failure };
        let got =
            format!("{}; the server process has ended: {status}; it logged {:?}", failure.got, self.log());
        Failure { got, ..failure }
    }

    /// Waits until it has ended, or the time is over, and leaves it unreaped, so that its times can still be read.
    pub(crate) fn wait_for_end(&self, within: Duration) {
        let process = Process::new(self.id());
        eventually(within, || process.and_then(Process::has_ended) != Some(false));
    }

    /// Expects it to exit by itself; then the log is complete.
    pub(crate) fn expect_exit(&mut self, within: Duration) -> Result<ExitStatus, Failure> {
        let fail = |got: String| Failure::new("end", "the process to end", got);
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().map_err(|error| fail(error.to_string()))? {
                // Whatever else it started ends, too, and closes the log.
                self.group = None;
                if let Some(reader) = self.reader.take() {
                    eventually(LOG_WITHIN, || reader.is_finished());
                }
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(fail(format!("it still runs after {within:?}")));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.group.is_some() && terminate(&self.child).is_ok() {
            let _ = self.expect_exit(STOP_WITHIN);
        }
        // Both fail only if it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command of a server at this address, with its log collected. Skips the case if these servers cannot be started so.
pub(crate) fn command(
    launch: &dyn Launch,
    address: SocketAddr,
    settings: &Settings,
) -> Result<Command, Stop> {
    if let Some(fixed) = launch.fixed()
        && let Some(lacking) = settings.lacking_in(&fixed)
    {
        return Err(Stop::Skipped(format!("needs a server with {lacking}")));
    }
    let mut command = launch
        .command(address, settings)
        .ok_or_else(|| Stop::Skipped("these servers are not programs that can be started".to_owned()))?;
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}

/// An address that is free at the moment.
pub(crate) fn free_address() -> Result<SocketAddr, Failure> {
    observe::child::free_address()
        .map_err(|error| Failure::new("find a free port", "to succeed", error.to_string()))
        .during("the checker")
}

/// The most that is kept of a log, in bytes: far more than any case produces.
const MOST_LOG: usize = 4 << 20;

fn keep(stderr: impl Read, log: &Mutex<String>) {
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() < MOST_LOG {
            let _ = writeln!(log, "{}", String::from_utf8_lossy(&line));
        }
    }
}
