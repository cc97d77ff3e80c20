//! The whole table of the protocol, for programs in other languages and for the page on which a trace can be played with.

use anyhow::{Context, Result};
use protocol::{GREETING, Session, Transition};
use serde::Serialize;

/// A row, with the same names as in a trace.
#[derive(Serialize)]
struct Row {
    state: &'static str,
    byte: u8,
    output: Option<u8>,
    next: &'static str,
}

/// The greeting, the state at the start, and a line for each row.
pub(super) fn to_json() -> Result<String> {
    let rows = rows();
    let start = rows.first().context("the protocol has no state")?.state;
    let row = |row: &Transition| {
        let Transition { state, byte, output, next } = *row;
        serde_json::to_string(&Row { state: state.as_str(), byte, output, next: next.as_str() })
    };
    let lines: Vec<String> = rows.iter().map(row).collect::<Result<_, _>>()?;
    let lines = lines.join(",\n    ");
    Ok(format!(
        "{{\n  \"greeting\": {GREETING},\n  \"start\": \"{start}\",\n  \"rows\": [\n    {lines}\n  ]\n}}\n"
    ))
}

/// What every byte does in every state that some input reaches.
fn rows() -> Vec<Transition> {
    let mut reached = vec![Session::new()];
    let mut rows = Vec::new();
    let mut looked_at = 0;
    while let Some(session) = reached.get(looked_at).cloned() {
        looked_at += 1;
        for byte in 0..=u8::MAX {
            let mut after = session.clone();
            rows.extend(after.trace(&[byte]));
            if !reached.contains(&after) {
                reached.push(after);
            }
        }
    }
    rows
}
