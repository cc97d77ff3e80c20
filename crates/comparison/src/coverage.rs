//! What a run was to measure and did not: figures that do not exist must not pass for good ones.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::plan::{Trial, plan};
use crate::record::{Comparison, Observed, Record};
use crate::scenario::{Point, Scenario};
use crate::servers::Servers;
use loadgen::Bound;

/// How much of a run has been measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Trials that the run asks for.
    pub planned: usize,
    /// Those of them that have been made.
    pub made: usize,
    /// How often a group of trials was discarded and made again, because other programs or machines had disturbed it.
    pub repeated: u32,
    /// What was not measured at all, one sentence each; empty if there is nothing of the kind.
    pub gaps: Vec<String>,
}

impl Coverage {
    /// Of these records.
    pub fn of(comparison: &Comparison, servers: &Servers) -> Self {
        let planned = plan(&comparison.run, servers);
        let made = planned
            .iter()
            .filter(|trial| records_of(comparison, trial).any(|record| record.round == trial.round));
        Coverage {
            made: made.count(),
            repeated: repeated(comparison),
            gaps: gaps(comparison, &planned),
            planned: planned.len(),
        }
    }
}

/// Counted once for the trials that were made together.
fn repeated(comparison: &Comparison) -> u32 {
    let profile = &comparison.run.profile;
    let is_single = |record: &Record| {
        let scenario = comparison.run.scenarios.iter().find(|scenario| scenario.name == record.scenario);
        profile.slices.is_none() || !scenario.is_some_and(Scenario::can_be_sliced)
    };
    let groups: BTreeMap<(u32, &str, Point, Option<&str>), u32> =
        comparison.records.iter().fold(BTreeMap::new(), |mut groups, record| {
            let subject = is_single(record).then_some(record.subject.as_str());
            groups.insert((record.round, record.scenario.as_str(), record.point, subject), record.repeated);
            groups
        });
    groups.values().sum()
}

fn gaps(comparison: &Comparison, planned: &[Trial]) -> Vec<String> {
    if comparison.records.is_empty() {
        return vec!["no trial of this run was made".to_owned()];
    }
    // Each subject once, at each point.
    let mut points: Vec<(&str, Point, Vec<&Trial>)> = Vec::new();
    for trial in planned {
        let place = (trial.scenario.name.as_str(), trial.point);
        match points.iter_mut().find(|(scenario, point, _)| (*scenario, *point) == place) {
            Some((.., trials)) if trials.iter().any(|known| known.subject.name == trial.subject.name) => {}
            Some((.., trials)) => trials.push(trial),
            None => points.push((place.0, place.1, vec![trial])),
        }
    }
    let mut gaps = Vec::new();
    let shown = |trial: &&Trial| comparison.run.subjects.iter().position(|subject| subject == trial.subject);
    for (scenario, point, mut trials) in points {
        // As in tables, not in the order of a round.
        trials.sort_by_key(shown);
        let place = format!("{scenario} {point}");
        let mut say = |what: &str, is_so: &dyn Fn(&[&Record]) -> bool| {
            let is_meant = |trial: &&&Trial| is_so(&records_of(comparison, trial).collect::<Vec<_>>());
            let names = trials.iter().filter(is_meant).map(|trial| trial.subject.name.as_str());
            let names: Vec<&str> = names.collect();
            if !names.is_empty() {
                gaps.push(format!("{}: {what}: {}", place.trim_end(), names.join(", ")));
            }
        };
        say("never measured", &|records| records.is_empty());
        say("answered no message", &|records| {
            !records.is_empty() && records.iter().all(|record| is_unanswered(record))
        });
    }
    gaps.extend(nothing_valid(comparison));
    gaps
}

/// A sentence if there are windows, and none of them is valid. On a machine that others keep busy there may be none
/// either; that is a warning, since the replies were verified nevertheless.
fn nothing_valid(comparison: &Comparison) -> Option<String> {
    let windows = || comparison.records.iter().filter(|record| record.verdict().is_some());
    let is_invalid =
        |record: &Record| record.verdict().is_some_and(|verdict| verdict.bound == Bound::Invalid);
    let last = windows().next_back()?;
    let is_so = windows().all(is_invalid) && !windows().any(Record::is_disturbed);
    is_so.then(|| {
        let reason = last.verdict().map(|verdict| verdict.reason.clone()).unwrap_or_default();
        format!("no window of this run is valid, such as the last one: {reason}")
    })
}

