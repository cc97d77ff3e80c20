//! The catalogue against servers with planted faults: the suite must be able to fail.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `support` | a small server, correct or with one planted fault |
//! | `broken_servers` | such servers in this process: the faults that a client observes |
//! | `broken_primes` | the same for the prime service |
//! | `gone` | such servers at an address, after which the run must end |
//! | `faulty_processes` | such servers as processes of their own: the faults that are observed from outside a process |

mod broken_primes;
mod broken_servers;
#[cfg(target_os = "linux")]
mod faulty_processes;
mod gone;
mod support;
