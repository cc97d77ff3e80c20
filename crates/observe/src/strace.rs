//! strace, which counts, delays and fails system calls: attached to a running process, or starting one.
//!
//! A fault counts only if the trace shows it. Counters of `when` are per thread, also for threads that begin later. So
//! strace must detach before any client other than the trial's own connects to the server.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use rustix::process::Signal;
use thiserror::Error;

use crate::process::Process;

const PROGRAM: &str = "strace";

/// A fault to inject, in strace's syntax: `recvfrom:error=EINTR:when=3`.
#[derive(Clone, Debug)]
pub struct Injection {
    /// The system calls, separated by commas.
    pub calls: &'static str,
    /// The effect on them.
    pub what: String,
}

/// The observations between attaching and detaching.
#[derive(Debug, Default)]
pub struct Trace {
    /// Faults that were injected.
    pub fired: u64,
    /// The largest number of calls of one thread.
    pub most_calls: u32,
    /// The largest number of faults that were injected into calls of one thread.
    pub most_fired: u64,
    calls: HashMap<String, u32>,
    fired_by_thread: HashMap<String, u64>,
    /// Calls that failed, by the name of the error and the thread.
    failed: HashMap<(String, String), u64>,
    /// The message of strace itself, if it could not attach.
    complaint: String,
}

/// Which calls of a process are traced, and what is injected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing<'run> {
    /// The system calls, each entry one or several separated by commas.
    pub calls: &'run [&'run str],
    /// What is injected into them.
    pub injections: &'run [Injection],
    /// Whether only the main thread is traced.
    pub main_thread_only: bool,
    /// If not empty, only calls on these files are traced, named as by [`Process::open_files`].
    pub files: &'run [PathBuf],
}

/// Why a process cannot be traced.
#[derive(Debug, Error)]
pub enum AttachError {
    /// The program cannot be started.
    #[error("cannot start strace: {0}")]
    Missing(io::Error),
    /// strace may not trace this process.
    #[error("strace cannot attach to {pid}: {complaint}")]
    Refused {
        /// The process.
        pid: u32,
        /// The message of strace.
        complaint: String,
    },
    /// strace did not attach in time.
    #[error("strace did not attach within {0:?}")]
    TimedOut(Duration),
}

/// A running strace. It detaches from the process when this is dropped.
#[derive(Debug)]
pub struct Strace {
    child: Child,
    reader: Option<JoinHandle<Trace>>,
    traced: u32,
}

/// The reason why nothing can be injected on this machine, if there is one.
pub fn missing() -> Option<String> {
    let version = Command::new(PROGRAM).arg("-V").stdin(Stdio::null()).output();
    match version {
        Ok(output) if output.status.success() => None,
        _ => {
            Some("strace is not installed; install it, for example with `apt-get install strace`".to_owned())
        }
    }
}

/// The version of strace, for the report.
pub fn version() -> String {
    let output = Command::new(PROGRAM).arg("-V").output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output);
    text.lines().next().and_then(|line| line.split_whitespace().last()).unwrap_or("unknown").to_owned()
}

/// The beginning of a command that starts a program under strace; the caller adds the program and its arguments. The
/// trace is written to the file `trace`, if given. The program is this process's own child, with its own exit code:
/// strace is a detached grandchild.
pub fn around(calls: &[&str], injections: &[Injection], trace: Option<&Path>) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("-D").arg("-f").args(arguments(calls, injections));
    match trace {
        Some(file) => command.arg("-o").arg(file),
        None => command.args(["-qq", "-o", "/dev/null"]),
    };
    command
}

/// The arguments that say which calls are traced and what is injected into them.
fn arguments(calls: &[&str], injections: &[Injection]) -> Vec<String> {
    let mut arguments: Vec<String> = ["-s", "0", "-e"].map(str::to_owned).to_vec();
    arguments.push(format!("trace={}", calls.join(",")));
    for Injection { calls, what } in injections {
        arguments.extend(["-e".to_owned(), format!("inject={calls}:{what}")]);
    }
    arguments
}

impl Strace {
    /// Attaches to the process and returns once its calls are traced.
    ///
    /// # Errors
    /// strace cannot be started, may not attach, or did not attach within `patience`.
    pub fn attach(pid: u32, tracing: &Tracing, patience: Duration) -> Result<Strace, AttachError> {
        let mut command = Command::new(PROGRAM);
        command.args(arguments(tracing.calls, tracing.injections));
        command.args((!tracing.main_thread_only).then_some("-f"));
        for file in tracing.files {
            command.arg("-P").arg(file);
        }
        command.arg("-p").arg(pid.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(AttachError::Missing)?;
        let (attached, is_attached) = mpsc::channel();
        let reader = child.stderr.take().map(|stderr| thread::spawn(move || read(stderr, Some(&attached))));
        let mut strace = Strace { child, reader, traced: pid };
        match is_attached.recv_timeout(patience) {
            Ok(()) => Ok(strace),
            Err(RecvTimeoutError::Timeout) => Err(AttachError::TimedOut(patience)),
            Err(RecvTimeoutError::Disconnected) => {
                let complaint = strace.end().map_or_else(|error| error.to_string(), |trace| trace.complaint);
                Err(AttachError::Refused { pid, complaint })
            }
        }
    }

    /// Detaches, and returns the trace. The process continues untraced.
    ///
    /// # Errors
    /// strace does not end.
    pub fn detach(mut self) -> Result<Trace> {
        wait_until_asleep(self.traced);
        self.end()
    }

    fn end(&mut self) -> Result<Trace> {
        if let Some(strace) = Process::new(self.child.id()) {
            // It has already ended if the process has.
            let _ = strace.signal(Signal::INT);
        }
        self.child.wait().context("cannot wait for strace")?;
        let reader = self.reader.take().context("strace has no output")?;
        reader.join().map_err(|_| anyhow!("the reader of strace's output panicked"))
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        if self.reader.is_some() {
            let _ = self.end();
        }
    }
}

/// If strace detaches while a thread is inside a call that is made to fail, the thread gets an unintended error. So
/// this waits until all threads sleep; if they never do, it returns after a while.
fn wait_until_asleep(pid: u32) {
    let Some(process) = Process::new(pid) else { return };
    let deadline = Instant::now() + Duration::from_secs(1);
    let mut asleep = 0;
    while asleep < 2 && Instant::now() < deadline {
        asleep = if process.is_asleep() { asleep + 1 } else { 0 };
        thread::sleep(Duration::from_millis(1));
    }
}

/// Reads the output of strace to its end.
fn read(stderr: impl Read, attached: Option<&Sender<()>>) -> Trace {
    let mut trace = Trace::default();
    let mut said = attached;
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if let Some(attached) = said
            && line.starts_with("strace: Process ")
            && line.contains(" attached")
        {
            let _ = attached.send(());
            said = None;
        } else if said.is_some() {
            trace.complaint = line.into_owned();
        } else {
            trace.note(&line);
        }
    }
    trace
}

