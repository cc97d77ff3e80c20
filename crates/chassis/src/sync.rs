//! The locks, atomics and shared pointers between threads: the standard library's, or loom's while the models
//! of the crate `sockets` try their operations in every order.

#[cfg(loom)]
pub use loom::sync::{Arc, Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
pub use std::sync::{Arc, Mutex, MutexGuard, atomic};
