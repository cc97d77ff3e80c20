//! The servers that can be compared, as plain data from the caller.

use std::collections::BTreeSet;
use std::path::Path;

use observe::ServerCommand;

/// A server that can be started.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// A short description.
    pub title: String,
    /// How many clients it serves at the same time; `usize::MAX` if that has no limit.
    pub at_once: usize,
    /// The name of the floor that a model is divided by; `None` for a floor.
    pub floor: Option<String>,
    /// Its command line.
    pub command: ServerCommand,
}

/// All servers.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    /// The concurrency models, in the order in which they are shown.
    pub models: Vec<Server>,
    /// Raw echo without a protocol: what models are divided by.
    pub floors: Vec<Server>,
}

impl Server {
    /// Whether it serves this many clients at the same time.
    pub fn serves(&self, clients: usize) -> bool {
        clients <= self.at_once
    }
}

impl Servers {
    /// The model or floor of this name.
    pub fn find(&self, name: &str) -> Option<&Server> {
        self.models.iter().chain(&self.floors).find(|server| server.name == name)
    }

    /// The programs that they are started from, each once.
    pub(crate) fn programs(&self) -> BTreeSet<&Path> {
        self.models.iter().chain(&self.floors).map(|server| server.command.program()).collect()
    }

    /// The models with these names, each once and in their order; all models if `names` is empty.
    pub(crate) fn chosen(&self, names: &[String]) -> impl Iterator<Item = &Server> {
        self.models.iter().filter(|model| names.is_empty() || names.contains(&model.name))
    }
}
