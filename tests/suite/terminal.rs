//! A pseudoterminal: one end for a program, the other one for the test.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

pub(crate) struct Terminal {
    end: OwnedFd,
    /// Where the other end is.
    pub(crate) path: String,
}

impl Terminal {
    pub(crate) fn open() -> Terminal {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&end).unwrap();
        unlockpt(&end).unwrap();
        let path = ptsname(&end, Vec::new()).unwrap().into_string().unwrap();
        Terminal { end, path }
    }

    /// The end for a program.
    pub(crate) fn other_end(&self) -> File {
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(OFlags::NOCTTY.bits().cast_signed());
        options.open(&self.path).unwrap()
    }

    /// What programs have written to it, and nobody has read.
    pub(crate) fn text_so_far(&self) -> String {
        let flags = fcntl_getfl(&self.end).unwrap();
        fcntl_setfl(&self.end, flags | OFlags::NONBLOCK).unwrap();
        let (mut file, mut text) = (File::from(self.end.try_clone().unwrap()), Vec::new());
        match file.read_to_end(&mut text) {
            Ok(_) => {}
            // Empty, or the last program has closed the other end.
            Err(error) if error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(5) => {}
            Err(error) => panic!("{error}"),
        }
        String::from_utf8(text).unwrap()
    }
}
