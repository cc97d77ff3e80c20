//! The prime service: kinds of requests with figures of their own, each answer verified.
//!
//! The servers here are small and answer by trial division, which the load generator does not use itself.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::common::{patient, start};
use loadgen::{
    Arrivals, Dialect, ErrorKind, Kind, Load, Measurement, Numbers, OfKind, Outcome, Scenario, Share, run,
};
use prime::{Framing, Request, Requests};

fn kind(name: &str, numbers: Numbers, share: Share) -> Kind {
    Kind { name: name.to_owned(), numbers, share, cached: false }
}

fn near(name: &str, share: Share) -> Kind {
    kind(name, Numbers::Near { size: 10_000, count: 500, seed: 0 }, share)
}

fn scenario(connections: usize, duration_ms: u64, kinds: Vec<Kind>) -> Scenario {
    Scenario { dialect: Dialect::Primes, kinds, ..patient(connections, duration_ms) }
}

fn measured(address: SocketAddr, scenario: &Scenario) -> Measurement {
    run(address, scenario, |_| {}).expect("a run, whatever the server does")
}

fn of_kind<'outcome>(outcome: &'outcome Outcome, name: &str) -> &'outcome OfKind {
    outcome.kinds.iter().find(|kind| kind.name == name).unwrap()
}

/// Serves one connection; `distort` may change what is sent for the requests of one read, given their number.
fn serve(mut stream: &TcpStream, mut answer: impl FnMut(u64, &mut Vec<u8>)) -> io::Result<()> {
    let mut requests = Requests::new(Framing::Line);
    let (mut buffer, mut reply) = (vec![0; 4_000], Vec::new());
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        requests.receive(&buffer[..length]);
        reply.clear();
        while let Some(Request::Number(test)) = requests.take_next() {
            answer(test.number(), &mut reply);
        }
        stream.write_all(&reply)?;
    }
}

fn right(number: u64, reply: &mut Vec<u8>) {
    let mut test = prime::Test::new(number);
    loop {
        if let Some(verdict) = test.go_on() {
            return reply.extend_from_slice(verdict.answer());
        }
    }
}

pub(crate) fn server() -> SocketAddr {
    start(|stream, _| serve(&stream, right))
}

#[test]
fn in_a_closed_loop_each_kind_has_its_own_figures_and_they_add_up() {
    let kinds = vec![
        near("small", Share::Weight(3)),
        kind("given", Numbers::Given(vec![7, 8, u64::MAX - 58]), Share::Weight(1)),
        near("apart", Share::Clients(2)),
    ];
    // 2^64 - 59 is the largest prime; this server would take long.
    let quick = |number: u64, reply: &mut Vec<u8>| match number {
        18_446_744_073_709_551_557 => reply.extend_from_slice(b"prime\n"),
        _ => right(number, reply),
    };
    let address = start(move |stream, _| serve(&stream, quick));
    for (threads, depth) in [(1, 1), (2, 4)] {
        let scenario = Scenario { threads, depth, ..scenario(3, 100, kinds.clone()) };
        let Measurement { outcome, further_ns, latency_ns, .. } = measured(address, &scenario);
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        assert_eq!((outcome.connections, outcome.served, outcome.starved), (5, 5, 0));
        assert_eq!((outcome.unfinished, outcome.open_loop.is_some()), (0, false));
        let counted: u64 = outcome.kinds.iter().map(|kind| kind.messages).sum();
        assert_eq!(counted, outcome.messages);
        for kind in &outcome.kinds {
            assert!(kind.messages + kind.drained > 0, "{kind:?}");
            let samples = further_ns[&format!("{}.latency", kind.name)].len();
            assert_eq!(samples, kind.latency.unwrap().samples);
            // Those that were sent before the window are counted and not timed.
            let answered = kind.messages + kind.drained;
            assert!((answered.saturating_sub(12)..=answered).contains(&samples), "{kind:?}");
        }
        let samples: u64 =
            outcome.kinds.iter().filter_map(|kind| kind.latency).map(|times| times.samples).sum();
        assert_eq!(samples, latency_ns.len());
        let (small, given) = (of_kind(&outcome, "small").messages, of_kind(&outcome, "given").messages);
        assert!(small > given, "{small} and {given}: the weights are 3 and 1");
    }
}

