//! Feeds buffers to the state machine and records each transition.

use anyhow::{Context, Result};
use protocol::Session;
use serde::Serialize;
use text::escapes::{self, Buffer};

/// The transitions of the state machine for one connection's reads.
#[derive(Debug, Serialize)]
pub(super) struct Trace {
    pub(super) buffers: Vec<TracedBuffer>,
    pub(super) reply: Buffer,
}

#[derive(Debug, Serialize)]
pub(super) struct TracedBuffer {
    #[serde(flatten)]
    pub(super) buffer: Buffer,
    pub(super) transitions: Vec<TracedTransition>,
}

#[derive(Debug, Serialize)]
pub(super) struct TracedTransition {
    pub(super) state: &'static str,
    pub(super) byte: u8,
    pub(super) text: String,
    pub(super) output: Option<u8>,
    pub(super) output_text: Option<String>,
    pub(super) next: &'static str,
}

impl Trace {
    pub(super) fn of(buffers: &[Buffer]) -> Self {
        let mut session = Session::new();
        let traced: Vec<TracedBuffer> = buffers.iter().map(|buffer| trace(&mut session, buffer)).collect();
        let reply = traced.iter().flat_map(|buffer| buffer.reply().bytes).collect::<Vec<u8>>();
        Trace { buffers: traced, reply: Buffer::from(reply) }
    }

    pub(super) fn to_json(&self) -> Result<String> {
        let mut text = serde_json::to_string_pretty(self).context("cannot write the trace as JSON")?;
        text.push('\n');
        Ok(text)
    }
}

impl TracedBuffer {
    /// What the server sends for this read.
    pub(super) fn reply(&self) -> Buffer {
        Buffer::from(self.transitions.iter().filter_map(|transition| transition.output).collect::<Vec<u8>>())
    }
}

fn trace(session: &mut Session, buffer: &Buffer) -> TracedBuffer {
    let transitions = session.trace(&buffer.bytes).map(|transition| TracedTransition {
        state: transition.state.as_str(),
        byte: transition.byte,
        text: escapes::readable_byte(transition.byte),
        output: transition.output,
        output_text: transition.output.map(escapes::readable_byte),
        next: transition.next.as_str(),
    });
    let transitions = transitions.collect();
    TracedBuffer { buffer: buffer.clone(), transitions }
}
