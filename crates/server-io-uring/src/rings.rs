//! One ring on this thread, or several with a thread each.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::thread;

use chassis::{Options, Shutdown, listen_beside, require_threads};
use conversation::Watch;
use sockets::completion::Ring;
use sockets::now;
use sockets::ready::Shared;
use tracing::info;

use crate::EventLoop;
use crate::accept::Acceptor;
use crate::looks::Looks;
use crate::unread::Unread;

/// Runs a ring with this listener on this thread, and each further one with a thread and a listener of its own on
/// the same address. The kernel gives each new connection to one of them, by a hash. The summary in the log says who got
/// how many.
///
/// # Errors
/// That of the first ring that fails; then the others stop, too.
pub(crate) fn run(
    listener: TcpListener,
    count: usize,
    shutdown: &Shutdown,
    ring: impl Fn(TcpListener) -> io::Result<u64> + Sync,
) -> io::Result<()> {
    require_threads(count - 1)?;
    let further: Vec<TcpListener> =
        (1..count).map(|_| listen_beside(&listener)).collect::<io::Result<_>>()?;
    let ring = |listener| ring(listener).inspect_err(|_| shutdown.request());
    let served: Vec<io::Result<u64>> = thread::scope(|scope| {
        // All run before one is waited for.
        let mut others = Vec::new();
        for listener in further {
            let thread = thread::Builder::new().name("ring".to_owned());
            others.push(thread.spawn_scoped(scope, || ring(listener)).inspect_err(|_| shutdown.request()));
        }
        let first = ring(listener);
        let joined = others.into_iter().map(|thread| {
            thread?.join().unwrap_or_else(|_| Err(io::Error::other("the thread of a ring panicked")))
        });
        std::iter::once(first).chain(joined).collect()
    });
    let served: Vec<String> = served
        .into_iter()
        .map(|served| served.map(|served| served.to_string()))
        .collect::<io::Result<_>>()?;
    if count > 1 {
        info!("clients of each ring: {}", served.join(", "));
    }
    Ok(())
}

/// Why this machine has no rings for this process, if so.
#[must_use]
pub fn missing() -> Option<String> {
    let options = Options { max_conns: NonZeroUsize::new(1), ..Options::default() };
    Ring::new(&options).err().map(|error| error.to_string())
}

/// What all rings share.
pub(crate) struct Common<'server> {
    pub(crate) shared: Shared,
    shutdown: &'server Shutdown,
}

impl<'server> Common<'server> {
    pub(crate) fn new(options: &Options, shutdown: &'server Shutdown) -> Common<'server> {
        Common { shared: Shared::new(options), shutdown }
    }
}

impl<'server> EventLoop<'server> {
    /// # Errors
    /// The kernel has no `io_uring` for this process.
    pub(crate) fn new(listener: TcpListener, common: &'server Common) -> io::Result<EventLoop<'server>> {
        let options = &common.shared.options;
        let mut ring = Ring::new(options)?;
        ring.await_stop(common.shutdown);
        Ok(EventLoop {
            ring,
            acceptor: Acceptor::new(listener),
            clients: Vec::new(),
            open: 0,
            tails: HashMap::new(),
            unread: Unread::default(),
            is_awaited: false,
            watch: Watch::new(options, now()),
            looks: Looks::default(),
            common,
        })
    }
}
