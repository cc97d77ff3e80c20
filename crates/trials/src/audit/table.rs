//! The figures of an audit as tables, in Markdown and for a terminal.

use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{ContentArrangement, Table};

use super::results::{Audit, Entry};
use text::markdown::{NOTHING, header, line};
use text::units::{signed_bytes, whole, whole_bytes};

/// The heads of the table with a row for each model.
const HEADS: [&str; 8] = [
    "model",
    "cases held",
    "faults fired",
    "survived",
    "I/O faults in the process",
    "connections soaked",
    "bytes verified",
    "memory per hour",
];

/// The text between the markers in the documents; `None` if there is no block of this name.
pub fn block(name: &str, audit: &Audit, models: &[&str]) -> Option<String> {
    match name {
        "audit" => Some(markdown(audit, models)),
        _ => None,
    }
}

fn markdown(audit: &Audit, models: &[&str]) -> String {
    let mut text = header(HEADS.map(str::to_owned));
    for (name, cells) in rows(audit, models) {
        text.push_str(&line(std::iter::once(format!("`{name}`")).chain(cells)));
    }
    text.push('\n');
    text.push_str(&header(["not about one model", "figure"].map(str::to_owned)));
    for (what, figure) in others(audit) {
        text.push_str(&line([what, figure]));
    }
    text.push('\n');
    text.push_str(&header(["command", "begun on", "minutes, each at most"].map(str::to_owned)));
    for (command, day, minutes) in commands(audit, models) {
        text.push_str(&line([format!("`{command}`"), day, minutes]));
    }
    let machine = audit.entries("").map(|(_, entry)| entry.machine.as_str()).next();
    text + &machine.map(|machine| format!("\nOn {machine}.\n")).unwrap_or_default()
}

/// The same figures for a terminal with this many columns, without the commands. Where the table does not fit, each
/// model is a paragraph.
pub fn terminal(audit: &Audit, models: &[&str], columns: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(NO_LINES).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(HEADS);
    for (name, cells) in rows(audit, models) {
        table.add_row(std::iter::once(name.to_owned()).chain(cells));
    }
    let mut table = table.to_string();
    let is_too_wide = |columns| table.lines().any(|line| line.trim_end().chars().count() > columns);
    if columns.is_some_and(is_too_wide) {
        let paragraph = |(name, cells): (&str, [String; 7])| {
            let lines = HEADS[1..].iter().zip(cells).map(|(head, cell)| format!("\n  {head}: {cell}"));
            name.to_owned() + &lines.collect::<String>()
        };
        table = rows(audit, models).map(paragraph).collect::<Vec<String>>().join("\n");
    }
    let others: String = others(audit).map(|(what, figure)| format!("{what}: {figure}\n")).collect();
    format!("{table}\n\n{others}")
}

/// A row for each model; unknown figures are a dash.
fn rows<'run>(audit: &'run Audit, models: &'run [&str]) -> impl Iterator<Item = (&'run str, [String; 7])> {
    let or_nothing = |cell: Option<String>| cell.unwrap_or_else(|| NOTHING.to_owned());
    models.iter().map(move |&model| {
        let entry = |step: &str| audit.entry(&format!("{step}-{model}"));
        let (check, faults, soak) = (entry("check"), entry("faults"), entry("soak"));
        let shim = audit.entry("shim");
        let figure = |entry: Option<&Entry>, path: &str| {
            let entry = entry?;
            Some(marked(entry, whole(entry.figure(path)?)))
        };
        let cells = [
            check.and_then(cases),
            figure(faults, "/fired"),
            figure(faults, "/survived"),
            shim.and_then(|entry| Some(marked(entry, whole(entry.figure_of(model, "faults")?)))),
            figure(soak, "/connections_total"),
            soak.and_then(|entry| entry.figure("/verified_bytes")).map(whole_bytes),
            soak.and_then(drift),
        ];
        (model, cells.map(or_nothing))
    })
}

/// A figure, marked if something did not hold in its run.
fn marked(entry: &Entry, figure: String) -> String {
    if entry.held { figure } else { format!("{figure} **not held**") }
}

/// `70 of 71`, and how many were skipped.
fn cases(check: &Entry) -> Option<String> {
    let (passed, failed) = (check.figure("/passed")?, check.figure("/failed")?);
    let skipped = check.figure("/skipped")?;
    let skipped = if skipped > 0 { format!(" ({skipped} skipped)") } else { String::new() };
    Some(marked(check, format!("{passed} of {}{skipped}", passed + failed)))
}

fn drift(soak: &Entry) -> Option<String> {
    let per_hour = soak.result.get("drift_bytes_per_hour")?.as_f64()?;
    Some(signed_bytes(per_hour))
}

