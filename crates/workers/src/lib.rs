//! Threads that test numbers for an event loop, which must not compute, and a bounded queue before them.
//!
//! ```text
//!   loop ── push ──▶ bounded queue ──▶ N workers ── verdicts, and a wake-up ──▶ loop
//!     └──── cancel: a test that nobody waits for any more stops within a slice ───▲
//! ```
//!
//! libuv has the same: a loop, a queue, and four threads.

mod queue;

pub use queue::{Answered, Queue, make};
