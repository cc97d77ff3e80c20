//! From a request to the description of a run: its scenarios, servers and machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use observe::{Machine, pin};
use thiserror::Error;

mod own;

pub use own::Own;

use crate::provenance;
use crate::record::{FORMAT, Run};
use crate::scenario::{Catalogue, EMBEDDED, Scenario};
use crate::servers::{Server, Servers, Service};
use crate::subject::{Layout, Role, Subject, subjects};
use crate::variant::{add_variants, takers};

/// What the user requests.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The models to compare; all if empty.
    pub models: Vec<String>,
    /// Servers that are not ours and take part beside the models: their names, and the options that name them.
    pub further: Vec<(String, String)>,
    /// How much is measured.
    pub size: Size,
    /// Only these scenarios; all if empty.
    pub only: Vec<String>,
    /// Figures in place of those of the chosen scenarios.
    pub own: Own,
    /// In how many rounds each scenario takes part; as the profile says if absent.
    pub rounds: Option<u32>,
    /// A file of scenarios to use instead of the embedded ones.
    pub scenarios: Option<PathBuf>,
    /// Whether the server has one CPU and the load generator another.
    pub pin: bool,
    /// The seed for the order of trials and the arrivals of open loops; the time if absent.
    pub seed: Option<u64>,
}

/// How much is measured: the profile's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Few scenarios, too few rounds for intervals.
    Quick,
    /// What intervals need.
    #[default]
    Default,
    /// All scenarios, long windows, many rounds.
    Full,
}

/// The chosen scenarios cannot be measured.
#[derive(Debug, Error)]
pub enum WrongOnly {
    /// There is no such scenario.
    #[error("the profile {profile:?} has no scenario {name:?}; it has {known}{elsewhere}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The profile.
        profile: &'static str,
        /// The scenarios that it has.
        known: String,
        /// A clause if the profile of a recorded run has it.
        elsewhere: &'static str,
    },
    /// It is about options that no chosen model takes.
    #[error("{name:?} is about options that none of the chosen models takes; choose one of {takers}")]
    NoTaker {
        /// What was asked for.
        name: String,
        /// The models that take them.
        takers: String,
    },
    /// None of the chosen models has its service.
    #[error(
        "{name:?} is about the service {service}, which none of the chosen models has; choose one of {models}"
    )]
    NoModel {
        /// What was asked for.
        name: String,
        /// Its service.
        service: Service,
        /// The models that have it.
        models: String,
    },
    /// None of the chosen scenarios has the figure of an option.
    #[error("{option} changes nothing in {names}; leave it out, or choose another scenario")]
    NoFigure {
        /// The option.
        option: &'static str,
        /// The chosen scenarios.
        names: String,
    },
    /// Its rate follows from another scenario, which was not chosen.
    #[error(
        "the rate of {name:?} is a share of each model's peak in {needed:?}, which is not chosen; choose both: {with}"
    )]
    NoPeak {
        /// What was asked for.
        name: String,
        /// The scenario that it needs.
        needed: String,
        /// The value of the option that chooses both.
        with: String,
    },
}

/// A scenario whose rate is a share of the peak in another one that does not take part, and that one.
fn without_its_peak(scenarios: &[Scenario]) -> Option<(&str, &str)> {
    scenarios.iter().find_map(|scenario| {
        let needed = scenario.vary.as_ref()?.peak_of.as_deref()?;
        let is_there = scenarios.iter().any(|other| other.name == needed);
        (!is_there).then_some((scenario.name.as_str(), needed))
    })
}

impl Size {
    const fn name(self) -> &'static str {
        match self {
            Size::Quick => "quick",
            Size::Default => "default",
            Size::Full => "full",
        }
    }
}

