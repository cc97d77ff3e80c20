//! What can be claimed about the pairs of a run, about how a cost grows, and about stalls.
//!
//! A difference is claimed if three conditions hold. A twin did the same work, so it is known how far two runs of the same
//! program differ. The p-value is below 5 % after [Holm's correction](holm()) for all comparisons that the run makes. And
//! the 95 % interval of this comparison alone excludes the whole range that the twins show, and whatever is below 1 %.

use super::figures::{Analysis, Claim, Pair, PointAnalysis, Resolution, ScenarioAnalysis};
use super::holm::holm;
use super::metric::Metric;
use super::statistics::Interval;
use super::student::{MISSED, Mean};
use crate::scenario::Point;
use crate::subject::Role;

/// The smallest difference that is ever claimed, as a factor: on a quiet machine many short rounds agree within less, but
/// then what differs may be where a process happened to lie in memory (Mytkowicz and others, ASPLOS 2009).
const SMALLEST: f64 = 1.01;

/// Judges all pairs and growths of the run.
pub(super) fn judge(analysis: &mut Analysis) {
    let points = || analysis.scenarios.iter().flat_map(|scenario| &scenario.points);
    let is_possible = |point: &PointAnalysis, pair: &Pair| {
        (pair.has_twin && noise(point, pair.metric, |_| true).is_some()).then_some(pair.p).flatten()
    };
    let of_pairs = points().flat_map(|point| point.pairs.iter().map(|pair| is_possible(point, pair)));
    let of_others = analysis.scenarios.iter().flat_map(|scenario| {
        scenario.beside().map(|(pair, at)| pair.p.filter(|_| noise_at(scenario, pair, at).is_some()))
    });
    let values: Vec<Option<f64>> = of_pairs.chain(of_others).collect();
    let possible: Vec<f64> = values.iter().copied().flatten().collect();
    let mut corrected = holm(&possible).into_iter();
    let mut adjusted = values.iter().map(|value| value.and_then(|_| corrected.next()));
    analysis.comparisons = possible.len();
    for point in analysis.scenarios.iter_mut().flat_map(|scenario| &mut scenario.points) {
        for pair in &mut point.pairs {
            pair.adjusted_p = adjusted.next().flatten();
        }
        point.resolutions = resolutions(point, analysis.comparisons);
        let claims: Vec<Claim> = point.pairs.iter().map(|pair| claim(point, pair)).collect();
        for (pair, claim) in point.pairs.iter_mut().zip(claims) {
            pair.claim = claim;
        }
    }
    for scenario in &mut analysis.scenarios {
        let noises: Vec<Option<f64>> =
            scenario.beside().map(|(pair, at)| noise_at(scenario, pair, at)).collect();
        for (pair, noise) in scenario.beside_mut().zip(noises) {
            pair.adjusted_p = adjusted.next().flatten();
            pair.claim = match (pair.spread.interval, noise, pair.adjusted_p) {
                (Some(interval), Some(noise), Some(adjusted)) => Claim::of(interval, noise, adjusted),
                _ => Claim::TooFewRounds,
            };
        }
    }
}

/// How far two runs of the same program differ at the two points that a pair is about, whichever is more.
fn noise_at(scenario: &ScenarioAnalysis, pair: &Pair, [from, to]: [Point; 2]) -> Option<f64> {
    let at = |point| {
        let point = scenario.points.iter().find(|known| known.point == point)?;
        noise(point, pair.metric, |_| true)
    };
    Some(at(from)?.max(at(to)?))
}

/// How far two runs of the same program differ: the widest bound of the chosen twins' intervals, as a factor of 1 or
/// more; `None` if none of them has an interval.
fn noise(point: &PointAnalysis, of: Metric, is_chosen: impl Fn(&Pair) -> bool) -> Option<f64> {
    let bounds = twins(point, of).filter(|pair| is_chosen(pair)).filter_map(|pair| {
        let Interval { low, high } = pair.spread.interval?;
        Some(low.ln().abs().max(high.ln().abs()).exp())
    });
    // Two figures that are each read within a step may differ by two steps.
    bounds.reduce(f64::max).map(|widest| widest.max((1.0 + of.step()).powi(2)))
}

/// The pairs of a twin and its floor.
fn twins(point: &PointAnalysis, metric: Metric) -> impl Iterator<Item = &Pair> {
    point.pairs.iter().filter(move |pair| pair.metric == metric && is_twin(point, &pair.left))
}

fn is_twin(point: &PointAnalysis, subject: &str) -> bool {
    point.row(subject).is_some_and(|row| row.subject.role == Role::Twin)
}

/// A twin is judged by the noise of the other twins: by its own it could never differ.
fn claim(point: &PointAnalysis, pair: &Pair) -> Claim {
    let noise = if is_twin(point, &pair.left) {
        Some(noise(point, pair.metric, |other| other.left != pair.left).unwrap_or(1.0))
    } else {
        noise(point, pair.metric, |_| true)
    };
    if !pair.has_twin {
        return Claim::NoTwin;
    }
    let (Some(interval), Some(noise), Some(adjusted)) = (pair.spread.interval, noise, pair.adjusted_p) else {
        return Claim::TooFewRounds;
    };
    Claim::of(interval, noise, adjusted)
}

impl Claim {
    /// About a ratio with this 95 % interval, beside twins that differ by up to this factor, with this corrected p-value.
    pub(crate) fn of(interval: Interval, noise: f64, adjusted_p: f64) -> Self {
        let Interval { low, high } = interval;
        let noise = noise.max(SMALLEST);
        let (is_higher, is_lower) = (low > noise, high < 1.0 / noise);
        match (is_higher, is_lower, adjusted_p < MISSED) {
            (true, _, true) => Claim::Higher,
            (_, true, true) => Claim::Lower,
            (true, ..) | (_, true, _) => Claim::OneOfMany,
            _ if low > 1.0 || high < 1.0 => Claim::WithinNoise,
            _ => Claim::NoDifference,
        }
    }
}

/// What the twins of a point show about each metric that they have an interval of.
fn resolutions(point: &PointAnalysis, comparisons: usize) -> Vec<Resolution> {
    let mut metrics: Vec<Metric> = Vec::new();
    for pair in &point.pairs {
        if !metrics.contains(&pair.metric) {
            metrics.push(pair.metric);
        }
    }
    let resolution = |metric: Metric| {
        let noise = noise(point, metric, |_| true)?;
        let claimed_from = claimed_from(point, metric, noise, comparisons)?;
        Some(Resolution { metric, noise, claimed_from })
    };
    metrics.into_iter().filter_map(resolution).collect()
}

/// From which factor on a difference is claimed, between subjects whose rounds scatter as those of the twins: beyond the
/// noise by half an interval, and as far as the smallest of all p-values of the run must be.
#[expect(clippy::cast_precision_loss, reason = "comparisons are few")]
fn claimed_from(point: &PointAnalysis, metric: Metric, noise: f64, comparisons: usize) -> Option<f64> {
    let means: Vec<Mean> = twins(point, metric).filter_map(|pair| pair.spread.mean_of_logarithms()).collect();
    // All twins take part in as many rounds, or nearly.
    let freedom = means.iter().map(|mean| mean.freedom).min()?;
    let squares: f64 = means.iter().map(|mean| mean.error * mean.error).sum();
    let typical = Mean { value: 0.0, error: (squares / means.len() as f64).sqrt(), freedom };
    let beyond_noise = noise.max(SMALLEST).ln() + typical.half_width(MISSED);
    let beyond_chance = typical.half_width(MISSED / comparisons.max(1) as f64);
    Some(beyond_noise.max(beyond_chance).exp())
}