/// Whether a window went by without a reply and without an error. A failure has an error. On a busy machine the load
/// generator itself may have sent nothing in a short window.
fn is_unanswered(record: &Record) -> bool {
    let Observed::Load { outcome, .. } = &record.observed else { return false };
    let has_asked = outcome.unfinished > 0 || !record.is_disturbed();
    outcome.messages + outcome.drained == 0 && outcome.errors.is_empty() && has_asked
}

/// The records of all rounds of this trial.
fn records_of<'run>(comparison: &'run Comparison, trial: &'run Trial) -> impl Iterator<Item = &'run Record> {
    comparison.records.iter().filter(|record| {
        (record.scenario.as_str(), record.point, record.subject.as_str())
            == (trial.scenario.name.as_str(), trial.point, trial.subject.name.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, Figures};

    fn coverage(alter: impl Fn(&mut Vec<Record>)) -> Coverage {
        let mut comparison = example::altered(example::run_of("full", &["ping-pong", "ramp"]), |_, _| {});
        alter(&mut comparison.records);
        Coverage::of(&comparison, &example::servers())
    }

    #[test]
    fn a_whole_run_has_no_gap() {
        let whole = coverage(|_| {});
        assert_eq!((whole.made, whole.gaps), (whole.planned, Vec::new()));
    }

    #[test]
    fn an_interrupted_run_is_smaller_but_has_measured_everything() {
        let part = coverage(|records| records.truncate(records.len() - 3));
        assert_eq!((part.made, part.gaps), (part.planned - 3, Vec::new()));
    }

    #[test]
    fn a_group_that_was_made_again_counts_once_and_a_single_trial_by_itself() {
        let repeated = coverage(|records| {
            for record in records {
                let is_one_of_a_curve =
                    record.round == 2 && record.subject == "mio" && record.point == Point::Connections(64);
                let is_of_a_group = record.round == 1 && record.scenario == "ping-pong";
                record.repeated = if is_of_a_group { 2 } else { u32::from(is_one_of_a_curve) };
            }
        });
        assert_eq!(repeated.repeated, 3);
    }

    #[test]
    fn a_run_without_records_has_measured_nothing() {
        assert_eq!(coverage(Vec::clear).gaps, ["no trial of this run was made"]);
    }

    #[test]
    fn what_was_never_measured_is_named_with_its_place() {
        let gaps = coverage(|records| {
            records.retain(|record| match record.point {
                Point::Only => !["mio", "floor-epoll again"].contains(&record.subject.as_str()),
                point => point != Point::Connections(64) || record.subject != "tokio",
            });
        });
        assert_eq!(
            gaps.gaps,
            [
                "ping-pong: never measured: mio, floor-epoll again",
                "ramp 64 connections: never measured: tokio"
            ]
        );
    }

    #[test]
    fn a_server_that_never_answered_is_named() {
        let gaps = coverage(|records| {
            for record in records.iter_mut().filter(|record| record.subject == "mio") {
                if let Observed::Load { outcome, .. } = &mut record.observed {
                    outcome.messages = 0;
                }
            }
        });
        assert_eq!(gaps.gaps[0], "ping-pong: answered no message: mio");
    }

    #[test]
    fn a_generator_that_had_no_cpu_says_nothing_about_the_server_unless_it_sent_something() {
        let with = |sent: u64| {
            coverage(|records| {
                for record in records.iter_mut().filter(|record| record.subject == "mio") {
                    if let Observed::Load { outcome, others, .. } = &mut record.observed {
                        (outcome.messages, outcome.unfinished, *others) = (0, sent, Some(0.9));
                    }
                }
            })
        };
        assert_eq!(with(0).gaps, Vec::<String>::new());
        assert_eq!(with(1).gaps[0], "ping-pong: answered no message: mio");
    }

    #[test]
    fn a_run_without_a_valid_window_is_a_gap_unless_others_kept_the_machine_busy() {
        let all_invalid = |_: &Trial, figures: &mut Figures| figures.verdict = Bound::Invalid;
        let mut comparison = example::altered(example::run_of("quick", &["ping-pong"]), all_invalid);
        let gaps = |comparison: &Comparison| Coverage::of(comparison, &example::servers()).gaps;
        assert_eq!(
            gaps(&comparison),
            ["no window of this run is valid, such as the last one: so it was chosen"]
        );
        if let Observed::Load { others, .. } = &mut comparison.records[3].observed {
            *others = Some(0.5);
        }
        assert_eq!(gaps(&comparison), Vec::<String>::new());
    }
}
