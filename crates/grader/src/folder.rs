//! The folder of all exercises, and what each of them says to its reader.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::exercise::Exercise;

/// The folder of all exercises.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder `exercises` of the project that this folder is in.
    ///
    /// # Errors
    /// This folder is in no project with exercises. The message says what to do.
    pub fn find(inside: &Path) -> Result<Folder> {
        let path = inside.ancestors().map(|folder| folder.join("exercises"));
        let path = path.into_iter().find(|folder| folder.join("Cargo.toml").is_file());
        let path = path.with_context(|| {
            format!(
                "neither {} nor a folder above it has the exercises: go to the project's folder, which has a folder \
                 `exercises`, and try again",
                inside.display()
            )
        })?;
        Ok(Folder { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of this exercise.
    pub fn of(&self, exercise: &Exercise) -> PathBuf {
        self.path.join(exercise.folder)
    }

    /// The folder of its solution.
    pub fn solution(&self, exercise: &Exercise) -> PathBuf {
        self.path.join(".solutions").join(exercise.folder)
    }

    /// Its title: the first line of its README.
    ///
    /// # Errors
    /// It cannot be read, or does not begin with a title.
    pub fn title(&self, exercise: &Exercise) -> Result<String> {
        let file = self.of(exercise).join("README.md");
        let text = read(&file)?;
        let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
        title.map(str::to_owned).with_context(|| format!("{} does not begin with a title", file.display()))
    }

    /// Its hints, in order: the sections of `hints.md`, without their headings.
    ///
    /// # Errors
    /// They cannot be read, or there are none.
    pub fn hints(&self, exercise: &Exercise) -> Result<Vec<String>> {
        let file = self.of(exercise).join("hints.md");
        let text = read(&file)?;
        let sections = text.split("\n## ").skip(1);
        let hints: Vec<String> = sections
            .filter_map(|section| section.split_once('\n').map(|(_, hint)| hint.trim().to_owned()))
            .collect();
        ensure!(
            !hints.is_empty(),
            "{} has no hints: each is a section that begins with `## `",
            file.display()
        );
        Ok(hints)
    }
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercises::EXERCISES;

    fn here() -> Folder {
        Folder::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn the_folder_is_found_from_anywhere_in_the_project_and_nowhere_else() {
        assert!(here().path().join("Cargo.lock").is_file());
        let elsewhere = tempfile::tempdir().unwrap();
        let message = Folder::find(elsewhere.path()).unwrap_err().to_string();
        assert!(message.contains("go to the project's folder"), "{message}");
    }

    #[test]
    fn every_exercise_has_a_title_a_goal_a_command_its_duration_three_hints_and_a_solution() {
        let folder = here();
        for exercise in EXERCISES {
            let text = read(&folder.of(exercise).join("README.md")).unwrap();
            assert!(!folder.title(exercise).unwrap().is_empty());
            for part in
                ["\n## Goal\n", "\n## What to know\n", "\n## Run it\n", "\n## When it fails\n", " takes "]
            {
                assert!(text.contains(part), "{}: README.md has no {part:?}", exercise.folder);
            }
            let command = format!("cargo run --release -- exercise {}\n", exercise.number);
            assert!(text.contains(&command), "{}: README.md has no {command:?}", exercise.folder);
            assert!(folder.hints(exercise).unwrap().len() >= 3, "{}", exercise.folder);
            let solution = folder.solution(exercise);
            let differs = |name: &str| {
                let [solved, start] =
                    [&solution, &folder.of(exercise)].map(|folder| fs::read(folder.join(name)));
                solved.is_ok() && solved.ok() != start.ok()
            };
            assert!(differs("src/main.rs") || differs("answers.txt"), "{}: no solution", exercise.folder);
        }
    }

    #[test]
    fn every_start_is_a_page_and_shows_where_to_change_it() {
        for exercise in EXERCISES {
            let page = read(&here().of(exercise).join("src/main.rs")).unwrap();
            let lines = page.lines().count();
            assert!((40..=120).contains(&lines), "{}: {lines} lines", exercise.folder);
            let answers = fs::read_to_string(here().of(exercise).join("answers.txt"));
            let page = page + &answers.unwrap_or_default();
            assert!(page.contains("CHANGE THIS"), "{}", exercise.folder);
        }
    }
}
