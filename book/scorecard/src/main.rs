//! `scorecard`: measures how easy each model is to write, and writes `results/scorecard.json`.
//!
//! | file | idea |
//! | --- | --- |
//! | [`registry`] | the models, as the launcher lists them |
//! | [`files`] | the files of a crate that are part of its program, and which of them belong to one model |
//! | [`code`] | lines, cognitive complexity, nesting and `unsafe` blocks of a file |
//! | [`crates`] | what a crate depends on |
//! | [`programs`] | the size of a model's program |
//! | [`audit`] | what the recorded audit says about a model |
//! | [`card`] | all of it together |
//!
//! What the figures mean stands in `crates/ease`, beside the data.

mod audit;
mod card;
mod code;
mod crates;
mod files;
mod programs;
mod registry;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use ease::Card;
use text::{files as kept, output};

/// The card, from the project's folder.
const CARD: &str = "results/scorecard.json";

/// Measures how easy each model is to write, and writes results/scorecard.json
#[derive(Debug, Parser)]
#[command(after_help = "\
Measuring builds every model's program for release: up to a quarter of an hour the first time, seconds if no
source has changed since.

Exit codes: 0 success, 1 the card is of other code, or something could not be measured, 2 wrong arguments.")]
struct Arguments {
    /// Write nothing: measure again what is cheap, all but the programs, and compare
    #[arg(long)]
    check: bool,

    /// The launcher that lists the models [default: it is built from the project]
    #[arg(long, value_name = "FILE")]
    launcher: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let project = project.canonicalize().context("cannot find the project's folder")?;
    let models = registry::models(&project, arguments.launcher.as_deref())?;
    let path = project.join(CARD);
    if arguments.check {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let kept = Card::read(&text).with_context(|| format!("{} is no score card", path.display()))?;
        let measured = card::measured(&project, &models, |program| card::kept_size(&kept, program))?;
        let stale = card::stale(&kept, &measured);
        for sentence in &stale {
            output::note(sentence);
        }
        if stale.is_empty() {
            output::print("the score card is of the code as it is\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        output::note("measure again: cargo run --manifest-path book/Cargo.toml -p scorecard");
        return Ok(ExitCode::FAILURE);
    }
    let measured = card::measured(&project, &models, |model| programs::size(&project, model))?;
    let text = measured.written().context("cannot write JSON")?;
    kept::replace(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    output::print(&format!("written: {CARD}; now `cargo run --release -- record --write`\n"))?;
    Ok(ExitCode::SUCCESS)
}
