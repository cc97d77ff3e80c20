//! Writing to standard output, for every command.

use std::io::{self, ErrorKind, Write};

/// Prints a text. Colours are stripped if the output is not a terminal.
///
/// # Errors
/// The output cannot be written. A closed pipe (`… | head`) is not an error.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(io::Error::new(error.kind(), format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
