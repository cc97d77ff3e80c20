//! `list`: the models of both services and what each teaches.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};
use serde_json::{Value, json};

use crate::commands::check::subject::parse_service;
use crate::models::{FLOORS, MODELS, Model, PRIMES};
use conformance::Service;
use text::{output, terminal};

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Print only the names of the models, one per line, for scripts
    #[arg(long)]
    names: bool,

    /// Print the tables of models as Markdown, as in README
    #[arg(long, conflicts_with = "names")]
    markdown: bool,

    /// Print the models as JSON, with their files and the model that a reader comes from
    #[arg(long, conflicts_with_all = ["names", "markdown"])]
    json: bool,

    /// Only the models of one service
    #[arg(long, value_name = "echo|primes", value_parser = parse_service, conflicts_with = "markdown")]
    service: Option<Service>,
}

const TABLES: &[(&str, &[Model])] = &[
    ("Echo: a message in, each byte plus one out", MODELS),
    ("Primes: a number in, whether it is prime out", PRIMES),
    ("Floors: raw echo, the cost of the kernel without a model", FLOORS),
];

/// Prints the registry.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let is_meant = |model: &&Model| arguments.service.is_none_or(|service| model.service == service);
    let text = if arguments.names {
        let models = MODELS.iter().chain(PRIMES).filter(is_meant);
        models.map(|model| format!("{}\n", model.name)).collect()
    } else if arguments.json {
        json(MODELS.iter().chain(PRIMES).filter(is_meant))?
    } else if arguments.markdown {
        markdown()
    } else {
        let tables = TABLES.iter().filter(|(_, rows)| rows.iter().any(|model| is_meant(&model)));
        let tables = tables.map(|(heading, rows)| format!("{heading}\n{}\n", table(rows)));
        tables.collect::<Vec<_>>().join("\n")
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Words are wrapped where the terminal is narrower; a name stays whole, so that it can be copied.
fn table(rows: &[Model]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["name", "model", "part", "what to learn"]);
    for row in rows {
        table.add_row([row.name, row.title, row.chapter, row.lesson]);
    }
    if let Some(columns) = terminal::columns() {
        table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    }
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

/// What programs need to know about the models.
fn json(models: impl Iterator<Item = &'static Model>) -> Result<String> {
    let row = |model: &Model| {
        json!({
            "name": model.name,
            "title": model.title,
            "service": match model.service { Service::Echo => "echo", Service::Primes => "primes" },
            "chapter": model.chapter,
            "folder": model.folder,
            "page": model.page.path,
            "rung": model.rung,
        })
    };
    let rows: Vec<Value> = models.map(row).collect();
    Ok(serde_json::to_string_pretty(&rows).context("cannot write JSON")? + "\n")
}

/// The models as Markdown tables, with links to their crates. README has them between markers.
pub fn markdown() -> String {
    let head = "| name | model | part of the series | what to learn |\n| --- | --- | --- | --- |\n";
    let row = |Model { name, title, chapter, lesson, folder, .. }: &Model| {
        format!("| [`{name}`]({folder}) | {title} | {chapter} | {lesson} |\n")
    };
    let table =
        |rows: &[Model]| std::iter::once(head.to_owned()).chain(rows.iter().map(row)).collect::<String>();
    let primes = "The second service, with work behind each message: a number in, whether it is prime out.";
    format!("{}\n{primes}\n\n{}", table(MODELS), table(PRIMES))
}
