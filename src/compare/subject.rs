//! Who takes part in a comparison: the models, the floors they are divided by, and the floors' twins.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::models::{self, FLOORS, Model};

/// A server under a name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// How it is called in tables and records.
    pub name: String,
    /// The model or floor in the registry that is served.
    pub model: String,
    /// What it stands there for.
    pub role: Role,
    /// The name of the subject that it is divided by, within each round.
    pub floor: Option<String>,
    /// As many clients as it is ever given: a floor for a model that serves no more than these at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<usize>,
}

/// What a subject stands there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A concurrency model that speaks the protocol.
    Model,
    /// Raw echo: what the kernel allows.
    Floor,
    /// A floor again under another name: whatever differs between the two is noise.
    Twin,
}

/// Which CPUs the server and the load generator run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// All of them, both, as the scheduler likes.
    Shared,
    /// One each.
    Pinned {
        /// The server's only CPU.
        server: usize,
        /// The load generator's only CPU.
        client: usize,
    },
}

impl fmt::Display for Layout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layout::Shared => write!(formatter, "server and client share all CPUs"),
            Layout::Pinned { server, client } => {
                write!(formatter, "server on CPU {server} alone, client on CPU {client}")
            }
        }
    }
}

/// The models of these names, or all of them; then the floors, and a twin of each.
///
/// A model that serves fewer clients at once than `clients` has no floor among those, for their work is another:
/// it gets one of its own kind that is given as many clients as it serves.
pub fn subjects(names: &[String], clients: usize) -> Vec<Subject> {
    let chosen = models::chosen(names);
    let (mut subjects, mut floors, mut small) = (Vec::new(), Vec::<Subject>::new(), Vec::<Subject>::new());
    for model in chosen {
        let floor = model.floor.and_then(models::find).map(|floor| {
            let at_once = model.concurrency.at_once();
            let floor =
                if at_once < clients { floor_for(floor, Some(at_once)) } else { floor_for(floor, None) };
            let list = if floor.clients.is_some() { &mut small } else { &mut floors };
            if !list.contains(&floor) {
                list.push(floor.clone());
            }
            floor.name
        });
        subjects.push(Subject {
            name: model.name.to_owned(),
            model: model.name.to_owned(),
            role: Role::Model,
            floor,
            clients: None,
        });
    }
    // In the registry's order, and all of them: each is a figure of its own, and has a twin.
    let floors: Vec<Subject> = FLOORS.iter().map(|floor| floor_for(floor, None)).collect();
    let twins: Vec<Subject> = floors.iter().map(twin).collect();
    subjects.extend(floors);
    subjects.extend(small);
    subjects.extend(twins);
    subjects
}

fn floor_for(floor: &Model, clients: Option<usize>) -> Subject {
    let name = match clients {
        None => floor.name.to_owned(),
        Some(1) => format!("{}, 1 client", floor.name),
        Some(count) => format!("{}, {count} clients", floor.name),
    };
    Subject { name, model: floor.name.to_owned(), role: Role::Floor, floor: None, clients }
}

fn twin(floor: &Subject) -> Subject {
    Subject {
        name: format!("{} again", floor.name),
        role: Role::Twin,
        floor: Some(floor.name.clone()),
        ..floor.clone()
    }
}
