//! Wrong options are refused before anything is done, with the exit code 2 and the option's name.

use crate::tool::{loadgen, message};

#[test]
fn a_value_that_cannot_be_taken_as_it_is_names_its_option() {
    for (arguments, option) in [
        ("-c 0", "--connections"),
        ("-c 100001", "--connections"),
        ("-c 99999999999999999999", "--connections"),
        ("--threads 0", "--threads"),
        ("--threads 65", "--threads"),
        ("--idle 100001", "--idle"),
        ("--sources 0", "--sources"),
        ("--sources 251", "--sources"),
        ("--ramp 0,1", "--ramp"),
        ("--ramp 1,,2", "--ramp"),
        ("-p 0", "--payload"),
        ("-p 1048577", "--payload"),
        ("--depth 0", "--depth"),
        ("--depth 5000", "--depth"),
        ("--rate 0", "--rate"),
        ("--rate 0.5", "--rate"),
        ("--rate -1", "--rate"),
        ("--rate 10000001", "--rate"),
        ("--think 2m", "--think"),
        ("--think 900us", "--think"),
        ("--think 1500us", "--think"),
        ("--read-pause 2m", "--read-pause"),
        ("--read-pause 1ns", "--read-pause"),
        ("--read-pause 1ms --read-bytes 0", "--read-bytes"),
        ("--read-pause 1ms --read-bytes 65537", "--read-bytes"),
        ("--receive-buffer 0", "--receive-buffer"),
        ("--receive-buffer 1073741825", "--receive-buffer"),
        ("--warm-up 1us", "--warm-up"),
        ("--warm-up 2h", "--warm-up"),
        ("-t 0s", "--duration"),
        ("-t 999us", "--duration"),
        ("-t 2h", "--duration"),
        ("-t 1", "--duration"),
        ("-t -1s", "--duration"),
        ("--start-at 2020-01-01T00:00:00Z", "--start-at"),
        ("--start-at 2999-01-01T00:00:00Z", "--start-at"),
        ("--start-at tomorrow", "--start-at"),
        ("--service prime --numbers large", "--numbers"),
        ("--service prime --numbers small:0", "--numbers"),
        ("--service prime", "--numbers"),
        ("--numbers small", "--service"),
        ("--service prime --numbers small --churn", "--churn"),
        ("--service prime --numbers small --payload 3", "--payload"),
        ("--service prime --numbers small,small", "two kinds are named"),
        ("--service prime --numbers small:3x", "needs a weight"),
    ] {
        assert_refused(arguments, option);
    }
}

#[test]
fn options_that_exclude_or_need_each_other_are_named() {
    for (arguments, option) in [
        ("--threads 3 -c 2", "--threads"),
        ("-c 100000 --depth 1024", "--depth"),
        ("--ramp 1,100000 --depth 1024", "--depth"),
        ("--ramp 1,2 -c 3", "--connections"),
        ("--ramp 1,2 --hist-out x", "--hist-out"),
        ("--rate 5 --depth 2", "--depth"),
        ("--rate 5 --think 1ms", "--think"),
        ("--churn --rate 5", "--rate"),
        ("--churn --depth 2", "--depth"),
        ("--churn --think 1ms", "--think"),
        ("--churn --read-pause 1ms", "--read-pause"),
        ("--read-bytes 8", "--read-pause"),
        ("--read-pause 0ms --read-bytes 8", "--read-pause"),
        ("--seed 1", "--rate"),
        ("--arrivals poisson", "--rate"),
    ] {
        assert_refused(arguments, option);
    }
}

#[test]
fn source_addresses_are_for_a_server_on_an_ipv4_loopback_address() {
    let output = loadgen(&["[::1]:1", "--sources", "2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(message(&output).contains("--sources"), "{}", message(&output));
}

#[test]
fn an_address_is_needed() {
    let output = loadgen(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(message(&output).contains("<ADDR>"), "{}", message(&output));
}

fn assert_refused(arguments: &str, option: &str) {
    // Nothing listens on port 1, so whatever is taken ends with the exit code 1.
    let all: Vec<&str> = std::iter::once("127.0.0.1:1").chain(arguments.split_whitespace()).collect();
    let output = loadgen(&all);
    let message = message(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments}: {message}");
    assert!(message.starts_with("error: ") && message.contains(option), "{arguments}: {message}");
    assert!(output.stdout.is_empty(), "{arguments}");
}
