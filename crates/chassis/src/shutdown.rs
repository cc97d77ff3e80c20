//! Asking a server to stop, from a signal or from a test.

use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// A request to stop, which every part of a server can see.
///
/// A blocked thread cannot look at a flag, so the request is a *descriptor* as well: it becomes readable
/// when shutdown is requested and stays so for ever, since nobody reads from it. Whoever waits for
/// sockets waits for it too: `poll`, mio and tokio all can.
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
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requested: Arc<AtomicBool>,
    readable: UnixStream,
    writer: UnixStream,
}

impl Shutdown {
    /// A shutdown that only [`Shutdown::request`] requests.
    ///
    /// # Errors
    /// No descriptors left.
    pub fn new() -> io::Result<Shutdown> {
        let (readable, writer) = UnixStream::pair()?;
        // A request must never block, however often it is repeated: one byte is enough.
        writer.set_nonblocking(true)?;
        Ok(Shutdown { inner: Arc::new(Inner { requested: Arc::default(), readable, writer }) })
    }

    /// A shutdown that SIGTERM or SIGINT requests. A second signal ends the process at once, with the
    /// customary code 128 + signal number (143 or 130).
    ///
    /// # Errors
    /// No descriptors left, or the handlers cannot be installed.
    pub fn on_signals() -> io::Result<Shutdown> {
        let shutdown = Shutdown::new()?;
        for signal in [SIGTERM, SIGINT] {
            // The order matters: the first signal must find the flag down and then raise it.
            let flag = &shutdown.inner.requested;
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(flag))?;
            flag::register(signal, Arc::clone(flag))?;
            low_level::pipe::register(signal, shutdown.inner.writer.try_clone()?)?;
        }
        Ok(shutdown)
    }

    /// Requests shutdown; asking again changes nothing.
    pub fn request(&self) {
        self.inner.requested.store(true, Ordering::SeqCst);
        // It fails only when bytes of earlier requests fill the socket, and then it is readable already.
        let _ = (&self.inner.writer).write(&[1]);
    }

    /// A copy of the descriptor as a non-blocking stream, for runtimes that want to own what they wait for.
    ///
    /// # Errors
    /// No descriptors left.
    pub fn to_stream(&self) -> io::Result<UnixStream> {
        let stream = self.inner.readable.try_clone()?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }

    /// Whether shutdown has been requested.
    pub fn is_requested(&self) -> bool {
        self.inner.requested.load(Ordering::SeqCst)
    }
}

impl AsFd for Shutdown {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.readable.as_fd()
    }
}

impl AsRawFd for Shutdown {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.readable.as_raw_fd()
    }
}
