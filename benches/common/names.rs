//! The names of all benchmarks of all targets, and which of them the command line asks for.
//!
//! Criterion filters by a regular expression. Where a filter is one in earnest, with more than alternatives, every
//! benchmark may be meant here.

use chassis::Knob;
use concurrent_servers::models::{FLOORS, MODELS, Model, PRIMES};

/// The connections of the throughput benchmarks.
pub(crate) const CONNECTIONS: [usize; 3] = [1, 64, 512];
/// The idle clients beside which a greeting is awaited.
pub(crate) const IDLE: usize = 1_000;
/// The contents of a read.
pub(crate) const SHAPES: [&str; 7] = [
    "one-long-message",
    "62-byte-messages",
    "14-byte-messages",
    "5-byte-messages",
    "1-byte-messages",
    "random-delimiters",
    "idle-noise",
];
/// What transforms a read.
pub(crate) const CONTENDERS: [&str; 4] = ["vector", "byte-loop", "naive-loop", "memcpy"];
/// The first so many of them are engines: the others would say nothing new of short reads.
pub(crate) const ENGINES: usize = 2;
/// The size of a long read: the event-driven models' receive buffer.
pub(crate) const LARGE: usize = 64 * 1024;
/// Reads shorter than a block, or a little longer.
pub(crate) const SHORT: [usize; 13] = [1, 2, 4, 8, 16, 31, 32, 48, 63, 64, 65, 96, 128];

/// A small number alone.
pub(crate) const SMALL: &str = "small";
/// A small number while a big one is in work.
pub(crate) const BESIDE_BIG: &str = "beside-big";
/// A number that the cache knows.
pub(crate) const HIT: &str = "hit";

/// What is measured of the models of the prime service: each case, and the models that it is for.
pub(crate) fn work() -> impl Iterator<Item = (&'static str, &'static Model)> {
    let all = [SMALL, BESIDE_BIG].into_iter().flat_map(|case| PRIMES.iter().map(move |model| (case, model)));
    all.chain(with_a_cache().map(|model| (HIT, model)))
}

/// The models that can be told to look numbers up in a cache.
pub(crate) fn with_a_cache() -> impl Iterator<Item = &'static Model> {
    PRIMES.iter().filter(|model| model.knobs.contains(&Knob::Cache))
}

/// Options of criterion that take a value.
const WITH_VALUE: [&str; 19] = [
    "-b",
    "-c",
    "-s",
    "--baseline",
    "--baseline-lenient",
    "--color",
    "--confidence-level",
    "--format",
    "--load-baseline",
    "--measurement-time",
    "--noise-threshold",
    "--nresamples",
    "--output-format",
    "--plotting-backend",
    "--profile-time",
    "--sample-size",
    "--save-baseline",
    "--significance-level",
    "--warm-up-time",
];

/// Every benchmark.
pub(crate) fn all() -> impl Iterator<Item = String> {
    let long = SHAPES
        .iter()
        .flat_map(|shape| CONTENDERS.iter().map(move |name| format!("protocol/{shape}/{name}/{LARGE}")));
    let engines = CONTENDERS[..ENGINES].iter();
    let short = engines.flat_map(|name| SHORT.map(|size| format!("protocol/short/{name}/{size}")));
    let of_model = |model: &Model| {
        let name = model.name;
        let throughput = CONNECTIONS.map(|connections| format!("throughput/{name}/{connections}"));
        let others = [
            format!("roundtrip/{name}"),
            format!("connections/churn/{name}"),
            format!("connections/greeting-beside-{IDLE}-idle/{name}"),
        ];
        throughput.into_iter().chain(others)
    };
    let work = work().map(|(case, model)| format!("work/{case}/{}", model.name));
    let allocations = with_a_cache().map(|model| format!("allocations/{}", model.name));
    long.chain(short).chain(work).chain(allocations).chain(MODELS.iter().chain(FLOORS).flat_map(of_model))
}

/// The filter on the command line, if there is one.
pub(crate) fn filter(mut arguments: impl Iterator<Item = String>) -> Option<String> {
    while let Some(argument) = arguments.next() {
        if WITH_VALUE.contains(&argument.as_str()) {
            arguments.next();
        } else if !argument.starts_with('-') {
            return Some(argument);
        }
    }
    None
}

/// Whether the filter may match any benchmark at all.
pub(crate) fn may_match(filter: &str) -> bool {
    all().any(|name| is_meant(filter, &name))
}

/// Whether the filter may match this benchmark.
pub(crate) fn is_meant(filter: &str, name: &str) -> bool {
    let is_literal =
        |part: &str| !part.contains(['.', '*', '+', '?', '[', ']', '(', ')', '{', '}', '^', '$', '\\']);
    filter.split('|').any(|part| !is_literal(part) || name.contains(part))
}