impl Request {
    /// The requested run of these servers, on this machine, now.
    ///
    /// # Errors
    /// [`WrongOnly`] if a named scenario does not exist or needs another one. The scenarios cannot be read, or pinning is
    /// requested and there is only one CPU.
    pub fn run(&self, servers: &Servers) -> Result<Run> {
        let catalogue = match &self.scenarios {
            None => Catalogue::parse(EMBEDDED)?,
            Some(path) => {
                let text = fs::read_to_string(path).with_context(|| {
                    format!("--scenarios: cannot read the scenarios in {}", path.display())
                })?;
                Catalogue::parse(&text).with_context(|| format!("--scenarios {}", path.display()))?
            }
        };
        let profile_name = self.size.name();
        let mut profile = catalogue.profile(profile_name)?.clone();
        let on_request = std::mem::take(&mut profile.on_request);
        let known: Vec<String> = profile.rounds.keys().chain(on_request.keys()).cloned().collect();
        let is_asked = |(name, _): &(String, u32)| {
            let scenario = catalogue.scenarios.iter().find(|scenario| scenario.name == *name);
            let names_a_model = |scenario: &Scenario| {
                let of_service = |model: &Server| model.service == scenario.service;
                !self.models.is_empty() && servers.chosen(&self.models).any(of_service)
            };
            self.only.contains(name) || scenario.is_some_and(names_a_model)
        };
        profile.rounds.extend(on_request.into_iter().filter(is_asked));
        if !self.only.is_empty() {
            for name in &self.only {
                if !profile.rounds.contains_key(name) {
                    return Err(WrongOnly::Unknown {
                        name: name.clone(),
                        profile: profile_name,
                        known: known.join(", "),
                        elsewhere: if catalogue.has("full", name) { "; choose it with --full" } else { "" },
                    }
                    .into());
                }
            }
            profile.rounds.retain(|name, _| self.only.contains(name));
        }
        if let Some(rounds) = self.rounds {
            profile.rounds.values_mut().for_each(|of_scenario| *of_scenario = rounds);
        }
        let mut scenarios = catalogue.scenarios_of(&profile);
        self.own.apply(&mut scenarios)?;
        scenarios.iter().try_for_each(Scenario::validate_loads)?;
        if let Some((name, needed)) = without_its_peak(&scenarios) {
            let names = scenarios.iter().map(|scenario| scenario.name.as_str());
            let with: Vec<&str> = std::iter::once(needed).chain(names).collect();
            return Err(WrongOnly::NoPeak {
                name: name.to_owned(),
                needed: needed.to_owned(),
                with: with.join(","),
            }
            .into());
        }
        let echo = scenarios.iter().filter(|scenario| scenario.service.is_echo());
        let clients = echo.filter_map(|scenario| scenario.load.as_ref()).map(|load| load.connections);
        let services: Vec<Service> = scenarios.iter().map(|scenario| scenario.service).collect();
        let subjects = subjects(servers, &self.chosen(), &services, clients.max().unwrap_or(1));
        let subjects = add_variants(subjects, &scenarios, servers);
        self.drop_without_subjects(&mut scenarios, &subjects, servers)?;
        profile.keep(&scenarios);
        let layout = if self.pin { pinned()? } else { Layout::Shared };
        Ok(Run {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            program: provenance::fingerprint(servers),
            command: self.command(),
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1 << 48)),
            layout,
            machine: Machine::this(),
            profile_name: profile_name.to_owned(),
            subjects,
            scenarios,
            profile,
        })
    }

    /// Drops the scenarios of a service that no chosen model has, and those about options that none takes.
    ///
    /// # Errors
    /// One of them was asked for by name.
    fn drop_without_subjects(
        &self,
        scenarios: &mut Vec<Scenario>,
        subjects: &[Subject],
        servers: &Servers,
    ) -> Result<(), WrongOnly> {
        let has_model = |scenario: &Scenario| {
            let is_one =
                |subject: &Subject| subject.role == Role::Model && subject.service == scenario.service;
            subjects.iter().any(is_one)
        };
        if let Some(scenario) = scenarios.iter().find(|of| self.only.contains(&of.name) && !has_model(of)) {
            let of_service = servers.models.iter().filter(|model| model.service == scenario.service);
            let models: Vec<&str> = of_service.map(|model| model.name.as_str()).collect();
            return Err(WrongOnly::NoModel {
                name: scenario.name.clone(),
                service: scenario.service,
                models: models.join(", "),
            });
        }
        scenarios.retain(has_model);
        let has_subject = |scenario: &Scenario| {
            scenario.variants.is_empty()
                || subjects.iter().any(|subject| scenario.compares(subject, subjects))
        };
        if let Some(scenario) = scenarios.iter().find(|of| self.only.contains(&of.name) && !has_subject(of)) {
            let takers = takers(scenario, servers).join(", ");
            return Err(WrongOnly::NoTaker { name: scenario.name.clone(), takers });
        }
        scenarios.retain(has_subject);
        Ok(())
    }

    /// The names of all chosen models; empty if all are.
    fn chosen(&self) -> Vec<String> {
        if self.models.is_empty() {
            return Vec::new();
        }
        self.models.iter().chain(self.further.iter().map(|(name, _)| name)).cloned().collect()
    }

    /// The command that requests the same, without the output folder.
    fn command(&self) -> String {
        let mut words = vec!["cargo run --release -- compare".to_owned()];
        words.extend(self.models.iter().cloned());
        words.extend(self.further.iter().map(|(_, option)| option.clone()));
        words.extend((self.size != Size::Default).then(|| format!("--{}", self.size.name())));
        words.extend(self.pin.then(|| "--pin".to_owned()));
        if !self.only.is_empty() {
            words.push(format!("--only {}", self.only.join(",")));
        }
        words.extend(self.own.words());
        words.extend(self.rounds.map(|rounds| format!("--rounds {rounds}")));
        if let Some(name) = self.scenarios.as_deref().and_then(Path::file_name) {
            words.push(format!("--scenarios {}", name.to_string_lossy()));
        }
        words.extend(self.seed.map(|seed| format!("--seed {seed}")));
        words.join(" ")
    }
}

/// The first CPU for the server and the second one for the load generator.
pub(crate) fn pinned() -> Result<Layout> {
    let cpus = pin::allowed()?;
    ensure!(
        cpus.len() >= 2,
        "--pin needs two CPUs, but this program may use only {}; allow it another one (taskset), or leave --pin out",
        cpus.len()
    );
    Ok(Layout::Pinned { server: cpus[0], client: cpus[1] })
}
