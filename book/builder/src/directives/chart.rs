//! `{{#chart PATH ALT…}}`: a picture of the repository. `{{#scatter}}` is one of them.

use anyhow::{Result, ensure};

use super::Page;
use crate::{picture, words};

/// A picture and what it shows.
#[derive(Debug)]
pub(crate) struct Chart {
    path: String,
    shows: String,
}

impl Chart {
    pub(super) fn parse(text: &str) -> Result<Chart> {
        let (path, shows) = words::first(text);
        ensure!(words::ends_with(path, "svg"), "`{path}` is no SVG picture: {{{{#chart PATH ALT…}}}}");
        ensure!(!shows.is_empty(), "say what {path} shows, for readers who cannot see it");
        Ok(Chart { path: path.to_owned(), shows: shows.trim_matches('"').to_owned() })
    }

    pub(super) fn scatter() -> Chart {
        Chart {
            path: "docs/scatter.svg".to_owned(),
            shows: "Scalability against ease of implementation: one dot a model".to_owned(),
        }
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let svg = match page.places.read(&self.path) {
            Err(error) if page.is_draft => return Ok(format!("missing: {error:#}\n")),
            svg => svg?,
        };
        let id = format!("picture-{}", page.inserts.len());
        let figure = picture::figure(&svg, &id, &self.shows)?;
        Ok(page.insert(figure))
    }
}
