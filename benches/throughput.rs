//! How many messages a second: pipelined, on 1, 64 and 512 connections.
//!
//! One iteration is a *round*: each connection sends a batch of 32 messages and receives one. Batches are
//! sent one round ahead, so a server always has work while the client is elsewhere, and 64 messages at
//! most are in flight on a connection:
//!
//! ```text
//!            send 1 │ send 2, receive 1 │ send 3, receive 2 │ … │ receive n
//! ```
//!
//! That is about 4 KiB, far less than any socket buffers, so a client that does not read while it writes
//! cannot come to a deadlock. Connections are visited in turn: all get the same number of messages, and a
//! server that neglects one of them holds up the round.
//!
//! Which numbers of connections a server can take is the registry's `concurrency`: the sequential one takes
//! 1, a pool as many as it has workers, the others any. The rest is skipped, by name.
//!
//! ```sh
//! cargo bench --bench throughput
//! cargo bench --bench throughput -- tokio/512
//! ```

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use common::client::{Batch, Client};
use concurrent_servers::models::Model;
use criterion::{BenchmarkId, SamplingMode, Throughput};

const CONNECTIONS: [usize; 3] = [1, 64, 512];

/// Messages that a connection sends in one piece: half of what is in flight.
const BATCH: usize = 32;

fn main() {
    common::allow_many_connections();
    let mut criterion = common::criterion();
    let mut group = criterion.benchmark_group("throughput");
    // Rounds on many connections are long; samples of equal length keep to the time that is set.
    group.sampling_mode(SamplingMode::Flat);
    for connections in CONNECTIONS {
        group.throughput(Throughput::Elements((connections * BATCH) as u64));
        for model in common::servers_for(connections, "throughput") {
            common::bench(
                &mut group,
                BenchmarkId::new(model.name, connections),
                model,
                |model| {
                    let server = common::start(model)?;
                    let lines = connect(server.address(), model, connections)?;
                    Ok((server, lines))
                },
                |(_server, lines), rounds| pipeline(lines, rounds),
            );
        }
    }
    group.finish();
    criterion.final_summary();
}

/// A connection and what it sends.
type Line = (Client, Batch);

fn connect(address: SocketAddr, model: &Model, connections: usize) -> Result<Vec<Line>> {
    (0..connections)
        .map(|number| Ok((Client::connect(address, model)?, Batch::new(model, BATCH, number)?)))
        .collect()
}

/// So many rounds, from the first byte sent to the last one verified.
fn pipeline(lines: &mut [Line], rounds: u64) -> Result<Duration> {
    let start = Instant::now();
    for (client, batch) in &mut *lines {
        client.send(batch)?;
    }
    for round in 1..=rounds {
        for (client, batch) in &mut *lines {
            if round < rounds {
                client.send(batch)?;
            }
            client.receive(batch)?;
        }
    }
    Ok(start.elapsed())
}
