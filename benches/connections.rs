//! The cost of a new client.
//!
//! `connections/churn`: connections per second, one after the other, each complete: connect, greeting, one message,
//! close, the server's close.
//!
//! `connections/greeting-beside-1000-idle`: how long a client waits from connecting to its greeting, while
//! a thousand others are connected and silent. Only for servers that serve that many at once, by the registry's
//! `concurrency`, and not for the floors, which do not greet.
//!
//! ```sh
//! cargo bench --bench connections
//! cargo bench --bench connections -- churn
//! ```

mod common;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::client::{Batch, Client, greets};
use common::names::IDLE;
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};

fn main() {
    common::allow_many_connections();
    let mut criterion = common::criterion();
    churn(&mut criterion);
    greeting(&mut criterion);
    criterion.final_summary();
}

/// A connection that the client closes first keeps its port for a while. One address has some 28,000 ports on Linux,
/// which reuses them after a second on loopback, and fewer elsewhere. Each server has its own address, so one benchmark
/// does not use up the ports of the next.
fn churn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("connections/churn");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(1));
    for model in common::servers() {
        common::bench(
            &mut group,
            BenchmarkId::from_parameter(model.name),
            &format!("connections/churn/{}", model.name),
            model,
            |model| Ok((common::start(model)?, Batch::new(model, 1, 0)?)),
            |(server, message), iterations| {
                let start = Instant::now();
                for _ in 0..iterations {
                    let mut client = Client::connect(server.address(), model)?;
                    client.send(message)?;
                    client.receive(message)?;
                    client.close()?;
                }
                Ok(start.elapsed())
            },
        );
    }
}

fn greeting(criterion: &mut Criterion) {
    let name = format!("connections/greeting-beside-{IDLE}-idle");
    let mut group = criterion.benchmark_group(&name);
    group.sampling_mode(SamplingMode::Flat);
    for model in common::servers_for(IDLE + 1, &name) {
        if !greets(model) {
            common::skipped(&name, model, "because a floor does not greet");
            continue;
        }
        common::bench(
            &mut group,
            BenchmarkId::from_parameter(model.name),
            &format!("{name}/{}", model.name),
            model,
            |model| {
                let server = common::start(model)?;
                let idle = (0..IDLE).map(|_| Client::connect(server.address(), model));
                let idle: Vec<Client> =
                    idle.collect::<Result<_>>().with_context(|| format!("{IDLE} idle clients"))?;
                Ok((server, idle))
            },
            |(server, _idle), iterations| {
                let mut waited = Duration::ZERO;
                for _ in 0..iterations {
                    let start = Instant::now();
                    let client = Client::connect(server.address(), model)?;
                    waited += start.elapsed();
                    client.close()?;
                }
                Ok(waited)
            },
        );
    }
}
