//! CPU affinity: on which CPUs a thread, and everything that it starts, may run.

use anyhow::{Result, bail};

/// Pins the calling thread, and the threads and processes that it starts from now on, to this CPU.
///
/// # Errors
/// There is no such CPU, or this program may not use it.
#[cfg(target_os = "linux")]
pub fn pin_to(cpu: usize) -> Result<()> {
    use anyhow::Context;
    use rustix::thread::{CpuSet, sched_setaffinity};

    if cpu >= CpuSet::MAX_CPU {
        bail!("CPU {cpu} is out of range: the limit is {}", CpuSet::MAX_CPU);
    }
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("cannot pin to CPU {cpu}"))
}

/// The CPUs that the calling thread may run on, in order.
///
/// # Errors
/// The system does not report it.
#[cfg(target_os = "linux")]
pub fn allowed() -> Result<Vec<usize>> {
    use anyhow::Context;
    use rustix::thread::{CpuSet, sched_getaffinity};

    let set = sched_getaffinity(None).context("cannot determine which CPUs this program may use")?;
    Ok((0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
}

/// As on Linux; not supported elsewhere.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn pin_to(cpu: usize) -> Result<()> {
    bail!("cannot pin to CPU {cpu}: this needs Linux")
}

/// As on Linux; not supported elsewhere.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn allowed() -> Result<Vec<usize>> {
    bail!("cannot determine which CPUs this program may use: this needs Linux")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_may_use_only_that_cpu() {
        std::thread::spawn(|| {
            let last = *allowed().unwrap().last().unwrap();
            pin_to(last).unwrap();
            assert_eq!(allowed().unwrap(), [last]);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_cpu_that_does_not_exist_is_an_error_that_names_it() {
        let message = format!("{:#}", pin_to(1_000).unwrap_err());
        assert!(message.contains("1000"), "{message}");
        assert!(pin_to(usize::MAX).is_err());
    }
}
