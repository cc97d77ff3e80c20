//! Asks which reply each read gets, says whether that is right, and shows why.

use std::io::{BufRead, Read, Write};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result, bail};
use text::escapes::Buffer;
use text::output;

use super::table;
use super::walk::{Trace, TracedBuffer};

const HEADING: Style = Style::new().bold();
const RIGHT: Style = AnsiColor::Green.on_default().bold();
const WRONG: Style = AnsiColor::Red.on_default().bold();

/// A prediction has no more bytes than its read, and a command's arguments are not longer.
const LONGEST_LINE: u64 = 1 << 20;

const RULES: &str = "\
Which bytes does the server send after each read? Type them as they are printed
here, with escapes such as \\n and \\xff, or only Enter if it sends none.
The greeting '*' has been sent. The end of the input, Ctrl-D, ends this.
";

/// Where predictions come from.
pub(super) struct Input<R> {
    /// Whether a typed line is seen by who has typed it. Others are printed.
    pub(super) is_echoed: bool,
    pub(super) lines: R,
}

/// Asks for each read of each connection, until the last one or the end of the input; then counts.
///
/// # Errors
/// The input cannot be read or has a line that is too long; the output cannot be written.
pub(super) fn ask(
    rounds: &[Vec<Buffer>],
    mut input: Input<impl BufRead>,
    stream: &mut impl Write,
) -> Result<()> {
    output::write(stream, RULES)?;
    let (mut right, mut asked) = (0, 0);
    let all: usize = rounds.iter().map(Vec::len).sum();
    'rounds: for (index, buffers) in rounds.iter().enumerate() {
        let heading = format!("\n{HEADING}connection {} of {}{HEADING:#}\n", index + 1, rounds.len());
        output::write(stream, &heading)?;
        for (index, read) in Trace::of(buffers).buffers.iter().enumerate() {
            let question = format!("\n{HEADING}read {}{HEADING:#}  {}\n", index + 1, read.buffer);
            output::write(stream, &question)?;
            let Some(predicted) = input.prediction(stream)? else { break 'rounds };
            asked += 1;
            right += usize::from(predicted == read.reply());
            output::write(stream, &verdict(&predicted, read))?;
        }
    }
    let left = if asked < all { format!(", {} not asked", all - asked) } else { String::new() };
    output::write(stream, &format!("\n{right} of {asked} right{left}\n"))?;
    Ok(())
}

impl<R: BufRead> Input<R> {
    /// The next prediction; `None` at the end of the input. What is no prediction is asked for again.
    fn prediction(&mut self, stream: &mut impl Write) -> Result<Option<Buffer>> {
        loop {
            output::write(stream, "reply?  ")?;
            let Some(line) = self.line()? else {
                output::write(stream, "\n")?;
                return Ok(None);
            };
            if !self.is_echoed {
                output::write(stream, &format!("{line}\n"))?;
            }
            match line.parse::<Buffer>() {
                Ok(predicted) => return Ok(Some(predicted)),
                Err(error) => output::write(stream, &format!("{error}\n"))?,
            }
        }
    }

    /// A line without the blanks around it; a blank in a reply is typed as `\x20`.
    fn line(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let mut bounded = Read::take(&mut self.lines, LONGEST_LINE);
        bounded.read_until(b'\n', &mut line).context("cannot read standard input")?;
        if bounded.limit() == 0 && !line.ends_with(b"\n") {
            bail!("a line of standard input is longer than {LONGEST_LINE} bytes; give one prediction a line");
        }
        Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).trim().to_owned()))
    }
}

/// Whether the prediction is right, and the transitions.
fn verdict(predicted: &Buffer, read: &TracedBuffer) -> String {
    let reply = read.reply();
    let words = if *predicted == reply {
        format!("{RIGHT}right{RIGHT:#}")
    } else {
        format!(
            "{WRONG}wrong{WRONG:#}, it is  {}",
            if reply.bytes.is_empty() { "(nothing)".to_owned() } else { reply.to_string() }
        )
    };
    format!("{words}\n{}", table::rows(read))
}
