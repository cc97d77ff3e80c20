//! E: clients that reset the connection or go silent.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::case::{Case, Needs};
use crate::client::{Buffers, Client};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::flow::{Flow, Pattern};
use crate::groups::timing::require_idle_since;

pub(super) const CASES: &[Case] = &[
    Case::new("E1", "a reset in the middle of a message ends only that connection", e1_reset_in_a_message),
    Case::new(
        "E2",
        "50 resets before the greeting affect no other connection",
        e2_resets_before_the_greeting,
    ),
    Case::new(
        "E3",
        "a reset while the server waits to write ends only that connection",
        e3_reset_of_a_blocked_reply,
    ),
    Case::new("E4", "200 clients that close without reading affect no other connection", e4_leave_unread),
    Case::new(
        "E5",
        "clients that reset before they are accepted affect no other connection",
        e5_resets_in_the_backlog,
    )
    .needs(Needs::Pause),
    Case::new("E6", "thousands of resets at random moments leave nothing behind", e6_random_resets),
    Case::new("E7", "a killed client ends only its own connection", e7_killed_client),
    Case::new(
        "E8",
        "a client that goes silent in a message is closed at the idle timeout",
        e8_silence_in_a_message,
    )
    .needs(Needs::IdleTimeout),
];

/// The client starts a message, reads a part of the reply and resets. A second connection, in the middle of a message
/// meanwhile, is not affected. For a model that serves one client at a time, it is enough that the next client is
/// served.
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

/// The client sends without reading until backpressure stops it, so that the server waits for writability, and then
/// resets. All models alike.
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
            let greeted = client.is_readable(context.patience)?;
            require(greeted, "connect", "a greeting", || format!("silence for {:?}", context.patience))?;
        }
    }
    bystander.expect_undisturbed()?;
    Ok(())
}

/// While the server is stopped, 20 clients connect and reset: the kernel has put them into the accept queue, and the
/// server accepts them when it continues. A client that connects after them is served. All models alike.
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

/// Thousands of clients reset at a random moment. Whatever the server was doing, it releases the descriptor, thread and
/// memory; the check after the case counts them. All models alike.
fn e6_random_resets(context: &Context) -> CaseResult {
    let clients = if context.long() { 10_000 } else { 2_000 };
    let mut random = context.random();
    let mut bystander = context.bystander()?;
    let mut spoke = Instant::now();
    for number in 0..clients {
        // By the clock: on a busy machine a hundred clients may take longer than its timeouts.
        if spoke.elapsed() > Duration::from_millis(100) {
            bystander.go_on()?;
            spoke = Instant::now();
        }
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

/// Waits for a time that is too short for a timer.
fn spin(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// Another process holds the client's socket, with replies in flight, and is killed; the kernel closes the socket with
/// unread bytes. All models alike.
fn e7_killed_client(context: &Context) -> CaseResult {
    let bystander = context.bystander()?;
    let mut client = context.greeted()?;
    client.send(b"^")?;
    client.send(&vec![b'a'; 50_000])?;
    client.is_readable(context.patience)?; // unread bytes turn the kernel's close into a reset
    // `sleep` only holds the socket: its standard input is the last copy of it.
    let holder = Command::new("sleep").arg("60").stdin(Stdio::from(client.into_socket())).spawn();
    let Ok(mut holder) = holder else {
        return Err(Stop::without_program("'sleep', which is not installed"));
    };
    let killed = holder.kill().and_then(|()| holder.wait());
    killed.map_err(|error| Failure::new("kill the client", "to succeed", error.to_string()))?;
    bystander.expect_undisturbed()?;
    Ok(())
}

/// The client starts a message and then goes silent, as if its machine had lost the network. It is closed at the idle
/// timeout, not earlier. All models alike. (Disconnecting a peer from the network needs root. For the server there is
/// no difference until it sends; then the peer takes no more bytes, as in D3 and F2.)
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
