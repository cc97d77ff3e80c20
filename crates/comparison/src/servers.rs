//! The servers that can be compared, as plain data from the caller.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use observe::ServerCommand;
use serde::{Deserialize, Serialize};

/// What a server is asked for. Scenarios and servers of different services have nothing to do with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The series' protocol: messages come back.
    #[default]
    Echo,
    /// A number in, `prime` or `composite` out: work behind a message.
    Primes,
}

impl Service {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
    pub(crate) fn is_echo(&self) -> bool {
        *self == Service::Echo
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Service::Echo => "echo",
            Service::Primes => "primes",
        })
    }
}

/// A server that can be started, or that runs already.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// A short description.
    pub title: String,
    /// What it is asked for.
    pub service: Service,
    /// How many clients it serves at the same time; `usize::MAX` if that has no limit.
    pub at_once: usize,
    /// The name of the floor that a model is divided by; `None` for a floor, and for a model that no floor does the work of.
    pub floor: Option<String>,
    /// The options that not every server takes, and this one does, such as `--workers`.
    pub options: Vec<String>,
    /// How it is reached.
    pub place: Place,
}

/// How a server is reached.
#[derive(Clone)]
pub enum Place {
    /// One of ours is started for each trial.
    Ours(ServerCommand),
    /// Somebody's program is started for each trial.
    Program {
        /// The command line as it was typed, for people.
        words: String,
        /// The command that makes it listen on this address.
        command: Arc<dyn Fn(SocketAddr) -> Command + Send + Sync>,
    },
    /// It runs already, at this address, with all its clients and its past. Its process is not known, so only rates and
    /// times are measured.
    At(SocketAddr),
}

impl Place {
    /// How a server that is not ours is reached, in words; `None` for ours.
    pub(crate) fn foreign(&self) -> Option<String> {
        match self {
            Place::Ours(_) => None,
            Place::Program { words, .. } => Some(words.clone()),
            Place::At(address) => Some(address.to_string()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Ours(command) => command.fmt(formatter),
            Place::Program { words, .. } => words.fmt(formatter),
            Place::At(address) => address.fmt(formatter),
        }
    }
}

/// All servers.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    /// The concurrency models of all services, in the order in which they are shown.
    pub models: Vec<Server>,
    /// Raw echo without a protocol: what models are divided by.
    pub floors: Vec<Server>,
    /// Starts our stand-in for a cache, for scenarios that have one.
    pub cache: Option<ServerCommand>,
}

impl Server {
    /// Whether it serves this many clients at the same time.
    pub fn serves(&self, clients: usize) -> bool {
        clients <= self.at_once
    }

    /// Whether it takes this option, of the form `--option` or `--option=value`.
    pub(crate) fn takes(&self, option: &str) -> bool {
        let name = option.split_once('=').map_or(option, |(name, _)| name);
        self.options.iter().any(|own| own == name)
    }
}

impl Servers {
    /// The model or floor of this name.
    pub fn find(&self, name: &str) -> Option<&Server> {
        self.models.iter().chain(&self.floors).find(|server| server.name == name)
    }

    /// The programs that ours are started from, each once.
    pub(crate) fn programs(&self) -> BTreeSet<&Path> {
        let servers = self.models.iter().chain(&self.floors);
        let ours = servers.filter_map(|server| match &server.place {
            Place::Ours(command) => Some(command.program()),
            Place::Program { .. } | Place::At(_) => None,
        });
        ours.collect()
    }

    /// The models with these names, each once and in their order; all models if `names` is empty.
    pub(crate) fn chosen(&self, names: &[String]) -> impl Iterator<Item = &Server> {
        self.models.iter().filter(|model| names.is_empty() || names.contains(&model.name))
    }
}
