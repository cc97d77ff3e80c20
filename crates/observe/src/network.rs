//! Figures of the kernel about this machine's network.

use crate::proc;

/// The first and the last ephemeral port; `None` if the kernel does not report them.
pub fn local_ports() -> Option<(u64, u64)> {
    parse_ports(&proc::machine("sys/net/ipv4/ip_local_port_range")?)
}

/// Whether a connection over loopback may take a port that an earlier one left in `TIME_WAIT` a second ago; `None` if the
/// kernel does not report it.
pub fn reuses_ports() -> Option<bool> {
    Some(proc::machine("sys/net/ipv4/tcp_tw_reuse")?.trim() != "0")
}

/// The number of SYNs retransmitted since this network namespace exists; `None` if the kernel does not report it.
pub fn retransmitted_syns() -> Option<u64> {
    parse_netstat(&proc::machine("net/netstat")?, "TCPSynRetrans")
}

fn parse_ports(range: &str) -> Option<(u64, u64)> {
    let mut bounds = range.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(first)), Some(Ok(last))) = (bounds.next(), bounds.next()) else { return None };
    Some((first, last))
}

/// One line has the names and the next one the figures.
fn parse_netstat(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt:")).map(str::split_whitespace);
    let (names, mut figures) = (lines.next()?, lines.next()?);
    let position = names.into_iter().position(|other| other == name)?;
    figures.nth(position)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_two_numbers() {
        assert_eq!(parse_ports("32768\t60999\n"), Some((32_768, 60_999)));
        assert_eq!(parse_ports("32768"), None);
    }

    #[test]
    fn a_network_figure_is_in_the_line_below_its_name() {
        let text = "TcpExt: SyncookiesSent TCPSynRetrans Other\nTcpExt: 1 17 3\nIpExt: In\nIpExt: 9\n";
        assert_eq!(parse_netstat(text, "TCPSynRetrans"), Some(17));
        assert_eq!(parse_netstat(text, "In"), None);
        assert_eq!(parse_netstat("", "In"), None);
    }
}
