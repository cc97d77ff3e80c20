//! What the records of a comparison say: a pure function of them. Tables, report and baseline read nothing
//! else.
//!
//! The unit of replication is a trial, a fresh server process in one round. What drifts on the machine is
//! taken out by dividing *within* each round; over the rounds the median is taken, with the exact interval
//! that its order statistics give.
//!
//! Which trials count was decided before any was made, and none is left out for its figures:
//!
//! - A trial that failed, or in which a reply was wrong or missing, has no figures. It is counted in
//!   [`Row::trials`] and told in [`Row::failures`].
//! - A trial that the load generator calls [invalid](loadgen::Bound::Invalid) (a rate that was not kept, CPU time
//!   stolen by other machines, figures that contradict each other) keeps its figures, because leaving
//!   out the rounds in which a server could not keep up would flatter it. It is counted in
//!   [`Row::invalid`], and no ratio is taken from it.
//! - A ratio needs two valid trials of one round that did the same work: the same load, and as many clients
//!   served. 49 starved clients beside none are another load.

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

/// What the records say.
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
