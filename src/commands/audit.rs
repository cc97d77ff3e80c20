//! `audit`: all tests at full size on every model in one command, and a table of their counts.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use observe::child::this_program;
use text::{output, terminal};
use trials::audit::results::Audit;
use trials::audit::{self, Request, Size, Step};

use super::interrupts;
use crate::models;

/// Arguments of `audit`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Run it in the project's folder. Examples:
  concurrent-servers audit                       all of it, up to three hours
  concurrent-servers audit --only check,faults   two steps; the others keep their figures
  concurrent-servers audit --quick               one call of each fault, a soak of some seconds

Needs strace and a C++ compiler. `record --write` then writes the figures of a full audit
into SECURITY.md.

Exit codes: 0 everything passed, 1 something failed or tried nothing, 2 wrong arguments, 3
everything that could run passed, but something could not run, 130 after Ctrl-C.")]
pub struct Arguments {
    /// Run only these steps
    #[arg(long, value_name = "STEP,…", value_delimiter = ',', value_enum)]
    only: Vec<Step>,

    /// Run only these models, in the steps that run per model
    #[arg(long, value_name = "MODEL,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(models::names_of_both()))]
    models: Vec<String>,

    /// Smaller sizes: minutes instead of hours
    #[arg(long)]
    quick: bool,

    /// Folder for the figures [default: results/audit, or target/audit with --quick]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Runs the steps, keeps their figures and prints the table.
///
/// # Errors
/// A job cannot be started, or a file cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let (size, folder) =
        if arguments.quick { (Size::QUICK, audit::QUICK_FOLDER) } else { (Size::FULL, audit::FOLDER) };
    let mut chosen = models::chosen(&arguments.models);
    chosen.retain(|model| !arguments.models.is_empty() || model.runs_here());
    let request = Request {
        steps: arguments.only.clone(),
        size,
        models: chosen.iter().map(|model| model.name.to_owned()).collect(),
        launcher: this_program()?,
        folder: arguments.out.clone().unwrap_or_else(|| folder.into()),
    };
    let kept = request.folder.display().to_string();
    interrupts::end_with(move || {
        format!("interrupted: jobs that ended have their figures in {kept}; run the other steps with --only")
    })?;
    let findings = audit::run(&request, &output::print)?;
    let models: Vec<&str> = models::names_of_both().collect();
    output::print(&format!(
        "\n{}",
        audit::table::terminal(&Audit::read(&request.folder)?, &models, terminal::columns())
    ))?;
    for finding in &findings {
        output::print(&format!("{finding}\n"))?;
    }
    Ok(match (findings.is_empty(), findings.iter().all(|finding| finding.is_skipped)) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(3),
        (false, false) => ExitCode::FAILURE,
    })
}
