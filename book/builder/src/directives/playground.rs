//! `{{#playground}}`: the page on which a trace can be played with.

use anyhow::Result;

use super::Page;

pub(super) fn markdown(page: &mut Page<'_>) -> Result<String> {
    let part = |name: &str| page.places.read(&format!("book/playground/{name}"));
    let html = format!(
        "<style>{}</style>\n{}\n<script type=\"application/json\" id=\"tracer-table\">{}</script>\n<script>{}</script>",
        part("playground.css")?,
        part("playground.html")?,
        part("table.json")?,
        part("playground.js")?
    );
    Ok(page.insert(html))
}
