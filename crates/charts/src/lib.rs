//! Charts as SVG text, from plain data: no script, no font and no external file.
//!
//! A [`Chart`] draws itself onto a [`Canvas`] of any width, from a phone's to a page's, without scaling its text. It is
//! then placed [`inline`] in a page that has [`STYLE`], or in its own file, alone ([`picture`]) or with others
//! ([`standalone`]). Colours are CSS variables, for light and dark backgrounds; a marker's shape has the same meaning
//! as its colour.

mod axes;
#[cfg(all(target_os = "linux", any(test, feature = "browser")))]
pub mod browser;
mod canvas;
mod dots;
mod labels;
mod legend;
mod lines;
mod names;
mod scale;
mod scatter;
mod ticks;
mod timeline;
mod words;

pub use axes::Axis;
pub use canvas::{Canvas, Mark};
pub use dots::{Dot, DotRow, Dots, Reference};
pub use legend::{Flaw, Key};
pub use lines::{Line, LinePoint, Lines};
pub use scale::{Domain, Spacing};
pub use scatter::{NamedDot, Scatter};
pub use ticks::Tick;
pub use timeline::{Lane, LaneGroup, Moment, Phase, Sign, Signal, Span, Timeline};
pub use words::escape;

use canvas::Anchor;
use words::wrapped;

/// The CSS of charts (colours, text), for a page and within each file.
pub const STYLE: &str = include_str!("charts.css");

/// Below this width, in CSS pixels, a chart is laid out for a phone.
pub const NARROW: f64 = 520.0;

/// The width of a file with several charts.
const STANDALONE_WIDTH: f64 = 760.0;
/// The width of a file with one chart, which is shown as wide as a page or a projector's screen: the narrower the file, the
/// larger is its text there.
const PICTURE_WIDTH: f64 = 560.0;
const MARGIN: f64 = 20.0;
const LINE_HEIGHT: f64 = 19.0;

/// The width of a file with charts below each other that is shown on phones, too.
const COLUMN_WIDTH: f64 = 420.0;

/// Something that can be drawn.
pub trait Chart {
    /// Its title.
    fn title(&self) -> &str;
    /// Its finding, in a sentence: for readers who cannot see it.
    fn finding(&self) -> &str;
    /// Draws it at the canvas's top, and moves the top below it.
    fn draw(&self, canvas: &mut Canvas);
}

/// A chart of this width, in CSS pixels, for a page. `heading` is the page's heading above it, and part of its
/// description for readers who cannot see it.
pub fn inline(chart: &dyn Chart, heading: &str, width: f64, class: &str) -> String {
    let mut canvas = Canvas::new(width);
    chart.draw(&mut canvas);
    let label = escape(&format!("{heading}. {}. {}", chart.title(), chart.finding()));
    format!(
        "<svg class=\"chart {class}\" viewBox=\"0 0 {width} {:.0}\" role=\"img\" aria-label=\"{label}\">\n{}</svg>",
        canvas.top.ceil(),
        canvas.text
    )
}

/// One chart as its own file, under its title; its finding is the description for readers who cannot see it.
pub fn picture(chart: &dyn Chart) -> String {
    let mut canvas = headed(chart.title(), PICTURE_WIDTH);
    chart.draw(&mut canvas);
    file(chart.title(), chart.finding(), &canvas)
}

/// Several charts below a heading, each with its title and its finding, as one file.
pub fn standalone(heading: &str, charts: &[&dyn Chart]) -> String {
    several(heading, charts, STANDALONE_WIDTH)
}

/// The same in a file so narrow that its text can be read on a phone.
pub fn column(heading: &str, charts: &[&dyn Chart]) -> String {
    several(heading, charts, COLUMN_WIDTH)
}

fn several(heading: &str, charts: &[&dyn Chart], width: f64) -> String {
    let mut canvas = headed(heading, width);
    for chart in charts {
        canvas.top += 3.0;
        for (class, words) in [("name", chart.title()), ("quiet", chart.finding())] {
            for line in wrapped(words, canvas.width) {
                canvas.top += LINE_HEIGHT;
                canvas.words(0.0, canvas.top, Anchor::Start, class, &line);
            }
        }
        canvas.top += 8.0;
        chart.draw(&mut canvas);
    }
    let findings: Vec<String> =
        charts.iter().map(|chart| format!("{}. {}", chart.title(), chart.finding())).collect();
    file(heading, &findings.join(" "), &canvas)
}

/// A canvas for a file of this width, with its heading.
fn headed(heading: &str, width: f64) -> Canvas {
    let mut canvas = Canvas::new(width - 2.0 * MARGIN);
    canvas.top = 24.0;
    canvas.words(0.0, canvas.top, Anchor::Start, "heading", heading);
    canvas.top += 12.0;
    canvas
}

/// The canvas with a margin and a background, as a self-contained file.
fn file(title: &str, description: &str, canvas: &Canvas) -> String {
    let (width, height) = (canvas.width + 2.0 * MARGIN, (canvas.top + 2.0 * MARGIN).ceil());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"title description\">\n  <title id=\"title\">{}</title>\n  \
         <desc id=\"description\">{}</desc>\n  <style>\n{STYLE}  </style>\n  \
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n  \
         <g transform=\"translate({MARGIN} {MARGIN})\">\n{}  </g>\n</svg>\n",
        escape(title),
        escape(description),
        canvas.text
    )
}

#[cfg(test)]
mod tests;
