//! Running several workers in parallel.

use std::io;
use std::thread::{self, Builder};

use anyhow::Context;

/// Runs `work` on every worker, the first on the calling thread and each other on a thread of its own, and
/// returns when all are done. The first error is returned after all workers have finished.
///
/// The threads exist for this call only: none outlives a failure or a panic, and no worker waits for another.
pub(crate) fn side_by_side<W: Send>(
    workers: &mut [W],
    work: impl Fn(&mut W) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let (result, failed) = run(workers, &work, thread);
    failed.map_or(Ok(()), |(_, error)| {
        Err(error).context("cannot spawn a thread for the load; use fewer threads")
    })?;
    result
}

/// The same for work after the measured window: if no thread can be spawned any more, the workers that have none are run
/// one after the other, so that what was measured is not lost.
pub(crate) fn side_by_side_or_in_turn<W: Send>(
    workers: &mut [W],
    work: impl Fn(&mut W) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    run_all(workers, work, thread)
}

fn run_all<W: Send>(
    workers: &mut [W],
    work: impl Fn(&mut W) -> anyhow::Result<()> + Sync,
    thread: fn() -> Builder,
) -> anyhow::Result<()> {
    let (result, failed) = run(workers, &work, thread);
    let left = failed.map_or(workers.len(), |(started, _)| started);
    workers[left..].iter_mut().map(work).fold(result, anyhow::Result::and)
}

fn thread() -> Builder {
    Builder::new().name("load".to_owned())
}

/// Runs the workers for which a thread can be spawned. Returns the first error of their work; and if no further thread
/// could be spawned, how many workers have run and why there are not more.
fn run<W: Send>(
    workers: &mut [W],
    work: &(impl Fn(&mut W) -> anyhow::Result<()> + Sync),
    thread: fn() -> Builder,
) -> (anyhow::Result<()>, Option<(usize, io::Error)>) {
    let Some((first, others)) = workers.split_first_mut() else { return (Ok(()), None) };
    thread::scope(|scope| {
        let mut started = Vec::with_capacity(others.len());
        let mut failed = None;
        for worker in others {
            match thread().spawn_scoped(scope, move || work(worker)) {
                Ok(handle) => started.push(handle),
                Err(error) => {
                    failed = Some((1 + started.len(), error));
                    break;
                }
            }
        }
        let mut result = work(first);
        for handle in started {
            let ended = handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            result = result.and(ended);
        }
        (result, failed)
    })
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn every_worker_runs_and_the_first_error_is_returned() {
        let mut workers: Vec<u32> = (0..5).collect();
        let result = side_by_side(&mut workers, |worker| {
            *worker += 10;
            if *worker >= 13 {
                bail!("worker {worker}")
            }
            Ok(())
        });
        assert_eq!(workers, [10, 11, 12, 13, 14]);
        assert_eq!(result.unwrap_err().to_string(), "worker 13");
    }

    #[test]
    fn a_worker_for_which_no_thread_can_be_spawned_is_run_all_the_same() {
        // No address space has room for such a stack.
        let impossible = || Builder::new().stack_size(1 << 46);
        let mut workers: Vec<u32> = (0..4).collect();
        let result = run_all(
            &mut workers,
            |worker| {
                *worker += 10;
                if *worker == 12 {
                    bail!("worker {worker}")
                }
                Ok(())
            },
            impossible,
        );
        assert_eq!(workers, [10, 11, 12, 13]);
        assert_eq!(result.unwrap_err().to_string(), "worker 12");
    }

    #[test]
    fn workers_run_at_the_same_time() {
        let all_started = std::sync::Barrier::new(3);
        side_by_side(&mut [(); 3], |()| {
            all_started.wait();
            Ok(())
        })
        .unwrap();
    }
}
