//! Every model that takes `--cache`, as a process, with the stand-in and with a real Redis: what is stored is answered, what
//! is not is tested, and whatever is wrong with the cache the answers are right.

mod caches;
#[path = "../../crates/cache/tests/suite/real.rs"]
mod real;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use chassis::Knob;
use concurrent_servers::models::{Model, PRIMES};
use rustix::process::Signal;

use crate::process::{PATIENCE, Server, serve};
use caches::{Cache, Fault};

/// Takes minutes.
const HUGE: &str = "18446744073709551557";

/// What each of these warnings says.
const WARNING: &str = "the cache does not help";

fn models() -> impl Iterator<Item = &'static Model> {
    PRIMES.iter().filter(|model| model.knobs.contains(&Knob::Cache))
}

/// A model, and one client of it.
struct Subject {
    server: Server,
    client: BufReader<TcpStream>,
    started: Instant,
}

impl Subject {
    fn start(model: &Model, cache: &Cache) -> Subject {
        let mut command = serve(model.name, &["--cache", &cache.address.to_string()]);
        command.stderr(Stdio::piped());
        let server = Server::start(command);
        Subject { client: connect(&server), server, started: Instant::now() }
    }

    fn ask(&mut self, number: &str) -> String {
        self.client.get_mut().write_all(format!("{number}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.client.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    /// Stops it. Returns its log, and how many whole seconds it has run at most.
    fn end(self) -> (String, u64) {
        let Subject { server, client, started } = self;
        server.signal(Signal::TERM);
        drop(client);
        let (status, log) = server.end();
        assert_eq!(status.code(), Some(0), "{log}");
        (log, started.elapsed().as_secs() + 1)
    }
}

fn connect(server: &Server) -> BufReader<TcpStream> {
    let client = TcpStream::connect(server.address).unwrap();
    client.set_nodelay(true).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(client)
}

/// Every model with a cache of each kind, side by side.
fn with_each(test: impl Fn(&Model, &mut Cache) + Sync) {
    let test = &test;
    thread::scope(|scope| {
        for model in models() {
            scope.spawn(move || {
                for mut cache in Cache::all() {
                    test(model, &mut cache);
                }
            });
        }
    });
}

#[test]
fn every_model_of_the_prime_service_takes_a_cache() {
    assert_eq!(models().count(), PRIMES.len());
}

#[test]
fn a_hit_is_answered_from_the_cache_and_a_miss_is_tested_and_stored() {
    with_each(|model, cache| {
        let at = format!("{} with {}", model.name, cache.name());
        cache.plant();
        let mut subject = Subject::start(model, cache);
        for (number, answer, key, value) in [
            ("9", "prime", "9", "prime"),
            ("97", "prime", "97", "prime"),
            ("91", "composite", "91", "composite"),
            ("007", "prime", "7", "prime"),
            ("00000000000000000009", "prime", "9", "prime"),
            ("0", "composite", "0", "composite"),
        ] {
            assert_eq!(subject.ask(number), answer, "{at}: {number}");
            assert_eq!(cache.ask(&format!("get primecache:{key}")), value, "{at}: {number}");
        }
        assert_eq!(cache.ask("dbsize"), ":5", "{at}: a number has one key, however it is spelt");
        assert_eq!(subject.ask("x"), "error", "{at}");
        assert_eq!(cache.ask("dbsize"), ":5", "{at}: what is no number is not looked up");
        let (log, _) = subject.end();
        assert!(!log.contains(WARNING), "{at}: {log}");
    });
}

/// Plays one fault with every model: right answers while it lasts, with a warning, and the cache is used afterwards.
fn survives(fault: Fault, cause: &str) {
    with_each(|model, cache| {
        if !cache.can(fault) {
            return;
        }
        let at = format!("{} with {}, {fault:?}", model.name, cache.name());
        cache.plant();
        let mut subject = Subject::start(model, cache);
        // One that is away has been away from the start: `Reset` is what goes wrong later.
        if fault != Fault::Away {
            assert_eq!(subject.ask("9"), "prime", "{at}: it is connected");
        }
        cache.begin(fault);
        // A full cache still finds what it has.
        let from_cache = if fault == Fault::Full { "prime" } else { "composite" };
        for (number, answer) in [("9", from_cache), ("97", "prime"), ("91", "composite"), ("x", "error")] {
            assert_eq!(subject.ask(number), answer, "{at}: {number}");
        }
        cache.end(fault);
        if fault == Fault::Full {
            assert_eq!(cache.ask("get primecache:97"), "$-1", "{at}: there was no room for it");
        }
        let deadline = Instant::now() + PATIENCE;
        // A test that stored its verdict late may have replaced what was planted.
        while {
            cache.plant();
            subject.ask("9") != "prime"
        } {
            assert!(Instant::now() < deadline, "{at}: the cache is well, and not used");
        }
        let (log, seconds) = subject.end();
        let warnings: Vec<&str> = log.lines().filter(|line| line.contains(WARNING)).collect();
        assert!(warnings.iter().any(|line| line.contains(cause)), "{at}: no {cause:?}: {log}");
        assert!(warnings.len() as u64 <= seconds, "{at}: {seconds} s, {log}");
    });
}

#[test]
fn a_cache_that_is_away_delays_nobody_and_is_used_once_it_is_back() {
    survives(Fault::Away, "refused");
}

#[test]
fn a_slow_cache_is_not_waited_for_longer_than_a_second() {
    survives(Fault::Slow, "no answer within 1s");
}

#[test]
fn a_value_that_nobody_can_have_stored_is_no_answer() {
    survives(Fault::Wrong, "neither prime nor composite but \"perhaps\"");
}

#[test]
fn an_error_of_the_cache_is_none_of_the_client_s() {
    survives(Fault::Errors, "it answers -");
}

#[test]
fn a_full_cache_stores_nothing_and_finds_what_it_has() {
    survives(Fault::Full, "it answers -OOM");
}

#[test]
fn a_cache_that_resets_its_connections_costs_no_answer() {
    survives(Fault::Reset, "cause=");
}

#[test]
fn a_cache_that_speaks_another_protocol_costs_no_answer() {
    survives(Fault::Garbage, "cause=");
}

#[test]
fn a_cache_that_never_helps_is_logged_once_a_second() {
    with_each(|model, cache| {
        let mut subject = Subject::start(model, cache);
        cache.begin(Fault::Errors);
        let until = Instant::now() + Duration::from_millis(2_500);
        let mut asked = 0;
        while Instant::now() < until {
            assert_eq!(subject.ask("97"), "prime");
            asked += 1;
        }
        let (log, seconds) = subject.end();
        let warnings = log.matches(WARNING).count() as u64;
        let at = format!("{} with {}: {asked} numbers in {seconds} s", model.name, cache.name());
        assert!((2..=seconds).contains(&warnings), "{at}: {log}");
    });
}

#[test]
fn a_test_that_was_stopped_is_never_stored() {
    with_each(|model, cache| {
        let at = format!("{} with {}", model.name, cache.name());
        let mut subject = Subject::start(model, cache);
        let mut leaver = connect(&subject.server);
        leaver.get_mut().write_all(format!("{HUGE}\n").as_bytes()).unwrap();
        // It has been looked up, so that its test begins.
        let deadline = Instant::now() + PATIENCE;
        while cache.figure("keyspace_misses") == 0 {
            assert!(Instant::now() < deadline, "{at}: it is not looked up");
            thread::yield_now();
        }
        socket2::SockRef::from(leaver.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
        drop(leaver);
        assert_eq!(subject.ask("97"), "prime", "{at}");
        subject.end();
        assert_eq!(cache.ask(&format!("get primecache:{HUGE}")), "$-1", "{at}");
        assert_eq!(cache.ask("dbsize"), ":1", "{at}");
    });
}

#[test]
fn clients_that_ask_for_the_same_number_are_joined_only_if_that_is_asked_for() {
    const CLIENTS: u64 = 20;
    let all_ask = |arguments: &[&str], number: &str| {
        let cache = Cache::stand_in("0ms");
        let address = cache.address.to_string();
        let server = Server::start(serve("prime-async", &[&["--cache", &address], arguments].concat()));
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| connect(&server)).collect();
        for client in &mut clients {
            client.get_mut().write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        (server, clients, cache)
    };
    // Later ones find it stored.
    let (_server, clients, mut cache) = all_ask(&["--single-flight"], "1000000000000037");
    for mut client in clients {
        let mut answer = String::new();
        client.read_line(&mut answer).unwrap();
        assert_eq!(answer, "prime\n");
    }
    assert_eq!(cache.figure("keyspace_misses"), 1, "one looks it up, and tests it, for all");

    let (_server, _clients, mut cache) = all_ask(&[], HUGE);
    let deadline = Instant::now() + PATIENCE;
    while cache.figure("keyspace_misses") < CLIENTS {
        assert!(Instant::now() < deadline, "each looks it up for itself");
        thread::yield_now();
    }
}

#[test]
fn no_model_has_more_connections_to_the_cache_than_it_says() {
    // More than any model has connections.
    const CLIENTS: u64 = 100;
    for model in models() {
        let mut cache = Cache::stand_in("20ms");
        cache.plant();
        let subject = Subject::start(model, &cache);
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| connect(&subject.server)).collect();
        for client in &mut clients {
            client.get_mut().write_all(b"9\n").unwrap();
        }
        for client in &mut clients {
            let mut answer = String::new();
            client.read_line(&mut answer).unwrap();
            assert_eq!(answer, "prime\n", "{}", model.name);
        }
        // Less the one that asks.
        let made = cache.figure("total_connections_received") - 1;
        drop(clients);
        let (log, _) = subject.end();
        let (_, said) = log.split_once(" connections=").unwrap_or_else(|| panic!("{log}"));
        let said: u64 = said.split_whitespace().next().unwrap().parse().unwrap();
        assert!((1..=said).contains(&made), "{}: {made} connections, not {said}", model.name);
        assert!(said < CLIENTS, "{}: {said}", model.name);
    }
}

#[test]
fn an_answer_that_comes_after_its_client_has_left_is_given_to_nobody() {
    for model in models() {
        let mut cache = Cache::stand_in("0ms");
        cache.plant();
        let subject = Subject::start(model, &cache);
        // Long enough for another client to come, and shorter than the cache is waited for.
        assert_eq!(cache.ask("fault slow 300"), "+OK");
        let mut leaver = connect(&subject.server);
        leaver.get_mut().write_all(b"9\n").unwrap();
        let deadline = Instant::now() + PATIENCE;
        while cache.figure("keyspace_hits") == 0 {
            assert!(Instant::now() < deadline, "{}: it is not looked up", model.name);
        }
        socket2::SockRef::from(leaver.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
        drop(leaver);
        // It may get the place of the one that has left, and ask while that one's answer is on its way.
        let mut next = connect(&subject.server);
        next.get_mut().write_all(b"25\n").unwrap();
        let mut answer = String::new();
        next.read_line(&mut answer).unwrap();
        assert_eq!(answer, "composite\n", "{}", model.name);
        drop(next);
        subject.end();
    }
}
