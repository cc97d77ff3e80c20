//! Starting idle ones and keeping them, in a process that is observed from outside.
//!
//! The process says on standard output how far it is, and goes on when a line comes on standard input:
//! `ready` (none is started yet), `started NANOSECONDS` (each has run once). At the end of its input it exits.

use std::future;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use corosensei::{Coroutine, Yielder};
use stacks::{Stack, Stacks};

use crate::Kind;

/// Plays the observed process.
///
/// # Errors
/// One of them cannot be started; the message says how many there were. Or the pipes to the observer are closed.
pub fn hold(kind: Kind, count: u32) -> Result<ExitCode> {
    match kind {
        Kind::Thread => threads(count),
        Kind::Coroutine => coroutines(count),
        Kind::Task => tasks(count),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Tells the observer how far it is, and waits until it is to go on.
fn pause(say: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{say}").and_then(|()| output.flush()).context("nobody observes this process")?;
    io::stdin().lock().read_line(&mut String::new()).context("nobody observes this process")?;
    Ok(())
}

fn pause_started(time: Duration) -> Result<()> {
    pause(&format!("started {}", time.as_nanos()))
}

fn threads(count: u32) -> Result<()> {
    let running = Arc::new(AtomicU32::new(0));
    let starter = thread::current();
    pause("ready")?;
    let began = Instant::now();
    for number in 1..=count {
        let (running, starter) = (Arc::clone(&running), starter.clone());
        let idle = move || {
            if running.fetch_add(1, SeqCst) + 1 == count {
                starter.unpark();
            }
            // It may wake up without a reason.
            loop {
                thread::park();
            }
        };
        thread::Builder::new().spawn(idle).with_context(|| {
            format!(
                "thread {number} of {count} cannot be spawned; choose fewer, or raise the limit on processes \
                 (`ulimit -u`, pids.max of the control group, kernel.threads-max)"
            )
        })?;
    }
    while running.load(SeqCst) < count {
        thread::park();
    }
    pause_started(began.elapsed())
}

type Idle = Coroutine<(), (), (), Stack>;

fn coroutines(count: u32) -> Result<()> {
    let mut all: Vec<Idle> = Vec::new();
    pause("ready")?;
    let began = Instant::now();
    let stacks = Stacks::reserve(count as usize)?;
    for number in 1..=count {
        let stack = stacks.take().with_context(|| format!("coroutine {number} of {count} has no stack"))?;
        let mut idle = Idle::with_stack(stack, |yielder: &Yielder<(), ()>, ()| yielder.suspend(()));
        idle.resume(());
        all.push(idle);
    }
    pause_started(began.elapsed())?;
    // Each would be unwound, for nothing: the process ends.
    std::mem::forget(all);
    Ok(())
}

fn tasks(count: u32) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().context("no runtime")?;
    let running = Arc::new(AtomicU32::new(0));
    pause("ready")?;
    let began = Instant::now();
    runtime.block_on(async {
        for _ in 0..count {
            let running = Arc::clone(&running);
            tokio::spawn(async move {
                running.fetch_add(1, SeqCst);
                future::pending::<()>().await;
            });
        }
        while running.load(SeqCst) < count {
            tokio::task::yield_now().await;
        }
    });
    pause_started(began.elapsed())
}
