//! Asking a server to stop, from a signal or from a test.

use std::io;

use crate::bell::Bell;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, Ordering};

/// A request to stop, which every part of a server can see.
///
/// A blocked thread cannot look at a flag, so the request is a *descriptor* as well: it becomes readable
/// when shutdown is requested and stays so for ever, since nobody reads from it. Code that
/// waits for sockets can wait for it too: `poll`, mio and tokio.
///
/// ```
/// let shutdown = chassis::Shutdown::new()?;
/// let remote = shutdown.clone(); // for another thread
/// assert!(!shutdown.is_requested());
/// remote.request();
/// assert!(shutdown.is_requested());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Shutdown {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    requested: AtomicBool,
    pub(crate) bell: Bell,
}

impl Shutdown {
    /// A shutdown that only [`Shutdown::request`] requests.
    ///
    /// # Errors
    /// No descriptors left.
    pub fn new() -> io::Result<Shutdown> {
        Ok(Shutdown { inner: Arc::new(Inner { requested: AtomicBool::new(false), bell: Bell::new()? }) })
    }

    /// Requests shutdown; asking again changes nothing.
    pub fn request(&self) {
        // In this order: a thread that the bell wakes checks the flag, and sleeps on if it is not set.
        self.inner.requested.store(true, Ordering::SeqCst);
        self.inner.bell.ring();
    }

    /// Whether shutdown has been requested.
    pub fn is_requested(&self) -> bool {
        self.inner.requested.load(Ordering::SeqCst)
    }

    /// Waits for the request, as `poll` on the descriptor does.
    #[cfg(loom)]
    pub fn wait_readable(&self) {
        self.inner.bell.wait();
    }
}
