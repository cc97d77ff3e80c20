//! What this program prints about its models: `{{#diff A B}}`, `{{#score MODEL…}}`.

use anyhow::{Result, ensure};

use super::{Page, fenced};
use crate::links;
use crate::outputs::Recording;
use crate::words;

/// A diff of more lines than this is closed at first: it would bury the text after it.
const LONG: usize = 60;

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
            Printed::Diff(models) => Ok(diff(&models[0], &models[1], &text)),
            Printed::Score(_) => links::rewritten(&text, "", page.places, page.sources),
        }
    }
}

fn diff(from: &str, to: &str, text: &str) -> String {
    let models = format!("from <code>{from}</code> to <code>{to}</code>");
    let shown = fenced("diff", text);
    let lines = text.lines().count();
    if lines > LONG {
        format!(
            "<details class=\"diff\">\n<summary>{models}: {lines} lines</summary>\n\n{shown}\n</details>\n"
        )
    } else {
        format!("<p class=\"file\">{models}</p>\n\n{shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_diff_is_closed_and_says_how_long_it_is() {
        assert!(!diff("a", "b", &"+x\n".repeat(LONG)).contains("<details"));
        let long = diff("a", "b", &"+x\n".repeat(LONG + 1));
        assert!(long.starts_with("<details class=\"diff\">\n<summary>from"), "{long}");
        assert!(long.contains("<code>b</code>: 61 lines</summary>\n\n```diff\n+x\n"), "{long}");
        assert!(long.contains("```\n\n</details>\n"), "{long}");
    }
}
