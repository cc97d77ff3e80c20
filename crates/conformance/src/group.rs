//! The process groups of programs that are not ours: whatever such a program starts ends with it.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, RawPid, Signal, kill_process_group};

/// The groups that exist, for [`kill_all`].
static EXISTING: Mutex<BTreeSet<RawPid>> = Mutex::new(BTreeSet::new());

/// The group of one program; killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group(Pid);

impl Group {
    /// Gives the program of this command a group of its own.
    pub(crate) fn lead(command: &mut Command) {
        command.process_group(0);
    }

    /// The group of a child that was started by such a command.
    pub(crate) fn of(child: &Child) -> Option<Group> {
        let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw)?;
        existing().insert(leader.as_raw_nonzero().get());
        Some(Group(leader))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // This fails only if no process is left in it.
        let _ = kill_process_group(self.0, Signal::KILL);
        existing().remove(&self.0.as_raw_nonzero().get());
    }
}

/// Kills every program that is not ours and everything that it has started: for a process that is about to end without
/// dropping its values, as on Ctrl-C.
pub fn kill_all() {
    for leader in existing().iter().filter_map(|leader| Pid::from_raw(*leader)) {
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// Each change is complete, so a poisoned lock holds a valid set.
fn existing() -> MutexGuard<'static, BTreeSet<RawPid>> {
    EXISTING.lock().unwrap_or_else(PoisonError::into_inner)
}