/// Figures that are not about one model.
fn others(audit: &Audit) -> impl Iterator<Item = (String, String)> {
    let fuzz = audit.entries("fuzz-").filter_map(|(target, entry)| {
        let findings = if entry.held { "no finding" } else { "a finding" };
        Some((format!("inputs fuzzed: {target}"), format!("{}, {findings}", whole(entry.figure("/inputs")?))))
    });
    let loom = audit.entry("loom").and_then(|entry| entry.result.as_array()).into_iter().flatten();
    let loom = loom.filter_map(|model| {
        let name = model["name"].as_str()?.replace('_', " ");
        Some((format!("interleavings: {name}"), whole(model["schedules"].as_u64()?)))
    });
    let stress = audit.entry("stress").and_then(|entry| {
        let runs = whole(entry.figure_of("", "runs")?);
        Some(("runs under stress".to_owned(), marked(entry, runs)))
    });
    fuzz.chain(loom).chain(stress)
}

/// Each command once; those of several models together.
fn commands(audit: &Audit, models: &[&str]) -> impl Iterator<Item = (String, String, String)> {
    let mut seen: Vec<(String, String, u64)> = Vec::new();
    for (_, entry) in audit.entries("") {
        let words = entry.command.split(' ');
        let command: Vec<&str> =
            words.map(|word| if models.contains(&word) { "MODEL" } else { word }).collect();
        let command = command.join(" ");
        match seen.iter_mut().find(|(known, ..)| *known == command) {
            Some((_, _, seconds)) => *seconds = (*seconds).max(entry.seconds),
            None => seen.push((command, entry.date().to_owned(), entry.seconds)),
        }
    }
    seen.into_iter().map(|(command, day, seconds)| (command, day, (seconds.div_ceil(60)).to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MODELS: [&str; 2] = ["mio", "tokio"];

    fn audit() -> Audit {
        Audit::of(&[
            ("check-mio", json!({ "passed": 69, "failed": 0, "skipped": 2 })),
            ("faults-mio", json!({ "fired": 1234, "survived": 1234 })),
            (
                "soak-mio",
                json!({ "connections_total": 100_000, "verified_bytes": 1 << 30, "drift_bytes_per_hour": -2048.0 }),
            ),
            ("shim", json!([{ "name": "mio", "faults": 17 }])),
            ("loom", json!([{ "name": "a_request_is_never_lost", "schedules": 99 }])),
            ("stress", json!([{ "name": "", "runs": 240 }])),
            ("fuzz-engine", json!({ "inputs": 5 })),
        ])
    }

    #[test]
    fn every_model_has_a_row_and_what_is_not_known_is_a_dash() {
        let text = block("audit", &audit(), &MODELS).unwrap();
        let row = text.lines().find(|line| line.contains("`mio`")).unwrap();
        assert!(row.starts_with("| `mio` | 69 of 69 (2 skipped) | 1,234 | 1,234 | 17 | 100,000 | "), "{row}");
        assert!(row.contains("−2"), "{row}");
        let row = text.lines().find(|line| line.contains("`tokio`")).unwrap();
        assert_eq!(row.matches('–').count(), 7, "{row}");
        assert!(text.contains("| interleavings: a request is never lost | 99 |"), "{text}");
        assert!(text.contains("| runs under stress | 240 |"), "{text}");
        assert!(text.contains("| inputs fuzzed: engine | 5, no finding |"), "{text}");
    }

    #[test]
    fn what_did_not_hold_says_so() {
        let mut audit = audit();
        audit.entries_mut().for_each(|entry| entry.held = false);
        let text = markdown(&audit, &MODELS);
        assert!(text.contains("| 69 of 69 (2 skipped) **not held** | 1,234 **not held** |"), "{text}");
        assert!(text.contains("| inputs fuzzed: engine | 5, a finding |"), "{text}");
    }

    #[test]
    fn commands_of_several_models_stand_once() {
        let text = markdown(&audit(), &MODELS);
        assert_eq!(text.matches("`cargo run --release -- something`").count(), 1, "{text}");
        assert!(block("other", &audit(), &MODELS).is_none());
        assert!(terminal(&audit(), &MODELS, None).contains("69 of 69"));
    }

    #[test]
    fn on_a_narrow_terminal_each_model_is_a_paragraph_with_all_figures() {
        let wide = terminal(&audit(), &MODELS, Some(200));
        assert_eq!(wide, terminal(&audit(), &MODELS, None));
        let narrow = terminal(&audit(), &MODELS, Some(60));
        assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
        assert!(
            narrow.starts_with("mio\n  cases held: 69 of 69 (2 skipped)\n  faults fired: 1,234\n"),
            "{narrow}"
        );
        for figure in ["connections soaked: 100,000", "\ntokio\n  cases held: –", "runs under stress: 240"]
        {
            assert!(narrow.contains(figure), "{narrow}");
        }
    }
}
