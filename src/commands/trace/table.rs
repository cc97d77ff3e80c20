//! A trace as a table for readers.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};

use super::walk::{Trace, TracedBuffer, TracedTransition};

const HEADING: Style = Style::new().bold();
const ANSWERED: Style = AnsiColor::Green.on_default().bold();

/// A heading and a row per byte for each buffer; the whole reply is the last line.
pub(super) fn draw(trace: &Trace) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_trace(&mut text, trace);
    text
}

/// A header and a row per byte.
pub(super) fn rows(traced: &TracedBuffer) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_rows(&mut text, traced);
    text
}

fn write_trace(text: &mut String, trace: &Trace) -> fmt::Result {
    for (index, buffer) in trace.buffers.iter().enumerate() {
        write_buffer(text, index + 1, buffer)?;
    }
    writeln!(text, "{HEADING}reply{HEADING:#}  {}", trace.reply)
}

fn write_buffer(text: &mut String, number: usize, traced: &TracedBuffer) -> fmt::Result {
    writeln!(text, "{HEADING}read {number}{HEADING:#}  {}", traced.buffer)?;
    write_rows(text, traced)?;
    writeln!(text)
}

fn write_rows(text: &mut String, traced: &TracedBuffer) -> fmt::Result {
    if traced.transitions.is_empty() {
        return writeln!(text, "  (no bytes)");
    }
    writeln!(text, "  {:<10}  {:<10}  {:<10}  next", "byte", "state", "output")?;
    traced.transitions.iter().try_for_each(|transition| write_transition(text, transition))
}

fn write_transition(text: &mut String, transition: &TracedTransition) -> fmt::Result {
    let style = if transition.output.is_some() { ANSWERED } else { Style::new() };
    let byte = cell(transition.byte, &transition.text);
    let output = match (transition.output, &transition.output_text) {
        (Some(output), Some(text)) => cell(output, text),
        _ => "-".to_owned(),
    };
    // Padded before it is coloured, since escape sequences have a length but no width.
    let (state, output) = (format!("{:<10}", transition.state), format!("{output:<10}"));
    writeln!(text, "  {byte:<10}  {state}  {style}{output}{style:#}  {}", transition.next)
}

/// A byte both as text and as a number. A space is quoted to be visible.
fn cell(byte: u8, text: &str) -> String {
    let text = if byte == b' ' { "' '" } else { text };
    format!("{text:<4}  {byte:02x}")
}
