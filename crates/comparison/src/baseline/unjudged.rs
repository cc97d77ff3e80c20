//! What two runs ask for and could not be judged.

use super::{Change, Judgement};
use crate::analysis::{Analysis, FEWEST_ROUNDS, Pair, PointAnalysis, Row};
use crate::plan::plan;
use crate::record::Run;
use crate::scenario::Point;
use crate::servers::Servers;
use crate::subject::Role;

/// A sentence for each model that both runs ask for at the same load, without a judged figure; and one if nothing was
/// judged at all.
pub(super) fn unjudged(
    before: &Analysis,
    after: &Analysis,
    changes: &[Change],
    servers: &Servers,
) -> Vec<String> {
    let is_judged = |scenario: &str, model: &str| {
        let own = |change: &&Change| change.scenario == scenario && change.model == model;
        changes.iter().filter(own).any(|change| change.judgement != Judgement::TooFewRounds)
    };
    let asked = asked_for(&after.run, servers);
    let both = asked_for(&before.run, servers).into_iter().filter(|both| asked.contains(both));
    let both: Vec<(String, String)> = both.collect();
    let open = both.iter().filter(|(scenario, model)| !is_judged(scenario, model));
    let reason = |(scenario, model): &(String, String)| {
        let reason = why(scenario, model, before, after)?;
        Some(format!("{model} in {scenario}: {reason}"))
    };
    let mut sentences: Vec<String> = open.filter_map(reason).collect();
    if sentences.is_empty() && !both.iter().any(|(scenario, model)| is_judged(scenario, model)) {
        sentences.push(
            "no figure at all: the runs have too few rounds in common, or no model at the same load; measure both with \
             the default profile or --full"
                .to_owned(),
        );
    }
    sentences
}

/// Scenario and model of all trials without a curve, in the order of tables.
fn asked_for(run: &Run, servers: &Servers) -> Vec<(String, String)> {
    let mut asked: Vec<(String, String)> = Vec::new();
    for trial in plan(run, servers) {
        let is_one = trial.point == Point::Only && trial.scenario.load.is_some();
        let pair = (trial.scenario.name.clone(), trial.subject.name.clone());
        if is_one && trial.subject.role == Role::Model && !asked.contains(&pair) {
            asked.push(pair);
        }
    }
    asked.sort_by_key(|(scenario, model)| {
        (
            run.scenarios.iter().position(|known| known.name == *scenario),
            run.subjects.iter().position(|known| known.name == *model),
        )
    });
    asked
}

/// Why a model could not be judged; `None` if that is as it must be: the load cannot be compared with the floor's, or
/// the profile has too few rounds.
fn why(scenario: &str, model: &str, before: &Analysis, after: &Analysis) -> Option<String> {
    let point =
        |run: &'_ Analysis| run.scenario(scenario).and_then(|scenario| scenario.points.first()).cloned();
    let (earlier, later) = (point(before), point(after));
    for (point, place) in [(&later, "in this run"), (&earlier, "in the baseline")] {
        if let Some(trouble) = trouble(point.as_ref(), model) {
            return Some(format!("{trouble} {place}"));
        }
    }
    let ratio = |point: Option<PointAnalysis>| -> Option<Pair> { point?.row(model)?.cost_ratio.clone() };
    match (ratio(earlier), ratio(later)) {
        (None, None) => None,
        (Some(_), None) => Some("it has no ratio to a floor in this run".to_owned()),
        (None, Some(_)) => Some("it has no ratio to a floor in the baseline".to_owned()),
        (Some(one), Some(other)) if one.right != other.right => Some(format!(
            "it is divided by {} in the baseline, but by {} in this run",
            one.right, other.right
        )),
        _ => {
            let has_enough = |run: &Run| {
                let rounds = run.profile.rounds.get(scenario).copied().unwrap_or(0);
                rounds as usize >= FEWEST_ROUNDS
            };
            (has_enough(&before.run) && has_enough(&after.run))
                .then(|| "too few rounds are valid, of the model or of a floor".to_owned())
        }
    }
}

/// What a model lacks at a point, or the floors that it needs.
fn trouble(point: Option<&PointAnalysis>, model: &str) -> Option<String> {
    let lacking = |row: Option<&Row>| match row {
        None => Some("was not measured"),
        Some(row) if row.valid == 0 => Some("has no valid round"),
        Some(_) => None,
    };
    let row = point.and_then(|point| point.row(model));
    if let Some(trouble) = lacking(row) {
        return Some(format!("it {trouble}"));
    }
    let floor = &row?.subject.floor.clone()?;
    let floors = point?.rows.iter().filter(|row| row.subject.role != Role::Model);
    // A floor for fewer clients takes part only where the full one would do other work.
    let is_own = |row: &&Row| row.subject.name == *floor || row.subject.floor.as_ref() == Some(floor);
    floors.filter(is_own).find_map(|floor| Some(format!("{} {}", floor.subject.name, lacking(Some(floor))?)))
}
