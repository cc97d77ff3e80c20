//! Does it matter which server had the load before? A check of the slices, from the records of a run.
//!
//! ```text
//!  A B C │ C B A      the second slice of C follows a slice of C itself, those of A and B follow another server
//! ```
//!
//! What a change of servers costs belongs to the warm-up of a slice. If the warm-up were too short, the last one of a round
//! would cost less. Each subject is the last one in some rounds, so it is compared with itself.

use std::collections::BTreeMap;

use text::markdown::{line, words};

use crate::record::{Comparison, Record};

/// How much less a message costs where the server had the load before, in one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The scenario.
    pub scenario: String,
    /// Trials that were the last ones of their round.
    pub trials: usize,
    /// The mean difference of the logarithms of CPU time per message, last ones less others.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
}

/// The effect in each scenario that was made in slices, and has two such rounds.
pub fn effects(comparison: &Comparison) -> Vec<Effect> {
    let sliced = comparison
        .run
        .scenarios
        .iter()
        .filter(|scenario| comparison.run.profile.slices.is_some() && scenario.can_be_sliced());
    sliced.filter_map(|scenario| effect(&scenario.name, &comparison.records)).collect()
}

fn effect(scenario: &str, records: &[Record]) -> Option<Effect> {
    let valid = records.iter().filter(|record| record.scenario == scenario && !record.is_spoiled());
    let costs: Vec<(&Record, f64)> =
        valid.filter_map(|record| Some((record, record.observed.cpu_ns_per_message()?.ln()))).collect();
    // Less the subject's own mean, then less what the round had in common.
    let costs = less_mean(costs, |record| record.subject.clone());
    let costs = less_mean(costs, |record| record.round.to_string());
    let last = costs.iter().map(|(record, _)| record.turn).max()?;
    let of = |is_last: bool| -> Vec<f64> {
        costs.iter().filter(|(record, _)| (record.turn == last) == is_last).map(|(_, cost)| *cost).collect()
    };
    let (at_the_end, others) = (of(true), of(false));
    let (mean, error) = mean_and_error(&at_the_end)?;
    let (rest, _) = mean_and_error(&others)?;
    Some(Effect { scenario: scenario.to_owned(), trials: at_the_end.len(), mean: mean - rest, error })
}

/// The costs less the mean of those with the same key.
fn less_mean(costs: Vec<(&Record, f64)>, key: impl Fn(&Record) -> String) -> Vec<(&Record, f64)> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (record, cost) in &costs {
        let sum = sums.entry(key(record)).or_default();
        *sum = (sum.0 + cost, sum.1 + 1.0);
    }
    let mean = |record: &Record| sums.get(&key(record)).map_or(0.0, |(sum, count)| sum / count);
    costs.into_iter().map(|(record, cost)| (record, cost - mean(record))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "trials of one run are few")]
fn mean_and_error(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (mean, (squares / (count - 1.0) / count).sqrt()))
}

/// The effects as a table, for a document.
pub fn block(comparison: &Comparison) -> String {
    let effects = effects(comparison);
    if effects.is_empty() {
        return "The recorded run was not made in slices.\n".to_owned();
    }
    let mut text = words(["scenario", "cost of a message where the server had the load before", "trials"]);
    for Effect { scenario, trials, mean, error } in effects {
        let difference = format!("{:+.1} % ± {:.1} %", 100.0 * mean, 100.0 * error);
        text.push_str(&line([format!("`{scenario}`"), difference, trials.to_string()]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    /// A run in which the last ones of a round cost this many times as much.
    fn measured(factor: f64) -> Vec<Effect> {
        let run = example::run_of("full", &["ping-pong", "ramp"]);
        let last = u32::try_from(run.subjects.len()).unwrap();
        effects(&example::altered(run, |trial, figures| {
            if trial.turn == last {
                figures.cpu_ns_per_message *= factor;
            }
        }))
    }

    #[test]
    fn what_the_last_place_costs_is_found_and_nothing_where_it_costs_nothing() {
        for (factor, expected) in [(1.0, 0.0), (0.95, -0.05)] {
            let effects = measured(factor);
            let [Effect { scenario, trials: 12, mean, error }] = &effects[..] else { panic!("{effects:?}") };
            assert_eq!(scenario, "ping-pong");
            // Twelve trials, each off by less than 1.5 %.
            assert!((mean - expected).abs() < 0.01 && (0.0005..0.005).contains(error), "{effects:?}");
        }
    }

    #[test]
    fn a_run_that_was_not_made_in_slices_shows_nothing() {
        let mut comparison = example::altered(example::run_of("full", &["ping-pong"]), |_, _| {});
        assert!(block(&comparison).contains("| `ping-pong` | "), "{}", block(&comparison));
        comparison.run.profile.slices = None;
        assert_eq!(block(&comparison), "The recorded run was not made in slices.\n");
    }
}
