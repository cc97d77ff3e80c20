//! `{{#predict QUESTION…}}` … `{{/predict}}`: a question whose answer is closed at first.

use anyhow::{Result, ensure};

/// A question, in Markdown.
#[derive(Debug)]
pub(crate) struct Question {
    text: String,
}

pub(super) const END: &str = "\n</details>\n";

impl Question {
    pub(super) fn parse(text: &str) -> Result<Question> {
        ensure!(!text.trim().is_empty(), "the question is missing: {{{{#predict QUESTION…}}}}");
        Ok(Question { text: text.trim().to_owned() })
    }

    pub(super) fn markdown(&self) -> String {
        format!("<details class=\"predict\">\n<summary>\n\n{}\n\n</summary>\n", self.text)
    }
}
