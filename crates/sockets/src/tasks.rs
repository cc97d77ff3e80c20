//! Clients of models that give each one a task: what the tasks share, and how a waiting one is kept small.
//!
//! The usual tools, a `timeout` around each read, a `select!` with a shutdown signal and a buffer, would be a part of
//! every waiting task, and the timer would be set anew for each message. So no task has any of them:
//!
//! - the *heartbeat* wakes all of them some times in each timeout, and each then [looks](crate::ready::Exchange::look)
//!   at the clock and at the drain for itself ([`Tasks`], [`Place`]);
//! - buffers are lent by the thread, and given back before a task waits ([`Chunk`]).

mod arrivals;
mod chunk;
mod place;

pub use arrivals::Arrivals;
pub use chunk::Chunk;
pub use place::{Place, Tasks};
