//! How a worker is built and gets its connections.

use std::net::TcpStream;
use std::time::Instant;

use anyhow::Context;
use rustix::event::epoll::{self, CreateFlags, EventData};

use super::{BUFFER_BYTES, INTEREST, Worker};
use crate::alarm::Alarm;
use crate::churn::Churn;
use crate::connect::Opener;
use crate::connection::Connection;
use crate::delays::{Delays, SlowReading};
use crate::handle::Handle;
use crate::kind::question::Question;
use crate::lanes::Asking;
use crate::load::Load;
use crate::message::Message;
use crate::open_loop::OpenLoop;
use crate::scenario::Scenario;
use crate::tally::Tally;

/// The sockets that a worker starts with.
#[derive(Default)]
pub(crate) struct Share {
    /// The connections that make the load; in churn there are none yet.
    pub(crate) active: Vec<Active>,
    /// The connections that never send.
    pub(crate) idle: Vec<TcpStream>,
    /// How many active connections there will be.
    pub(crate) places: usize,
}

/// A socket that makes load.
pub(crate) struct Active {
    pub(crate) stream: TcpStream,
    /// Which of the scenario's lanes it belongs to.
    pub(crate) lane: usize,
}

/// What is sent, ready before the load starts.
#[derive(Debug)]
pub(crate) struct Texts {
    /// Of the echo half; connection number `n` uses the message at `n % len`.
    pub(crate) messages: Vec<Message>,
    /// Of each kind of requests to the prime service.
    pub(crate) questions: Vec<Vec<Question>>,
}

impl<'run> Worker<'run> {
    pub(crate) fn new(
        index: usize,
        scenario: &Scenario,
        texts: &'run Texts,
        handle: &'run Handle,
        opener: &Opener,
        share: Share,
    ) -> anyhow::Result<Self> {
        let clocks = scenario.clocks();
        let messages = &texts.messages;
        let slow = &scenario.slow;
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("cannot create an epoll instance")?;
        let mut worker = Worker {
            index,
            handle,
            alarm: Alarm::of(&epoll)?,
            epoll,
            connections: Vec::with_capacity(share.places + share.idle.len()),
            active: share.places,
            open: 0,
            open_active: 0,
            ungreeted: 0,
            in_flight: 0,
            tally: Tally::of(scenario)?,
            depth: scenario.depth as u64,
            loading: false,
            open_loops: clocks.iter().map(|clock| OpenLoop::new(*clock, scenario.threads)).collect(),
            by_clock: scenario.by_clock(),
            asking: Asking::new(scenario, &texts.questions, index),
            churn: (scenario.load == Load::Churn).then(|| Churn {
                opener: opener.clone(),
                messages,
                dialect: scenario.dialect,
            }),
            thinking: slow.thinks().then(|| Delays::new(slow.think_ms, share.places * scenario.depth)),
            slow_reading: slow.reads_slowly().then(|| SlowReading {
                bytes: if slow.read_bytes == 0 { BUFFER_BYTES } else { slow.read_bytes },
                pauses: Delays::new(slow.read_pause_ms, share.places + share.idle.len()),
            }),
            is_timed: slow.thinks() || slow.reads_slowly() || !clocks.is_empty(),
            buffer: vec![0; BUFFER_BYTES].into(),
            now: Instant::now(),
        };
        for Active { stream, lane } in share.active {
            worker.watch(stream, lane, scenario, messages)?;
        }
        worker.connections.resize_with(share.places, || None);
        for stream in share.idle {
            worker.watch(stream, 0, scenario, messages)?;
        }
        handle.publish(index, 0, worker.open_active);
        Ok(worker)
    }

    fn watch(
        &mut self,
        stream: TcpStream,
        lane: usize,
        scenario: &Scenario,
        messages: &'run [Message],
    ) -> anyhow::Result<()> {
        let token = self.connections.len();
        // Neighbouring connections send different messages, on one worker and across workers.
        let message = (token * scenario.threads + self.index).checked_rem(messages.len());
        let message = message.map(|index| &messages[index]);
        let mut connection = Connection::new(stream, message, scenario.dialect, scenario.depth);
        connection.lane = lane;
        epoll::add(&self.epoll, connection.stream(), EventData::new_u64(token as u64), INTEREST)
            .context("cannot watch a connection with epoll")?;
        self.open += 1;
        self.open_active += usize::from(token < self.active);
        if !connection.greeted() {
            self.ungreeted += 1;
        } else if token < self.active {
            let of_lane = self.open_loops.iter_mut().filter(|open_loop| open_loop.lane() == lane);
            of_lane.for_each(|open_loop| open_loop.join(token, self.now));
        }
        self.connections.push(Some(connection));
        Ok(())
    }
}
