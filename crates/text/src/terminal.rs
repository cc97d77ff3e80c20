//! The terminal that standard output and standard error go to, as far as a text must know it, and texts that fit it.

use std::ffi::OsStr;
use std::io::{IsTerminal, Stdout};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};

/// No terminal is narrower or wider; another size is a mistake.
const SANE: std::ops::RangeInclusive<usize> = 20..=1_000;

/// The columns that a line on standard output may take: the terminal's; without a terminal, or if it does not say, the
/// variable `COLUMNS`. `None` if nothing limits a line. Never fewer than 20 or more than 1,000.
pub fn columns() -> Option<usize> {
    let stdout = std::io::stdout();
    chosen(width(&stdout), std::env::var_os("COLUMNS").as_deref())
}

/// Whether a line on standard error can be drawn again in place: it is a terminal, and not one that calls itself dumb.
pub fn stderr_can_redraw() -> bool {
    let is_able = |name: std::ffi::OsString| !name.is_empty() && name != "dumb";
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(is_able)
}

/// Whether a stream gets colours: `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`, `TERM=dumb` and what it is decide, in this
/// order, as <https://no-color.org> and <https://bixense.com/clicolors> say.
pub fn colours(stream: &impl RawStream) -> ColorChoice {
    let value = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if value("CLICOLOR_FORCE").is_none_or(|force| force != "0") {
        return AutoStream::choice(stream);
    }
    // A 0 forces nothing; to anstream it is a value like any other.
    let (clicolor, term) = (value("CLICOLOR"), value("TERM"));
    let is_off = value("NO_COLOR").is_some() || clicolor.as_ref().is_some_and(|asked| asked == "0");
    let is_able = clicolor.is_some() || term.is_some_and(|term| term != "dumb");
    if stream.is_terminal() && is_able && !is_off { ColorChoice::Always } else { ColorChoice::Never }
}

/// Breaks a text between words so that no line is wider than this; further lines begin with `indent`.
/// Ends with a line break.
pub fn wrap(text: &str, indent: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut line = text[..text.len() - text.trim_start().len()].to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
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

/// Wraps a text that stands behind `indent` columns of a line: further lines are indented by as many, and no line is wider
/// than `width`. A text that fits stays as it is. Ends with a line break.
///
/// ```
/// let line = format!("ok    {}", text::terminal::hang("a sentence that is wrapped", 6, 20));
/// assert_eq!(line, "ok    a sentence\n      that is\n      wrapped\n");
/// ```
pub fn hang(text: &str, indent: usize, width: usize) -> String {
    if indent + text.chars().count() <= width {
        return format!("{text}\n");
    }
    let blank = " ".repeat(indent);
    wrap(&format!("{blank}{text}"), &blank, width)[indent..].to_owned()
}

fn width(stdout: &Stdout) -> Option<usize> {
    // Fails if it is no terminal. A serial line and some pseudo-terminals report 0.
    let size = rustix::termios::tcgetwinsize(stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

fn chosen(terminal: Option<usize>, variable: Option<&OsStr>) -> Option<usize> {
    let variable = || variable?.to_str()?.trim().parse().ok().filter(|columns| SANE.contains(columns));
    terminal.map(|columns| columns.clamp(*SANE.start(), *SANE.end())).or_else(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_wrapped_between_words() {
        let wrapped = wrap(&"word ".repeat(50), "  ", 100);
        assert!(wrapped.lines().count() == 3 && wrapped.lines().all(|line| line.len() <= 100), "{wrapped}");
        assert_eq!(wrapped.split_whitespace().count(), 50);
        assert_eq!(wrap(&"x".repeat(150), "", 100), "x".repeat(150) + "\n");
    }

    #[test]
    fn a_terminal_says_its_width_and_the_variable_stands_in_for_it() {
        let with = |terminal, variable: &str| chosen(terminal, Some(OsStr::new(variable)));
        assert_eq!(with(Some(80), "200"), Some(80));
        assert_eq!(with(None, "72"), Some(72));
        assert_eq!(chosen(None, None), None);
    }

    #[test]
    fn a_width_that_makes_no_sense_is_bounded_or_ignored() {
        assert_eq!(chosen(Some(1), None), Some(20));
        assert_eq!(chosen(Some(65_535), None), Some(1_000));
        for variable in ["", "0", "7", "-80", "wide", "99999999999999999999"] {
            assert_eq!(chosen(None, Some(OsStr::new(variable))), None, "{variable:?}");
        }
    }
}
