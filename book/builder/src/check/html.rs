//! Links in the built pages: each leads to a page that exists, to a place on it that exists, and nothing comes from the network.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::Verdict;
use crate::finding::Finding;

/// What a page has for links.
#[derive(Debug, Default)]
struct Page {
    names: BTreeSet<String>,
    /// Names that several places have.
    ambiguous: BTreeSet<String>,
    /// Where it leads, or what it loads.
    links: Vec<(String, bool)>,
}

/// Follows all links of a built book.
pub(super) fn dead_links(book: &Path) -> Result<Verdict> {
    let mut files = Vec::new();
    collect(book, book, &mut files)?;
    let mut pages = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "html")) {
        let html = fs::read_to_string(book.join(file)).with_context(|| file.display().to_string())?;
        pages.insert(file.clone(), page(&html));
    }
    let files: BTreeSet<PathBuf> = files.into_iter().collect();
    let mut findings = Vec::new();
    let mut links = 0;
    for (from, page) in &pages {
        links += page.links.len();
        let twice = page.ambiguous.iter();
        findings.extend(twice.map(|name| {
            Finding::new(from.display().to_string(), format!("several places have the name `{name}`"))
        }));
        for (link, is_loaded) in &page.links {
            if let Some(problem) = problem(from, link, *is_loaded, &files, &pages) {
                findings.push(Finding::new(from.display().to_string(), problem));
            }
        }
    }
    findings.sort();
    findings.dedup();
    Ok(Verdict { seen: format!("{links} links on {} pages", pages.len()), findings })
}

/// All files, by their paths in the book.
fn collect(book: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(book, &path, files)?;
        } else {
            files.push(path.strip_prefix(book).unwrap_or(&path).to_owned());
        }
    }
    Ok(())
}

fn page(html: &str) -> Page {
    let mut page = Page::default();
    // Or what scripts write about tags would be taken for tags.
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        if let Token::StartTag(tag) = token {
            note(&tag, &mut page);
        }
    }
    page
}

fn note(tag: &StartTag<()>, page: &mut Page) {
    let value = |name: &str| {
        tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value.as_ref()).into_owned())
    };
    if let Some(name) = value("id")
        && !page.names.insert(name.clone())
    {
        page.ambiguous.insert(name);
    }
    // mdBook gives its page for what a web server does not find the root of the server.
    if tag.name.as_slice() == b"base" {
        return;
    }
    let is_link = tag.name.as_slice() == b"a";
    page.links.extend(value("href").map(|link| (link, !is_link)));
    page.links.extend(value("src").map(|link| (link, true)));
}

/// What is wrong with a link of this page.
fn problem(
    from: &Path,
    link: &str,
    is_loaded: bool,
    files: &BTreeSet<PathBuf>,
    pages: &BTreeMap<PathBuf, Page>,
) -> Option<String> {
    let is_foreign = link.contains("://") || link.starts_with("//");
    if is_foreign {
        return is_loaded
            .then(|| format!("`{link}` is loaded from the network, so the page is wrong offline"));
    }
    if link.starts_with("mailto:") || link.starts_with("data:") {
        return None;
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let path = path.split('?').next().unwrap_or_default();
    let target = if path.is_empty() { Some(from.to_owned()) } else { joined(from, path) };
    let Some(target) = target.filter(|target| files.contains(target)) else {
        return Some(format!("the link `{link}` leads to no page of the book"));
    };
    let names = pages.get(&target).map(|page| &page.names)?;
    let is_there = fragment.is_empty() || names.contains(fragment) || names.contains(&decoded(fragment));
    (!is_there).then(|| format!("the link `{link}` leads to no place on {}", target.display()))
}

/// A path as seen from a page; `None` if it leads out of the book.
fn joined(from: &Path, path: &str) -> Option<PathBuf> {
    let mut joined = from.parent()?.to_owned();
    for part in Path::new(&decoded(path)).components() {
        match part {
            Component::Normal(name) => joined.push(name),
            Component::CurDir => {}
            Component::ParentDir if joined.pop() => {}
            _ => return None,
        }
    }
    Some(joined)
}

/// A part of an address with its `%41` as bytes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        let (byte, length) = match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => (byte, 3),
            None => (*first, 1),
        };
        bytes.push(byte);
        rest = &rest[length..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(link: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("code")).unwrap();
        fs::write(folder.path().join("a.html"), format!("<h2 id=\"goal\">x</h2>{link}")).unwrap();
        fs::write(folder.path().join("code/b.html"), "<a id=\"L1\" href=\"../a.html#goal\">1</a>").unwrap();
        fs::write(folder.path().join("a.css"), "").unwrap();
        dead_links(folder.path()).unwrap().findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_right() {
        for right in [
            "<a href=\"#goal\">x</a>",
            "<a href='code/b.html#L1'>x</a>",
            "<a href=\"https://example.org/#x\">x</a>",
            "<link href=\"a.css?v=1\">",
            "<script>let text = '<a href=\"none.html\">';</script>",
            "<a href=\"#%67oal\">x</a>",
        ] {
            assert_eq!(problems(right), Vec::<String>::new(), "{right}");
        }
    }

    #[test]
    fn links_that_lead_nowhere_and_what_the_network_must_bring_are_found() {
        for (wrong, problem) in [
            ("<a href=\"none.html\">x</a>", "a.html: the link `none.html` leads to no page of the book"),
            ("<a href=\"#gaol\">x</a>", "a.html: the link `#gaol` leads to no place on a.html"),
            (
                "<a href=\"code/b.html#L2\">x</a>",
                "a.html: the link `code/b.html#L2` leads to no place on code/b.html",
            ),
            ("<p id=\"goal\">x</p>", "a.html: several places have the name `goal`"),
            ("<a href=\"../a.html\">x</a>", "a.html: the link `../a.html` leads to no page of the book"),
            (
                "<script src=\"https://cdn.example/x.js\"></script>",
                "a.html: `https://cdn.example/x.js` is loaded from the network, so the page is wrong offline",
            ),
        ] {
            assert_eq!(problems(wrong), [problem]);
        }
    }
}
