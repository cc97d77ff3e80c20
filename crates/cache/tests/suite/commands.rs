//! What each command is answered. Whether Redis answers alike is tested in `redis`.

use resp::Reply;

use crate::server::{SETTINGS, Server, ok};

#[test]
fn values_are_kept_until_they_are_replaced_or_deleted() {
    let server = Server::start(SETTINGS);
    let (mut one, mut other) = (server.client(), server.client());
    assert_eq!(one.answer("get primecache:7"), Reply::Nil);
    assert_eq!(one.answer("set primecache:7 prime"), ok());
    assert_eq!(other.answer("get primecache:7"), Reply::bulk("prime"));
    assert_eq!(other.answer("set primecache:7 composite"), ok());
    assert_eq!(one.answer("get primecache:7"), Reply::bulk("composite"));
    assert_eq!(one.answer("del primecache:7 primecache:8"), Reply::Integer(1));
    assert_eq!(other.answer("get primecache:7"), Reply::Nil);
}

#[test]
fn what_a_client_says_when_it_connects_is_answered() {
    let server = Server::start(SETTINGS);
    let mut client = server.client();
    for (command, expected) in [
        ("CLIENT SETINFO LIB-NAME redis-rs", ok()),
        ("CLIENT SETINFO LIB-VER 1.0.0", ok()),
        ("CLIENT SETNAME prime-async", ok()),
        ("SELECT 0", ok()),
        ("COMMAND DOCS", Reply::Array(vec![])),
        ("HELLO 3", Reply::error("NOPROTO unsupported protocol version")),
    ] {
        assert_eq!(client.answer(command), expected, "{command}");
    }
    let Reply::Array(hello) = client.answer("HELLO 2") else { panic!("no array") };
    assert_eq!(hello[4..6], [Reply::bulk("proto"), Reply::Integer(2)]);
}

#[test]
fn a_person_may_type_commands() {
    let server = Server::start(SETTINGS);
    let mut client = server.client();
    client.send(b"set 'a key' \"a \\x41 value\"\r\n\r\nget 'a key'\nquit\nping\n");
    assert_eq!(client.rest().unwrap(), b"+OK\r\n$9\r\na A value\r\n+OK\r\n");
}

#[test]
fn it_counts_lookups_under_the_names_of_redis() {
    let server = Server::start(SETTINGS);
    let mut client = server.client();
    client.ask(&["set a b", "get a", "get a", "get c", "info"]);
    (0..4).for_each(|_| _ = client.reply().unwrap());
    let Reply::Bulk(info) = client.reply().unwrap() else { panic!("no text") };
    let info = String::from_utf8(info).unwrap();
    for line in ["connected_clients:1", "keyspace_hits:2", "keyspace_misses:1", "total_commands_processed:5"]
    {
        assert!(info.lines().any(|found| found == line), "{line} in {info}");
    }
}
