//! The registry: every model by name, one row each. Everything that needs all models (commands,
//! tests, benches, the table in README) reads these rows.

mod echo;
mod floors;
mod form;
mod page;
mod primes;

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chassis::{Knob, Serve, Shutdown, Summary};
use comparison::{Place, Server, Servers};
use conformance::{Concurrency, Service};
use observe::ServerCommand;
use observe::child::this_program;
use text::output;

pub use echo::MODELS;
pub use floors::FLOORS;
pub use form::Form;
pub use page::Page;
pub use primes::PRIMES;

/// One way to serve many clients.
#[derive(Debug)]
pub struct Model {
    /// The name that users type.
    pub name: &'static str,
    /// The model in a few words.
    pub title: &'static str,
    /// The chapters of the series about it.
    pub chapter: &'static str,
    /// The lesson, in one line.
    pub lesson: &'static str,
    /// What it serves.
    pub service: Service,
    /// The folder of its crate.
    pub folder: &'static str,
    /// The file that a reader learns it from.
    pub page: Page,
    /// The model that a reader comes from: what differs between their pages is what is new. `None` where one begins.
    pub rung: Option<&'static str>,
    /// How many clients it serves at the same time with its default options.
    pub concurrency: Concurrency,
    /// The options that only this model takes.
    pub knobs: &'static [Knob],
    /// The floor that its cost is divided by: raw echo that waits for its clients in the same way.
    pub floor: Option<&'static str>,
    /// Its entry point.
    pub serve: Serve,
}

/// The floor that can be slowed down by a known amount, to test the instrument.
pub const SLOWED: &str = "floor-epoll";

/// Serves as the floor [`SLOWED`], with this much more CPU time for each part that is received.
///
/// # Errors
/// As any server's; or this system has no such floor.
#[cfg(target_os = "linux")]
pub fn serve_slowed(listener: &TcpListener, shutdown: &Shutdown, further: Duration) -> io::Result<Summary> {
    server_floor::on_epoll::serve_slowed(listener, shutdown, further)
}

/// Not on this system.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn serve_slowed(_: &TcpListener, _: &Shutdown, _: Duration) -> io::Result<Summary> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The command that starts the floor [`SLOWED`] with this much more CPU time for each part that is received.
///
/// # Errors
/// This program's file cannot be found.
pub fn slowed(further: Duration) -> Result<ServerCommand> {
    let launcher = this_program()?;
    let (parent, further) = (std::process::id().to_string(), further.as_nanos().to_string());
    let arguments = ["serve", SLOWED, "--parent", &parent, "--burn", &further];
    Ok(ServerCommand::new(format!("{SLOWED}, slowed"), launcher, arguments))
}

/// The names of the models of both services.
pub fn names_of_both() -> impl Iterator<Item = &'static str> + Clone {
    MODELS.iter().chain(PRIMES).map(|model| model.name)
}

/// The models of both services with these names, each once and in the registry's order; all of them if `names` is empty.
pub fn chosen(names: &[String]) -> Vec<&'static Model> {
    let is_chosen = |model: &&Model| names.is_empty() || names.iter().any(|name| name == model.name);
    MODELS.iter().chain(PRIMES).filter(is_chosen).collect()
}

/// The models that this machine can run. A note says which others are left out, and why.
pub fn here() -> impl Iterator<Item = &'static Model> {
    MODELS.iter().filter(|model| model.runs_here())
}

/// The model or floor with this name.
pub fn find(name: &str) -> Option<&'static Model> {
    everything().find(|model| model.name == name)
}

/// Every row: the models of both services, and the floors.
pub fn everything() -> impl Iterator<Item = &'static Model> + Clone {
    MODELS.iter().chain(PRIMES).chain(FLOORS)
}

/// The command that starts a server of this model or floor from the launcher's file. The server ends with this process.
pub fn command(launcher: &Path, name: &str) -> ServerCommand {
    let parent = std::process::id().to_string();
    ServerCommand::new(name, launcher, ["serve", name, "--parent", &parent])
}

