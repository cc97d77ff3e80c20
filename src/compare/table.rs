//! The table of a comparison: a pure function of its records.

mod units;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::record::{Comparison, Kind, Observed, Record, Scenario};
use crate::models;
use units::{count, duration, mebibytes, microseconds, seconds};

const FAILED: Style = AnsiColor::Red.on_default();
const FLOOR: Style = Style::new().dimmed();
const NOT_MEASURED: &str = "-";

const HEADER: [&str; 11] = [
    "model",
    "script",
    "messages\nper s",
    "median",
    "99 %",
    "CPU\nµs/msg",
    "times\nfloor",
    "peak\nMiB",
    "threads",
    "served",
    "errors",
];

const HOW_TO_READ: &str = "\
served: sequential takes one client at a time; that the others starve is its result, not an error.
CPU: the server's, also as a multiple of raw echo of its kind. One short run: its tenths are noise.
";

/// Draws the table, what went wrong, and how to read it; with colours, for whoever prints it to leave out.
/// At most 100 columns wide, sentences on errors excepted.
pub fn draw(comparison: &Comparison) -> String {
    let records = &comparison.records;
    let mut text = format!("{}\n", comparison.machine);
    for scenario in scenarios(records) {
        text.push_str(&format!("{scenario}\n"));
    }
    text.push('\n');
    text.push_str(&table(&rows(records)));
    for record in records {
        for sentence in wrong(&record.observed) {
            text.push_str(&format!("{FAILED}{}, {}: {sentence}{FAILED:#}\n", record.model, record.scenario));
        }
    }
    text.push('\n');
    text.push_str(HOW_TO_READ);
    text
}

/// What is known of one model, or of one floor.
struct Row<'records> {
    name: &'records str,
    kind: Kind,
    script: Option<&'records Observed>,
    load: Option<&'records Observed>,
}

/// The models in the order of their records, then the floors. Of several rounds, the last one.
fn rows(records: &[Record]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row> = Vec::new();
    for record in records {
        let index = rows.iter().position(|row| row.name == record.model).unwrap_or_else(|| {
            rows.push(Row { name: &record.model, kind: record.kind, script: None, load: None });
            rows.len() - 1
        });
        match record.scenario {
            Scenario::Script { .. } => rows[index].script = Some(&record.observed),
            Scenario::Load(_) => rows[index].load = Some(&record.observed),
        }
    }
    rows.sort_by_key(|row| row.kind == Kind::Floor);
    rows
}

fn table(rows: &[Row]) -> String {
    let rule = LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(rule)).set_header(HEADER);
    for row in rows {
        table.add_row(cells(row, rows));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((u16::from(index > 0), 0));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }

    // Every row is one line. The floors stand below a rule of their own, which the table cannot draw.
    let mut lines: Vec<String> = table.lines().collect();
    let body = lines.len() - rows.len();
    for (line, row) in lines[body..].iter_mut().zip(rows) {
        if [row.script, row.load].into_iter().flatten().any(|observed| !observed.is_right()) {
            *line = format!("{FAILED}{line}{FAILED:#}");
        } else if row.kind == Kind::Floor {
            *line = format!("{FLOOR}{line}{FLOOR:#}");
        }
    }
    if let Some(first_floor) = rows.iter().position(|row| row.kind == Kind::Floor) {
        let rule = lines[body - 1].clone();
        lines.insert(body + first_floor, rule);
    }
    lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn cells(row: &Row, rows: &[Row]) -> Vec<String> {
    let script = match row.script {
        Some(Observed::Script { elapsed_ns, failures }) if failures.is_empty() => Some(seconds(*elapsed_ns)),
        Some(_) => Some("failed".to_owned()),
        None => None,
    };
    let cpu = row.load.and_then(Observed::cpu_ns_per_message);
    let (outcome, usage) = match row.load {
        Some(Observed::Load { outcome, usage }) => (Some(outcome), usage.as_ref()),
        _ => (None, None),
    };
    let latency = outcome.and_then(|outcome| outcome.latency);
    let errors = match row.load {
        Some(Observed::Load { outcome, .. }) => Some(outcome.errors.total().to_string()),
        Some(_) => Some("failed".to_owned()),
        None => None,
    };
    let or_dash = |cell: Option<String>| cell.unwrap_or_else(|| NOT_MEASURED.to_owned());
    vec![
        row.name.to_owned(),
        or_dash(script),
        or_dash(outcome.map(|outcome| count(outcome.messages_per_second))),
        or_dash(latency.map(|latency| duration(latency.p50_ns))),
        or_dash(latency.map(|latency| duration(latency.p99_ns))),
        or_dash(cpu.map(microseconds)),
        or_dash(cpu.zip(floor_cpu(row, rows)).map(|(cpu, floor)| format!("{:.1}", cpu / floor))),
        or_dash(usage.map(|usage| mebibytes(usage.peak_memory_bytes))),
        or_dash(usage.map(|usage| usage.threads.to_string())),
        or_dash(outcome.map(|outcome| format!("{}/{}", outcome.served, outcome.connections))),
        or_dash(errors),
    ]
}

/// CPU time per message of the floor that a model is divided by, if it was measured too.
fn floor_cpu(row: &Row, rows: &[Row]) -> Option<f64> {
    let floor = models::find(row.name)?.floor?;
    rows.iter().find(|row| row.name == floor)?.load?.cpu_ns_per_message()
}

/// The scenarios that occur, each once; those of the floors are the models' own.
fn scenarios(records: &[Record]) -> Vec<&Scenario> {
    let mut scenarios: Vec<&Scenario> = Vec::new();
    for record in records.iter().filter(|record| record.kind == Kind::Model) {
        if !scenarios.contains(&&record.scenario) {
            scenarios.push(&record.scenario);
        }
    }
    scenarios
}

/// A sentence for each thing that went wrong.
fn wrong(observed: &Observed) -> Vec<String> {
    match observed {
        Observed::Script { failures, .. } => failures.clone(),
        Observed::Load { outcome, .. } if outcome.errors.is_empty() => Vec::new(),
        Observed::Load { outcome, .. } => {
            let first = outcome.errors.first.iter().map(|first| format!("; the first: {first}"));
            vec![format!("{}{}", outcome.errors, first.collect::<String>())]
        }
        Observed::Failed { error } => vec![error.clone()],
    }
}

#[cfg(test)]
mod tests;
