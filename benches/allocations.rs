//! Allocations per request of the prime service, where the cache knows every number: what a style of code takes from the
//! allocator for the same steps.
//!
//! Each model serves in this process, whose allocator counts. The cache is a process of its own, and the one client uses two
//! buffers that it has from the start, so what is counted is the server's. Not a duration, so criterion has no part in it.
//!
//! ```sh
//! cargo bench --bench allocations
//! cargo bench --bench allocations -- allocations/prime-threads
//! ```

mod common;

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use chassis::{Options, Shutdown};
use common::names;
use concurrent_servers::models::Model;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use text::addresses;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Requests before anything is counted: connections to the cache are made, buffers have their size.
const WARM_UP: u32 = 1_000;
/// Requests that are counted: what happens once, such as a look at timeouts, is then a thousandth.
const COUNTED: u32 = 10_000;
/// A small prime, as a request.
const REQUEST: &[u8] = b"1000003\n";
const ANSWER: &[u8; 6] = b"prime\n";
/// Longer than a correct server needs for any action, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> Result<()> {
    common::refuse_a_filter_that_matches_nothing();
    if std::env::args().any(|argument| argument == "--list") {
        names::with_a_cache().for_each(|model| println!("allocations/{}: benchmark", model.name));
        return Ok(());
    }
    let filter = names::filter(std::env::args().skip(1));
    let is_meant = |model: &Model| {
        let name = format!("allocations/{}", model.name);
        filter.as_ref().is_none_or(|filter| names::is_meant(filter, &name))
    };
    for model in names::with_a_cache().filter(|model| is_meant(model)) {
        let counted = count(model).with_context(|| model.name)?;
        println!(
            "allocations/{}: {:.2} allocations and {:.0} bytes for each request",
            model.name, counted.allocations, counted.bytes
        );
    }
    Ok(())
}

/// For each request.
struct Counted {
    allocations: f64,
    bytes: f64,
}

fn count(model: &Model) -> Result<Counted> {
    let cache = common::start_cache()?;
    let cache_addresses =
        addresses::parse(&cache.address().to_string()).map_err(|error| anyhow!("{error}"))?;
    let options = Options { cache: Some(cache_addresses), ..Options::default() };
    let listener = chassis::listen(([127, 0, 0, 1], 0).into())?;
    let address = listener.local_addr()?;
    let shutdown = Shutdown::new()?;
    thread::scope(|scope| {
        let server = scope.spawn(|| (model.serve)(listener, &options, &shutdown));
        let counted = ask(&TcpStream::connect_timeout(&address, PATIENCE)?);
        shutdown.request();
        server.join().map_err(|_| anyhow!("the server panicked"))??;
        counted
    })
}

fn ask(mut stream: &TcpStream) -> Result<Counted> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut answer = [0; ANSWER.len()];
    let mut requests = |count: u32| -> Result<()> {
        for _ in 0..count {
            stream.write_all(REQUEST)?;
            stream.read_exact(&mut answer)?;
            ensure!(answer == *ANSWER, "the server answers {answer:?}");
        }
        Ok(())
    };
    requests(WARM_UP)?;
    let region = Region::new(ALLOCATOR);
    requests(COUNTED)?;
    let change = region.change();
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
    let for_each = |total: usize| total as f64 / f64::from(COUNTED);
    Ok(Counted {
        allocations: for_each(change.allocations + change.reallocations),
        bytes: for_each(change.bytes_allocated),
    })
}
