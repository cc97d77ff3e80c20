//! Observing the process of one kind.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use observe::footprint::{self, Footprint};
use observe::usage;

use crate::{Cost, Kind};

/// How long the process may take for a step: thousands of threads start within seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long they are left idle.
const IDLE: Duration = Duration::from_secs(1);

/// What `count` idle ones of this kind cost. The command must start a process that [holds](crate::hold) them, and that
/// ends with this one.
///
/// # Errors
/// The process cannot start them all (its message is on standard error) or be observed, which needs Linux.
pub fn measure(command: Command, kind: Kind, count: u32) -> Result<Cost> {
    let mut idlers = Idlers::start(command)?;
    let what = || format!("{count} idle {}s", kind.name());
    idlers.next_step("ready").with_context(what)?;
    let pid = idlers.child.id();
    let (empty, before) = (footprint::read(pid)?, usage::read(pid)?);
    idlers.go_on()?;
    let start_ns = idlers.next_step("started").with_context(what)?.trim().parse().context("not a time")?;
    let started = usage::read(pid)?;
    let full = footprint::read(pid)?;
    // Reading the files of thousands of threads takes time, which is none of theirs.
    let (began, at_rest) = (Instant::now(), usage::read(pid)?);
    thread::sleep(IDLE);
    let idle_cpu_ns = usage::read(pid)?.since(&at_rest).cpu_ns;
    let idle_ns = u64::try_from(began.elapsed().as_nanos())?;
    let start_cpu_ns = started.since(&before).cpu_ns;
    Ok(Cost { start_cpu_ns, idle_ns, idle_cpu_ns, ..grown(kind, count, start_ns, &empty, &full) })
}

fn grown(kind: Kind, count: u32, start_ns: u64, empty: &Footprint, full: &Footprint) -> Cost {
    let of_machine = |before: Option<u64>, after: Option<u64>| Some(growth(before?, after?));
    Cost {
        kind,
        count,
        start_ns,
        start_cpu_ns: 0,
        idle_ns: 0,
        idle_cpu_ns: 0,
        resident_bytes: growth(empty.resident_bytes, full.resident_bytes),
        page_table_bytes: growth(empty.page_table_bytes, full.page_table_bytes),
        kernel_stack_bytes: of_machine(empty.kernel_stack_bytes, full.kernel_stack_bytes),
        kernel_object_bytes: of_machine(empty.kernel_object_bytes, full.kernel_object_bytes),
        address_space_bytes: growth(empty.address_space_bytes, full.address_space_bytes),
    }
}

/// Negative if something has shrunk.
fn growth(before: u64, after: u64) -> i64 {
    let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    signed(after) - signed(before)
}

/// The observed process; it is killed when this is dropped.
struct Idlers {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Idlers {
    fn start(mut command: Command) -> Result<Idlers> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start a process that holds them")?;
        let (input, output) =
            (child.stdin.take().context("no pipe")?, child.stdout.take().context("no pipe")?);
        let (sender, lines) = mpsc::channel();
        // Ends with the process.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Ok(Idlers { child, input, lines })
    }

    /// Waits until it says this; what follows the word.
    fn next_step(&mut self, word: &str) -> Result<String> {
        let line =
            self.lines.recv_timeout(PATIENCE).context("the process that holds them has ended, or hangs")?;
        match line.strip_prefix(word) {
            Some(rest) => Ok(rest.to_owned()),
            None => bail!("the process that holds them said {line:?} instead of {word:?}"),
        }
    }

    fn go_on(&mut self) -> Result<()> {
        self.input.write_all(b"\n").context("the process that holds them has ended")
    }
}

impl Drop for Idlers {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(own: u64, kernel_stack_bytes: Option<u64>) -> Footprint {
        Footprint {
            resident_bytes: own,
            page_table_bytes: own,
            address_space_bytes: own,
            kernel_stack_bytes,
            kernel_object_bytes: Some(1_000),
        }
    }

    #[test]
    fn what_has_grown_is_the_cost_and_what_another_program_gave_back_is_no_error() {
        let cost = grown(Kind::Task, 10, 5, &footprint(100, Some(64)), &footprint(160, Some(32)));
        assert_eq!((cost.resident_bytes, cost.page_table_bytes, cost.address_space_bytes), (60, 60, 60));
        assert_eq!((cost.kernel_stack_bytes, cost.kernel_object_bytes), (Some(-32), Some(0)));
        assert_eq!(cost.kernel_bytes(), 28);
        let unknown = grown(Kind::Task, 10, 5, &footprint(0, None), &footprint(0, Some(1)));
        assert_eq!(unknown.kernel_stack_bytes, None);
    }
}
