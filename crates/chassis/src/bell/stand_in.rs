//! The bell of a shutdown without a system: a lock and a condition instead of a descriptor.
#![expect(clippy::unwrap_used, reason = "no lock of loom is ever poisoned")]

use std::io;

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

impl Bell {
    /// What `poll` on the descriptor does.
    pub(crate) fn wait(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.heard.wait(rung).unwrap();
        }
    }
}
