//! The I/O shim: what a kernel may do at any read or write and hardly ever does, done on purpose and counted.
//!
//! strace makes a system call fail, but cannot make it move fewer bytes than it could. So the fault comes before
//! the call: the buffer is cut short, or the call is refused. `--shim SEED` asks
//! for it, in debug builds only; in release builds there is neither the option nor any code in here.

#[cfg(debug_assertions)]
pub(crate) mod faults;
pub(crate) mod operations;

use std::os::fd::AsFd;

use rustix::io::Errno;

use crate::options::Options;

/// What comes before each read from a connection and each write to it: the crate `sockets` calls them, and no model.
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
    ) -> Result<&'buffer mut [u8], Errno> {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            return shim.before_read(socket, buffer);
        }
        let _ = socket;
        Ok(buffer)
    }

    /// To be called before each write. Returns how much of these bytes may be written this time.
    ///
    /// # Errors
    /// What the write is to fail with.
    #[inline]
    pub fn before_write<'bytes>(&self, bytes: &'bytes [u8]) -> Result<&'bytes [u8], Errno> {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            return shim.before_write(bytes);
        }
        Ok(bytes)
    }

    /// Logs how many faults of each kind there were.
    #[cfg(not(loom))]
    pub(crate) fn log_faults(&self) {
        #[cfg(debug_assertions)]
        if let Some(shim) = &self.shim {
            tracing::info!("{shim}");
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::shim::faults::Shim;

    fn with_seed(seed: u64) -> Options {
        Options { shim: Some(Shim::new(seed)), ..Options::default() }
    }

    #[test]
    fn the_same_seed_brings_the_same_faults() {
        let lengths = |options: &Options| -> Vec<Option<usize>> {
            (0..1_000).map(|_| options.before_write(&[0; 100]).ok().map(<[u8]>::len)).collect()
        };
        assert_eq!(lengths(&with_seed(1)), lengths(&with_seed(1)));
        assert_ne!(lengths(&with_seed(1)), lengths(&with_seed(2)));
    }

    #[test]
    fn a_storm_passes() {
        let options = with_seed(1);
        let mut in_a_row = 0;
        for _ in 0..100_000 {
            in_a_row = if options.before_write(b"x").is_err() { in_a_row + 1 } else { 0 };
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
            assert_eq!(options.before_write(&[0; 100]).unwrap().len(), 100);
        }
    }
}
