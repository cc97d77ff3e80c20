//! A client's socket on tokio: what it waits for, and one read of it.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll};

use conversation::Service;
use sockets::ready::{Exchange, Receipt};
use tokio::io::{Interest, unix::AsyncFd};

pub(crate) type Socket = AsyncFd<TcpStream>;

#[expect(deprecated, reason = "its successor is unsafe; these sockets keep their descriptor while they live")]
pub(crate) fn watch<T: AsRawFd + Into<OwnedFd>>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(socket, interest)
}

/// Yields until the runtime has polled for events. A task that wakes itself would run again before that.
pub(crate) fn yield_now<T>(context: &mut Context<'_>) -> Poll<T> {
    let _ = std::pin::pin!(tokio::task::yield_now()).poll(context);
    Poll::Pending
}

pub(crate) const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(URGENT);
/// What an urgent byte makes ready; elsewhere nothing that is not ready anyway.
#[cfg(target_os = "linux")]
const URGENT: Interest = Interest::PRIORITY;
#[cfg(not(target_os = "linux"))]
const URGENT: Interest = Interest::READABLE;

/// Reads once; a read stops at an urgent byte, and then there may be more.
pub(crate) fn receive<S: Service>(
    exchange: &mut Exchange<'_, Socket, S>,
    room: &mut [u8],
) -> io::Result<Receipt<S::Work>> {
    let receipt = if_urgent(exchange.wire, || {
        exchange.conversation.expect_more();
        exchange.receive(room)
    });
    receipt.unwrap_or_else(|| exchange.receive(room))
}

/// Receives if an urgent byte was reported. If nothing is left, that report is cleared. One that comes during the read
/// stays: tokio clears only the state that it had seen.
fn if_urgent<W>(
    socket: &Socket,
    receive: impl FnOnce() -> io::Result<Receipt<W>>,
) -> Option<io::Result<Receipt<W>>> {
    let mut received = None;
    if cfg!(target_os = "linux") {
        let _ = socket.try_io(URGENT, |_| match received.insert(receive()) {
            Ok(Receipt::Nothing) => Err(io::Error::from(ErrorKind::WouldBlock)),
            _ => Ok(()),
        });
    }
    received
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write;
    use std::mem;
    use std::net::TcpListener;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn who_has_more_to_do_lets_the_poller_report_the_others_first() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        sender.write_all(b"^").unwrap();
        let socket = watch(stream, INTERESTS).unwrap();
        let reported = tokio::spawn(async move { socket.readable().await.map(|_| ()) });
        let busy = tokio::spawn(async move {
            for _ in 0..10 {
                let mut has_yielded = false;
                poll_fn(|context| {
                    if mem::replace(&mut has_yielded, true) { Poll::Ready(()) } else { yield_now(context) }
                })
                .await;
            }
            reported.is_finished()
        });
        assert!(busy.await.unwrap(), "the other client was not reported in ten turns");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn an_urgent_byte_that_comes_while_nothing_was_found_is_not_forgotten() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let send_urgent = || socket2::SockRef::from(&sender).send_out_of_band(b"!").unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let socket = watch(stream, INTERESTS).unwrap();
        send_urgent();
        socket.ready(Interest::PRIORITY).await.unwrap().retain_ready();
        socket.readable().await.unwrap().clear_ready();

        // This thread does not run the poller: the worker reports what comes.
        let is_reported = |interest| socket.try_io(interest, |_| Ok(())).is_ok();
        let received = if_urgent(&socket, || {
            send_urgent();
            let ended = Instant::now() + Duration::from_secs(10);
            while !is_reported(Interest::READABLE) && Instant::now() < ended {
                thread::yield_now();
            }
            Ok(Receipt::<()>::Nothing)
        });
        assert!(matches!(received, Some(Ok(Receipt::Nothing))));
        assert!(is_reported(Interest::READABLE), "the worker has reported it");
        assert!(is_reported(URGENT), "and it still counts");
    }
}
