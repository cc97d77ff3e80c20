//! A run compared with an earlier one, to detect a regression: does a model cost more, or has it become slower?
//!
//! Plain figures of two days differ because the machine differs. So the ratios to the floors are compared: those of all
//! rounds of one run with those of the other, as two independent samples. Their change is the shift of the logarithms.
//! It is a regression if it is claimed, by the rules of the [analysis](crate::analysis), and worse than the bound: the
//! 95 % interval is beyond the noise that the twins of both runs show, and the p-value is below 5 % after the correction
//! for the number of changes.
//!
//! Where the load varies no subject has a twin, so nothing can be judged; those scenarios are left out. Everything else
//! that both runs ask for must have been judged: a regression of what was not measured would not be seen.

pub mod draw;
mod shift;
mod unjudged;
mod words;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::analysis::{Analysis, Claim, Interval, Pair, PointAnalysis, analyse, holm};
use crate::provenance::Provenance;
use crate::record::{Comparison, Run};
use crate::scenario::Scenario;
use crate::servers::Servers;
use crate::subject::Role;
use shift::Shift;

/// The changes of every model between two runs.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// When the earlier run began.
    pub before: String,
    /// When the later run began.
    pub after: String,
    /// How much worse a model may become, in percent.
    pub bound_percent: f64,
    /// Other conditions under which the runs were made, one sentence each.
    pub warnings: Vec<String>,
    /// Differences that are the purpose of a comparison, such as the program, one sentence each.
    pub notes: Vec<String>,
    /// What both runs ask for and could not be judged, with the reason, one sentence each.
    pub unjudged: Vec<String>,
    /// In the order of the later run's scenarios and models, cost before rate.
    pub changes: Vec<Change>,
}

/// The change of one figure of one model in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The scenario's name.
    pub scenario: String,
    /// The model's name.
    pub model: String,
    /// What it is divided by.
    pub floor: String,
    /// Which figure.
    pub quantity: Quantity,
    /// The mean quotient in the earlier run.
    pub before: f64,
    /// The mean quotient in the later run.
    pub after: f64,
    /// The factor between the runs.
    pub factor: f64,
    /// Where the true factor lies, with a confidence of 95 %; `None` with too few rounds.
    pub interval: Option<Interval>,
    /// The probability of such a change if there is none; `None` with too few rounds.
    pub p: Option<f64>,
    /// The same, corrected for the number of changes.
    pub adjusted_p: Option<f64>,
    /// The noise that the twins of both runs show, as a factor of 1 or more; `None` if one of the runs does not show
    /// it.
    pub noise: Option<f64>,
    /// What can be claimed.
    pub judgement: Judgement,
}

/// A figure that is compared between runs, as a multiple of the floor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// CPU time per message: less is better.
    Cost,
    /// Messages (in churn: connections) a second: more is better.
    Rate,
}

/// What can be claimed about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Worse than the bound allows.
    Regression,
    /// Worse, and the bound allows it.
    Worse,
    /// Better.
    Better,
    /// Nothing: the interval includes no change.
    NoChange,
    /// Nothing: the interval excludes no change, but not what the twins show.
    WithinNoise,
    /// Nothing: the interval excludes no change and what the twins show, but among as many changes some such interval is
    /// to be expected.
    OneOfMany,
    /// Nothing: too few rounds for an interval, of the model or of a twin.
    TooFewRounds,
}

impl Changes {
    /// Whether a model has become worse than the bound allows.
    pub fn has_regression(&self) -> bool {
        self.changes.iter().any(|change| change.judgement == Judgement::Regression)
    }

    /// Whether everything was judged, and no model has become worse than the bound allows.
    pub fn is_good(&self) -> bool {
        self.unjudged.is_empty() && !self.has_regression()
    }
}

/// Compares two runs of these servers.
///
/// # Errors
/// They did not measure the same; see [`check`].
pub fn compare(
    before: &Comparison,
    after: &Comparison,
    bound_percent: f64,
    servers: &Servers,
) -> Result<Changes> {
    let mut warnings = check(&before.run, &after.run)?;
    if before == after {
        warnings.push("the baseline is this very run, so nothing can differ".to_owned());
    }
    let (earlier, later) = (analyse(before), analyse(after));
    let points = later.scenarios.iter().filter(|scenario| scenario.scenario.vary.is_none());
    let mut changes = Vec::new();
    for scenario in points {
        let name = &scenario.scenario.name;
        let point = |analysis: &Analysis| Some(analysis.scenario(name)?.points.first()?.clone());
        let Some((before, after)) = point(&earlier).zip(point(&later)) else { continue };
        changes.extend(at_point(name, &before, &after));
    }
    judge_all(&mut changes, bound_percent / 100.0);
    Ok(Changes {
        before: before.run.started.clone(),
        after: after.run.started.clone(),
        bound_percent,
        warnings,
        notes: notes(&before.run, &after.run),
        unjudged: unjudged::unjudged(&earlier, &later, &changes, servers),
        changes,
    })
}

