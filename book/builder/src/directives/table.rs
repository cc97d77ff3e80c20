//! `{{#table FILE MARKER [FILTER…]}}`: what stands between two markers of a document, or some rows of it.

use anyhow::{Context, Result, ensure};

use super::Page;
use crate::{links, words};

/// A block of a document.
#[derive(Debug)]
pub(crate) struct Table {
    path: String,
    marker: String,
    filters: Vec<String>,
}

impl Table {
    pub(super) fn parse(text: &str) -> Result<Table> {
        let mut words = words::split(text)?.into_iter();
        let (path, marker) = words.next().zip(words.next()).context("a table needs a file and a marker")?;
        Ok(Table { path, marker, filters: words.collect() })
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let Table { path, marker, filters } = self;
        let text = page.places.read(path)?;
        let block =
            block(&text, marker).with_context(|| format!("{path} has no block `<!-- {marker} -->`"))?;
        let kept = if filters.is_empty() { block.trim().to_owned() } else { filtered(block, filters) };
        for filter in filters {
            ensure!(has(&kept, filter), "no row of `{marker}` in {path} has `{filter}`");
        }
        ensure!(!kept.is_empty(), "the block `{marker}` of {path} is empty");
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        links::rewritten(&(kept + "\n"), folder, page.places, page.sources)
    }
}

/// What stands between the marker and its closing one.
fn block<'text>(text: &'text str, marker: &str) -> Option<&'text str> {
    let opening = format!("<!-- {marker}");
    let begins = |(at, _): &(usize, &str)| {
        text[at + opening.len()..].starts_with([' ', ':']) && (*at == 0 || text[..*at].ends_with('\n'))
    };
    let (at, _) = text.match_indices(&opening).find(begins)?;
    let (_, rest) = text[at..].split_once("-->")?;
    let name = marker.split([':', ' ']).next()?;
    rest.split_once(&format!("<!-- /{name} -->")).map(|(block, _)| block)
}

/// The parts that one of the words is about: rows of tables under their heads, items of lists, paragraphs, and all that stands
/// under a heading.
fn filtered(block: &str, filters: &[String]) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut section: Option<(&str, bool)> = None;
    for part in parts(block) {
        let is_meant = filters.iter().any(|filter| has(&subject(&part), filter));
        if part.starts_with('#') {
            section = Some((heading(block, &part), is_meant));
            if is_meant {
                kept.push(part);
            }
            continue;
        }
        let Some(shown) = table(&part, filters).or_else(|| is_meant.then(|| part.clone())) else {
            if section.is_some_and(|(_, is_whole)| is_whole) {
                kept.push(part);
            }
            continue;
        };
        // What is taken out of a section is shown under its heading.
        if let Some((heading, false)) = section.take_if(|(_, is_whole)| !*is_whole) {
            kept.push(heading.to_owned());
        }
        kept.push(if section.is_some_and(|(_, is_whole)| is_whole) { part } else { shown });
    }
    kept.join("\n\n").replace("\n\n- ", "\n- ")
}

/// The heading's own text in the block.
fn heading<'block>(block: &'block str, part: &str) -> &'block str {
    block.find(part).map_or("", |at| &block[at..at + part.len()])
}

/// Headings, tables, items of lists and paragraphs.
fn parts(block: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut is_new = true;
    for line in block.lines() {
        let begins = is_new || line.starts_with("- ") || line.starts_with('#');
        if line.trim().is_empty() {
            is_new = true;
        } else if begins {
            parts.push(line.to_owned());
            is_new = line.starts_with('#');
        } else if let Some(last) = parts.last_mut() {
            last.push('\n');
            last.push_str(line);
        }
    }
    parts
}

/// A table's head and those of its rows that one of the words is about.
fn table(part: &str, filters: &[String]) -> Option<String> {
    let lines: Vec<&str> = part.lines().collect();
    if lines.len() < 3 || !lines[1].starts_with("| -") && !lines[1].starts_with("|-") {
        return None;
    }
    let rows: Vec<&str> = lines[2..]
        .iter()
        .copied()
        .filter(|row| filters.iter().any(|filter| has(row.split('|').nth(1).unwrap_or_default(), filter)))
        .collect();
    (!rows.is_empty()).then(|| [&lines[..2], &rows].concat().join("\n"))
}

/// What a part is about: what is bold at its beginning, or all of it. No table is about anything.
fn subject(part: &str) -> String {
    if part.starts_with('|') {
        return String::new();
    }
    let bold = part.strip_prefix("- ").unwrap_or(part).strip_prefix("**");
    bold.and_then(|rest| rest.split_once("**")).map_or(part, |(bold, _)| bold).to_owned()
}

/// Whether a text has these words, and not as a part of others.
fn has(text: &str, words: &str) -> bool {
    let is_inside = |glyph: char| glyph.is_alphanumeric() || "-_".contains(glyph);
    text.match_indices(words)
        .any(|(at, _)| !text[..at].ends_with(is_inside) && !text[at + words.len()..].starts_with(is_inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "\
Text.

<!-- models: cargo run -- list -->
| name | idea |
| --- | --- |
| [`epoll`](crates/epoll) | one |
| `floor-epoll` | two |

More.

| name | idea |
| --- | --- |
| `mio` | like epoll |
<!-- /models -->

<!-- recorded: answers -->
### Threads or async?

- Nobody
  knows.
- **ping-pong**. async.

### Memory?

- **many-idle**. threads.
- **ping-pong**. no.
<!-- /recorded -->
";

    fn shown(marker: &str, filters: &[&str]) -> String {
        let filters: Vec<String> = filters.iter().map(|&filter| filter.to_owned()).collect();
        filtered(block(DOCUMENT, marker).unwrap(), &filters)
    }

    #[test]
    fn rows_are_chosen_by_their_first_cell_and_keep_their_head() {
        assert_eq!(
            shown("models", &["epoll"]),
            "| name | idea |\n| --- | --- |\n| [`epoll`](crates/epoll) | one |"
        );
        assert_eq!(shown("models", &["mio"]), "| name | idea |\n| --- | --- |\n| `mio` | like epoll |");
        assert_eq!(shown("models", &["one"]), "");
    }

    #[test]
    fn items_are_chosen_by_what_is_bold_and_sections_by_their_heading() {
        assert_eq!(
            shown("recorded: answers", &["ping-pong"]),
            "### Threads or async?\n- **ping-pong**. async.\n\n### Memory?\n- **ping-pong**. no."
        );
        assert_eq!(
            shown("recorded: answers", &["Memory?"]),
            "### Memory?\n- **many-idle**. threads.\n- **ping-pong**. no."
        );
    }

    #[test]
    fn a_block_is_found_by_its_marker_alone() {
        assert!(block(DOCUMENT, "models").unwrap().contains("like epoll"));
        assert_eq!(block(DOCUMENT, "mod"), None);
        assert_eq!(block(DOCUMENT, "recorded: answer"), None);
    }
}
