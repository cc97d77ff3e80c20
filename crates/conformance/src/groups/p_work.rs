//! P, second part: work that is outstanding when a client leaves, falls silent or the server stops.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::accounts::counted;
use crate::case::{Case, Needs};
use crate::client::{Buffers, Client};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::groups::p_requests::fill;
use crate::memory::PER_CONNECTION;
use crate::prepare::SHORT_TIMEOUT;
use crate::started::Started;
use crate::target::{Launch, Settings};

pub(super) const CASES: &[Case] = &[
    Case::new("P11", "a half-closed client is answered all that it has asked", p11_half_closed),
    Case::new("P12", "the numbers of clients that reset are no longer tested", p12_resets),
    Case::new("P13", "of a client that closes only the number in work is tested", p13_close),
    Case::new("P14", "a client is not read while its number is tested", p14_not_read),
    Case::new("P15", "a client whose number is tested is not idle, whatever that takes", p15_not_idle)
        .needs(Needs::Program),
    Case::new("P16", "a line that does not end is closed at the progress timeout", p16_unfinished)
        .needs(Needs::ProgressTimeout),
    Case::new("P17", "on SIGTERM every number that was received is answered", p17_drain)
        .needs(Needs::Program),
    Case::new("P18", "a number that is not done at the drain timeout is dropped, and counted", p18_deadline)
        .needs(Needs::Program),
    Case::new("P19", "a handler that panics ends only its client", p19_panics).needs(Needs::Program),
    Case::new("P20", "what comes while a number is tested is answered after it", p20_meanwhile),
    Case::new("P21", "when the server stops, a line that has only begun is not answered", p21_begun)
        .needs(Needs::Program),
];

/// The smallest primes above 10^15 and 10^16: some ten and some hundred milliseconds.
const MEDIUM: &str = "1000000000000037\n";
const BIG: &str = "10000000000000061\n";
/// The smallest prime above 10^18: a second or more.
const LONG: &str = "1000000000000000003\n";
/// For that one, on a machine that is slow or busy.
const ENOUGH: Duration = Duration::from_secs(180);
/// The largest prime of 64 bits: five seconds and more.
const HUGE: &str = "18446744073709551557\n";

/// The client sends some numbers, the last one without its newline, and half-closes while the first is tested. All are
/// answered, then comes a FIN. All models alike.
fn p11_half_closed(context: &Context) -> CaseResult {
    let mut client = context.connect()?;
    client.send([MEDIUM, "9\n+\n", MEDIUM, "7"].concat().as_bytes())?;
    client.finish_sending()?;
    client.expect(b"prime\ncomposite\nerror\nprime\nprime\n")?;
    client.expect_fin()?;
    Ok(())
}

/// Each client asks for a number that takes seconds, and resets. If the tests went on, the processors would be busy for
/// longer than the patience; the check after each case would find that. All models alike.
fn p12_resets(context: &Context) -> CaseResult {
    const CLIENTS: usize = 64;
    let mut clients = (0..CLIENTS).map(|_| context.connect()).collect::<Result<Vec<Client>, Failure>>()?;
    for client in &mut clients {
        client.send(format!("7\n{HUGE}").as_bytes())?;
    }
    // Whose small number comes first is the server's choice; those behind a huge one wait for it. Then the huge number of
    // the client that was answered is waiting or in work, if nobody else's is.
    let answered = Client::any_is_readable(&clients, context.patience)?;
    require(answered, "reply", "an answer to some client", || format!("silence for {:?}", context.patience))?;
    clients.into_iter().for_each(Client::reset);
    context.visit()?;
    context.expect_rest()?;
    Ok(())
}

/// Clients send many big numbers and close. A FIN may be a half-close, so the number in work is tested to its end; its
/// answer meets a closed socket, and the rest is left. All models alike.
fn p13_close(context: &Context) -> CaseResult {
    for _ in 0..2 {
        let mut client = context.connect()?;
        client.send(format!("7\n{}", BIG.repeat(220)).as_bytes())?;
        client.expect(b"prime\n")?;
    }
    context.visit()?;
    context.expect_rest()?;
    Ok(())
}

/// While the first number is tested, the client sends on until the server's buffers are full. The server does not read,
/// and keeps little. All models alike.
fn p14_not_read(context: &Context) -> CaseResult {
    let mut memory = context.watch_memory();
    let mut client = context.connect_with(Buffers::SMALL)?;
    client.send(HUGE.as_bytes())?;
    fill(&mut client, &b"7\n".repeat(8 << 10))?;
    memory.sample();
    client.reset();
    memory.require_growth_within(PER_CONNECTION)?;
    Ok(())
}

