//! G, third part: threads that cannot be spawned, handlers that panic.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use observe::strace::{self, Injection, Tracing};

use crate::case::{Case, Needs};
use crate::context::Context;
use crate::eventually::eventually;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::groups::i_many::{all_at_once, served_or_not_greeted};
use crate::process::detached;
use crate::program::{Program, command, free_address};
use crate::started::Started;
use crate::target::{Launch, Settings};

pub(super) const CASES: &[Case] = &[
    Case::new("G4", "a thread that cannot be spawned affects one client, or fails the start", g4_no_threads)
        .needs(Needs::Program),
    Case::new("G5", "a handler that panics loses its client but no worker", g5_panics).needs(Needs::Program),
];

/// The system calls that spawn a thread.
const THREAD_STARTS: &str = "clone,clone3";

/// strace makes every attempt to spawn a thread fail in the running server. Each of 20 clients is served in full or
/// closed without a greeting, and at most one line per second is logged; when threads can be spawned again, everything
/// is as before. Then a server is started whose second thread cannot be spawned: it serves, or it exits with an error
/// and not by a signal. Models that spawn no threads are not affected, which is noted.
fn g4_no_threads(context: &Context<'_>) -> CaseResult {
    const CLIENTS: usize = 20;
    let mut server = Started::start(context, Settings::NONE)?;
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
        0 => context.note("not affected: the server spawns no thread for a client"),
        _ => context.note(format!("{fired} spawns failed, {refused} of {CLIENTS} clients rejected")),
    }
    // One line reports the start, and the second in progress may have its line, too.
    require(lines as u64 <= seconds + 3, "without threads", "at most one log line per second", || {
        format!("{lines} lines in {seconds} s")
    })?;
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    start_without_threads(context)
}

fn start_without_threads(context: &Context<'_>) -> CaseResult {
    let address = free_address()?;
    let plain = command(context.launch()?, address, &Settings::NONE)?;
    let refusal = [Injection { calls: THREAD_STARTS, what: "error=EAGAIN:when=2".to_owned() }];
    let mut under_strace = strace::around(&[THREAD_STARTS], &refusal, None);
    under_strace.arg(plain.get_program()).args(plain.get_args()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut program = Program::run(under_strace, context.is_foreign())?;
    let mut status = None;
    let decided = eventually(context.patience, || {
        status = program.expect_exit(Duration::ZERO).ok();
        status.is_some() || greets(address)
    });
    require(decided, "start without threads", "to serve or to exit", || {
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

/// Whether a server greets here: one that only listens may still fail to start.
fn greets(address: SocketAddr) -> bool {
    let greeting = || -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        stream.read_exact(&mut [0])
    };
    greeting().is_ok()
}

/// Handlers panic for twice as many clients as there are workers (at most 64), beside one client in the middle of a
/// message. Each of these clients loses its connection. The other one is not affected, and afterwards as many clients
/// are served at a time as before: no worker is lost and no lock poisoned.
fn g5_panics(context: &Context<'_>) -> CaseResult {
    let Some(text) = context.launch.and_then(Launch::panic_text) else {
        return Stop::skipped(
            "these servers have no handler that panics on request; debug builds of this workspace have one",
        );
    };
    let mut server = Started::start(context, Settings { panics: true, ..Settings::NONE })?;
    let panicked = serve_despite_panics(server.context(), text).map_err(|failure| server.explain(failure))?;
    context.note(format!("{panicked} handlers panicked"));
    server.expect_unharmed()?;
    server.expect_clean_end()?;
    Ok(())
}

/// Returns how many handlers have panicked.
fn serve_despite_panics(context: &Context<'_>, text: &str) -> Result<usize, Failure> {
    let at_once = context.concurrency().at_once().min(64);
    let bystander = context.bystander()?;
    let victims = if at_once > 1 { at_once - 1 } else { 1 };
    let request = format!("^{text}$");
    let mut panicked = 0;
    while panicked < 2 * at_once {
        let clients: Result<Vec<_>, Failure> = (0..victims).map(|_| context.greeted()).collect();
        let mut clients = clients.during(format_args!("after {panicked} panics"))?;
        clients.iter_mut().try_for_each(|client| client.send(request.as_bytes()))?;
        for client in &mut clients {
            client.expect_end().during("whose handler panics")?;
        }
        panicked += victims;
    }
    bystander.expect_undisturbed()?;
    all_at_once(context, at_once + 1).during("after the panics")?;
    Ok(panicked)
}
