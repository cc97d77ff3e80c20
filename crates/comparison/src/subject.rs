//! The subjects of a comparison: the models, the floors they are divided by, and the twins.
//!
//! No floor does the work of a service whose requests compute or wait, so its models are compared with each other only, and
//! the first of them has the twin that shows the noise.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::servers::{Server, Servers, Service};

/// A server under its own name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name in tables and records.
    pub name: String,
    /// The name of the model or floor that it runs.
    pub model: String,
    /// Its role.
    pub role: Role,
    /// What it is asked for.
    #[serde(default, skip_serializing_if = "Service::is_echo")]
    pub service: Service,
    /// The name of the subject that it is divided by, within each round.
    pub floor: Option<String>,
    /// The largest number of clients that it gets: for the floor of a model that serves no more at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<usize>,
    /// How a server that is not ours is reached: its command line or its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// The options that it is started with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// The role of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A concurrency model that speaks the protocol.
    Model,
    /// A model with options, for a scenario about these.
    Variant,
    /// Raw echo: the cost of the kernel.
    Floor,
    /// The same floor under another name, or the same model where there is no floor: a difference between the two is noise.
    Twin,
}

impl Subject {
    /// Whether it echoes what it receives, and does not speak the protocol.
    pub(crate) fn is_raw_echo(&self) -> bool {
        matches!(self.role, Role::Floor | Role::Twin) && self.service.is_echo()
    }
}

/// Which CPUs the server and the load generator run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Both on all CPUs, as the scheduler decides.
    Shared,
    /// One CPU each.
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

/// The models of these names, or all of them, that serve one of `services`; then the floors, and a twin of each.
///
/// A model that serves fewer clients at once than `clients` is not divided by these floors, whose work differs. It gets
/// a floor of its kind with only as many clients as it serves.
pub fn subjects(servers: &Servers, names: &[String], services: &[Service], clients: usize) -> Vec<Subject> {
    let (mut subjects, mut small) = (Vec::new(), Vec::<Subject>::new());
    let mut has_twin = Vec::new();
    for model in servers.chosen(names).filter(|model| services.contains(&model.service)) {
        let floor = model.floor.as_deref().and_then(|floor| servers.find(floor)).map(|floor| {
            let floor = floor_for(floor, (!model.serves(clients)).then_some(model.at_once));
            if floor.clients.is_some() && !small.contains(&floor) {
                small.push(floor.clone());
            }
            floor.name
        });
        let name = model.name.clone();
        let foreign = model.place.foreign();
        let subject = Subject {
            model: name.clone(),
            name,
            role: Role::Model,
            service: model.service,
            floor,
            clients: None,
            foreign,
            options: Vec::new(),
        };
        let is_first = !model.service.is_echo() && !has_twin.contains(&model.service);
        let twin = is_first.then(|| twin(&subject));
        subjects.push(subject);
        if let Some(twin) = twin {
            has_twin.push(model.service);
            subjects.push(twin);
        }
    }
    // All floors, whichever models are chosen: each is also a result by itself.
    let floors = servers.floors.iter().filter(|floor| services.contains(&floor.service));
    let floors: Vec<Subject> = floors.map(|floor| floor_for(floor, None)).collect();
    let twins: Vec<Subject> = floors.iter().map(twin).collect();
    subjects.extend(floors);
    subjects.extend(small);
    subjects.extend(twins);
    subjects
}

fn floor_for(floor: &Server, clients: Option<usize>) -> Subject {
    let name = match clients {
        None => floor.name.clone(),
        Some(1) => format!("{}, 1 client", floor.name),
        Some(count) => format!("{}, {count} clients", floor.name),
    };
    Subject {
        name,
        model: floor.name.clone(),
        role: Role::Floor,
        service: floor.service,
        floor: None,
        clients,
        foreign: None,
        options: Vec::new(),
    }
}

/// A twin of this floor or model.
fn twin(of: &Subject) -> Subject {
    Subject {
        name: format!("{} again", of.name),
        role: Role::Twin,
        floor: Some(of.name.clone()),
        ..of.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::servers;

    fn named<'run>(subjects: &'run [Subject], name: &str) -> &'run Subject {
        subjects.iter().find(|subject| subject.name == name).unwrap()
    }

    #[test]
    fn every_floor_and_its_twin_take_part_whichever_models_are_chosen() {
        let subjects = subjects(&servers(), &["tokio".to_owned()], &[Service::Echo], 50);
        let roles: Vec<Role> = subjects.iter().map(|subject| subject.role).collect();
        assert_eq!(roles, [Role::Model, Role::Floor, Role::Floor, Role::Twin, Role::Twin]);
        assert_eq!(named(&subjects, "floor-epoll again").floor.as_deref(), Some("floor-epoll"));
        assert_eq!(named(&subjects, "floor-epoll again").model, "floor-epoll");
    }

    #[test]
    fn a_model_that_serves_only_some_of_the_clients_has_a_floor_of_its_size() {
        let subjects = subjects(&servers(), &[], &[Service::Echo], 50);
        assert_eq!(named(&subjects, "sequential").floor.as_deref(), Some("floor-threads, 1 client"));
        assert_eq!(named(&subjects, "floor-threads, 1 client").clients, Some(1));
        assert_eq!(named(&subjects, "thread-pool").floor.as_deref(), Some("floor-threads"));
    }

    #[test]
    fn models_with_as_many_workers_share_one_floor_of_their_size() {
        let names = ["thread-pool".to_owned(), "rayon".to_owned()];
        let subjects = subjects(&servers(), &names, &[Service::Echo], 1_000);
        let small: Vec<&str> = subjects
            .iter()
            .filter(|subject| subject.clients.is_some())
            .map(|subject| subject.name.as_str())
            .collect();
        assert_eq!(small, ["floor-threads, 64 clients"]);
    }
}
