//! The proof that the exercises are fair: every start fails for the reason it is about, and every solution passes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::exercise::{Exercise, Needs, Subject};
use crate::folder::Folder;
use crate::grade::{Finding, Thoroughness, Verdict, grade};
use crate::workshop::{NotBuilt, Workshop};

/// The exercises as they are, and a copy with the solutions in their places.
pub struct BothWays<'needs> {
    starts: Folder,
    solutions: PathBuf,
    needs: Needs<'needs>,
}

/// What one exercise has shown.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How the start failed, as it should.
    pub reasons: Vec<String>,
    /// What is not as it should be.
    pub problems: Vec<String>,
}

impl<'needs> BothWays<'needs> {
    /// Makes the copy, in the folder where the exercises are built.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn prepare(starts: Folder, exercises: &[Exercise], needs: Needs<'needs>) -> Result<Self> {
        let solutions = starts.path().join("target/both-ways");
        if solutions.exists() {
            fs::remove_dir_all(&solutions)
                .with_context(|| format!("cannot remove {}", solutions.display()))?;
        }
        for exercise in exercises {
            let place = solutions.join(exercise.folder);
            copy(&starts.of(exercise), &place)?;
            copy(&starts.solution(exercise), &place)?;
        }
        let manifest = read(&starts.path().join("Cargo.toml"))?;
        write(&solutions.join("Cargo.toml"), &at_home(&manifest, starts.path()))?;
        write(&solutions.join("Cargo.lock"), &read(&starts.path().join("Cargo.lock"))?)?;
        Ok(BothWays { starts, solutions, needs })
    }

    /// Grades the start and the solution of this exercise. `each` is called with every finding about the solution.
    pub fn check(&self, exercise: &Exercise) -> Outcome {
        let mut outcome = Outcome::default();
        let built = self.starts.path().join("target");
        match self.findings(self.starts.path(), &built, exercise, false) {
            Ok(findings) => judge_start(exercise, &findings, &mut outcome),
            Err(not_built) => outcome.problems.push(format!("the start is not built: {}", words(not_built))),
        }
        // To cargo, a package in a copy of its workspace is the same package: a folder of its own keeps their programs apart.
        match self.findings(&self.solutions, &built.join("solutions"), exercise, true) {
            Ok(findings) => outcome.problems.extend(findings.iter().filter_map(|finding| {
                let id = finding.check.id;
                match &finding.verdict {
                    Verdict::Passed => None,
                    Verdict::Failed(failure) => Some(format!("the solution fails {id}: {failure}")),
                    Verdict::Skipped(reason) => {
                        Some(format!("nothing is known of the solution and {id}: {reason}"))
                    }
                }
            })),
            Err(not_built) => {
                outcome.problems.push(format!("the solution is not built: {}", words(not_built)));
            }
        }
        outcome
    }

    fn findings(
        &self,
        workspace: &Path,
        target: &Path,
        exercise: &Exercise,
        lint: bool,
    ) -> Result<Vec<Finding>, NotBuilt> {
        let workshop = Workshop { workspace, target, locked: true, tied: self.needs.tied };
        if lint {
            workshop.lint(exercise.package())?;
        }
        let program = workshop.build(exercise.package())?;
        let source = workspace.join(exercise.folder);
        let subject = Subject { program: &program, source: &source, needs: self.needs };
        let mut findings = Vec::new();
        grade(exercise, &subject, Thoroughness::All, &mut |finding| findings.push(finding.clone()));
        Ok(findings)
    }
}

/// A start must fail exactly the checks that it is about, and say so in these words.
fn judge_start(exercise: &Exercise, findings: &[Finding], outcome: &mut Outcome) {
    for finding in findings {
        let id = finding.check.id;
        let expected = exercise.start_fails.iter().find(|(check, _)| *check == id);
        let problem = match (expected, &finding.verdict) {
            (None, Verdict::Passed) => continue,
            (Some((_, reasons)), Verdict::Failed(failure))
                if reasons.iter().any(|because| failure.contains(because)) =>
            {
                outcome.reasons.push(format!("{id}: {failure}"));
                continue;
            }
            (Some((_, reasons)), Verdict::Failed(failure)) => {
                format!("the start fails {id} for another reason than {}: {failure}", reasons.join(" or "))
            }
            (Some(_), Verdict::Passed) => format!("the start passes {id}, which it is to fail"),
            (None, Verdict::Failed(failure)) => {
                format!("the start also fails {id}, which is not its lesson: {failure}")
            }
            (_, Verdict::Skipped(reason)) => format!("nothing is known of the start and {id}: {reason}"),
        };
        outcome.problems.push(problem);
    }
    for (id, _) in exercise.start_fails {
        if !findings.iter().any(|finding| finding.check.id == *id) {
            outcome.problems.push(format!("{id} is to fail on the start, and is none of the checks"));
        }
    }
}

fn words(not_built: NotBuilt) -> String {
    match not_built {
        NotBuilt::Refused(message) => message,
        NotBuilt::TooLong(limit) => format!("cargo still runs after {limit:?}"),
        NotBuilt::NoCargo(error) => format!("cargo cannot be run: {error}"),
    }
}

/// The manifest in another folder: its paths begin at the folder that they are about.
fn at_home(manifest: &str, workspace: &Path) -> String {
    manifest.replace("\"../", &format!("\"{}/../", workspace.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make the folder {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read the folder {}", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read the folder {}", from.display()))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercise::Check;

    const CHECKS: &[Check] =
        &[Check::own("one", "one", |_| Ok(()), "advice"), Check::own("two", "two", |_| Ok(()), "advice")];

    /// What is wrong with a start whose checks end in these ways, if it is to fail the second for this reason.
    fn problems(first: Option<&str>, second: Option<&str>) -> Vec<String> {
        let exercise = Exercise {
            number: 1,
            folder: "01-name",
            checks: CHECKS,
            start_fails: &[("two", &["too late", "never"])],
        };
        let verdict = |failure: Option<&str>| failure.map_or(Ok(()), |words| Err(words.to_owned())).into();
        let finding = |check, failure| Finding { check, verdict: verdict(failure) };
        let findings = [finding(&CHECKS[0], first), finding(&CHECKS[1], second)];
        let mut outcome = Outcome::default();
        judge_start(&exercise, &findings, &mut outcome);
        outcome.problems
    }

    #[test]
    fn a_start_must_fail_what_it_is_about_for_its_reason_and_nothing_else() {
        assert_eq!(problems(None, Some("an answer came too late")), [""; 0]);
        assert_eq!(problems(None, Some("it never came")), [""; 0]);
        assert!(problems(None, None)[0].contains("passes two, which it is to fail"));
        assert!(
            problems(None, Some("no answer"))[0]
                .contains("for another reason than too late or never: no answer")
        );
        assert!(problems(Some("broken"), Some("too late"))[0].contains("also fails one"));
    }

    #[test]
    fn a_check_that_is_to_fail_and_does_not_exist_is_told() {
        let exercise = Exercise { number: 1, folder: "01-name", checks: &[], start_fails: &[("two", &[""])] };
        let mut outcome = Outcome::default();
        judge_start(&exercise, &[], &mut outcome);
        assert!(outcome.problems[0].contains("two is to fail on the start"), "{:?}", outcome.problems);
    }

    #[test]
    fn the_copy_of_a_manifest_leads_to_the_same_crates() {
        let manifest = "prime = { path = \"../crates/prime\" }";
        let moved = at_home(manifest, Path::new("/home/exercises"));
        assert_eq!(moved, "prime = { path = \"/home/exercises/../crates/prime\" }");
    }
}
