//! Clients whose answers come later: taking the work, and what cannot wait until it is done.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::{Poll, ready};

use chassis::Shutdown;
use conversation::Service;
use sockets::is_gone;
use sockets::ready::Receipt;
use tokio::io::Interest;

use super::{Client, look};

impl<S: Service> Client<S> {
    /// The work that the next answer needs, once the client has taken the last one; `None` if it is answered in full.
    /// Nothing may be received until the [result](Self::resume) is there.
    ///
    /// # Errors
    /// As for [`receive`](Self::receive).
    pub async fn next_work(&mut self) -> io::Result<Option<S::Work>> {
        self.send_rest().await?;
        if let Some(work) = self.work.take() {
            return Ok(Some(work));
        }
        match self.exchange()?.advance() {
            Some(Receipt::Work(work)) => return Ok(Some(work)),
            Some(Receipt::End(outcome)) => self.place.outcome = Some(outcome),
            _ => {}
        }
        Ok(None)
    }

    /// Waits for what is worked out elsewhere for this client.
    ///
    /// # Errors
    /// The client has reset the connection, or the drain has ended it: nobody would take the answer, so that `work` is to
    /// be dropped.
    pub async fn wait_for<T>(&mut self, work: impl Future<Output = T>) -> io::Result<T> {
        let Client { place, conversation, socket, .. } = self;
        let socket = socket.as_ref().ok_or(ErrorKind::NotConnected)?;
        let mut work = pin!(work);
        // Not a read: there may be bytes, which are not to be read before the answer.
        let mut reset = pin!(socket.ready(Interest::ERROR));
        poll_fn(|context| {
            look(place, conversation, socket, context)?;
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(done));
            }
            let _ = ready!(reset.as_mut().poll(context))?;
            Poll::Ready(Err(has_left()))
        })
        .await
    }

    /// For a task that does the client's work itself, to be asked every few milliseconds. What cannot wait until the work is
    /// done is done on the way, for all clients: the thread that would notice a request to stop, or that it is time for a
    /// look, may be this one.
    ///
    /// # Errors
    /// As for [`wait_for`](Self::wait_for).
    pub fn expect_present(&mut self, shutdown: &Shutdown) -> impl Future<Output = io::Result<()>> {
        poll_fn(|context| {
            let tasks = self.place.tasks();
            if shutdown.is_requested() {
                tasks.begin_drain();
            }
            tasks.beat();
            self.look(context)?;
            let is_gone = self.socket.as_ref().is_none_or(is_gone);
            Poll::Ready(if is_gone { Err(has_left()) } else { Ok(()) })
        })
    }

    /// Takes the result of the work, and answers: one `send`, which does not wait.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn resume(&mut self, done: S::Done) -> io::Result<()> {
        self.exchange()?.resume(done).map(drop)
    }
}

fn has_left() -> io::Error {
    io::Error::new(ErrorKind::ConnectionReset, "the client left while its answer was worked out")
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io::Write;
    use std::net::{Shutdown as Direction, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::time::Duration;

    use chassis::Options;
    use conversation::Primes;
    use sockets::tasks::Tasks;
    use tokio::time::timeout;

    use super::*;

    /// A client whose number waits for its verdict, with one more number unread, and the other end.
    async fn working() -> (Client<Primes>, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut client = Client::new(Arc::new(Tasks::new(&Options::default())).admit().unwrap());
        client.greet(stream).unwrap();
        peer.write_all(b"7\n").unwrap();
        let chunk = client.receive().await.unwrap().unwrap();
        client.answer(chunk).unwrap();
        assert!(client.next_work().await.unwrap().is_some());
        peer.write_all(b"8\n").unwrap();
        (client, peer)
    }

    #[tokio::test]
    async fn a_client_that_resets_its_connection_is_noticed_while_its_work_is_waited_for() {
        let (mut client, peer) = working().await;
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        let waited = timeout(Duration::from_secs(60), client.wait_for(pending::<()>())).await;
        assert_eq!(waited.unwrap().unwrap_err().kind(), ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_client_that_has_only_closed_its_side_is_waited_for() {
        let (mut client, peer) = working().await;
        peer.shutdown(Direction::Write).unwrap();
        let waited = timeout(Duration::from_millis(100), client.wait_for(pending::<()>())).await;
        assert!(waited.is_err(), "nothing ends it");
        assert_eq!(client.wait_for(async { 9 }).await.unwrap(), 9);
    }
}
