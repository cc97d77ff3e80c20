//! One row per subject, all over one axis: a mark for every round, and the median with its interval on top. Rounds go
//! from top to bottom within a row, so that drift is visible as a slope.

use super::Chart;
use super::axes::draw_nothing;
use super::canvas::{Anchor, Canvas, Mark};
use super::legend::{self, Flaw, Key};
use super::scale::Domain;
use super::ticks;
use super::words::{SMALL, width_of};

/// Rows of marks over one axis.
#[derive(Clone, Debug)]
pub struct Dots {
    /// The title.
    pub title: String,
    /// The finding, in a sentence.
    pub finding: String,
    /// The label of the axis.
    pub axis: String,
    /// The range of the axis; `None` if no value can be drawn.
    pub domain: Option<Domain>,
    /// The format of values at the axis.
    pub format: fn(f64) -> String,
    /// The value that all rows are compared with.
    pub reference: Option<Reference>,
    /// From top to bottom.
    pub rows: Vec<DotRow>,
    /// What the shapes mean, below the axis.
    pub legend: Vec<(Key, String)>,
}

/// The value that all rows are compared with.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The value.
    pub at: f64,
    /// Values between these two do not differ from it.
    pub band: Option<(f64, f64)>,
}

/// One subject.
#[derive(Clone, Debug)]
pub struct DotRow {
    /// Its name.
    pub label: String,
    /// A short note on the figure; may be empty.
    pub note: String,
    /// Colour and shape.
    pub mark: Mark,
    /// One for each round.
    pub dots: Vec<Dot>,
    /// The median.
    pub median: Option<f64>,
    /// The interval of the median.
    pub interval: Option<(f64, f64)>,
    /// Median and interval in words.
    pub figure: String,
    /// The same figure in other words, such as a multiple of another row's; may be empty.
    pub multiples: String,
}

/// One round's value.
#[derive(Clone, Debug)]
pub struct Dot {
    /// The value.
    pub value: f64,
    /// Why it must be read with care, if so.
    pub flaw: Option<Flaw>,
    /// The tooltip.
    pub about: String,
}

const ROW: f64 = 36.0;
const STRIP: f64 = 24.0;
const WORDS: f64 = 17.0;
const RADIUS: f64 = 3.4;
/// The gap between text and plot.
const GAP: f64 = 14.0;
const FOOT: f64 = 40.0;

impl Chart for Dots {
    fn title(&self) -> &str {
        &self.title
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn draw(&self, canvas: &mut Canvas) {
        let Some(domain) = self.domain else {
            draw_nothing(canvas);
            return;
        };
        let plot = self.plot(canvas, domain);
        let mut bottom = canvas.top + 4.0;
        let places: Vec<(&DotRow, f64, f64)> = self
            .rows
            .iter()
            .map(|row| {
                let top = bottom;
                bottom += plot.height(row);
                (row, top, bottom)
            })
            .collect();
        let strips = places.iter().map(|&(row, top, bottom)| {
            (if plot.is_narrow { top + plot.lines(row) * WORDS + 3.0 } else { top }, bottom)
        });
        self.draw_behind(canvas, &plot, &strips.collect::<Vec<_>>(), bottom);
        for (row, top, bottom) in places {
            draw_row(canvas, &plot, row, top, bottom - top);
        }
        canvas.top = bottom + FOOT;
        legend::draw(canvas, &self.legend);
    }
}

/// The layout of the plot.
struct Plot {
    domain: Domain,
    left: f64,
    right: f64,
    is_narrow: bool,
}

impl Plot {
    fn x(&self, value: f64) -> Option<f64> {
        self.domain.share(value).map(|share| self.left + share * (self.right - self.left))
    }

    /// In a narrow chart a row's text is above its marks, otherwise beside them.
    fn height(&self, row: &DotRow) -> f64 {
        if self.is_narrow { self.lines(row) * WORDS + STRIP + 6.0 } else { ROW }
    }

    /// The number of text lines above a row's marks.
    fn lines(&self, row: &DotRow) -> f64 {
        let others = [!self.fits(row), !row.note.is_empty(), !row.multiples.is_empty()];
        1.0 + others.into_iter().map(|has_line| f64::from(u8::from(has_line))).sum::<f64>()
    }

    /// Whether a row's name and its figure fit beside each other.
    fn fits(&self, row: &DotRow) -> bool {
        width_of(&row.label) + width_of(&row.figure) + GAP <= self.right
    }
}

impl Dots {
    fn plot(&self, canvas: &Canvas, domain: Domain) -> Plot {
        let is_narrow = canvas.is_narrow();
        if is_narrow {
            return Plot { domain, left: 8.0, right: canvas.width - 14.0, is_narrow };
        }
        let widest = |words: fn(&DotRow) -> f64| self.rows.iter().map(words).fold(0.0, f64::max);
        let labels = widest(|row| width_of(&row.label).max(width_of(&row.note) * SMALL));
        let figures = widest(|row| width_of(&row.figure).max(width_of(&row.multiples) * SMALL));
        Plot {
            domain,
            left: labels.min(290.0) + GAP,
            right: canvas.width - figures.min(320.0) - GAP,
            is_narrow,
        }
    }

