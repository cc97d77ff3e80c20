//! The analysis of a comparison: a pure function of its records. Tables, report and baseline read only the analysis.
//!
//! The unit of replication is a trial: a new server process in one round. Dividing *within* each round cancels the
//! drift of the machine. Rounds are summarised by their median, with the exact interval from its order statistics.
//!
//! Which trials count was decided beforehand, and no trial is left out because of its figures:
//!
//! - A trial that failed, or in which a reply was wrong or missing, has no figures. It is counted in
//!   [`Row::trials`] and reported in [`Row::failures`].
//! - A trial that the load generator calls [invalid](loadgen::Bound::Invalid) (a rate that was missed, CPU time
//!   stolen by other machines, figures that contradict each other) keeps its figures, because leaving
//!   out the rounds in which a server could not keep up would favour that server. It is counted in
//!   [`Row::invalid`], and no ratio is taken from it.
//! - A ratio needs two valid trials of one round that did the same work: the same load, with the same number of clients
//!   served. A trial with 49 starved clients and one without are different loads.

mod figures;
mod metric;
mod ratio;
mod row;
mod statistics;

use crate::record::{Comparison, Record, Run};
use crate::scenario::Point;
use crate::subject::Role;

pub use figures::{Analysis, Claim, Noise, PointAnalysis, Ratio, Row, ScenarioAnalysis, Spread};
pub use metric::{Better, Metric};
pub use statistics::{Interval, median, median_interval};

/// Analyses the records.
pub fn analyse(comparison: &Comparison) -> Analysis {
    let Comparison { run, records } = comparison;
    let scenarios = run.scenarios.iter().map(|scenario| {
        let records: Vec<&Record> =
            records.iter().filter(|record| record.scenario == scenario.name).collect();
        let points = scenario.points().into_iter().map(|point| at_point(run, point, &records));
        ScenarioAnalysis {
            scenario: scenario.clone(),
            points: points.filter(|point| !point.rows.is_empty()).collect(),
        }
    });
    Analysis {
        run: run.clone(),
        scenarios: scenarios.filter(|scenario| !scenario.points.is_empty()).collect(),
    }
}

/// All subjects at one point of the scenario that the records are of.
fn at_point(run: &Run, point: Point, records: &[&Record]) -> PointAnalysis {
    let records: Vec<&Record> = records.iter().copied().filter(|record| record.point == point).collect();
    let rows = run.subjects.iter().filter_map(|subject| row::row(subject, &records));
    let mut point = PointAnalysis { point, rows: rows.collect(), noise: None };
    point.noise = ratio::noise(&point.rows, |row| row.subject.role == Role::Twin);
    ratio::judge(&mut point);
    point
}

#[cfg(test)]
mod tests;
