//! The timeline as text: one row per client, fitted to the terminal's width.

use std::fmt::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use charts::Domain;
use text::terminal::wrap;

use super::lanes::{Chart, Lane, seconds};

const WAITS: char = '·';
const SERVED: char = '━';
const SENDS: char = '▲';
const RECEIVES: char = '▼';
const SENDS_AND_RECEIVES: char = '◆';
const DONE: char = '✓';
const FAILED: char = '✗';
const STROKE: char = '─';
const TICK: char = '┬';

const LEGEND: [(char, &str); 7] = [
    (WAITS, "waits"),
    (SERVED, "served"),
    (SENDS, "sends"),
    (RECEIVES, "receives"),
    (SENDS_AND_RECEIVES, "both"),
    (DONE, "done"),
    (FAILED, "failed"),
];

const NAME: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// The narrowest rows that are still readable. Narrower terminals show only their beginnings.
const NARROWEST_ROW: usize = 10;

/// Columns that a label of the axis and the gap behind it take.
const TICK_COLUMNS: usize = 9;

/// Draws all charts over one time axis; no line is longer than `columns`.
pub(super) fn draw(charts: &[Chart], columns: usize) -> String {
    let names = charts.iter().flat_map(|chart| &chart.lanes).map(|lane| lane.client.len()).max();
    let label = names.unwrap_or(0) + 4;
    let width = columns.saturating_sub(label).max(NARROWEST_ROW);
    let scale = Scale { domain: Domain::until(Chart::end_of_all(charts)), width };
    let drawing = Drawing { columns, label, scale };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = drawing.write(&mut text, charts);
    text
}

struct Drawing {
    columns: usize,
    /// Width of the clients' names with the gaps around them.
    label: usize,
    scale: Scale,
}

impl Drawing {
    fn write(&self, text: &mut String, charts: &[Chart]) -> fmt::Result {
        self.write_legend(text)?;
        for chart in charts {
            self.write_chart(text, chart)?;
        }
        self.write_axis(text)
    }

    /// The legend, in as many lines as it takes.
    fn write_legend(&self, text: &mut String) -> fmt::Result {
        let mut line = String::new();
        for (glyph, meaning) in LEGEND {
            let item = format!("{glyph} {meaning}");
            let gap = if line.is_empty() { "" } else { "   " };
            if line.chars().count() + gap.len() + item.chars().count() > self.columns {
                writeln!(text, "{}", paint(&self.fit(&line)))?;
                line = item;
            } else {
                line = line + gap + &item;
            }
        }
        writeln!(text, "{}\n", paint(&self.fit(&line)))
    }

    fn write_chart(&self, text: &mut String, chart: &Chart) -> fmt::Result {
        let name = self.fit(&chart.name);
        let rest = format!("  {}  {}", seconds(chart.elapsed), chart.title);
        let rest: String = rest.chars().take(self.columns - name.chars().count()).collect();
        writeln!(text, "{NAME}{name}{NAME:#}{QUIET}{rest}{QUIET:#}")?;
        for lane in &chart.lanes {
            let row = format!(
                "{:<label$}{}",
                format!("  {}", lane.client),
                self.scale.row(lane),
                label = self.label
            );
            writeln!(text, "{}", paint(self.fit(&row).trim_end()))?;
        }
        for lane in &chart.lanes {
            if let Some(failure) = &lane.failure {
                let reason = format!("  {FAILED} {}: {failure}", lane.client);
                for line in wrap(&reason, "    ", self.columns).lines() {
                    writeln!(text, "{}", paint(&self.fit(line)))?;
                }
            }
        }
        writeln!(text)
    }

    /// A line with a stroke at each tick, and one with the labels below.
    fn write_axis(&self, text: &mut String) -> fmt::Result {
        let mut strokes = vec![STROKE; self.scale.width];
        let mut labels = String::new();
        for tick in self.scale.domain.labelled_in_seconds(self.scale.width / TICK_COLUMNS) {
            let column = self.scale.column_of_seconds(tick.at);
            strokes[column] = TICK;
            if column + tick.label.len() <= self.scale.width {
                labels = format!("{labels:<column$}{}", tick.label);
            }
        }
        let strokes: String = strokes.into_iter().collect();
        for line in [strokes, labels] {
            let line = self.fit(&format!("{:label$}{line}", "", label = self.label));
            writeln!(text, "{QUIET}{line}{QUIET:#}")?;
        }
        Ok(())
    }

    fn fit(&self, line: &str) -> String {
        line.chars().take(self.columns).collect()
    }
}

/// Maps times to the columns of a row.
struct Scale {
    domain: Domain,
    width: usize,
}

impl Scale {
    fn column(&self, at: Duration) -> usize {
        self.column_of_seconds(at.as_secs_f64())
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a row, from 0 to 1"
    )]
    fn column_of_seconds(&self, at: f64) -> usize {
        let last = self.width - 1;
        let share = self.domain.share(at).unwrap_or(0.0);
        // Rounding errors in the last binary digit must not move a time to another column.
        (share * last as f64 + 1e-9) as usize
    }

    fn row(&self, lane: &Lane) -> String {
        let mut cells = vec![' '; self.width];
        let (served, ended) = (self.column(lane.served_from()), self.column(lane.ended));
        cells[self.column(lane.arrived)..=served].fill(WAITS);
        if lane.greeted.is_some() {
            cells[served..=ended].fill(SERVED);
        }
        for &(from, until) in &lane.owed {
            cells[self.column(from)..self.column(until)].fill(WAITS);
        }
        for &at in &lane.sent {
            cells[self.column(at)] = SENDS;
        }
        for &at in &lane.received {
            let cell = &mut cells[self.column(at)];
            *cell = if matches!(*cell, SENDS | SENDS_AND_RECEIVES) { SENDS_AND_RECEIVES } else { RECEIVES };
        }
        cells[ended] = if lane.failure.is_some() { FAILED } else { DONE };
        cells.into_iter().collect()
    }
}

/// The same drawing without a character that a terminal without Unicode would garble.
pub(super) fn in_ascii(text: &str) -> String {
    const PLAIN: [(char, char); 9] = [
        (WAITS, '.'),
        (SERVED, '='),
        (SENDS, '^'),
        (RECEIVES, 'v'),
        (SENDS_AND_RECEIVES, '#'),
        (DONE, '+'),
        (FAILED, 'X'),
        (STROKE, '-'),
        (TICK, '+'),
    ];
    let plain = |glyph| PLAIN.iter().find(|(drawn, _)| *drawn == glyph).map_or('?', |(_, plain)| *plain);
    text.chars().map(|glyph| if glyph.is_ascii() { glyph } else { plain(glyph) }).collect()
}

/// Colours the glyphs of a line, run by run.
fn paint(line: &str) -> String {
    let mut painted = String::new();
    let mut current = Style::new();
    for glyph in line.chars() {
        let style = style_of(glyph);
        if style != current {
            painted += &format!("{current:#}{style}");
            current = style;
        }
        painted.push(glyph);
    }
    painted + &format!("{current:#}")
}

fn style_of(glyph: char) -> Style {
    match glyph {
        WAITS => AnsiColor::Yellow.on_default(),
        SERVED => AnsiColor::Blue.on_default(),
        SENDS | RECEIVES | SENDS_AND_RECEIVES => AnsiColor::Cyan.on_default(),
        DONE => AnsiColor::Green.on_default(),
        FAILED => AnsiColor::Red.on_default(),
        _ => Style::new(),
    }
}
