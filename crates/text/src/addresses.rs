//! Addresses as users type them: `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090`.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// The first address that `HOST:PORT` resolves to. A port of 0 is accepted; the caller decides whether it makes sense.
///
/// # Errors
/// The text has another form, or the host is unknown. The message says what to write instead, for a command line.
pub fn parse(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .map_err(|error| {
            format!("{error}; give HOST:PORT, such as 127.0.0.1:9090, [::1]:9090 or localhost:9090")
        })?
        .next()
        .ok_or_else(|| format!("{text} has no address"))
}

/// All addresses of a host: a name or an IP address with a separate port, or `HOST:PORT`. Without a port, the default
/// one is used.
///
/// # Errors
/// The host is unknown. The message names it and says what to give instead.
pub fn resolve(host: &str, port: Option<u16>, default_port: u16) -> io::Result<Vec<SocketAddr>> {
    let names_port = host.contains(':') && host.parse::<IpAddr>().is_err();
    let (shown, found) = match port {
        None if names_port => (host.to_owned(), host.to_socket_addrs()),
        port => {
            let port = port.unwrap_or(default_port);
            (format!("{host} port {port}"), (host, port).to_socket_addrs())
        }
    };
    let named = |error: io::Error| {
        let message = format!(
            "cannot find the address of {shown}; give a host name or an IP address, and a port: {error}"
        );
        io::Error::new(error.kind(), message)
    };
    Ok(found.map_err(named)?.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_may_have_port_zero_a_name_or_six_groups() {
        for text in ["127.0.0.1:0", "[::1]:9090"] {
            assert_eq!(parse(text), Ok(address(text)));
        }
        assert!(parse("localhost:9090").unwrap().ip().is_loopback());
    }

    #[test]
    fn text_that_is_not_an_address_is_rejected_with_advice() {
        for text in ["abc", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", ""] {
            assert!(parse(text).unwrap_err().contains("such as 127.0.0.1:9090"), "{text}");
        }
    }

    #[test]
    fn hosts_may_be_names_or_addresses_with_or_without_a_port() {
        let resolved = |host: &str, port| resolve(host, port, 9090).unwrap();
        assert_eq!(resolved("127.0.0.2", Some(81)), [address("127.0.0.2:81")]);
        assert_eq!(resolved("127.0.0.2:81", None), [address("127.0.0.2:81")]);
        assert_eq!(resolved("::1", None), [address("[::1]:9090")]);
        assert_eq!(resolved("[::1]:81", None), [address("[::1]:81")]);
    }

    #[test]
    fn an_impossible_host_is_named() {
        let error = resolve("no host", Some(81), 9090).unwrap_err().to_string();
        assert!(error.starts_with("cannot find the address of no host port 81; give a host"), "{error}");
    }
}
