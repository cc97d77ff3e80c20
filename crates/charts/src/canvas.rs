//! The canvas of charts: SVG text, and the few shapes that charts consist of.

use std::f64::consts::PI;
use std::fmt::Write;

use super::legend::Flaw;
use super::words::{escape, width_of};

/// A canvas of a fixed width that is filled from the top.
#[derive(Debug)]
pub struct Canvas {
    pub(super) text: String,
    pub(super) width: f64,
    /// The canvas is filled down to here.
    pub(super) top: f64,
}

/// Which part of a text is at the given place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a series is distinguished from all others: by colour and by shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A compared series, by its number.
    Hue(usize),
    /// A reference series, by its number: without a colour.
    Floor(usize),
}

const HUES: usize = 6;
const SHAPES: usize = 8;

impl Mark {
    /// The CSS class of its colour.
    pub fn class(self) -> String {
        match self {
            Mark::Hue(number) => format!("hue-{}", number % HUES),
            Mark::Floor(_) => "floor".to_owned(),
        }
    }

    /// Its outline around a place, with about this radius.
    fn outline(self, x: f64, y: f64, radius: f64) -> String {
        let number = match self {
            Mark::Hue(number) | Mark::Floor(number) => number % SHAPES,
        };
        let (up, right) = (-PI / 2.0, 0.0);
        match number {
            0 => format!(
                "M{:.1} {y:.1}a{radius} {radius} 0 1 0 {} 0a{radius} {radius} 0 1 0 -{} 0z",
                x - radius,
                2.0 * radius,
                2.0 * radius
            ),
            1 => corners(x, y, radius * 1.2, 4, up + PI / 4.0, 1.0),
            2 => corners(x, y, radius * 1.35, 3, up, 1.0),
            3 => corners(x, y, radius * 1.3, 4, up, 1.0),
            4 => corners(x, y, radius * 1.35, 3, -up, 1.0),
            5 => corners(x, y, radius * 1.6, 8, up, 0.42),
            6 => corners(x, y, radius * 1.35, 3, right, 1.0),
            _ => corners(x, y, radius * 1.6, 10, up, 0.5),
        }
    }
}

/// Two diagonals.
fn crossed(x: f64, y: f64, radius: f64) -> String {
    let (left, right, above, below) = (x - radius, x + radius, y - radius, y + radius);
    format!("M{left:.1} {above:.1}L{right:.1} {below:.1}M{right:.1} {above:.1}L{left:.1} {below:.1}")
}

/// A polygon; every second corner is closer to the middle by the factor `inner`.
fn corners(x: f64, y: f64, radius: f64, count: u32, from: f64, inner: f64) -> String {
    let places = (0..count).map(|corner| {
        let angle = from + 2.0 * PI * f64::from(corner) / f64::from(count);
        let radius = if corner % 2 == 1 { radius * inner } else { radius };
        format!("{:.1} {:.1}", x + radius * angle.cos(), y + radius * angle.sin())
    });
    format!("M{}z", places.collect::<Vec<String>>().join("L"))
}

// Writing to a String cannot fail, so the result of `write!` is ignored.
impl Canvas {
    pub(super) fn new(width: f64) -> Self {
        Canvas { text: String::new(), width, top: 0.0 }
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.width < super::NARROW
    }

    pub(super) fn words(&mut self, x: f64, y: f64, anchor: Anchor, class: &str, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = writeln!(
            self.text,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{}</text>",
            escape(words)
        );
    }

    /// Small text centred on a place, moved inside if it would leave the canvas.
    pub(super) fn words_around(&mut self, x: f64, y: f64, class: &str, words: &str) {
        let half = (width_of(words) / 2.0).min(self.width / 2.0);
        self.words(x.clamp(half, self.width - half), y, Anchor::Middle, class, words);
    }

    /// A name, directly followed by a note, whatever the width of the name.
    pub(super) fn name_and_note(&mut self, x: f64, y: f64, name: &str, note: &str) {
        let _ = writeln!(
            self.text,
            "<text x=\"{x:.1}\" y=\"{y:.1}\"><tspan class=\"name\">{}</tspan>\
             <tspan class=\"quiet\" dx=\"8\">{}</tspan></text>",
            escape(name),
            escape(note)
        );
    }

    pub(super) fn path(&mut self, class: &str, outline: &str) {
        let _ = writeln!(self.text, "<path class=\"{class}\" d=\"{outline}\"/>");
    }

    pub(super) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let _ = writeln!(
            self.text,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        );
    }

    /// A rounded bar of this height around `middle`.
    pub(super) fn bar(&mut self, class: &str, from: f64, to: f64, middle: f64, height: f64) {
        let _ = writeln!(
            self.text,
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" rx=\"2\"/>",
            middle - height / 2.0,
            to - from
        );
    }

    /// A marker at a place, with a radius, its flaw and a tooltip.
    pub(super) fn mark(
        &mut self,
        mark: Mark,
        class: &str,
        (x, y, radius): (f64, f64, f64),
        flaw: Option<Flaw>,
        about: &str,
    ) {
        let paint = if matches!(mark, Mark::Floor(_)) { "open" } else { "mark" };
        let (paint, outline) = match flaw {
            Some(Flaw::Invalid) => ("cross", crossed(x, y, radius)),
            _ => (paint, mark.outline(x, y, radius)),
        };
        let _ =
            writeln!(self.text, "<path class=\"{paint} {class}\" d=\"{outline}\">{}</path>", tooltip(about));
        let (near, far) = (radius * 1.2, radius * 1.5);
        match flaw {
            Some(Flaw::Limited) => {
                self.path("tail", &format!("M{:.1} {y:.1}H{:.1}", x + near, x + 2.2 * far));
            }
            Some(Flaw::Partial) => {
                self.path("strike", &format!("M{:.1} {:.1}L{:.1} {:.1}", x - far, y + far, x + far, y - far));
            }
            Some(Flaw::Invalid) | None => {}
        }
    }

    pub(super) fn begin(&mut self, class: &str) {
        let _ = writeln!(self.text, "<g class=\"{class}\">");
    }

    /// A group with a tooltip.
    pub(super) fn begin_about(&mut self, class: &str, about: &str) {
        let _ = writeln!(self.text, "<g class=\"{class}\">{}", tooltip(about));
    }

    pub(super) fn end(&mut self) {
        self.text.push_str("</g>\n");
    }
}

/// The tooltip of an element, which must be its first child.
fn tooltip(about: &str) -> String {
    if about.is_empty() { String::new() } else { format!("<title>{}</title>", escape(about)) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn series_share_a_colour_or_a_shape_but_not_both() {
        const SERIES: usize = 20;
        let looks = |number| (Mark::Hue(number).class(), Mark::Hue(number).outline(0.0, 0.0, 1.0));
        let distinct: HashSet<(String, String)> = (0..SERIES).map(looks).collect();
        assert_eq!(distinct.len(), SERIES);
    }
}
