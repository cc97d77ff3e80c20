//! G, second part: very many clients.

use std::net::{Ipv4Addr, SocketAddr};

use observe::network::retransmitted_syns;
use text::units::whole_bytes;

use crate::case::Case;
use crate::client::{Buffers, Client};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure, Stop, require};
use crate::groups::i_many::{all_at_once, require_descriptors};
use crate::process::Process;

pub(super) const CASES: &[Case] = &[
    Case::new("G6", "1,100 clients connected at once are all served", g6_open_at_once),
    Case::new("G7", "2,000 clients that connect in one burst are all served", g7_burst),
    Case::new("G8", "thousands of short connections leave nothing behind", g8_come_and_go),
    Case::new("G9", "the checker reports its own lack of ports as its own", g9_out_of_ports),
];

/// 1,100 clients are connected at once: more than `select` supports, and more than a table of 1,000 holds. All are
/// greeted and answered; if fewer are served at a time, in turn.
fn g6_open_at_once(context: &Context<'_>) -> CaseResult {
    many_at_once(context, 1_100)
}

/// 2,000 clients connect as fast as one thread can. The first 100 connect while the server is stopped, if that is
/// possible: when it continues they are a single readiness event, for which one accept is not enough. All are
/// served.
///
/// If the backlog is full, the kernel drops a SYN and the client retransmits it after a second. That costs time but
/// no client, so it is reported and not judged; the count is that of the whole machine.
fn g7_burst(context: &Context<'_>) -> CaseResult {
    const QUEUED: usize = 100; // every backlog has room for them
    let before = retransmitted_syns();
    let queued = || (0..QUEUED).map(|_| context.connect()).collect::<Result<Vec<_>, _>>();
    let paused = context.process.map(Process::pause).transpose()?;
    let queued = queued().during("into the backlog")?;
    drop(paused);
    for (number, mut client) in queued.into_iter().enumerate() {
        client.finish_sending()?;
        client
            .expect_greeting()
            .and_then(|()| client.expect_fin())
            .during(format_args!("client {number} of the backlog"))?;
    }
    many_at_once(context, 2_000)?;
    if let (Some(before), Some(after)) = (before, retransmitted_syns()) {
        context
            .note(format!("{} SYNs retransmitted on this machine meanwhile", after.saturating_sub(before)));
    }
    Ok(())
}

fn many_at_once(context: &Context<'_>, count: usize) -> CaseResult {
    require_descriptors(count)?;
    Ok(all_at_once(context, count)?)
}

/// 2,000 clients (100,000 in a long run) connect and reset one after the other, every second one without reading
/// its greeting. Memory, descriptors and threads do not grow. All models alike.
fn g8_come_and_go(context: &Context<'_>) -> CaseResult {
    /// The heap's size varies; a leak of a few bytes per client is found in a long run.
    const VARIATION: u64 = 256 << 10;
    let cycles = if context.long() { 100_000 } else { 2_000 };
    let come_and_go = |cycles| -> Result<(), Failure> {
        for number in 0..cycles {
            let mut client = context.connect().during(format_args!("client {number}"))?;
            if number % 2 == 0 {
                client.expect_greeting().during(format_args!("client {number}"))?;
            }
            client.reset(); // leaves no port in TIME_WAIT
        }
        Ok(())
    };
    come_and_go(500)?; // allocators and tables reach their size
    context.visit()?;
    let mut memory = context.watch_memory();
    come_and_go(cycles)?;
    context.visit()?;
    memory.sample();
    context.note(format!("{} more memory after {cycles} clients", whole_bytes(memory.growth())));
    memory.require_growth_within(VARIATION)?;
    Ok(())
}

/// About the checker: it binds a port that is in use, so that connecting fails for lack of a port. The failure must
/// name the checker as the cause and not the server.
fn g9_out_of_ports(context: &Context<'_>) -> CaseResult {
    if !context.address.is_ipv4() || !context.address.ip().is_loopback() {
        return Stop::skipped("needs a server on 127.0.0.1, since it uses ports of that address");
    }
    let connect_from = |source: SocketAddr| {
        Client::connect_from(Some(source), context.address, context.patience, Buffers::default())
    };
    let taken = connect_from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let cause =
        connect_from(taken.source()?).map_or_else(|failure| failure.got, |_| "a connection".to_owned());
    require(cause.contains("not the server"), "connect without a port", "an error of the checker", || {
        cause.clone()
    })?;
    context.note(cause);
    Ok(())
}
