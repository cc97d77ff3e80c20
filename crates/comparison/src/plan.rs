//! The trials and their order: a pure function of the run, so that an interrupted run can be resumed.
//!
//! Rounds are the outer loop: drift of the machine affects all subjects of a round alike, and cancels in a ratio within
//! the round. Within a round each point of each scenario has all its subjects one after the
//! other. Their order is balanced after Williams (Australian Journal of Scientific Research A2, 1949): over as many
//! rounds as there are subjects, every subject takes every place once and, with an even number of subjects, follows
//! every other subject once. The assignment of subjects to rows is drawn again after these rounds.

use fastrand::Rng;

use crate::record::{Key, Run};
use crate::scenario::{Point, Scenario};
use crate::servers::Servers;
use crate::subject::{Role, Subject};

/// One subject at one point of one scenario, once.
#[derive(Clone, Debug)]
pub struct Trial<'run> {
    /// Counted from 1.
    pub round: u32,
    /// The scenario.
    pub scenario: &'run Scenario,
    /// The point of the scenario's curve.
    pub point: Point,
    /// The subject.
    pub subject: &'run Subject,
    /// The subject that it is divided by, if that also takes part.
    pub divided_by: Option<&'run str>,
    /// Its place in the order, from 1.
    pub turn: u32,
}

impl Trial<'_> {
    /// What identifies it within its run.
    pub fn key(&self) -> Key {
        (self.round, self.scenario.name.clone(), self.point, self.subject.name.clone())
    }
}

/// All trials of a run, in the order in which they are made.
pub fn plan<'run>(run: &'run Run, servers: &Servers) -> Vec<Trial<'run>> {
    let rounds = run.profile.rounds.values().copied().max().unwrap_or(0);
    let mut trials = Vec::new();
    for round in 1..=rounds {
        for (index, scenario) in run.scenarios.iter().enumerate() {
            let asked = run.profile.rounds.get(&scenario.name).copied().unwrap_or(0);
            let Some(turn_of_scenario) = takes_part(round, asked, rounds) else { continue };
            for (point_index, point) in scenario.points().into_iter().enumerate() {
                let suits = |subject: &&Subject| suits(run, (scenario, point), subject, servers);
                let subjects: Vec<&Subject> = run.subjects.iter().filter(suits).collect();
                let seed = run.seed ^ ((index as u64) << 32) ^ ((point_index as u64) << 48);
                let order = order(subjects.len(), turn_of_scenario, seed);
                trials.extend((1..).zip(order).map(|(turn, place)| {
                    let subject = subjects[place];
                    let divided_by = divisor(run, (scenario, point), subject, servers);
                    Trial { round, scenario, point, subject, divided_by, turn }
                }));
            }
        }
    }
    trials
}

/// Which of its turns a scenario has in this round, from 0. One with fewer rounds than the run is spread
/// over the whole of it.
fn takes_part(round: u32, asked: u32, rounds: u32) -> Option<u32> {
    let had = |round: u32| u64::from(round) * u64::from(asked) / u64::from(rounds);
    let before = had(round - 1);
    (had(round) > before).then_some(u32::try_from(before).unwrap_or(0))
}

/// What a subject is divided by in a scenario: its floor, or the floor of full size where all clients are served
/// in turn and it needs no smaller floor.
fn divisor<'run>(
    run: &'run Run,
    (scenario, point): (&Scenario, Point),
    subject: &'run Subject,
    servers: &Servers,
) -> Option<&'run str> {
    if scenario.vary.is_some() && subject.role != Role::Twin {
        return None;
    }
    let subjects = &run.subjects;
    let floor = subjects.iter().find(|other| Some(&other.name) == subject.floor.as_ref())?;
    let full = subjects.iter().find(|other| other.name == floor.model);
    let takes_part = |floor: &&Subject| suits(run, (scenario, point), floor, servers);
    Some(floor).filter(takes_part).or(full.filter(takes_part)).map(|floor| floor.name.as_str())
}

/// Whether a subject takes part in a scenario at this point: only if it serves what the scenario asks for,
/// and asks a cache if the scenario has one.
///
/// A model with options takes part only in a scenario about these, and there of the others only the same model without, and
/// their floors of full size.
/// The scripted clients speak the protocol, which floors do not. Where the load varies, a curve is drawn and no
/// ratio to a floor is taken, so no subject needs a smaller floor there; nor in churn, where all clients are served in
/// turn. A share of each subject's own peak is another load for each, so nothing is compared and no twin is needed. Idle clients in the number that a model serves at once starve all others; that is
/// known beforehand, and nothing would be measured. Where idle clients vary, floors of a kind that no chosen model has do
/// not take part: a thread for each of 10,000 clients takes longer to start than everything else.
fn suits(run: &Run, (scenario, point): (&Scenario, Point), subject: &Subject, servers: &Servers) -> bool {
    if subject.service != scenario.service || scenario.cache.is_some() && !asks_a_cache(subject, servers) {
        return false;
    }
    // A rate has no part in it, so any peak will do.
    let Some(load) = scenario.load_at(point, Some(1.0)) else { return subject.role == Role::Model };
    if !scenario.variants.is_empty() {
        return scenario.compares(subject, &run.subjects) && subject.clients.is_none();
    }
    let is_of_a_model = |floor: &str| {
        let mut models = run.subjects.iter().filter(|other| other.role == Role::Model);
        models.any(|model| model.floor.as_deref().is_some_and(|of| of == floor))
    };
    match subject.role {
        Role::Variant => false,
        Role::Floor | Role::Twin if matches!(point, Point::Idle(_)) && !is_of_a_model(&subject.model) => {
            false
        }
        Role::Model => {
            let model = servers.find(&subject.model);
            load.idle == 0 || model.is_none_or(|model| model.serves(load.idle + 1))
        }
        // Runs in the first format have no twins where the load varies.
        Role::Twin => scenario.vary.as_ref().is_none_or(|vary| run.format > 1 && vary.peak_of.is_none()),
        Role::Floor => subject.clients.is_none_or(|clients| {
            let stays = load.load != loadgen::Load::Churn;
            scenario.vary.is_none() && stays && load.idle == 0 && clients < load.connections
        }),
    }
}

/// Whether it can be told to look numbers up in a cache. Of a server that this program no longer has, nothing is known.
fn asks_a_cache(subject: &Subject, servers: &Servers) -> bool {
    servers.find(&subject.model).is_none_or(|server| server.takes("--cache"))
}

/// The order of `count` subjects in the given round: row `round` of a Williams square whose letters are drawn
/// again for every complete square.
fn order(count: usize, round: u32, seed: u64) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let round = round as usize;
    let mut letters: Vec<usize> = (0..count).collect();
    Rng::with_seed(seed.wrapping_add((round / count) as u64)).shuffle(&mut letters);
    // The first row goes 0, n-1, 1, n-2, …; each further row adds one.
    let first = (0..count).map(|place| if place % 2 == 0 { place / 2 } else { count - 1 - place / 2 });
    first.map(|letter| letters[(letter + round) % count]).collect()
}

#[cfg(test)]
mod tests;