#[test]
fn each_kind_sends_the_numbers_that_are_its_own_and_none_twice_before_all_were_asked() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let address = start(move |stream, _| {
        serve(&stream, |number, reply| {
            seen.lock().unwrap().push(number);
            right(number, reply);
        })
    });
    let some =
        |name: &str, count| kind(name, Numbers::Near { size: 1_000, count, seed: 0 }, Share::Weight(1));
    let load = Load::Open { rate: 1_000, arrivals: Arrivals::Uniform, seed: 0 };
    // 100 of each kind are due.
    let scenario =
        Scenario { load, threads: 2, ..scenario(4, 200, vec![some("many", 200), some("few", 30)]) };
    let outcome = measured(address, &scenario).outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    let mut asked = asked.lock().unwrap().clone();
    asked.sort_unstable();
    let requests = asked.len();
    asked.dedup();
    assert_eq!((requests, asked.len()), (200, 130));
    assert_eq!((of_kind(&outcome, "many").repeated, of_kind(&outcome, "few").repeated), (0, 70));
}

#[test]
fn in_an_open_loop_each_kind_has_a_schedule_of_its_own() {
    let load = Load::Open { rate: 1_000, arrivals: Arrivals::Uniform, seed: 0 };
    let own = Share::Rate { rate: 100, connections: 1, arrivals: Arrivals::Uniform };
    let kinds = vec![near("small", Share::Weight(9)), near("big", Share::Weight(1)), near("own", own)];
    let outcome = measured(server(), &Scenario { load, ..scenario(4, 200, kinds) }).outcome;
    let due = |name| of_kind(&outcome, name).open_loop.as_ref().unwrap().due;
    assert_eq!((due("small"), due("big"), due("own")), (180, 20, 20));
    assert_eq!(outcome.open_loop.as_ref().unwrap().due, 220);
    for kind in &outcome.kinds {
        let open = kind.open_loop.as_ref().unwrap();
        assert_eq!(kind.latency.unwrap().samples, open.due, "{kind:?}");
    }
}

#[test]
fn time_in_which_a_server_stalls_counts_from_when_a_number_was_due() {
    // The fifth request for 7 stalls its connection for as long as 20 more become due.
    let asked = AtomicU64::new(0);
    let address = start(move |stream, _| {
        serve(&stream, |number, reply| {
            if number == 7 && asked.fetch_add(1, Ordering::Relaxed) == 4 {
                thread::sleep(Duration::from_millis(200));
            }
            right(number, reply);
        })
    });
    let load = Load::Open { rate: 100, arrivals: Arrivals::Uniform, seed: 0 };
    let kinds = vec![
        kind("due", Numbers::Given(vec![7]), Share::Weight(1)),
        kind("beside", Numbers::Given(vec![8]), Share::Clients(1)),
    ];
    let outcome = measured(address, &Scenario { load, ..scenario(1, 300, kinds) }).outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert!(outcome.open_loop.is_none(), "the round trips of one kind are no response times");
    let due = of_kind(&outcome, "due").latency.unwrap();
    assert_eq!(due.samples, 30);
    // 21 of 30 wait for the stall, most of them for more than 20 ms.
    assert!(due.p50_ns >= 20_000_000 && due.max_ns >= 200_000_000, "{due:?}");
    let beside = of_kind(&outcome, "beside").latency.unwrap();
    assert!(beside.p50_ns < due.p50_ns, "{beside:?} {due:?}");
}

