//! `record`: makes a run for the record, and writes what the documents say from it.
//!
//! No figure in a document is typed by hand. Between a pair of markers stands what [`blocks`] draws from the
//! newest run in `results/`; `record --check` fails if a document says something else.

pub mod blocks;
pub mod documents;
mod quoted;
pub mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use crate::compare::analysis::{Analysis, analyse};
use crate::compare::record::Comparison;
use crate::compare::store::{self, Store};
use crate::compare::{self, report};
use documents::Documents;
use text::output;

/// The folder of recorded runs, in the project's folder.
const RESULTS: &str = "results";

/// Arguments of `record`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Run it in the project's folder, on a machine that does nothing else. Examples:
  concurrent-servers record            measure, about 25 minutes, and write the documents from it
  concurrent-servers record --pin      the same with the server on one CPU and the client on another
  concurrent-servers record --check    do the documents say what the newest run says?
  concurrent-servers record --write    write them from it again, and measure nothing

Exit code: 0 if all is well, 1 if a document has drifted or a reply was wrong.")]
pub struct Arguments {
    /// Measure nothing: fail if a document says something else than the newest recorded run
    #[arg(long, conflicts_with_all = ["write", "pin", "resume"])]
    check: bool,

    /// Measure nothing: write the documents from the newest recorded run
    #[arg(long, conflicts_with_all = ["pin", "resume"])]
    write: bool,

    /// Put the server on one CPU and the load generator on another
    #[arg(long, conflicts_with = "resume")]
    pin: bool,

    /// Go on with an interrupted run in this folder
    #[arg(long, value_name = "FOLDER")]
    resume: Option<PathBuf>,
}

/// Makes a run, or checks or writes what the documents say.
///
/// # Errors
/// This is not the project's folder, there is no recorded run, or a file cannot be read or written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let project = Path::new(".");
    if arguments.check {
        return check(project);
    }
    // Before half an hour of measuring, not after it.
    Documents::read(project)?;
    if !arguments.write {
        let comparison = measure(project, arguments)?;
        ensure!(
            comparison.is_right(),
            "a server answered wrongly or did not start, so no document was written; `compare --from` shows which"
        );
    }
    let (folder, analysis) = newest(project)?;
    write(&folder.join(report::FILE), &report::html(&analysis))?;
    write(&folder.join("tables.md"), &tables::all_tables(&analysis))?;
    let drifted = Documents::read(project)?.drawn_from(&folder, &analysis)?.write()?;
    let names: String = drifted.iter().map(|name| format!("  {name}\n")).collect();
    output::print(&format!("recorded in {}; written:\n{names}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn measure(project: &Path, arguments: &Arguments) -> Result<Comparison> {
    let (mut store, mut comparison) = if let Some(folder) = &arguments.resume {
        Store::resume(folder)?
    } else {
        let run = compare::full_run(arguments.pin)?;
        let date = run.started.split('T').next().unwrap_or_default();
        let folder = project.join(RESULTS).join(format!("{date}-{}", run.machine.slug()));
        (Store::create(&folder, &run)?, Comparison { run, records: Vec::new() })
    };
    compare::measure(&mut store, &mut comparison)?;
    Ok(comparison)
}

fn check(project: &Path) -> Result<ExitCode> {
    let drifted = drifted(project)?;
    if drifted.is_empty() {
        output::print("every document says what the newest recorded run says\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    bail!(
        "not as the newest recorded run says: {}; write them with `cargo run --release -- record --write`",
        drifted.join(", ")
    )
}

/// The documents and pictures in this project that do not say what its newest recorded run says.
///
/// # Errors
/// As [`run`].
pub fn drifted(project: &Path) -> Result<Vec<String>> {
    let (folder, analysis) = newest(project)?;
    Ok(Documents::read(project)?.drawn_from(&folder, &analysis)?.drifted())
}

/// The newest recorded run by its date, and what it says.
fn newest(project: &Path) -> Result<(PathBuf, Analysis)> {
    let results = project.join(RESULTS);
    let entries = fs::read_dir(&results)
        .with_context(|| format!("cannot read {}; is this the project's folder?", results.display()))?;
    let runs = entries.filter_map(|entry| {
        let folder = entry.ok()?.path();
        let comparison = store::load(&folder).ok()?;
        Some((comparison.run.started.clone(), folder, comparison))
    });
    let (_, folder, comparison) = runs.max_by(|one, other| one.0.cmp(&other.0)).with_context(|| {
        format!("there is no recorded run in {}; make one with `record`", results.display())
    })?;
    Ok((folder, analyse(&comparison)))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
