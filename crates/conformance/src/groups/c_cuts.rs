//! C: the reply does not depend on how the stream is split into reads.

use crate::case::Case;
use crate::client::Buffers;
use crate::context::Context;
use crate::failure::{CaseResult, During};
use crate::flow::{Flow, Pace, Pattern};

pub(super) const CASES: &[Case] = &[
    Case::new("C1", "sending one byte per segment gets the same reply", c1_one_byte_per_segment),
    Case::new("C2", "every split of a script into two parts gets the same reply", c2_every_cut_in_two),
    Case::new("C3", "splits next to delimiters get the same reply", c3_cuts_beside_delimiters),
    Case::new(
        "C4",
        "requests of typical buffer sizes, one less and one more, are answered",
        c4_buffer_lengths,
    ),
    Case::new("C5", "a message of 60,000 bytes in one send is answered once", c5_one_large_message),
    Case::new("C6", "500 pipelined messages in one send are each answered once", c6_pipelined_messages),
    Case::new("C7", "small windows and small reads and writes get the same reply", c7_small_slices),
];

/// 64 bytes with each delimiter, its predecessor and its successor in each state.
const SCRIPT: &[u8; 64] = b"x$^ab#]$_^^c^$$yy^$^d\xFF\x00$##^#^#$z^ef%$*^$$^gh^i$k^\n$mn^opqr^st$^u";

/// The client sends the script byte by byte and reads each reply before the next byte. All models alike.
fn c1_one_byte_per_segment(context: &Context) -> CaseResult {
    say_in_parts(context, SCRIPT.chunks(1))
}

/// 63 clients send the script in two parts, one for each position of the split, and read the reply to the first part
/// before they send the second, so that the server has read the parts separately. All models alike.
fn c2_every_cut_in_two(context: &Context) -> CaseResult {
    for cut in 1..SCRIPT.len() {
        let (first, second) = SCRIPT.split_at(cut);
        say_in_parts(context, [first, second].into_iter()).during(format_args!("split after {cut} bytes"))?;
    }
    Ok(())
}

/// The client splits the script before and after each `^`, `$` and `#`: first on both sides of each, then only
/// before each, then only after each. All models alike.
fn c3_cuts_beside_delimiters(context: &Context) -> CaseResult {
    let is_delimiter = |byte: u8| matches!(byte, b'^' | b'$' | b'#');
    let alone = SCRIPT.chunk_by(|&one, &next| !is_delimiter(one) && !is_delimiter(next));
    say_in_parts(context, alone)?;
    let before = SCRIPT.chunk_by(|_, &next| !is_delimiter(next));
    say_in_parts(context, before)?;
    let behind = SCRIPT.chunk_by(|&one, _| !is_delimiter(one));
    say_in_parts(context, behind)
}

/// Clients send one message each whose length, with or without delimiters, is a typical buffer size (each power of
/// two from 256 bytes to 128 KiB), one less and one more. All models alike.
fn c4_buffer_lengths(context: &Context) -> CaseResult {
    let mut random = context.random();
    for power in 8..=17 {
        let buffer = 1_usize << power;
        for payload in buffer - 3..=buffer + 1 {
            let pattern = Pattern::random(&mut random, 1, payload);
            send_whole(context, &pattern).during(format_args!("message of {payload} bytes"))?;
        }
    }
    Ok(())
}

/// The client sends `^`, 60,000 bytes and `$` at once, and gets 60,000 bytes, once. All models alike.
fn c5_one_large_message(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 1, 60_000);
    send_whole(context, &pattern)
}

/// The client sends 500 messages of 7 payload bytes at once. None is lost, doubled or out of order. All
/// models alike.
fn c6_pipelined_messages(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 500, 7);
    send_whole(context, &pattern)
}

/// The client has a receive buffer of 4 KiB, writes 1 to 100 bytes at a time and reads 1 to 50, so that it sends
/// faster than it reads and both windows fill. The replies to 256 KiB are correct. All models alike.
fn c7_small_slices(context: &Context) -> CaseResult {
    let mut random = context.random();
    let pattern = Pattern::random(&mut random, 100, 41);
    let client = context.connect_with(Buffers::SMALL)?;
    let mut flow = Flow::new(client, &pattern);
    let small = |_: &Flow<'_>| Pace { send: random.usize(1..=100), receive: random.usize(1..=50) };
    flow.exchange_all((256 << 10) / pattern.len() * pattern.len(), small)?;
    flow.into_client().expect_orderly_close()?;
    Ok(())
}

fn say_in_parts<'script>(context: &Context, parts: impl Iterator<Item = &'script [u8]>) -> CaseResult {
    let mut dialogue = context.dialogue()?;
    for part in parts {
        dialogue.say(part)?;
    }
    dialogue.close()?;
    Ok(())
}

/// Sends a pattern once, in as few sends as possible, while reading.
fn send_whole(context: &Context, pattern: &Pattern) -> CaseResult {
    let mut flow = Flow::new(context.connect()?, pattern);
    flow.exchange_all(pattern.len(), |_| Pace::FULL)?;
    flow.into_client().expect_orderly_close()?;
    Ok(())
}
