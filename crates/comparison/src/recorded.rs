//! The recorded runs of a project: the newest one, the files beside its records, and the documents that quote it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ease::Card;

use crate::analysis::{Analysis, analyse};
use crate::coverage::Coverage;
use crate::documents::Documents;
use crate::record::{Comparison, Run};
use crate::servers::Servers;
use crate::store;
use crate::subject::Layout;

/// The folder of recorded runs, in the project's folder.
pub(crate) const RESULTS: &str = "results";

/// Runs of one day, machine and layout that have folders of their own.
const RUNS_A_DAY: u32 = 20;

/// The folder for recording this run, named after its date, its machine and, if server and client are pinned, its layout.
/// Later ones of the same day are numbered.
pub fn folder(project: &Path, run: &Run) -> PathBuf {
    let date = run.started.split('T').next().unwrap_or_default();
    let layout = if run.layout == Layout::Shared { "" } else { "-pinned" };
    let name = format!("{date}-{}{layout}", run.machine.slug());
    let first = project.join(RESULTS).join(&name);
    let mut further = (2..=RUNS_A_DAY).map(|number| first.with_file_name(format!("{name}-{number}")));
    let is_free = |folder: &PathBuf| !store::has_run(folder);
    if is_free(&first) { first } else { further.find(is_free).unwrap_or(first) }
}

/// The documents and pictures in this project that differ from its newest recorded run and this score card. `further`
/// supplies the blocks that are not about a run.
///
/// # Errors
/// This is not the project's folder, there is no recorded run, or a file cannot be read.
pub fn drifted(
    project: &Path,
    servers: &Servers,
    card: &Card,
    further: impl Fn(&str) -> Option<String>,
) -> Result<Vec<String>> {
    let (folder, analysis, coverage) = newest(project, servers)?;
    Ok(Documents::read(project)?.drawn_from(&folder, (&analysis, &coverage), card, further)?.drifted())
}

/// Writes report and tables of the newest recorded run beside its records, and the documents that have drifted.
/// Returns its folder, and the names of these documents.
///
/// # Errors
/// As [`drifted`], or a file cannot be written.
pub fn write(
    project: &Path,
    servers: &Servers,
    card: &Card,
    further: impl Fn(&str) -> Option<String>,
) -> Result<(PathBuf, Vec<String>)> {
    let (folder, analysis, coverage) = newest(project, servers)?;
    let drifted =
        Documents::read(project)?.drawn_from(&folder, (&analysis, &coverage), card, further)?.write()?;
    Ok((folder, drifted))
}

/// Checks that this folder has the newest recorded run: the documents would otherwise quote another one than the run that
/// is resumed.
///
/// # Errors
/// It has not, or a run cannot be read.
pub fn check_newest(project: &Path, folder: &Path) -> Result<()> {
    let newest = newest_run(project)?.0;
    let same =
        |path: &Path| fs::canonicalize(path).with_context(|| format!("cannot find {}", path.display()));
    ensure!(
        same(folder)? == same(&newest)?,
        "{} is not the newest recorded run, which is in {}, so the documents would not quote it; resume it with \
         `compare --resume`",
        folder.display(),
        newest.display()
    );
    Ok(())
}

/// The folder of the newest recorded run of these servers, its analysis, and what it lacks.
fn newest(project: &Path, servers: &Servers) -> Result<(PathBuf, Analysis, Coverage)> {
    let (folder, comparison) = newest_run(project)?;
    ensure!(
        !comparison.records.is_empty(),
        "the newest recorded run, in {}, has no records; continue it with `record --resume`, or remove its folder",
        folder.display()
    );
    Ok((folder, analyse(&comparison), Coverage::of(&comparison, servers)))
}

/// The newest recorded run by its date, and its folder.
///
/// # Errors
/// There is none, or a run cannot be read: it could be the newest one.
pub fn newest_run(project: &Path) -> Result<(PathBuf, Comparison)> {
    let results = project.join(RESULTS);
    let entries = fs::read_dir(&results)
        .with_context(|| format!("cannot read {}; is this the project's folder?", results.display()))?;
    let mut runs: Vec<(PathBuf, Comparison)> = Vec::new();
    for entry in entries {
        let folder = entry.with_context(|| format!("cannot read {}", results.display()))?.path();
        if store::has_run(&folder) {
            let comparison = store::load(&folder)?;
            runs.push((folder, comparison));
        }
    }
    runs.into_iter()
        .max_by(|(_, one), (_, other)| one.run.started.cmp(&other.run.started))
        .with_context(|| format!("there is no recorded run in {}; make one with `record`", results.display()))
}

#[cfg(test)]
mod tests;
