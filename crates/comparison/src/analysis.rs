//! The analysis of a comparison: a pure function of its records. Tables, report and baseline read only the analysis.
//!
//! The unit of replication is a trial: a new server process in one round. Figures of a subject are summarised by the
//! median of its rounds, with the exact interval from its order statistics. Two subjects are compared *within* each
//! round, which cancels the drift of the machine: the quotients of the rounds are summarised by their trimmed geometric
//! mean, with the interval of the logarithms.
//!
//! Which trials count was decided beforehand, and none is left out because of its figures (a quotient that is far from the
//! others counts in the interval, but not in the trimmed mean):
//!
//! - A trial that failed, or in which a reply was wrong or missing, has no figures. It is counted in
//!   [`Row::trials`] and reported in [`Row::failures`].
//! - A trial that the load generator calls [invalid](loadgen::Bound::Invalid) (a rate that was missed, CPU time
//!   stolen by other machines, figures that contradict each other) keeps its figures, because leaving
//!   out the rounds in which a server could not keep up would favour that server. It is counted in
//!   [`Row::invalid`], and no ratio is taken from it.
//! - A ratio needs two valid trials of one round that did the same work: the same load, with the same number of clients
//!   served. A trial with 49 starved clients and one without are different loads.

mod claims;
mod comparable;
mod crossing;
mod figures;
mod growth;
mod holm;
mod metric;
mod pairs;
mod point;
mod row;
mod stall;
mod statistics;
mod student;

use crate::record::{Comparison, Record, Run};
use crate::scenario::{Point, Scenario};

pub(crate) use figures::FEWEST_ROUNDS;
pub use figures::{
    Analysis, Claim, Crossing, Growth, Pair, PointAnalysis, Resolution, Row, ScenarioAnalysis, Spread, Stall,
};
pub(crate) use holm::holm;
pub(crate) use metric::big_kind;
pub use metric::{Better, Metric};
pub use stall::{Knee, knee};
pub use statistics::{Interval, median, median_interval};
pub(crate) use student::Mean;

/// Analyses the records.
pub fn analyse(comparison: &Comparison) -> Analysis {
    let Comparison { run, records } = comparison;
    let scenarios = run.scenarios.iter().map(|scenario| {
        let records: Vec<&Record> =
            records.iter().filter(|record| record.scenario == scenario.name).collect();
        let points = scenario.points().into_iter().map(|point| at_point(run, scenario, point, &records));
        ScenarioAnalysis {
            scenario: scenario.clone(),
            points: points.filter(|point| !point.rows.is_empty()).collect(),
            growths: growth::growths(run, scenario, &records),
            stalls: stall::stalls(run, scenario, &records),
            crossings: Vec::new(),
        }
    });
    let mut analysis = Analysis {
        run: run.clone(),
        scenarios: scenarios.filter(|scenario| !scenario.points.is_empty()).collect(),
        comparisons: 0,
    };
    claims::judge(&mut analysis);
    for scenario in &mut analysis.scenarios {
        scenario.crossings = crossing::crossings(scenario);
    }
    for point in analysis.scenarios.iter_mut().flat_map(|scenario| &mut scenario.points) {
        divide_by_floors(point);
    }
    analysis
}

/// All subjects at one point of a scenario whose records are given.
fn at_point(run: &Run, scenario: &Scenario, point: Point, records: &[&Record]) -> PointAnalysis {
    let records: Vec<&Record> = records.iter().copied().filter(|record| record.point == point).collect();
    let rows: Vec<Row> = run.subjects.iter().filter_map(|subject| row::row(subject, &records)).collect();
    let compared = |load| pairs::compared(load, scenario.service);
    let metrics = scenario.load.as_ref().map(compared).unwrap_or_default();
    let pairs = pairs::pairs(&rows, &records, metrics);
    PointAnalysis { point, rows, resolutions: Vec::new(), pairs }
}

/// Moves the cost and the rate of each subject and its floor into its row.
fn divide_by_floors(point: &mut PointAnalysis) {
    let rate = point.rate();
    for row in &mut point.rows {
        let mut of_floor = |metric: Metric| {
            let is_own =
                |pair: &Pair| pair.metric == metric && pair.left == row.subject.name && pair.is_with_floor;
            let place = point.pairs.iter().position(is_own)?;
            Some(point.pairs.remove(place))
        };
        row.cost_ratio = of_floor(Metric::CpuPerMessage);
        row.rate_ratio = of_floor(rate);
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
