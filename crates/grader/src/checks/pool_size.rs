//! Whether a program finds how many threads a server has, which is started here.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::exercise::Subject;
use crate::program::{Output, printed};

/// What each request takes: far more than the noise of a busy machine.
const SERVICE: Duration = Duration::from_millis(250);

/// The longest that a program may measure.
const WITHIN: Duration = Duration::from_secs(20);

/// So often it may try each size: what is late on a busy machine seems to belong to the next wave.
const ATTEMPTS: usize = 3;

/// Three sizes: with 16 requests, the number of waves alone tells neither of the first two.
pub(crate) fn is_found(subject: &Subject<'_>) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(subject.needs.seed);
    let mut sizes = [random.usize(6..=7), [3, 5][random.usize(0..2)], random.usize(2..=8)];
    random.shuffle(&mut sizes[1..]);
    sizes.into_iter().try_for_each(|size| {
        let mut found = Ok(());
        for _ in 0..ATTEMPTS {
            found = finds(subject, size);
            if found.is_ok() {
                break;
            }
        }
        found
    })
}

fn finds(subject: &Subject<'_>, size: usize) -> Result<(), String> {
    let pool = Pool::start(size)?;
    let Output { stdout, stderr } = printed(subject, &[&pool.address.to_string()], WITHIN)?;
    let last = stdout.trim().lines().last().unwrap_or_default().trim();
    if last == size.to_string() {
        return Ok(());
    }
    Err(format!(
        "the server has {size} threads, and the program says {last:?}; it has also written:\n{}",
        stderr.trim_end()
    ))
}

/// A server with so many threads, until this is dropped.
struct Pool {
    address: SocketAddr,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    clients: Mutex<VecDeque<TcpStream>>,
    came: Condvar,
    is_over: AtomicBool,
}

impl Pool {
    fn start(size: usize) -> Result<Pool, String> {
        let failed = |error: std::io::Error| format!("the grader's own server cannot be started: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let queue = Arc::new(Queue::default());
        let pool = Pool { address, queue: Arc::clone(&queue) };
        for _ in 0..size {
            let queue = Arc::clone(&queue);
            thread::Builder::new().spawn(move || queue.work()).map_err(failed)?;
        }
        thread::Builder::new().spawn(move || queue.accept(&listener)).map_err(failed)?;
        Ok(pool)
    }
}

impl Queue {
    fn accept(&self, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            if let Ok(client) = client {
                self.clients.lock().unwrap_or_else(PoisonError::into_inner).push_back(client);
                self.came.notify_one();
            }
        }
    }

    fn work(&self) {
        loop {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            let client = loop {
                if self.is_over.load(Ordering::SeqCst) {
                    return;
                }
                if let Some(client) = clients.pop_front() {
                    break client;
                }
                clients = self.came.wait(clients).unwrap_or_else(PoisonError::into_inner);
            };
            drop(clients);
            answer(client);
        }
    }
}

/// A client that sends nothing, or has left, is not waited for.
fn answer(mut client: TcpStream) {
    let asked = client.set_read_timeout(Some(SERVICE)).and_then(|()| client.read_exact(&mut [0; 2]));
    if asked.is_ok() {
        thread::sleep(SERVICE);
        let _ = client.write_all(b"ok\n");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.is_over.store(true, Ordering::SeqCst);
        // Whoever waits looks again: the workers, and who accepts, for which a client comes. A lock in between, so that no
        // worker is about to wait that has looked before.
        drop(self.queue.clients.lock().unwrap_or_else(PoisonError::into_inner));
        self.queue.came.notify_all();
        let _ = TcpStream::connect(self.address);
    }
}
