//! G, second half: threads that cannot be had, handlers that panic.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use observe::strace::{self, Injection, Tracing};

use crate::Context;
use crate::case::{Case, CaseResult, During, Failure, Needs, Stop, require};
use crate::groups::i_many::{all_at_once, served_or_not_greeted};
use crate::oracle::eventually;
use crate::process::detached;
use crate::started::{Program, Started, command, free_address};
use crate::target::{Launch, Settings};

pub(super) const CASES: &[Case] = &[
    Case::new("G4", "a thread that cannot be had costs one client, or the start", g4_no_threads)
        .needs(Needs::Program),
    Case::new("G5", "a handler that panics costs its client and no worker", g5_panics).needs(Needs::Program),
];

/// The system calls that start a thread.
const THREAD_STARTS: &str = "clone,clone3";

/// strace makes every attempt to start a thread fail in the running server. Each of 20 clients is served in
/// full or closed without a greeting, and at most one line a second is logged; when threads can be had
/// again, all is as before. Then a server is started to which the second thread is refused: it serves, or
/// it ends with an error and not by a signal. Models that start no threads are not reached, and that is noted.
fn g4_no_threads(context: &Context<'_>) -> CaseResult {
    const CLIENTS: usize = 20;
    let mut server = context.start(Settings::NONE)?;
    let here = server.context();
    let refusal = [Injection { calls: THREAD_STARTS, what: "error=EAGAIN".to_owned() }];
    let tracing = Tracing { calls: &[THREAD_STARTS], injections: &refusal, ..Tracing::default() };
    let injection = here.process()?.trace(&tracing, context.patience)?;
    let (start, mut refused) = (Instant::now(), 0);
    for number in 0..CLIENTS {
        let in_full =
            served_or_not_greeted(here, number).during(format_args!("client {number} without threads"))?;
        refused += u64::from(!in_full);
    }
    let fired = detached(injection)?.fired;
    let (lines, seconds) = (server.log().lines().count(), start.elapsed().as_secs());
    match fired {
        0 => context.note("not reached: it starts no thread for a client"),
        _ => context.note(format!("{fired} threads refused, {refused} of {CLIENTS} clients rejected")),
    }
    // One line says that it serves, and a second that has begun may have its line.
    require(lines as u64 <= seconds + 3, "without threads", "a log line in a second at most", || {
        format!("{lines} lines in {seconds} s")
    })?;
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    start_without_threads(context)
}

fn start_without_threads(context: &Context<'_>) -> CaseResult {
    let address = free_address()?;
    let plain = command(context, address, &Settings::NONE)?;
    let refusal = [Injection { calls: THREAD_STARTS, what: "error=EAGAIN:when=2".to_owned() }];
    let mut under_strace = strace::around(&[THREAD_STARTS], &refusal, None);
    under_strace.arg(plain.get_program()).args(plain.get_args()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut program = Program::run(under_strace)?;
    let mut status = None;
    let decided = eventually(context.patience, || {
        status = program.expect_exit(Duration::ZERO).ok();
        status.is_some() || greets(address)
    });
    require(decided, "start without threads", "to serve or to end", || {
        format!("neither within {:?}", context.patience)
    })?;
    match status {
        Some(status) => {
            context.note(format!("at start: {status}"));
            require(
                status.code().is_some_and(|code| code != 0),
                "start without threads",
                "an error's exit code",
                || format!("{status}; it logged {:?}", program.log()),
            )?;
        }
        None => Started::with(context, program, address, Settings::NONE).expect_clean_end()?,
    }
    Ok(())
}

/// Whether a server greets here: one that only listens may yet fail to start.
fn greets(address: SocketAddr) -> bool {
    let greeting = || -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        stream.read_exact(&mut [0])
    };
    greeting().is_ok()
}

/// Handlers panic for twice as many clients as there are workers (or as many as 64), beside one client in the
/// middle of a message. Each of these clients loses its connection. The other one goes on, and afterwards
/// as many are served at a time as before: no worker is lost and no lock poisoned.
fn g5_panics(context: &Context<'_>) -> CaseResult {
    let Some(text) = context.launch.and_then(Launch::panic_text) else {
        return Stop::skipped("these servers cannot be asked to panic: a debug build of ours can");
    };
    let mut server = context.start(Settings { panics: true, ..Settings::NONE })?;
    let here = server.context();
    let at_once = here.concurrency().at_once().min(64);
    let bystander = here.bystander()?;
    let victims = if at_once > 1 { at_once - 1 } else { 1 };
    let request = format!("^{text}$");
    let mut panicked = 0;
    while panicked < 2 * at_once {
        let clients: Result<Vec<_>, Failure> = (0..victims).map(|_| here.greeted()).collect();
        let mut clients = clients.during(format_args!("after {panicked} panics"))?;
        clients.iter_mut().try_for_each(|client| client.send(request.as_bytes()))?;
        for client in &mut clients {
            client.expect_end().during("whose handler panics")?;
        }
        panicked += victims;
    }
    context.note(format!("{panicked} handlers panicked"));
    bystander.expect_undisturbed()?;
    all_at_once(here, at_once + 1).during("after the panics")?;
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    Ok(())
}
