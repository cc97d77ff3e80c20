//! The I/O shim: what a kernel may do at any read or write and hardly ever does, done on purpose and counted.
//!
//! strace makes a system call fail, but cannot make it move fewer bytes than it could. So the fault comes before
//! the call: the buffer is cut shorter than what there is to move, or the call is refused. `--shim SEED` asks
//! for it, in debug builds only; in release builds there is neither the option nor any code in here.

use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use rustix::io::Errno;

use crate::Options;

/// What models call before they read from a connection or write to it. Greetings of newly accepted sockets in
/// the event-driven models are left alone: those have room for a byte, and no kernel says otherwise.
impl Options {
    /// To be called before each read. Returns the part of the buffer that may be filled this time.
    ///
    /// # Errors
    /// What the read is to fail with.
    #[inline]
    pub fn before_read<'buffer>(
        &self,
        socket: impl AsFd,
        buffer: &'buffer mut [u8],
    ) -> io::Result<&'buffer mut [u8]> {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            return Ok(shim.before_read(socket, buffer)?);
        }
        let _ = socket;
        Ok(buffer)
    }

    /// To be called before each write. Returns how much of these bytes may be written this time.
    ///
    /// # Errors
    /// What the write is to fail with.
    #[inline]
    pub fn before_write<'bytes, E: From<Errno>>(&self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], E> {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            return Ok(shim.before_write(bytes)?);
        }
        Ok(bytes)
    }

    /// [`Options::before_read`] for tasks. One that is refused is pending and woken, as by a runtime whose budget
    /// it has used up: the poller would not report a socket that has been ready all the time.
    #[inline]
    pub fn poll_before_read<'buffer>(
        &self,
        context: &mut Context<'_>,
        socket: impl AsFd,
        buffer: &'buffer mut [u8],
    ) -> Poll<io::Result<&'buffer mut [u8]>> {
        pending_and_woken(context, self.before_read(socket, buffer))
    }

    /// [`Options::before_write`] for tasks, in the same way.
    #[inline]
    pub fn poll_before_write<'bytes>(
        &self,
        context: &mut Context<'_>,
        bytes: &'bytes [u8],
    ) -> Poll<io::Result<&'bytes [u8]>> {
        pending_and_woken(context, self.before_write(bytes))
    }

    /// Whether a call has been told that it would block since this was asked last. An event loop must then
    /// come back by itself, since its poller will report nothing. For models of one thread.
    #[inline]
    pub fn shim_has_blocked(&self) -> bool {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            return shim.has_blocked();
        }
        false
    }

    /// Logs how many faults of each kind there were.
    pub(crate) fn log_faults(&self) {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            tracing::info!("{shim}");
        }
    }
}

#[inline]
fn pending_and_woken<T>(context: &mut Context<'_>, allowed: io::Result<T>) -> Poll<io::Result<T>> {
    #[cfg(debug_assertions)]
    if allowed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
        context.waker().wake_by_ref();
        return Poll::Pending;
    }
    let _ = context;
    Poll::Ready(allowed)
}

#[cfg(debug_assertions)]
pub use faults::{Faults, Shim};

#[cfg(debug_assertions)]
mod faults {
    use std::fmt;
    use std::os::fd::AsFd;
    use std::str::FromStr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

    use rustix::io::{Errno, ioctl_fionread};

    /// Refusals in a row, at most: a storm must pass, or it would be a server that hangs.
    const LONGEST_STORM: u32 = 8;

    /// Seeded faults at reads and writes. Clones share their source and their counters.
    #[derive(Clone, Debug)]
    pub struct Shim {
        inner: Arc<Inner>,
    }

    #[derive(Debug)]
    struct Inner {
        random: AtomicU64,
        refusals_in_a_row: AtomicU32,
        has_blocked: AtomicBool,
        reads: Counts,
        writes: Counts,
    }

    #[derive(Debug, Default)]
    struct Counts {
        short: AtomicU64,
        blocked: AtomicU64,
        interrupted: AtomicU64,
    }

