//! A conversation and what is around it, without a socket: a clock that only the test moves, a kernel that holds what
//! the test says.

use std::time::Duration;

use chassis::{Options, Outcome, Timeout};
use conversation::{Conversation, Echo, Look, Next, Question, Service, Tick, Watch, decide};

/// Timeouts that differ, so that a test sees which one is over. A look is due each second.
pub(crate) fn options() -> Options {
    Options {
        idle_timeout: Timeout::after(Duration::from_secs(40)),
        write_timeout: Timeout::after(Duration::from_secs(8)),
        progress_timeout: Timeout::after(Duration::from_secs(20)),
        drain_timeout: Duration::from_secs(10),
        ..Options::default()
    }
}

/// One client and its server.
pub(crate) struct World<S: Service = Echo> {
    pub(crate) conversation: Conversation<S>,
    watch: Watch,
    now: Tick,
    /// Bytes of the client lie unread in the socket.
    pub(crate) unread: bool,
    /// The client has not taken all that was sent to it.
    pub(crate) untaken: bool,
    /// What the client was sent so far.
    pub(crate) replies: Vec<u8>,
}

impl<S: Service> World<S> {
    /// A client that has been greeted.
    pub(crate) fn new() -> World<S> {
        let now = Tick::from_millis(1_000_000);
        let watch = Watch::new(&options(), now);
        let conversation = Conversation::new(now);
        let mut world =
            World { conversation, watch, now, unread: false, untaken: false, replies: Vec::new() };
        world.send(S::GREETING, usize::MAX);
        world
    }

    pub(crate) fn now(&self) -> Tick {
        self.now
    }

    /// The client sends these bytes, and `room` bytes of the reply can be sent.
    pub(crate) fn receive(&mut self, bytes: &[u8], room: usize) {
        let mut bytes = bytes.to_vec();
        let reply = self.conversation.receive(&mut bytes, self.now).into_owned();
        self.send(&reply, room);
    }

    /// The client closes its side, and `room` bytes of what it is still owed can be sent.
    pub(crate) fn close(&mut self, room: usize) {
        let reply = self.conversation.receive_end(self.now);
        self.send(&reply, room);
    }

    pub(crate) fn send(&mut self, reply: &[u8], room: usize) {
        let count = reply.len().min(room);
        self.replies.extend(&reply[..count]);
        self.conversation.sent(reply, count, self.now);
    }

    /// There is room for `room` bytes of what is left.
    pub(crate) fn flush(&mut self, room: usize) {
        let rest = self.conversation.unsent();
        let count = rest.len().min(room);
        self.replies.extend(&rest[..count]);
        self.conversation.sent_more(count, self.now);
    }

    /// What is needed next; a FIN is sent.
    pub(crate) fn next(&mut self) -> Next<S::Work> {
        let next = self.conversation.next_step();
        if matches!(next, Next::Fin) {
            self.conversation.fin_sent(self.now);
        }
        next
    }

    /// Time passes, and whatever looks are due are made, on time. Returns the first that finds something.
    pub(crate) fn pass(&mut self, time: Duration) -> Look {
        let end = self.now.later(time);
        loop {
            let left = end.since(self.now);
            let pause = self.watch.time_left(self.now).map_or(left, |due| due.min(left));
            self.now = self.now.later(pause);
            match self.look() {
                Look::Wait if self.now == end => return Look::Wait,
                Look::Wait => {}
                found => return found,
            }
        }
    }

    /// The process is stopped for this time, and makes its look when it goes on.
    pub(crate) fn stop(&mut self, time: Duration) -> Look {
        self.now = self.now.later(time);
        self.look()
    }

    fn look(&mut self) -> Look {
        let Some(moment) = self.watch.due(self.now) else { return Look::Wait };
        self.conversation.forgive(moment.lost, moment.now);
        let (unread, untaken) = (self.unread, self.untaken);
        decide(
            |known| self.conversation.look(&moment, known),
            |question| match question {
                Question::Unread => unread,
                Question::Untaken => untaken,
            },
        )
    }

    pub(crate) fn begin_drain(&mut self) {
        self.watch.begin_drain(self.now);
    }

    /// The client gets a FIN, and nothing but its own end is waited for.
    pub(crate) fn assert_fin(&mut self) {
        assert!(matches!(self.next(), Next::Fin), "a FIN is due");
        assert!(matches!(self.next(), Next::Receive), "and comes once");
    }

    pub(crate) fn assert_end(&mut self, outcome: Outcome) {
        match self.next() {
            Next::End(ended) => assert_eq!(ended, outcome),
            _ => panic!("it has not ended"),
        }
    }
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
