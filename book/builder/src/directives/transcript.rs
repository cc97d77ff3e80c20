//! `{{#transcript [--server "MODEL ARGS"] [--sort] [--exit N] ARGS…}}`: a command, and what it printed.

use anyhow::{Context, Result, ensure};

use super::command::{self, ADDRESS, SHOWN_ADDRESS};
use super::{Page, fenced};
use crate::outputs::{Comparison, Recording};
use crate::words;

/// A command whose output is shown.
#[derive(Debug)]
pub(crate) struct Transcript {
    server: Option<Vec<String>>,
    is_sorted: bool,
    exit: i32,
    arguments: Vec<String>,
}

impl Transcript {
    pub(super) fn parse(text: &str) -> Result<Transcript> {
        let mut words = words::split(text)?.into_iter().peekable();
        let mut transcript = Transcript { server: None, is_sorted: false, exit: 0, arguments: Vec::new() };
        while let Some(option) = words.next_if(|word| word.starts_with("--")) {
            let mut value = || words.next().with_context(|| format!("{option} needs a value"));
            match option.as_str() {
                "--server" => transcript.server = Some(words::split(&format!("serve {}", value()?))?),
                "--sort" => transcript.is_sorted = true,
                "--exit" => transcript.exit = value()?.parse().context("--exit needs a number")?,
                _ => anyhow::bail!(
                    "a transcript has no option {option}; there are --server, --sort and --exit"
                ),
            }
        }
        transcript.arguments = words.collect();
        ensure!(!transcript.arguments.is_empty(), "a command is missing: {{{{#transcript ARGS…}}}}");
        ensure!(
            transcript.server.is_some() || !transcript.arguments.iter().any(|word| word == ADDRESS),
            "{ADDRESS} stands for the address of a server: say which with --server"
        );
        Ok(transcript)
    }

    pub(super) fn recording(&self) -> Recording {
        Recording {
            arguments: self.arguments.clone(),
            server: self.server.clone(),
            exit: self.exit,
            comparison: if self.is_sorted { Comparison::MaskedLines } else { Comparison::Masked },
        }
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let output = page.recorded(&self.recording())?;
        let typed = command::of_this_program(&words::join(&self.arguments));
        let server = self.server.as_ref().map(|words| {
            let command = command::of_this_program(&words::join(words));
            format!("# one terminal\n$ {command}\nlistening on {SHOWN_ADDRESS}\n\n# another terminal\n")
        });
        Ok(fenced("text", &format!("{}$ {typed}\n{output}", server.unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_before_the_command() {
        let transcript =
            Transcript::parse("--server \"mio -v\" --sort --exit 1 client -n 3 ADDR --exit").unwrap();
        assert_eq!(transcript.server.unwrap(), ["serve", "mio", "-v"]);
        assert!(transcript.is_sorted);
        assert_eq!((transcript.exit, transcript.arguments.len()), (1, 5));
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        for (text, problem) in [
            ("client ADDR", "say which with --server"),
            ("--sort", "a command is missing"),
            ("--srever mio list", "no option --srever"),
            ("--exit x list", "needs a number"),
        ] {
            let error = format!("{:#}", Transcript::parse(text).unwrap_err());
            assert!(error.contains(problem), "{error}");
        }
    }
}
