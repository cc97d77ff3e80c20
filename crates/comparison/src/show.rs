//! The output for a run: tables or JSON, alone or compared with a baseline, and the report beside its records.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ease::Card;
use serde::Serialize;
use text::files;

use crate::analysis::{Analysis, analyse};
use crate::baseline::{self, Changes};
use crate::coverage::Coverage;
use crate::record::{Comparison, Run};
use crate::servers::Servers;
use crate::{report, store, table};

/// The analysis of a run, what it lacks, and its changes from a baseline if there is one.
#[derive(Debug, Serialize)]
pub struct Shown {
    #[serde(flatten)]
    analysis: Analysis,
    coverage: Coverage,
    #[serde(rename = "baseline", skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
    #[serde(skip)]
    is_right: bool,
}

/// Reads the run in this folder as a baseline for `run`, which need not be measured yet.
///
/// # Errors
/// It cannot be read, it has no records, or `run` measures something else.
pub fn read_baseline(folder: &Path, run: &Run) -> Result<Comparison> {
    let comparison = store::load(folder)?;
    baseline::check(&comparison.run, run)?;
    ensure!(
        !comparison.records.is_empty(),
        "no trial of it was made, so nothing can be compared with it; resume it, or give another one"
    );
    Ok(comparison)
}

impl Shown {
    /// Analyses the records of these servers. A model may be worse than in the baseline by `bound` percent, as a multiple
    /// of its floor.
    ///
    /// # Errors
    /// The baseline measures something else.
    pub fn of(
        comparison: &Comparison,
        baseline: Option<&Comparison>,
        bound: f64,
        servers: &Servers,
    ) -> Result<Self> {
        let compare = |before| baseline::compare(before, comparison, bound, servers);
        Ok(Shown {
            analysis: analyse(comparison),
            coverage: Coverage::of(comparison, servers),
            changes: baseline.map(compare).transpose()?,
            is_right: comparison.is_right(),
        })
    }

    /// As tables for a terminal with this many columns; 100 if nothing limits a line.
    pub fn tables(&self, columns: Option<usize>) -> String {
        let width = table::width(columns);
        let changes = self.changes.as_ref();
        table::draw(&self.analysis, &self.coverage, width)
            + &changes.map(|changes| baseline::draw::draw(changes, width)).unwrap_or_default()
    }

    /// As JSON: medians, intervals, ratios and claims.
    ///
    /// # Errors
    /// A figure cannot be written as JSON.
    pub fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Writes the report into the run's folder, with how easy the models are to write, and returns its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_report(&self, folder: &Path, card: &Card) -> Result<PathBuf> {
        let path = folder.join(report::FILE);
        let page = report::html(&self.analysis, &self.coverage, self.changes.as_ref(), Some(card));
        files::replace(&path, page.as_bytes())
            .with_context(|| format!("cannot write the report to {}", path.display()))?;
        Ok(path)
    }

    /// Whether all replies were right, everything that the run asks for was measured, and nothing became worse than in
    /// the baseline or could not be compared with it.
    pub fn is_good(&self) -> bool {
        self.is_right && self.coverage.gaps.is_empty() && self.changes.as_ref().is_none_or(Changes::is_good)
    }
}
