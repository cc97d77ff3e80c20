//! Messages per second: pipelined, on 1, 64 and 512 connections.
//!
//! One iteration is a *round*: each connection sends a batch of 32 messages and receives one. Batches are sent one round
//! ahead, so a server always has work while the client handles other connections, and at most 64 messages are in flight
//! on a connection:
//!
//! ```text
//!            send 1 │ send 2, receive 1 │ send 3, receive 2 │ … │ receive n
//! ```
//!
//! That is about 4 KiB, far less than the socket buffers hold, so a client that does not read while it writes cannot
//! deadlock. Connections are served in turn: all get the same number of messages, and a server that neglects one of them
//! delays the round.
//!
//! The client is one thread that verifies every byte, and it may be the limit for a fast server: a model with the same
//! figure as its floor is no slower than this client can measure, and may be faster.
//!
//! How many connections a server takes is the registry's `concurrency`: the sequential one takes 1, a pool as many as it
//! has workers, the others any number. The rest is skipped, by name.
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
use common::names::CONNECTIONS;
use concurrent_servers::models::Model;
use criterion::{BenchmarkId, SamplingMode, Throughput};

/// Messages that a connection sends at once: half of those in flight.
const BATCH: usize = 32;

fn main() {
    common::allow_many_connections();
    let mut criterion = common::criterion();
    let mut group = criterion.benchmark_group("throughput");
    // Rounds on many connections are long; samples of equal length keep to the configured time.
    group.sampling_mode(SamplingMode::Flat);
    for connections in CONNECTIONS {
        group.throughput(Throughput::Elements((connections * BATCH) as u64));
        for model in common::servers_for(connections, "throughput") {
            common::bench(
                &mut group,
                BenchmarkId::new(model.name, connections),
                &format!("throughput/{}/{connections}", model.name),
                model,
                |model| {
                    let server = common::start(model)?;
                    let connected = connect(server.address(), model, connections)?;
                    Ok((server, connected))
                },
                |(_server, connected), rounds| pipeline(connected, rounds),
            );
        }
    }
    group.finish();
    criterion.final_summary();
}

/// A connection and what it sends.
type Connected = (Client, Batch);

fn connect(address: SocketAddr, model: &Model, connections: usize) -> Result<Vec<Connected>> {
    (0..connections)
        .map(|number| Ok((Client::connect(address, model)?, Batch::new(model, BATCH, number)?)))
        .collect()
}

/// Runs a number of rounds, from the first byte sent to the last one verified.
fn pipeline(connected: &mut [Connected], rounds: u64) -> Result<Duration> {
    let start = Instant::now();
    for (client, batch) in &mut *connected {
        client.send(batch)?;
    }
    for round in 1..=rounds {
        for (client, batch) in &mut *connected {
            if round < rounds {
                client.send(batch)?;
            }
            client.receive(batch)?;
        }
    }
    Ok(start.elapsed())
}
