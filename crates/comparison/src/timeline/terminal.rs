//! A timeline as text: one row for each lane, fitted to the terminal's width.

use std::fmt::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use charts::Domain;
use text::terminal::wrap;

use super::lanes::seconds;

pub(super) const WAITS: char = '·';
pub(super) const QUEUED: char = '░';
pub(super) const SERVED: char = '━';
pub(super) const SENDS: char = '▲';
pub(super) const RECEIVES: char = '▼';
pub(super) const SENDS_AND_RECEIVES: char = '◆';
pub(super) const DONE: char = '✓';
pub(super) const FAILED: char = '✗';
const STROKE: char = '─';
const TICK: char = '┬';

/// A lane.
pub(super) trait Row {
    fn label(&self) -> String;
    /// Why the client failed, if it did.
    fn failure(&self) -> Option<&str>;
    /// As many characters as the scale is wide.
    fn cells(&self, scale: &Scale) -> String;
}

/// Lanes that belong together.
pub(super) struct Group<'charts, R> {
    pub(super) name: &'charts str,
    pub(super) note: &'charts str,
    pub(super) elapsed: Duration,
    pub(super) rows: &'charts [R],
}

/// What the characters mean.
pub(super) type Legend = [(char, &'static str)];

const NAME: Style = Style::new().bold();
const BAR: Style = AnsiColor::BrightBlue.on_default();
const SIGNAL: Style = Style::new().bold();
const FAILURE: Style = AnsiColor::Red.on_default().bold();

/// The narrowest rows that are still readable. Narrower terminals show only their beginnings.
const NARROWEST_ROW: usize = 10;

/// Columns that a label of the axis and the gap behind it take.
const TICK_COLUMNS: usize = 9;

/// Draws all groups over one time axis; no line is longer than `columns`.
pub(super) fn draw<R: Row>(
    legend: &Legend,
    groups: &[Group<'_, R>],
    end: Duration,
    columns: usize,
) -> String {
    let names = groups.iter().flat_map(|group| group.rows).map(|row| row.label().chars().count()).max();
    let label = names.unwrap_or(0) + 4;
    let width = columns.saturating_sub(label).max(NARROWEST_ROW);
    let scale = Scale { domain: Domain::until(end), width };
    let drawing = Drawing { columns, label, scale };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = drawing.write(&mut text, legend, groups);
    text
}

struct Drawing {
    columns: usize,
    /// Width of the lanes' names with the gaps around them.
    label: usize,
    scale: Scale,
}

impl Drawing {
    fn write<R: Row>(&self, text: &mut String, legend: &Legend, groups: &[Group<'_, R>]) -> fmt::Result {
        self.write_legend(text, legend)?;
        for group in groups {
            self.write_group(text, group)?;
        }
        self.write_axis(text)
    }

    /// The legend, in as many lines as it takes.
    fn write_legend(&self, text: &mut String, legend: &Legend) -> fmt::Result {
        let mut line = String::new();
        for (glyph, meaning) in legend {
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

    fn write_group<R: Row>(&self, text: &mut String, group: &Group<'_, R>) -> fmt::Result {
        self.write_heading(text, group)?;
        for row in group.rows {
            let row = format!(
                "{:<label$}{}",
                format!("  {}", row.label()),
                row.cells(&self.scale),
                label = self.label
            );
            writeln!(text, "{}", paint(self.fit(&row).trim_end()))?;
        }
        for row in group.rows {
            if let Some(failure) = row.failure() {
                let reason = format!("  {FAILED} {}: {failure}", row.label());
                for line in wrap(&reason, "    ", self.columns).lines() {
                    writeln!(text, "{}", paint(&self.fit(line)))?;
                }
            }
        }
        writeln!(text)
    }

    /// The name, the time and the note; the note in lines of its own if it does not fit behind them.
    fn write_heading<R>(&self, text: &mut String, group: &Group<'_, R>) -> fmt::Result {
        let Group { name, note, elapsed, .. } = group;
        let time = format!("  {}", seconds(*elapsed));
        let beside = self.columns.saturating_sub((*name).chars().count());
        let time: String = time.chars().take(beside).collect();
        write!(text, "{NAME}{}{NAME:#}{time}", self.fit(name))?;
        if time.chars().count() + 2 + note.chars().count() <= beside {
            return writeln!(text, "  {note}");
        }
        writeln!(text)?;
        let note = wrap(&format!("  {note}"), "  ", self.columns);
        note.lines().try_for_each(|line| writeln!(text, "{}", self.fit(line)))
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
            writeln!(text, "{line}")?;
        }
        Ok(())
    }

    fn fit(&self, line: &str) -> String {
        line.chars().take(self.columns).collect()
    }
}

/// Maps times to the columns of a row.
pub(super) struct Scale {
    domain: Domain,
    width: usize,
}

impl Scale {
    pub(super) fn blank(&self) -> Vec<char> {
        vec![' '; self.width]
    }

    pub(super) fn column(&self, at: Duration) -> usize {
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
}

/// The same drawing without a character that a terminal without Unicode would garble.
pub(super) fn in_ascii(text: &str) -> String {
    const PLAIN: [(char, char); 10] = [
        (WAITS, '.'),
        (QUEUED, ':'),
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

/// Colours the glyphs of a line, run by run. Two colours are enough, and they can be told apart on any background and on a
/// projector: what waits has none, and every phase has a shape of its own.
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
        SERVED => BAR,
        SENDS | RECEIVES | SENDS_AND_RECEIVES | DONE => SIGNAL,
        FAILED => FAILURE,
        _ => Style::new(),
    }
}
