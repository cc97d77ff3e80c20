//! The crate from outside: clients on real sockets.

mod blocking;
