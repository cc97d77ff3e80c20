//! Who stands where: models, then each floor with its relatives beneath it.

use super::super::analysis::Row;
use super::super::subject::Role;

/// The rows in this order: models, and then each floor followed by the same floor for fewer clients and by its
/// twin.
pub(super) fn ordered(rows: &[Row]) -> Vec<&Row> {
    let family = |row: &Row| rows.iter().position(|other| other.subject.model == row.subject.model);
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by_key(|row| match row.subject.role {
        Role::Model => (None, 0),
        Role::Floor if row.subject.clients.is_none() => (family(row), 0),
        Role::Floor => (family(row), 1),
        Role::Twin => (family(row), 2),
    });
    ordered
}

/// The subject's name; beneath its floor only what differs.
pub(super) fn label(row: &Row) -> String {
    let name = &row.subject.name;
    let is_relative = row.subject.role == Role::Twin || row.subject.clients.is_some();
    match name.strip_prefix(row.subject.model.as_str()) {
        Some(rest) if is_relative => format!("  {}", rest.trim_start_matches([',', ' '])),
        _ => name.clone(),
    }
}
