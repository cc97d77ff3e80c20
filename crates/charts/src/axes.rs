//! Two axes, and the plot between them.

use super::canvas::{Anchor, Canvas};
use super::scale::Domain;
use super::ticks::{self, Tick};
use super::words::width_of;

/// One of two axes.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Its label.
    pub label: String,
    /// Its range; `None` if no value can be drawn.
    pub domain: Option<Domain>,
    /// Ticks chosen by the caller; if empty, the axis chooses them.
    pub ticks: Vec<Tick>,
    /// The format of ticks that the axis chooses.
    pub format: fn(f64) -> String,
}

/// The layout of the plot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    pub(super) x: Domain,
    pub(super) y: Domain,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) is_narrow: bool,
}

impl Plot {
    pub(super) fn x(&self, value: f64) -> Option<f64> {
        self.x.share(value).map(|share| self.left + share * (self.right - self.left))
    }

    pub(super) fn y(&self, value: f64) -> Option<f64> {
        self.y.share(value).map(|share| self.bottom - share * (self.bottom - self.top))
    }
}

impl Axis {
    /// The ticks of a horizontal axis of this length.
    fn ticks(&self, domain: Domain, most: usize, length: f64) -> Vec<Tick> {
        if self.ticks.is_empty() {
            ticks::fitting(domain, most, length, |most| domain.labelled(most, self.format))
        } else {
            self.ticks.clone()
        }
    }

    /// The ticks of a vertical axis, whose labels never overlap.
    fn upright_ticks(&self, domain: Domain) -> Vec<Tick> {
        if !self.ticks.is_empty() {
            return self.ticks.clone();
        }
        domain.labelled(6, self.format)
    }

    /// The width of the labels of a vertical axis.
    pub(super) fn upright_width(&self, domain: Domain) -> f64 {
        self.upright_ticks(domain).iter().map(|tick| width_of(&tick.label)).fold(0.0, f64::max)
    }
}

/// Says that there is no value to draw.
pub(super) fn draw_nothing(canvas: &mut Canvas) {
    const LINE: f64 = 17.0;
    canvas.words(0.0, canvas.top + LINE, Anchor::Start, "quiet", "Nothing was measured.");
    canvas.top += 2.0 * LINE;
}

/// Draws two axes with their grid.
pub(super) fn draw_axes(canvas: &mut Canvas, plot: &Plot, x: &Axis, y: &Axis) {
    canvas.begin("axis");
    canvas.words(0.0, plot.top - 14.0, Anchor::Start, "quiet small", &y.label);
    for tick in y.upright_ticks(plot.y) {
        let Some(y) = plot.y(tick.at) else { continue };
        canvas.path("grid", &format!("M{:.1} {y:.1}H{:.1}", plot.left, plot.right));
        canvas.words(plot.left - 8.0, y + 4.0, Anchor::End, "quiet figure small", &tick.label);
    }
    // A number too close to the previous one is left out, because neither would be readable.
    let mut free_from = f64::NEG_INFINITY;
    for tick in x.ticks(plot.x, if plot.is_narrow { 5 } else { 8 }, plot.right - plot.left) {
        let Some(x) = plot.x(tick.at) else { continue };
        canvas.path("grid", &format!("M{x:.1} {:.1}V{:.1}", plot.top, plot.bottom + 4.0));
        let half = width_of(&tick.label) * 0.45;
        if x - half >= free_from {
            canvas.words_around(x, plot.bottom + 18.0, "quiet figure small", &tick.label);
            free_from = x + half + 8.0;
        }
    }
    let middle = f64::midpoint(plot.left, plot.right);
    canvas.words_around(middle, plot.bottom + 36.0, "quiet small", &x.label);
    canvas.end();
}
