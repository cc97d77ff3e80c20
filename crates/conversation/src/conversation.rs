//! One client's conversation: what it is owed, what comes next, and how it ends.

use std::borrow::Cow;
use std::mem;
use std::time::Duration;

use chassis::Outcome;

use crate::drain::DrainStep;
use crate::look::{Late, Look, Moment};
use crate::progress::Progress;
use crate::question::{Known, Question};
use crate::service::{Answer, Echo, Service, Then};
use crate::tail::Tail;
use crate::tick::Tick;

/// One client's conversation. It holds no buffer while nothing is owed, and never more than one reply.
#[derive(Debug)]
pub struct Conversation<S: Service = Echo> {
    /// What the client has not taken of its last reply.
    tail: Tail,
    service: S,
    stage: Stage,
    refused: bool,
    is_working: bool,
    expects_more: bool,
    work: Option<S::Work>,
    last_activity: Tick,
    progress: Progress,
}

/// How far the conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Talking,
    /// The client has closed its side, and may still be owed something.
    Closed,
    /// The server answers no more: what still comes is discarded.
    Discarding,
    /// The server has ended it: what still comes is discarded, and after the tail there is a FIN.
    Leaving,
    /// The server's FIN is sent. The client's own end is waited for.
    FinSent,
}

/// What a conversation needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<W> {
    /// Bytes from the client.
    Receive,
    /// Room for what is still [unsent](Conversation::unsent). Until then nothing may be read from this client, so
    /// that backpressure reaches it, and memory stays bounded by one reply.
    Send,
    /// Work to be done, here or on another thread; it is handed out once.
    Work(W),
    /// The [result](Conversation::resume) of the work.
    Result,
    /// Shut the sending side, which sends FIN; then continue to receive until the client closes.
    Fin,
    /// Nothing: it has ended.
    End(Outcome),
}

impl<S: Service> Conversation<S> {
    /// A client has been accepted. It is owed the [greeting](Service::GREETING), which goes the way of any reply.
    #[must_use]
    pub fn new(now: Tick) -> Conversation<S> {
        Conversation::of(S::default(), now)
    }

    /// As [`new`](Self::new), with a service that has been [begun](Service::begin) as the server's options say.
    #[must_use]
    pub fn of(service: S, now: Tick) -> Conversation<S> {
        Conversation {
            tail: Tail::default(),
            service,
            stage: Stage::Talking,
            refused: false,
            is_working: false,
            expects_more: false,
            work: None,
            last_activity: now,
            progress: Progress::begin(now),
        }
    }

