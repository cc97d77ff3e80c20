//! One loop with its listening socket, its poller and its clients: as the model mio.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use chassis::{Options, Shutdown};
use conversation::Watch;
use mio::event::Event;
use mio::net::TcpStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use sockets::now;
use sockets::ready::{Acceptor, BUFFER_SIZE, Client, Turn};

use crate::Common;

/// Tokens that no client has: theirs are their places in the table.
const LISTENER: Token = Token(usize::MAX);
const SHUTDOWN: Token = Token(usize::MAX - 1);

/// One loop.
pub(crate) struct Shard<'common> {
    pub(crate) poll: Poll,
    /// `None` once the server drains.
    pub(crate) acceptor: Option<Acceptor>,
    pub(crate) clients: Slab<Client<TcpStream>>,
    /// Clients whose last turn ended before their input did.
    unfinished: VecDeque<usize>,
    buffer: Box<[u8]>,
    watch: Watch,
    pub(crate) common: &'common Common,
    /// Clients that it has accepted.
    pub(crate) served: u64,
}

impl Shard<'_> {
    /// Serves this loop's clients until shutdown is requested; how many there were.
    ///
    /// # Errors
    /// The listener or the poller is broken.
    pub(crate) fn run(mut self) -> io::Result<u64> {
        let mut events = Events::with_capacity(1024);
        let mut ended = Ok(());
        while !self.is_done() {
            let asked = self.poll.poll(&mut events, self.time_left());
            asked
                .or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })?;
            for event in &events {
                match event.token() {
                    LISTENER => self.acceptor.iter_mut().for_each(Acceptor::clients_wait),
                    SHUTDOWN => self.begin_drain(),
                    Token(key) => self.serve_ready(key, event),
                }
            }
            self.serve_unfinished();
            // Last: a new client may take the place of one that was closed in this round, and must not get its events.
            if let Err(error) = self.accept_batch() {
                ended = Err(error);
                self.begin_drain();
            }
            self.look_if_due();
        }
        ended.map(|()| self.served)
    }

    pub(crate) fn new<'common>(
        listener: TcpListener,
        options: &Options,
        shutdown: &Shutdown,
        common: &'common Common,
    ) -> io::Result<Shard<'common>> {
        let (poll, acceptor) = (Poll::new()?, Acceptor::new(listener)?);
        let (listener, shutdown) = (acceptor.as_fd().as_raw_fd(), shutdown.as_raw_fd());
        poll.registry().register(&mut SourceFd(&listener), LISTENER, Interest::READABLE)?;
        poll.registry().register(&mut SourceFd(&shutdown), SHUTDOWN, Interest::READABLE)?;
        Ok(Shard {
            poll,
            acceptor: Some(acceptor),
            clients: Slab::new(),
            unfinished: VecDeque::new(),
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
            watch: Watch::new(options, now()),
            common,
            served: 0,
        })
    }

    /// How long the poller may sleep if nothing happens; `None` for ever.
    fn time_left(&self) -> Option<Duration> {
        let go_on = (!self.unfinished.is_empty()).then_some(Duration::ZERO);
        let accept = self.acceptor.as_ref().and_then(Acceptor::time_left);
        let look = self.watch.time_left(now()).filter(|_| !self.clients.is_empty());
        [go_on, accept, look].into_iter().flatten().min()
    }

    fn serve_ready(&mut self, key: usize, event: &Event) {
        // It may have been closed by what an earlier event of the same batch said.
        let Some(client) = self.clients.get_mut(key) else { return };
        if event.is_read_closed() || event.is_priority() {
            client.expect_more();
        }
        self.take_turn(key);
    }

    /// One turn for each client that could not finish in its last one.
    fn serve_unfinished(&mut self) {
        for _ in 0..self.unfinished.len() {
            if let Some(key) = self.unfinished.pop_front()
                && let Some(client) = self.clients.get_mut(key)
            {
                client.is_queued = false;
                self.take_turn(key);
            }
        }
    }

    fn take_turn(&mut self, key: usize) {
        let turn = self.clients[key].take_turn(&mut self.buffer, &self.common.shared);
        self.end_turn(key, turn);
    }

    fn end_turn(&mut self, key: usize, turn: Turn) {
        match turn {
            Turn::Unfinished if !self.clients[key].is_queued => {
                self.clients[key].is_queued = true;
                self.unfinished.push_back(key);
            }
            Turn::Unfinished | Turn::Wait => {}
            // Dropping the client closes its socket, and a closed socket leaves the poller by itself.
            Turn::End(outcome) => {
                self.clients.remove(key);
                self.common.open.fetch_sub(1, Relaxed);
                self.common.shared.close(outcome);
            }
        }
    }

    fn begin_drain(&mut self) {
        self.acceptor = None;
        self.watch.begin_drain(now());
    }

    fn is_done(&self) -> bool {
        self.watch.is_draining() && self.clients.is_empty()
    }

    /// What no event reports: that a client has been silent for too long, or that it may go in a drain.
    fn look_if_due(&mut self) {
        let Some(moment) = self.watch.due(now()) else { return };
        for key in 0..self.clients.capacity() {
            if let Some(client) = self.clients.get_mut(key) {
                let turn = client.look(&moment, &self.common.shared);
                self.end_turn(key, turn);
            }
        }
    }
}
