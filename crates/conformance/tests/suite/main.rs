//! The catalogue against servers with planted faults: the suite must be able to fail.
//!
//! | module | what belongs there |
//! | --- | --- |
//! | `support` | a small server, right or with one planted fault |
//! | `broken_servers` | such servers in this process: what a client sees of a fault |
//! | `faulty_processes` | such servers as processes of their own: what is seen of a process from outside |

mod broken_servers;
#[cfg(target_os = "linux")]
mod faulty_processes;
mod support;
