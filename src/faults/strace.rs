//! strace as the injector: attached to a running server, or around one that starts.
//!
//! A fault counts only if the trace shows it. Counters of `when` are of each thread, and of threads that begin
//! later, too: so strace lets go before anything but the trial's own clients comes to the server.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};

/// Attaching and letting go takes milliseconds; on a full machine longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to inject, in strace's words: `recvfrom:error=EINTR:when=3`.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) calls: &'static str,
    pub(super) what: String,
}

/// What was seen between attaching and letting go.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Faults that were injected.
    pub(super) fired: u64,
    /// The most calls of one thread.
    pub(super) most_calls: u32,
    calls: HashMap<String, u32>,
    /// What strace itself had to say, when it could not attach.
    complaint: String,
}

/// A running strace.
#[derive(Debug)]
pub(super) struct Strace {
    child: Child,
    reader: JoinHandle<Trace>,
    traced: u32,
}

/// Why nothing can be injected here, if so.
pub(super) fn missing() -> Option<String> {
    let version = Command::new("strace").arg("-V").stdin(Stdio::null()).output();
    match version {
        Ok(output) if output.status.success() => None,
        _ => Some("strace is not here; install it, such as with `apt-get install strace`".to_owned()),
    }
}

/// The version of strace, for the report.
pub(super) fn version() -> String {
    let output = Command::new("strace").arg("-V").output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output);
    text.lines().next().and_then(|line| line.split_whitespace().last()).unwrap_or("unknown").to_owned()
}

/// The arguments that say which calls are traced and what is injected into them.
pub(super) fn arguments(calls: &[&str], injections: &[Injection]) -> Vec<String> {
    let mut arguments: Vec<String> = ["-s", "0", "-e"].map(str::to_owned).to_vec();
    arguments.push(format!("trace={}", calls.join(",")));
    for Injection { calls, what } in injections {
        arguments.extend(["-e".to_owned(), format!("inject={calls}:{what}")]);
    }
    arguments
}

impl Strace {
    /// Attaches to the process and returns once its calls are traced: if there are `files`, only those on these
    /// files, named as `/proc/PID/fd` does.
    ///
    /// # Errors
    /// strace cannot be started or may not attach.
    pub(super) fn attach(
        pid: u32,
        calls: &[&str],
        injections: &[Injection],
        all_threads: bool,
        files: &[PathBuf],
    ) -> Result<Strace> {
        let mut command = Command::new("strace");
        command.args(arguments(calls, injections));
        command.args(all_threads.then_some("-f"));
        for file in files {
            command.arg("-P").arg(file);
        }
        command.arg("-p").arg(pid.to_string());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start strace")?;
        let stderr = child.stderr.take().context("strace has no output")?;
        let (attached, is_attached) = mpsc::channel();
        let reader = thread::spawn(move || read(stderr, Some(&attached)));
        let strace = Strace { child, reader, traced: pid };
        match is_attached.recv_timeout(PATIENCE) {
            Ok(()) => Ok(strace),
            Err(RecvTimeoutError::Timeout) => Err(anyhow!("strace did not attach within {PATIENCE:?}")),
            Err(RecvTimeoutError::Disconnected) => {
                bail!("strace cannot attach to {pid}: {}", strace.detach()?.complaint)
            }
        }
    }

    /// Lets go, and returns what was seen. The process goes on as if nothing had been.
    ///
    /// # Errors
    /// strace does not end.
    pub(super) fn detach(mut self) -> Result<Trace> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
        wait_until_asleep(self.traced);
        // It has ended already if the process has.
        let _ = kill_process(pid, Signal::INT);
        self.child.wait().context("cannot wait for strace")?;
        self.reader.join().map_err(|_| anyhow!("the reader of strace's output panicked"))
    }
}

/// A thread that is let go between the beginning of a call that shall fail and its end gets an error that nobody
/// asked for. So that is done while all threads sleep; if some never do, it is done all the same.
fn wait_until_asleep(pid: u32) {
    let deadline = Instant::now() + Duration::from_secs(1);
    let mut asleep = 0;
    while asleep < 2 && Instant::now() < deadline {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let all_sleep = tasks.into_iter().all(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // The state is the field behind the name, which may hold anything and stands in parentheses.
            !stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(['R', 't', 'D']))
        });
        asleep = if all_sleep { asleep + 1 } else { 0 };
        thread::sleep(Duration::from_millis(1));
    }
}

/// Reads what strace says up to its end.
pub(super) fn read(stderr: impl Read, attached: Option<&Sender<()>>) -> Trace {
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

/// What a trace in a file says.
pub(super) fn read_file(text: &str) -> Trace {
    let mut trace = Trace::default();
    for line in text.lines() {
        // `71 bind(…`, and the process that began is the first.
        if let Some((thread, call)) = line.split_once(' ') {
            trace.note(&format!("[pid {thread}] {}", call.trim_start()));
        }
    }
    trace
}

impl Trace {
    fn note(&mut self, line: &str) {
        let is_fired = line.contains("(INJECTED)")
            || line.contains("(DELAYED)")
            // A signal stands in a line of its own, and only an injected one comes from the kernel.
            || (line.contains("--- SIGURG") && line.contains("SI_KERNEL"));
        self.fired += u64::from(is_fired);
        // `[pid 71] recvfrom(…` or, while there is one thread, `recvfrom(…`.
        let (thread, call) = line.split_once("] ").unwrap_or(("", line));
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
        assert_eq!((trace.fired, trace.most_calls), (3, 2));
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
