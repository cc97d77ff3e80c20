//! Whether a cache asks its backend once for all who want the same. The backend is the grader, which decides when it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, PATIENCE};
use crate::exercise::Subject;
use crate::program::{Server, pause};

/// Clients that want the same at the same time.
const CLIENTS: usize = 20;

/// How long the first answer is held back when no second request comes.
const HELD: Duration = Duration::from_secs(1);

/// The longest key, with its newline.
const LONGEST: u64 = 64;

pub(crate) fn remembers(subject: &Subject<'_>) -> Result<(), String> {
    with_backend(subject, |server, backend| {
        let mut client = Client::connect(server)?;
        client.send(b"apple\n")?;
        backend.expect("apple", 1, PATIENCE)?;
        backend.answer("apple", Some("red"));
        client.expect(b"red\n", "the value from the backend")?;
        client.ask(b"apple\n", b"red\n")?;
        match backend.asked("apple") {
            1 => Ok(()),
            count => {
                Err(format!("a value that was known was fetched again: {count} requests to the backend"))
            }
        }
    })
}

pub(crate) fn one_flight(subject: &Subject<'_>) -> Result<(), String> {
    with_backend(subject, |server, backend| {
        let mut clients = Vec::with_capacity(CLIENTS);
        for _ in 0..CLIENTS {
            let mut client = Client::connect(server)?;
            client.send(b"plum\n")?;
            clients.push(client);
        }
        backend.expect("plum", 1, PATIENCE)?;
        if backend.expect("plum", 2, HELD).is_ok() {
            // How many there are in the end is only for the message.
            let _ = backend.expect("plum", CLIENTS, HELD);
            return Err(format!(
                "{CLIENTS} clients asked for the same key while its value was on its way, and {} requests went to the backend",
                backend.asked("plum")
            ));
        }
        backend.answer("plum", Some("blue"));
        for client in &mut clients {
            client.expect(b"blue\n", "the value, for one of those who have waited for it")?;
        }
        match backend.asked("plum") {
            1 => Ok(()),
            count => {
                Err(format!("once the value had come, the backend was asked again: {count} requests in all"))
            }
        }
    })
}

pub(crate) fn other_keys(subject: &Subject<'_>) -> Result<(), String> {
    with_backend(subject, |server, backend| {
        let mut first = Client::connect(server)?;
        first.send(b"slow\n")?;
        backend.expect("slow", 1, PATIENCE)?;
        let mut second = Client::connect(server)?;
        second.send(b"quick\n")?;
        backend
            .expect("quick", 1, PATIENCE)
            .map_err(|failure| format!("while the value of another key is on its way, {failure}"))?;
        backend.answer("quick", Some("here"));
        second.expect(b"here\n", "the value of a key while another one's is on its way")?;
        backend.answer("slow", Some("there"));
        first.expect(b"there\n", "the value that took longer")
    })
}

pub(crate) fn failed_flight(subject: &Subject<'_>) -> Result<(), String> {
    with_backend(subject, |server, backend| {
        let mut clients = Vec::new();
        for _ in 0..3 {
            let mut client = Client::connect(server)?;
            client.send(b"pear\n")?;
            clients.push(client);
        }
        backend.expect("pear", 1, PATIENCE)?;
        // Those who have waited may ask again themselves, which fails as well.
        let deadline = Instant::now() + PATIENCE;
        while !clients.iter().all(Client::has_news) && Instant::now() < deadline {
            backend.answer("pear", None);
            pause();
        }
        for client in &mut clients {
            client.expect(b"error\n", "the backend hangs up; what the clients get that have waited")?;
        }
        let before = backend.asked("pear");
        let mut client = Client::connect(server)?;
        client.send(b"pear\n")?;
        backend
            .expect("pear", before + 1, PATIENCE)
            .map_err(|_| "after a failure nobody asks the backend for this key any more".to_owned())?;
        backend.answer("pear", Some("green"));
        client.expect(b"green\n", "the value, at the second attempt")
    })
}

fn with_backend(
    subject: &Subject<'_>,
    check: impl FnOnce(SocketAddr, &Backend) -> Result<(), String>,
) -> Result<(), String> {
    let backend = Backend::start()?;
    let mut server = Server::start(subject, &[&backend.address.to_string()])?;
    check(server.address(), &backend).map_err(|failure| server.explain(&failure))
}

/// A server that answers when it is told to.
struct Backend {
    address: SocketAddr,
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    requests: Mutex<Vec<Request>>,
    came: Condvar,
    is_over: AtomicBool,
}

struct Request {
    key: String,
    /// Until it is answered.
    stream: Option<TcpStream>,
}

impl Backend {
    fn start() -> Result<Backend, String> {
        let failed = |error: std::io::Error| format!("the grader's own server cannot be started: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let desk = Arc::new(Desk::default());
        let backend = Backend { address, desk: Arc::clone(&desk) };
        thread::Builder::new().spawn(move || desk.accept(&listener)).map_err(failed)?;
        Ok(backend)
    }

    /// How often this key was asked for.
    fn asked(&self, key: &str) -> usize {
        let requests = self.desk.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().filter(|request| request.key == key).count()
    }

    /// Waits until this key was asked for so often.
    fn expect(&self, key: &str, count: usize, within: Duration) -> Result<(), String> {
        let requests = self.desk.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let are_there =
            |requests: &Vec<Request>| requests.iter().filter(|request| request.key == key).count() >= count;
        let waited = self.desk.came.wait_timeout_while(requests, within, |requests| !are_there(requests));
        let (requests, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if are_there(&requests) {
            return Ok(());
        }
        Err(format!("no request for the key `{key}` has come to the backend within {within:?}"))
    }

    /// Answers all who wait for this key; without a value, hangs up.
    fn answer(&self, key: &str, value: Option<&str>) {
        let mut requests = self.desk.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for request in requests.iter_mut().filter(|request| request.key == key) {
            if let (Some(mut stream), Some(value)) = (request.stream.take(), value) {
                // Who has left needs no answer.
                let _ = stream.write_all(format!("{value}\n").as_bytes());
            }
        }
    }
}

impl Desk {
    fn accept(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let mut key = String::new();
            // Who connects and does not ask is not waited for.
            let _ = stream.set_read_timeout(Some(PATIENCE));
            if BufReader::new((&stream).take(LONGEST)).read_line(&mut key).is_ok() {
                let request = Request { key: key.trim_end().to_owned(), stream: Some(stream) };
                self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                self.came.notify_all();
            }
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.desk.is_over.store(true, Ordering::SeqCst);
        // It looks again when somebody comes.
        let _ = TcpStream::connect(self.address);
    }
}
