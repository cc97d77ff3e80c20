//! The output for a run: tables or JSON, alone or compared with a baseline, and the report beside its records.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::analysis::{Analysis, analyse};
use crate::baseline::{self, Changes};
use crate::record::{Comparison, Run};
use crate::{report, store, table};

/// The analysis of a run, and its changes from a baseline if there is one.
#[derive(Debug, Serialize)]
pub struct Shown {
    #[serde(flatten)]
    analysis: Analysis,
    #[serde(rename = "baseline", skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
    #[serde(skip)]
    is_right: bool,
}

/// Reads the run in this folder as a baseline for `run`, which need not be measured yet.
///
/// # Errors
/// It cannot be read, or `run` measures something else.
pub fn read_baseline(folder: &Path, run: &Run) -> Result<Comparison> {
    let comparison = store::load(folder).context("cannot read the baseline")?;
    baseline::check(&comparison.run, run).with_context(|| format!("baseline {}", folder.display()))?;
    Ok(comparison)
}

impl Shown {
    /// Analyses the records. A model may be worse than in the baseline by `bound` percent, as a multiple of its floor.
    ///
    /// # Errors
    /// The baseline measures something else.
    pub fn of(comparison: &Comparison, baseline: Option<&Comparison>, bound: f64) -> Result<Self> {
        let changes = baseline.map(|before| baseline::compare(before, comparison, bound)).transpose()?;
        Ok(Shown { analysis: analyse(comparison), changes, is_right: comparison.is_right() })
    }

    /// As tables for a terminal.
    pub fn tables(&self) -> String {
        table::draw(&self.analysis) + &self.changes.as_ref().map(baseline::draw::draw).unwrap_or_default()
    }

    /// As JSON: medians, intervals, ratios and claims.
    ///
    /// # Errors
    /// A figure cannot be written as JSON.
    pub fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Writes the report into the run's folder, and returns its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_report(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(report::FILE);
        fs::write(&path, report::html(&self.analysis))
            .with_context(|| format!("cannot write the report to {}", path.display()))?;
        Ok(path)
    }

    /// Whether all replies were right and there is no regression.
    pub fn is_good(&self) -> bool {
        self.is_right && !self.changes.as_ref().is_some_and(Changes::has_regression)
    }
}
