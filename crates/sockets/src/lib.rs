//! A [conversation](conversation::Conversation) on a socket. The decisions are the conversation's; here are the
//! system calls that carry them out, and what else a model needs that is not its lesson.
//!
//! | idea | where | who uses it |
//! | --- | --- | --- |
//! | one read or write: interrupted, short, refused | [`receive`], [`send`] | all |
//! | what only the socket knows | [`ask`], [`is_gone`] | all |
//! | the clock that stamps each message | [`now`] | all |
//! | what a failed wait means | `judge_wait` | models whose own call waits |
//! | clients of threads that block, with timeouts, woken at shutdown | [`blocking`] | models that block |
//! | clients that take turns, and accepting without blocking | [`ready`] | event-driven models |
//! | several loops on one address | [`shards`] | tokio, with a runtime for each core |
//! | what the tasks of clients share | [`tasks`] | models with a task for each client |
//! | operations that the kernel completes later | `completion`, on Linux | io-uring |
//!
//! Test faults at reads and writes are injected here, so that no model's file shows them.
//!
//! What may not live here: a decision about a connection, which is the conversation's, or a way to wait, which is the
//! model's.

// Built with `--cfg loom` there is no system below: what polls is left out, and `ask` and `wire` are
// stand-ins that the models in `interleavings` can see through.
pub mod blocking;
#[cfg(all(target_os = "linux", not(loom)))]
pub mod completion;
#[cfg(not(loom))]
pub mod ready;
#[cfg(not(loom))]
pub mod shards;
#[cfg(not(loom))]
pub mod tasks;

#[cfg_attr(loom, path = "interleavings/ask.rs")]
mod ask;
mod clock;
#[cfg(all(test, loom))]
mod interleavings;
mod transfer;
#[cfg(not(loom))]
mod wait;
#[cfg_attr(loom, path = "interleavings/wire.rs")]
mod wire;

pub use ask::{ask, is_gone};
pub use clock::now;
pub use transfer::{Received, Sent, receive, send};
#[cfg(not(loom))]
pub use wait::judge_wait;
pub use wire::Wire;
