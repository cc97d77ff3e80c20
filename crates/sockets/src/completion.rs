//! Clients of models that hand operations to the kernel and are told what has come of them: `io_uring`.
//!
//! | idea | where |
//! | --- | --- |
//! | the ring: what can be asked for, and turns | [`Ring`], [`Operation`] |
//! | what has come of it | [`Completion`], [`Sent`] |
//! | receive buffers that belong to the ring | [`Buffer`], [`Payload`] |
//! | several rings with a thread each | [`run_rings`] |
//! | accepting, with pauses when a resource is short | [`Acceptor`] |
//! | what came of clients that are not read | [`Unread`] |
//!
//! Sockets are *direct descriptors*: places in a table of the ring, which the kernel chooses when it accepts. They are no file
//! descriptors. A place names its client in everything that is asked for, and is given away again once it is closed.
//!
//! A send does not wait (see [`Ring::send`]): it is over when the call that hands it over returns. So the bytes that
//! the kernel reads belong to the ring from one turn to the next and no longer, and nothing is kept for a client that waits.

mod acceptor;
mod buffers;
mod operation;
mod ring;
mod rings;
mod unread;

pub use acceptor::Acceptor;
pub use buffers::Buffer;
pub use operation::{Completion, Key, Operation, Outgoing, Payload, Sent};
pub use ring::{Ring, missing};
pub use rings::run_rings;
pub use unread::Unread;
