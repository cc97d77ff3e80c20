//! One spelling of each address, and what is said of the others.

use super::*;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn refusal(text: &str) -> String {
    parse(text).expect_err(text)
}

#[test]
fn an_address_may_have_port_zero_a_name_or_six_groups() {
    for text in
        ["127.0.0.1:0", "[::1]:9090", "[2001:db8::1]:80", "0.0.0.0:9090", "[::]:9090", "10.20.30.40:65535"]
    {
        assert_eq!(parse(text).unwrap().all(), [address(text)]);
    }
    let localhost = parse("localhost:9090").unwrap();
    assert!(localhost.all().iter().all(|address| address.ip().is_loopback()), "{localhost:?}");
    assert_eq!(localhost.to_string(), "localhost:9090");
}

#[test]
fn an_ipv4_address_written_as_ipv6_is_the_ipv4_address() {
    for (text, meant) in [
        ("[::ffff:127.0.0.1]:9090", "127.0.0.1:9090"),
        ("[::ffff:7f00:1]:9090", "127.0.0.1:9090"),
        ("[::ffff:0.0.0.0]:9090", "0.0.0.0:9090"),
        ("[::ffff:192.168.1.1]:9090", "192.168.1.1:9090"),
    ] {
        let parsed = parse(text).unwrap();
        assert_eq!((parsed.all(), parsed.to_string()), ([address(meant)].as_slice(), text.to_owned()));
        assert_eq!(parsed.with(address(meant)), format!("{text} ({meant})"));
    }
    assert_eq!(Addresses::from(address("[::ffff:127.0.0.1]:1")).all(), [address("127.0.0.1:1")]);
}

#[test]
fn text_that_is_not_an_address_is_rejected_with_advice() {
    for text in [
        "abc",
        "127.0.0.1",
        "127.0.0.1:99999",
        "127.0.0.1:x",
        "127.0.0.1:",
        "127.0.0.1:-1",
        "127.0.0.1:80/",
        "127.0.0.1:http",
        "",
        " ",
        "9090",
        "127.0.0.1:9090 ",
        " 127.0.0.1:9090",
        "127.0.0.1 :9090",
        "127.0.0.1:9090\n",
        "http://127.0.0.1:9090",
        "[::1]",
        "[::1",
        "[]:80",
        "[::1]9090",
        "[localhost]:80",
        "a:b:c",
        "a..b:80",
        "exa mple:80",
        "bücher.example:80",
        "user@host:80",
        "127.0.0.1,127.0.0.2:80",
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains("127.0.0.1:9090, [::1]:9090 or localhost:9090"), "{text:?}: {refusal}");
    }
}

#[test]
fn a_form_that_programs_read_differently_is_refused_and_the_usual_one_named() {
    for (host, said) in [
        (
            "0127.0.0.1",
            "0127.0.0.1 is 87.0.0.1 for programs that read a leading zero as octal, and 127.0.0.1 for others",
        ),
        ("127.0.0.01", "write 127.0.0.1 if"),
        ("127.0.0.08", "write 127.0.0.8 if"),
        ("127.1", "write 127.0.0.1 if"),
        ("127.0.1", "write 127.0.0.1 if"),
        ("127.0x10.258", "write 127.16.1.2 if"),
        ("0x7f.1", "write 127.0.0.1 if"),
        ("0X7F.0.0.0x1", "write 127.0.0.1 if"),
        ("2130706433", "write 127.0.0.1 if"),
        ("017700000001", "write 127.0.0.1 if"),
        ("0", "write 0.0.0.0 if"),
        ("127.0.0.1.", "write 127.0.0.1 if"),
        ("256.0.0.1", "four numbers from 0 to 255"),
        ("127.0.0.256", "four numbers from 0 to 255"),
        ("1.2.3.4.5", "four numbers from 0 to 255"),
        ("4294967296", "four numbers from 0 to 255"),
        ("0x", "four numbers from 0 to 255"),
    ] {
        let refusal = refusal(&format!("{host}:9090"));
        assert!(refusal.contains(said), "{host}: {refusal}");
        assert_eq!(parse_host(host, None, 9090), Err(refusal));
    }
}

#[test]
fn a_port_has_one_spelling() {
    for (port, said) in
        [("+80", "as 80"), ("080", "as 80"), ("00", "as 0"), ("65536", "up to 65535"), ("8o", "up to")]
    {
        let refusal = refusal(&format!("127.0.0.1:{port}"));
        assert!(refusal.contains(said), "{port}: {refusal}");
        assert_eq!(parse_server_port(port), Err(refusal));
    }
    assert_eq!(parse_server_port("65535"), Ok(65_535));
}

