//! What one of each kind costs, as a table.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use text::units;

use crate::Cost;

/// A row for each kind, and what the columns mean; wrapped to so many columns of a terminal.
#[must_use]
pub fn table(costs: &[Cost], columns: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(columns) = columns {
        table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    }
    table.set_header([
        "one idle",
        "start-up",
        "CPU of it",
        "own memory",
        "kernel memory",
        "kernel objects",
        "address space",
        "CPU while idle",
    ]);
    for cost in costs {
        table.add_row(row(cost));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let count = costs.first().map_or(0, |cost| cost.count);
    format!(
        "{} idle of each kind, each kind in a process of its own\n\n{table}\n\n\
         start-up: until each has run once\n\
         own memory: resident stacks and heap\n\
         kernel memory: page tables, and stacks in the kernel\n\
         kernel objects: what else the kernel holds, known for the whole machine only: other programs disturb it\n\
         CPU while idle: of all of them together, in a second\n",
        units::whole(u64::from(count))
    )
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn row(cost: &Cost) -> [String; 8] {
    let count = f64::from(cost.count);
    let bytes = |total: i64| units::bytes(total as f64 / count);
    let time = |total: u64| units::duration(total as f64 / count);
    [
        cost.kind.name().to_owned(),
        time(cost.start_ns),
        time(cost.start_cpu_ns),
        bytes(cost.resident_bytes),
        bytes(cost.kernel_bytes()),
        cost.kernel_object_bytes.map_or_else(|| "unknown".to_owned(), bytes),
        bytes(cost.address_space_bytes),
        units::duration(cost.idle_cpu_ns as f64 / (cost.idle_ns as f64 / 1e9)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn the_table_shows_one_of_them_and_what_is_unknown_is_called_so() {
        let cost = Cost {
            kind: Kind::Thread,
            count: 1_000,
            start_ns: 12_000_000,
            start_cpu_ns: 8_000_000,
            idle_ns: 2_000_000_000,
            idle_cpu_ns: 4_000,
            resident_bytes: 8_192_000,
            page_table_bytes: 1_024_000,
            kernel_stack_bytes: Some(16_384_000),
            kernel_object_bytes: None,
            address_space_bytes: 2_097_152_000,
        };
        let table = table(&[cost], None);
        let row = table.lines().find(|line| line.trim_start().starts_with("thread")).unwrap();
        let words: Vec<&str> = row.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(
            words,
            ["thread", "12.0 µs", "8.00 µs", "8.00 KiB", "17.0 KiB", "unknown", "2.00 MiB", "2.00 µs"]
        );
    }
}
