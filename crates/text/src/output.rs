//! Writing to standard output, for every command.

use std::io::{self, ErrorKind, Write};

/// Prints a text. Colours in it are left out where the output is no terminal.
///
/// # Errors
/// The output cannot be written, except that its reader has gone away (`… | head`): that is no failure.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(io::Error::new(error.kind(), format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
