//! The models of the prime service.

use conformance::{Concurrency, Service};

use super::Model;

/// The models of the prime service, in the order in which the series walks through them. A list of their own: what is about
/// echo does not apply to them, such as floors and the scenarios of `compare`.
pub const PRIMES: &[Model] = &[
    Model {
        name: "prime-threads",
        title: "a thread for each client, which also computes",
        chapter: "2, 4",
        lesson: "work behind a message holds up its own client alone, and nobody counts the threads that compute",
        service: Service::Primes,
        folder: "crates/prime-threads",
        concurrency: Concurrency::Many,
        knobs: prime_threads::KNOBS,
        floor: None,
        serve: prime_threads::serve,
    },
    Model {
        name: "prime-inline",
        title: "one loop, which computes where it stands",
        chapter: "4",
        lesson: "work inside the loop stalls everybody",
        service: Service::Primes,
        folder: "crates/prime-inline",
        concurrency: Concurrency::Many,
        knobs: prime_inline::KNOBS,
        floor: None,
        serve: prime_inline::serve,
    },
    Model {
        name: "prime-queue",
        title: "one loop, and a queue of work for threads beside it",
        chapter: "4",
        lesson: "the loop never computes; a queue of N threads stalls at N big numbers",
        service: Service::Primes,
        folder: "crates/prime-queue",
        concurrency: Concurrency::Many,
        knobs: prime_queue::KNOBS,
        floor: None,
        serve: prime_queue::serve,
    },
    Model {
        name: "prime-callbacks",
        title: "an event loop that calls back, and threads that compute",
        chapter: "4, 6",
        lesson: "each step stands inside the one before it, and so does each error",
        service: Service::Primes,
        folder: "crates/prime-callbacks",
        concurrency: Concurrency::Many,
        knobs: prime_callbacks::KNOBS,
        floor: None,
        serve: prime_callbacks::serve,
    },
];