#[test]
fn an_answer_that_is_wrong_fails_the_connection_and_counts_for_its_kind() {
    let lies = |number: u64, reply: &mut Vec<u8>| match number {
        11 => reply.extend_from_slice(b"composite\n"),
        _ => right(number, reply),
    };
    let address = start(move |stream, _| serve(&stream, lies));
    let kinds = vec![
        kind("true", Numbers::Given(vec![7, 8]), Share::Weight(1)),
        kind("false", Numbers::Given(vec![11]), Share::Clients(3)),
    ];
    let outcome = measured(address, &scenario(2, 50, kinds)).outcome;
    assert_eq!(outcome.errors.count(ErrorKind::WrongByte), 3, "{:?}", outcome.errors);
    assert!(of_kind(&outcome, "true").errors.is_empty());
    let errors = &of_kind(&outcome, "false").errors;
    assert_eq!(errors.total(), 3);
    assert!(errors.first.as_ref().unwrap().contains("the answer to 11 must be \"prime\\n\""), "{errors:?}");
}

/// What a run finds on a server that answers the numbers of a read in this way.
fn errors_of(
    pipelined: usize,
    answer: impl Fn(u64, &mut Vec<u8>) + Send + Sync + 'static,
) -> loadgen::Errors {
    let address = start(move |stream, _| serve(&stream, |number, reply| answer(number, reply)));
    let kinds = vec![kind("some", Numbers::Given(vec![7, 8]), Share::Weight(1))];
    let scenario = Scenario { depth: pipelined, drain_ms: 50, ..scenario(1, 30_000, kinds) };
    measured(address, &scenario).outcome.errors
}

#[test]
fn swapped_further_and_foreign_answers_are_faults() {
    for (kind, answer) in [
        // The answer to the next number.
        (ErrorKind::WrongByte, (|number, reply| right(number + 1, reply)) as fn(u64, &mut Vec<u8>)),
        (ErrorKind::WrongByte, |_, reply| reply.extend_from_slice(b"error\n")),
        (ErrorKind::WrongByte, |number, reply| {
            right(number, reply);
            reply.insert(0, b'*');
        }),
        (ErrorKind::ExtraByte, |number, reply| {
            right(number, reply);
            right(number, reply);
        }),
    ] {
        let errors = errors_of(1, answer);
        assert_eq!((errors.count(kind), errors.total()), (1, 1), "{errors:?}");
    }
}

#[test]
fn a_server_that_stops_in_the_middle_of_an_answer_owes_it() {
    let address = start(move |stream, _| {
        serve(&stream, |number, reply| {
            right(number, reply);
            reply.truncate(4);
        })
    });
    let kinds = vec![kind("some", Numbers::Given(vec![7]), Share::Weight(1))];
    let scenario = Scenario { drain_ms: 20, ..scenario(1, 20, kinds) };
    let outcome = measured(address, &scenario).outcome;
    assert_eq!(outcome.errors.count(ErrorKind::MissingReply), 1, "{:?}", outcome.errors);
    assert!(outcome.errors.first.unwrap().contains("due for 7, after 4 of its bytes"));
}

#[test]
fn idle_clients_of_the_prime_service_are_not_starved() {
    let scenario = Scenario { idle: 20, ..scenario(2, 30, vec![near("some", Share::Weight(1))]) };
    let outcome = measured(server(), &scenario).outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!((outcome.connections, outcome.served, outcome.starved), (22, 2, 0));
}

#[test]
fn clients_whose_first_request_never_falls_due_are_not_starved() {
    let load = Load::Open { rate: 100, arrivals: Arrivals::Uniform, seed: 0 };
    let scenario = Scenario { load, ..scenario(50, 100, vec![near("some", Share::Weight(1))]) };
    let outcome = measured(server(), &scenario).outcome;
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert!(outcome.served < outcome.connections, "{} of {}", outcome.served, outcome.connections);
    assert_eq!(outcome.starved, 0);
}

#[test]
fn a_kind_without_clients_takes_no_part() {
    let kinds = vec![near("some", Share::Weight(1)), near("none", Share::Clients(0))];
    let outcome = measured(server(), &scenario(2, 30, kinds)).outcome;
    let none = of_kind(&outcome, "none");
    assert_eq!((none.messages, none.latency, outcome.connections), (0, None, 2));
}