    /// Takes received bytes and returns the reply, which is to be sent at once; [`sent`](Self::sent) keeps what does
    /// not go.
    #[inline]
    pub fn receive<'bytes>(&mut self, bytes: &'bytes mut [u8], now: Tick) -> Cow<'bytes, [u8]> {
        // Even if they are discarded: whoever sends is not silent.
        self.last_activity = now;
        if self.stage != Stage::Talking {
            return Cow::Borrowed(&[]);
        }
        self.progress.moved(bytes.len());
        let answer = self.service.receive(bytes);
        self.take(answer, now)
    }

    /// A poller that reports changes has reported one that a short read does not settle: an urgent byte, at which a
    /// read stops short of what lies behind it, or the client's FIN, which is not reported again.
    pub fn expect_more(&mut self) {
        self.expects_more = true;
    }

    /// A read found nothing: what comes from now on is reported anew.
    pub fn found_nothing(&mut self) {
        self.expects_more = false;
    }

    /// Whether there may be more to read, after a read that did or did not fill its buffer. A short read has emptied
    /// the socket, so that asking the kernel once more would be a system call for each message.
    #[must_use]
    pub const fn may_read_on(&self, filled: bool) -> bool {
        filled || self.expects_more
    }

    /// Takes the client's FIN and returns what it is still owed.
    pub fn receive_end(&mut self, now: Tick) -> Cow<'static, [u8]> {
        if mem::replace(&mut self.stage, Stage::Closed) != Stage::Talking {
            return Cow::Borrowed(&[]);
        }
        let answer = self.service.end();
        self.take(answer, now)
    }

    /// Takes the result of the work and returns the reply.
    pub fn resume(&mut self, done: S::Done, now: Tick) -> Cow<'static, [u8]> {
        self.is_working = false;
        self.last_activity = now;
        let answer = self.service.resume(done);
        self.take(answer, now)
    }

    #[inline]
    fn take<'bytes>(&mut self, answer: Answer<'bytes, S::Work>, now: Tick) -> Cow<'bytes, [u8]> {
        if answer.message_began {
            self.progress = Progress::begin(now);
        }
        match answer.then {
            Then::Continue => {}
            Then::Work(work) => self.work = Some(work),
            Then::Refuse => {
                self.refused = true;
                self.stage = Stage::Leaving;
            }
        }
        answer.reply
    }

    /// Of a reply this many bytes were sent; the rest is kept, and no other reply is made before it is gone.
    #[inline]
    pub fn sent(&mut self, reply: &[u8], count: usize, now: Tick) {
        let rest = &reply[count..];
        self.tail.keep(rest);
        self.sent_all_but(rest.len(), count, now);
    }

    /// As [`sent`](Self::sent), for a caller that itself keeps the rest until it has [sent](Self::sent_more) all of it.
    #[inline]
    pub fn sent_of_own(&mut self, reply: &[u8], count: usize, now: Tick) {
        let rest = reply.len() - count;
        self.tail.count(rest);
        self.sent_all_but(rest, count, now);
    }

    #[inline]
    fn sent_all_but(&mut self, rest: usize, count: usize, now: Tick) {
        if count > 0 {
            self.moved(count, now);
        }
        if rest > 0 && !self.service.in_message() {
            self.progress = Progress::begin(now);
        }
    }

    /// What is kept here of the last reply.
    pub fn unsent(&self) -> &[u8] {
        self.tail.rest()
    }

    /// This many bytes more of the last reply were sent.
    pub fn sent_more(&mut self, count: usize, now: Tick) {
        if count == 0 {
            return;
        }
        self.tail.sent(count);
        self.moved(count, now);
        if self.tail.is_empty() {
            // The client could not continue its message while the server did not read.
            self.progress = Progress::begin(now);
        }
    }

    fn moved(&mut self, bytes: usize, now: Tick) {
        self.last_activity = now;
        self.progress.moved(bytes);
    }

    /// What is needed next, to be asked after each event. [`Next::Work`] comes once, [`Next::Fin`] until it is
    /// [sent](Self::fin_sent).
    #[inline]
    pub fn next_step(&mut self) -> Next<S::Work> {
        if !self.tail.is_empty() {
            return Next::Send;
        }
        if let Some(work) = self.work.take() {
            self.is_working = true;
            return Next::Work(work);
        }
        if self.is_working {
            return Next::Result;
        }
        match self.stage {
            Stage::Talking | Stage::Discarding | Stage::FinSent => Next::Receive,
            Stage::Closed => Next::End(self.outcome()),
            Stage::Leaving => Next::Fin,
        }
    }

    /// The FIN that was [due](Next::Fin) has been sent.
    pub fn fin_sent(&mut self, now: Tick) {
        self.stage = Stage::FinSent;
        self.progress = Progress::begin(now);
    }

    /// The outcome if the connection fails. A client that has had everything, FIN included, may break off.
    #[must_use]
    pub fn failed(&self) -> Outcome {
        if self.stage == Stage::FinSent { self.outcome() } else { Outcome::Error }
    }

    /// The outcome at the drain deadline, where `owed` says whether the kernel still holds a part of the reply.
    #[must_use]
    pub fn cut(&self, owed: bool) -> Outcome {
        if owed || self.owes() { Outcome::Dropped } else { self.outcome() }
    }

    fn outcome(&self) -> Outcome {
        if self.refused { Outcome::Error } else { Outcome::Completed }
    }

    /// Whether work has been [handed out](Next::Work) whose result is not there yet.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.is_working
    }

    /// Whether a part of a reply waits to be sent, or one is being worked out.
    #[must_use]
    pub fn owes(&self) -> bool {
        !self.tail.is_empty() || self.is_working || self.work.is_some()
    }

    /// Time in which the process did not run is nobody's silence.
    pub fn forgive(&mut self, lost: Duration, now: Tick) {
        if !lost.is_zero() {
            self.last_activity = self.last_activity.shifted(lost, now);
            self.progress.forgive(lost, now);
        }
    }

    /// What the clock and the drain say. A client that is owed something should first be sent what the kernel takes:
    /// pollers report room only once a third of the send buffer is free, which may take a slow reader longer than
    /// any timeout. What the client's kernel takes is all that can be seen of its reading. After `Err`, ask again with what is then [known](Known).
    ///
    /// # Errors
    /// What has to be known about the socket first.
    pub fn look(&mut self, moment: &Moment, known: Known) -> Result<Look, Question> {
        if let Some(late) = self.is_late(moment) {
            // What has come and was not read yet is no silence: then it is the server that is late.
            let may_have_come = self.tail.is_empty() && self.stage != Stage::FinSent;
            return Ok(if may_have_come && known.unread()? { Look::Turn } else { Look::Late(late) });
        }
        self.progress.renew(moment.now, moment.timeouts.progress);
        let Some(drain) = &moment.drain else { return Ok(Look::Wait) };
        let is_open = matches!(self.stage, Stage::Talking | Stage::Discarding) && !self.owes();
        Ok(match drain.step(moment.now, self.last_activity, known)? {
            DrainStep::Cut { owed } => Look::End(self.cut(owed)),
            DrainStep::Close if is_open => Look::End(self.outcome()),
            DrainStep::Linger if is_open => {
                self.stage = Stage::Leaving;
                Look::Turn
            }
            // Even if there is a tail: a slow reader that goes on sending has one at every moment.
            DrainStep::Linger | DrainStep::Discard if self.stage == Stage::Talking => {
                self.stage = Stage::Discarding;
                Look::Wait
            }
            _ => Look::Wait,
        })
    }

    /// Whether the client has kept the server waiting for too long.
    fn is_late(&self, moment: &Moment) -> Option<Late> {
        let Moment { now, timeouts, drain, .. } = moment;
        let silent = now.since(self.last_activity);
        let owes_bytes = !self.tail.is_empty();
        let (waited, timeout, late) = match self.stage {
            // It has had its whole reply, and a drain has a deadline of its own.
            Stage::FinSent if drain.is_some() => return None,
            Stage::FinSent => (now.since(self.progress.since()), timeouts.write, Late::Write),
            _ if owes_bytes => (silent, timeouts.write, Late::Write),
            // The client waits for the server.
            _ if self.owes() => return None,
            _ => (silent, timeouts.idle, Late::Idle),
        };
        let is_amid = owes_bytes || (self.stage == Stage::Talking && self.service.in_message());
        let is_slow = is_amid && self.progress.is_too_slow(*now, timeouts.progress);
        timeout.is_over(waited).then_some(late).or(is_slow.then_some(Late::Progress))
    }
}
