//! Faults at operations that a server hands to the kernel, where strace sees nothing: the server reads a file of them before
//! each operation, and writes beside it what it has injected.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result};

use observe::strace::{Injection, Trace};

/// What names an operation in the plan: `ring:receive`.
const PREFIX: &str = "ring:";

/// A client whose reply is cut short is not read meanwhile: its receive is cancelled.
const CAUSES_CANCELS: &str = "send short 1+";

/// Whether these are operations, and no system calls.
pub(super) fn are_operations(calls: &str) -> bool {
    calls.starts_with(PREFIX)
}

/// The file that a server with logs in this folder reads.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("operations")
}

/// Faults that are being injected. None are any more when this is dropped.
#[derive(Debug)]
pub(super) struct Operations {
    file: PathBuf,
    trial: String,
    /// How many of the rules are faults.
    faults: usize,
}

impl Operations {
    /// Injects these from now on into the server with logs in this folder, and counts these operations.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn attach(folder: &Path, calls: &[&str], injections: &[Injection]) -> Result<Operations> {
        static TRIALS: AtomicU64 = AtomicU64::new(1);
        let trial = format!("trial {}", TRIALS.fetch_add(1, Relaxed));
        let mut rules: Vec<String> = injections.iter().map(rule).collect();
        let faults = rules.len();
        if rules.is_empty() {
            rules.extend(calls.iter().map(|call| format!("{} none 1", operation(call))));
        }
        if calls.contains(&"ring:cancel") {
            rules.push(CAUSES_CANCELS.to_owned());
        }
        let file = file(folder);
        let written = file.with_extension("new");
        fs::write(&written, format!("{trial}\n{}\n", rules.join("\n"))).context("cannot write the faults")?;
        fs::rename(&written, &file).context("cannot write the faults")?;
        Ok(Operations { file, trial, faults })
    }

    /// How many operations there were, and how many faults.
    pub(super) fn detach(self) -> Trace {
        let done = fs::read_to_string(self.file.with_extension("done")).unwrap_or_default();
        let mut lines = done.lines();
        // Without an operation nothing has been written since the last trial.
        if lines.next() != Some(&self.trial) {
            return Trace::default();
        }
        let counts: Vec<(u32, u64)> = lines.filter_map(counts).collect();
        let mut trace = Trace::default();
        trace.fired = counts.iter().take(self.faults).map(|(_, fired)| fired).sum();
        trace.most_calls = counts.first().map_or(0, |(calls, _)| *calls);
        trace
    }
}

impl Drop for Operations {
    fn drop(&mut self) {
        // It fails only if somebody has removed the whole folder.
        let _ = fs::remove_file(&self.file);
    }
}

fn operation(calls: &str) -> &str {
    calls.trim_start_matches(PREFIX)
}

/// From strace's way of writing: `error=ENOBUFS:when=3`.
fn rule(injection: &Injection) -> String {
    let (what, when) = injection.what.split_once(":when=").unwrap_or((&injection.what, "1"));
    format!("{} {} {when}", operation(injection.calls), what.trim_start_matches("error="))
}

fn counts(line: &str) -> Option<(u32, u64)> {
    let (calls, fired) = line.split_once(' ')?;
    Some((calls.parse().ok()?, fired.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_writes_is_counted_if_it_is_of_this_trial() {
        let folder = tempfile::tempdir().unwrap();
        let injection = Injection { calls: "ring:send", what: "error=EPIPE:when=1+2".to_owned() };
        let attach =
            || Operations::attach(folder.path(), &["ring:send"], std::slice::from_ref(&injection)).unwrap();
        let (first, second) = (attach(), attach());
        let text = fs::read_to_string(file(folder.path())).unwrap();
        assert_eq!(text, format!("{}\nsend EPIPE 1+2\n", second.trial));
        fs::write(folder.path().join("operations.done"), format!("{}\n7 4\n", second.trial)).unwrap();
        assert_eq!(first.detach().fired, 0);
        let trace = second.detach();
        assert_eq!((trace.most_calls, trace.fired), (7, 4));
        assert!(!file(folder.path()).exists(), "no fault is injected any more");
    }
}
