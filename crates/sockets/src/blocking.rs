//! Clients of models whose threads block in `recv` and `send`.
//!
//! A blocked thread sees neither a flag nor a clock. Timeouts are therefore the kernel's: `SO_RCVTIMEO` for `recv`,
//! the timeout of `poll` when a `send` must wait; each time one ends, the thread looks at its conversation. For
//! shutdown one *drain thread* sleeps beside the model. When shutdown is requested it closes the receiving half of
//! each idle socket: the blocked `recv` returns 0, just as if the client had closed, and the connection ends the way
//! connections always end.
//!
//! | idea | where |
//! | --- | --- |
//! | a blocking accept that a shutdown can wake | [`Acceptor`] |
//! | all connections, and the drain thread | [`Connections`] |
//! | one client: greet, receive, answer, and what an answer may need first | [`Client`], [`Chunk`] |
//! | who sends FIN when the server stops | `handshake.rs`, `socket.rs` |

#[cfg(not(loom))]
mod acceptor;
mod client;
#[cfg(not(loom))]
mod connections;
mod handshake;
mod shared;
mod socket;

#[cfg(not(loom))]
pub use acceptor::Acceptor;
pub use client::{Chunk, Client};
#[cfg(not(loom))]
pub use connections::Connections;
#[cfg(all(test, loom))]
pub(crate) use shared::Shared;
