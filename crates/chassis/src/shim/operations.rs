//! Faults at operations that a server hands to the kernel and that complete later. No tool sees them from outside: strace
//! shows one call for many of them, and a trace of that call shows neither what was asked nor what came of it. So the
//! server itself must be asked, before each operation, whether another one is to take its place.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;

use crate::options::Options;

/// An operation that a server hands to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// Accept clients.
    Accept,
    /// Receive from a client.
    Receive,
    /// Send to a client.
    Send,
    /// Cancel another operation.
    Cancel,
}

/// What is to become of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// It is not executed, and completes with this error.
    Error(Errno),
    /// It moves fewer bytes than it could.
    Short,
    /// It would complete again and again, but ends with its first completion.
    Once,
}

impl Options {
    /// To be called before each operation that is handed to the kernel.
    #[inline]
    pub fn before_operation(&self, operation: Handed) -> Option<Instead> {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            return shim.before_operation(operation);
        }
        self.operation_faults.as_ref()?.before(operation)
    }
}

/// Faults at operations, as a file says that a tool writes while the server runs. Next to it, in a file with `.done` at the end of
/// its name, stands what has come of it: a line for each fault, with the number of operations and of faults.
///
/// The first line names the trial. Each further one is a fault: `receive ECONNRESET 3`. The operation is `accept`, `receive`,
/// `send` or `cancel`; the fault an error, `short`, `once` or `none`; the last word says at which of these
/// operations, counted from 1: `3`, `1..3`, `1+` (all) or `1+2` (every second one).
#[derive(Clone, Debug)]
pub struct OperationFaults {
    file: PathBuf,
    trial: Arc<Mutex<Trial>>,
}

#[derive(Debug, Default)]
struct Trial {
    text: String,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    operation: Handed,
    fault: Option<Instead>,
    when: When,
    /// How many of these operations there have been.
    calls: u64,
    /// At how many of them it was injected.
    fired: u64,
}

/// At the first, and then at each so many after it up to the last.
#[derive(Debug)]
struct When {
    first: u64,
    step: u64,
    last: u64,
}

impl OperationFaults {
    fn before(&self, operation: Handed) -> Option<Instead> {
        // Not there between two trials.
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let mut trial = self.trial.lock().unwrap_or_else(PoisonError::into_inner);
        if trial.text != text {
            *trial = Trial { rules: text.lines().skip(1).filter_map(rule).collect(), text };
        }
        let fault = trial.next(operation);
        if let Some(name) = trial.text.lines().next() {
            let counts = trial.rules.iter().map(|rule| format!("{} {}\n", rule.calls, rule.fired));
            let text = format!("{name}\n{}", counts.collect::<String>());
            let written = self.file.with_extension("written");
            // Without this file the trial counts as one in which nothing was injected.
            let _ = fs::write(&written, text)
                .and_then(|()| fs::rename(&written, self.file.with_extension("done")));
        }
        fault
    }
}

impl Trial {
    fn next(&mut self, operation: Handed) -> Option<Instead> {
        // Accept and receive are asked for once, and that before a trial begins. Only if each ends with its first completion
        // are there operations in the middle of a conversation at which something can fail.
        // But only a receive that goes on is ever cancelled.
        let cancels = self.rules.iter().any(|rule| rule.operation == Handed::Cancel);
        let is_single = operation == Handed::Accept || (operation == Handed::Receive && !cancels);
        let ends = is_single.then_some(Instead::Once);
        for rule in self.rules.iter_mut().filter(|rule| rule.operation == operation) {
            rule.calls += 1;
            if rule.when.includes(rule.calls) && rule.fault.is_some() {
                rule.fired += 1;
                return rule.fault;
            }
        }
        ends
    }
}

impl When {
    const fn includes(&self, call: u64) -> bool {
        call >= self.first && call <= self.last && (call - self.first).is_multiple_of(self.step)
    }
}

fn rule(line: &str) -> Option<Rule> {
    let mut words = line.split(' ');
    let operation = match words.next()? {
        "accept" => Handed::Accept,
        "receive" => Handed::Receive,
        "send" => Handed::Send,
        "cancel" => Handed::Cancel,
        _ => return None,
    };
    let fault = match words.next()? {
        "none" => None,
        "short" => Some(Instead::Short),
        "once" => Some(Instead::Once),
        name => Some(Instead::Error(errno(name)?)),
    };
    Some(Rule { operation, fault, when: when(words.next()?)?, calls: 0, fired: 0 })
}

