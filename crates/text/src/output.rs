//! Writing to standard output and standard error, for every command.
//!
//! `println!` and `eprintln!` panic where their stream cannot be written, so no command uses them.

use std::io::{self, ErrorKind, Stdout, Write};

use anstream::AutoStream;

use crate::terminal::colours;

/// Standard output, with [colours] or without.
pub fn stdout() -> AutoStream<Stdout> {
    AutoStream::new(io::stdout(), colours(&io::stdout()))
}

/// Prints a text. Colours are stripped if the output is not a terminal.
///
/// # Errors
/// The output cannot be written. A closed pipe (`… | head`) is not an error.
pub fn print(text: &str) -> io::Result<()> {
    write(&mut stdout().lock(), text)
}

/// Writes a text to a stream that stands for standard output, and flushes it. Errors as for [`print()`].
///
/// # Errors
/// As [`print()`].
pub fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(io::Error::new(error.kind(), format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something beside the output: writes a line to standard error. Where that cannot be written (it is closed, or its
/// disk is full) the line is lost: there is no other place for it, and what the command does matters more.
pub fn note(line: &str) {
    let colours = colours(&io::stderr());
    let mut stderr = AutoStream::new(io::stderr().lock(), colours);
    // In one piece, so that lines of several processes do not mix.
    let _ = stderr.write_all(format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that fails in one way.
    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_full_disk_is() {
        assert!(write(&mut Failing(ErrorKind::BrokenPipe), "text").is_ok());
        let error = write(&mut Failing(ErrorKind::StorageFull), "text").unwrap_err();
        assert!(error.to_string().starts_with("cannot write to standard output: "), "{error}");
    }
}
