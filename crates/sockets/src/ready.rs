//! Clients of models that wait for readiness: sockets that never block, and turns.
//!
//! A poller reports which sockets are ready. Each of their clients then takes a *turn*: what is left of its last
//! reply, then one `recv` and one `send`, however many messages they hold. A turn ends where the socket would
//! block, or where its buffer is used up and the other clients come first.
//!
//! | idea | where |
//! | --- | --- |
//! | one client, on any socket, and its turns | [`Client`], [`Turn`] |
//! | the steps of a turn, one by one | [`Exchange`] |
//! | accepting without blocking or spinning | [`Acceptor`] |
//! | what all clients of a server share | [`Shared`] |

mod acceptor;
mod client;
mod exchange;
mod shared;
mod turn;

pub use acceptor::Acceptor;
pub use client::Client;
pub use exchange::{Exchange, Receipt, Sending};
pub use shared::Shared;
pub use turn::Turn;

/// A good size for the one receive buffer of a loop: it stays in the processor's cache, and it is what one client
/// may have answered in one turn before the others get theirs. It is also the most that one may leave untaken: with
/// what the allocator adds, a client that does not read then holds less than 64 KiB.
pub const BUFFER_SIZE: usize = 48 * 1024;
