//! What it says about itself.

use resp::Reply;

use crate::cache::{Cache, number};

/// The Redis that it answers like.
const LIKE: &str = "7.0.15";

/// The answer to INFO, with the names that Redis gives to these figures.
pub(crate) fn info(cache: &Cache) -> Reply {
    let Cache { counted, store, clients, .. } = cache;
    let lines = [
        "# Server".to_owned(),
        format!("redis_version:{LIKE}"),
        "redis_mode:standalone".to_owned(),
        format!("process_id:{}", std::process::id()),
        "# Clients".to_owned(),
        format!("connected_clients:{clients}"),
        "# Memory".to_owned(),
        format!("used_memory:{}", store.used()),
        format!("maxmemory:{}", store.most()),
        "maxmemory_policy:noeviction".to_owned(),
        "# Stats".to_owned(),
        format!("total_connections_received:{}", counted.connections),
        format!("total_commands_processed:{}", counted.commands),
        format!("keyspace_hits:{}", counted.hits),
        format!("keyspace_misses:{}", counted.misses),
        "# Replication".to_owned(),
        "role:master".to_owned(),
    ];
    Reply::bulk(lines.join("\r\n") + "\r\n")
}

/// The answer to HELLO, which asks for the version of the protocol. Clients that would rather speak RESP3 go on with RESP2,
/// as with an old Redis.
pub(crate) fn hello(words: &[Vec<u8>]) -> Reply {
    match words {
        [] => {}
        [version, rest @ ..] => match (number(version), rest) {
            (None, _) => return Reply::error("ERR Protocol version is not an integer or out of range"),
            (Some(2), []) => {}
            (Some(2), [option, ..]) => {
                let option = String::from_utf8_lossy(option);
                return Reply::error(&format!("ERR Syntax error in HELLO option '{option}'"));
            }
            (Some(_), _) => return Reply::error("NOPROTO unsupported protocol version"),
        },
    }
    Reply::Array(vec![
        Reply::bulk("server"),
        Reply::bulk("redis"),
        Reply::bulk("version"),
        Reply::bulk(LIKE),
        Reply::bulk("proto"),
        Reply::Integer(2),
        Reply::bulk("mode"),
        Reply::bulk("standalone"),
        Reply::bulk("role"),
        Reply::bulk("master"),
        Reply::bulk("modules"),
        Reply::Array(vec![]),
    ])
}
