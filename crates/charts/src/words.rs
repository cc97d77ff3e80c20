//! Text in a picture: estimated widths, wrapping and escaping.

/// The width of a 13 px letter, estimated generously: text must fit with any font.
pub(super) const LETTER: f64 = 7.2;

/// Text of the class `small` is this much narrower.
pub(super) const SMALL: f64 = 0.89;

/// The estimated width of text; rather too large than too small.
#[expect(clippy::cast_precision_loss, reason = "words are short")]
pub(super) fn width_of(words: &str) -> f64 {
    words.chars().count() as f64 * LETTER
}

/// Text in lines that are not wider than `width`, unless a single word is.
pub(super) fn wrapped(words: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width_of(line) + width_of(word) + LETTER <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Text escaped for XML and HTML; characters that XML does not allow are replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other if other.is_control() || matches!(other, '\u{FFFE}' | '\u{FFFF}') => {
                escaped.push('\u{FFFD}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}
