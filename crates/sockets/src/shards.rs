//! Several loops that share an address: each has a thread and a listening socket of its own (`SO_REUSEPORT`), and the
//! kernel gives each new client to one of them, by a hash.

use std::io;
use std::net::TcpListener;

use chassis::Shutdown;

/// Builds `count` loops, each for its listener, and runs them until all have ended.
///
/// # Errors
/// A loop has failed, or it, its listener or its thread cannot be made.
#[cfg(target_os = "linux")]
pub fn run<L: Send>(
    listener: TcpListener,
    count: usize,
    shutdown: &Shutdown,
    build: impl Fn(TcpListener) -> io::Result<L>,
    serve: impl Fn(L) -> io::Result<()> + Sync,
) -> io::Result<()> {
    use std::{iter, thread};

    use chassis::{listen_beside, require_threads};

    require_threads(count)?;
    let further: Vec<TcpListener> =
        (1..count).map(|_| listen_beside(&listener)).collect::<io::Result<_>>()?;
    // All are built before one serves.
    let loops: Vec<L> = iter::once(listener).chain(further).map(build).collect::<io::Result<_>>()?;
    let serve = |one: L| {
        let _stop_all = StopAll(shutdown);
        serve(one)
    };
    let serve = &serve;
    thread::scope(|scope| {
        let spawn = |one: L| {
            let thread = thread::Builder::new().name("shard".to_owned());
            thread.spawn_scoped(scope, move || serve(one)).inspect_err(|_| shutdown.request())
        };
        // All run before one is waited for.
        let threads: Vec<_> = loops.into_iter().map(spawn).collect();
        let ended = threads
            .into_iter()
            .map(|thread| thread?.join().unwrap_or_else(|_| Err(io::Error::other("a loop has panicked"))));
        // Each is waited for, whatever the others say; the first failure is told.
        ended.fold(Ok(()), Result::and)
    })
}

/// Elsewhere the kernel spreads no clients over listeners.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn run<L>(
    _: TcpListener,
    _: usize,
    _: &Shutdown,
    _: impl Fn(TcpListener) -> io::Result<L>,
    _: impl Fn(L) -> io::Result<()>,
) -> io::Result<()> {
    let text = "only Linux spreads clients over several listening sockets; choose another --runtime";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

/// Ends all loops once one has ended, for whatever reason: the kernel would still give clients to a loop that is gone.
#[cfg(target_os = "linux")]
struct StopAll<'server>(&'server Shutdown);

#[cfg(target_os = "linux")]
impl Drop for StopAll<'_> {
    fn drop(&mut self) {
        self.0.request();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[test]
    fn once_one_loop_has_failed_the_others_are_asked_to_stop_and_the_failure_is_told() {
        let listener = chassis::listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, numbers, ended) = (Shutdown::new().unwrap(), AtomicUsize::new(0), AtomicUsize::new(0));
        let build = |listener: TcpListener| {
            assert_eq!(listener.local_addr()?, address);
            Ok(numbers.fetch_add(1, SeqCst))
        };
        let result = run(listener, 3, &shutdown, build, |number| {
            if number == 1 {
                return Err(io::Error::other("broken"));
            }
            while !shutdown.is_requested() {
                std::thread::yield_now();
            }
            ended.fetch_add(1, SeqCst);
            Ok(())
        });
        assert_eq!(result.unwrap_err().to_string(), "broken");
        assert_eq!(ended.into_inner(), 2);
    }
}
