//! The memory of an event-driven server per idle client.
//!
//! Measured from outside, as the growth of the process's private resident memory over thousands of idle
//! clients, each of which has been served once. The kernel's memory for a socket is not included; it is the same for
//! every model.
//!
//! This is a separate program because it raises its limit on open files, and because the gate also builds it with
//! optimisation.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use concurrent_servers::models;
use observe::{ServerProcess, usage};

/// The number for which the figures are stated, or as many as the limit on open files allows.
fn clients_to_open() -> usize {
    let _ = chassis::raise_descriptor_limit();
    chassis::default_max_connections().min(10_000)
}

/// Private resident memory of a process, in bytes.
fn private_memory(pid: u32) -> usize {
    usize::try_from(usage::read(pid).unwrap().anonymous_memory_bytes()).unwrap()
}

/// A client that has been greeted and answered once.
fn served_client(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    client.write_all(b"^a$").unwrap();
    let mut reply = [0; 2];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"*b");
    client
}

/// One measurement at a time, because two together would need twice the descriptors.
static DESCRIPTORS: Mutex<()> = Mutex::new(());

/// Bytes that each idle client adds.
fn bytes_per_idle_client(model: &str, arguments: &[&str]) -> usize {
    let _guard = DESCRIPTORS.lock().unwrap_or_else(PoisonError::into_inner);
    let program = Path::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    let server = ServerProcess::start(&models::command(program, model), arguments).unwrap();
    // Allocates buffers, threads and tables that do not depend on the number of clients.
    let _warm: Vec<TcpStream> = (0..16).map(|_| served_client(server.address())).collect();
    let before = private_memory(server.pid());
    let clients: Vec<TcpStream> = (0..clients_to_open()).map(|_| served_client(server.address())).collect();
    assert!(clients.len() >= 500, "too few descriptors to measure: raise `ulimit -n`");
    private_memory(server.pid()).saturating_sub(before) / clients.len()
}

#[test]
fn an_idle_client_costs_mio_at_most_64_bytes() {
    let bytes = bytes_per_idle_client("mio", &[]);
    assert!(bytes <= 64, "{bytes} bytes");
}

/// Beside that the kernel has its armed receive: `many_connections` prints what it holds for both ends of a connection.
#[test]
fn an_idle_client_costs_io_uring_at_most_64_bytes() {
    if let Some(reason) = models::find("io-uring").and_then(models::Model::missing) {
        println!("skipped: {reason}");
        return;
    }
    let bytes = bytes_per_idle_client("io-uring", &[]);
    assert!(bytes <= 64, "{bytes} bytes");
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "debug builds make tasks larger: cargo test --release --test idle_memory"
)]
fn an_idle_client_costs_tokio_at_most_a_kibibyte_on_either_runtime() {
    for runtime in ["multi-thread", "current-thread"] {
        let bytes = bytes_per_idle_client("tokio", &["--runtime", runtime]);
        assert!(bytes <= 1024, "{bytes} bytes on {runtime}");
    }
}
