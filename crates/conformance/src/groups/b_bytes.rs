//! B: all 256 byte values; only the two delimiters are special, each in its state.

use crate::case::Case;
use crate::context::Context;
use crate::failure::{CaseResult, During};

pub(super) const CASES: &[Case] = &[
    Case::new("B1", "a '$' in the reply does not end the message", b1_output_delimiter),
    Case::new("B2", "adding one wraps, and delimiters in the reply have no effect", b2_wrapping),
    Case::new("B3", "all 256 byte values are handled correctly in both states", b3_whole_table),
    Case::new("B4", "line ends, NUL and invalid UTF-8 are data", b4_no_text_mode),
    Case::new("B5", "the replies to 10,000 random scripts equal the reference", b5_random_scripts),
];

/// The client sends `^##a` and gets `$$b`; the message continues, since only a `$` from the client ends it.
/// All models alike.
fn b1_output_delimiter(context: &Context) -> CaseResult {
    let mut client = context.greeted()?;
    client.ask(b"^##a", b"$$b")?;
    client.ask(b"#a$", b"$b").during("the same message")?;
    client.ask(b"a^b$", b"c").during("the next message")?;
    client.expect_orderly_close()?;
    Ok(())
}

/// The client sends FF, 00, 5D and 29 in a message and gets 00, 01, 5E and 2A: no signed or saturating
/// arithmetic, and `^` and `*` are plain output. All models alike.
fn b2_wrapping(context: &Context) -> CaseResult {
    let mut client = context.greeted()?;
    client.ask(b"^\xFF\x00\x5D\x29$", b"\x00\x01\x5E\x2A")?;
    client.ask(b"^\x7F\x80$", b"\x80\x81")?;
    client.expect_orderly_close()?;
    Ok(())
}

/// The client sends each of the 256 values outside a message and inside one, each followed by a message `!`, whose
/// reply `"` shows where the reply to the value ended and that the state was correct. All models alike.
fn b3_whole_table(context: &Context) -> CaseResult {
    const SENTINEL: &[u8] = b"$^!$"; // closes the message if the value opened it or left it open
    let mut client = context.greeted()?;
    for byte in 0..=u8::MAX {
        let outside = [&[byte], SENTINEL].concat();
        client.ask(&outside, b"\"").during(format_args!("byte {byte:#04x} outside a message"))?;

        let inside = [&[b'^', byte], SENTINEL].concat();
        let output = if byte == b'$' { vec![] } else { vec![byte.wrapping_add(1)] };
        client
            .ask(&inside, &[&output, &b"\""[..]].concat())
            .during(format_args!("byte {byte:#04x} inside a message"))?;
    }
    client.expect_orderly_close()?;
    Ok(())
}

/// The client sends what breaks text handling: CR, LF, NUL, control-D, control-Z, escape, invalid UTF-8. It waits
/// for a reply before it sends a line end, which a line-buffering server would not give. All models alike.
fn b4_no_text_mode(context: &Context) -> CaseResult {
    let mut client = context.greeted()?;
    client.ask(b"^no line end", b"op!mjof!foe").during("before any line end")?;
    client.ask(b"\r\n\0\x04\x1A\x1B", b"\x0E\x0B\x01\x05\x1B\x1C")?;
    client.ask(b"\xC3\x28\xE2\x82\xF0\xFE\xFF", b"\xC4\x29\xE3\x83\xF1\xFF\x00").during("invalid UTF-8")?;
    client.ask(b"\n$\r\n^\r$\n", b"\x0B\x0E").during("line ends around delimiters")?;
    client.expect_orderly_close()?;
    Ok(())
}

/// One after the other, 100 clients send 100 random scripts each, with many delimiters, and read each reply before
/// the next script. The replies must equal those of the reference state machine, so servers that pass also agree
/// with each other. All models alike.
fn b5_random_scripts(context: &Context) -> CaseResult {
    const CLIENTS: usize = 100;
    const SCRIPTS: usize = 100;
    let mut random = context.random();
    for client in 0..CLIENTS {
        let mut dialogue = context.dialogue()?;
        for script in 0..SCRIPTS {
            let input = random_script(&mut random);
            let seed = context.seed;
            dialogue.say(&input).during(format_args!("script {script} of client {client}, seed {seed}"))?;
        }
        dialogue.close()?;
    }
    Ok(())
}

/// Up to 64 bytes, half of them delimiters and similar bytes, half arbitrary.
fn random_script(random: &mut fastrand::Rng) -> Vec<u8> {
    const SPECIAL: &[u8] = b"^^$$#]_%\xFF\x00*\n";
    let length = random.usize(0..=64);
    (0..length)
        .map(|_| if random.bool() { SPECIAL[random.usize(..SPECIAL.len())] } else { random.u8(..) })
        .collect()
}