#[test]
fn nobody_connects_to_port_zero() {
    for text in ["127.0.0.1:0", "localhost:0", "[::1]:0"] {
        assert!(parse_server(text).unwrap_err().contains("no server listens on port 0"), "{text}");
    }
    assert!(parse_server_port("0").is_err());
}

#[test]
fn a_missing_host_is_not_taken_for_every_address() {
    for text in [":9090", "*:9090", ":"] {
        let refusal = refusal(text);
        assert!(
            refusal.contains("127.0.0.1:9090, or 0.0.0.0:9090 for every IPv4 address"),
            "{text}: {refusal}"
        );
    }
}

#[test]
fn brackets_are_for_ipv6_and_colons_need_them() {
    for (text, said) in [
        ("[127.0.0.1]:80", "write 127.0.0.1:PORT"),
        ("::1:9090", "write [::1]:9090, or [::1:9090]:PORT"),
        ("::1", "write [::1]:PORT"),
        ("::", "write [::]:PORT"),
        ("1:2:3:4:5:6:7:8:80", "write [1:2:3:4:5:6:7:8]:80"),
        ("fe80::1%lo:9090", "write [fe80::1%lo]:9090"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(said), "{text}: {refusal}");
    }
}

#[test]
fn a_link_local_address_has_an_interface_and_no_other_address_has() {
    assert_eq!(parse("[fe80::1%1]:9090").unwrap().all(), [address("[fe80::1%1]:9090")]);
    for (text, said) in [
        ("[fe80::1]:9090", "[fe80::1%eth0]"),
        ("[fe80::1%]:9090", "[fe80::1%eth0]"),
        ("[fe80::1%0]:9090", "no network interface 0"),
        ("[fe80::1%no-such-one]:9090", "no network interface no-such-one"),
        ("[::1%lo]:9090", "write [::1]"),
        ("[::ffff:127.0.0.1%lo]:9090", "only link-local"),
        ("127.0.0.1%lo:9090", "neither a host name nor an IP address"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(said), "{text}: {refusal}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_interface_may_be_named() {
    // The loopback interface is the first one in each network namespace.
    assert_eq!(parse("[fe80::1%lo]:9090").unwrap().all(), [address("[fe80::1%1]:9090")]);
}

#[test]
fn an_address_of_many_hosts_is_refused() {
    for text in ["224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80", "[::ffff:224.0.0.1]:80"] {
        assert!(refusal(text).contains("for many hosts at once"), "{text}");
    }
}

#[test]
fn hosts_may_be_names_or_addresses_with_or_without_a_port() {
    let found = |host: &str, port| parse_host(host, port, 9090).unwrap();
    for (host, port, meant) in [
        ("127.0.0.2", Some(81), "127.0.0.2:81"),
        ("127.0.0.2:81", None, "127.0.0.2:81"),
        ("::1", None, "[::1]:9090"),
        ("[::1]", None, "[::1]:9090"),
        ("[::1]:81", None, "[::1]:81"),
        ("2001:db8::1", None, "[2001:db8::1]:9090"),
        ("::1:81", Some(80), "[::1:81]:80"),
    ] {
        assert_eq!(
            (found(host, port).all(), found(host, port).to_string()),
            ([address(meant)].as_slice(), meant.into())
        );
    }
    assert_eq!(found("localhost", None).to_string(), "localhost:9090");
}

#[test]
fn two_ports_and_an_ambiguous_one_are_refused() {
    let refused = |host: &str, port| parse_host(host, port, 9090).unwrap_err();
    assert_eq!(refused("127.0.0.1:80", Some(81)), "127.0.0.1:80 has a port already; leave the other one out");
    assert!(refused("::1:9090", None).contains("write [::1]:9090, or [::1:9090]:PORT"));
    assert!(refused("no host", Some(81)).contains("no spaces"));
    assert!(refused("127.0.0.1:0", None).contains("port 0"));
}

#[test]
fn an_unknown_name_is_told_from_a_wrong_form() {
    // A label has at most 63 characters, so the resolver asks no server for this one.
    let name = "a".repeat(64);
    let refusal = refusal(&format!("{name}:80"));
    assert!(refusal.starts_with(&format!("cannot find the address of {name}: ")), "{refusal}");
}

#[test]
fn an_address_is_kept_once() {
    let twice = ["[::1]:1", "127.0.0.1:1", "[::ffff:127.0.0.1]:1", "[::1]:1"].map(address);
    let addresses = Addresses::new("name:1", twice).unwrap();
    assert_eq!(addresses.all(), ["[::1]:1", "127.0.0.1:1"].map(address));
    assert_eq!(addresses.only(|address| address.is_ipv4()).unwrap().all(), [address("127.0.0.1:1")]);
    assert_eq!((addresses.only(|_| false), Addresses::new("nothing:1", [])), (None, None));
}
