//! What differs between two pages, line by line.

use std::ops::Range;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// Lines without a change around those with one.
const CONTEXT: usize = 3;

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// A page, or a part of it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'text> {
    /// Whose page it is.
    pub name: &'text str,
    /// Its file.
    pub path: &'text str,
    /// Its text.
    pub text: &'text str,
    /// The lines of the file before the text, so that line numbers are those of the file.
    pub before: usize,
}

/// The code of a page: the lines from the first that is code. Those above explain it.
pub fn without_header(page: &str) -> &str {
    let is_explanation = |line: &&str| line.starts_with("//!") || line.trim().is_empty();
    let header: usize = page.split_inclusive('\n').take_while(is_explanation).map(str::len).sum();
    &page[header..]
}

/// The lines that the second text has and the first has not, and the other way round.
pub fn changed(old: &str, new: &str) -> (usize, usize) {
    let diff = TextDiff::from_lines(old, new);
    let of = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    (of(ChangeTag::Insert), of(ChangeTag::Delete))
}

/// What differs, in the unified form, with colours; without a change only a sentence.
pub fn unified(old: Side, new: Side) -> String {
    let diff = TextDiff::from_lines(old.text, new.text);
    let mut text = format!(
        "{REMOVED}--- {}, {}{REMOVED:#}\n{ADDED}+++ {}, {}{ADDED:#}\n",
        old.name, old.path, new.name, new.path
    );
    let groups = diff.grouped_ops(CONTEXT);
    if groups.is_empty() {
        text.push_str("The code of both pages is the same.\n");
    }
    for group in groups {
        let Some((first, last)) = group.first().zip(group.last()) else { continue };
        let from = place(first.old_range().start..last.old_range().end, old.before);
        let to = place(first.new_range().start..last.new_range().end, new.before);
        text.push_str(&format!("{PLACE}@@ -{from} +{to} @@{PLACE:#}\n"));
        for change in group.iter().flat_map(|part| diff.iter_changes(part)) {
            let line = change.value().trim_end_matches('\n');
            text.push_str(&match change.tag() {
                ChangeTag::Equal => format!(" {line}\n"),
                ChangeTag::Delete => format!("{REMOVED}-{line}{REMOVED:#}\n"),
                ChangeTag::Insert => format!("{ADDED}+{line}{ADDED:#}\n"),
            });
        }
    }
    text
}

/// The first line and how many, as `diff -u` writes it: an empty place is that after a line.
fn place(lines: Range<usize>, before: usize) -> String {
    let first = before + lines.start + usize::from(!lines.is_empty());
    format!("{first},{}", lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side<'text>(name: &'text str, text: &'text str, before: usize) -> Side<'text> {
        Side { name, path: "page.rs", text, before }
    }

    fn plain(old: Side, new: Side) -> String {
        anstream::adapter::strip_str(&unified(old, new)).to_string()
    }

    #[test]
    fn lines_that_are_new_and_gone_are_marked_and_counted() {
        let (old, new) = ("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\ne\nF\nG\ng\n");
        assert_eq!(
            plain(side("one", old, 10), side("two", new, 20)),
            "--- one, page.rs\n+++ two, page.rs\n@@ -13,5 +23,6 @@\n c\n d\n e\n-f\n+F\n+G\n g\n"
        );
        assert_eq!(changed(old, new), (2, 1));
    }

    #[test]
    fn the_header_ends_where_the_code_begins() {
        assert_eq!(without_header("//! Title\n//!\n\nuse a;\n//! not here\n"), "use a;\n//! not here\n");
        assert_eq!(without_header("//! Title"), "");
    }

    #[test]
    fn equal_pages_are_said_to_be_equal() {
        let text = plain(side("one", "a\n", 0), side("two", "a\n", 0));
        assert!(text.ends_with("The code of both pages is the same.\n"), "{text}");
        assert_eq!(changed("a\n", "a\n"), (0, 0));
    }

    #[test]
    fn an_empty_place_is_that_after_a_line() {
        let text = plain(side("one", "", 7), side("two", "a\n", 0));
        assert!(text.contains("@@ -7,0 +1,1 @@\n+a\n"), "{text}");
    }
}
