//! `clients/loadgen/several-machines` as a user runs it: three machines load one server, and the sum is right. A machine is
//! a network namespace with a wire to the server's, and `ssh` is a script that runs a command there.

use std::collections::BTreeMap;

use crate::namespaces::alone_with;

const RECIPE: &str = include_str!("../../clients/loadgen/several-machines");

/// The machines, a server on an address that all of them reach, and `ssh`.
const SETUP: &str = r#"
    set -eu
    cd "$1"
    mkdir programs
    ln -s "$0" programs/concurrent-servers
    export PATH="$1/programs:$PATH"
    mount -t tmpfs none /run
    ip link set lo up
    ip address add 198.51.100.1/32 dev lo
    for n in 1 2 3; do
        ip netns add machine-$n
        ip link add to-$n type veth peer name wire netns machine-$n
        ip address add 192.0.2.$((4 * n + 1))/30 dev to-$n
        ip link set to-$n up
        ip -n machine-$n address add 192.0.2.$((4 * n + 2))/30 dev wire
        ip -n machine-$n link set wire up
        ip -n machine-$n route add default via 192.0.2.$((4 * n + 1))
        echo machine-$n >> machines
    done
    printf '%s\n' '#!/bin/sh' 'mkdir -p home/$1; cd home/$1; machine=$1; shift; exec ip netns exec $machine sh -c "$*"' > ssh
    chmod +x ssh
    concurrent-servers serve mio --addr 198.51.100.1:9090 > log 2>&1 & server=$!
    until grep -qs 'listening on' log; do kill -0 $server; done
"#;

/// Runs the recipe after the setup and some more preparation; `None` where that is not possible.
fn run(preparation: &str, options: &str) -> Option<String> {
    let script = format!(
        "{SETUP} {preparation}
         cat > several-machines <<'THE RECIPE'\n{RECIPE}\nTHE RECIPE
         code=0
         SSH=./ssh IN=8 sh several-machines machines 198.51.100.1:9090 {options} 2>&1 || code=$?
         echo \"code $code\"
         kill $server; wait $server || true; cat log
         for machine in $(cat machines); do echo \"MACHINE $machine\"; cat $machine.json; done
         [ ! -e all.hlog ] || concurrent-servers merge all.hlog --json | sed '1i MERGED'"
    );
    alone_with(&["parallel"], &script)
}

/// What follows each line that begins with `MACHINE`, as JSON, by machine.
fn outcomes(output: &str) -> BTreeMap<&str, serde_json::Value> {
    let (machines, _) = output.split_once("MERGED\n").unwrap_or((output, ""));
    let parts = machines.split("MACHINE ").skip(1).map(|part| part.split_once('\n').unwrap());
    parts.map(|(name, json)| (name, serde_json::from_str(json).unwrap())).collect()
}

#[test]
fn the_messages_of_the_sum_are_those_of_all_machines_and_those_that_the_server_counted() {
    // In an open loop without a warm-up each message that the server answers is one sample.
    let options = "--connections 4 --payload 50 --rate 500 --warm-up 0ms --duration 1s";
    let Some(output) = run("", options) else { return };
    let machines = outcomes(&output);
    assert_eq!(machines.len(), 3, "{output}");
    let mut sent = 0;
    for outcome in machines.values() {
        assert_eq!(
            (&outcome["connections"], &outcome["errors"]["by_kind"]),
            (&4.into(), &serde_json::json!({}))
        );
        assert_eq!(outcome["open_loop"]["due"], 500, "{output}");
        sent += outcome["latency"]["samples"].as_u64().unwrap();
    }
    let (_, merged) = output.split_once("MERGED\n").expect("a sum");
    let merged: Vec<serde_json::Value> =
        serde_json::from_str(merged).unwrap_or_else(|error| panic!("{error}: {output}"));
    assert_eq!((&merged[0]["tag"], &merged[0]["times"]["samples"]), (&"latency".into(), &sent.into()));
    // A reply has the 50 bytes of its payload, and each connection was greeted with one.
    assert_eq!(sent, 1_500);
    let counted = format!("accepted 12, answered {} bytes, completed 12, errors 0", sent * 50 + 12);
    assert!(output.contains(&counted), "{counted}: {output}");
}

#[test]
fn without_one_of_the_machines_there_is_no_sum_and_a_failure() {
    let Some(output) = run("ip -n machine-2 link set wire down", "--connections 1 --duration 100ms") else {
        return;
    };
    assert!(output.contains("machine-2\terror: cannot connect to 198.51.100.1:9090: "), "{output}");
    assert!(output.contains("machine-2.hlog") && !output.contains("MERGED"), "{output}");
    assert!(!output.contains("code 0\n"), "{output}");
}
