//! The recorded runs of a project: the newest one, the files beside its records, and the documents that quote it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::analysis::{Analysis, analyse};
use crate::documents::{Documents, tables};
use crate::record::Run;
use crate::{report, store};

/// The folder of recorded runs, in the project's folder.
const RESULTS: &str = "results";

/// The folder for recording this run, named after its date and machine.
pub fn folder(project: &Path, run: &Run) -> PathBuf {
    let date = run.started.split('T').next().unwrap_or_default();
    project.join(RESULTS).join(format!("{date}-{}", run.machine.slug()))
}

/// The documents and pictures in this project that differ from its newest recorded run. `further` supplies the blocks
/// that are not about a run.
///
/// # Errors
/// This is not the project's folder, there is no recorded run, or a file cannot be read.
pub fn drifted(project: &Path, further: impl Fn(&str) -> Option<String>) -> Result<Vec<String>> {
    let (folder, analysis) = newest(project)?;
    Ok(Documents::read(project)?.drawn_from(&folder, &analysis, further)?.drifted())
}

/// Writes report and tables of the newest recorded run beside its records, and the documents that have drifted.
/// Returns its folder, and the names of these documents.
///
/// # Errors
/// As [`drifted`], or a file cannot be written.
pub fn write(project: &Path, further: impl Fn(&str) -> Option<String>) -> Result<(PathBuf, Vec<String>)> {
    let (folder, analysis) = newest(project)?;
    write_file(&folder.join(report::FILE), &report::html(&analysis))?;
    write_file(&folder.join("tables.md"), &tables::all_tables(&analysis))?;
    let drifted = Documents::read(project)?.drawn_from(&folder, &analysis, further)?.write()?;
    Ok((folder, drifted))
}

/// The newest recorded run by its date, and its analysis.
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

fn write_file(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
