//! Shutdown in the event-driven models: a client that never stops sending must neither keep its turn nor prevent the
//! server from ending, and one that is not accepted yet must not be reset.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chassis::{Options, Runtime, Shutdown, Summary, listen};
use concurrent_servers::models;

type Server = JoinHandle<io::Result<Summary>>;

/// Together they always send more than one server thread can read.
const CLIENTS: usize = 6;

/// Sends bytes that need no answer, faster than the server can process them, until it ends the connection.
fn talk(address: SocketAddr, greeted: impl FnOnce()) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.read_exact(&mut [0])?;
    greeted();
    let mut talker = stream.try_clone()?;
    let noise = vec![b'x'; 256 * 1024];
    let writer = thread::spawn(move || while talker.write_all(&noise).is_ok() {});
    let end = stream.read_to_end(&mut Vec::new());
    stream.shutdown(std::net::Shutdown::Both).ok();
    writer.join().unwrap();
    end.map(drop)
}

/// Starts a server in this process.
fn served(model: &str, options: Options, listener: TcpListener, shutdown: &Shutdown) -> Server {
    let (serve, shutdown) = (models::find(model).unwrap().serve, shutdown.clone());
    thread::spawn(move || serve(listener, &options, &shutdown))
}

fn clients_that_talk_for_ever_get_an_orderly_end(model: &str, runtime: Option<Runtime>) {
    let options = Options { runtime, drain_timeout: Duration::from_secs(6), ..Options::default() };
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new().unwrap();
    let for_clients = std::sync::Barrier::new(CLIENTS);
    let server = served(model, options, listener, &shutdown);
    let all_greeted = || {
        for_clients.wait();
        shutdown.request();
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| talk(address, all_greeted))).collect();
        for client in clients {
            client.join().unwrap().expect("an orderly end, no reset");
        }
    });
    let summary = server.join().unwrap().unwrap();
    assert_eq!((summary.completed, summary.dropped), (CLIENTS as u64, 0), "{summary}");
}

#[test]
fn mio_closes_clients_that_never_stop_sending() {
    clients_that_talk_for_ever_get_an_orderly_end("mio", None);
}

#[test]
fn tokio_closes_clients_that_never_stop_sending() {
    clients_that_talk_for_ever_get_an_orderly_end("tokio", None);
}

#[test]
fn tokio_on_one_thread_closes_clients_that_never_stop_sending() {
    clients_that_talk_for_ever_get_an_orderly_end("tokio", Some(Runtime::CurrentThread));
}

#[cfg(target_os = "linux")]
#[test]
fn tokio_for_each_core_closes_clients_that_never_stop_sending() {
    clients_that_talk_for_ever_get_an_orderly_end("tokio", Some(Runtime::PerCore));
}

#[test]
fn callbacks_futures_and_coroutines_close_clients_that_never_stop_sending() {
    for model in ["callbacks", "futures", "coroutines"] {
        clients_that_talk_for_ever_get_an_orderly_end(model, None);
    }
}

#[test]
fn whoever_waits_at_the_listener_when_a_loop_is_asked_to_stop_is_greeted_and_not_reset() {
    let loops = ["select", "poll", "epoll", "callbacks", "futures", "coroutines", "reactors"];
    for model in models::here().map(|model| model.name).filter(|name| loops.contains(name)) {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        // More than a loop accepts in one go, and all before it has begun.
        let mut clients: Vec<TcpStream> = (0..150).map(|_| TcpStream::connect(address).unwrap()).collect();
        let shutdown = Shutdown::new().unwrap();
        shutdown.request();
        let server = served(model, Options::default(), listener, &shutdown);
        for client in &mut clients {
            client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            let mut heard = Vec::new();
            client.read_to_end(&mut heard).unwrap_or_else(|error| panic!("{model}: {error}"));
            assert_eq!(heard, b"*", "{model}");
        }
        assert_eq!(server.join().unwrap().unwrap().completed, 150, "{model}");
    }
}
