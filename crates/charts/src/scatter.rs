//! One dot for each subject over two axes, with its name beside it. A name that has no room there stands further away, with a
//! line to its dot; one that has no room at all stands below.

use super::Chart;
use super::axes::{Axis, Plot, draw_axes, draw_nothing};
use super::canvas::{Anchor, Canvas, Mark};
use super::names::{Area, LINE, Named, Place, places};
use super::words::{SMALL, width_of};

/// Dots over two axes.
#[derive(Clone, Debug)]
pub struct Scatter {
    /// The title.
    pub title: String,
    /// The finding, in a sentence.
    pub finding: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// One for each subject.
    pub dots: Vec<NamedDot>,
}

/// A dot with a name.
#[derive(Clone, Debug)]
pub struct NamedDot {
    /// Its name.
    pub label: String,
    /// Colour and shape.
    pub mark: Mark,
    /// Its value on the horizontal axis.
    pub x: f64,
    /// Its value on the vertical axis.
    pub y: f64,
    /// The interval of `y`.
    pub interval: Option<(f64, f64)>,
    /// The tooltip.
    pub about: String,
}

const HEIGHT: f64 = 300.0;
const RADIUS: f64 = 4.6;
const FOOT: f64 = 44.0;
impl Chart for Scatter {
    fn title(&self) -> &str {
        &self.title
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn draw(&self, canvas: &mut Canvas) {
        let Some((x, y)) = self.x.domain.zip(self.y.domain) else {
            draw_nothing(canvas);
            return;
        };
        let top = canvas.top + 28.0;
        let plot = Plot {
            x,
            y,
            left: self.y.upright_width(y) + 8.0,
            right: canvas.width - 14.0,
            top,
            bottom: top + HEIGHT,
            is_narrow: canvas.is_narrow(),
        };
        draw_axes(canvas, &plot, &self.x, &self.y);
        let seen: Vec<(&NamedDot, f64, f64)> =
            self.dots.iter().filter_map(|dot| Some((dot, plot.x(dot.x)?, plot.y(dot.y)?))).collect();
        for &(dot, x, _) in &seen {
            if let Some(interval) = interval(dot, x, &plot) {
                canvas.begin(&dot.mark.class());
                canvas.path("line", &format!("M{x:.1} {:.1}V{:.1}", interval.bottom, interval.top));
                canvas.end();
            }
        }
        let named: Vec<Named> = seen
            .iter()
            .map(|&(dot, x, y)| Named {
                at: (x, y),
                width: width_of(&dot.label) * SMALL,
                interval: interval(dot, x, &plot),
            })
            .collect();
        let within = Area { left: plot.left, top: plot.top, right: plot.right, bottom: plot.bottom };
        let places = places(&named, within);
        for (&(dot, x, y), place) in seen.iter().zip(&places) {
            canvas.begin(&format!("label {}", dot.mark.class()));
            if let Some(Place { name, leader: true }) = place {
                let (to_x, to_y) = name.nearest((x, y));
                canvas.path("leader", &format!("M{x:.1} {y:.1}L{to_x:.1} {to_y:.1}"));
            }
            canvas.mark(dot.mark, "dot", (x, y, RADIUS), None, &dot.about);
            if let Some(Place { name, .. }) = place {
                canvas.words(name.left, name.bottom - 3.5, Anchor::Start, "small", &dot.label);
            }
            canvas.end();
        }
        canvas.top = plot.bottom + FOOT;
        let without = seen.iter().zip(&places).filter(|(_, place)| place.is_none());
        for ((dot, ..), _) in without {
            canvas.top += LINE + 3.0;
            canvas.begin(&dot.mark.class());
            canvas.mark(dot.mark, "key", (8.0, canvas.top - 4.0, RADIUS), None, "");
            canvas.words(20.0, canvas.top, Anchor::Start, "small", &dot.label);
            canvas.end();
        }
        canvas.top += 10.0;
    }
}

/// The line through a dot, as an area.
fn interval(dot: &NamedDot, x: f64, plot: &Plot) -> Option<Area> {
    let (low, high) = dot.interval?;
    let (bottom, top) = (plot.y(low)?, plot.y(high)?);
    Some(Area { left: x - 1.5, top, right: x + 1.5, bottom })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Domain, inline};

    fn dot(index: usize, x: f64, y: f64) -> NamedDot {
        let label = format!("subject-{index}");
        NamedDot {
            label,
            mark: Mark::Hue(index),
            x,
            y,
            interval: Some((y * 0.9, y * 1.1)),
            about: String::new(),
        }
    }

    fn scatter(dots: Vec<NamedDot>) -> Scatter {
        let axis = |label: &str, values: Vec<f64>| Axis {
            label: label.to_owned(),
            domain: Domain::from_zero(values),
            ticks: Vec::new(),
            format: |value| format!("{value:.0}"),
        };
        Scatter {
            title: "Cost against size".to_owned(),
            finding: "They are near each other.".to_owned(),
            x: axis("size", dots.iter().map(|dot| dot.x).collect()),
            y: axis("cost", dots.iter().map(|dot| dot.y).collect()),
            dots,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few dots")]
    fn crowd(count: usize) -> Vec<NamedDot> {
        (0..count).map(|index| dot(index, 10.0 + (index % 3) as f64, 20.0 + (index / 3) as f64)).collect()
    }

    /// The names, in the plot or below, and the lines to them.
    fn drawn(dots: Vec<NamedDot>, width: f64) -> (usize, usize) {
        let svg = inline(&scatter(dots), "Heading", width, "wide");
        (svg.matches(">subject-").count(), svg.matches("class=\"leader\"").count())
    }

    #[test]
    fn a_name_with_room_stands_beside_its_dot() {
        assert_eq!(drawn(vec![dot(0, 10.0, 5.0), dot(1, 40.0, 50.0)], 400.0), (2, 0));
    }

    #[test]
    fn names_of_a_crowd_stand_further_away_with_lines_to_their_dots() {
        let (names, leaders) = drawn(crowd(9), 400.0);
        assert_eq!(names, 9);
        assert!(leaders > 0);
    }

    #[test]
    fn a_name_without_room_stands_below() {
        assert_eq!(drawn(crowd(60), 300.0).0, 60);
    }

    #[test]
    fn without_a_value_it_says_so() {
        let svg = inline(&scatter(Vec::new()), "Heading", 400.0, "wide");
        assert!(svg.contains("Nothing was measured."), "{svg}");
    }
}
