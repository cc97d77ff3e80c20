//! Shutdown with clients that never stop sending, in the event-driven models: such a client must neither keep its turn
//! nor prevent the server from ending.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use chassis::{Options, Runtime, Shutdown, listen};
use concurrent_servers::models;

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

fn clients_that_talk_for_ever_get_an_orderly_end(model: &str, runtime: Option<Runtime>) {
    let options = Options { runtime, drain_timeout: Duration::from_secs(6), ..Options::default() };
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new().unwrap();
    let serve = models::find(model).unwrap().serve;
    let (for_server, for_clients) = (shutdown.clone(), std::sync::Barrier::new(CLIENTS));
    let server = thread::spawn(move || serve(listener, &options, &for_server));
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
