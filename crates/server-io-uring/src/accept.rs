//! Accepting: asked for once, it completes for each client. Each is greeted, and its receive is armed.

use conversation::{Echo, Service};
use sockets::completion::{Completion, Outgoing, Payload};
use sockets::now;

use crate::EventLoop;
use crate::client::{Client, Wait};

impl EventLoop<'_> {
    /// A client has been accepted, or none can be.
    pub(crate) fn accepted(&mut self, completion: &Completion) {
        match self.acceptor.completed(completion) {
            Ok(Some(key)) => self.add(key),
            Ok(None) => {}
            Err(error) => {
                self.ended = Err(error);
                self.begin_drain();
            }
        }
    }

    fn add(&mut self, key: u32) {
        self.served += 1;
        // Counted before anybody else asks, so that the rings together keep to the limit.
        if !self.common.shared.admits_one_more() {
            return self.ring.close(key);
        }
        let place = key as usize;
        if self.clients.len() <= place {
            self.clients.resize_with(place + 1, || None);
        }
        let mut client = Client::new();
        client.begin(Wait::Receive);
        self.clients[place] = Some(client);
        self.open += 1;
        let (payload, to) = (Payload::Own(Echo::GREETING.into()), Echo::GREETING.len());
        self.send(key, Outgoing { payload, from: 0, to, is_rest: false });
        self.ring.receive(key);
    }

    /// No more clients. Those that the kernel has accepted meanwhile are served all the same.
    pub(crate) fn begin_drain(&mut self) {
        self.acceptor.stop(&mut self.ring);
        self.watch.begin_drain(now());
    }
}
