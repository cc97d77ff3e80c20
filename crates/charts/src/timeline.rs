//! When each client waits and when it is served: a lane for each, in groups, all over one time axis.
//!
//! A thin bar is waiting, a bar of half the height is waiting in a queue, a thick bar is being served, a gap in it is waiting for a reply, and a failure has a sign: no
//! phase is shown only by its colour.

use super::Chart;
use super::canvas::{Anchor, Canvas};
use super::scale::Domain;
use super::ticks::{self, Tick};
use super::words::{width_of, wrapped};

/// Groups of lanes over one time axis.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The title.
    pub title: String,
    /// The finding, in a sentence.
    pub finding: String,
    /// The end of the axis, in seconds.
    pub domain: Domain,
    /// The legend: signs and their meanings.
    pub key: Vec<(Sign, String)>,
    /// From top to bottom.
    pub groups: Vec<LaneGroup>,
}

/// Lanes that belong together.
#[derive(Clone, Debug)]
pub struct LaneGroup {
    /// Its name.
    pub label: String,
    /// A short note.
    pub note: String,
    /// From top to bottom.
    pub lanes: Vec<Lane>,
}

/// The lane of one client.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name.
    pub label: String,
    /// The tooltip.
    pub about: String,
    /// From left to right, and last the gaps.
    pub spans: Vec<Span>,
    /// The events within the last span that is no gap.
    pub moments: Vec<Moment>,
    /// The text after the last span.
    pub figure: String,
    /// Whether the client failed.
    pub has_failed: bool,
}

/// A phase with a duration.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// When it began, in seconds.
    pub from: f64,
    /// When it ended, in seconds.
    pub to: f64,
    /// What it was.
    pub phase: Phase,
}

/// An event without a duration.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Its time, in seconds.
    pub at: f64,
    /// What it was.
    pub signal: Signal,
}

/// The phases of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The client waits.
    Waits,
    /// The client waits, and the server knows.
    Queued,
    /// The client is served.
    Served,
    /// The client was served, but failed.
    Failed,
    /// The client is served, and has not its whole reply: a gap in the bar before it.
    Owed,
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The client sends.
    Sends,
    /// The client receives.
    Receives,
}

/// A sign in the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A bar.
    Phase(Phase),
    /// A triangle in a bar.
    Signal(Signal),
}

const KEY: f64 = 24.0;
const SWATCH: f64 = 26.0;
const GROUP_HEAD: f64 = 27.0;
const GROUP_GAP: f64 = 14.0;
const LINE: f64 = 17.0;
const LANE: f64 = 22.0;
const BAR: f64 = 16.0;
const HALF_BAR: f64 = 9.0;
const THIN_BAR: f64 = 4.0;
/// However short a phase was, it can be seen.
const SHORTEST: f64 = 1.5;
const SIGNAL: f64 = 10.0;
/// The distance from a middle line down to the baseline of the text around it.
const FEET: f64 = 4.5;
/// The gap between text and bars.
const GAP: f64 = 8.0;
/// Extra room, because letters may be wider than estimated.
const WIDE_GAP: f64 = 14.0;
const FOOT: f64 = 14.0;
const MOST_TICKS: usize = 12;

impl Chart for Timeline {
    fn title(&self) -> &str {
        &self.title
    }

    fn finding(&self) -> &str {
        &self.finding
    }

    fn draw(&self, canvas: &mut Canvas) {
        let plot = self.plot(canvas);
        let length = plot.right - plot.left;
        let ticks =
            ticks::fitting(self.domain, MOST_TICKS, length, |most| self.domain.labelled_in_seconds(most));
        draw_key(canvas, &self.key);
        for group in &self.groups {
            draw_group(canvas, &plot, &ticks, group);
        }
        draw_axis(canvas, &plot, &ticks);
    }
}

impl Timeline {
    fn plot(&self, canvas: &Canvas) -> Plot {
        let lanes = || self.groups.iter().flat_map(|group| &group.lanes);
        let labels = lanes().map(|lane| width_of_label(&lane.label)).fold(0.0, f64::max);
        let figures = lanes().map(|lane| width_of(&lane.ending())).fold(0.0, f64::max);
        let left = labels + WIDE_GAP;
        // Bars have a minimum width, however long the text is.
        Plot { domain: self.domain, left, right: (canvas.width - figures - WIDE_GAP).max(left + 2.0 * BAR) }
    }
}

impl Lane {
    /// The text after the last bar: a failure is not shown only by its colour.
    fn ending(&self) -> String {
        if self.has_failed { format!("✗ {}", self.figure) } else { self.figure.clone() }
    }
}

/// A label may be a number, and digits are wider than letters are on average.
fn width_of_label(label: &str) -> f64 {
    const DIGIT: f64 = 8.4;
    let digits = label.chars().filter(char::is_ascii_digit).map(|_| DIGIT);
    width_of(label).max(digits.sum())
}

/// The layout of the time axis.
struct Plot {
    domain: Domain,
    left: f64,
    right: f64,
}

impl Plot {
    fn x(&self, seconds: f64) -> Option<f64> {
        self.domain.share(seconds).map(|share| self.left + share * (self.right - self.left))
    }

    fn ends(&self, span: Span) -> Option<(f64, f64)> {
        self.x(span.from).zip(self.x(span.to))
    }
}