/// Parses a trace in a file.
pub fn read_file(text: &str) -> Trace {
    let mut trace = Trace::default();
    for line in text.lines() {
        // Lines such as `71 bind(…`; the first process is the main one.
        if let Some((thread, call)) = line.split_once(' ') {
            trace.note(&format!("[pid {thread}] {}", call.trim_start()));
        }
    }
    trace
}

impl Trace {
    /// How many calls of one thread failed with this error, such as `EMFILE`: of the one with the most.
    pub fn most_failed(&self, error: &str) -> u64 {
        let counts = self.failed.iter().filter(|((name, _), _)| name == error).map(|(_, count)| *count);
        counts.max().unwrap_or(0)
    }

    fn note(&mut self, line: &str) {
        let is_fired = line.contains("(INJECTED)")
            || line.contains("(DELAYED)")
            // A signal has its own line, and only an injected one comes from the kernel.
            || (line.contains("--- SIGURG") && line.contains("SI_KERNEL"));
        // `[pid 71] recvfrom(…` or, while there is one thread, `recvfrom(…`.
        let (thread, call) = line.split_once("] ").unwrap_or(("", line));
        if is_fired {
            self.fired += 1;
            let fired = self.fired_by_thread.entry(thread.to_owned()).or_default();
            *fired += 1;
            self.most_fired = self.most_fired.max(*fired);
        }
        if let Some(error) = line.split_once(" = -1 ").and_then(|(_, error)| error.split(' ').next()) {
            *self.failed.entry((error.to_owned(), thread.to_owned())).or_default() += 1;
        }
        if call.starts_with(|letter: char| letter.is_ascii_lowercase()) && call.contains('(') {
            let calls = self.calls.entry(thread.to_owned()).or_default();
            *calls += 1;
            self.most_calls = self.most_calls.max(*calls);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
strace: Process 16481 attached with 2 threads
strace: Process 16495 attached
[pid 16495] recvfrom(8, 0x7f95dc000ca0, 4096, 0, NULL, NULL) = -1 EINTR (Interrupted system call) (INJECTED)
[pid 16496] sendto(9, \"\"..., 1, MSG_DONTWAIT, NULL, 0 <unfinished ...>
[pid 16495] recvfrom(8,  <unfinished ...>
[pid 16496] <... sendto resumed>)       = 1
[pid 16495] <... recvfrom resumed>\"\"..., 4096, 0, NULL, NULL) = 14 (DELAYED)
--- SIGURG {si_signo=SIGURG, si_code=SI_KERNEL} ---
--- SIGURG {si_signo=SIGURG, si_code=SI_USER, si_pid=1, si_uid=0} ---
strace: Process 16481 detached
";

    #[test]
    fn faults_and_calls_of_each_thread_are_counted() {
        let (sender, receiver) = mpsc::channel();
        let trace = read(OUTPUT.as_bytes(), Some(&sender));
        assert_eq!(receiver.try_recv(), Ok(()));
        assert_eq!((trace.fired, trace.most_fired, trace.most_calls), (3, 2, 2));
        assert_eq!((trace.most_failed("EINTR"), trace.most_failed("EIO")), (1, 0));
    }

    #[test]
    fn failures_are_counted_for_each_thread() {
        let failed = |thread: u32| {
            format!("[pid {thread}] accept4(5, NULL, NULL, 0) = -1 EMFILE (Too many open files)\n")
        };
        let trace = read([failed(7), failed(8), failed(8)].concat().as_bytes(), None);
        assert_eq!(trace.most_failed("EMFILE"), 2);
    }

    #[test]
    fn what_keeps_it_from_attaching_is_kept() {
        let (sender, receiver) = mpsc::channel();
        let refusal = "strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted\n";
        assert!(read(refusal.as_bytes(), Some(&sender)).complaint.contains("not permitted"));
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn several_injections_share_one_strace() {
        let injection = |calls, what: &str| Injection { calls, what: what.to_owned() };
        let both = [injection("recvfrom", "error=EINTR:when=1"), injection("close", "error=EIO:when=2")];
        let arguments = arguments(&["recvfrom", "close"], &both).join(" ");
        assert!(arguments.ends_with(
            "-e trace=recvfrom,close -e inject=recvfrom:error=EINTR:when=1 -e inject=close:error=EIO:when=2"
        ));
    }
}
