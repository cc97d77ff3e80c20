//! A small book in which all is right, and then faults planted into it, one at a time: each is found, and its message says where
//! it is and what it is. A script stands for the program.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::refresh;

const CHAPTER: &str = "\
# One client at a time

## Goal

See [the next one](b.md#goal) and [its code](../../crates/it/src/lib.rs#L1).

{{#listing crates/it/src/lib.rs serve}}

## One new idea

{{#command quick 1s list}}

{{#shell 1s cargo test -p it}}

## Predict first

{{#predict Who waits?}}
Nobody.
{{/predict}}

## What happens

{{#transcript --server it client ADDR}}

{{#timeline --shape it=staircase it}}

{{#diff it that}}

{{#table README.md models it}}

{{#chart docs/it.svg A picture}}

## Exercises

{{#exercise 1}}
";

const DRAWING: &str = "{\"models\":[{\"name\":\"it\",\"lanes\":[\
    {\"served\":0.0,\"done\":1.0,\"failure\":null},{\"served\":1.0,\"done\":2.0,\"failure\":null}]}]}";

const FILES: &[(&str, &str)] = &[
    ("README.md", "<!-- models -->\n| name |\n| --- |\n| `it` |\n<!-- /models -->\n"),
    (
        "book/book.toml",
        "[book]\ntitle = \"a\"\n[build]\nuse-default-preprocessors = false\n[output.html]\nhash-files = false\nadditional-css = [\"theme/book.css\"]\n",
    ),
    ("book/src/SUMMARY.md", "- [A](1-a.md)\n- [B](b.md)\n"),
    ("book/src/1-a.md", CHAPTER),
    ("book/src/b.md", "# B\n\n## Goal\n"),
    ("book/theme/book.css", ""),
    ("crates/it/Cargo.toml", "[package]\nname = \"it\"\n"),
    ("crates/it/src/lib.rs", "fn serve() {}\n"),
    ("docs/it.svg", "<svg viewBox=\"0 0 1 1\"></svg>"),
    ("drawing.json", DRAWING),
    ("drawing.svg", "<svg viewBox=\"0 0 1 1\"><text>it, 0.2 s</text></svg>"),
    ("exercises/01-a/README.md", "# Mend it\n"),
    ("printed-client", "13:57:15.117 greeted at 127.0.0.1:1234\n"),
    ("printed-diff", "-a\n+b\n"),
    ("printed-list", "it\n"),
];

/// A file, what is right in it, what is wrong, and how the finding begins.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    ("crates/it/src/lib.rs", "serve", "served", "directives: 1-a.md:7: crates/it/src/lib.rs has no `serve`"),
    (
        "book/src/1-a.md",
        "lib.rs serve",
        "lib.rs header",
        "directives: 1-a.md:7: `header` of crates/it/src/lib.rs is empty",
    ),
    ("book/src/1-a.md", "#listing", "#lsting", "directives: 1-a.md:7: `lsting` is no directive"),
    ("book/src/1-a.md", "{{/predict}}", "", "directives: 1-a.md:17: this question has no {{/predict}}"),
    (
        "book/src/1-a.md",
        "README.md models it",
        "README.md models that",
        "directives: 1-a.md:29: no row of `models`",
    ),
    ("book/src/1-a.md", "#exercise 1", "#exercise 2", "directives: 1-a.md:35: exercises has no folder 02-"),
    (
        "book/src/1-a.md",
        "b.md#goal",
        "b.md#gaol",
        "links: 1-a.html: the link `b.html#gaol` leads to no place on b.html",
    ),
    ("book/src/1-a.md", "b.md#goal", "c.md", "links: 1-a.html: the link `c.html` leads to no page"),
    (
        "book/src/1-a.md",
        "lib.rs#L1",
        "lib.rs#L9",
        "links: 1-a.html: the link `code/crates/it/src/lib.rs.html#L9` leads to no place",
    ),
    (
        "book/src/1-a.md",
        "crates/it/src/lib.rs#L1",
        "crates/that",
        "directives: 1-a.md:5: the link `../../crates/that`: crates/that does not exist",
    ),
    (
        "book/src/1-a.md",
        "quick 1s list",
        "1s list --wrong",
        "commands: 1-a.md:11: `list --wrong` cannot be typed: error: unexpected argument",
    ),
    (
        "book/src/b.md",
        "# B",
        "# B\n\n`cargo run --release -- serve --wrong`",
        "commands: b.md:3: `serve --wrong` cannot be typed",
    ),
    (
        "book/src/1-a.md",
        "quick 1s list",
        "quick 1s broken",
        "quick: 1-a.md:11: `broken` fails:\nerror: it is broken",
    ),
    (
        "book/src/1-a.md",
        "-p it",
        "-p that",
        "shell: 1-a.md:13: `cargo test -p that`: there is no package that",
    ),
    (
        "printed-diff",
        "+b",
        "+c",
        "outputs: 1-a.md:27: `diff it that` has drifted, line 2: recorded `+b`, now `+c`",
    ),
    ("book/src/1-a.md", "{{#diff it that}}", "", "outputs: book/outputs/diff-it-that-"),
    (
        "printed-client",
        "greeted",
        "refused",
        "transcripts: 1-a.md:23: `serve it & client ADDR` has drifted, line 1: recorded `TIME greeted",
    ),
    (
        "drawing.json",
        "\"served\":1.0",
        "\"served\":0.1",
        "shapes: 1-a.md:25: it must be staircase, and at most 2 clients",
    ),
    ("drawing.svg", "it,", "that,", "shapes: 1-a.md:25: the words of the picture have changed"),
    (
        "book/src/1-a.md",
        "it=staircase",
        "it=parallel",
        "pictures: 1-a.md:25: it must be parallel, and clients were served one after",
    ),
    (
        "book/src/1-a.md",
        "## One new idea",
        "## An idea",
        "chapters: 1-a.md: the heading `## One new idea` is missing",
    ),
    ("book/src/SUMMARY.md", "- [B](b.md)\n", "", "chapters: b.md: no line of SUMMARY.md names this chapter"),
    ("book/src/SUMMARY.md", "b.md", "c.md", "chapters: SUMMARY.md: c.md: No such file"),
    ("book/src/b.md", "# B", "# B\n\n<b>fat", "directives: mdBook: unclosed HTML tag `<b>` found in `b.md`"),
];

/// A repository with a book in which all is right.
struct Repository(TempDir);

impl Repository {
    fn new() -> Repository {
        let repository = Repository(tempfile::tempdir().unwrap());
        for (path, text) in FILES {
            repository.write(path, text);
        }
        refresh::run(&repository.places(), Some(script()), &[]).unwrap();
        repository
    }

    fn places(&self) -> Places {
        Places::at(self.0.path())
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.0.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Replaces a part of a file that is there.
    fn plant(&self, path: &str, right: &str, wrong: &str) {
        let text = fs::read_to_string(self.0.path().join(path)).unwrap();
        assert!(text.contains(right), "{path} has no {right}");
        self.write(path, &text.replace(right, wrong));
    }

    /// What is found, with its kind.
    fn findings(&self) -> Vec<String> {
        let launcher = Launcher::get(&self.places(), Some(script())).unwrap();
        let mut found = Vec::new();
        each(&self.places(), &launcher, false, |kind, verdict| {
            found.extend(verdict.findings.iter().map(|finding| format!("{kind}: {finding}")));
        })
        .unwrap();
        found
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check/tests/launcher.sh")
}

#[test]
fn a_book_in_which_all_is_right_has_no_findings() {
    assert_eq!(Repository::new().findings(), Vec::<String>::new());
}

#[test]
fn a_planted_fault_is_found_and_named() {
    for (path, right, wrong, found) in FAULTS {
        let repository = Repository::new();
        repository.plant(path, right, wrong);
        let findings = repository.findings();
        assert!(findings.iter().any(|finding| finding.starts_with(found)), "{found}\n{findings:#?}");
    }
}

#[test]
fn what_is_not_recorded_is_found_with_the_remedy() {
    let repository = Repository::new();
    for entry in fs::read_dir(repository.places().outputs()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let findings = repository.findings();
    for place in ["1-a.md:23", "1-a.md:25", "1-a.md:27"] {
        let start = format!("directives: {place}: the output of");
        let is_found =
            |finding: &String| finding.starts_with(&start) && finding.contains("record it with `refresh`");
        assert!(findings.iter().any(is_found), "{place}\n{findings:#?}");
    }
}

#[test]
fn a_refresh_makes_what_has_changed_and_removes_what_nobody_shows() {
    let repository = Repository::new();
    let refresh = |only: &[String]| refresh::run(&repository.places(), Some(script()), only).unwrap();
    repository.plant("printed-diff", "+b", "+c");
    repository.plant("printed-client", "greeted", "welcomed");
    repository.write("book/outputs/other.txt", "x");
    refresh(&[]);
    let findings = repository.findings();
    assert!(
        findings.len() == 1 && findings[0].contains("`serve it & client ADDR` has drifted"),
        "{findings:#?}"
    );
    refresh(&["client".to_owned()]);
    assert_eq!(repository.findings(), Vec::<String>::new());
}

#[test]
fn a_folder_with_other_files_is_not_emptied() {
    let repository = Repository::new();
    let error = build::build(&repository.places(), repository.0.path(), false).unwrap_err().to_string();
    assert!(error.contains("has files that are no book"), "{error}");
    assert!(repository.0.path().join("README.md").is_file());
}
