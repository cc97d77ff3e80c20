//! What is tested: an address or a launcher, and what the server there promises.

use std::fmt;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

/// What a server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// The protocol of the series: messages, each byte of which comes back plus one.
    #[default]
    Echo,
    /// A line with a number, and whether it is prime.
    Primes,
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Service::Echo => "echo",
            Service::Primes => "primes",
        })
    }
}

/// How many clients a model promises to serve at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concurrency {
    /// One; the others wait for their turn without a greeting.
    One,
    /// As many as there are workers; the others wait for a free one without a greeting.
    Workers(usize),
    /// All that connect, up to the limits of the system.
    Many,
}

impl Concurrency {
    /// The most clients that are served at the same time.
    pub const fn at_once(self) -> usize {
        match self {
            Concurrency::One => 1,
            Concurrency::Workers(workers) => workers,
            Concurrency::Many => usize::MAX,
        }
    }

    /// Whether this many clients are served at the same time.
    pub const fn serves(self, clients: usize) -> bool {
        clients <= self.at_once()
    }
}

impl fmt::Display for Concurrency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Concurrency::One => formatter.pad("one client at a time"),
            Concurrency::Workers(workers) => write!(formatter, "{workers} clients at a time"),
            Concurrency::Many => formatter.pad("many clients at a time"),
        }
    }
}

/// The minimum progress: bytes that a client must move within each progress timeout, in both directions together.
pub const LEAST_PROGRESS: usize = 1024;

/// The settings of a server. `None` means the server's default, or that the value is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// A connection from which no byte arrived for this long is closed in order.
    pub idle_timeout: Option<Duration>,
    /// A connection to which no byte of a pending reply could be sent for this long is dropped.
    pub write_timeout: Option<Duration>,
    /// A connection in the middle of a message or a reply that has moved less than [`LEAST_PROGRESS`] bytes in
    /// this time is dropped.
    pub progress_timeout: Option<Duration>,
    /// After SIGTERM the process exits within this time.
    pub drain_timeout: Option<Duration>,
    /// The most clients that are connected at the same time.
    pub max_connections: Option<usize>,
    /// A handler panics when its client sends [`Launch::panic_text`].
    pub panics: bool,
    /// Every connection is logged.
    pub verbose: bool,
    /// What one read brings is one request, in the prime service.
    pub reads_are_requests: bool,
}

impl Settings {
    /// All values default or unknown.
    pub const NONE: Settings = Settings {
        idle_timeout: None,
        write_timeout: None,
        progress_timeout: None,
        drain_timeout: None,
        max_connections: None,
        panics: false,
        verbose: false,
        reads_are_requests: false,
    };

    /// A setting that a case asks for, and that a program with these fixed ones does not promise. Its own drain timeout
    /// and its own log are good enough, except for cases about them.
    pub(crate) fn lacking_in(&self, fixed: &Settings) -> Option<&'static str> {
        let timeouts = [
            (self.idle_timeout, fixed.idle_timeout, "an idle timeout that is short and declared"),
            (self.write_timeout, fixed.write_timeout, "a write timeout that is short and declared"),
            (self.progress_timeout, fixed.progress_timeout, "a progress timeout that is short and declared"),
        ];
        let timeout = timeouts.into_iter().find(|(asked, has, _)| asked.is_some() && has.is_none());
        let others = [
            (self.max_connections.is_some(), "a limit on connections"),
            (self.panics, "a handler that panics"),
            (self.reads_are_requests, "another framing"),
        ];
        let other = others.into_iter().find(|(is_asked, _)| *is_asked);
        timeout.map(|(.., name)| name).or(other.map(|(_, name)| name))
    }
}

/// Starts servers of one model, each with its own address and process.
pub trait Launch: Sync {
    /// The command that starts a server with these settings. `None` if these servers are not programs; then
    /// [`Launch::start`] starts them.
    ///
    /// It runs in the foreground until SIGTERM or SIGINT. Once it listens, it prints a line to standard output
    /// that ends with its address; the log goes to standard error. It exits with 0 after a clean shutdown, with
    /// another code if it had to drop replies, and with 128 + signal on a second signal. At the end it logs in
    /// one line how many clients it accepted and how they ended: `accepted N`, `completed N`, `errors N`,
    /// `timeouts N`, `rejected N` and `dropped N`, with anything between them.
    ///
    /// Of programs with [fixed](Launch::fixed) settings only the first sentence is required.
    fn command(&self, _address: SocketAddr, _settings: &Settings) -> Option<Command> {
        None
    }

    /// What these programs promise, if they are not ours: they take none of our settings, so their command must have
    /// their own options. The address always has a port. Such a program is ready when it greets, gets a process group of
    /// its own and may log what it likes. `None` for servers that take settings.
    fn fixed(&self) -> Option<Settings> {
        None
    }

    /// Starts a server that is not a program.
    ///
    /// # Errors
    /// Why it did not start.
    fn start(&self, _settings: &Settings) -> anyhow::Result<Box<dyn Server>> {
        anyhow::bail!("neither a command nor another way to start it is implemented")
    }

    /// Commands that are wrong in different ways: they must be rejected with exit code 2 and advice.
    fn wrong_commands(&self) -> Vec<Command> {
        Vec::new()
    }

    /// Descriptors that a server may keep when its clients have left: its connections to another server, which it makes
    /// when it needs them.
    fn kept_descriptors(&self) -> usize {
        0
    }

    /// The text that makes a handler panic if [`Settings::panics`] is set; `None` if these servers do not support it.
    fn panic_text(&self) -> Option<&'static str> {
        None
    }
}

/// A running server. Dropping it ends it.
pub trait Server {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// Its process id, if it has a process of its own that a case may observe and signal.
    fn pid(&self) -> Option<u32>;
}

/// What the cases are run against.
pub struct Target<'launch> {
    pub(crate) place: Place<'launch>,
    pub(crate) service: Service,
    pub(crate) concurrency: Concurrency,
}

pub(crate) enum Place<'launch> {
    Address { address: SocketAddr, declared: Settings },
    Launch(&'launch dyn Launch),
}

impl<'launch> Target<'launch> {
    /// A server that is already running and whose process is not known.
    pub const fn at(address: SocketAddr, concurrency: Concurrency) -> Self {
        Self::at_with(address, concurrency, Settings::NONE)
    }

    /// As [`Target::at`], with the server's known timeouts. They should be a few seconds, since cases wait for them.
    pub const fn at_with(address: SocketAddr, concurrency: Concurrency, declared: Settings) -> Self {
        Target { place: Place::Address { address, declared }, service: Service::Echo, concurrency }
    }

    /// As it is, but with servers of this service.
    #[must_use]
    pub const fn serving(self, service: Service) -> Self {
        Target { service, ..self }
    }

    /// What the server promises.
    pub const fn concurrency(&self) -> Concurrency {
        self.concurrency
    }

    /// Servers that are started as the cases need them.
    pub const fn launched(launch: &'launch dyn Launch, concurrency: Concurrency) -> Self {
        Target { place: Place::Launch(launch), service: Service::Echo, concurrency }
    }
}
