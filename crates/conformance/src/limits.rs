//! The limits of the checking process itself.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many descriptors this process may open, after raising the soft limit to the hard limit.
pub(crate) fn descriptors_available() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok() {
        return maximum.unwrap_or(u64::MAX);
    }
    current.unwrap_or(u64::MAX)
}
