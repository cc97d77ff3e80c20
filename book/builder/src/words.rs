//! Command lines as text: split into words, joined again, and how long they take.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// Splits as a shell does.
pub(crate) fn split(text: &str) -> Result<Vec<String>> {
    shlex::split(text).with_context(|| format!("a quotation in `{text}` is not closed"))
}

/// Joins as one would type it, so that a shell would split it again into the same words.
pub(crate) fn join(words: &[String]) -> String {
    let typed = |word: &String| {
        let is_plain = |glyph: char| glyph.is_ascii_alphanumeric() || "_-./:=,@%+{}".contains(glyph);
        if !word.is_empty() && word.chars().all(is_plain) {
            return word.clone();
        }
        // Only a NUL cannot be quoted, and Markdown files have none.
        let quoted = || shlex::try_quote(word).map_or_else(|_| word.clone(), Cow::into_owned);
        if word.contains('\'') { quoted() } else { format!("'{word}'") }
    };
    words.iter().map(typed).collect::<Vec<_>>().join(" ")
}

/// The first word and the rest of a text.
pub(crate) fn first(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// Whether a file has this ending.
pub(crate) fn ends_with(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|of_path| of_path == ending)
}

/// `10s` as `10 s`: what a reader is told about how long something takes.
pub(crate) fn duration(text: &str) -> Result<String> {
    let digits = text.trim_end_matches(|glyph: char| glyph.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let is_number = digits.starts_with(|glyph: char| glyph.is_ascii_digit())
        && digits.chars().all(|glyph| glyph.is_ascii_digit() || "-–.".contains(glyph));
    ensure!(is_number, "`{text}` is no duration; begin with how long it takes, such as 10s or 2min");
    match unit {
        "ms" | "s" | "min" | "h" => Ok(format!("{digits} {unit}")),
        _ => bail!("`{text}` is no duration; its unit is ms, s, min or h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        assert_eq!(split("trace '^a b$' -x").unwrap(), ["trace", "^a b$", "-x"]);
        assert!(split("trace '^a").unwrap_err().to_string().contains("not closed"));
        let words = ["trace", "^a b$", "it's", ""].map(str::to_owned);
        assert_eq!(split(&join(&words)).unwrap(), words);
        assert!(join(&words).starts_with("trace '^a b$' "));
    }

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        assert_eq!(duration("10s").unwrap(), "10 s");
        assert_eq!(duration("2-3min").unwrap(), "2-3 min");
        for wrong in ["soon", "10", "s", "10x"] {
            assert!(duration(wrong).unwrap_err().to_string().contains("no duration"), "{wrong}");
        }
    }
}
