//! Thousands of connections. A program of its own, because it raises the limit on open files of its process.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use cache::Settings;
use chassis::{DESCRIPTOR_RESERVE, Options, Shutdown, default_max_connections, raise_descriptor_limit};

/// If the limit allows: each needs a descriptor at both ends.
const MOST: usize = 5_000;

#[test]
fn thousands_ask_at_once_and_each_gets_its_own_answers() {
    raise_descriptor_limit().unwrap();
    let count = MOST.min((default_max_connections() - DESCRIPTOR_RESERVE) / 2);
    assert!(count >= 200, "the limit on open files is too low for this test: raise it (`ulimit -Hn`)");
    let listener = chassis::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), Shutdown::new().unwrap());
    let asked = shutdown.clone();
    let latency = Duration::from_millis(50);
    let settings = Settings { latency, jitter: latency, memory: 1 << 20, faults: false };
    let server = thread::spawn(move || cache::serve(listener, &Options::default(), &settings, &asked));

    let connect = |_| TcpStream::connect(address).unwrap();
    let mut clients: Vec<TcpStream> = (0..count).map(connect).collect();
    for round in 0..3 {
        for (number, client) in clients.iter_mut().enumerate() {
            client
                .write_all(format!("echo {round}-{number:04}\necho {number:04}-{round}\n").as_bytes())
                .unwrap();
        }
        for (number, client) in clients.iter_mut().enumerate() {
            let expected = format!("$6\r\n{round}-{number:04}\r\n$6\r\n{number:04}-{round}\r\n");
            let mut answer = vec![0; expected.len()];
            client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            client.read_exact(&mut answer).unwrap();
            assert_eq!(String::from_utf8(answer).unwrap(), expected);
        }
    }
    // Half of them leave, the others are there when it stops.
    clients.truncate(count / 2);
    shutdown.request();
    for client in &mut clients {
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
    drop(clients);
    let summary = server.join().unwrap().unwrap();
    assert_eq!((summary.accepted, summary.completed), (count as u64, count as u64), "{summary}");
}
