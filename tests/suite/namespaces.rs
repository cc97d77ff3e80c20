//! What the commands say on a machine without IPv6, loopback, routes, ports or descriptors, and which address of a name
//! they use there. The machine is a network namespace, which only root can make; elsewhere these tests are skipped.

use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// `localhost` as most machines have it.
const BOTH: &str =
    "printf '::1 localhost\n127.0.0.1 localhost\n' > $1/hosts; mount --bind $1/hosts /etc/hosts; ";

/// Each command that takes the address of a server, with arguments that make it short.
const CLIENTS: [&str; 5] = [
    "timeline -n 1 --fast=100",
    "client -n 1 --fast=100",
    "check --only A3",
    "load -q -c 1 --warm-up 1ms -t 300ms",
    "load -q -c 1 --warm-up 1ms -t 300ms --idle 1",
];

/// Runs a script in network and mount namespaces of its own, where the program is `$0` and an empty folder `$1`.
/// Returns what it printed; `None`, with a message, where that is not possible.
fn alone(script: &str) -> Option<String> {
    alone_with(&[], script)
}

/// The same for a script that needs these programs, too.
pub(crate) fn alone_with(programs: &[&str], script: &str) -> Option<String> {
    // What is still running at the end of the script ends with its process namespace.
    let namespaces = || {
        let mut command = Command::new("timeout");
        command.args(["60", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]);
        command
    };
    let possible =
        namespaces().arg("ip link set lo up && sysctl -q net.ipv6.conf.all.disable_ipv6=0").output();
    // What is not installed can be; not every machine lets a test be root.
    let missing: Vec<&str> = ["timeout", "unshare", "ip", "sysctl", "setpriv"]
        .iter()
        .chain(programs)
        .copied()
        .filter(|program| Command::new(program).arg("--version").output().is_err())
        .collect();
    if !missing.is_empty() || !possible.is_ok_and(|output| output.status.success()) {
        let is_refused = std::env::var_os("NO_SKIP").is_some() && !missing.is_empty();
        assert!(!is_refused, "NO_SKIP is set, and this would be skipped for want of {missing:?}");
        eprintln!("skipped: needs root with its own namespaces; programs not found: {missing:?}");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = namespaces().args([script, PROGRAM]).arg(folder.path()).output().unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// A part of a script: each command with this address, after each its exit code in a line `code N`.
fn every_client(address: &str) -> String {
    CLIENTS.iter().map(|client| format!("$0 {client} {address} 2>&1; echo code $?; ")).collect()
}

/// A part of a script: starts a server there, and goes on when it listens or has ended.
fn serve(address: &str) -> String {
    format!(
        "$0 serve mio --addr {address} > $1/log 2>&1 & server=$!; \
         until grep -qs 'listening on' $1/log; do kill -0 $server || break; done; cat $1/log; "
    )
}

fn assert_each_says(output: &str, said: &str) {
    assert_eq!(output.matches(said).count(), CLIENTS.len(), "{said}:\n{output}");
    assert_eq!(output.matches("code 1").count(), CLIENTS.len(), "{output}");
}

fn assert_each_succeeds(output: &str) {
    assert_eq!(output.matches("code 0").count(), CLIENTS.len(), "{output}");
}

#[test]
fn without_ipv6_every_command_says_so() {
    let script = "ip link set lo up; sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ".to_owned();
    let Some(output) = alone(&(script.clone() + &every_client("[::1]:9090"))) else { return };
    assert_each_says(
        &output,
        "cannot connect to [::1]:9090: Cannot assign requested address (os error 99): this machine has no IPv6; give an IPv4 address",
    );
    let Some(output) = alone(&(script + &serve("[::1]:9090"))) else { return };
    assert!(
        output.contains("cannot listen on [::1]:9090: ") && output.contains("this machine has no IPv6"),
        "{output}"
    );
}

#[test]
fn without_ipv6_a_name_is_its_ipv4_address() {
    let script = "ip link set lo up; sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ".to_owned() + BOTH;
    let found = script.clone() + &serve("localhost:9090") + &every_client("localhost:9090");
    let Some(output) = alone(&found) else { return };
    assert!(output.contains("listening on 127.0.0.1:9090\n"), "{output}");
    assert_each_succeeds(&output);
    let Some(output) = alone(&(script + &every_client("localhost:9090"))) else { return };
    for said in [
        "; [::1]:9090: Cannot assign requested address (os error 99): this machine has no IPv6",
        "; 127.0.0.1:9090: Connection refused (os error 111): nothing listens there",
        "; check the address, or start a server there first",
    ] {
        assert_each_says(&output, said);
    }
}

#[test]
fn with_ipv6_a_name_is_its_first_address_and_a_server_at_another_is_found() {
    let script = "ip link set lo up; ".to_owned() + BOTH;
    let first = script.clone() + &serve("localhost:9090") + &every_client("localhost:9090");
    let Some(output) = alone(&first) else { return };
    assert!(output.contains("listening on [::1]:9090\n"), "{output}");
    assert_each_succeeds(&output);
    for other in ["127.0.0.1:9090", "[::1]:9090"] {
        let found = script.clone() + &serve(other) + &every_client("localhost:9090");
        assert_each_succeeds(&alone(&found).unwrap());
    }
}

#[test]
fn a_name_whose_first_address_is_in_use_is_not_listened_on() {
    let script = "ip link set lo up; ".to_owned()
        + BOTH
        + &serve("[::1]:9090")
        + "$0 serve mio --addr localhost:9090 2>&1; echo code $?";
    let Some(output) = alone(&script) else { return };
    assert!(
        output.contains("cannot listen on [::1]:9090: ") && output.contains("stop the server"),
        "{output}"
    );
    assert!(output.contains("code 1"), "{output}");
}

#[test]
fn a_loopback_interface_that_is_down_a_missing_route_and_a_forbidden_one_are_told_apart() {
    for (setup, address, said) in [
        ("", "127.0.0.1:9090", "the loopback interface is down; run `ip link set lo up`"),
        (
            "ip link set lo up; ",
            "192.0.2.1:9090",
            "this machine has no route to that network; check the address and the routes",
        ),
        ("ip link set lo up; ", "[2001:db8::1]:9090", "this machine has no route to that network; check"),
        (
            "ip link set lo up; ip route add unreachable 192.0.2.0/24; ",
            "192.0.2.1:9090",
            "the host is down or not on its network",
        ),
        (
            "ip link set lo up; ip route add blackhole 192.0.2.0/24; ",
            "192.0.2.1:9090",
            "this machine has no route to that network; check",
        ),
        (
            "ip link set lo up; ip route add prohibit 192.0.2.0/24; ",
            "192.0.2.1:9090",
            "a prohibited route or a sandbox",
        ),
    ] {
        let Some(output) = alone(&(setup.to_owned() + &every_client(address))) else { return };
        assert_each_says(&output, said);
    }
}

#[test]
fn want_of_local_ports_is_not_taken_for_want_of_ipv6_or_of_a_server() {
    // Two ports for five connections.
    for address in ["127.0.0.1:9090", "[::1]:9090"] {
        let script = "ip link set lo up; sysctl -qw net.ipv4.ip_local_port_range='40000 40001'; ".to_owned()
            + &serve(address)
            + &format!("$0 client -n 5 --fast=100 {address} 2>&1; echo code $?");
        let Some(output) = alone(&script) else { return };
        assert!(output.contains(": local ports have run out; use fewer connections"), "{output}");
        assert!(output.contains("code 1") && !output.contains("no IPv6"), "{output}");
    }
}

#[test]
fn a_server_that_cannot_listen_says_why() {
    for (address, said) in [
        ("192.0.2.1:9090", "must be an address of this machine"),
        ("127.0.0.1:80", "ports below 1024 are privileged"),
        ("[fe80::1%7777]:9090", "there is no such network interface"),
    ] {
        // Without the capability, as most users are.
        let script = format!(
            "ip link set lo up; setpriv --bounding-set -net_bind_service --inh-caps -net_bind_service \
             sh -c '\"$0\" serve mio --addr {address}' $0 2>&1; echo code $?"
        );
        let Some(output) = alone(&script) else { return };
        assert!(output.contains(said) && output.contains("code 1"), "{address}: {output}");
    }
}

/// Churn leaves each port in `TIME_WAIT` for a minute, and the kernel is told not to take one sooner.
#[test]
fn churn_takes_the_source_addresses_it_needs_and_reports_what_it_measured_if_they_do_not_suffice() {
    // The second run ends when the ports do.
    for (options, code, said) in
        [("-t 300ms", 0, "errors: none"), ("--sources 1 -t 60s", 1, "local ports have run out")]
    {
        let script = "ip link set lo up; sysctl -qw net.ipv4.ip_local_port_range='40000 40199' net.ipv4.tcp_tw_reuse=0; "
            .to_owned()
            + &serve("127.0.0.1:9090")
            + &format!("$0 load -q --churn -c 4 --warm-up 0ms {options} 127.0.0.1:9090 2>&1; echo code $?");
        let Some(output) = alone(&script) else { return };
        assert!(output.contains(&format!("code {code}")) && output.contains(said), "{options}: {output}");
        let figures = output.lines().find(|line| line.contains(" messages, ")).unwrap_or_default();
        assert!(!figures.is_empty() && !figures.starts_with("0 messages"), "{options}: {output}");
    }
}
