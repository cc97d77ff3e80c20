//! Who waits and who is served, and when: a lane for each, in groups, all over one time axis.
//!
//! A thin bar waits, a thick one is served, and a sign stands behind what failed: no phase is told by its colour
//! alone.

use super::Chart;
use super::canvas::{Anchor, Canvas};
use super::scale::Domain;
use super::ticks::{self, Tick};
use super::words::{width_of, wrapped};

/// Groups of lanes over one time axis.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// What is shown, in a few words.
    pub title: String,
    /// What it tells, in a sentence.
    pub finding: String,
    /// What the axis spans, in seconds.
    pub domain: Domain,
    /// What the signs in it stand for.
    pub key: Vec<(Sign, String)>,
    /// From top to bottom.
    pub groups: Vec<LaneGroup>,
}

/// Lanes that belong together.
#[derive(Clone, Debug)]
pub struct LaneGroup {
    /// What they are.
    pub label: String,
    /// What must be known of them, in a few words.
    pub note: String,
    /// From top to bottom.
    pub lanes: Vec<Lane>,
}

/// What happened to one.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Who.
    pub label: String,
    /// What is told when it is pointed at.
    pub about: String,
    /// From left to right.
    pub spans: Vec<Span>,
    /// What happened within the last span.
    pub moments: Vec<Moment>,
    /// What is written behind the last span.
    pub figure: String,
    /// Whether it came to a bad end.
    pub has_failed: bool,
}

/// What took some time.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// When it began, in seconds.
    pub from: f64,
    /// When it ended, in seconds.
    pub to: f64,
    /// What it was.
    pub phase: Phase,
}

/// What took no time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When it was, in seconds.
    pub at: f64,
    /// What it was.
    pub signal: Signal,
}

/// What can take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing happens yet.
    Waits,
    /// It is this one's turn.
    Served,
    /// It was this one's turn, but it came to a bad end.
    Failed,
}

/// What can happen at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// From the one whose lane it is.
    Sends,
    /// To the one whose lane it is.
    Receives,
}

/// A sign that the key explains.
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
const THIN_BAR: f64 = 4.0;
const SIGNAL: f64 = 10.0;
/// From a middle line down to the feet of the letters around it.
const FEET: f64 = 4.5;
/// Room between words and bars.
const GAP: f64 = 8.0;
/// Room where letters may turn out to be wider than they are taken for.
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
        let labels = lanes().map(|lane| width_of(&lane.label)).fold(0.0, f64::max);
        let figures = lanes().map(|lane| width_of(&lane.ending())).fold(0.0, f64::max);
        let left = labels + WIDE_GAP;
        // However long the words are, bars have some room.
        Plot { domain: self.domain, left, right: (canvas.width - figures - WIDE_GAP).max(left + 2.0 * BAR) }
    }
}

impl Lane {
    /// What stands behind the last bar: a failure is not told by its colour alone.
    fn ending(&self) -> String {
        if self.has_failed { format!("✗ {}", self.figure) } else { self.figure.clone() }
    }
}

/// Where moments stand.
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

/// What the signs stand for: in columns, and in as many rows as it takes.
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
    let (from, to) = lane.spans.last().and_then(|span| plot.ends(*span)).unwrap_or((plot.left, plot.left));
    for moment in &lane.moments {
        // Signals are of some width: one at the very edge of the bar moves inside, to be seen whole.
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
        Phase::Waits => ("waits", THIN_BAR),
        Phase::Served => ("served", BAR),
        Phase::Failed => ("served failed", BAR),
    };
    canvas.bar(class, from, to, middle, height);
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
