//! What the client's own machine allows, checked before the first connection rather than in the middle.

use std::fs;

use anyhow::{Context, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept free beside the connections: standard streams, epoll, a server's pipes, readings.
const RESERVED_DESCRIPTORS: u64 = 64;

/// Makes room for `connections` sockets to one address, or says what is missing.
pub(crate) fn make_room(connections: u64) -> anyhow::Result<()> {
    allow_descriptors(connections)?;
    // Where the range cannot be read, connecting will tell.
    if let Ok(range) = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range") {
        check_ports(connections, &range)?;
    }
    Ok(())
}

/// Raises the soft limit of open files as far as needed and allowed.
fn allow_descriptors(connections: u64) -> anyhow::Result<()> {
    let needed = connections + open_descriptors() + RESERVED_DESCRIPTORS;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|soft| soft >= needed) {
        return Ok(());
    }
    if let Some(hard) = limit.maximum.filter(|&hard| hard < needed) {
        bail!(
            "{connections} connections need {needed} file descriptors, but this process may open {hard}; \
             ask for fewer connections or raise the hard limit (ulimit -Hn)"
        );
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limit.maximum })
        .with_context(|| format!("cannot raise the limit of open files to {needed}; try ulimit -n {needed}"))
}

fn open_descriptors() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64)
}

/// `range` is the text of `ip_local_port_range`: the first and the last port that connections may take.
fn check_ports(connections: u64, range: &str) -> anyhow::Result<()> {
    let mut bounds = range.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(first)), Some(Ok(last))) = (bounds.next(), bounds.next()) else { return Ok(()) };
    let ports = (last + 1).saturating_sub(first);
    if connections > ports {
        bail!(
            "{connections} connections to one address need as many local ports, but {first} to {last} are \
             {ports}; ask for fewer connections or widen net.ipv4.ip_local_port_range"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_ports_are_told_with_both_numbers() {
        check_ports(28_232, "32768\t60999\n").unwrap();
        let message = check_ports(28_233, "32768\t60999\n").unwrap_err().to_string();
        assert!(message.contains("28233") && message.contains("28232"), "{message}");
    }

    #[test]
    fn too_few_descriptors_are_told_with_both_numbers() {
        let Some(hard) = getrlimit(Resource::Nofile).maximum else {
            eprintln!("skipped: the number of open files is not limited here");
            return;
        };
        let message = allow_descriptors(hard).unwrap_err().to_string();
        assert!(message.contains(&format!("may open {hard}")), "{message}");
    }
}
