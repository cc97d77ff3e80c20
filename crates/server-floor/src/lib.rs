//! # The floor: what the kernel allows
//!
//! Raw echo: whatever arrives goes back as it is. No protocol, no greeting, no limits, no timeouts, no
//! logs. These are not models to choose from. They are what the models are divided by: the part of a
//! message's cost that is the kernel's TCP, and that no concurrency model can save.
//!
//! - [`on_threads`]: a blocking thread for each connection, two system calls for each message.
//! - [`on_epoll`]: one thread and one readiness loop, on plain system calls.
//! - [`on_io_uring`]: one thread and one ring, one system call for each turn.

#[cfg(target_os = "linux")]
mod burn;
#[cfg(target_os = "linux")]
pub mod on_epoll;
#[cfg(target_os = "linux")]
pub mod on_io_uring;
pub mod on_threads;

/// Larger than any model's, so that no model needs fewer system calls than its floor; and a page larger than the longest
/// message of a comparison, since a read that fills the buffer is followed by one more.
const BUFFER_SIZE: usize = 68 * 1024;
