//! `{{#exercise N}}`: an exercise's title, the command that grades it, and how long that takes.

use std::fs;

use anyhow::{Context, Result};

use super::{Page, fenced};

/// An exercise by its number.
#[derive(Debug)]
pub(crate) struct Exercise {
    number: u8,
}

impl Exercise {
    pub(super) fn parse(text: &str) -> Result<Exercise> {
        let number = text.trim().parse().with_context(|| format!("`{text}` is no number of an exercise"))?;
        Ok(Exercise { number })
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let readme = match self.readme(page) {
            Err(error) if page.is_draft => return Ok(format!("missing: {error:#}\n")),
            readme => readme?,
        };
        let text = page.places.read(&readme)?;
        let title = text.lines().find_map(|line| line.strip_prefix("# "));
        let title = title.with_context(|| format!("{readme} has no title"))?;
        let link = page.sources.page(page.places, &readme)?;
        let command = fenced("sh", &format!("cargo run --release -- exercise {}", self.number));
        let takes = "<p class=\"takes\">Takes some seconds when it is built. With <code>--hint</code> it shows a hint.</p>";
        Ok(format!("**Exercise {}: [{}]({link})**\n\n{command}\n{takes}\n", self.number, title.trim()))
    }

    fn readme(&self, page: &Page<'_>) -> Result<String> {
        let folder = page.places.root().join("exercises");
        let start = format!("{:02}-", self.number);
        let entries = fs::read_dir(&folder).context("there is no folder exercises")?;
        let name = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|name| name.starts_with(&start));
        let name = name.with_context(|| format!("exercises has no folder {start}…"))?;
        Ok(format!("exercises/{name}/README.md"))
    }
}
