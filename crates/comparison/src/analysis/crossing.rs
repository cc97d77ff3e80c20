//! From which size of the work on it pays to hand it to another thread: where the rates of two models cross.
//!
//! ```text
//!  rate of the one that hands over   │            ╭────── pays, claimed at each size from here on
//!  divided by that of the other      │          ╱
//!                                  1 ┼ ─ ─ ─ ─╳─ ─ ─ ─ ─  the crossing, on a straight line in logarithms
//!                                    │ ─────╯             does not pay, claimed at each size up to here
//!                                    └──────────────────▶ divisions
//! ```

use super::figures::{Claim, Crossing, Pair, ScenarioAnalysis, Spread};
use super::metric::Metric;
use crate::scenario::{Point, divisions};

/// The crossings of the pairs of models that the scenario asks about, as far as both were measured.
pub(super) fn crossings(scenario: &ScenarioAnalysis) -> Vec<Crossing> {
    let asked = scenario.scenario.handing_over.iter();
    asked.filter_map(|[here, beside]| crossing(scenario, here, beside)).collect()
}

fn crossing(scenario: &ScenarioAnalysis, here: &str, beside: &str) -> Option<Crossing> {
    let sizes = scenario.points.iter().filter_map(|at| match at.point {
        Point::Number(_) => Some((at.point, at.pair(beside, here, Metric::MessagesPerSecond)?)),
        _ => None,
    });
    let sizes: Vec<(Point, Pair)> = sizes.collect();
    let is = |claim: Claim| move |(_, pair): &&(Point, Pair)| pair.claim == claim;
    let last = sizes.last()?;
    let rounds: Vec<u32> = last.1.spread.values.iter().map(|&(round, _)| round).collect();
    let at = rounds.iter().filter_map(|&round| {
        let quotients = sizes.iter().filter_map(|(point, pair)| {
            let of_round = |(of, quotient): &(u32, f64)| (*of == round).then_some(*quotient);
            Some((size(*point)?, pair.spread.values.iter().find_map(of_round)?))
        });
        Some((round, crosses_one(&quotients.collect::<Vec<(f64, f64)>>())?))
    });
    let at: Vec<(u32, f64)> = at.collect();
    Some(Crossing {
        here: here.to_owned(),
        beside: beside.to_owned(),
        until: sizes.iter().take_while(is(Claim::Lower)).last().map(|(point, _)| *point),
        from: sizes.iter().rev().take_while(is(Claim::Higher)).last().map(|(point, _)| *point),
        divisions: if 2 * at.len() > rounds.len() { Spread::of(at) } else { None },
        division_ns: division_ns(scenario, here),
    })
}

/// Where a curve that begins below 1 and ends above it is 1 for the last time, between two of its points on a straight line
/// in logarithms; `None` if it does not begin and end so.
fn crosses_one(curve: &[(f64, f64)]) -> Option<f64> {
    let (first, last) = (curve.first()?, curve.last()?);
    if first.1 >= 1.0 || last.1 < 1.0 {
        return None;
    }
    let (low, high) = curve.windows(2).rev().find_map(|pair| match pair {
        [low, high] if low.1 < 1.0 && high.1 >= 1.0 => Some((low, high)),
        _ => None,
    })?;
    let share = -low.1.ln() / (high.1 / low.1).ln();
    Some(low.0 * (high.0 / low.0).powf(share))
}

fn division_ns(scenario: &ScenarioAnalysis, here: &str) -> Option<f64> {
    let largest = scenario.points.iter().max_by_key(|at| match at.point {
        Point::Number(number) => number,
        _ => 0,
    })?;
    Some(largest.row(here)?.median(Metric::CpuPerMessage)? / size(largest.point)?)
}

#[expect(clippy::cast_precision_loss, reason = "at most 2^31 divisions")]
fn size(point: Point) -> Option<f64> {
    match point {
        Point::Number(number) => Some(divisions(number) as f64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::example;

    #[test]
    fn the_crossing_of_two_models_is_found_in_records() {
        // Handing over costs 10 µs, which is 4,000 divisions of 2.5 ns; two threads then do twice as much.
        let analysis = analyse(&example::altered(example::run_of_work(&["offload"]), |trial, figures| {
            let work_ns = 2.5 * size(trial.point).unwrap();
            let takes_ns =
                if trial.subject.model == "prime-queue" { f64::midpoint(work_ns, 10_000.0) } else { work_ns };
            figures.messages_per_second =
                1e9 / takes_ns * (1.0 + example::JITTER * f64::from(trial.turn) / 9.0);
            figures.cpu_ns_per_message = work_ns;
        }));
        let [crossing] = &analysis.scenarios[0].crossings[..] else {
            panic!("{:?}", analysis.scenarios[0].crossings)
        };
        assert_eq!((crossing.here.as_str(), crossing.beside.as_str()), ("prime-inline", "prime-queue"));
        let at = crossing.divisions.as_ref().unwrap();
        assert!((at.center / 4_000.0 - 1.0).abs() < 0.1 && at.interval.is_some(), "{at:?}");
        assert!((crossing.division_ns.unwrap() / 2.5 - 1.0).abs() < 0.01);
        let of = |point: Option<Point>| size(point.unwrap()).unwrap();
        assert!(of(crossing.until) < 4_000.0 && 4_000.0 < of(crossing.from), "{crossing:?}");
    }

    #[test]
    fn a_curve_crosses_one_between_the_two_points_around_it_in_logarithms() {
        let near = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() / expected - 1.0).abs() < 1e-9, "{found:?}, not {expected}");
        };
        near(crosses_one(&[(100.0, 0.5), (10_000.0, 2.0)]), 1_000.0);
        near(crosses_one(&[(10.0, 0.5), (100.0, 0.5), (10_000.0, 2.0), (1e6, 3.0)]), 1_000.0);
        near(crosses_one(&[(100.0, 0.5), (10_000.0, 1.0)]), 10_000.0);
        // The last time counts: what pays must pay from there on.
        near(crosses_one(&[(1.0, 0.5), (10.0, 2.0), (100.0, 0.5), (10_000.0, 2.0)]), 1_000.0);
    }

    #[test]
    fn a_curve_on_one_side_does_not_cross() {
        assert_eq!(crosses_one(&[]), None);
        assert_eq!(crosses_one(&[(1.0, 0.5), (2.0, 0.9)]), None);
        assert_eq!(crosses_one(&[(1.0, 1.5), (2.0, 1.9)]), None);
        assert_eq!(crosses_one(&[(1.0, 1.5), (2.0, 0.9)]), None);
    }
}
