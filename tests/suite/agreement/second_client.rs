//! A second client, to check the load generator with: blocking, a thread per connection, no code in common. Only the way to
//! wait is the same: the kernel wakes a client within the server's `send`, and one blocked in `recv` is cheaper to wake.

use std::io::{self, Error, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::retry_on_intr;

/// A closed loop for this length of time: messages of `payload` bytes, `depth` in flight on each (100 KiB at most).
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) depth: usize,
    pub(crate) payload: usize,
    pub(crate) length: Duration,
}

/// What was answered on one connection within the window, and after it of what was in flight then.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) messages: u64,
    pub(crate) drained: u64,
    pub(crate) elapsed: Duration,
}

/// Makes the load and counts for each connection. `observe` is called before the first message is sent, and when the last
/// reply has arrived and all connections are still open.
pub(crate) fn run(server: SocketAddr, load: &Load, mut observe: impl FnMut()) -> io::Result<Vec<Counted>> {
    let mut clients =
        (0..load.connections).map(|_| Client::greeted(server, load)).collect::<io::Result<Vec<Client>>>()?;
    observe();
    let counts = thread::scope(|scope| {
        let (last, others) = clients.split_last_mut().expect("a connection");
        let others: Vec<_> = others.iter_mut().map(|client| scope.spawn(|| client.exchange(load))).collect();
        let last = [last.exchange(load)];
        let others = others.into_iter().map(|thread| thread.join().unwrap());
        last.into_iter().chain(others).collect::<io::Result<Vec<Counted>>>()
    })?;
    observe();
    clients.into_iter().try_for_each(Client::close)?;
    Ok(counts)
}

struct Client {
    stream: TcpStream,
    readiness: OwnedFd,
    /// The requests and the replies of `depth` messages, and the size of one reply.
    requests: Vec<u8>,
    replies: Vec<u8>,
    reply: usize,
    /// Where in `replies` the next byte is, and how many are still to come.
    position: usize,
    owed: usize,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects and waits for the greeting.
    fn greeted(server: SocketAddr, load: &Load) -> io::Result<Client> {
        let (mut stream, mut greeting) = (TcpStream::connect(server)?, [0]);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.read_exact(&mut greeting)?;
        if greeting != *b"*" {
            return Err(Error::other(format!("the greeting is {greeting:?}")));
        }
        let readiness = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&readiness, &stream, EventData::new_u64(0), EventFlags::IN)?;
        // Every byte but `$`; the three special ones first.
        let special = [0xFF, b'^', b'#'];
        let plain = (0..=0xFF).filter(|byte| *byte != b'$' && !special.contains(byte));
        let payload: Vec<u8> = special.into_iter().chain(plain).cycle().take(load.payload).collect();
        let reply: Vec<u8> = payload.iter().map(|byte| byte.wrapping_add(1)).collect();
        Ok(Client {
            stream,
            readiness,
            requests: [b"^", &payload[..], b"$"].concat().repeat(load.depth),
            replies: reply.repeat(load.depth),
            reply: reply.len(),
            position: 0,
            owed: 0,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Sends `depth` messages, then one for each reply until the window is over, then waits for the rest.
    fn exchange(&mut self, load: &Load) -> io::Result<Counted> {
        let mut counted = Counted::default();
        let start = Instant::now();
        self.send(load.depth)?;
        while self.owed > 0 {
            let answered = self.receive()?;
            if !counted.elapsed.is_zero() {
                counted.drained += answered as u64;
                continue;
            }
            counted.messages += answered as u64;
            let elapsed = start.elapsed();
            if elapsed < load.length {
                self.send(answered)?;
            } else {
                counted.elapsed = elapsed; // the window is as long as it took to notice its end
            }
        }
        Ok(counted)
    }

    fn send(&mut self, messages: usize) -> io::Result<()> {
        let depth = self.replies.len() / self.reply;
        self.owed += messages * self.reply;
        self.stream.write_all(&self.requests[..self.requests.len() / depth * messages])
    }

    /// Waits, reads once, checks every byte, and returns how many replies are complete with that.
    fn receive(&mut self) -> io::Result<usize> {
        let mut ready = [MaybeUninit::<Event>::uninit()];
        let longest = Timespec { tv_sec: 60, tv_nsec: 0 };
        retry_on_intr(|| epoll::wait(&self.readiness, &mut ready, Some(&longest)).map(drop))?;
        let length = self.stream.read(&mut self.buffer)?;
        if length == 0 || length > self.owed {
            return Err(Error::other(format!("{length} bytes arrived, but {} were due", self.owed)));
        }
        self.owed -= length;
        let (begun, mut rest) = (self.position % self.reply, &self.buffer[..length]);
        while !rest.is_empty() {
            let due = &self.replies[self.position..];
            let (now, later) = rest.split_at(rest.len().min(due.len()));
            if !due.starts_with(now) {
                return Err(Error::other("a reply is wrong"));
            }
            self.position = (self.position + now.len()) % self.replies.len();
            rest = later;
        }
        Ok((begun + length) / self.reply)
    }

    /// Closes our side; the server must send nothing more and close its own.
    fn close(mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        match self.stream.read(&mut self.buffer)? {
            0 => Ok(()),
            more => Err(Error::other(format!("{more} bytes arrived, but 0 were due"))),
        }
    }
}
