//! Every chapter stands in the summary, and has the parts that a reader expects, in their order.

use std::fs;

use anyhow::{Context, Result};

use crate::chapter::{Chapter, Part};
use crate::finding::Finding;
use crate::places::Places;
use crate::words;

/// What a chapter has, in this order, and whether it must.
const PARTS: [(&str, bool); 10] = [
    ("Goal", true),
    ("One new idea", true),
    ("Run it", false),
    ("Predict first", true),
    ("What happens", false),
    ("The code", false),
    ("What changed", false),
    ("What breaks", false),
    ("Exercises", true),
    ("Score card", false),
];

/// Files that no reader would find.
pub(super) fn unnamed(places: &Places, chapters: &[Chapter]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for entry in fs::read_dir(places.chapters()).context("cannot read book/src")? {
        let name = entry.context("cannot read book/src")?.file_name().to_string_lossy().into_owned();
        let is_chapter = words::ends_with(&name, "md") && name != "SUMMARY.md";
        if is_chapter && !chapters.iter().any(|chapter| chapter.path == name) {
            findings.push(Finding::new(name, "no line of SUMMARY.md names this chapter"));
        }
    }
    findings.sort();
    Ok(findings)
}

/// What is missing or in the wrong place. Only numbered chapters have all parts.
pub(super) fn wrong(chapter: &Chapter) -> Vec<Finding> {
    if !chapter.path.starts_with(|first: char| first.is_ascii_digit()) {
        return Vec::new();
    }
    let headings: Vec<&str> = chapter
        .parts()
        .filter_map(|part| match part {
            Part::Line(line) => line.strip_prefix("## "),
            Part::Directive { .. } => None,
        })
        .map(str::trim)
        .collect();
    let mut findings = Vec::new();
    for (part, is_needed) in PARTS {
        if is_needed && !headings.contains(&part) {
            findings.push(Finding::new(&chapter.path, format!("the heading `## {part}` is missing")));
        }
    }
    let place = |heading: &str| PARTS.iter().position(|(part, _)| *part == heading);
    let known: Vec<(usize, &str)> =
        headings.iter().filter_map(|heading| Some((place(heading)?, *heading))).collect();
    for pair in known.windows(2) {
        if pair[0].0 >= pair[1].0 {
            let problem = format!("`## {}` stands behind `## {}`", pair[1].1, pair[0].1);
            findings.push(Finding::new(&chapter.path, problem));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let chapter = Chapter { path: "05-pools.md".to_owned(), text: text.to_owned() };
        wrong(&chapter).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn parts_that_are_missing_or_in_another_order_are_found() {
        let right = "## Goal\n## One new idea\n## Predict first\n## Another\n## The code\n## Exercises\n";
        assert!(problems(right).is_empty());
        assert_eq!(
            problems(&right.replace("## Goal\n", "")),
            ["05-pools.md: the heading `## Goal` is missing"]
        );
        assert_eq!(
            problems(&right.replace("## The code\n## Exercises\n", "## Exercises\n## The code\n")),
            ["05-pools.md: `## The code` stands behind `## Exercises`"]
        );
    }

    #[test]
    fn a_chapter_that_the_summary_does_not_name_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::at(folder.path());
        fs::create_dir_all(places.chapters()).unwrap();
        for name in ["SUMMARY.md", "a.md", "b.md"] {
            fs::write(places.chapters().join(name), "").unwrap();
        }
        let named = [Chapter { path: "a.md".to_owned(), text: String::new() }];
        let found = unnamed(&places, &named).unwrap();
        assert_eq!(found, [Finding::new("b.md", "no line of SUMMARY.md names this chapter")]);
    }
}
