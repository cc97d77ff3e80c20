//! Raw echo with one thread and one ring: multishot accept and receive, a buffer ring, one system call for each turn.
//!
//! A client that does not read stalls everybody, which is why this is a floor and no server.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use chassis::{Options, Shutdown, Summary};
use rustix::io::Errno;
use sockets::completion::{Completion, Operation, Outgoing, Ring, Sent};

/// Echoes until shutdown is requested. Nothing is drained or counted.
///
/// # Errors
/// The kernel has no `io_uring` for this process, or the listener is broken or out of descriptors.
#[expect(clippy::needless_pass_by_value, reason = "the face that every server has")]
pub fn serve(listener: TcpListener, options: &Options, shutdown: &Shutdown) -> io::Result<Summary> {
    let mut ring = Ring::new(options)?;
    ring.await_stop(shutdown);
    ring.accept(&listener);
    let (mut sent, mut completions) = (Vec::new(), Vec::new());
    let mut is_full = false;
    while !shutdown.is_requested() {
        ring.turn(is_full.then_some(Duration::ZERO), &mut sent, &mut completions)?;
        // What does not fit is tried again and again, while all others wait.
        is_full = false;
        for sent in sent.drain(..) {
            is_full |= go_on(&mut ring, sent);
        }
        if is_full {
            continue;
        }
        for completion in completions.drain(..) {
            match completion.operation {
                Operation::Accept => {
                    ring.receive(completion.result?);
                    if !completion.more {
                        ring.accept(&listener);
                    }
                }
                Operation::Receive => echo(&mut ring, completion),
                _ => {}
            }
        }
    }
    Ok(Summary::default())
}

fn echo(ring: &mut Ring, completion: Completion) {
    let Completion { key, result, more, payload, .. } = completion;
    match result {
        Ok(to) if to > 0 => ring.send(key, Outgoing { payload, from: 0, to: to as usize, is_rest: false }),
        Err(Errno::NOBUFS) => {}
        _ => return ring.close(key),
    }
    if !more {
        ring.receive(key);
    }
}

/// Whether something is left to send.
fn go_on(ring: &mut Ring, sent: Sent) -> bool {
    let Sent { key, outgoing, result, .. } = sent;
    let count = match result {
        Ok(count) => count,
        Err(Errno::AGAIN) => 0,
        // Its receive ends, too, and that closes it.
        Err(_) => outgoing.to - outgoing.from,
    };
    let Some(rest) = ring.rest(outgoing, count) else { return false };
    ring.send(key, rest);
    true
}
