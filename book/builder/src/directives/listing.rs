//! `{{#listing PATH ITEM…}}`: the items' own lines of a file, under a link to all of it.

use anyhow::{Context, Result, ensure};
use regex::{Captures, Regex};

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
        let mut blocks: Vec<(bool, Vec<String>)> = Vec::new();
        for item in found {
            match blocks.last_mut() {
                Some((is_prose, texts)) if *is_prose == item.is_prose => texts.push(item.text),
                _ => blocks.push((item.is_prose, vec![item.text])),
            }
        }
        let language = language(&self.path);
        let shown = |(is_prose, texts): &(bool, Vec<String>)| {
            let text = texts.join("\n\n");
            if *is_prose { prose(&text) } else { Ok(fenced(language, &text)) }
        };
        let blocks = blocks.iter().map(shown).collect::<Result<Vec<String>>>()?;
        Ok(format!(
            "<p class=\"file\"><a href=\"{link}\" title=\"the whole file\">{}</a></p>\n\n{}",
            self.path,
            blocks.join("\n")
        ))
    }
}

/// Documentation of a file as a quotation. Its title is no heading of the chapter, and the names that it links to are only names.
fn prose(text: &str) -> Result<String> {
    // A target may be a function, with its parentheses.
    let link = Regex::new(r"\[([^\]]+)\](\((?:[^()]|\([^()]*\))*\))?").context("the pattern of links")?;
    let unlinked = |found: &Captures<'_>| match found.get(2) {
        Some(target) if target.as_str().contains("://") => found[0].to_owned(),
        // No link at all, such as a word in brackets.
        None if !found[1].starts_with('`') => found[0].to_owned(),
        _ => found[1].to_owned(),
    };
    let mut is_code = false;
    let lines = text.lines().map(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        match line.strip_prefix('#') {
            _ if is_code || is_fence => format!("> {line}"),
            Some(title) => format!("> **{}**", title.trim_start_matches('#').trim()),
            None => format!("> {}", link.replace_all(line, unlinked)),
        }
    });
    Ok(lines.map(|line| line.trim_end().to_owned() + "\n").collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_a_quotation_without_headings_and_links_to_names() {
        let text = "# A model: one\n\nIt calls [`poll`] and [that](crate::that()), see [it](https://a.b) [1].\n```sh\n# [`x`]\n```";
        assert_eq!(
            prose(text).unwrap(),
            "> **A model: one**\n>\n> It calls `poll` and that, see [it](https://a.b) [1].\n> ```sh\n> # [`x`]\n> ```\n"
        );
    }

    #[test]
    fn a_listing_names_a_file_and_its_items() {
        assert!(Listing::parse("").unwrap_err().to_string().contains("needs a file"));
        assert!(Listing::parse("a.rs").unwrap_err().to_string().contains("name the items of a.rs"));
    }
}
