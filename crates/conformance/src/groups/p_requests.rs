//! P, first part: requests of the prime service, however they come, and their limits.

use std::thread;

use rustix::event::PollFlags;

use crate::answers::{answer_to as answer, prime_answers};
use crate::case::{Case, Needs};
use crate::client::{Buffers, Client, Outgoing};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, require};
use crate::groups::timing::WOULD_GREET_WITHIN;
use crate::memory::PER_CONNECTION;
use crate::started::Started;
use crate::target::Settings;

pub(super) const CASES: &[Case] = &[
    Case::new("P1", "numbers are answered one by one, without a greeting", p1_one_by_one),
    Case::new("P2", "a number that arrives in pieces is one number", p2_pieces),
    Case::new("P3", "as many numbers as one send holds are answered in order, each once", p3_pipelined),
    Case::new("P4", "a line that is no number is answered `error`, and the next one as usual", p4_no_numbers),
    Case::new("P5", "a line of 64 bytes is answered, a longer one ends the connection", p5_long_lines),
    Case::new("P6", "a huge line costs no memory, and disturbs nobody", p6_huge_line),
    Case::new("P7", "the end of the stream ends the last line, if it has begun", p7_end_of_stream),
    Case::new("P8", "200 clients at once, each with its own numbers, get their own answers", p8_many),
    Case::new("P9", "with `--framing read` what one read brings is one request, as in the series", p9_reads)
        .needs(Needs::Program),
    Case::new(
        "P10",
        "clients that send lines and read no answers are held up, at little memory",
        p10_never_read,
    ),
];

/// A client asks, waits for the answer, and asks again: small numbers, leading zeros, either newline, the largest number.
/// Nothing comes before the first answer. All models alike.
fn p1_one_by_one(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    for number in 0..30 {
        client.ask(format!("{number}\n").as_bytes(), answer(number).as_bytes())?;
    }
    for (line, answer) in [
        ("7\r\n", "prime\n"),
        ("007\n", "prime\n"),
        ("00000000000000000009\n", "composite\n"),
        ("1000000007\n", "prime\n"),
        ("18446744073709551615\n", "composite\n"),
    ] {
        client.ask(line.as_bytes(), answer.as_bytes())?;
    }
    client.expect_orderly_close()?;
    Ok(())
}

/// The beginning of a number comes with the line before it. Once that line is answered, the server has read the beginning,
/// too, and the rest is sent. All models alike.
fn p2_pieces(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    client.ask(b"4\n1", b"composite\n")?;
    for _ in 0..20 {
        client.ask(b"1\n1", b"prime\n")?; // 11
        client.ask(b"0\n1", b"composite\n")?; // 10
        client.send(b"3\r")?;
        client.ask(b"\n1", b"prime\n")?; // 13
    }
    client.ask(b"\n", b"composite\n")?; // 1
    // Byte by byte.
    for byte in b"1000000007" {
        client.send(&[*byte])?;
    }
    client.ask(b"\n", b"prime\n")?;
    client.expect_orderly_close()?;
    Ok(())
}

/// Thousands of small numbers, and lines that are none, in one send; half of them in further sends before an answer is
/// read. All models alike.
fn p3_pipelined(context: &Context) -> CaseResult {
    let mut random = context.random();
    let line = |random: &mut fastrand::Rng| match random.u8(0..10) {
        0 => "x\n".to_owned(),
        _ => format!("{}\n", random.u64(0..3_000)),
    };
    let lines: String = (0..4_000).map(|_| line(&mut random)).collect();
    let mut client = context.connect()?;
    let (first, second) = lines.as_bytes().split_at(lines.len() / 2);
    client.send(first)?;
    client.send(second)?;
    client.expect(&prime_answers(lines.as_bytes(), false))?;
    client.expect_orderly_close()?;
    Ok(())
}

/// Signs, spaces, empty lines, a lone or inner `\r`, NUL, too many digits, too large a value, letters: an error each, and
/// the connection goes on. All models alike.
fn p4_no_numbers(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    let lines: [&[u8]; 16] = [
        b"",
        b"\r",
        b"7\r\r",
        b"\r7",
        b"7\r7",
        b"+7",
        b"-7",
        b" 7",
        b"7 ",
        b"7\0",
        b"0x7",
        b"1e3",
        b"\xff",
        b"18446744073709551616",
        b"99999999999999999999",
        b"000000000000000000007",
    ];
    for line in lines {
        client.ask(&[line, b"\n"].concat(), b"error\n")?;
        client.ask(b"7\n", b"prime\n")?;
    }
    let all: Vec<u8> = lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
    client.ask(&all, "error\n".repeat(lines.len()).as_bytes())?;
    client.expect_orderly_close()?;
    Ok(())
}

/// 64 bytes and a newline are a request, and no number. With the 65th byte earlier requests are answered, this one is not,
/// and a FIN comes, no reset. What the client still sends is not answered. Another client is served meanwhile. All models
/// alike.
fn p5_long_lines(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    let digits = [b'1'; 65];
    client.ask(&[&digits[..64], b"\n"].concat(), b"error\n")?;
    client.send(&[&b"7\n8\n"[..], &digits].concat())?;
    client.expect(b"prime\ncomposite\n")?;
    client.expect_fin()?;
    client.send(b"\n7\n")?;
    context.visit()?;
    client.finish_sending()?;
    client.expect_fin()?;
    // In one piece, with what follows.
    let mut client = context.connect()?;
    client.ask(&[&b"7\n"[..], &digits, b"\n7\n"].concat(), b"prime\n")?;
    client.expect_orderly_close()?;
    Ok(())
}

