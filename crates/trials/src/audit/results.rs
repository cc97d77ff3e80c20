//! The results of an audit: a file for each job, and all of them together.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use text::files;

/// The result of a job, and how it was obtained.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The command as users type it.
    pub command: String,
    /// When the job began, in UTC.
    pub started: String,
    /// Its duration.
    pub seconds: u64,
    /// The machine.
    pub machine: String,
    /// The version of this program.
    pub version: String,
    /// Whether it succeeded.
    pub held: bool,
    /// The output of the command, unchanged.
    pub result: Value,
}

impl Entry {
    /// Writes this result to the file with this name.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<()> {
        let path = folder.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(self).context("cannot write JSON")? + "\n";
        files::replace(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A figure of the result, by its path of names.
    pub fn figure(&self, path: &str) -> Option<u64> {
        self.result.pointer(path)?.as_u64()
    }

    /// For a result that is a list of lines: the named figure of the line with this name.
    pub fn figure_of(&self, name: &str, figure: &str) -> Option<u64> {
        self.result.as_array()?.iter().find(|line| line["name"] == name)?[figure].as_u64()
    }

    /// The day on which the job began.
    pub fn date(&self) -> &str {
        self.started.split('T').next().unwrap_or_default()
    }
}

/// All results, by the names of the files.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    entries: BTreeMap<String, Entry>,
}

impl Audit {
    /// Reads all files of the folder; without the folder there are no results.
    ///
    /// # Errors
    /// A file does not have the form that an audit writes.
    pub fn read(folder: &Path) -> Result<Audit> {
        let mut audit = Audit::default();
        let Ok(files) = fs::read_dir(folder) else { return Ok(audit) };
        for file in files {
            let path = file.with_context(|| format!("cannot read {}", folder.display()))?.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let wrong = || {
                format!("{} does not have the form that `audit` writes; run that step again", path.display())
            };
            let text = fs::read_to_string(&path).with_context(wrong)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            audit.entries.insert(name, serde_json::from_str(&text).with_context(wrong)?);
        }
        Ok(audit)
    }

    /// The result of the job with this name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The results of the jobs whose names begin with this text.
    pub fn entries<'audit>(
        &'audit self,
        beginning: &'audit str,
    ) -> impl Iterator<Item = (&'audit str, &'audit Entry)> {
        let named = self.entries.iter().filter(move |(name, _)| name.starts_with(beginning));
        named.map(move |(name, entry)| (&name[beginning.len()..], entry))
    }
}

#[cfg(test)]
impl Audit {
    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.values_mut()
    }

    pub(crate) fn of(entries: &[(&str, Value)]) -> Audit {
        let entry = |result: &Value| Entry {
            command: "cargo run --release -- something".to_owned(),
            started: "2026-01-02T03:04:05Z".to_owned(),
            seconds: 61,
            machine: "Example CPU, 2 cores".to_owned(),
            version: "0.1.0".to_owned(),
            held: true,
            result: result.clone(),
        };
        Audit { entries: entries.iter().map(|(name, result)| ((*name).to_owned(), entry(result))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_that_were_written_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::of(&[("check-mio", json!({ "passed": 70 }))]);
        audit.entry("check-mio").unwrap().write(folder.path(), "check-mio").unwrap();
        fs::write(folder.path().join("notes.txt"), "not read").unwrap();
        let read = Audit::read(folder.path()).unwrap();
        assert_eq!(read.entry("check-mio").unwrap().figure("/passed"), Some(70));
        assert_eq!(read.entries("check-").map(|(model, _)| model).collect::<Vec<_>>(), ["mio"]);
    }

    #[test]
    fn a_file_of_another_form_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("check-mio.json"), "{}").unwrap();
        assert!(format!("{:#}", Audit::read(folder.path()).unwrap_err()).contains("check-mio.json"));
        assert!(Audit::read(&folder.path().join("none")).unwrap().entry("check-mio").is_none());
    }

    #[test]
    fn figures_are_found_in_results_and_in_lists() {
        let audit = Audit::of(&[
            ("shim", json!([{ "name": "mio", "faults": 7 }])),
            ("x", json!({ "a": { "b": 3 } })),
        ]);
        assert_eq!(audit.entry("shim").unwrap().figure_of("mio", "faults"), Some(7));
        assert_eq!(audit.entry("shim").unwrap().figure_of("tokio", "faults"), None);
        assert_eq!(audit.entry("x").unwrap().figure("/a/b"), Some(3));
    }
}