/// The legend: in columns, and as many rows as needed.
fn draw_key(canvas: &mut Canvas, key: &[(Sign, String)]) {
    let words = key.iter().map(|(_, words)| width_of(words)).fold(0.0, f64::max);
    let column = SWATCH + GAP + words + WIDE_GAP;
    let mut x = 0.0;
    canvas.begin("key");
    for (sign, words) in key {
        if x > 0.0 && x + column - WIDE_GAP > canvas.width {
            x = 0.0;
            canvas.top += KEY;
        }
        let middle = canvas.top + KEY / 2.0;
        match sign {
            Sign::Phase(Phase::Owed) => {
                draw_bar(canvas, Phase::Served, x, x + SWATCH, middle);
                draw_bar(canvas, Phase::Owed, x, x + SWATCH, middle);
            }
            Sign::Phase(phase) => draw_bar(canvas, *phase, x, x + SWATCH, middle),
            Sign::Signal(signal) => {
                draw_bar(canvas, Phase::Served, x, x + SWATCH, middle);
                draw_signal(canvas, *signal, x + SWATCH / 2.0, middle);
            }
        }
        canvas.words(x + SWATCH + GAP, middle + FEET, Anchor::Start, "", words);
        x += column;
    }
    canvas.end();
    canvas.top += KEY + WIDE_GAP;
}

/// Draws a group, and the ticks' lines behind its lanes.
fn draw_group(canvas: &mut Canvas, plot: &Plot, ticks: &[Tick], group: &LaneGroup) {
    canvas.begin("group");
    let first = canvas.top + GROUP_HEAD - GAP;
    canvas.top += GROUP_HEAD;
    if width_of(&group.label) + GAP + width_of(&group.note) <= canvas.width {
        canvas.name_and_note(0.0, first, &group.label, &group.note);
    } else {
        canvas.words(0.0, first, Anchor::Start, "name", &group.label);
        for line in wrapped(&group.note, canvas.width) {
            canvas.words(0.0, canvas.top - GAP + LINE, Anchor::Start, "quiet", &line);
            canvas.top += LINE;
        }
    }
    let top = canvas.top;
    let bottom = group.lanes.iter().fold(top, |bottom, _| bottom + LANE);
    for x in ticks.iter().filter_map(|tick| plot.x(tick.at)) {
        canvas.path("grid", &format!("M{x:.1} {top:.1}V{bottom:.1}"));
    }
    for lane in &group.lanes {
        draw_lane(canvas, plot, lane, canvas.top + LANE / 2.0);
        canvas.top += LANE;
    }
    canvas.end();
    canvas.top += GROUP_GAP;
}

fn draw_lane(canvas: &mut Canvas, plot: &Plot, lane: &Lane, middle: f64) {
    canvas.begin_about("lane", &lane.about);
    canvas.words(0.0, middle + FEET, Anchor::Start, "", &lane.label);
    for span in &lane.spans {
        if let Some((from, to)) = plot.ends(*span) {
            draw_bar(canvas, span.phase, from, to, middle);
        }
    }
    let last = lane.spans.iter().rfind(|span| span.phase != Phase::Owed);
    let (from, to) = last.and_then(|span| plot.ends(*span)).unwrap_or((plot.left, plot.left));
    for moment in &lane.moments {
        // Signals have a width: one at the edge of the bar moves inside, to be completely visible.
        let inside = |x: f64| x.min(to - SIGNAL / 2.0).max(from + SIGNAL / 2.0);
        if let Some(x) = plot.x(moment.at) {
            draw_signal(canvas, moment.signal, inside(x), middle);
        }
    }
    let class = if lane.has_failed { "figure failed" } else { "figure quiet" };
    canvas.words(to + GAP, middle + FEET, Anchor::Start, class, &lane.ending());
    canvas.end();
}

fn draw_bar(canvas: &mut Canvas, phase: Phase, from: f64, to: f64, middle: f64) {
    let (class, height) = match phase {
        Phase::Owed => return draw_gap(canvas, from, to, middle),
        Phase::Waits => ("waits", THIN_BAR),
        Phase::Queued => ("waits", HALF_BAR),
        Phase::Served => ("served", BAR),
        Phase::Failed => ("served failed", BAR),
    };
    let shortest = if phase == Phase::Waits { 0.0 } else { SHORTEST };
    canvas.bar(class, from, to.max(from + shortest), middle, height);
}

/// A gap in a thick bar. The signals at its ends stay on the bar; one at the bar's left edge was moved inside.
fn draw_gap(canvas: &mut Canvas, from: f64, to: f64, middle: f64) {
    let (from, to) = (from + SIGNAL, to - SIGNAL / 2.0);
    if from < to {
        canvas.bar("paper", from, to, middle, BAR);
        canvas.bar("waits", from, to, middle, THIN_BAR);
    }
}

/// A triangle: up in the upper half of a bar, or down in the lower one.
fn draw_signal(canvas: &mut Canvas, signal: Signal, x: f64, middle: f64) {
    let (class, foot, tip) = match signal {
        Signal::Sends => ("signal sends", middle - 1.0, -6.0),
        Signal::Receives => ("signal receives", middle + 1.0, 6.0),
    };
    canvas.path(class, &format!("M{x:.1} {foot:.1}m-4 0h8l-4 {tip}z"));
}

fn draw_axis(canvas: &mut Canvas, plot: &Plot, ticks: &[Tick]) {
    canvas.begin("axis");
    for tick in ticks {
        if let Some(x) = plot.x(tick.at) {
            canvas.words_around(x, canvas.top + 6.0, "quiet figure small", &tick.label);
        }
    }
    canvas.end();
    canvas.top += FOOT;
}

#[cfg(test)]
mod tests;
