//! Every model of the prime service with `--framing read`, and clients that send as the series' own do: the digits of a number
//! without a newline, then one receive for the answer; in the end they close.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;

use chassis::{Framing, Knob, Options, Shutdown, listen};
use concurrent_servers::models::{Model, PRIMES};
use conformance::prime_answers;

use crate::process::PATIENCE;

const CLIENTS: u64 = 8;
const NUMBERS: u64 = 25;
/// The smallest prime above 10^12: a millisecond.
const BIG: u64 = 1_000_000_000_039;

/// All are connected before one of them asks.
fn one_client(address: SocketAddr, first: u64, all_are_there: &Barrier) -> Result<(), String> {
    let connected = TcpStream::connect(address);
    all_are_there.wait();
    let mut client = connected.map_err(|error| error.to_string())?;
    client.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    for number in (first..first + NUMBERS).chain([BIG]) {
        let mut answer = [0; 64];
        let count = client.write_all(number.to_string().as_bytes()).and_then(|()| client.read(&mut answer));
        let count = count.map_err(|error| format!("{number}: {error}"))?;
        let expected = prime_answers(format!("{number}\n").as_bytes(), false);
        if answer[..count] != expected {
            return Err(format!("{number} is answered {:?}", String::from_utf8_lossy(&answer[..count])));
        }
    }
    Ok(())
}

fn serves_them(model: &Model) {
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new().unwrap();
    let options = Options { framing: Some(Framing::Read), ..Options::default() };
    let all_are_there = &Barrier::new(usize::try_from(CLIENTS).unwrap());
    thread::scope(|scope| {
        let server = scope.spawn(|| (model.serve)(listener, &options, &shutdown));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || one_client(address, client * 1_000, all_are_there)))
            .collect();
        let ended: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        shutdown.request();
        let summary = server.join().unwrap().unwrap();
        for client in ended {
            assert_eq!(client, Ok(()), "{}", model.name);
        }
        assert_eq!((summary.accepted, summary.completed), (CLIENTS, CLIENTS), "{}: {summary}", model.name);
    });
}

#[test]
fn the_series_own_clients_are_answered_by_every_model_that_takes_their_framing() {
    let models: Vec<_> = PRIMES.iter().filter(|model| model.knobs.contains(&Knob::Framing)).collect();
    assert!(!models.is_empty());
    thread::scope(|scope| {
        for model in models {
            scope.spawn(|| serves_them(model));
        }
    });
}
