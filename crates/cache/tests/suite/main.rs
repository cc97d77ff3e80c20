//! The stand-in for Redis from outside: as a client sees it, and as code without sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod commands;
mod faults;
mod latency;
mod limits;
mod redis;
mod server;
mod stop;
