//! Lines over two axes. If there is room, each line has its name at its end; otherwise there is a legend below.

use super::Chart;
use super::axes::{Axis, Plot, draw_axes, draw_nothing};
use super::canvas::{Anchor, Canvas, Mark};
use super::labels::spread;
use super::legend::{self, Flaw, Key};
use super::scale::Domain;
use super::words::width_of;

/// Lines over two axes.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The title.
    pub title: String,
    /// The finding, in a sentence.
    pub finding: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// One for each subject.
    pub lines: Vec<Line>,
    /// What the shapes mean, below the axis.
    pub legend: Vec<(Key, String)>,
}

/// The line of one subject.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub label: String,
    /// Colour and shape.
    pub mark: Mark,
    /// Points from left to right.
    pub points: Vec<LinePoint>,
}

/// A point of a line.
#[derive(Clone, Debug)]
pub struct LinePoint {
    /// Its value on the horizontal axis.
    pub x: f64,
    /// Its value on the vertical axis.
    pub y: f64,
    /// The interval of `y`.
    pub interval: Option<(f64, f64)>,
    /// Why it must be read with care, if so.
    pub flaw: Option<Flaw>,
    /// The tooltip of its marker; `None` draws no marker.
    pub about: Option<String>,
}

const HEIGHT: f64 = 320.0;
const NARROW_HEIGHT: f64 = 250.0;
const LABEL: f64 = 17.0;
const RADIUS: f64 = 4.2;
const FOOT: f64 = 44.0;

impl Chart for Lines {
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
        let plot = self.plot(canvas, x, y);
        draw_axes(canvas, &plot, &self.x, &self.y);
        let aside = self.aside(&plot);
        let numbered = self.lines.iter().enumerate();
        let ends: Vec<(&Line, (f64, f64))> = numbered
            .filter_map(|(index, line)| Some((line, draw_line(canvas, &plot, line, aside(index))?)))
            .collect();
        canvas.top = plot.bottom + FOOT;
        if plot.is_narrow {
            draw_names(canvas, &ends);
        } else {
            draw_labels(canvas, &plot, &ends);
        }
        legend::draw(canvas, &self.legend);
    }
}

impl Lines {
    fn plot(&self, canvas: &Canvas, x: Domain, y: Domain) -> Plot {
        let is_narrow = canvas.is_narrow();
        let labels = self.lines.iter().map(|line| width_of(&line.label)).fold(0.0, f64::max);
        let top = canvas.top + 28.0;
        #[expect(clippy::cast_precision_loss, reason = "lines are few")]
        let room_for_labels = self.lines.len() as f64 * LABEL;
        Plot {
            x,
            y,
            left: self.y.upright_width(y) + 8.0,
            right: if is_narrow { canvas.width - 14.0 } else { canvas.width - labels - 34.0 },
            top,
            bottom: top + if is_narrow { NARROW_HEIGHT } else { HEIGHT.max(room_for_labels) },
            is_narrow,
        }
    }

    /// The horizontal offset of each line, so that intervals do not hide each other.
    #[expect(clippy::cast_precision_loss, reason = "lines are few")]
    fn aside(&self, plot: &Plot) -> impl Fn(usize) -> f64 + use<> {
        let has_intervals =
            self.lines.iter().flat_map(|line| &line.points).any(|point| point.interval.is_some());
        let step = match (has_intervals, plot.is_narrow) {
            (false, _) => 0.0,
            (true, true) => 1.5,
            (true, false) => 3.0,
        };
        let middle = self.lines.len().saturating_sub(1) as f64 / 2.0;
        move |index| (index as f64 - middle) * step
    }
}

/// Draws a line and returns its end; `None` if none of its points can be drawn.
fn draw_line(canvas: &mut Canvas, plot: &Plot, line: &Line, aside: f64) -> Option<(f64, f64)> {
    let places: Vec<(&LinePoint, f64, f64)> = line
        .points
        .iter()
        .filter_map(|point| Some((point, plot.x(point.x)? + aside, plot.y(point.y)?)))
        .collect();
    let &(_, x, y) = places.last()?;
    canvas.begin(&format!("series {}", line.mark.class()));
    let corners: Vec<String> = places.iter().map(|(_, x, y)| format!("{x:.1} {y:.1}")).collect();
    canvas.path("line", &format!("M{}", corners.join("L")));
    for &(point, x, y) in &places {
        if let Some((low, high)) = point.interval.and_then(|(low, high)| plot.y(low).zip(plot.y(high))) {
            canvas.path("interval", &format!("M{x:.1} {low:.1}V{high:.1}"));
        }
        if let Some(about) = &point.about {
            canvas.mark(line.mark, "point", (x, y, RADIUS), point.flaw, about);
        }
    }
    canvas.end();
    Some((x, y))
}

/// Names at the ends of lines, without overlap, each with a leader to its line.
fn draw_labels(canvas: &mut Canvas, plot: &Plot, ends: &[(&Line, (f64, f64))]) {
    let places: Vec<f64> = ends.iter().map(|(_, (_, y))| *y).collect();
    let apart = spread(&places, LABEL, plot.top, plot.bottom);
    for ((line, (x, y)), label_y) in ends.iter().zip(apart) {
        canvas.begin(&format!("label {}", line.mark.class()));
        let (from, to) = (x + RADIUS + 2.0, plot.right + 12.0);
        canvas.path("leader", &format!("M{from:.1} {y:.1}L{to:.1} {label_y:.1}"));
        canvas.mark(line.mark, "key", (plot.right + 18.0, label_y, RADIUS), None, "");
        canvas.words(plot.right + 28.0, label_y + 4.5, Anchor::Start, "", &line.label);
        canvas.end();
    }
}

fn draw_names(canvas: &mut Canvas, ends: &[(&Line, (f64, f64))]) {
    let column = canvas.width / 2.0;
    canvas.begin("legend");
    for (index, (line, _)) in ends.iter().enumerate() {
        let x = if index % 2 == 0 { 0.0 } else { column };
        canvas.begin(&line.mark.class());
        canvas.mark(line.mark, "key", (x + 6.0, canvas.top + 8.0, RADIUS), None, "");
        canvas.words(x + 18.0, canvas.top + 12.5, Anchor::Start, "", &line.label);
        canvas.end();
        if index % 2 == 1 || index + 1 == ends.len() {
            canvas.top += LABEL + 2.0;
        }
    }
    canvas.end();
    canvas.top += 6.0;
}