/// As strace writes it.
fn when(text: &str) -> Option<When> {
    if let Some((first, last)) = text.split_once("..") {
        return Some(When { first: first.parse().ok()?, step: 1, last: last.parse().ok()? });
    }
    if let Some((first, step)) = text.split_once('+') {
        let step = if step.is_empty() { 1 } else { step.parse().ok()? };
        return Some(When { first: first.parse().ok()?, step, last: u64::MAX });
    }
    let only = text.parse().ok()?;
    Some(When { first: only, step: 1, last: only })
}

fn errno(name: &str) -> Option<Errno> {
    Some(match name {
        "EAGAIN" => Errno::AGAIN,
        "EALREADY" => Errno::ALREADY,
        "EBADF" => Errno::BADF,
        "ECANCELED" => Errno::CANCELED,
        "ECONNABORTED" => Errno::CONNABORTED,
        "ECONNRESET" => Errno::CONNRESET,
        "EHOSTUNREACH" => Errno::HOSTUNREACH,
        "EINTR" => Errno::INTR,
        "EINVAL" => Errno::INVAL,
        "EIO" => Errno::IO,
        "EMFILE" => Errno::MFILE,
        "ENFILE" => Errno::NFILE,
        "ENOBUFS" => Errno::NOBUFS,
        "ENOENT" => Errno::NOENT,
        "ENOMEM" => Errno::NOMEM,
        "EPERM" => Errno::PERM,
        "EPIPE" => Errno::PIPE,
        "EPROTO" => Errno::PROTO,
        "ETIMEDOUT" => Errno::TIMEDOUT,
        _ => return None,
    })
}

impl FromStr for OperationFaults {
    type Err = std::convert::Infallible;

    fn from_str(file: &str) -> Result<Self, Self::Err> {
        Ok(OperationFaults { file: file.into(), trial: Arc::default() })
    }
}

impl fmt::Display for OperationFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.display().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of five operations.
    fn faults(script: &str, operation: Handed) -> Vec<Option<Instead>> {
        let folder = std::env::temp_dir().join(format!("operations-{}-{script:.7}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("faults");
        fs::write(&file, format!("trial 1\n{script}\n")).unwrap();
        let faults: OperationFaults = file.to_str().unwrap().parse().unwrap();
        let seen = (0..5).map(|_| faults.before(operation)).collect();
        let fired = fs::read_to_string(folder.join("faults.done")).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(fired.starts_with("trial 1\n"), "{fired}");
        seen
    }

    #[test]
    fn a_script_says_at_which_operation_what_happens() {
        let error = Some(Instead::Error(Errno::PIPE));
        assert_eq!(faults("send EPIPE 2", Handed::Send), [None, error, None, None, None]);
        assert_eq!(faults("send EPIPE 1+2", Handed::Send), [error, None, error, None, error]);
        assert_eq!(faults("send EPIPE 2..3", Handed::Send), [None, error, error, None, None]);
        assert_eq!(faults("accept EMFILE 1+", Handed::Send), [None; 5]);
    }

    #[test]
    fn accepts_end_with_their_first_client_so_that_all_are_reached() {
        let (once, error) = (Some(Instead::Once), Some(Instead::Error(Errno::MFILE)));
        assert_eq!(faults("accept EMFILE 2..9", Handed::Accept), [once, error, error, error, error]);
    }

    #[test]
    fn receives_bring_one_part_each_so_that_all_parts_are_reached() {
        let once = Some(Instead::Once);
        let error = Some(Instead::Error(Errno::NOBUFS));
        assert_eq!(faults("receive ENOBUFS 2", Handed::Receive), [once, error, once, once, once]);
    }

    #[test]
    fn receives_go_on_in_a_trial_of_cancellations() {
        assert_eq!(faults("cancel ENOENT 1", Handed::Receive), [None; 5]);
    }

    #[test]
    fn what_is_no_rule_is_none() {
        for line in ["", "receive", "receive EPIPE", "receive EFOO 1", "write EPIPE 1", "send EPIPE x"] {
            assert!(rule(line).is_none(), "{line}");
        }
    }
}
