//! A chapter: its text, and the directives in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mdbook_summary::{Link, Summary, SummaryItem, parse_summary};

use crate::directives::Directive;
use crate::finding::Finding;
use crate::places::Places;

/// A chapter's text.
#[derive(Clone, Debug)]
pub(crate) struct Chapter {
    /// Its path in `book/src`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A line of a chapter, or a directive that is one.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    Line(&'a str),
    Directive { place: String, indent: &'a str, text: &'a str },
}

/// A directive, and where it stands.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) place: String,
    pub(crate) directive: Directive,
}

impl Chapter {
    /// The lines, with directives apart. What stands in a code block is shown and not followed.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let mut fence: Option<&str> = None;
        self.text.lines().enumerate().map(move |(index, line)| {
            let trimmed = line.trim();
            let marks = trimmed.len() - trimmed.trim_start_matches(['`', '~']).len();
            match fence {
                Some(open) if trimmed.starts_with(open) && trimmed.len() == marks => fence = None,
                None if marks >= 3 => fence = Some(&trimmed[..marks]),
                None if trimmed.starts_with("{{") && trimmed.ends_with("}}") => {
                    return Part::Directive {
                        place: format!("{}:{}", self.path, index + 1),
                        indent: &line[..line.len() - line.trim_start().len()],
                        text: &trimmed[2..trimmed.len() - 2],
                    };
                }
                _ => {}
            }
            Part::Line(line)
        })
    }

    /// All its directives, and what is wrong with those that cannot be read.
    pub(crate) fn uses(&self) -> (Vec<Use>, Vec<Finding>) {
        let (mut uses, mut findings) = (Vec::new(), Vec::new());
        for part in self.parts() {
            if let Part::Directive { place, text, .. } = part {
                match Directive::parse(text) {
                    Ok(directive) => uses.push(Use { place, directive }),
                    Err(error) => findings.push(Finding::new(place, format!("{error:#}"))),
                }
            }
        }
        (uses, findings)
    }
}

/// All chapters that the summary names and that exist, and what it names in vain.
pub(crate) fn chapters(places: &Places) -> Result<(Vec<Chapter>, Vec<Finding>)> {
    let (mut chapters, mut findings) = (Vec::new(), Vec::new());
    for path in named(&summary(places)?) {
        match fs::read_to_string(places.chapters().join(&path)) {
            Ok(text) => chapters.push(Chapter { path: path.display().to_string(), text }),
            Err(error) => findings.push(Finding::new("SUMMARY.md", format!("{}: {error}", path.display()))),
        }
    }
    Ok((chapters, findings))
}

/// All directives of all chapters; those that cannot be read are left out.
pub(crate) fn all_uses(places: &Places) -> Result<Vec<Use>> {
    let (chapters, _) = chapters(places)?;
    Ok(chapters.iter().flat_map(|chapter| chapter.uses().0).collect())
}

/// The table of contents.
pub(crate) fn summary(places: &Places) -> Result<Summary> {
    let file = places.chapters().join("SUMMARY.md");
    let text = fs::read_to_string(file).context("cannot read book/src/SUMMARY.md")?;
    parse_summary(&text).context("book/src/SUMMARY.md")
}

/// The summary without the chapters that do not exist, which then have a title only.
pub(crate) fn without_missing(mut summary: Summary, chapters: &Path) -> Summary {
    let all = [&mut summary.prefix_chapters, &mut summary.numbered_chapters, &mut summary.suffix_chapters];
    for item in all.into_iter().flatten() {
        if let SummaryItem::Link(Link { location, .. }) = item {
            location.take_if(|path| !chapters.join(path).is_file());
        }
    }
    summary
}

/// The files that the summary names.
fn named(summary: &Summary) -> Vec<PathBuf> {
    fn of(items: &[SummaryItem], found: &mut Vec<PathBuf>) {
        for item in items {
            if let SummaryItem::Link(link) = item {
                found.extend(link.location.clone());
                of(&link.nested_items, found);
            }
        }
    }
    let mut found = Vec::new();
    for items in [&summary.prefix_chapters, &summary.numbered_chapters, &summary.suffix_chapters] {
        of(items, &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(text: &str) -> Chapter {
        Chapter { path: "05-pools.md".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_directive_has_a_place_and_none_is_in_a_code_block() {
        let chapter = chapter("a\n```text\n{{#score mio}}\n```\n  {{#score tokio}}\nb {{#score x}}\n");
        let found: Vec<_> = chapter
            .parts()
            .filter_map(|part| match part {
                Part::Directive { place, indent, text } => Some((place, indent, text)),
                Part::Line(_) => None,
            })
            .collect();
        assert_eq!(found, [("05-pools.md:5".to_owned(), "  ", "#score tokio")]);
    }

    #[test]
    fn an_unknown_directive_is_a_finding_with_its_place() {
        let (uses, findings) = chapter("a\n\n{{#listng a.rs b}}\n{{#score mio}}\n").uses();
        assert_eq!(uses.len(), 1);
        let found = findings[0].to_string();
        assert!(found.starts_with("05-pools.md:3: `listng` is no directive"), "{found}");
    }
}
