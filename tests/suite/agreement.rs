//! The load generator against a second client that shares no code with it: both load one server in turn, and what one
//! counts and measures, the other does, too.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use loadgen::{Phase, Scenario};
use observe::usage::{self, Reading};
use rustix::process::Signal;

use self::second_client::Load;
use crate::process::{Server, serve};

mod second_client;

/// How far the figures of the two clients may be apart.
const AGREES_WITHIN: f64 = 0.03;

/// Each client loads the server twice in a block, in the order A B B A: what grows or shrinks steadily cancels out.
const BLOCKS: usize = 36;

/// One slice of load, and what the server used for it.
#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    messages: u64,
    drained: u64,
    elapsed: Duration,
    cpu: Duration,
}

impl Slice {
    fn and(self, other: Slice) -> Slice {
        Slice {
            messages: self.messages + other.messages,
            drained: self.drained + other.drained,
            elapsed: self.elapsed + other.elapsed,
            cpu: self.cpu + other.cpu,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a slice are far below 2^53")]
    fn rate(self) -> f64 {
        self.messages as f64 / self.elapsed.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a slice are far below 2^53")]
    fn cpu_per_message(self) -> f64 {
        self.cpu.as_secs_f64() / (self.messages + self.drained) as f64
    }
}

fn read(server: &Server) -> Reading {
    usage::read(server.child.id()).unwrap()
}

fn from_load_generator(server: &Server, load: &Load) -> Slice {
    let scenario = Scenario {
        threads: load.connections,
        connections: load.connections,
        depth: load.depth,
        payload_bytes: load.payload,
        warm_up_ms: 0,
        duration_ms: load.length.as_millis().try_into().unwrap(),
        ..Scenario::default()
    };
    let mut used = Vec::new();
    let measurement = loadgen::run(server.address, &scenario, |phase| {
        if matches!(phase, Phase::Measuring | Phase::Closing) {
            used.push(read(server));
        }
    });
    let outcome = measurement.unwrap().outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    Slice {
        messages: outcome.messages,
        drained: outcome.drained,
        elapsed: Duration::from_nanos(outcome.elapsed_ns),
        cpu: cpu_between(&used),
    }
}

fn from_second_client(server: &Server, load: &Load) -> Slice {
    let mut used = Vec::new();
    let counts = second_client::run(server.address, load, || used.push(read(server))).unwrap();
    Slice {
        messages: counts.iter().map(|count| count.messages).sum(),
        drained: counts.iter().map(|count| count.drained).sum(),
        elapsed: counts.iter().map(|count| count.elapsed).max().unwrap(),
        cpu: cpu_between(&used),
    }
}

/// CPU time from the first to the last of these moments.
fn cpu_between(moments: &[Reading]) -> Duration {
    let (first, last) = (moments.first().unwrap(), moments.last().unwrap());
    Duration::from_nanos(last.since(first).cpu_ns)
}

/// What each client got in one block, the load generator first.
fn block(server: &Server, load: &Load) -> [Slice; 2] {
    let first = from_load_generator(server, load);
    let others = from_second_client(server, load).and(from_second_client(server, load));
    [first.and(from_load_generator(server, load)), others]
}

#[test]
fn the_server_counts_as_many_bytes_as_both_clients_together() {
    let mut command = serve("mio", &[]);
    command.stderr(Stdio::piped());
    let server = Server::start(command);
    let (mut messages, mut connections) = (0, 0);
    for depth in [1, 64] {
        let load = Load { connections: 1, depth, payload: 64, length: Duration::from_millis(50) };
        for client in block(&server, &load) {
            assert!(client.messages >= 2 && client.elapsed >= 2 * load.length, "{client:?}");
            messages += client.messages + client.drained;
            connections += 2;
        }
    }
    server.signal(Signal::TERM);
    let (_, log) = server.end();
    // A reply has the 64 bytes of its payload, and each connection was greeted with one.
    let counted = format!("accepted {connections}, answered {} bytes, ", messages * 64 + connections);
    assert!(log.contains(&counted), "{counted}: {log}");
}

#[test]
fn the_second_client_notices_a_wrong_byte_and_one_too_many() {
    for (reply, errors) in [
        (&b"\0_#\x01"[..], ["a reply is wrong"; 2]),
        // The last byte may arrive with the others or by itself.
        (b"\0_$\x01!", ["5 bytes arrived, but 4 were due", "1 bytes arrived, but 0 were due"]),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"*").unwrap();
            stream.read_exact(&mut [0; 6]).unwrap();
            stream.write_all(reply).unwrap();
            // Until the client has closed its side.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let load = Load { connections: 1, depth: 1, payload: 4, length: Duration::ZERO };
        let error = second_client::run(address, &load, || {}).unwrap_err().to_string();
        assert!(errors.contains(&error.as_str()), "{error}");
        server.join().unwrap();
    }
}

/// `cargo test --release --test suite -- --ignored --nocapture agree` prints the figures.
#[test]
#[ignore = "a measurement: a minute, on a machine that does nothing else"]
fn rates_and_cpu_per_message_agree() {
    let mut disagreements = Vec::new();
    for (model, connections, depth) in
        [("mio", 1, 1), ("mio", 1, 64), ("thread-per-conn", 1, 1), ("thread-per-conn", 4, 1)]
    {
        let server = Server::start(serve(model, &[]));
        let load = Load { connections, depth, payload: 64, length: Duration::from_millis(150) };
        block(&server, &load);
        let blocks: Vec<[Slice; 2]> = (0..BLOCKS).map(|_| block(&server, &load)).collect();
        for (figure, of) in [
            ("messages per second", Slice::rate as fn(Slice) -> f64),
            ("server CPU per message", Slice::cpu_per_message),
        ] {
            let ratio = Ratio::of(blocks.iter().map(|[generator, second]| of(*generator) / of(*second)));
            let line = format!("{model}, {connections} x {depth}: {figure}: {ratio}");
            println!("{line}");
            // Threads that outnumber the CPUs preempt each other: what that costs the server is the scheduler's choice.
            let is_judged = connections == 1;
            if is_judged && (ratio.median - 1.0).abs() > AGREES_WITHIN {
                disagreements.push(line);
            }
        }
    }
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

/// The load generator's figure divided by the second client's.
struct Ratio {
    /// Over the blocks: other programs spoil some of them, and then it is not the mean that is of interest.
    median: f64,
    /// Its 95 % confidence interval from the order of the blocks, in the normal approximation.
    interval: [f64; 2],
}

impl Ratio {
    fn of(ratios: impl Iterator<Item = f64>) -> Ratio {
        let mut ratios: Vec<f64> = ratios.collect();
        ratios.sort_by(f64::total_cmp);
        let half = BLOCKS / 2;
        let apart = BLOCKS.isqrt();
        Ratio { median: ratios[half], interval: [ratios[half - apart], ratios[half + apart]] }
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (median, [low, high]) = (self.median, self.interval);
        write!(formatter, "{median:.3} times the second client's, {low:.3} to {high:.3}")
    }
}