/// A megabyte without a newline, while another client is answered. All of it is read, so that no reset destroys the
/// answers before it. All models alike.
fn p6_huge_line(context: &Context) -> CaseResult {
    let mut memory = context.watch_memory();
    let mut other = context.connect()?;
    let mut client = context.connect()?;
    client.ask(b"7\n", b"prime\n")?;
    let part = vec![b'1'; 64 << 10];
    for _ in 0..16 {
        client.send(&part)?;
        memory.sample();
        other.ask(b"9\n", b"composite\n")?;
    }
    client.expect_orderly_close()?;
    other.expect_orderly_close()?;
    memory.require_growth_within(2 * PER_CONNECTION)?;
    Ok(())
}

/// The last line lacks its newline, and the client half-closes: it is answered all the same, and an empty one is not. All
/// models alike.
fn p7_end_of_stream(context: &Context) -> CaseResult {
    for (stream, answers) in [
        ("", ""),
        ("7", "prime\n"),
        ("7\n", "prime\n"),
        ("7\n9", "prime\ncomposite\n"),
        ("7\r", "prime\n"),
        ("\r", "error\n"),
    ] {
        let mut client = context.connect()?;
        client.send(stream.as_bytes())?;
        client.finish_sending()?;
        client.expect(answers.as_bytes()).during(format_args!("{stream:?}"))?;
        client.expect_fin()?;
    }
    Ok(())
}

/// More clients than a queue of work has places, each with numbers of a millisecond among small ones. All models alike.
fn p8_many(context: &Context) -> CaseResult {
    const CLIENTS: u64 = 200;
    // The smallest prime above 10^12, and a number beside it.
    let stream = |client: u64| format!("{client}\n1000000000039\n{}\n1000000000041\n", client + 1);
    let answers = |client: u64| [answer(client), "prime\n", answer(client + 1), "composite\n"].concat();
    let mut clients = (0..CLIENTS).map(|_| context.connect()).collect::<Result<Vec<Client>, Failure>>()?;
    for (number, client) in (0..).zip(&mut clients) {
        client.send(stream(number).as_bytes())?;
    }
    for (number, client) in (0..).zip(&mut clients) {
        client.expect(answers(number).as_bytes()).during(format_args!("client {number}"))?;
        client.expect_orderly_close()?;
    }
    Ok(())
}

/// The series' own clients send digits without a newline and wait for the answer. A client that sends two numbers in one
/// go asks one question, which is none. The end of the stream adds nothing. All models alike.
fn p9_reads(context: &Context) -> CaseResult {
    context.require_settable("another framing")?;
    let mut server = Started::start(context, Settings { reads_are_requests: true, ..Settings::NONE })?;
    // Each answer is waited for, so that no two sends share a read.
    let ask_all = |context: &Context| -> Result<(), Failure> {
        let mut client = context.connect()?;
        for (read, answer) in [
            (&b"7"[..], &b"prime\n"[..]),
            (b"10", b"composite\n"),
            (b"1", b"composite\n"),
            (b"1000000007\n", b"prime\n"),
            (b"7\r\n", b"prime\n"),
            (b"7\n9\n", b"error\n"),
            (b"\n", b"error\n"),
            (b"+7", b"error\n"),
            (&[b'1'; 65], b"error\n"),
            (&[b'1'; 3_000], b"error\n"),
            (b"13", b"prime\n"),
        ] {
            client.ask(read, answer)?;
        }
        client.expect_orderly_close()
    };
    ask_all(server.context()).map_err(|failure| server.explain(failure))?;
    thread::scope(|scope| {
        let asking: Vec<_> = (0..10).map(|_| scope.spawn(|| ask_all(server.context()))).collect();
        asking.into_iter().try_for_each(|asked| asked.join().expect("it does not panic"))
    })?;
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    Ok(())
}

/// Each client sends lines until the server takes no more: answers wait for it, so that it is not read. Another client is
/// answered, and each of them takes no more memory than a client of echo does. All models alike.
fn p10_never_read(context: &Context) -> CaseResult {
    const CLIENTS: usize = 10;
    let mut memory = context.watch_memory();
    let mut clients = (0..CLIENTS)
        .map(|_| context.connect_with(Buffers::SMALL))
        .collect::<Result<Vec<Client>, Failure>>()?;
    let lines = b"\n".repeat(16 << 10); // each is answered with six bytes
    for client in &mut clients {
        fill(client, &lines)?;
        memory.sample();
    }
    context.visit()?;
    memory.sample();
    memory.require_growth_within(CLIENTS as u64 * PER_CONNECTION)?;
    clients.into_iter().for_each(Client::reset);
    Ok(())
}

/// Sends until the socket has stayed full for a while.
pub(super) fn fill(client: &mut Client, bytes: &[u8]) -> Result<(), Failure> {
    /// Far more than the kernels' buffers take.
    const MOST: usize = 256 << 20;
    let mut sent = 0;
    while sent < MOST {
        match client.send_now(bytes)? {
            Outgoing::Bytes(count) => sent += count,
            Outgoing::NoRoom if client.wait(PollFlags::OUT, WOULD_GREET_WITHIN)? => {}
            Outgoing::NoRoom => return Ok(()),
            Outgoing::Broken => {
                return Err(Failure::new("send", "the server to be there", "a dropped connection"));
            }
        }
    }
    require(false, "send", "a server that does not read to hold the client up", || {
        format!("{sent} bytes taken")
    })
}
