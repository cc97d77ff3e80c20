//! Links in Markdown that lead to files of the repository: they lead to the book's own page of that file.

use anyhow::{Context, Result, bail};
use regex::{Captures, Regex};

use crate::places::Places;
use crate::sources::{Sources, existing, file_of};

/// Rewrites the links of Markdown that stands in a folder of the repository, such as `book/src`.
pub(crate) fn rewritten(
    markdown: &str,
    folder: &str,
    places: &Places,
    sources: &mut Sources,
) -> Result<String> {
    // The target of a link, up to its title.
    let links = Regex::new(r"\]\(([^)\s]+)").context("the pattern of links")?;
    let mut problem = None;
    let text = links.replace_all(markdown, |found: &Captures<'_>| {
        match target(&found[1], folder, places, sources) {
            Ok(target) => format!("]({target}"),
            Err(error) => {
                problem.get_or_insert(error);
                found[0].to_owned()
            }
        }
    });
    match problem {
        Some(error) => Err(error),
        None => Ok(text.into_owned()),
    }
}

fn target(link: &str, folder: &str, places: &Places, sources: &mut Sources) -> Result<String> {
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return Ok(link.to_owned());
    }
    let is_chapter = folder == CHAPTERS;
    let file = match file_of(path) {
        Some(file) if is_chapter => file.to_owned(),
        _ => match resolved(folder, path) {
            // Another chapter, which mdBook knows.
            Some(file) if file.starts_with(CHAPTERS) => return Ok(link.to_owned()),
            Some(file) => file,
            None => bail!("the link `{link}` leads out of the repository"),
        },
    };
    let page =
        sources.page(places, existing(places, &file).with_context(|| format!("the link `{link}`"))?)?;
    // A line of a file. The headings of a document are not on its page.
    let is_line = fragment.strip_prefix('L').is_some_and(|line| line.parse::<usize>().is_ok());
    Ok(if is_line { format!("{page}#{fragment}") } else { page })
}

/// Where the chapters are.
pub(crate) const CHAPTERS: &str = "book/src";

/// A path in a folder, from the root of the repository; `None` if it leads out.
fn resolved(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_link_to_a_file_leads_to_its_page_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("crates/mio/src")).unwrap();
        fs::write(folder.path().join("crates/mio/src/lib.rs"), "//! mio").unwrap();
        fs::write(folder.path().join("README.md"), "# It").unwrap();
        let places = Places::at(folder.path());
        let to = |link: &str, folder: &str| {
            rewritten(&format!("a [b]({link}) c"), folder, &places, &mut Sources::default())
        };
        for (link, folder, expected) in [
            ("crates/mio", "", "code/crates/mio/src/lib.rs.html"),
            ("../../README.md#heading", CHAPTERS, "code/README.html"),
            ("../../crates/mio/src/lib.rs#L3", CHAPTERS, "code/crates/mio/src/lib.rs.html#L3"),
            ("code/crates/mio/src/lib.rs.html#L3", CHAPTERS, "code/crates/mio/src/lib.rs.html#L3"),
            ("05-pools.md#goal", CHAPTERS, "05-pools.md#goal"),
            ("#goal", CHAPTERS, "#goal"),
            ("https://example.org/a#b", CHAPTERS, "https://example.org/a#b"),
        ] {
            assert_eq!(to(link, folder).unwrap(), format!("a [b]({expected}) c"));
        }
        for (link, problem) in [("../../src/x.rs", "src/x.rs does not exist"), ("../../../x", "leads out")] {
            let error = format!("{:#}", to(link, CHAPTERS).unwrap_err());
            assert!(error.contains(problem), "{error}");
        }
    }
}
