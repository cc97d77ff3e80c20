//! What a running case can use.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::client::{Buffers, Client};
use crate::dialogue::Dialogue;
use crate::failure::{CaseResult, During, Failure, Stop};
use crate::memory::MemoryWatch;
use crate::process::Process;
use crate::target::{Concurrency, Launch, Service, Settings};

/// The server under test as a case sees it, and the client toolkit.
pub struct Context<'launch> {
    pub(crate) address: SocketAddr,
    pub(crate) service: Service,
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
    /// A server at this address that serves one client at a time; nothing else about it is known.
    pub(crate) fn at(address: SocketAddr, seed: u64, patience: Duration) -> Self {
        Context {
            address,
            service: Service::Echo,
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

    /// Whether cases run at full size.
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

    /// A greeted connection that checks all replies against the reference.
    pub(crate) fn dialogue(&self) -> Result<Dialogue, Failure> {
        Dialogue::open(self.connect()?)
    }

    /// A second client in the middle of a message, which must not be affected by what the first one does. Empty if the
    /// server promises to serve only one at a time.
    pub(crate) fn bystander(&self) -> Result<Bystander, Failure> {
        if !self.concurrency.serves(2) {
            return Ok(Bystander(None));
        }
        let mut dialogue = self.dialogue()?;
        dialogue.say(b"^still")?;
        Ok(Bystander(Some(dialogue)))
    }

    /// A complete, well-behaved connection: greeting, one message, orderly close; or a number instead.
    pub(crate) fn visit(&self) -> Result<(), Failure> {
        let mut client = match self.service {
            Service::Echo => self.greeted()?,
            Service::Primes => self.connect()?,
        };
        match self.service {
            Service::Echo => client.ask(b"^probe$", b"qspcf")?,
            Service::Primes => client.ask(b"7\n", b"prime\n")?,
        }
        client.expect_orderly_close()
    }

    /// Whether a new client is taken in.
    pub(crate) fn serves(&self) -> bool {
        match self.service {
            Service::Echo => self.greeted().is_ok(),
            Service::Primes => self.visit().is_ok(),
        }
    }

    /// Adds a figure to the report.
    pub(crate) fn note(&self, figure: impl Into<String>) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(figure.into());
    }

    /// Random choices, reproducible by the seed.
    pub(crate) fn random(&self) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed)
    }

    pub(crate) fn watch_memory(&self) -> MemoryWatch {
        MemoryWatch::start(self.process)
    }

    /// How many descriptors the server has open, if its process is known.
    pub(crate) fn descriptors(&self) -> Option<usize> {
        self.process.and_then(Process::holdings).map(|holdings| holdings.descriptors)
    }

    /// Expects an idle server to use no CPU time. Passes if the process is not known.
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

    /// The starter of such servers.
    pub(crate) fn launch(&self) -> Result<&'launch dyn Launch, Stop> {
        self.launch
            .ok_or_else(|| Stop::Skipped("these servers are not programs that can be started".to_owned()))
    }

    /// Whether these servers are programs that take none of our settings.
    pub(crate) fn is_foreign(&self) -> bool {
        self.launch.is_some_and(|launch| launch.fixed().is_some())
    }

    /// Skips the case unless these servers can be given such a setting.
    pub(crate) fn require_settable(&self, what: &str) -> CaseResult {
        if self.is_foreign() {
            Stop::skipped(format!("needs a server that can be given {what}"))
        } else {
            Ok(())
        }
    }

    pub(crate) fn process(&self) -> Result<Process, Stop> {
        self.process.ok_or_else(|| Stop::Skipped("the server's process is not known".to_owned()))
    }
}

/// Another client's connection.
#[derive(Debug)]
#[must_use = "a bystander that is never checked proves nothing"]
pub(crate) struct Bystander(Option<Dialogue>);

impl Bystander {
    /// Ends its message and begins another: in a case with many steps it would be idle, or in one message, for too long on a
    /// busy machine.
    pub(crate) fn go_on(&mut self) -> Result<(), Failure> {
        let Some(dialogue) = &mut self.0 else { return Ok(()) };
        dialogue.say(b" here$^still").during("the other client's connection")
    }

    /// Expects the connection to be still served, with its previous state.
    pub(crate) fn expect_undisturbed(self) -> Result<(), Failure> {
        let Some(mut dialogue) = self.0 else { return Ok(()) };
        dialogue.say(b" here$").and_then(|()| dialogue.close()).during("the other client's connection")
    }
}
