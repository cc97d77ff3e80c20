//! The tool as a user runs it: a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

/// The tool, still without arguments. On Linux it ignores no signal at its start, although these tests may run under
/// `nohup`: neither Rust nor a shell can undo that, but GNU env can.
pub(crate) fn command() -> Command {
    if cfg!(target_os = "linux") {
        let mut command = Command::new("env");
        command.args(["--default-signal", env!("CARGO_BIN_EXE_loadgen")]);
        return command;
    }
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
}

/// Runs the tool to its end.
pub(crate) fn loadgen(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the tool runs")
}

/// What an ended tool wrote to standard error.
pub(crate) fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The running tool and the lines of its standard error.
pub(crate) struct Tool {
    pub(crate) child: Child,
    lines: Box<dyn Iterator<Item = String> + Send>,
}

impl Tool {
    pub(crate) fn start(address: SocketAddr, arguments: &[&str]) -> Self {
        let mut child = command()
            .arg(address.to_string())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool runs");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        Tool { child, lines: Box::new(lines.map_while(Result::ok)) }
    }

    pub(crate) fn wait_for_line(&mut self, words: &str) {
        let seen: Vec<String> = self.lines.by_ref().take_while(|line| !line.starts_with(words)).collect();
        assert!(self.child.try_wait().expect("a child").is_none(), "{words}: {seen:?}");
    }

    /// Reads up to a line that starts with these words; false if the output ends before that.
    pub(crate) fn prints(&mut self, words: &str) -> bool {
        self.lines.any(|line| line.starts_with(words))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process");
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// The exit code and the standard output.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        let rest = thread::spawn(move || self.lines.count());
        let output = self.child.wait_with_output().expect("an end");
        rest.join().expect("no panic");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    }
}
