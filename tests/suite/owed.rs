//! For every model: a reply that is still in the server's kernel when the server stops is not lost, and an urgent
//! (out-of-band) byte is answered like any other.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chassis::{Options, Shutdown, Summary, listen};
use concurrent_servers::models::{Model, here};
use socket2::{Domain, SockRef, Socket, Type};

/// Far beyond the slowness of any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fits into the send buffer of the server, and not into the receive buffer of the client.
const REPLY: usize = 100_000;

/// Longer than the time after which a silent client counts as idle in a drain.
const SILENCE: Duration = Duration::from_millis(700);

struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    thread: JoinHandle<std::io::Result<Summary>>,
}

fn start(model: &Model, drain_timeout: Duration) -> Running {
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, serve) = (Shutdown::new().unwrap(), model.serve);
    let for_server = shutdown.clone();
    let options = Options { drain_timeout, ..Options::default() };
    Running { address, shutdown, thread: thread::spawn(move || serve(listener, &options, &for_server)) }
}

/// All models at once, because these tests mostly wait.
pub(crate) fn on_every_model(test: fn(&Model)) {
    thread::scope(|scope| {
        for model in here() {
            scope.spawn(move || test(model));
        }
    });
}

/// A client that has sent a long message and read only the first byte of the reply; the rest is in two kernels.
fn client_that_is_owed(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_exact(&mut [0]).unwrap();
    stream.write_all(&[b"^".as_slice(), &vec![b'a'; REPLY], b"$"].concat()).unwrap();
    let mut first = [0];
    assert_eq!((stream.read(&mut first).unwrap(), first), (1, *b"b"));
    stream
}

#[test]
fn a_reply_in_the_kernel_survives_the_shutdown_although_its_client_continues_to_send() {
    on_every_model(|model| {
        let Running { address, shutdown, thread } = start(model, PATIENCE);
        let mut client = client_that_is_owed(address);
        // Silent for so long that the server considers it idle, and again during the server's lingering close.
        thread::sleep(SILENCE);
        shutdown.request();
        thread::sleep(SILENCE);
        let mut got = 1;
        // Sends a byte before each read, so that one of them would reach a closed socket.
        let mut buffer = [0; 4 << 10];
        loop {
            let _ = client.write(b"x");
            match client.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => got += length,
                Err(error) => panic!("{}: {error} after {got} bytes", model.name),
            }
        }
        assert_eq!(got, REPLY, "{}", model.name);
        drop(client);
        let summary = thread.join().unwrap().unwrap();
        assert_eq!((summary.completed, summary.dropped), (1, 0), "{}: {summary}", model.name);
    });
}

#[test]
fn a_reply_still_in_the_kernel_at_the_drain_deadline_counts_as_dropped() {
    on_every_model(|model| {
        // In the first half of the drain the server answers what it has not read yet, however busy the machine is.
        let Running { address, shutdown, thread } = start(model, Duration::from_secs(4));
        let client = client_that_is_owed(address);
        shutdown.request();
        let summary = thread.join().unwrap().unwrap();
        assert_eq!((summary.completed, summary.dropped), (0, 1), "{}: {summary}", model.name);
        drop(client);
    });
}

#[test]
fn urgent_bytes_are_answered_like_others() {
    on_every_model(|model| {
        let Running { address, shutdown, thread } = start(model, PATIENCE);
        for _ in 0..3 {
            let mut client = TcpStream::connect(address).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client.read_exact(&mut [0]).unwrap();
            SockRef::from(&client).send_out_of_band(b"^abc").unwrap();
            client.write_all(b"def$").unwrap();
            let mut reply = [0; 6];
            client.read_exact(&mut reply).unwrap_or_else(|error| panic!("{}: {error}", model.name));
            assert_eq!(&reply, b"bcdefg", "{}", model.name);
        }
        shutdown.request();
        thread.join().unwrap().unwrap();
    });
}
