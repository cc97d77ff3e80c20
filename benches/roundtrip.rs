//! The duration of one message: a round trip of 64 bytes on one connection, one message at a time.
//!
//! Nothing else runs, so this is the latency of an idle server: two wake-ups, four system calls, and what the model adds
//! to them.
//!
//! ```sh
//! cargo bench --bench roundtrip
//! cargo bench --bench roundtrip -- 'tokio|floor-epoll'
//! ```

mod common;

use std::time::Instant;

use common::client::{Batch, Client};
use criterion::BenchmarkId;

fn main() {
    let mut criterion = common::criterion();
    let mut group = criterion.benchmark_group("roundtrip");
    for model in common::servers() {
        common::bench(
            &mut group,
            BenchmarkId::from_parameter(model.name),
            &format!("roundtrip/{}", model.name),
            model,
            |model| {
                let server = common::start(model)?;
                let client = Client::connect(server.address(), model)?;
                Ok((server, client, Batch::new(model, 1, 0)?))
            },
            |(_server, client, message), iterations| {
                let start = Instant::now();
                for _ in 0..iterations {
                    client.send(message)?;
                    client.receive(message)?;
                }
                Ok(start.elapsed())
            },
        );
    }
    group.finish();
    criterion.final_summary();
}
