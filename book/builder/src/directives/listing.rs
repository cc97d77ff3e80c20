//! `{{#listing PATH ITEM…}}`: the items' own lines of a file, under a link to all of it.

use anyhow::{Context, Result, ensure};

use super::{Page, fenced};
use crate::{items, words};

/// Some items of a file.
#[derive(Debug)]
pub(crate) struct Listing {
    path: String,
    items: Vec<String>,
}

impl Listing {
    pub(super) fn parse(text: &str) -> Result<Listing> {
        let mut words = words::split(text)?.into_iter();
        let path = words.next().context("a listing needs a file: {{#listing PATH ITEM…}}")?;
        let items: Vec<String> = words.collect();
        ensure!(!items.is_empty(), "name the items of {path} to show, or `all`");
        Ok(Listing { path, items })
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let text = page.places.read(&self.path)?;
        let found = items::find(&self.path, &text, &self.items)?;
        let first = found.first().map_or(1, |item| item.line);
        let link = format!("{}#L{first}", page.sources.page(page.places, &self.path)?);
        let mut blocks: Vec<(&str, Vec<String>)> = Vec::new();
        for item in found {
            let language = if item.is_prose { "text" } else { language(&self.path) };
            match blocks.last_mut() {
                Some((last, texts)) if *last == language => texts.push(item.text),
                _ => blocks.push((language, vec![item.text])),
            }
        }
        let blocks: Vec<String> =
            blocks.iter().map(|(language, texts)| fenced(language, &texts.join("\n\n"))).collect();
        Ok(format!(
            "<p class=\"file\"><a href=\"{link}\" title=\"the whole file\">{}</a></p>\n\n{}",
            self.path,
            blocks.join("\n")
        ))
    }
}

/// A file's language, by its name. Not `rust`, where mdBook hides lines that begin with `# `.
pub(crate) fn language(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "rs" => "rs",
        "c" | "h" => "c",
        "py" => "python",
        "js" => "javascript",
        "json" => "json",
        "sh" => "sh",
        "toml" => "toml",
        "md" => "markdown",
        "css" => "css",
        "html" | "svg" => "xml",
        _ => "text",
    }
}
