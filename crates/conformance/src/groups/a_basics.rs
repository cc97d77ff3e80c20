//! A: the protocol by a polite client.

use std::time::Instant;

use crate::Context;
use crate::case::{Case, CaseResult, During, Needs};
use crate::groups::require_idle_since;

pub(super) const CASES: &[Case] = &[
    Case::new("A1", "a silent client gets exactly '*' and is closed at the idle timeout", a1_silent_client)
        .needs(Needs::IdleTimeout),
    Case::new("A2", "bytes outside a message are not answered", a2_outside_a_message),
    Case::new("A3", "a message is answered byte by byte", a3_one_message),
    Case::new("A4", "empty messages and stray delimiters are not answered", a4_empty_messages),
    Case::new("A5", "a '$' before any message means nothing", a5_end_before_start),
    Case::new("A6", "a '^' inside a message is data", a6_start_inside_a_message),
    Case::new("A7", "messages alternate with noise", a7_noise_between_messages),
    Case::new("A8", "a client that has nothing to say is closed in order", a8_immediate_end),
    Case::new("A9", "what is sent before the greeting is read comes after it", a9_early_data),
    Case::new("A10", "each connection has a state of its own", a10_independent_sessions),
];

/// The client connects and says nothing. It gets `*`, nothing else, and after the idle timeout a FIN: not
/// earlier, and not by a reset. All models alike.
fn a1_silent_client(context: &Context) -> CaseResult {
    let idle_timeout = context.idle_timeout()?;
    let start = Instant::now();
    let mut client = context.greeted()?;
    client.wait_longer(idle_timeout);
    client.expect_fin()?;
    require_idle_since(start, idle_timeout)?;
    Ok(())
}

/// The client sends `abc$123`. Nothing comes back; the end of the stream, which follows the half-close,
/// shows that nothing was still to come. All models alike.
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

/// The client sends `^a$` before it has read anything, and gets `*b`, in this order. All models alike; a
/// model that is busy with others keeps the bytes in the socket until it has greeted.
fn a9_early_data(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    client.send(b"^a$")?;
    client.expect(b"*b")?;
    client.expect_orderly_close()?;
    Ok(())
}

/// Two clients talk in turns, one of them in the middle of a message while the other is outside. Then
/// both leave in the middle of a message, and a third one, which is likely to get a descriptor that one
/// of them had, starts outside.
///
/// A model that serves one at a time answers the second only after the first has left: what the second
/// said meanwhile waits in its socket.
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
        second.expect(b"*23").during("second session, once the first has left")?;
    }
    second.ask(b"z", b"{").during("second session")?;
    drop(second);
    visit(context, b"a$^b$", b"c")
}

/// Greeting, one send, its whole reply, and after the half-close nothing more but the end in order.
fn visit(context: &Context, input: &[u8], reply: &[u8]) -> CaseResult {
    let mut client = context.greeted()?;
    client.ask(input, reply)?;
    client.expect_orderly_close()?;
    Ok(())
}
