//! Which address is tried for how long, and what is said if none works.

use rustix::io::Errno;

use super::*;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn both() -> Addresses {
    Addresses::new("localhost:9090", ["[::1]:9090", "127.0.0.1:9090"].map(address)).unwrap()
}

fn system(errno: Errno) -> io::Error {
    errno.into()
}

fn cause(errno: Errno, to: &str) -> Cause {
    Cause::of(&system(errno), address(to))
}

#[test]
fn the_first_address_that_works_is_taken_and_no_other_is_tried() {
    let mut tried = Vec::new();
    let connected = both().try_each(Duration::from_secs(10), |address, _| {
        tried.push(address);
        Ok(tried.len())
    });
    assert_eq!(connected, Ok((address("[::1]:9090"), 1)));
}

#[test]
fn an_address_that_fails_is_followed_by_the_next() {
    let connected = both().try_each(Duration::from_secs(10), |address, _| {
        if address.is_ipv6() { Err(system(Errno::CONNREFUSED)) } else { Ok("connected") }
    });
    assert_eq!(connected, Ok((address("127.0.0.1:9090"), "connected")));
}

#[test]
fn an_address_that_does_not_answer_leaves_time_for_the_others() {
    let ten_seconds = Duration::from_secs(10);
    let mut shares = Vec::new();
    let failure = both().try_each(ten_seconds, |_, share| {
        shares.push(share);
        Err::<(), _>(io::ErrorKind::TimedOut.into())
    });
    assert!(failure.is_err() && shares[0] <= ten_seconds / 2, "{shares:?}");
    // The first one failed at once, so the second one gets the rest.
    assert!(shares[1] > ten_seconds / 2 && shares[1] <= ten_seconds, "{shares:?}");
    let nothing_left = both().try_each(Duration::ZERO, |_, share| Ok(share));
    assert_eq!(nothing_left, Ok((address("[::1]:9090"), SHORTEST_ATTEMPT)));
}

#[test]
fn a_single_address_is_named_once_with_cause_and_remedy() {
    let refused = |addresses: &Addresses| {
        let failure = addresses.try_each(Duration::ZERO, |_, _| Err::<(), _>(system(Errno::CONNREFUSED)));
        failure.unwrap_err().to_string()
    };
    let message = refused(&address("127.0.0.1:9090").into());
    assert!(message.starts_with("cannot connect to 127.0.0.1:9090: Connection refused"), "{message}");
    assert!(
        message.ends_with(": nothing listens there; check the address, or start a server there first"),
        "{message}"
    );
    let message = refused(&both().only(|address| address.is_ipv4()).unwrap());
    assert!(message.starts_with("cannot connect to localhost:9090 (127.0.0.1:9090): "), "{message}");
}

#[test]
fn of_several_addresses_each_is_named_and_the_remedy_is_not_for_want_of_ipv6() {
    let addresses = both();
    let attempts = addresses.all().iter().map(|&address| {
        let (cause, errno) = match address {
            SocketAddr::V6(_) => (Cause::NoIpv6, Errno::ADDRNOTAVAIL),
            SocketAddr::V4(_) => (Cause::Refused, Errno::CONNREFUSED),
        };
        Attempt { address, cause, error: system(errno).to_string() }
    });
    let failure = CannotConnect { attempts: attempts.collect(), addresses: addresses.clone() };
    assert_eq!(failure.decisive().map(|attempt| attempt.cause), Some(Cause::Refused));
    let message = failure.to_string();
    for part in [
        "cannot connect to localhost:9090; [::1]:9090: ",
        ": this machine has no IPv6; 127.0.0.1:9090: ",
        ": nothing listens there; ",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(message.ends_with(Cause::Refused.remedy()), "{message}");
}

#[test]
fn errors_of_the_system_are_told_apart() {
    const HERE: &str = "127.0.0.1:80";
    const THERE: &str = "192.0.2.1:80";
    for (errno, to, expected) in [
        (Errno::CONNREFUSED, HERE, Cause::Refused),
        (Errno::TIMEDOUT, HERE, Cause::QueueFull),
        (Errno::TIMEDOUT, "[::1]:80", Cause::QueueFull),
        (Errno::TIMEDOUT, "0.0.0.0:80", Cause::QueueFull),
        (Errno::TIMEDOUT, THERE, Cause::NoAnswer),
        (Errno::CONNRESET, THERE, Cause::Closed),
        (Errno::NETUNREACH, THERE, Cause::NoRoute),
        (Errno::NETUNREACH, "[2001:db8::1]:80", Cause::NoRoute),
        (Errno::NETUNREACH, HERE, Cause::LoopbackDown),
        (Errno::HOSTUNREACH, THERE, Cause::HostUnreachable),
        (Errno::ADDRNOTAVAIL, THERE, Cause::NoPorts),
        (Errno::ADDRINUSE, HERE, Cause::NoPorts),
        (Errno::MFILE, HERE, Cause::NoDescriptors),
        (Errno::NFILE, HERE, Cause::NoDescriptors),
        (Errno::NOBUFS, HERE, Cause::NoMemory),
        (Errno::ACCESS, THERE, Cause::Forbidden),
        (Errno::PERM, THERE, Cause::Forbidden),
        (Errno::INVAL, THERE, Cause::NoRoute),
        (Errno::BADF, THERE, Cause::Other),
    ] {
        assert_eq!(cause(errno, to), expected, "{errno:?} at {to}");
    }
    let no_number = io::Error::new(io::ErrorKind::TimedOut, "connection timed out");
    assert_eq!(Cause::of(&no_number, address(HERE)), Cause::QueueFull);
}

#[test]
fn want_of_ipv6_is_told_from_want_of_ports() {
    let expected = if has_ipv6() { Cause::NoPorts } else { Cause::NoIpv6 };
    assert_eq!(cause(Errno::ADDRNOTAVAIL, "[::1]:80"), expected);
    assert_eq!(cause(Errno::ADDRNOTAVAIL, "[::ffff:127.0.0.1]:80"), Cause::NoPorts);
}

#[test]
fn only_limits_of_this_machine_are_ours() {
    for ours in [Cause::NoPorts, Cause::NoDescriptors, Cause::NoMemory] {
        assert!(ours.is_ours(), "{ours:?}");
    }
    for not_ours in
        [Cause::Refused, Cause::QueueFull, Cause::NoAnswer, Cause::NoIpv6, Cause::Forbidden, Cause::Other]
    {
        assert!(!not_ours.is_ours(), "{not_ours:?}");
    }
}
