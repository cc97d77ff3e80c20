//! The locks, atomics and shared pointers between threads: the standard library's, or loom's while the models
//! in `interleavings` try their operations in every order.

#[cfg(loom)]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, atomic};
