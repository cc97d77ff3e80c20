//! Aligns cells in lines, and wraps sentences.

use anstyle::Style;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::style::{PLAIN, WIDTH};

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
pub(crate) fn draw(header: &[String], lines: &[Line], names: usize) -> String {
    let rule = LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(rule)).set_header(header);
    for line in lines {
        table.add_row(line.cells.iter().map(|cell| cell.text.as_str()));
    }
    let widths: Vec<usize> = table.column_max_content_widths().into_iter().map(usize::from).collect();
    // The table puts one space between columns; two are easier to read.
    let is_roomy = widths.iter().sum::<usize>() + 2 * (widths.len() - 1) <= WIDTH;
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((u16::from(is_roomy && index > 0), 0));
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
        text.push_str(&coloured(plain, line, &widths, 1 + usize::from(is_roomy)));
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

/// Breaks a text between words so that no line is wider than the table; further lines begin with `indent`.
/// Ends with a line break.
pub(crate) fn wrap(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = text[..text.len() - text.trim_start().len()].to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            indent.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines + &line + "\n"
}