    /// Draws the axis and the background of all rows, but in a narrow chart not behind text.
    fn draw_behind(&self, canvas: &mut Canvas, plot: &Plot, strips: &[(f64, f64)], bottom: f64) {
        let band = self.reference.as_ref().and_then(|reference| reference.band);
        let band = band.and_then(|(low, high)| plot.x(low).zip(plot.x(high)));
        let reference = self.reference.as_ref().and_then(|reference| plot.x(reference.at));
        canvas.begin("axis");
        let most = if plot.is_narrow { 5 } else { 7 };
        let labelled = |most| plot.domain.labelled(most, self.format);
        let ticks = ticks::fitting(plot.domain, most, plot.right - plot.left, labelled);
        for &(from, to) in strips {
            if let Some((low, high)) = band {
                canvas.rect("band", low, from, high - low, to - from);
            }
            for x in ticks.iter().filter_map(|tick| plot.x(tick.at)) {
                canvas.path("grid", &format!("M{x:.1} {from:.1}V{to:.1}"));
            }
            if let Some(x) = reference {
                canvas.path("reference", &format!("M{x:.1} {from:.1}V{to:.1}"));
            }
        }
        for tick in &ticks {
            if let Some(x) = plot.x(tick.at) {
                canvas.words_around(x, bottom + 14.0, "quiet figure small", &tick.label);
            }
        }
        let middle = f64::midpoint(plot.left, plot.right);
        canvas.words_around(middle, bottom + 32.0, "quiet small", &self.axis);
        canvas.end();
    }
}

fn draw_row(canvas: &mut Canvas, plot: &Plot, row: &DotRow, top: f64, height: f64) {
    let right = canvas.width;
    canvas.begin(&format!("row {}", row.mark.class()));
    let (middle, figure_y) = if plot.is_narrow {
        let first = top + 15.0;
        let figure_y = if plot.fits(row) { first } else { first + WORDS };
        canvas.words(0.0, first, Anchor::Start, "name", &row.label);
        if !row.note.is_empty() {
            canvas.words(0.0, figure_y + WORDS - 1.0, Anchor::Start, "quiet small", &row.note);
        }
        if !row.multiples.is_empty() {
            let lines = if row.note.is_empty() { 1.0 } else { 2.0 };
            canvas.words(0.0, figure_y + lines * WORDS - 1.0, Anchor::Start, "quiet small", &row.multiples);
        }
        (top + height - STRIP / 2.0 - 1.0, figure_y)
    } else {
        let middle = top + height / 2.0;
        let label_y = if row.note.is_empty() { middle + 4.5 } else { middle - 2.0 };
        canvas.words(0.0, label_y, Anchor::Start, "name", &row.label);
        if !row.note.is_empty() {
            canvas.words(0.0, middle + 13.0, Anchor::Start, "quiet small", &row.note);
        }
        if row.multiples.is_empty() {
            (middle, middle + 4.5)
        } else {
            canvas.words(right, middle + 13.0, Anchor::End, "quiet small", &row.multiples);
            (middle, middle - 2.0)
        }
    };
    canvas.words(right, figure_y, Anchor::End, "figure", &row.figure);
    // Many marks must not hide the median, and the median must not hide a single mark.
    if row.dots.len() > 1 {
        draw_dots(canvas, plot, row, middle);
        draw_interval(canvas, plot, row, middle);
    } else {
        draw_interval(canvas, plot, row, middle);
        draw_dots(canvas, plot, row, middle);
    }
    canvas.end();
}

fn draw_interval(canvas: &mut Canvas, plot: &Plot, row: &DotRow, middle: f64) {
    if let Some((from, to)) = row.interval.and_then(|(low, high)| plot.x(low).zip(plot.x(high))) {
        let (above, below) = (middle - 5.0, middle + 5.0);
        let caps = format!(
            "M{from:.1} {above:.1}V{below:.1}M{from:.1} {middle:.1}H{to:.1}M{to:.1} {above:.1}V{below:.1}"
        );
        canvas.path("halo", &caps);
        canvas.path("interval", &caps);
    }
    if let Some(x) = row.median.and_then(|median| plot.x(median)) {
        let bar = format!("M{x:.1} {:.1}V{:.1}", middle - 10.0, middle + 10.0);
        canvas.path("halo", &bar);
        canvas.path("median", &bar);
    }
}

#[expect(clippy::cast_precision_loss, reason = "rounds are few")]
fn draw_dots(canvas: &mut Canvas, plot: &Plot, row: &DotRow, middle: f64) {
    let last = row.dots.len().saturating_sub(1).max(1) as f64;
    let half = if row.dots.len() > 1 { 8.5 } else { 0.0 };
    for (index, dot) in row.dots.iter().enumerate() {
        let y = middle - half + 2.0 * half * index as f64 / last;
        if let Some(x) = plot.x(dot.value) {
            canvas.mark(row.mark, "round", (x, y, RADIUS), dot.flaw, &dot.about);
        }
    }
}
