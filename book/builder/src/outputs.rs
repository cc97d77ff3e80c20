//! What commands have printed or drawn, kept in `book/outputs`, so that building the book runs none of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::chapter::Use;
use crate::places::Places;
use crate::words;

/// A command whose output the book shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Recording {
    pub(crate) arguments: Vec<String>,
    /// The command of the server that must run meanwhile: `serve` or `cache`, and its arguments.
    pub(crate) server: Option<Vec<String>>,
    /// The exit code that is expected.
    pub(crate) exit: i32,
    pub(crate) comparison: Comparison,
}

/// How what is printed again is compared with what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Comparison {
    /// Byte by byte.
    Exact,
    /// Without times, rates, sizes, addresses and processes.
    Masked,
    /// The same, in any order of lines.
    MaskedLines,
    /// By the shape of the drawing.
    Drawn,
}

impl Recording {
    pub(crate) fn exact(arguments: Vec<String>) -> Recording {
        Recording { arguments, server: None, exit: 0, comparison: Comparison::Exact }
    }

    /// What is run, in a line. Two recordings with the same line are the same.
    pub(crate) fn title(&self) -> String {
        let server = self.server.as_ref().map(|words| format!("{} & ", words::join(words)));
        server.unwrap_or_default() + &words::join(&self.arguments)
    }

    /// The file's name: what can be read of the title, and a number that tells it from others.
    pub(crate) fn file_name(&self) -> String {
        let title = self.title();
        let readable: String =
            title.chars().map(|glyph| if glyph.is_ascii_alphanumeric() { glyph } else { '-' }).collect();
        let words: Vec<&str> = readable.split('-').filter(|word| !word.is_empty()).collect();
        let readable: String = words.join("-").chars().take(60).collect();
        // FNV-1a.
        let hash = title
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let ending = if self.comparison == Comparison::Drawn { "svg" } else { "txt" };
        format!("{readable}-{hash:08x}.{ending}")
    }

    pub(crate) fn file(&self, places: &Places) -> PathBuf {
        places.outputs().join(self.file_name())
    }

    /// The files that it is kept in: a picture has its data beside it.
    pub(crate) fn files(&self, places: &Places) -> Vec<PathBuf> {
        let file = self.file(places);
        match self.comparison {
            Comparison::Drawn => vec![file.with_extension("json"), file],
            _ => vec![file],
        }
    }

    /// What is drawn in the picture that was recorded.
    pub(crate) fn data(&self, places: &Places) -> Result<String> {
        let data = fs::read_to_string(self.file(places).with_extension("json"));
        data.ok().with_context(|| format!("`{}` is not recorded; record it with `refresh`", self.title()))
    }

    /// What was recorded.
    pub(crate) fn text(&self, places: &Places) -> Result<String> {
        let (title, name) = (self.title(), self.file_name());
        let text = fs::read_to_string(self.file(places)).ok().with_context(|| {
            format!("the output of `{title}` is not recorded (book/outputs/{name}); record it with `refresh`")
        })?;
        ensure!(!text.trim().is_empty(), "the output of `{title}` is empty (book/outputs/{name})");
        Ok(text)
    }
}

/// All recordings that chapters show, each once, with the places that show it.
pub(crate) fn all(uses: &[Use]) -> BTreeMap<Recording, Vec<&str>> {
    let mut found: BTreeMap<Recording, Vec<&str>> = BTreeMap::new();
    for of in uses {
        if let Some(recording) = of.directive.recording() {
            found.entry(recording).or_default().push(&of.place);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_readable_name_and_different_commands_have_different_files() {
        let recording = |text: &str| Recording::exact(words::split(text).unwrap());
        let name = recording("trace '^a$'").file_name();
        assert!(name.starts_with("trace-a-") && name.contains(".txt"), "{name}");
        assert_ne!(name, recording("trace '^a^'").file_name());
    }

    #[test]
    fn what_is_not_recorded_or_empty_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        let recording = Recording::exact(vec!["list".to_owned()]);
        let error = recording.text(&places).unwrap_err().to_string();
        assert!(error.contains("the output of `list` is not recorded"), "{error}");
        fs::create_dir_all(places.outputs()).unwrap();
        fs::write(recording.file(&places), "\n").unwrap();
        let error = recording.text(&places).unwrap_err().to_string();
        assert!(error.contains("the output of `list` is empty"), "{error}");
    }
}
