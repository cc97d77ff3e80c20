//! Reads the sheet with the predictions and prints them, one a line: the place, the read, the reply. It does not know whether
//! they are right, and need not be changed: the file to write in is `answers.txt`.

use std::error::Error;
use std::fs;

const SHEET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/answers.txt");

fn main() -> Result<(), Box<dyn Error>> {
    let sheet = fs::read_to_string(SHEET).map_err(|error| format!("cannot read {SHEET}: {error}"))?;
    let mut missing = 0;
    for (number, line) in (1..).zip(sheet.lines()) {
        let row = row(line).map_err(|wrong| format!("line {number} of {SHEET}: {wrong}"))?;
        if let Some(Row { place, read, reply }) = row {
            missing += u32::from(reply.is_none());
            println!("{place} {read} {}", reply.unwrap_or_default());
        }
    }
    eprintln!("{missing} predictions are missing");
    Ok(())
}

/// A line about a read.
struct Row<'sheet> {
    place: &'sheet str,
    read: &'sheet str,
    reply: Option<&'sheet str>,
}

/// What a line says, if it is about a read.
fn row(line: &str) -> Result<Option<Row<'_>>, String> {
    let mut words = line.split_whitespace();
    let Some(place) = words.next().filter(|word| is_place(word)) else { return Ok(None) };
    let read = words.next().ok_or("the read is missing")?;
    if words.next() != Some("=>") {
        return Err("the arrow => is missing".to_owned());
    }
    let reply = words.next();
    match words.next() {
        Some(more) => {
            Err(format!("a reply is one word, and {more:?} comes behind it; a blank is written as \\x20"))
        }
        None => Ok(Some(Row { place, read, reply })),
    }
}

/// The number of a connection, a full stop, and that of a read.
fn is_place(word: &str) -> bool {
    let is_number = |text: &str| text.parse::<u8>().is_ok();
    word.split_once('.').is_some_and(|(connection, read)| is_number(connection) && is_number(read))
}
