//! A pseudoterminal: one end for a program, the other one for the test.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs a command on a terminal with this many columns, and returns what it writes to both streams.
pub(crate) fn run_on_a_terminal(mut command: Command, columns: u16) -> (String, ExitStatus) {
    let terminal = Terminal::open();
    tcsetwinsize(&terminal.end, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let end = || terminal.other_end();
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop(command); // and with it our copies of its streams
    let reader = thread::spawn(move || terminal.text_to_the_end());
    let status = child.wait().unwrap();
    (reader.join().unwrap(), status)
}

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
        text(self.end.try_clone().unwrap())
    }

    /// Types a text, as a user would.
    pub(crate) fn type_in(&self, text: &str) {
        File::from(self.end.try_clone().unwrap()).write_all(text.as_bytes()).unwrap();
    }

    /// What programs write to it, until it ends with these words.
    ///
    /// # Panics
    /// If they have not come after a minute.
    pub(crate) fn text_until(&self, words: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut text = String::new();
        while !text.ends_with(words) {
            assert!(Instant::now() < deadline, "no {words:?} in {text:?}");
            text += &self.text_so_far();
            thread::yield_now();
        }
        text
    }

    /// What programs write to it, until the last one has closed the other end.
    fn text_to_the_end(self) -> String {
        text(self.end)
    }
}

fn text(end: OwnedFd) -> String {
    let mut text = Vec::new();
    match File::from(end).read_to_end(&mut text) {
        Ok(_) => {}
        // Empty, or the last program has closed the other end.
        Err(error) if error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(5) => {}
        Err(error) => panic!("{error}"),
    }
    String::from_utf8(text).unwrap()
}
