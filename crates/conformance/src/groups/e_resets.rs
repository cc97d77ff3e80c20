//! E: clients that end by a reset, or without a word.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Context;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::client::{Buffers, Client};
use crate::flow::{Flow, Pattern};
use crate::groups::require_idle_since;

pub(super) const CASES: &[Case] = &[
    Case::new("E1", "a reset in the middle of a message ends that connection only", e1_reset_in_a_message),
    Case::new("E2", "50 resets before the greeting end nothing else", e2_resets_before_the_greeting),
    Case::new(
        "E3",
        "a reset while the server waits to write ends that connection only",
        e3_reset_of_a_blocked_reply,
    ),
    Case::new("E4", "200 clients that leave without reading end nothing else", e4_leave_unread),
    Case::new(
        "E5",
        "clients that reset while they wait to be accepted end nothing",
        e5_resets_in_the_backlog,
    )
    .needs(Needs::Pause),
    Case::new("E6", "thousands of resets at random moments leave nothing behind", e6_random_resets),
    Case::new("E7", "a client that is killed ends its connection only", e7_killed_client),
    Case::new(
        "E8",
        "a client that falls silent in a message is gone by the idle timeout",
        e8_silence_in_a_message,
    )
    .needs(Needs::IdleTimeout),
];

/// The client opens a message, reads a part of the answer and resets. A second connection, open in the
/// middle of a message all the while, goes on. A model that serves one client at a time shows the same by
/// serving the next one.
fn e1_reset_in_a_message(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    let mut client = context.greeted()?;
    client.ask(b"^abc", b"bcd")?;
    client.reset();
    bystander.expect_undisturbed()?;
    Ok(())
}

/// 50 clients connect and reset at once. All models alike.
fn e2_resets_before_the_greeting(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    for number in 0..50 {
        context.connect().during(format_args!("client {number}"))?.reset();
    }
    bystander.expect_undisturbed()?;
    Ok(())
}

/// The client sends and never reads until the server takes no more, so that the server waits for room to
/// write, and then resets. All models alike.
fn e3_reset_of_a_blocked_reply(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
    flow.block()?;
    flow.into_client().reset();
    bystander.expect_undisturbed()?;
    Ok(())
}

/// 200 clients connect and close without reading `*`: half of them at once, half when it has arrived, which
/// turns the close into a reset. All models alike.
fn e4_leave_unread(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    for number in 0..200 {
        let client = context.connect().during(format_args!("client {number}"))?;
        if number % 2 == 0 {
            let greeted = client.has_something_to_read(context.patience)?;
            require(greeted, "connect", "a greeting", || format!("silence for {:?}", context.patience))?;
        }
    }
    bystander.expect_undisturbed()?;
    Ok(())
}

/// While the server is stopped, 20 clients connect and reset: the kernel has put them into the listener's
/// queue, and the server meets them when it goes on. A client that connected behind them is served. All
/// models alike.
fn e5_resets_in_the_backlog(context: &Context) -> CaseResult {
    let process = context.process()?;
    let paused = process.pause()?;
    for number in 0..20 {
        context.connect().during(format_args!("client {number}"))?.reset();
    }
    let mut survivor = context.connect()?;
    drop(paused);
    survivor.expect_greeting()?;
    survivor.ask(b"^abc$", b"bcd")?;
    survivor.expect_orderly_close()?;
    Ok(())
}

/// Thousands of clients reset at a random moment of a visit. Whatever the server was doing, it gives back
/// descriptor, thread and memory; the check after the case counts. All models alike.
fn e6_random_resets(context: &Context) -> CaseResult {
    let clients = if context.long() { 10_000 } else { 2_000 };
    let mut random = context.random();
    let bystander = context.bystander()?;
    for number in 0..clients {
        let seed = context.seed;
        reset_at_random(context.connect()?, &mut random)
            .during(format_args!("client {number}, seed {seed}"))?;
    }
    bystander.expect_undisturbed()?;
    Ok(())
}

fn reset_at_random(mut client: Client, random: &mut fastrand::Rng) -> Result<(), Failure> {
    let moment = random.u8(0..5);
    if moment >= 1 {
        client.send(b"^abc")?;
    }
    if moment >= 2 {
        client.expect_greeting()?;
    }
    if moment >= 3 {
        client.expect(b"bcd")?;
    }
    if moment >= 4 {
        client.send(&vec![b'x'; random.usize(1..=100_000)])?;
    }
    spin(Duration::from_micros(random.u64(0..200)));
    client.reset();
    Ok(())
}

/// Lets a time pass that is too short for the scheduler's timers.
fn spin(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// Another process holds the client's socket, with replies on their way to it, and is killed; the kernel
/// closes the socket, with bytes unread. All models alike.
fn e7_killed_client(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    let mut client = context.greeted()?;
    client.send(b"^")?;
    client.send(&vec![b'a'; 50_000])?;
    client.has_something_to_read(context.patience)?; // unread bytes turn the kernel's close into a reset
    // `sleep` only holds the socket: whoever has it as standard input has the last copy of it.
    let holder = Command::new("sleep").arg("60").stdin(Stdio::from(client.into_socket())).spawn();
    let Ok(mut holder) = holder else {
        return Err(Stop::without_program("'sleep', which is not there"));
    };
    let killed = holder.kill().and_then(|()| holder.wait());
    killed.map_err(|error| Failure::new("kill the client", "to succeed", error.to_string()))?;
    bystander.expect_undisturbed()?;
    Ok(())
}

/// The client opens a message and never says another word, as if its machine were gone. It is closed at
/// the idle timeout, not earlier. All models alike. (To take a peer away from the network needs root. For the
/// server there is no difference until it sends: then nothing is taken any more, which is D3 and F2.)
fn e8_silence_in_a_message(context: &Context) -> CaseResult {
    let idle_timeout = context.idle_timeout()?;
    let start = Instant::now();
    let mut client = context.greeted()?;
    client.ask(b"^abc", b"bcd")?;
    client.wait_longer(idle_timeout);
    client.expect_end()?;
    require_idle_since(start, idle_timeout)?;
    Ok(())
}
