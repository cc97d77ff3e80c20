//! Aligns cells in lines, and wraps sentences, both within a width.
//!
//! A table that is too wide is drawn in parts, one below the other, each with the names at its left. If even a single
//! column is too wide beside the names, each line becomes a sentence. Nothing is cut.

use std::ops::Range;

use anstyle::Style;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::style::PLAIN;
pub(crate) use text::terminal::wrap;

/// A cell and its colour.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// A line of cells.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) cells: Vec<Cell>,
    /// The colour of the whole line, instead of the cells' own styles.
    pub(crate) style: Option<Style>,
    /// Whether a rule is drawn above it.
    pub(crate) rule: bool,
}

impl Cell {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Cell { text: text.into(), style: PLAIN }
    }
}

/// Draws the lines under their header: the first `names` columns to the left, all others to the right.
pub(crate) fn draw(header: &[String], lines: &[Line], names: usize, width: usize) -> String {
    let widths = widths(header, lines);
    // One space between columns is enough to tell them apart; two are easier to read.
    if taken(&widths, 1) <= width {
        return draw_part(header, lines, names, if taken(&widths, 2) <= width { 2 } else { 1 });
    }
    let Some(parts) = parts(&widths, names, width) else { return sentences(header, lines, names, width) };
    let drawn = parts.into_iter().map(|columns| {
        let chosen = || (0..names).chain(columns.clone());
        let header: Vec<String> = chosen().map(|column| header[column].clone()).collect();
        let of_line = |line: &Line| Line {
            cells: chosen().map(|column| line.cells[column].clone()).collect(),
            ..line.clone()
        };
        // In a triangle of pairs a part may have nothing to say about the first lines.
        let has_content = |line: &Line| line.cells[names..].iter().any(|cell| !cell.text.is_empty());
        let lines: Vec<Line> = lines.iter().map(of_line).filter(has_content).collect();
        draw_part(&header, &lines, names, 2)
    });
    drawn.collect::<Vec<String>>().join("\n")
}

/// The width of each column.
fn widths(header: &[String], lines: &[Line]) -> Vec<usize> {
    let of_title = |title: &String| title.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let mut widths: Vec<usize> = header.iter().map(of_title).collect();
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(&line.cells) {
            *width = (*width).max(cell.text.chars().count());
        }
    }
    widths
}

/// What columns of these widths take with gaps between them.
fn taken(widths: &[usize], gap: usize) -> usize {
    widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1)
}

/// The columns of each part, without the names; `None` if a column does not fit beside the names.
fn parts(widths: &[usize], names: usize, width: usize) -> Option<Vec<Range<usize>>> {
    let left = taken(&widths[..names], 2);
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut used = width;
    for (column, own) in widths.iter().enumerate().skip(names) {
        if left + 2 + own > width {
            return None;
        }
        if let Some(part) = parts.last_mut().filter(|_| used + 2 + own <= width) {
            part.end = column + 1;
        } else {
            parts.push(column..column + 1);
            used = left;
        }
        used += 2 + own;
    }
    Some(parts)
}

/// Each line as its names, and below them what is in its columns.
fn sentences(header: &[String], lines: &[Line], names: usize, width: usize) -> String {
    let mut text = String::new();
    for line in lines {
        let (names, cells) = line.cells.split_at(names);
        let name = names.iter().map(|cell| cell.text.trim()).filter(|text| !text.is_empty());
        let titles = header[names.len()..].iter().map(|title| title.replace('\n', " "));
        let cells = titles.zip(cells).map(|(title, cell)| format!("{} {}", title.trim(), cell.text.trim()));
        let cells = wrap(&format!("  {}", cells.collect::<Vec<String>>().join(" · ")), "  ", width);
        let plain = wrap(&name.collect::<Vec<&str>>().join(" "), "", width) + &cells;
        let style = line.style.unwrap_or(PLAIN);
        text.push_str(&format!("{style}{}{style:#}\n", plain.trim_end()));
    }
    text
}

/// Draws the lines with this many spaces between columns.
fn draw_part(header: &[String], lines: &[Line], names: usize, gap: usize) -> String {
    let rule = LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(rule)).set_header(header);
    for line in lines {
        table.add_row(line.cells.iter().map(|cell| cell.text.as_str()));
    }
    let widths: Vec<usize> = table.column_max_content_widths().into_iter().map(usize::from).collect();
    for (index, column) in table.column_iter_mut().enumerate() {
        // The table puts one space between columns.
        column.set_padding((u16::from(gap > 1 && index > 0), 0));
        if index >= names {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    // The table crate has no rules between rows, and counts colours as width. So both are added to
    // the finished lines, of which there is one for each row.
    let drawn: Vec<String> = table.lines().collect();
    let body = drawn.len() - lines.len();
    let mut text: String = drawn[..body].iter().map(|line| line.trim_end().to_owned() + "\n").collect();
    for (plain, line) in drawn[body..].iter().zip(lines) {
        if line.rule {
            text.push_str(drawn[body - 1].trim_end());
            text.push('\n');
        }
        text.push_str(&coloured(plain, line, &widths, gap));
        text.push('\n');
    }
    text
}

fn coloured(plain: &str, line: &Line, widths: &[usize], gap: usize) -> String {
    if let Some(style) = line.style {
        return format!("{style}{}{style:#}", plain.trim_end());
    }
    let mut letters = plain.trim_end().chars();
    let mut text = String::new();
    for (index, (cell, width)) in line.cells.iter().zip(widths).enumerate() {
        let gap = if index > 0 { gap } else { 0 };
        let part: String = letters.by_ref().take(gap + width).collect();
        let style = cell.style;
        let blank = part.len() - part.trim_start().len();
        text.push_str(&format!("{}{style}{}{style:#}", &part[..blank], &part[blank..]));
    }
    text.extend(letters);
    text
}
