//! The card for a terminal and in Markdown.

use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};
use text::markdown::{header, line};
use text::terminal::wrap;

use crate::card::{Card, Row};
use crate::columns::{ALONE, Column, LEFT_OUT, PROGRAM, WHOLE};
use crate::series;

/// The tables of a card, and what they are about.
const TABLES: [(&str, &[Column]); 3] = [
    ("The model's own code", ALONE),
    ("With all of ours that it stands on", WHOLE),
    ("Beside the model before it, and as a program", PROGRAM),
];

/// The first line below the tables.
const READING: &str = "What the columns mean, and what they do not say: METHODOLOGY.md, or `concurrent-servers scorecard --columns`.";

/// All tables, for a terminal with this many columns.
pub fn terminal(card: &Card, columns: Option<usize>) -> String {
    let tables = TABLES.map(|(heading, of)| {
        let heads = of.iter().map(|column| column.head.replace('`', ""));
        let rows = card.models.iter().map(|row| cells(row, of, str::to_owned));
        format!("{heading}\n{}\n", drawn(heads, rows, columns))
    });
    format!("{}\n{}", tables.join("\n"), wrap(READING, "", text_width(columns)))
}

/// The series' own programs, for a terminal with this many columns.
pub fn series(columns: Option<usize>) -> String {
    let rows = series::PROGRAMS.iter().map(|program| series::cells(program).to_vec());
    let heads = series::HEADS[1..].iter().map(|head| (*head).to_owned());
    let table = drawn(heads, rows, columns);
    format!("The series' own programs\n{table}\n\n{}", wrap(series::SOURCE, "", text_width(columns)))
}

fn text_width(columns: Option<usize>) -> usize {
    columns.unwrap_or(100).min(100)
}

/// What the columns mean and do not say, for a terminal with this many columns.
pub fn meanings(columns: Option<usize>) -> String {
    let width = text_width(columns);
    let of = |(heading, columns): (&str, &[Column])| {
        let entry = |column: &Column| {
            let text = format!("  {}: {} {}", column.head, column.meaning, column.weakness);
            wrap(&text, "    ", width)
        };
        format!("{heading}\n{}\n", columns.iter().map(entry).collect::<String>())
    };
    format!("{}{}", TABLES.map(of).concat(), wrap(LEFT_OUT, "", width))
}

/// All tables in Markdown.
pub fn markdown(card: &Card) -> String {
    TABLES.map(|(heading, of)| format!("{heading}:\n\n{}", table(card, of))).join("\n")
}

/// What the columns mean and do not say, in Markdown.
pub fn definitions() -> String {
    let of = |(heading, columns): (&str, &[Column])| {
        let row = |column: &Column| line([column.head, column.meaning, column.weakness].map(str::to_owned));
        let rows: String = columns.iter().map(row).collect();
        format!(
            "{heading}:\n\n{}{rows}\n",
            text::markdown::words(["column", "what is counted", "what it does not say"])
        )
    };
    format!("{}{LEFT_OUT}\n", TABLES.map(of).concat())
}

/// A table of the card.
#[derive(Debug)]
pub struct Plain {
    /// What it is about.
    pub heading: &'static str,
    /// The heads of its columns.
    pub heads: Vec<String>,
    /// The cells of its rows; the first is the model's name.
    pub rows: Vec<Vec<String>>,
}

/// All tables, each with its heading, its heads and its cells: for whoever draws them otherwise.
pub fn plain(card: &Card) -> [Plain; 3] {
    TABLES.map(|(heading, of)| {
        let heads =
            std::iter::once("model".to_owned()).chain(of.iter().map(|column| column.head.replace('`', "")));
        let rows = card.models.iter().map(|row| cells(row, of, str::to_owned));
        Plain { heading, heads: heads.collect(), rows: rows.collect() }
    })
}

fn table(card: &Card, of: &[Column]) -> String {
    let heads = std::iter::once("model").chain(of.iter().map(|column| column.head));
    let name = |name: &str| format!("`{name}`");
    let rows = card.models.iter().map(|row| line(cells(row, of, name)));
    header(heads.map(str::to_owned)) + &rows.collect::<String>()
}

fn cells(row: &Row, of: &[Column], name: fn(&str) -> String) -> Vec<String> {
    std::iter::once(name(&row.name)).chain(of.iter().map(|column| column.cell(row))).collect()
}

/// Words are wrapped where the terminal is narrower; a name stays whole, so that it can be copied.
fn drawn(
    heads: impl Iterator<Item = String>,
    rows: impl Iterator<Item = Vec<String>>,
    columns: Option<usize>,
) -> Table {
    let mut table = Table::new();
    table.load_style(NO_LINES).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(std::iter::once("model".to_owned()).chain(heads));
    for row in rows {
        table.add_row(row);
    }
    if let Some(columns) = columns {
        table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::tests::card;

    #[test]
    fn every_figure_stands_in_both_forms() {
        let card = card();
        for text in [terminal(&card, None), markdown(&card)] {
            for figure in
                ["serve 4", "first +21 −15", "1,040", "57", "1.43 MiB", "all 69", "1,411 of 1,412", "–"]
            {
                assert!(text.contains(figure), "{figure}: {text}");
            }
        }
    }

    #[test]
    fn a_row_of_markdown_has_as_many_cells_as_its_head() {
        for text in [markdown(&card()), definitions(), series::markdown()] {
            let mut widths: Vec<usize> = Vec::new();
            for line in text.lines() {
                let cells = line.matches('|').count() - line.matches("\\|").count();
                if line.starts_with('|') {
                    widths.push(cells);
                    assert_eq!(widths[0], cells, "{line}");
                } else {
                    widths.clear();
                }
            }
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [60, 80, 120] {
            for text in [terminal(&card(), Some(width)), series(Some(width)), meanings(Some(width))] {
                let wide = text.lines().find(|line| line.trim_end().chars().count() > width);
                assert_eq!(wide, None, "{width}");
            }
        }
    }

    #[test]
    fn every_column_says_what_it_counts_and_what_it_does_not_say() {
        let text = definitions();
        for column in ALONE.iter().chain(WHOLE).chain(PROGRAM) {
            assert!(!column.meaning.is_empty() && !column.weakness.is_empty(), "{}", column.head);
            assert!(text.contains(&format!("| {} |", column.head)), "{text}");
        }
    }
}
