//! A picture inside a page: it follows the theme that the reader has chosen, and shares no name with another picture.

use anyhow::{Context, Result};
use regex::Regex;

use crate::sources::escaped;

/// The SVG as a figure with this id, and a caption if there is one.
pub(crate) fn figure(svg: &str, id: &str, caption: &str) -> Result<String> {
    let start = svg.find("<svg").context("the picture is no SVG")?;
    let svg = scoped(&renamed(&svg[start..], id)?, id);
    let svg = svg.replacen("<svg", &format!("<svg style=\"min-width: {}\"", narrowest(&svg)?), 1);
    let caption = if caption.is_empty() {
        String::new()
    } else {
        format!("<figcaption>{}</figcaption>\n", escaped(caption))
    };
    Ok(format!("<figure class=\"picture\" id=\"{id}\" tabindex=\"0\">\n{}\n{caption}</figure>\n", svg.trim()))
}

/// The least width at which its words can be read. On a narrower page it scrolls.
fn narrowest(svg: &str) -> Result<String> {
    let width = Regex::new(r#"viewBox="[\d.]+ [\d.]+ ([\d.]+) "#).context("the pattern of a width")?;
    let width = width.captures(svg).context("the picture has no viewBox")?;
    Ok(format!("calc(0.85 * {}px)", &width[1]))
}

/// Every name in the picture begins with the figure's.
fn renamed(svg: &str, id: &str) -> Result<String> {
    let names = Regex::new(r#"\bid="([^"]+)""#).context("the pattern of names")?;
    let of_picture: Vec<String> = names.captures_iter(svg).map(|found| found[1].to_owned()).collect();
    let mut svg = names.replace_all(svg, format!("id=\"{id}-$1\"")).into_owned();
    for name in &of_picture {
        svg = svg.replace(&format!("url(#{name})"), &format!("url(#{id}-{name})"));
        svg = svg.replace(&format!("href=\"#{name}\""), &format!("href=\"#{id}-{name}\""));
    }
    let labels = Regex::new(r#"aria-labelledby="([^"]+)""#).context("the pattern of labels")?;
    let label = |found: &regex::Captures<'_>| {
        let names: Vec<String> = found[1].split(' ').map(|name| format!("{id}-{name}")).collect();
        format!("aria-labelledby=\"{}\"", names.join(" "))
    };
    Ok(labels.replace_all(&svg, label).into_owned())
}

const DARK: &str = "@media (prefers-color-scheme: dark) {";

/// The picture's style is for this figure only, and dark in the book's dark themes.
fn scoped(svg: &str, id: &str) -> String {
    let Some((before, rest)) = svg.split_once("<style>") else { return svg.to_owned() };
    let Some((style, after)) = rest.split_once("</style>") else { return svg.to_owned() };
    let style = match style.split_once(DARK) {
        Some((light, rest)) => {
            let (dark, rest) = rest.split_at(closing(rest));
            let rest = rest.trim_start_matches('}');
            // Without JavaScript the page has the theme of the system.
            format!(
                "{light}html:is(.coal, .navy, .ayu) & {{{dark}}}\n{DARK} html:not(.js) & {{{dark}}} }}{rest}"
            )
        }
        None => style.to_owned(),
    };
    format!("{before}<style>\n#{id} {{{style}}}\n</style>{after}")
}

/// Where the brace is that closes the one before the text.
fn closing(text: &str) -> usize {
    let mut open = 1_i32;
    for (at, glyph) in text.char_indices() {
        open += i32::from(glyph == '{') - i32::from(glyph == '}');
        if open == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<?xml?>\n<svg viewBox=\"0 0 560 300\" class=\"chart\" aria-labelledby=\"title description\"><title id=\"title\">a</title>\
        <desc id=\"description\">b</desc><style>\n.chart { --ink: black }\n@media (prefers-color-scheme: dark) {\n  \
        .chart { --ink: white }\n}\n.chart text { fill: var(--ink) }\n</style><use href=\"#title\"/></svg>";

    #[test]
    fn names_of_two_pictures_differ() {
        let figure = figure(SVG, "one", "A & B").unwrap();
        for part in [
            "<figure class=\"picture\" id=\"one\"",
            "aria-labelledby=\"one-title one-description\"",
            "<title id=\"one-title\">",
            "href=\"#one-title\"",
            "<figcaption>A &amp; B</figcaption>",
            "<svg style=\"min-width: calc(0.85 * 560px)\"",
        ] {
            assert!(figure.contains(part), "{part} in {figure}");
        }
    }

    #[test]
    fn the_style_is_for_one_figure_and_follows_the_theme() {
        let figure = figure(SVG, "one", "").unwrap();
        let (_, style) = figure.split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        assert_eq!(
            style.split_whitespace().collect::<Vec<_>>().join(" "),
            "#one { .chart { --ink: black } html:is(.coal, .navy, .ayu) & { .chart { --ink: white } } \
             @media (prefers-color-scheme: dark) { html:not(.js) & { .chart { --ink: white } } } \
             .chart text { fill: var(--ink) } }"
        );
    }

    #[test]
    fn a_browser_draws_it_in_the_colours_of_the_theme() {
        const SEEN: &str = r"
const ink = theme => {
  document.documentElement.className = theme;
  return getComputedStyle(document.querySelector('text')).fill;
};
onload = () => {
  document.getElementById('found').textContent = ['js light', 'js rust', 'js coal', 'js navy', 'js ayu'].map(ink).join('; ');
};";
        let svg = crate::places::Places::of_this_repository().read("docs/timeline.svg").unwrap();
        let page = format!(
            "<!doctype html><meta charset=utf-8><pre id=found></pre>{}<script>{SEEN}</script>",
            figure(&svg, "one", "").unwrap()
        );
        let Some(found) = charts::browser::found(&page) else { return };
        let (light, dark) = ("rgb(31, 35, 40)", "rgb(240, 246, 252)");
        assert_eq!(found, [light, light, dark, dark, dark].join("; "));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(figure("text", "one", "").unwrap_err().to_string().contains("no SVG"));
    }
}
