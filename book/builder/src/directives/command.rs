//! `{{#command TIME ARGS…}}`, a command of this program, and `{{#shell TIME COMMAND…}}`, any other. The time of what does not
//! end by itself is `ctrl-c`.

use anyhow::{Result, ensure};

use super::fenced;
use crate::words;

/// Where a server listens, as a chapter writes it, and as a reader sees it.
pub(crate) const ADDRESS: &str = "ADDR";
pub(crate) const SHOWN_ADDRESS: &str = "127.0.0.1:9090";

/// The time of what runs until a reader ends it.
const UNTIL_STOPPED: &str = "ctrl-c";

/// A command of this program.
#[derive(Debug)]
pub(crate) struct Command {
    /// Whether it is so quick that the check runs it.
    pub(crate) is_quick: bool,
    pub(crate) arguments: Vec<String>,
    /// How long it takes, for a reader.
    note: String,
    text: String,
}

/// Another command line, shown as it stands.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) text: String,
    note: String,
}

impl Command {
    pub(super) fn parse(text: &str) -> Result<Command> {
        let (is_quick, text) = match words::first(text) {
            ("quick", rest) => (true, rest),
            _ => (false, text),
        };
        let (time, text) = words::first(text);
        let note = note(time)?;
        let arguments = words::split(text)?;
        ensure!(!arguments.is_empty(), "a command is missing: {{{{#command 10s ARGS…}}}}");
        ensure!(
            time == UNTIL_STOPPED || !matches!(arguments[0].as_str(), "serve" | "cache"),
            "a server does not end by itself: its time is `{UNTIL_STOPPED}`"
        );
        ensure!(
            !is_quick || !arguments.iter().any(|word| word == ADDRESS),
            "a quick command is run by the check, where no server runs: leave out `quick`, or use a transcript"
        );
        Ok(Command { is_quick, arguments, note, text: text.to_owned() })
    }

    pub(super) fn markdown(&self) -> String {
        with_note(&of_this_program(&self.text), &self.note)
    }
}

impl Shell {
    pub(super) fn parse(text: &str) -> Result<Shell> {
        let (time, text) = words::first(text);
        let note = note(time)?;
        ensure!(!text.is_empty(), "a command is missing: {{{{#shell 10s COMMAND…}}}}");
        Ok(Shell { text: text.to_owned(), note })
    }

    pub(super) fn markdown(&self) -> String {
        with_note(&self.text, &self.note)
    }
}

/// The command as a reader types it.
pub(crate) fn of_this_program(text: &str) -> String {
    let words: Vec<&str> =
        text.split(' ').map(|word| if word == ADDRESS { SHOWN_ADDRESS } else { word }).collect();
    format!("cargo run --release -- {}", words.join(" "))
}

fn note(time: &str) -> Result<String> {
    match time {
        UNTIL_STOPPED => Ok("Runs until you press Ctrl-C.".to_owned()),
        _ => words::duration(time).map(|time| format!("Takes about {time}.")),
    }
}

fn with_note(command: &str, note: &str) -> String {
    format!("{}\n<p class=\"takes\">{note}</p>\n", fenced("sh", command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_is_typed_with_how_long_it_takes() {
        let command = Command::parse("10s client -n 3 ADDR").unwrap();
        assert!(!command.is_quick);
        assert_eq!(command.arguments, ["client", "-n", "3", "ADDR"]);
        assert_eq!(
            command.markdown(),
            "```sh\ncargo run --release -- client -n 3 127.0.0.1:9090\n```\n\n<p class=\"takes\">Takes about 10 s.</p>\n"
        );
        assert!(Command::parse("quick 1s list").unwrap().is_quick);
        assert!(
            Command::parse("ctrl-c serve mio").unwrap().markdown().contains("Runs until you press Ctrl-C.")
        );
        assert!(Shell::parse("ctrl-c nc 127.0.0.1 9090").unwrap().markdown().contains("Ctrl-C"));
        assert_eq!(Command::parse("1s trace '^a b$'").unwrap().arguments, ["trace", "^a b$"]);
    }

    #[test]
    fn a_command_without_a_duration_or_a_server_is_refused() {
        for (text, problem) in [
            ("list", "`list` is no duration"),
            ("10s", "a command is missing"),
            ("1min serve mio", "its time is `ctrl-c`"),
            ("quick 1s client ADDR", "no server runs"),
            ("1s trace '^a", "not closed"),
        ] {
            let error = Command::parse(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        assert!(Shell::parse("1s").unwrap_err().to_string().contains("a command is missing"));
        assert!(Shell::parse("1s nc 127.0.0.1 9090").unwrap().markdown().contains("\nnc 127.0.0.1 9090\n"));
    }
}
