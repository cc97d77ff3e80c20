//! All that a running case may use.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::case::{During, Failure, Stop};
use crate::client::{Buffers, Client};
use crate::dialogue::Dialogue;
use crate::memory::MemoryWatch;
use crate::process::Process;
use crate::started::Started;
use crate::target::{Concurrency, Launch, Settings};

/// The server under test as a case sees it, and the client toolkit.
pub struct Context<'launch> {
    pub(crate) address: SocketAddr,
    pub(crate) concurrency: Concurrency,
    pub(crate) settings: Settings,
    pub(crate) process: Option<Process>,
    pub(crate) launch: Option<&'launch dyn Launch>,
    pub(crate) long: bool,
    pub(crate) seed: u64,
    pub(crate) patience: Duration,
    pub(crate) notes: Mutex<Vec<String>>,
}

impl<'launch> Context<'launch> {
    /// A server that serves one client at a time at this address, and of which nothing else is known.
    pub(crate) fn at(address: SocketAddr, seed: u64, patience: Duration) -> Self {
        Context {
            address,
            concurrency: Concurrency::One,
            settings: Settings::NONE,
            process: None,
            launch: None,
            long: false,
            seed,
            patience,
            notes: Mutex::default(),
        }
    }

    /// How many clients the server promises to serve at the same time.
    pub fn concurrency(&self) -> Concurrency {
        self.concurrency
    }

    /// Whether cases run at their full size, however long that takes.
    pub fn long(&self) -> bool {
        self.long
    }

    /// A connection, not yet greeted.
    pub(crate) fn connect(&self) -> Result<Client, Failure> {
        self.connect_with(Buffers::default())
    }

    pub(crate) fn connect_with(&self, buffers: Buffers) -> Result<Client, Failure> {
        Client::connect(self.address, self.patience, buffers)
    }

    /// A connection that has been greeted.
    pub(crate) fn greeted(&self) -> Result<Client, Failure> {
        let mut client = self.connect()?;
        client.expect_greeting()?;
        Ok(client)
    }

    /// A greeted connection that checks all replies by the reference.
    pub(crate) fn dialogue(&self) -> Result<Dialogue, Failure> {
        Dialogue::open(self.connect()?)
    }

    /// A second client in the middle of a message, which must not notice what the first one does. None
    /// if the server promises to serve only one at a time.
    pub(crate) fn bystander(&self) -> Result<Bystander, Failure> {
        if !self.concurrency.serves(2) {
            return Ok(Bystander(None));
        }
        let mut dialogue = self.dialogue()?;
        dialogue.say(b"^still")?;
        Ok(Bystander(Some(dialogue)))
    }

    /// A whole visit of a well-behaved client: greeting, one message, end in order.
    pub(crate) fn visit(&self) -> Result<(), Failure> {
        let mut client = self.greeted()?;
        client.ask(b"^probe$", b"qspcf")?;
        client.expect_orderly_close()
    }

    /// Starts another server, which is the case's own.
    pub(crate) fn start(&self, settings: Settings) -> Result<Started<'launch>, Stop> {
        Started::start(self, settings)
    }

    /// Puts a figure into the report.
    pub(crate) fn note(&self, figure: impl Into<String>) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(figure.into());
    }

    /// Random choices that the same seed repeats.
    pub(crate) fn random(&self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed)
    }

    pub(crate) fn watch_memory(&self) -> MemoryWatch {
        MemoryWatch::start(self.process)
    }

    /// How many descriptors the server holds, if its process is known.
    pub(crate) fn descriptors(&self) -> Option<usize> {
        self.process.and_then(Process::holdings).map(|holdings| holdings.descriptors)
    }

    /// With nothing to do, the server must use no CPU. Says nothing where the process is not known.
    pub(crate) fn expect_rest(&self) -> Result<(), Failure> {
        self.process.map_or(Ok(()), |process| process.expect_rest(self.patience))
    }

    pub(crate) fn idle_timeout(&self) -> Result<Duration, Stop> {
        self.settings.idle_timeout.ok_or_else(|| Stop::Skipped("the idle timeout is not known".to_owned()))
    }

    pub(crate) fn write_timeout(&self) -> Result<Duration, Stop> {
        self.settings.write_timeout.ok_or_else(|| Stop::Skipped("the write timeout is not known".to_owned()))
    }

    pub(crate) fn progress_timeout(&self) -> Result<Duration, Stop> {
        let unknown = || Stop::Skipped("the progress timeout is not known".to_owned());
        self.settings.progress_timeout.ok_or_else(unknown)
    }

    pub(crate) fn drain_timeout(&self) -> Result<Duration, Stop> {
        self.settings.drain_timeout.ok_or_else(|| Stop::Skipped("the drain timeout is not known".to_owned()))
    }

    pub(crate) fn process(&self) -> Result<Process, Stop> {
        self.process.ok_or_else(|| Stop::Skipped("the server's process is not known".to_owned()))
    }
}

/// Somebody else's connection.
#[derive(Debug)]
#[must_use = "a bystander that is never asked proves nothing"]
pub(crate) struct Bystander(Option<Dialogue>);

impl Bystander {
    /// The connection is still served, with the state that it had.
    pub(crate) fn expect_undisturbed(self) -> Result<(), Failure> {
        let Some(mut dialogue) = self.0 else { return Ok(()) };
        dialogue.say(b" here$").and_then(|()| dialogue.close()).during("the other client's connection")
    }
}
