//! The client toolkit: one connection that can behave well, be slow, have small buffers or reset.
//!
//! The socket is non-blocking and every wait is a poll with a deadline, so that no case can hang. A stream ends either
//! with a FIN (the server closed in order and nothing was lost) or with a reset, and cases distinguish the two.

mod attempts;
mod connection;
mod excerpt;
mod expectations;

pub(crate) use attempts::{Ending, Incoming, Outgoing};
pub(crate) use connection::{Buffers, Client};
