//! Showing a run: as tables or as JSON, alone or against a recorded one, and as a report beside its records.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Serialize;

use super::analysis::{Analysis, analyse};
use super::baseline::{self, Changes};
use super::record::{Comparison, Run};
use super::{report, store, table};
use text::output;

/// Arguments that say how a run is shown.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Show {
    /// Compare with the recorded run in this folder too, and fail if a model has become worse
    #[arg(long, value_name = "FOLDER")]
    baseline: Option<PathBuf>,

    /// How much worse a model may be than in the baseline, as a multiple of its floor
    #[arg(long, value_name = "PERCENT", default_value = "10", value_parser = percent, requires = "baseline")]
    bound: f64,

    /// Print medians, intervals, quotients and claims as JSON in place of tables
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'run> {
    #[serde(flatten)]
    analysis: &'run Analysis,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'run Changes>,
}

impl Show {
    /// Reads the baseline, if there is one, and refuses it while nothing is measured yet.
    ///
    /// # Errors
    /// It cannot be read, or `run` measures something else.
    pub(super) fn baseline(&self, run: &Run) -> Result<Option<Comparison>> {
        let Some(folder) = &self.baseline else { return Ok(None) };
        let comparison = store::load(folder).context("no baseline")?;
        baseline::check(&comparison.run, run).with_context(|| format!("baseline {}", folder.display()))?;
        Ok(Some(comparison))
    }

    /// Prints what the records say, and writes the report into the run's folder. The code tells whether all
    /// replies were right and nothing became worse.
    ///
    /// # Errors
    /// Standard output or the report cannot be written.
    pub(super) fn show(
        &self,
        folder: &Path,
        comparison: &Comparison,
        baseline: Option<&Comparison>,
    ) -> Result<ExitCode> {
        let analysis = analyse(comparison);
        let changes = baseline.map(|before| baseline::compare(before, comparison, self.bound)).transpose()?;
        if self.json {
            let document = Document { analysis: &analysis, baseline: changes.as_ref() };
            output::print(&(serde_json::to_string_pretty(&document)? + "\n"))?;
        } else {
            let changes = changes.as_ref().map(baseline::draw).unwrap_or_default();
            output::print(&(table::draw(&analysis) + &changes))?;
        }
        let path = folder.join(report::FILE);
        fs::write(&path, report::html(&analysis))
            .with_context(|| format!("cannot write the report to {}", path.display()))?;
        // Not to standard output: that may be JSON, and read by another program.
        anstream::eprintln!("report: {}", path.display());
        let is_worse = changes.is_some_and(|changes| changes.has_regression());
        Ok(if comparison.is_right() && !is_worse { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.parse().map_err(|_| "it must be a number, such as 10 or 2.5".to_owned())?;
    if (0.0..100.0).contains(&percent) {
        Ok(percent)
    } else {
        Err("it must be 0 or more, and below 100".to_owned())
    }
}
