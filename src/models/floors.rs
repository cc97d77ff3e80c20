//! The floors.

use conformance::{Concurrency, Service};

use super::Model;
use super::page::page;

/// The floors, which models are divided by: raw echo, no protocol, no limits. A separate list, because they are not
/// models.
pub const FLOORS: &[Model] = &[
    Model {
        name: "floor-threads",
        title: "raw echo, a blocking thread for each client",
        chapter: "-",
        lesson: "the cost of the kernel for models that block",
        service: Service::Echo,
        folder: "crates/server-floor",
        page: page!("crates/server-floor/src/on_threads.rs"),
        rung: None,
        concurrency: Concurrency::Many,
        knobs: &[],
        floor: None,
        serve: server_floor::on_threads::serve,
    },
    #[cfg(target_os = "linux")]
    Model {
        name: "floor-epoll",
        title: "raw echo, one readiness loop on plain system calls",
        chapter: "-",
        lesson: "the cost of the kernel for models that wait for readiness",
        service: Service::Echo,
        folder: "crates/server-floor",
        page: page!("crates/server-floor/src/on_epoll.rs"),
        rung: None,
        concurrency: Concurrency::Many,
        knobs: &[],
        floor: None,
        serve: server_floor::on_epoll::serve,
    },
    #[cfg(target_os = "linux")]
    Model {
        name: "floor-io-uring",
        title: "raw echo, one ring",
        chapter: "-",
        lesson: "the cost of the kernel for models that wait for completions",
        service: Service::Echo,
        folder: "crates/server-floor",
        page: page!("crates/server-floor/src/on_io_uring.rs"),
        rung: None,
        concurrency: Concurrency::Many,
        knobs: &[],
        floor: None,
        serve: server_floor::on_io_uring::serve,
    },
];
