//! What this program prints about its models: `{{#diff A B}}`, `{{#score MODEL…}}`.

use anyhow::{Result, ensure};

use super::{Page, fenced};
use crate::links;
use crate::outputs::Recording;
use crate::words;

/// A command whose output is shown without the command.
#[derive(Debug)]
pub(crate) enum Printed {
    Diff(Vec<String>),
    Score(Vec<String>),
}

impl Printed {
    pub(super) fn diff(text: &str) -> Result<Printed> {
        let models = words::split(text)?;
        ensure!(models.len() == 2, "a diff is of two models: {{{{#diff A B}}}}");
        Ok(Printed::Diff(models))
    }

    pub(super) fn score(text: &str) -> Result<Printed> {
        let models = words::split(text)?;
        ensure!(!models.is_empty(), "name the models: {{{{#score MODEL…}}}}");
        Ok(Printed::Score(models))
    }

    pub(super) fn recording(&self) -> Recording {
        let (verb, models, further) = match self {
            Printed::Diff(models) => ("diff", models, None),
            Printed::Score(models) => ("scorecard", models, Some("--markdown")),
        };
        let words = [verb].into_iter().chain(models.iter().map(String::as_str)).chain(further);
        Recording::exact(words.map(str::to_owned).collect())
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let text = page.recorded(&self.recording())?;
        match self {
            Printed::Diff(models) => Ok(format!(
                "<p class=\"file\">from <code>{}</code> to <code>{}</code></p>\n\n{}",
                models[0],
                models[1],
                fenced("diff", &text)
            )),
            Printed::Score(_) => links::rewritten(&text, "", page.places, page.sources),
        }
    }
}
