//! What the page's promises begin with, and how one is repeated.
//!
//! The steps of a client borrow it while they wait. A promise in a chain borrows nothing: each step here takes the client
//! along, and its value is the client again, with what came. If a step fails, the client ends there.

use std::io;
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::Arc;

use chassis::Options;
use conversation::Primes;
use futures_util::future::{BoxFuture, Ready, ready};
use lookup::asynchronous;
use prime::{Test, Verdict};
use sockets::tasks::Chunk;
use tokio_sockets::Arrivals;

/// A value that is not there yet, or an error.
pub(crate) type Promise<T> = BoxFuture<'static, io::Result<T>>;

/// Repeats a step until it breaks. A promise that went on with itself would grow with each repetition.
pub(crate) async fn repeat<S, T, P>(mut state: S, mut step: impl FnMut(S) -> P) -> io::Result<T>
where
    P: Future<Output = io::Result<ControlFlow<T, S>>>,
{
    loop {
        match step(state).await? {
            ControlFlow::Continue(next) => state = next,
            ControlFlow::Break(value) => return Ok(value),
        }
    }
}

/// The next client, if there will be one.
pub(crate) async fn next_client(
    mut arrivals: Arrivals,
) -> io::Result<(Arrivals, Option<(Client, TcpStream)>)> {
    let accepted = arrivals.next_client().await;
    Ok((arrivals, accepted.map(|(client, stream)| (Client(client), stream))))
}

/// One client, which goes from promise to promise.
pub(crate) struct Client(tokio_sockets::Client<Primes>);

impl Client {
    /// Says that this service has no greeting.
    pub(crate) fn greet(mut self, stream: TcpStream) -> Ready<io::Result<Client>> {
        let greeted = self.0.greet(stream);
        ready(self.with(greeted).map(|(client, ())| client))
    }

    /// Bytes from the client; `None` when there will be no more.
    pub(crate) async fn receive(mut self) -> io::Result<(Client, Option<Chunk>)> {
        let received = self.0.receive().await;
        self.with(received)
    }

    /// Answers what has come, as far as it needs no work.
    pub(crate) fn answer(mut self, chunk: Chunk) -> Ready<io::Result<Client>> {
        let answered = self.0.answer(chunk);
        ready(self.with(answered).map(|(client, ())| client))
    }

    /// The number that the next answer needs.
    pub(crate) async fn next_work(mut self) -> io::Result<(Client, Option<Test>)> {
        let test = self.0.next_work().await;
        self.with(test)
    }

    /// What was promised to this client, unless it leaves before.
    pub(crate) async fn wait_for<T>(mut self, promise: Promise<T>) -> io::Result<(Client, T)> {
        let kept = self.0.wait_for(promise).await.and_then(|kept| kept);
        self.with(kept)
    }

    /// Sends the answer.
    pub(crate) fn resume(mut self, verdict: Verdict) -> Ready<io::Result<Client>> {
        let resumed = self.0.resume(verdict);
        ready(self.with(resumed).map(|(client, ())| client))
    }

    /// The client with what came; an error is its end.
    fn with<T>(mut self, came: io::Result<T>) -> io::Result<(Client, T)> {
        match came {
            Ok(value) => Ok((self, value)),
            Err(error) => {
                self.0.fail(&error);
                Err(error)
            }
        }
    }
}

/// The cache, if there is one.
pub(crate) struct Cache(Option<Arc<asynchronous::Cache>>);

impl Cache {
    pub(crate) fn of(options: &Options) -> Cache {
        Cache(asynchronous::Cache::of(options).map(Arc::new))
    }

    /// What it knows of a number.
    pub(crate) fn get(&self, number: u64) -> impl Future<Output = Option<Verdict>> + use<> {
        let cache = self.0.clone();
        async move { cache?.get(number).await }
    }

    /// Stores what a test has found.
    pub(crate) fn store(&self, number: u64, verdict: Verdict) -> impl Future<Output = ()> + use<> {
        let cache = self.0.clone();
        async move {
            if let Some(cache) = cache {
                cache.store(number, verdict).await;
            }
        }
    }
}
