//! The names of all benchmarks of all targets, and which of them the command line asks for.
//!
//! Criterion filters by a regular expression. Where a filter is one in earnest, with more than alternatives, every
//! benchmark may be meant here.

use concurrent_servers::models::{FLOORS, MODELS, Model};

/// The connections of the throughput benchmarks.
pub(crate) const CONNECTIONS: [usize; 3] = [1, 64, 512];
/// The idle clients beside which a greeting is awaited.
pub(crate) const IDLE: usize = 1_000;
/// The contents of a read.
pub(crate) const SHAPES: [&str; 3] = ["one-long-message", "14-byte-messages", "idle-noise"];
/// What transforms a read.
pub(crate) const CONTENDERS: [&str; 3] = ["session", "naive-loop", "memcpy"];
/// The sizes of a read: from a short message to the event-driven models' receive buffer.
pub(crate) const SIZES: [usize; 4] = [64, 1024, 16 * 1024, 64 * 1024];

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
    let protocol = SHAPES.iter().flat_map(|shape| {
        let contenders = CONTENDERS.iter();
        contenders.flat_map(move |name| SIZES.map(|size| format!("protocol/{shape}/{name}/{size}")))
    });
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
    protocol.chain(MODELS.iter().chain(FLOORS).flat_map(of_model))
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
