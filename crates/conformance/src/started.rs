//! A server that a case starts itself, to test how it starts, what it logs and how it exits.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::accounts::require_adds_up;
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{During, Failure, Stop, require};
use crate::oracle::{Baseline, expect_unharmed};
use crate::process::Process;
use crate::target::Settings;

/// A running server, killed when this is dropped.
pub(crate) struct Started<'launch> {
    program: Program,
    context: Context<'launch>,
    baseline: Baseline,
}

/// A child process and its output.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    log: Arc<Mutex<String>>,
    /// Whether its log is collected here.
    keeps_log: bool,
    reader: Option<JoinHandle<()>>,
}

impl<'launch> Started<'launch> {
    /// Starts a server on a free port.
    pub(crate) fn start(from: &Context<'launch>, settings: Settings) -> Result<Self, Stop> {
        Started::start_at(from, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings)
    }

    pub(crate) fn start_at(
        from: &Context<'launch>,
        address: SocketAddr,
        settings: Settings,
    ) -> Result<Self, Stop> {
        let (program, address) = Program::serve(command(from, address, &settings)?, from.patience)?;
        Ok(Started::with(from, program, address, settings))
    }

    /// Takes over a server that already listens at this address.
    pub(crate) fn with(
        from: &Context<'launch>,
        program: Program,
        address: SocketAddr,
        settings: Settings,
    ) -> Self {
        let context = Context {
            address,
            concurrency: from.concurrency,
            settings,
            process: Process::new(program.child.id()),
            launch: from.launch,
            long: from.long,
            seed: from.seed,
            patience: from.patience,
            notes: Mutex::default(),
        };
        let baseline = Baseline::after_warm_up(&context);
        Started { program, context, baseline }
    }

    /// The context of this server.
    pub(crate) fn context(&self) -> &Context<'launch> {
        &self.context
    }

    /// The check that runs after every case.
    pub(crate) fn expect_unharmed(&mut self) -> Result<(), Failure> {
        expect_unharmed(&self.context, &mut self.baseline)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Failure> {
        self.context.process.map_or(Ok(()), |process| process.signal(signal))
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        self.program.log()
    }

    /// Sends SIGTERM and expects exit code 0.
    pub(crate) fn expect_clean_end(&mut self) -> Result<(), Failure> {
        self.signal(Signal::TERM)?;
        self.expect_code(0, self.context.patience)
    }

    /// Expects it to exit by itself with this code; if the code is 0, it must have counted every client.
    pub(crate) fn expect_code(&mut self, code: i32, within: Duration) -> Result<(), Failure> {
        self.program.expect_code(code, within)
    }

    pub(crate) fn expect_exit(&mut self, within: Duration) -> Result<ExitStatus, Failure> {
        self.program.expect_exit(within)
    }
}

impl Program {
    /// Starts a server's command and waits until it prints its address.
    pub(crate) fn serve(mut command: Command, patience: Duration) -> Result<(Program, SocketAddr), Failure> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = Program::run(command)?;
        let address = program.read_address(patience)?;
        Ok((program, address))
    }

    /// Starts a command and collects its standard error, unless the command redirects it.
    pub(crate) fn run(mut command: Command) -> Result<Program, Failure> {
        let mut child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| Failure::new("start the program", "it to start", error.to_string()))?;
        let log = Arc::new(Mutex::new(String::new()));
        let reader = child.stderr.take().map(|stderr| {
            let log = Arc::clone(&log);
            thread::spawn(move || keep(stderr, &log))
        });
        Ok(Program { child, log, keeps_log: reader.is_some(), reader })
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
        if code == 0 && self.keeps_log { require_adds_up(&self.log()) } else { Ok(()) }
    }

    /// Expects it to exit by itself; then the log is complete.
    pub(crate) fn expect_exit(&mut self, within: Duration) -> Result<ExitStatus, Failure> {
        let fail = |got: String| Failure::new("end", "the process to end", got);
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().map_err(|error| fail(error.to_string()))? {
                if let Some(reader) = self.reader.take() {
                    let _ = reader.join();
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
        // Both fail only if it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command of a server at this address, with its log collected.
pub(crate) fn command(
    context: &Context<'_>,
    address: SocketAddr,
    settings: &Settings,
) -> Result<Command, Stop> {
    let mut command = context
        .launch
        .and_then(|launch| launch.command(address, settings))
        .ok_or_else(|| Stop::Skipped("these servers are not programs that can be started".to_owned()))?;
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}

/// An address that is free at the moment.
pub(crate) fn free_address() -> Result<SocketAddr, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
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