/// Checks that two runs can be compared, and returns warnings about differences between them.
///
/// # Errors
/// They were recorded in different formats, on different processors, or on other CPUs of them; rounds are made in
/// another way; the load of a scenario that both have differs; or they have no scenario in common. The message says
/// which, and what to do.
pub fn check(before: &Run, after: &Run) -> Result<Vec<String>> {
    ensure!(
        before.format == after.format,
        "the runs cannot be compared: the baseline is recorded in format {}, this run in format {}, and the figures of \
         two formats do not mean the same; measure the baseline again with this version",
        before.format,
        after.format
    );
    let processor = |run: &Run| {
        let name = run.machine.processor.clone().unwrap_or_else(|| "unknown".to_owned());
        format!("{name}, {} cores", run.machine.cores)
    };
    ensure!(
        processor(before) == processor(after),
        "the runs cannot be compared: the processor is {} in the baseline, but {} here, and a ratio to a floor depends \
         on it; measure both on the same machine",
        processor(before),
        processor(after)
    );
    ensure!(
        before.layout == after.layout,
        "the runs cannot be compared: in the baseline, {}; here, {}; measure with the same layout (--pin)",
        before.layout,
        after.layout
    );
    let way = |run: &Run| {
        (run.profile.warm_up_ms, run.profile.window_ms, run.profile.slices, run.profile.greeting_wait_ms)
    };
    ensure!(
        way(before) == way(after),
        "the runs cannot be compared: with {} in the baseline (profile {}), but {} here (profile {}); measure with the \
         baseline's profile",
        before.profile.times(),
        before.profile_name,
        after.profile.times(),
        after.profile_name
    );
    let mut is_common = false;
    for scenario in &after.scenarios {
        let Some(other) = before.scenarios.iter().find(|other| other.name == scenario.name) else { continue };
        let load = |scenario: &Scenario| (scenario.load.clone(), scenario.vary.clone(), scenario.script);
        ensure!(
            load(scenario) == load(other),
            "the runs cannot be compared: the load of scenario {:?} differs from the baseline; measure with \
             the baseline's scenarios (--scenarios), or leave it out (--only)",
            scenario.name
        );
        is_common = true;
    }
    ensure!(is_common, "the runs cannot be compared: they have no scenario in common");
    Ok(Provenance::of(before).conditions("in the baseline", &Provenance::of(after), "here"))
}

/// What was changed on purpose: the program, the models, the seed and other options.
fn notes(before: &Run, after: &Run) -> Vec<String> {
    let mut notes = Provenance::of(before).programs("in the baseline", &Provenance::of(after), "here");
    if before.command != after.command {
        notes.push(format!(
            "the commands differ: `{}` in the baseline, `{}` here",
            before.command, after.command
        ));
    }
    notes
}

/// The models that both have here, divided by the same floor.
fn at_point(scenario: &str, before: &PointAnalysis, after: &PointAnalysis) -> Vec<Change> {
    let mut changes = Vec::new();
    for later in after.rows.iter().filter(|row| row.subject.role == Role::Model) {
        let Some(earlier) = before.row(&later.subject.name) else { continue };
        let pairs = [
            (Quantity::Cost, &earlier.cost_ratio, &later.cost_ratio),
            (Quantity::Rate, &earlier.rate_ratio, &later.rate_ratio),
        ];
        for (quantity, earlier, later_ratio) in pairs {
            let Some((earlier, later_ratio)) = earlier.as_ref().zip(later_ratio.as_ref()) else { continue };
            if earlier.right != later_ratio.right {
                continue;
            }
            let Some(shift) = Shift::between(&logarithms(earlier), &logarithms(later_ratio)) else {
                continue;
            };
            // Both runs have enough rounds if each ratio has an interval of its own.
            let is_enough = earlier.spread.interval.is_some() && later_ratio.spread.interval.is_some();
            let noise = |point: &PointAnalysis| Some(point.resolution(later_ratio.metric)?.noise);
            let noise = noise(before).zip(noise(after)).map(|(one, other)| one.max(other));
            changes.push(Change {
                scenario: scenario.to_owned(),
                model: later.subject.name.clone(),
                floor: later_ratio.right.clone(),
                quantity,
                before: earlier.spread.center,
                after: later_ratio.spread.center,
                factor: shift.estimate().exp(),
                interval: is_enough.then(|| shift.interval().map(f64::exp)),
                p: is_enough.then(|| shift.p()),
                adjusted_p: None,
                noise,
                judgement: Judgement::TooFewRounds,
            });
        }
    }
    changes
}

fn logarithms(ratio: &Pair) -> Vec<f64> {
    ratio.spread.values.iter().map(|&(_, quotient)| quotient.ln()).collect()
}

/// Corrects the p-values of all changes that can be judged, and judges these.
fn judge_all(changes: &mut [Change], bound: f64) {
    let mut judged: Vec<(&mut Change, f64, Interval, f64)> = Vec::new();
    for change in changes {
        if let (Some(p), Some(interval), Some(noise)) = (change.p, change.interval, change.noise) {
            judged.push((change, p, interval, noise));
        }
    }
    let adjusted = holm(&judged.iter().map(|(_, p, ..)| *p).collect::<Vec<f64>>());
    for ((change, _, interval, noise), adjusted) in judged.into_iter().zip(adjusted) {
        change.adjusted_p = Some(adjusted);
        let claim = Claim::of(interval, noise, adjusted);
        change.judgement = judge(change.quantity, change.factor, claim, bound);
    }
}

fn judge(quantity: Quantity, factor: f64, claim: Claim, bound: f64) -> Judgement {
    let is_past_bound = match quantity {
        Quantity::Cost => factor > 1.0 + bound,
        Quantity::Rate => factor < 1.0 - bound,
    };
    match (quantity, claim) {
        (Quantity::Cost, Claim::Higher) | (Quantity::Rate, Claim::Lower) if is_past_bound => {
            Judgement::Regression
        }
        (Quantity::Cost, Claim::Higher) | (Quantity::Rate, Claim::Lower) => Judgement::Worse,
        (Quantity::Cost, Claim::Lower) | (Quantity::Rate, Claim::Higher) => Judgement::Better,
        (_, Claim::WithinNoise) => Judgement::WithinNoise,
        (_, Claim::OneOfMany) => Judgement::OneOfMany,
        (_, Claim::NoDifference) => Judgement::NoChange,
        (_, Claim::TooFewRounds | Claim::NoTwin) => Judgement::TooFewRounds,
    }
}

#[cfg(test)]
mod tests;
