//! Scenarios as data: the loads, how often they run, and for how long.
//!
//! `compare` uses the embedded file; `--scenarios FILE` uses another file of the same form. A
//! [`Scenario`] is one question. It has one [`Point`] or, where the load varies, several: the connections of
//! a ramp, the idle clients beside a few, the rates of an open loop. A [`Profile`] says which scenarios take part and how long a window is.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use anyhow::{Context, Result, bail, ensure};
use loadgen::Load;
use serde::{Deserialize, Serialize};

use crate::servers::Service;
use crate::variant::Variant;

mod vary;

pub use vary::{Point, Vary, divisions};

/// The scenarios that come with this program.
pub const EMBEDDED: &str = include_str!("scenarios.toml");

/// More rounds would not make figures more precise, because the machine drifts within a day.
pub const MAX_ROUNDS: u32 = 100;
/// More slices in a round than this are better spent on more rounds, since each has new processes.
const MAX_PASSES: u32 = 100;
/// A scenario with more points is a mistake.
const MAX_POINTS: usize = 32;

/// A file of scenarios.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Which scenarios take part, by the profile's name. `--quick` and `--full` choose `quick` and `full`; without them
    /// it is `default`.
    pub profiles: BTreeMap<String, Profile>,
    /// In the order in which they run and are shown.
    #[serde(rename = "scenario")]
    pub scenarios: Vec<Scenario>,
}

/// How much is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its purpose, in a few words.
    pub about: String,
    /// The duration of the load before each window.
    pub warm_up_ms: u64,
    /// The duration of each measured window.
    pub window_ms: u64,
    /// How the load is cut into slices where the scenario allows it; without, each trial has one window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<Slices>,
    /// The same for loads of the prime service, whose requests take longer than an echo; as above if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primes: Option<Window>,
    /// How long each trial or slice waits for greetings. A model that starves clients takes all of it.
    pub greeting_wait_ms: u64,
    /// In how many rounds each scenario takes part, by its name; unnamed scenarios do not take part.
    pub rounds: BTreeMap<String, u32>,
    /// The same for scenarios that take part only if they are named, or a model of their service is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub on_request: BTreeMap<String, u32>,
}

/// How long a load lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The duration of the load before the window.
    pub warm_up_ms: u64,
    /// The duration of the window.
    pub window_ms: u64,
}

/// How the load goes from one server to the next within a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slices {
    /// How many slices each server gets. Every second pass goes backwards, so the number is even.
    pub passes: u32,
    /// The duration of the load before the window of a slice.
    pub warm_up_ms: u64,
    /// The duration of the window of a slice.
    pub window_ms: u64,
}

/// One question, and the load that answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name in options, tables and records.
    pub name: String,
    /// The load, in a few words.
    pub title: String,
    /// The question that the figures answer.
    pub question: String,
    /// What servers are asked for: models of another service take no part.
    #[serde(default, skip_serializing_if = "Service::is_echo")]
    pub service: Service,
    /// The series' scripted clients, if this scenario uses them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
    /// The load of the load generator, if this scenario uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<loadgen::Scenario>,
    /// Options for each model that takes them, so that all may do as much at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The cache that servers look numbers up in, started for each trial, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What differs from point to point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vary: Option<Vary>,
    /// Models with options that take part beside the same models without; no other model does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Pairs of models, of which the first does its work where it stands and the second hands it to another thread: asked is
    /// from which size on that pays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handing_over: Vec<[String; 2]>,
    /// Why the figures are as they are, in sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// Our stand-in for a cache on another machine. It knows the answers to the load's hits when a trial begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// How long each answer takes.
    pub latency_ms: u64,
}

/// The scripted clients of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// How many run at once.
    pub connections: usize,
    /// The divisor of their pauses.
    pub pause_divisor: NonZeroU32,
}

impl Profile {
    /// How long a load of this service lasts, if it is not sliced.
    pub fn window(&self, service: Service) -> Window {
        let whole = Window { warm_up_ms: self.warm_up_ms, window_ms: self.window_ms };
        self.primes.filter(|_| service == Service::Primes).unwrap_or(whole)
    }

    /// Leaves out what is not about these scenarios.
    pub(crate) fn keep(&mut self, scenarios: &[Scenario]) {
        self.rounds.retain(|name, _| scenarios.iter().any(|scenario| scenario.name == *name));
        self.on_request.clear();
        if scenarios.iter().all(|scenario| scenario.service.is_echo()) {
            self.primes = None;
        }
    }

    /// The rounds of all scenarios, also of those on request, by name.
    pub(crate) fn all_rounds(&self) -> impl Iterator<Item = (&String, &u32)> {
        self.rounds.iter().chain(&self.on_request)
    }

    /// How long everything is measured and waited for, in a few words.
    pub fn times(&self) -> String {
        let windows = |warm_up_ms, window_ms| format!("windows of {window_ms} ms after {warm_up_ms} ms");
        let single = windows(self.warm_up_ms, self.window_ms);
        let single = match self.primes {
            Some(primes) => {
                format!("{single} (of primes {})", windows(primes.warm_up_ms, primes.window_ms))
            }
            None => single,
        };
        let waits = format!("{} ms for greetings", self.greeting_wait_ms);
        match self.slices {
            None => format!("{single}, {waits}"),
            Some(Slices { passes, warm_up_ms, window_ms }) => {
                format!(
                    "{passes} slices with {}, otherwise {single}, {waits}",
                    windows(warm_up_ms, window_ms)
                )
            }
        }
    }
}

