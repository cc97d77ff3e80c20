//! The documents that quote a recorded run, and the markers around the quotes.
//!
//! ```text
//!  <!-- recorded: summary -->
//!  … generated from the newest run …
//!  <!-- /recorded -->
//! ```

mod answers;
mod blocks;
mod quoted;
pub(crate) mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ease::Card;
use text::files;

use crate::analysis::Analysis;
use crate::coverage::Coverage;
use crate::report;

/// Texts with markers in them.
const TEXTS: [&str; 4] = ["README.md", "DECIDE.md", "METHODOLOGY.md", "SECURITY.md"];
const OPENING: &str = "<!-- recorded: ";
const OPENING_END: &str = " -->\n";
const CLOSING: &str = "<!-- /recorded -->";

/// All files that quote a run: their current and their required text.
#[derive(Debug)]
pub struct Documents {
    project: PathBuf,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    /// `None` if there is no such file yet.
    is: Option<String>,
    must_be: String,
}

impl Documents {
    /// Reads the files.
    ///
    /// # Errors
    /// A file is missing, or its markers do not match.
    pub fn read(project: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = project.join(name);
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}; is this the project's folder?", path.display()))?;
            replaced(&text, |_| Some(String::new())).with_context(|| name.to_owned())?;
            Ok(File { name: name.to_owned(), must_be: text.clone(), is: Some(text) })
        };
        let files = TEXTS.into_iter().map(read).collect::<Result<_>>()?;
        Ok(Documents { project: project.to_owned(), files })
    }

    /// The documents with the figures of this run, which is in this folder, their pictures, and the report and the
    /// tables beside its records. The card says how easy models are to write. `further` supplies the blocks that are not about a run.
    ///
    /// # Errors
    /// A marker names an unknown block.
    pub fn drawn_from(
        mut self,
        folder: &Path,
        (analysis, coverage): (&Analysis, &Coverage),
        card: &Card,
        further: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let run = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        for file in &mut self.files {
            file.must_be =
                replaced(&file.must_be, |name| blocks::block(name, &run, analysis).or_else(|| further(name)))
                    .with_context(|| file.name.clone())?;
        }
        let beside = |name: &str| {
            let path = folder.strip_prefix(&self.project).unwrap_or(folder).join(name);
            path.to_string_lossy().into_owned()
        };
        for (name, must_be) in [
            ("docs/throughput.svg".to_owned(), report::throughput_svg(analysis)),
            ("docs/cost.svg".to_owned(), report::cost_svg(analysis)),
            ("docs/scatter.svg".to_owned(), report::scatter_svg(analysis, card)),
            (beside(report::FILE), report::html(analysis, coverage, None, Some(card))),
            (beside(tables::FILE), tables::all_tables(analysis)),
        ] {
            let is = fs::read_to_string(self.project.join(&name)).ok();
            self.files.push(File { name, is, must_be });
        }
        Ok(self)
    }

    /// The names of the files that differ from the required text.
    pub fn drifted(&self) -> Vec<String> {
        let drifted = self.files.iter().filter(|file| file.is.as_ref() != Some(&file.must_be));
        drifted.map(|file| file.name.clone()).collect()
    }

    /// Writes the files that differ from the required text, and returns their names.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self) -> Result<Vec<String>> {
        for file in self.files.iter().filter(|file| file.is.as_ref() != Some(&file.must_be)) {
            let path = self.project.join(&file.name);
            files::replace(&path, file.must_be.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(self.drifted())
    }
}

/// The text with the result of `block` between each pair of markers.
fn replaced(text: &str, block: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut parts = text.split(OPENING);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((name, rest)) = part.split_once(OPENING_END) else {
            bail!("a marker does not end: {OPENING}{}", part.lines().next().unwrap_or_default());
        };
        let Some((_, rest)) = rest.split_once(CLOSING) else {
            bail!("the marker {OPENING}{name}{} has no {CLOSING}", OPENING_END.trim_end());
        };
        let Some(block) = block(name) else { bail!("a marker names the unknown block {name:?}") };
        replaced.push_str(&format!("{OPENING}{name}{OPENING_END}{block}{CLOSING}{rest}"));
    }
    Ok(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_capitals(name: &str) -> Option<String> {
        (name != "unknown").then(|| name.to_uppercase() + "\n")
    }

    #[test]
    fn text_between_markers_is_replaced_and_the_rest_is_kept() {
        let text = "a\n<!-- recorded: one -->\nold\nold\n<!-- /recorded -->\nb <!-- recorded: two -->\n<!-- /recorded --> c";
        let expected = "a\n<!-- recorded: one -->\nONE\n<!-- /recorded -->\nb <!-- recorded: two -->\nTWO\n<!-- /recorded --> c";
        assert_eq!(replaced(text, in_capitals).unwrap(), expected);
        assert_eq!(replaced(expected, in_capitals).unwrap(), expected);
        assert_eq!(replaced("no marker", in_capitals).unwrap(), "no marker");
    }

    #[test]
    fn markers_that_do_not_match_are_named() {
        for (text, expected) in [
            ("<!-- recorded: one -->\n", "has no <!-- /recorded -->"),
            ("<!-- recorded: one", "does not end"),
            ("<!-- recorded: unknown -->\n<!-- /recorded -->", "\"unknown\""),
        ] {
            let message = replaced(text, in_capitals).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
