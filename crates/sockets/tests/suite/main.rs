//! The crate from outside: clients on real sockets.

mod blocking;
#[cfg(target_os = "linux")]
mod window;