impl Catalogue {
    /// Reads a file of scenarios.
    ///
    /// # Errors
    /// It has another form, or a value is not allowed; the message says which.
    pub fn parse(text: &str) -> Result<Self> {
        let catalogue: Catalogue = toml::from_str(text)
            .context("this is not a file of scenarios; --print-scenarios shows the form")?;
        catalogue.validate()?;
        Ok(catalogue)
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// There is no such profile; the message lists all profiles.
    pub fn profile(&self, name: &str) -> Result<&Profile> {
        self.profiles.get(name).with_context(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            format!("the scenarios have no profile {name:?}; they have {}", known.join(", "))
        })
    }

    /// Whether there is such a profile, and the scenario takes part in it.
    pub fn has(&self, profile: &str, scenario: &str) -> bool {
        self.profiles
            .get(profile)
            .is_some_and(|profile| profile.all_rounds().any(|(name, _)| name == scenario))
    }

    /// The scenarios that take part in a profile, in the file's order.
    pub fn scenarios_of(&self, profile: &Profile) -> Vec<Scenario> {
        let takes_part = |scenario: &&Scenario| profile.rounds.contains_key(&scenario.name);
        self.scenarios.iter().filter(takes_part).cloned().collect()
    }

    fn validate(&self) -> Result<()> {
        ensure!(!self.scenarios.is_empty(), "there is no scenario; add a [[scenario]]");
        for (index, scenario) in self.scenarios.iter().enumerate() {
            let name = &scenario.name;
            let before = &self.scenarios[..index];
            ensure!(
                !before.iter().any(|other| other.name == *name),
                "scenario {name:?} is defined twice; rename one"
            );
            scenario.validate(before).with_context(|| format!("scenario {name:?}"))?;
        }
        for (name, profile) in &self.profiles {
            if let Some(Slices { passes, .. }) = profile.slices {
                ensure!(
                    passes.is_multiple_of(2) && (2..=MAX_PASSES).contains(&passes),
                    "profile {name:?}: slices must have an even number of passes, 2 to {MAX_PASSES}, but have {passes}: every \
                     second pass goes backwards"
                );
            }
            for (scenario, rounds) in profile.all_rounds() {
                ensure!(
                    self.scenarios.iter().any(|known| known.name == *scenario),
                    "profile {name:?} names the scenario {scenario:?}, which is not defined"
                );
                ensure!(
                    (1..=MAX_ROUNDS).contains(rounds),
                    "profile {name:?}, scenario {scenario:?}: rounds must be 1 to {MAX_ROUNDS}, but are {rounds}"
                );
                let own = self.scenarios.iter().find(|known| known.name == *scenario);
                let peak = own.and_then(|own| own.vary.as_ref()?.peak_of.as_ref());
                if let Some(peak) = peak {
                    // One with as many rounds or more has its first turn no later.
                    let rounds_of_peak = profile.rounds.get(peak).copied().unwrap_or(0);
                    ensure!(
                        rounds_of_peak >= *rounds,
                        "profile {name:?}: {scenario:?} needs the peak in {peak:?} before each of its {rounds} rounds, \
                         but {peak:?} has {rounds_of_peak}; give it at least as many"
                    );
                }
            }
        }
        Ok(())
    }
}

impl Scenario {
    /// Whether its load can go from one server to the next in short slices: a load that is the same for all, starts at once
    /// and has no clock. Not with variants, of which a message may take as long as a slice.
    pub fn can_be_sliced(&self) -> bool {
        let starts_at_once =
            |load: &loadgen::Scenario| load.idle == 0 && matches!(load.load, Load::Closed | Load::Churn);
        let is_uniform = self.vary.is_none() && self.variants.is_empty();
        is_uniform && self.load.as_ref().is_some_and(starts_at_once)
    }

    fn validate(&self, before: &[Scenario]) -> Result<()> {
        ensure!(!self.name.is_empty(), "a scenario needs a name");
        let of_script = match (&self.script, &self.load) {
            (Some(script), None) => {
                ensure!(
                    (1..=1_000).contains(&script.connections),
                    "the number of scripted clients must be 1 to 1,000"
                );
                true
            }
            (None, Some(_)) => false,
            _ => bail!("give either `script` or `load`"),
        };
        let points = self.points();
        ensure!((1..=MAX_POINTS).contains(&points.len()), "`vary` needs 1 to {MAX_POINTS} values");
        if let Some(vary) = &self.vary {
            ensure!(!of_script, "`vary` is for `load`, not for `script`");
            vary.validate(self, before)?;
        }
        self.validate_variants()?;
        self.validate_loads()
    }

    /// What is wrong with the load at one of the points.
    pub(crate) fn validate_loads(&self) -> Result<()> {
        let mut loads = self.points().into_iter().filter_map(|point| self.load_at(point, Some(1_000.0)));
        loads.try_for_each(|load| load.validate())
    }
}

#[cfg(test)]
mod tests;