/// A number that takes longer than the idle timeout. Its answer comes; then the client is silent, and is closed at the timeout. All models alike.
fn p15_not_idle(context: &Context) -> CaseResult {
    const IDLE: Duration = Duration::from_secs(1);
    context.require_settable("an idle timeout")?;
    let mut server = Started::start(context, Settings { idle_timeout: Some(IDLE), ..Settings::NONE })?;
    let mut client = server.context().connect()?;
    client.wait_longer(ENOUGH);
    let asked = Instant::now();
    client.ask(LONG.as_bytes(), b"prime\n").during("a number that takes longer than the idle timeout")?;
    if asked.elapsed() <= IDLE {
        return Stop::skipped("this machine tests that number within the idle timeout");
    }
    client.expect_end().during("silence after the answer")?;
    server.expect_clean_end()?;
    Ok(())
}

/// The client sends one digit at a time, which keeps it from being idle, and no newline. All models alike.
fn p16_unfinished(context: &Context) -> CaseResult {
    context.progress_timeout()?;
    let mut client = context.connect()?;
    client.ask(b"7\n1", b"prime\n")?;
    client.wait_longer(context.progress_timeout()?);
    client.expect_end()?;
    Ok(())
}

/// The client has sent some numbers, and the first is answered; then the server gets SIGTERM. The rest is answered before
/// the FIN, also after one that takes so long that the client seems quiet, and the server exits with 0. All models alike.
fn p17_drain(context: &Context<'_>) -> CaseResult {
    // A busy machine needs some of the first half; nothing waits for it.
    const AMPLE: Duration = Duration::from_secs(600);
    let mut server = Started::start(context, Settings { drain_timeout: Some(AMPLE), ..Settings::NONE })?;
    let mut client = server.context().connect()?;
    client.wait_longer(ENOUGH);
    client.send(["7\n", MEDIUM, LONG, "x\n", MEDIUM, "9\n"].concat().as_bytes())?;
    client.expect(b"prime\n")?;
    server.signal(Signal::TERM)?;
    client.expect(b"prime\nprime\nerror\nprime\ncomposite\n").during("drain")?;
    client.expect_orderly_close().during("drain")?;
    server.expect_code(0, context.patience)?;
    Ok(())
}

/// A number that takes longer than the drain timeout: the server waits for no more than that, reports that it dropped an
/// answer by its exit code and by the count in its log, and stops the test. All models alike.
fn p18_deadline(context: &Context<'_>) -> CaseResult {
    const DRAIN: Duration = SHORT_TIMEOUT;
    context.require_settable("a drain timeout")?;
    let mut server = Started::start(context, Settings { drain_timeout: Some(DRAIN), ..Settings::NONE })?;
    let mut client = server.context().connect()?;
    client.ask(format!("7\n{}", HUGE.repeat(5)).as_bytes(), b"prime\n")?;
    server.signal(Signal::TERM)?;
    let status = server.expect_exit(DRAIN + context.patience)?;
    require(status.code() == Some(3), "end", "exit code 3, since an answer was dropped", || {
        format!("{status}; it logged {:?}", server.log())
    })?;
    let dropped = counted(&server.log(), "dropped");
    require(dropped == Some(1), "count", "dropped 1", || server.log())?;
    Ok(())
}

/// Handlers panic for some clients, beside one whose number is tested. All models alike.
fn p19_panics(context: &Context<'_>) -> CaseResult {
    let Some(text) = context.launch.and_then(Launch::panic_text) else {
        return Stop::skipped(
            "these servers have no handler that panics on request; debug builds of this workspace have one",
        );
    };
    let mut server = Started::start(context, Settings { panics: true, ..Settings::NONE })?;
    let mut bystander = server.context().connect()?;
    bystander.ask(b"7\n1", b"prime\n")?;
    for _ in 0..10 {
        let mut client = server.context().connect()?;
        client.ask(b"9\n", b"composite\n")?;
        client.send(format!("{text}\n").as_bytes())?;
        client.expect_end().during("whose handler panics")?;
    }
    bystander.ask(b"1\n", b"prime\n").during("the other client")?;
    bystander.expect_orderly_close()?;
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    Ok(())
}

/// Once a small number is answered, the one that came with it is in work; then the client sends another small one, and
/// nothing more: a poller that reports changes reports it once. All models alike.
fn p20_meanwhile(context: &Context) -> CaseResult {
    for _ in 0..5 {
        let mut client = context.connect()?;
        client.ask(format!("7\n{MEDIUM}").as_bytes(), b"prime\n")?;
        client.ask(b"9\n", b"prime\ncomposite\n")?;
        client.expect_orderly_close()?;
    }
    Ok(())
}

/// The client has sent the beginning of a number, and has been silent for so long that it may go at once when the server
/// gets SIGTERM: it gets a FIN, and no answer to a number that it did not mean. All models alike.
fn p21_begun(context: &Context<'_>) -> CaseResult {
    const IDLE: Duration = Duration::from_secs(1);
    let mut server = Started::start(context, Settings::NONE)?;
    let mut client = server.context().connect()?;
    client.ask(b"7\n1", b"prime\n")?;
    let said = client.is_readable(IDLE)?;
    require(!said, "wait", "silence while the line is not complete", || "bytes, or the end".to_owned())?;
    server.signal(Signal::TERM)?;
    client.expect_fin().during("drain")?;
    server.expect_code(0, context.patience)?;
    Ok(())
}
