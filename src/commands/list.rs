//! `list`: the models and what each teaches.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};

use crate::models::{self, FLOORS, MODELS, Model};
use text::{output, terminal};

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Print only the names of the models, one per line, for scripts
    #[arg(long)]
    names: bool,

    /// Print the table of models as Markdown, as in README
    #[arg(long, conflicts_with = "names")]
    markdown: bool,
}

/// Prints the registry.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let text = if arguments.names {
        models::names().map(|name| format!("{name}\n")).collect()
    } else if arguments.markdown {
        markdown()
    } else {
        format!(
            "Models\n{}\n\nFloors: raw echo, the cost of the kernel without a model\n{}\n",
            table(MODELS),
            table(FLOORS)
        )
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Words are wrapped where the terminal is narrower; a name stays whole, so that it can be copied.
fn table(rows: &[Model]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["name", "model", "chapter", "what to learn"]);
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

/// The models as a Markdown table, with links to their crates. README has it between markers.
pub fn markdown() -> String {
    let head = "| name | model | chapter of the series | what to learn |\n| --- | --- | --- | --- |\n";
    let rows = MODELS.iter().map(|Model { name, title, chapter, lesson, folder, .. }| {
        format!("| [`{name}`]({folder}) | {title} | {chapter} | {lesson} |\n")
    });
    std::iter::once(head.to_owned()).chain(rows).collect()
}
