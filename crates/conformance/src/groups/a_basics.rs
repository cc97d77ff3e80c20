//! A: the protocol, with a well-behaved client.

use std::time::Instant;

use crate::case::{Case, Needs};
use crate::context::Context;
use crate::failure::{CaseResult, During};
use crate::groups::timing::require_idle_since;

pub(super) const CASES: &[Case] = &[
    Case::new("A1", "a silent client gets only '*' and is closed at the idle timeout", a1_silent_client)
        .needs(Needs::IdleTimeout),
    Case::new("A2", "bytes outside a message get no reply", a2_outside_a_message),
    Case::new("A3", "a message is answered byte by byte", a3_one_message),
    Case::new("A4", "empty messages and stray delimiters get no reply", a4_empty_messages),
    Case::new("A5", "a '$' outside a message is ignored", a5_end_before_start),
    Case::new("A6", "a '^' inside a message is data", a6_start_inside_a_message),
    Case::new("A7", "bytes between messages are ignored", a7_noise_between_messages),
    Case::new("A8", "a client that sends nothing and half-closes gets a FIN", a8_immediate_end),
    Case::new("A9", "the reply to data sent before the greeting follows the greeting", a9_early_data),
    Case::new("A10", "each connection has its own state", a10_independent_sessions),
];

/// The client connects and sends nothing. It gets `*`, nothing else, and after the idle timeout a FIN, not earlier
/// and not a reset. All models alike.
fn a1_silent_client(context: &Context) -> CaseResult {
    let idle_timeout = context.idle_timeout()?;
    let start = Instant::now();
    let mut client = context.greeted()?;
    client.wait_longer(idle_timeout);
    client.expect_fin()?;
    require_idle_since(start, idle_timeout)?;
    Ok(())
}

/// The client sends `abc$123` and gets no reply; the end of the stream after the half-close shows that none was
/// pending. All models alike.
fn a2_outside_a_message(context: &Context) -> CaseResult {
    visit(context, b"abc$123", b"")
}

/// The client sends `^abc$` and gets `bcd`. All models alike.
fn a3_one_message(context: &Context) -> CaseResult {
    visit(context, b"^abc$", b"bcd")
}

/// The client sends `^$^$$^$` and gets nothing. All models alike.
fn a4_empty_messages(context: &Context) -> CaseResult {
    visit(context, b"^$^$$^$", b"")
}

/// The client sends `$^a$` and gets `b`. All models alike.
fn a5_end_before_start(context: &Context) -> CaseResult {
    visit(context, b"$^a$", b"b")
}

/// The client sends `^^a^$`. Only the first `^` opens the message, the others are data: `_b_`. All models
/// alike.
fn a6_start_inside_a_message(context: &Context) -> CaseResult {
    visit(context, b"^^a^$", b"_b_")
}

/// The client sends `^ab$zz^80$50` and gets `bc91`. All models alike.
fn a7_noise_between_messages(context: &Context) -> CaseResult {
    visit(context, b"^ab$zz^80$50", b"bc91")
}

/// One client sends FIN at once, another opens a message and leaves it open. Both get `*` and a FIN. All
/// models alike.
fn a8_immediate_end(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    client.finish_sending()?;
    client.expect_greeting().and_then(|()| client.expect_fin()).during("FIN at once")?;
    visit(context, b"^", b"")
}

/// The client sends `^a$` before it reads anything, and gets `*b`, in this order. All models alike; if a model is
/// busy with other clients, the bytes stay in the socket until it greets.
fn a9_early_data(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    client.send(b"^a$")?;
    client.expect(b"*b")?;
    client.expect_orderly_close()?;
    Ok(())
}

/// Two clients send in turns, one inside a message while the other is outside. Then both close inside a message,
/// and a third one, which probably gets a descriptor that one of them had, starts outside.
///
/// A model that serves one client at a time answers the second only after the first has closed; until then the
/// second client's bytes wait in its socket.
fn a10_independent_sessions(context: &Context) -> CaseResult {
    let mut first = context.greeted()?;
    first.ask(b"^ab", b"bc")?;
    let mut second = context.connect()?;
    second.send(b"xy$z^12")?;
    let at_once = context.concurrency().serves(2);
    if at_once {
        second.expect(b"*23").during("second session")?;
    }
    first.ask(b"cd$x^^", b"de_").during("first session")?;
    if at_once {
        second.ask(b"34", b"45").during("second session")?;
        first.ask(b"y", b"z").during("first session")?;
    }
    drop(first);
    if !at_once {
        second.expect(b"*23").during("second session, after the first has closed")?;
    }
    second.ask(b"z", b"{").during("second session")?;
    drop(second);
    visit(context, b"a$^b$", b"c")
}

/// Greeting, one send, its whole reply, and after the half-close nothing but a FIN.
fn visit(context: &Context, input: &[u8], reply: &[u8]) -> CaseResult {
    let mut client = context.greeted()?;
    client.ask(input, reply)?;
    client.expect_orderly_close()?;
    Ok(())
}
