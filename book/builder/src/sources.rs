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
<script>hljs.highlightAll();</script>
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
