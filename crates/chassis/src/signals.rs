//! What of a [`Shutdown`] belongs to the system: signals that request it, and its descriptor.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;

use tracing::info;

use crate::shutdown::Shutdown;

impl Shutdown {
    /// A shutdown that SIGTERM, SIGINT and other signals request: see [`signals::on_stop`]. One more, after a pause,
    /// ends the process at once.
    ///
    /// # Errors
    /// No descriptors left, the handlers cannot be installed, or the thread that waits for signals cannot be spawned.
    pub fn on_signals() -> io::Result<Shutdown> {
        let shutdown = Shutdown::new()?;
        let asked = shutdown.clone();
        signals::on_stop(move |signal| {
            // In this order: the summary is the last line.
            info!(signal = signal.name(), "stopping");
            asked.request();
        })?;
        Ok(shutdown)
    }

    /// A copy of the descriptor as a non-blocking stream, for runtimes that want to own what they wait for.
    ///
    /// # Errors
    /// No descriptors left.
    pub fn to_stream(&self) -> io::Result<UnixStream> {
        let stream = self.inner.bell.readable.try_clone()?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

impl AsFd for Shutdown {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.bell.readable.as_fd()
    }
}

impl AsRawFd for Shutdown {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.bell.readable.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn requests_beyond_what_the_socket_holds_do_not_block() {
        let shutdown = Shutdown::new().unwrap();
        let (send_done, done) = mpsc::channel();
        let requester = thread::spawn(move || {
            // Far more than any system's socket takes, at one byte each.
            (0..100_000).for_each(|_| shutdown.request());
            send_done.send(shutdown.is_requested())
        });
        // The timeout is for a thread that is blocked for ever.
        assert_eq!(done.recv_timeout(Duration::from_secs(60)), Ok(true));
        requester.join().unwrap().unwrap();
    }
}
