//! A run compared with an earlier one, to detect a regression: does a model cost more, or has it become slower?
//!
//! Plain figures of two days differ because the machine differs. So the ratios to the floors are compared: those of all
//! rounds of one run with those of the other, as two independent samples. Their change is the shift of the logarithms,
//! with its exact interval. It is a regression if three conditions hold: it is worse than the bound, its interval
//! excludes "no change", and the whole interval is beyond the noise that the twins of both runs show. There is no
//! correction for the number of models and scenarios: noise and bound both make chance findings unlikely.
//!
//! Where the load varies no subject has a twin, so nothing can be judged; those scenarios are left out. Everything else
//! that both runs ask for must have been judged: a regression of what was not measured would not be seen.

pub mod draw;
mod shift;
mod unjudged;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::analysis::{Analysis, Interval, Pair, PointAnalysis, analyse};
use crate::provenance::Provenance;
use crate::record::{Comparison, Run};
use crate::scenario::Scenario;
use crate::servers::Servers;
use crate::subject::Role;

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
    /// The median quotient in the earlier run.
    pub before: f64,
    /// The median quotient in the later run.
    pub after: f64,
    /// The factor between the runs: not `after` over `before`, but the shift of all rounds.
    pub factor: f64,
    /// Where the true factor lies, with a confidence of 95 % or more; `None` with too few rounds.
    pub interval: Option<Interval>,
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
        changes.extend(at_point(name, &before, &after, bound_percent / 100.0));
    }
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
/// Layout, windows or the load of a scenario that both have differ, or they have no scenario in common. The message
/// says which, and what to do.
pub fn check(before: &Run, after: &Run) -> Result<Vec<String>> {
    ensure!(
        before.layout == after.layout,
        "the runs cannot be compared: in the baseline, {}; here, {}; measure with the same layout (--pin)",
        before.layout,
        after.layout
    );
    ensure!(
        before.profile.times() == after.profile.times(),
        "the runs cannot be compared: in the baseline, {} (profile {}); here, {} (profile {}); measure with the baseline's \
         profile",
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
fn at_point(scenario: &str, before: &PointAnalysis, after: &PointAnalysis, bound: f64) -> Vec<Change> {
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
            let Some(shift) = shift::shift(&logarithms(earlier), &logarithms(later_ratio)) else { continue };
            let interval =
                shift.interval.map(|Interval { low, high }| Interval { low: low.exp(), high: high.exp() });
            let noise = |point: &PointAnalysis| Some(point.resolution(later_ratio.metric)?.noise);
            let noise = noise(before).zip(noise(after)).map(|(one, other)| one.max(other));
            let factor = shift.estimate.exp();
            changes.push(Change {
                scenario: scenario.to_owned(),
                model: later.subject.name.clone(),
                floor: later_ratio.right.clone(),
                quantity,
                before: earlier.spread.center,
                after: later_ratio.spread.center,
                factor,
                interval,
                noise,
                judgement: judge(quantity, factor, interval.zip(noise), bound),
            });
        }
    }
    changes
}

fn logarithms(ratio: &Pair) -> Vec<f64> {
    ratio.spread.values.iter().map(|&(_, quotient)| quotient.ln()).collect()
}

fn judge(quantity: Quantity, factor: f64, known: Option<(Interval, f64)>, bound: f64) -> Judgement {
    let Some((Interval { low, high }, noise)) = known else { return Judgement::TooFewRounds };
    let (is_more, is_less) = (low > noise, high < 1.0 / noise);
    let is_past_bound = match quantity {
        Quantity::Cost => factor > 1.0 + bound,
        Quantity::Rate => factor < 1.0 - bound,
    };
    let (is_worse, is_better) = match quantity {
        Quantity::Cost => (is_more, is_less),
        Quantity::Rate => (is_less, is_more),
    };
    match (is_worse, is_better) {
        (true, _) if is_past_bound => Judgement::Regression,
        (true, _) => Judgement::Worse,
        (_, true) => Judgement::Better,
        _ if low > 1.0 || high < 1.0 => Judgement::WithinNoise,
        _ => Judgement::NoChange,
    }
}

#[cfg(test)]
mod tests;
