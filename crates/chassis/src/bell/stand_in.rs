//! The bell of a shutdown without a system: a lock and a condition instead of a descriptor.
#![expect(clippy::unwrap_used, reason = "no lock of loom is ever poisoned")]

use std::io;

use crate::Shutdown;
use crate::sync::Mutex;

#[derive(Debug)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    heard: loom::sync::Condvar,
}

impl Bell {
    #[expect(clippy::unnecessary_wraps, reason = "the real one may find no descriptors")]
    pub(crate) fn new() -> io::Result<Bell> {
        Ok(Bell { rung: Mutex::new(false), heard: loom::sync::Condvar::new() })
    }

    pub(crate) fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.heard.notify_all();
    }
}

impl Shutdown {
    /// What `poll` on the descriptor does.
    pub fn wait_readable(&self) {
        let bell = &self.inner.bell;
        let mut rung = bell.rung.lock().unwrap();
        while !*rung {
            rung = bell.heard.wait(rung).unwrap();
        }
    }
}
