//! One ring on this thread, or several with a thread each.

use std::io;
use std::net::TcpListener;
use std::thread;

use chassis::{Shutdown, listen_beside, require_threads};
use tracing::info;

/// Runs a ring with this listener on this thread, and each further one with a thread and a listener of its own on
/// the same address. The kernel gives each new connection to one of them, by a hash. The summary in the log says who got
/// how many.
///
/// # Errors
/// That of the first ring that fails; then the others stop, too.
pub fn run_rings(
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
