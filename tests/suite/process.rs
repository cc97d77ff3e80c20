//! A server as a process of its own, with whatever its parent leaves to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use observe::Process;
use rustix::process::Signal;

/// Far beyond the slowness of any machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// `serve MODEL` on a free port.
pub(crate) fn serve(model: &str, arguments: &[&str]) -> Command {
    let mut command = with_default_signals(env!("CARGO_BIN_EXE_concurrent-servers"));
    command.args(["serve", model, "--addr", "127.0.0.1:0"]).args(arguments);
    command
}

/// The same, started by a shell that runs these commands before: `ulimit`, `trap`.
pub(crate) fn serve_after(shell: &str, model: &str, arguments: &[&str]) -> Command {
    let mut command = with_default_signals("sh");
    command.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]);
    command.arg(env!("CARGO_BIN_EXE_concurrent-servers"));
    command.args(["serve", model, "--addr", "127.0.0.1:0"]).args(arguments);
    command
}

/// A program that ignores no signal at its start, although these tests may run under `nohup` or behind a shell's `&`.
/// Neither Rust nor a shell can undo that, but GNU env can.
fn with_default_signals(program: &str) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal", program]);
    command
}

/// What a command says that must end by itself. One that does not is killed after [`PATIENCE`], and then has no exit code.
pub(crate) fn ended(command: &mut Command) -> Output {
    let (stdin, stdout, stderr) = (Stdio::null(), Stdio::piped(), Stdio::piped());
    let child = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn().unwrap();
    let process = Process::new(child.id()).unwrap();
    let (end, is_over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if is_over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = process.signal(Signal::KILL); // it may have ended in this moment
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(end);
        output
    })
}

/// A running server, killed when this is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it prints its address. Standard error is as in the command.
    pub(crate) fn start(mut command: Command) -> Server {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
        Server { child, address: address.unwrap_or_else(|| panic!("it printed {line:?}")) }
    }

    pub(crate) fn process(&self) -> Process {
        Process::new(self.child.id()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process().signal(signal).unwrap();
    }

    /// One client: greeted, answered, closed in order.
    pub(crate) fn visit(&self) -> std::io::Result<()> {
        let mut client = self.greeted()?;
        client.write_all(b"^ab$")?;
        client.shutdown(std::net::Shutdown::Write)?;
        let mut reply = Vec::new();
        client.read_to_end(&mut reply)?;
        if reply == b"bc" { Ok(()) } else { Err(std::io::Error::other(format!("the reply is {reply:?}"))) }
    }

    /// A client that has been greeted.
    pub(crate) fn greeted(&self) -> std::io::Result<TcpStream> {
        let mut client = TcpStream::connect(self.address)?;
        client.set_read_timeout(Some(PATIENCE))?;
        client.read_exact(&mut [0])?;
        Ok(client)
    }

    /// Its exit status, once it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it still runs");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Its exit status and its log, once it has ended. Its standard error must be a pipe.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let mut stderr = self.child.stderr.take().unwrap();
        let reading = thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).map(|_| log)
        });
        let status = self.wait();
        (status, reading.join().unwrap().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
