//! `scorecard`: how easy each model is to write.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use conformance::Service;
use ease::{Card, series, tables};
use text::{output, terminal};

use crate::commands::check::subject::parse_service;
use crate::commands::refused;
use crate::models::names_of_both;

/// Arguments of `scorecard`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  concurrent-servers scorecard                      all models
  concurrent-servers scorecard mio callbacks tokio  three ways to write one server
  concurrent-servers scorecard --service primes
  concurrent-servers scorecard --columns            what is counted, and what that does not say

The figures are part of this program. They were measured on its sources, and a test fails if
these have changed since; CONTRIBUTING.md says how to measure again.")]
pub struct Arguments {
    /// Only these models
    #[arg(value_name = "MODEL", value_parser = PossibleValuesParser::new(names_of_both()), hide_possible_values = true)]
    models: Vec<String>,

    /// Only the models of one service
    #[arg(long, value_name = "echo|primes", value_parser = parse_service)]
    service: Option<Service>,

    /// Print the figures as JSON, with the crates that each model stands on
    #[arg(long)]
    json: bool,

    /// Print the tables as Markdown, as in README
    #[arg(long, conflicts_with = "json")]
    markdown: bool,

    /// Print what the columns mean, and what they do not say
    #[arg(long, conflicts_with_all = ["json", "markdown", "service", "models"])]
    columns: bool,
}

/// Prints the score card.
///
/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if arguments.columns {
        output::print(&tables::meanings(terminal::columns()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut seen = HashSet::new();
    if let Some(name) = arguments.models.iter().find(|name| !seen.insert(*name)) {
        return Ok(refused(&format!("{name} is given twice; give each model once")));
    }
    let service = arguments.service.map(|service| match service {
        Service::Echo => "echo",
        Service::Primes => "primes",
    });
    let card = card()?.only(|row| {
        (arguments.models.is_empty() || arguments.models.contains(&row.name))
            && service.is_none_or(|service| row.service == service)
    });
    if card.models.is_empty() {
        return Ok(refused("none of these models is of the service that --service names"));
    }
    let text = if arguments.json {
        card.written().context("cannot write JSON")?
    } else if arguments.markdown {
        tables::markdown(&card)
    } else {
        let columns = terminal::columns();
        let is_whole = arguments.models.is_empty();
        let series = if is_whole { format!("\n{}", tables::series(columns)) } else { String::new() };
        tables::terminal(&card, columns) + &series
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The card that was measured on the sources of this program. It is part of the program, because it must be shown where the
/// project's folder is not.
///
/// # Errors
/// The file was not written by `book/scorecard`.
pub fn card() -> Result<Card> {
    Card::read(include_str!("../../results/scorecard.json"))
        .context("results/scorecard.json is no score card; measure again, as CONTRIBUTING.md says")
}

/// The card in Markdown, with the series' own programs, as README has it.
///
/// # Errors
/// As [`card`].
pub fn block() -> Result<String> {
    let card = card()?;
    Ok(format!(
        "{}\nPrograms are built by {}. The series' own programs, as figures alone. {}\n\n{}",
        tables::markdown(&card),
        card.compiler,
        series::SOURCE,
        series::markdown()
    ))
}
