//! Pages with whole files of the repository, for those that the book links to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::directives::language;
use crate::places::Places;

/// The files that the book links to.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    paths: BTreeSet<String>,
}

/// The name of the folder with the pages.
pub(crate) const FOLDER: &str = "code";

impl Sources {
    /// The page of a file, which will be written. Of a folder, the page of the file that it is opened for.
    pub(crate) fn page(&mut self, places: &Places, path: &str) -> Result<String> {
        let path = path.trim_end_matches('/');
        let candidates = ["", "/src/lib.rs", "/README.md", "/src/main.rs", "/tables.md"]
            .map(|tail| format!("{path}{tail}"));
        let file = candidates.into_iter().find(|path| places.root().join(path).is_file());
        let file = file.with_context(|| format!("{path} is no file of the repository"))?;
        let page = page_of(&file);
        self.paths.insert(file);
        Ok(page)
    }

    /// Writes all pages into the book.
    pub(crate) fn write(&self, places: &Places, book: &Path) -> Result<()> {
        for path in &self.paths {
            let file = book.join(page_of(path));
            let folder = file.parent().context("a page has a folder")?;
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            fs::write(&file, page(path, &places.read(path)?))
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }
}

/// Where a file's page is. mdBook takes whatever has `.md` in a link for a chapter.
fn page_of(path: &str) -> String {
    format!("{FOLDER}/{}.html", path.strip_suffix(".md").unwrap_or(path))
}

/// A page, in the theme that the reader has chosen for the book.
fn page(path: &str, text: &str) -> String {
    let root = "../".repeat(path.matches('/').count() + 1);
    let numbers: String = (1..=text.lines().count())
        .map(|line| format!("<a id=\"L{line}\" href=\"#L{line}\">{line}</a>\n"))
        .collect();
    let language = language(path);
    let text = escaped(text);
    format!(
        r#"<!DOCTYPE html>
<html lang="en" class="light">
<head>
<meta charset="UTF-8">
<title>{path}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{root}favicon.svg">
<link rel="stylesheet" href="{root}css/variables.css">
<link rel="stylesheet" href="{root}css/general.css">
<link rel="stylesheet" href="{root}fonts/fonts.css">
<link rel="stylesheet" id="mdbook-highlight-css" href="{root}highlight.css">
<link rel="stylesheet" id="mdbook-tomorrow-night-css" href="{root}tomorrow-night.css">
<link rel="stylesheet" id="mdbook-ayu-highlight-css" href="{root}ayu-highlight.css">
<link rel="stylesheet" href="{root}theme/book.css">
<script>
let theme = null;
try {{ theme = localStorage.getItem("mdbook-theme"); }} catch {{ }}
theme ??= matchMedia("(prefers-color-scheme: dark)").matches ? "navy" : "light";
document.documentElement.className = theme + " js";
document.getElementById("mdbook-ayu-highlight-css").disabled = theme !== "ayu";
document.getElementById("mdbook-tomorrow-night-css").disabled = theme !== "coal" && theme !== "navy";
document.getElementById("mdbook-highlight-css").disabled = ["ayu", "coal", "navy"].includes(theme);
</script>
</head>
<body class="source">
<header><a href="{root}index.html">Concurrent servers</a> <h1>{path}</h1></header>
<main class="source-file">
<pre class="source-lines" aria-label="line numbers">{numbers}</pre>
<pre class="source-text" tabindex="0"><code class="language-{language}">{text}</code></pre>
</main>
<script src="{root}highlight.js"></script>
<script>hljs.highlightBlock(document.querySelector("code"));</script>
</body>
</html>
"#
    )
}

/// Text for HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Whether the text of a link leads to a page of this folder, and to which file's.
pub(crate) fn file_of(link: &str) -> Option<&str> {
    link.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".html")
}

/// Refuses a link to a page whose file does not exist.
pub(crate) fn existing<'a>(places: &Places, path: &'a str) -> Result<&'a str> {
    ensure!(places.root().join(path).exists(), "{path} does not exist in the repository");
    Ok(path)
}

#[cfg(test)]
mod tests {
    use charts::browser;

    use super::*;

    /// What the script of each page has done, and whether the page is wider than its frame.
    const SEEN: &str = r"
onload = () => {
  document.getElementById('found').textContent = [...document.querySelectorAll('iframe')].map(frame => {
    const page = frame.contentDocument, root = page.documentElement;
    const sheets = [...page.querySelectorAll('[id$=css]')].filter(sheet => !sheet.disabled);
    return [root.className, sheets.map(sheet => sheet.id).join(), page.querySelector('code').className,
      page.querySelectorAll('.source-lines a').length, root.scrollWidth > root.clientWidth].join('; ');
  }).join('\n');
};";

    #[test]
    fn a_file_is_shown_in_the_theme_that_was_chosen_for_the_book() {
        let css = Places::of_this_repository().read("book/theme/book.css").unwrap();
        let long = "// <a & \"b\"> ".repeat(30);
        let page = page("crates/a.rs", &format!("fn a() {{}}\n{long}\n"));
        // The book's own files are not beside this page.
        let page = page.replace("</head>", &format!("<style>{css}</style></head>")).replace(
            "<script src=",
            "<script>hljs = { highlightBlock: code => code.className += ' lit' }</script><script data-from=",
        );
        let frame = |theme: &str| {
            let chosen = format!("localStorage.setItem('mdbook-theme', '{theme}'); let theme = null;");
            let page =
                page.replace("let theme = null;", &chosen).replace('&', "&amp;").replace('"', "&quot;");
            format!("<iframe width=390 height=300 srcdoc=\"{page}\"></iframe>")
        };
        let frames: String = ["light", "navy", "ayu"].map(frame).concat();
        let page =
            format!("<!doctype html><meta charset=utf-8><pre id=found></pre>{frames}<script>{SEEN}</script>");
        let Some(found) = browser::found(&page) else { return };
        let seen =
            |theme: &str, sheet: &str| format!("{theme} js; mdbook-{sheet}-css; language-rs lit; 2; false");
        let expected =
            [seen("light", "highlight"), seen("navy", "tomorrow-night"), seen("ayu", "ayu-highlight")];
        assert_eq!(found.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_page_has_the_text_as_it_is_and_finds_the_books_files() {
        let page = page("a/b.md", "# <b> & c\n");
        assert!(page.contains("# &lt;b&gt; &amp; c\n"), "{page}");
        assert!(page.contains("href=\"../../css/variables.css\""), "{page}");
        assert_eq!(page_of("a/b.md"), "code/a/b.html");
    }
}
