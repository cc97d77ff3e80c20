//! Which models compete for a figure at a point, and which do not, with the reason.

use std::cmp::Ordering;

use crate::analysis::{Better, Metric, PointAnalysis, Row, Spread};
use crate::subject::Role;
use text::units;

/// The models at a point, by one figure.
#[derive(Clone, Debug)]
pub(crate) struct Contest<'run> {
    /// The models that compete, the best median first.
    pub(crate) ranked: Vec<Entry<'run>>,
    /// The models that have this figure and do not compete, each with the reason.
    pub(crate) unranked: Vec<(&'run Row, String)>,
}

/// A model with its figure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'run> {
    pub(crate) row: &'run Row,
    pub(crate) spread: &'run Spread,
}

impl<'run> Contest<'run> {
    /// For a metric.
    pub(crate) fn of(point: &'run PointAnalysis, metric: Metric) -> Self {
        Contest::by(point, |row| row.spread(metric), metric.better())
    }

    /// For any figure. A model competes if a window of it was valid and, unless all starve clients, if it serves all
    /// of them: the work of one that serves fewer is another.
    pub(crate) fn by(
        point: &'run PointAnalysis,
        of: impl Fn(&'run Row) -> Option<&'run Spread>,
        better: Better,
    ) -> Self {
        let measured = models(point).filter_map(|row| {
            let spread = of(row).filter(|spread| spread.center.is_finite())?;
            Some(Entry { row, spread })
        });
        let (valid, invalid): (Vec<Entry>, Vec<Entry>) = measured.partition(|entry| entry.row.valid > 0);
        let all_starve = !valid.iter().any(|entry| serves_all(entry.row));
        let (mut ranked, starving): (Vec<Entry>, Vec<Entry>) =
            valid.into_iter().partition(|entry| all_starve || serves_all(entry.row));
        ranked.sort_by(|one, other| in_order(one.spread.center, other.spread.center, better));
        let starving = starving.iter().map(|entry| (entry.row, served(entry.row).unwrap_or_default()));
        let invalid = invalid.iter().map(|entry| (entry.row, "no window was valid".to_owned()));
        Contest { ranked, unranked: starving.chain(invalid).collect() }
    }

    /// `Not ranked: sequential (serves 1 of 50 clients).`; `None` if all compete.
    pub(crate) fn not_ranked(&self) -> Option<String> {
        let names: Vec<String> =
            self.unranked.iter().map(|(row, reason)| format!("{} ({reason})", row.subject.name)).collect();
        (!names.is_empty()).then(|| format!("Not ranked: {}.", names.join(", ")))
    }
}

/// The models among the rows.
pub(crate) fn models(point: &PointAnalysis) -> impl Iterator<Item = &Row> {
    point.rows.iter().filter(|row| row.subject.role == Role::Model)
}

/// Whether all clients were served, as far as that was measured.
pub(crate) fn serves_all(row: &Row) -> bool {
    row.median(Metric::Starved).is_none_or(|starved| starved == 0.0)
}

/// `serves 1 of 50 clients`; `None` if it serves all, or if that was not measured.
pub(crate) fn served(row: &Row) -> Option<String> {
    let (served, starved) = (row.median(Metric::Served)?, row.median(Metric::Starved)?);
    let all = served + starved;
    (starved > 0.0).then(|| format!("serves {} of {} clients", units::count(served), units::count(all)))
}

/// The better value first.
pub(crate) fn in_order(one: f64, other: f64, better: Better) -> Ordering {
    match better {
        Better::Lower => one.total_cmp(&other),
        Better::Higher => other.total_cmp(&one),
    }
}
