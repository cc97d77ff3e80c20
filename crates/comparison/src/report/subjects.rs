//! Which subjects are shown, in which order, and with which mark, the same in all charts.

use std::collections::HashMap;

use crate::analysis::{Better, PointAnalysis, Row, Spread};
use crate::answers::contest::{self, Contest, in_order};
use crate::record::Run;
use crate::scenario::{Point, divisions};
use crate::subject::{Role, Subject};
use charts::{Key, Mark};
use loadgen::Bound;
use text::units;

/// The marks of a run's subjects.
#[derive(Debug)]
pub(super) struct Subjects {
    marks: HashMap<String, Mark>,
    shows_twins: bool,
}

impl Subjects {
    /// Of all subjects.
    pub(super) fn of(run: &Run) -> Self {
        let models = run.subjects.iter().filter(|subject| subject.role == Role::Model);
        let hues = models.enumerate().map(|(number, model)| (model.name.clone(), Mark::Hue(number)));
        let mut marks: HashMap<String, Mark> = hues.collect();
        // A floor's twins, and the floor with fewer clients, are the same program.
        let mut floors: Vec<&str> = Vec::new();
        for variant in run.subjects.iter().filter(|subject| subject.role == Role::Variant) {
            let of_model = marks.get(&variant.model).copied();
            marks.extend(of_model.map(|mark| (variant.name.clone(), mark)));
        }
        for subject in run.subjects.iter().filter(|subject| subject.is_raw_echo()) {
            let number = floors.iter().position(|floor| *floor == subject.model).unwrap_or_else(|| {
                floors.push(&subject.model);
                floors.len() - 1
            });
            marks.insert(subject.name.clone(), Mark::Floor(number));
        }
        let is_twin_of_model = |subject: &&Subject| subject.role == Role::Twin && !subject.is_raw_echo();
        for twin in run.subjects.iter().filter(is_twin_of_model) {
            let of_model = marks.get(&twin.model).copied();
            marks.extend(of_model.map(|mark| (twin.name.clone(), mark)));
        }
        Subjects { marks, shows_twins: true }
    }

    /// Of all subjects without the twins.
    pub(super) fn without_twins(run: &Run) -> Self {
        Subjects { shows_twins: false, ..Subjects::of(run) }
    }

    /// A subject's mark.
    pub(super) fn mark(&self, subject: &Subject) -> Mark {
        self.marks.get(&subject.name).copied().unwrap_or(Mark::Floor(0))
    }

    /// The rows that a chart of single figures shows, by this figure: the models that compete for it and their
    /// variants, the best first, then the other models, the floors, and the twins.
    pub(super) fn sorted<'point>(
        &self,
        point: &'point PointAnalysis,
        of: impl Fn(&'point Row) -> Option<&'point Spread>,
        better: Better,
    ) -> Vec<&'point Row> {
        let contest = Contest::by(point, &of, better);
        // Beside its variants a model is no competitor of other models.
        let is_beside = |row: &Row| {
            let is_variant =
                |other: &Row| other.subject.role == Role::Variant && other.subject.model == row.subject.name;
            point.rows.iter().any(is_variant)
        };
        let group = |row: &Row| match row.subject.role {
            Role::Variant => 0,
            Role::Model if is_beside(row) => 0,
            Role::Model if contest.ranked.iter().any(|entry| entry.row.subject == row.subject) => 0,
            Role::Model => 1,
            Role::Floor => 2,
            Role::Twin => 3,
        };
        let value = |row| of(row).map_or(f64::NAN, |spread| spread.center);
        let mut rows: Vec<&Row> =
            point.rows.iter().filter(|row| self.shows_twins || row.subject.role != Role::Twin).collect();
        rows.sort_by(|one, other| {
            group(one).cmp(&group(other)).then_with(|| in_order(value(one), value(other), better))
        });
        rows
    }

    /// The entry of a legend for the dashed lines of floors, if there are some.
    pub(super) fn dashes(&self) -> Option<(Key, String)> {
        let has_floor = self.marks.values().any(|mark| matches!(mark, Mark::Floor(_)));
        has_floor.then(|| (Key::Dashes, "a floor: raw echo".to_owned()))
    }

    /// Whether a line chart shows it: twins and small floors would only hide others.
    pub(super) fn has_line(subject: &Subject) -> bool {
        subject.role != Role::Twin && subject.clients.is_none()
    }
}

/// Notes on a row's figures, the most important first.
pub(super) fn notes(row: &Row) -> Vec<String> {
    let mut notes = Vec::new();
    let rounds = |count: u32| format!("{count} of {} rounds", row.trials);
    if !row.failures.is_empty() {
        notes.push(format!("failures in {}", rounds(failed(row))));
    }
    notes.extend(contest::served(row));
    if row.disturbed > 0 {
        notes.push(format!("disturbed by other programs in {}", rounds(row.disturbed)));
    }
    if row.invalid > row.disturbed {
        notes.push(format!("invalid in {}", rounds(row.invalid)));
    }
    if let Some((_, count)) = row.verdicts.iter().find(|(bound, _)| *bound == Bound::Client) {
        notes.push(format!("client-bound in {}", rounds(*count)));
    }
    notes
}

/// Rounds with a failure; each failure begins with its round.
fn failed(row: &Row) -> u32 {
    let mut rounds: Vec<&str> = row.failures.iter().filter_map(|failure| failure.split(':').next()).collect();
    rounds.sort_unstable();
    rounds.dedup();
    u32::try_from(rounds.len()).unwrap_or(u32::MAX).min(row.trials)
}

/// A point of a curve, in words, with thousands separators.
pub(super) fn point_in_words(point: Point) -> String {
    match point {
        Point::Rate(rate) => format!("{} messages/s", units::whole(rate)),
        Point::Idle(count) if count > 1 => format!("{} idle clients", units::whole(count)),
        Point::Number(number) => format!("{} divisions", units::whole(divisions(number))),
        Point::Connections(count) if count > 1 => format!("{} connections", units::whole(count)),
        other => other.to_string(),
    }
}
