//! Running several workers in parallel.

use std::thread;

use anyhow::Context;

/// Runs `work` on every worker, the first on the calling thread and each other on a thread of its own, and
/// returns when all are done. The first error is returned after all workers have finished.
///
/// The threads exist for this call only: none outlives a failure or a panic, and no worker waits for another.
pub(crate) fn side_by_side<W: Send>(
    workers: &mut [W],
    work: impl Fn(&mut W) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let Some((first, others)) = workers.split_first_mut() else { return Ok(()) };
    thread::scope(|scope| {
        let work = &work;
        let mut started = Vec::with_capacity(others.len());
        for worker in others {
            let thread = thread::Builder::new().name("load".to_owned());
            let handle = thread
                .spawn_scoped(scope, move || work(worker))
                .context("cannot spawn a thread for the load; use fewer threads")?;
            started.push(handle);
        }
        let mut result = work(first);
        for handle in started {
            let ended = handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            result = result.and(ended);
        }
        result
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
    fn workers_run_at_the_same_time() {
        let all_started = std::sync::Barrier::new(3);
        side_by_side(&mut [(); 3], |()| {
            all_started.wait();
            Ok(())
        })
        .unwrap();
    }
}
