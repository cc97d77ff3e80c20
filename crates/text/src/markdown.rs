//! Tables in Markdown.

/// A figure that is unknown or meaningless.
pub const NOTHING: &str = "–";

/// The header of a table of figures: all columns but the first are right-aligned.
pub fn header(titles: impl IntoIterator<Item = String>) -> String {
    head(titles, "---:")
}

/// The header of a table of words.
pub fn words<const COLUMNS: usize>(titles: [&str; COLUMNS]) -> String {
    head(titles.map(str::to_owned), "---")
}

fn head(titles: impl IntoIterator<Item = String>, further: &str) -> String {
    let titles: Vec<String> = titles.into_iter().collect();
    let rule: Vec<String> =
        (0..titles.len()).map(|index| if index == 0 { "---" } else { further }.to_owned()).collect();
    line(titles) + &line(rule)
}

/// One row.
pub fn line(cells: impl IntoIterator<Item = String>) -> String {
    // An unescaped bar would end the cell.
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_right_aligned_and_words_left_aligned() {
        let titles = || ["a", "b"];
        assert_eq!(header(titles().map(str::to_owned)), "| a | b |\n| --- | ---: |\n");
        assert_eq!(words(titles()), "| a | b |\n| --- | --- |\n");
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        assert_eq!(line(["one|two".to_owned(), String::new()]), "| one\\|two |  |\n");
    }
}