impl Model {
    /// Why this machine cannot run it, if so: its kernel lacks what the model is about.
    pub fn missing(&self) -> Option<String> {
        #[cfg(target_os = "linux")]
        if [self.name, self.floor.unwrap_or_default()].contains(&"floor-io-uring") {
            return server_io_uring::missing();
        }
        None
    }

    /// Whether this machine can run it; if not, a note says why.
    pub fn runs_here(&self) -> bool {
        let missing = self.missing();
        if let Some(reason) = &missing {
            output::note(&format!("skipped {}: {reason}", self.name));
        }
        missing.is_none()
    }

    /// What trials need to know about this model; its servers are started from the launcher's file.
    pub fn subject(&self, launcher: &Path) -> trials::Subject {
        self.subject_as(launcher, &Form::default())
    }

    /// The same about a form of it, which it must [take](Model::takes).
    pub fn subject_as(&self, launcher: &Path, form: &Form) -> trials::Subject {
        let arguments = form.arguments();
        trials::Subject {
            name: [&[self.name.to_owned()], &arguments[..]].concat().join(" "),
            service: self.service,
            concurrency: form.concurrency(self.concurrency),
            hands_over: self.knobs.contains(&Knob::Rings),
            connections: if form.cache.is_some() { lookup::MOST_CONNECTIONS } else { 0 },
            server: command(launcher, self.name).with(arguments),
        }
    }

    /// Refuses a form that it does not have.
    ///
    /// # Errors
    /// One line that names the model and the option.
    pub fn takes(&self, form: &Form) -> Result<(), String> {
        form.options().check_knobs(self.name, self.knobs)?;
        form.expect_lines()
    }
}

/// What trials need to know about this form of the model with this name; its servers are started from this program. Or
/// why the model has no such form.
///
/// # Errors
/// No model has this name, or this program's file cannot be found.
pub fn subject(name: &str, form: &Form) -> Result<Result<trials::Subject, String>> {
    let model = MODELS.iter().chain(PRIMES).find(|model| model.name == name);
    let model = model.with_context(|| {
        format!("no model has the name {name:?}; `concurrent-servers list` shows all models")
    })?;
    let launcher = this_program()?;
    Ok(model.takes(form).map(|()| model.subject_as(&launcher, form)))
}

/// What a comparison needs to know about all rows; their servers are started from this program.
///
/// # Errors
/// This program's file cannot be found.
pub fn servers() -> Result<Servers> {
    let launcher = this_program()?;
    let server = |model: &Model| Server {
        name: model.name.to_owned(),
        title: model.title.to_owned(),
        service: match model.service {
            Service::Echo => comparison::Service::Echo,
            Service::Primes => comparison::Service::Primes,
        },
        at_once: model.concurrency.at_once(),
        floor: model.floor.map(str::to_owned),
        options: model.knobs.iter().map(Knob::to_string).collect(),
        place: Place::Ours(command(&launcher, model.name)),
    };
    let models = MODELS.iter().chain(PRIMES).map(server).collect();
    let parent = std::process::id().to_string();
    let cache = ServerCommand::new("cache", &launcher, ["cache", "--parent", &parent]);
    Ok(Servers { models, floors: FLOORS.iter().map(server).collect(), cache: Some(cache) })
}

/// The same for a run that begins now, without those that this machine cannot run, unless they are named.
///
/// # Errors
/// This program's file cannot be found.
pub fn servers_here(named: &[String]) -> Result<Servers> {
    let takes_part =
        |server: &Server| named.contains(&server.name) || find(&server.name).is_none_or(Model::runs_here);
    let mut servers = servers()?;
    servers.models.retain(takes_part);
    servers.floors.retain(takes_part);
    Ok(servers)
}

#[cfg(test)]
mod tests;
