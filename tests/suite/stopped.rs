//! A process that does not run for a while, as behind Ctrl-Z, in a debugger or on a suspended machine, while it drains.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_servers::models::{Model, command, here};
use observe::{Process, ServerProcess};

/// Long enough to read the reply on a busy machine.
const DRAIN: Duration = Duration::from_secs(6);

/// More than what the kernel takes from a server whose client does not read, so that the drain waits for this client.
const PAYLOAD: usize = 8 << 20;

#[test]
fn a_drain_waits_for_a_reply_although_the_process_was_stopped_for_longer_than_it_may_last() {
    // A model that serves one client at a time does not refuse others while it drains, which is how this test knows.
    let models = here().filter(|model| model.concurrency.serves(2));
    thread::scope(|scope| {
        let tests: Vec<_> =
            models.map(|model| (model.name, scope.spawn(|| ends_after_a_stop(model)))).collect();
        for (model, test) in tests {
            let (client, server) = test.join().unwrap();
            assert_eq!(
                (client, server),
                (None, Some(0)),
                "{model}: the client's error, the server's exit code"
            );
        }
    });
}

/// A client begins to read its reply when a server that drains goes on: the error that ends it, and the server's exit code,
/// which is not 0 if a reply was cut off.
fn ends_after_a_stop(model: &Model) -> (Option<ErrorKind>, Option<i32>) {
    let launcher = Path::new(env!("CARGO_BIN_EXE_concurrent-servers"));
    let server = ServerProcess::start(&command(launcher, model.name), &["--drain-timeout", "6s"]).unwrap();
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    client.read_exact(&mut [0]).unwrap();
    let mut sender = client.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || sender.write_all(&[b"^".as_slice(), &vec![b'a'; PAYLOAD]].concat()));
        // The first byte of the reply: the server is at work.
        client.read_exact(&mut [0]).unwrap();
        server.ask_to_stop().unwrap();
        while TcpStream::connect(server.address()).is_ok() {
            thread::yield_now();
        }
        let process = Process::new(server.pid()).unwrap();
        let paused = process.pause().unwrap();
        wait(DRAIN + Duration::from_secs(1));
        drop(paused);
        let ended = client.read_to_end(&mut Vec::new());
        // Or the sender would go on.
        client.shutdown(std::net::Shutdown::Both).ok();
        let status = server.wait(Duration::from_secs(60)).unwrap();
        (ended.err().map(|error: io::Error| error.kind()), status.code())
    })
}

/// Waits; the time itself is what is tested.
fn wait(time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        thread::sleep(left);
    }
}
