//! Which exercises have passed, and how many hints have been shown: a small file beside the exercises, which git ignores.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use text::files;

use crate::exercise::Exercise;
use crate::folder::Folder;

/// What a learner has done so far.
#[derive(Debug)]
pub struct Progress {
    file: PathBuf,
    /// Of each exercise that was begun.
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    number: u8,
    hints: usize,
    /// Of the files that passed.
    passed: Option<u64>,
}

impl Progress {
    /// Reads it. Without a file nothing was done yet; a line that cannot be read counts for nothing.
    pub fn read(folder: &Folder) -> Progress {
        let file = folder.path().join(".progress");
        let text = fs::read_to_string(&file).unwrap_or_default();
        Progress { file, rows: text.lines().filter_map(row).collect() }
    }

    /// Whether the exercise as it is now has passed.
    pub fn has_passed(&self, folder: &Folder, exercise: &Exercise) -> bool {
        let passed = self.row(exercise).passed;
        passed.is_some() && passed == fingerprint(&folder.of(exercise)).ok()
    }

    /// Remembers how it went.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note(&mut self, folder: &Folder, exercise: &Exercise, passed: bool) -> Result<()> {
        let passed = if passed { Some(fingerprint(&folder.of(exercise))?) } else { None };
        self.put(Row { passed, ..self.row(exercise) })
    }

    /// How many of its hints are to be shown now: one more than before, and no more than there are.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn one_more_hint(&mut self, exercise: &Exercise, all: usize) -> Result<usize> {
        let row = self.row(exercise);
        let hints = (row.hints + 1).min(all);
        self.put(Row { hints, ..row })?;
        Ok(hints)
    }

    fn row(&self, exercise: &Exercise) -> Row {
        let known = self.rows.iter().find(|row| row.number == exercise.number);
        known.copied().unwrap_or(Row { number: exercise.number, ..Row::default() })
    }

    fn put(&mut self, row: Row) -> Result<()> {
        self.rows.retain(|known| known.number != row.number);
        self.rows.push(row);
        self.rows.sort_by_key(|row| row.number);
        let line = |row: &Row| {
            let passed = row.passed.map_or("-".to_owned(), |print| print.to_string());
            format!("{} hints {} passed {passed}\n", row.number, row.hints)
        };
        let text: String = self.rows.iter().map(line).collect();
        files::replace(&self.file, text.as_bytes())
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn row(line: &str) -> Option<Row> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [number, "hints", hints, "passed", passed] = words[..] else { return None };
    Some(Row { number: number.parse().ok()?, hints: hints.parse().ok()?, passed: passed.parse().ok() })
}

/// Changes with each file of the exercise that a learner changes.
fn fingerprint(folder: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for name in ["Cargo.toml", "answers.txt"] {
        hasher.write(&fs::read(folder.join(name)).unwrap_or_default());
    }
    let sources = folder.join("src");
    let cannot = || format!("cannot read {}", sources.display());
    let entries = fs::read_dir(&sources).with_context(cannot)?.collect::<Result<Vec<_>, _>>();
    let mut files: Vec<PathBuf> = entries.with_context(cannot)?.iter().map(fs::DirEntry::path).collect();
    files.sort();
    for file in files.iter().filter(|file| file.is_file()) {
        hasher.write(&fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercises::EXERCISES;

    #[test]
    fn what_has_passed_is_remembered_until_it_is_changed() {
        let project = tempfile::tempdir().unwrap();
        let (first, second) = (&EXERCISES[0], &EXERCISES[1]);
        let root = project.path().join("exercises");
        let source = root.join(first.folder).join("src");
        fs::create_dir_all(&source).unwrap();
        fs::write(root.join("Cargo.toml"), "").unwrap();
        fs::write(source.join("main.rs"), "fn main() {}").unwrap();
        let folder = Folder::find(project.path()).unwrap();

        Progress::read(&folder).note(&folder, first, true).unwrap();
        assert_eq!(Progress::read(&folder).one_more_hint(second, 2).unwrap(), 1);
        assert_eq!(Progress::read(&folder).one_more_hint(second, 2).unwrap(), 2);
        assert_eq!(Progress::read(&folder).one_more_hint(second, 2).unwrap(), 2);
        assert!(Progress::read(&folder).has_passed(&folder, first));
        assert!(!Progress::read(&folder).has_passed(&folder, second));

        fs::write(source.join("main.rs"), "fn main() { panic!() }").unwrap();
        assert!(!Progress::read(&folder).has_passed(&folder, first));
    }

    #[test]
    fn a_line_that_is_no_progress_counts_for_nothing() {
        assert_eq!(row("2 hints 1 passed -"), Some(Row { number: 2, hints: 1, passed: None }));
        for line in ["", "2", "two hints 1 passed -", "2 hints -1 passed 7", "2 hints 1 passed 7 8"] {
            assert_eq!(row(line), None, "{line}");
        }
    }
}