    /// How many faults of each kind there were.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Faults {
        /// Reads that were cut, so that they left bytes in the socket.
        pub short_reads: u64,
        /// Reads that were told that they would block.
        pub blocked_reads: u64,
        /// Reads that were told of a signal.
        pub interrupted_reads: u64,
        /// Writes that were cut.
        pub short_writes: u64,
        /// Writes that were told that they would block.
        pub blocked_writes: u64,
        /// Writes that were told of a signal.
        pub interrupted_writes: u64,
    }

    impl Shim {
        /// Faults by this seed: the same ones for the same sequence of calls, so in models of one thread.
        #[must_use]
        pub fn new(seed: u64) -> Shim {
            Shim {
                inner: Arc::new(Inner {
                    random: AtomicU64::new(seed),
                    refusals_in_a_row: AtomicU32::new(0),
                    has_blocked: AtomicBool::new(false),
                    reads: Counts::default(),
                    writes: Counts::default(),
                }),
            }
        }

        /// The faults so far.
        #[must_use]
        pub fn faults(&self) -> Faults {
            let Inner { reads, writes, .. } = &*self.inner;
            Faults {
                short_reads: reads.short.load(Relaxed),
                blocked_reads: reads.blocked.load(Relaxed),
                interrupted_reads: reads.interrupted.load(Relaxed),
                short_writes: writes.short.load(Relaxed),
                blocked_writes: writes.blocked.load(Relaxed),
                interrupted_writes: writes.interrupted.load(Relaxed),
            }
        }

        pub(super) fn before_read<'buffer>(
            &self,
            socket: impl AsFd,
            buffer: &'buffer mut [u8],
        ) -> Result<&'buffer mut [u8], Errno> {
            self.refuse_some(&self.inner.reads)?;
            // A cut is a fault only if it leaves something behind.
            let waiting =
                ioctl_fionread(socket).map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(0));
            let length = self.cut_some(waiting.min(buffer.len()), &self.inner.reads).unwrap_or(buffer.len());
            Ok(&mut buffer[..length])
        }

        pub(super) fn before_write<'bytes>(&self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], Errno> {
            self.refuse_some(&self.inner.writes)?;
            let length = self.cut_some(bytes.len(), &self.inner.writes).unwrap_or(bytes.len());
            Ok(&bytes[..length])
        }

        pub(super) fn has_blocked(&self) -> bool {
            self.inner.has_blocked.swap(false, Relaxed)
        }

        /// One call in eight begins a storm, and in a storm seven in eight go on with it.
        fn refuse_some(&self, counts: &Counts) -> Result<(), Errno> {
            let so_far = self.inner.refusals_in_a_row.load(Relaxed);
            let random = self.random();
            let refused_of_eight = if so_far == 0 { 1 } else { 7 };
            if so_far >= LONGEST_STORM || random % 8 >= refused_of_eight {
                self.inner.refusals_in_a_row.store(0, Relaxed);
                return Ok(());
            }
            self.inner.refusals_in_a_row.store(so_far + 1, Relaxed);
            if (random >> 3).is_multiple_of(4) {
                counts.interrupted.fetch_add(1, Relaxed);
                return Err(Errno::INTR);
            }
            self.inner.has_blocked.store(true, Relaxed);
            counts.blocked.fetch_add(1, Relaxed);
            Err(Errno::AGAIN)
        }

        /// Cuts a third of those that can be cut, to a length from 1.
        fn cut_some(&self, length: usize, counts: &Counts) -> Option<usize> {
            let random = self.random();
            if length < 2 || !random.is_multiple_of(3) {
                return None;
            }
            counts.short.fetch_add(1, Relaxed);
            let most = length as u64 - 1;
            usize::try_from(1 + (random / 3) % most).ok()
        }

        /// `SplitMix64`: any number of threads may draw from it, each number comes once.
        fn random(&self) -> u64 {
            const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
            let mut bits = self.inner.random.fetch_add(STEP, Relaxed).wrapping_add(STEP);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^ (bits >> 31)
        }
    }

    impl FromStr for Shim {
        type Err = std::num::ParseIntError;

        fn from_str(seed: &str) -> Result<Self, Self::Err> {
            seed.parse().map(Shim::new)
        }
    }

    impl fmt::Display for Shim {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            let faults = self.faults();
            write!(
                formatter,
                "injected: short reads {}, blocked reads {}, interrupted reads {}, \
                 short writes {}, blocked writes {}, interrupted writes {}",
                faults.short_reads,
                faults.blocked_reads,
                faults.interrupted_reads,
                faults.short_writes,
                faults.blocked_writes,
                faults.interrupted_writes
            )
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    fn with_seed(seed: u64) -> Options {
        Options { shim: Some(Shim::new(seed)), ..Options::default() }
    }

    #[test]
    fn the_same_seed_brings_the_same_faults() {
        let lengths = |options: &Options| -> Vec<Option<usize>> {
            (0..1_000).map(|_| options.before_write::<Errno>(&[0; 100]).ok().map(<[u8]>::len)).collect()
        };
        assert_eq!(lengths(&with_seed(1)), lengths(&with_seed(1)));
        assert_ne!(lengths(&with_seed(1)), lengths(&with_seed(2)));
    }

    #[test]
    fn a_storm_passes() {
        let options = with_seed(1);
        let mut in_a_row = 0;
        for _ in 0..100_000 {
            in_a_row = if options.before_write::<Errno>(b"x").is_err() { in_a_row + 1 } else { 0 };
            assert!(in_a_row <= 8);
        }
    }

    #[test]
    fn a_short_read_leaves_bytes_behind_and_all_come_in_the_end() {
        let (mut client, mut server) = UnixStream::pair().unwrap();
        let options = with_seed(1);
        let mut buffer = [0; 4096];
        for _ in 0..100 {
            client.write_all(&[b'x'; 1_000]).unwrap();
            let mut received = 0;
            while received < 1_000 {
                let Ok(room) = options.before_read(&server, &mut buffer) else { continue };
                let is_cut = room.len() < 4096;
                received += server.read(room).unwrap();
                assert_eq!(is_cut, received < 1_000, "what is cut leaves something, what is not takes all");
            }
        }
        assert!(options.shim.unwrap().faults().short_reads > 0);
    }

    #[test]
    fn without_a_seed_there_are_no_faults() {
        let options = Options::default();
        for _ in 0..1_000 {
            assert_eq!(options.before_write::<Errno>(&[0; 100]).unwrap().len(), 100);
        }
        assert!(!options.shim_has_blocked());
    }
}
