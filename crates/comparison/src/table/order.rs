//! The order of rows: models, each followed by its variants, then each floor followed by its variants.

use crate::analysis::Row;
use crate::subject::Role;

/// The rows in this order: models, and then each floor followed by the same floor for fewer clients and by its
/// twin.
pub(super) fn ordered(rows: &[Row]) -> Vec<&Row> {
    let family = |row: &Row| rows.iter().position(|other| other.subject.model == row.subject.model);
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by_key(|row| match row.subject.role {
        // A model's own twin stands behind it, as in the run.
        Role::Model | Role::Variant => (None, 0),
        Role::Twin if !row.subject.is_raw_echo() => (None, 0),
        Role::Floor if row.subject.clients.is_none() => (family(row), 0),
        Role::Floor => (family(row), 1),
        Role::Twin => (family(row), 2),
    });
    ordered
}

/// The subject's name; beneath its floor or its model, if that is among `rows`, only what differs.
pub(super) fn label(row: &Row, rows: &[&Row]) -> String {
    let name = &row.subject.name;
    let is_relative = (matches!(row.subject.role, Role::Twin | Role::Variant)
        || row.subject.clients.is_some())
        && rows.iter().any(|other| other.subject.name == row.subject.model);
    match name.strip_prefix(row.subject.model.as_str()) {
        Some(rest) if is_relative => format!("  {}", rest.trim_start_matches([',', ' '])),
        _ => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::example;

    #[test]
    fn a_twin_without_its_floor_in_the_table_has_its_whole_name() {
        let analysis = analyse(&example::altered(example::run_of("full", &["ping-pong"]), |_, _| {}));
        let rows = &analysis.scenarios[0].points[0].rows;
        let twin = rows.iter().find(|row| row.subject.name == "floor-epoll again").unwrap();
        let floor = rows.iter().find(|row| row.subject.name == "floor-epoll").unwrap();
        assert_eq!(label(twin, &[floor, twin]), "  again");
        assert_eq!(label(twin, &[twin]), "floor-epoll again");
    }
}
