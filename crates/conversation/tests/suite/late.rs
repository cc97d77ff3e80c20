//! A service that answers late, and with more than it was sent: each digit is repeated as often as it says, once
//! somebody has counted that far. A dot is answered at once, a question mark breaks the protocol.

use std::borrow::Cow;
use std::collections::VecDeque;

use chassis::Outcome;
use conversation::{Answer, Late, Look, Next, Service, Then};

use crate::world::{World, seconds};

#[derive(Debug, Default)]
struct Repeat {
    /// At most what one read brings.
    waiting: VecDeque<u8>,
}

impl Repeat {
    fn go_on(&mut self, mut reply: Vec<u8>) -> Answer<'static, u8> {
        let mut then = Then::Continue;
        while let Some(byte) = self.waiting.pop_front() {
            match byte {
                b'0'..=b'9' => then = Then::Work(byte - b'0'),
                b'?' => then = Then::Refuse,
                byte => reply.push(byte),
            }
            if then != Then::Continue {
                break;
            }
        }
        Answer { reply: Cow::Owned(reply), message_began: false, then }
    }
}

impl Service for Repeat {
    const GREETING: &'static [u8] = b"";
    const IS_IMMEDIATE: bool = false;
    type Work = u8;
    type Done = Vec<u8>;

    fn receive<'bytes>(&mut self, bytes: &'bytes mut [u8]) -> Answer<'bytes, u8> {
        self.waiting.extend(&*bytes);
        self.go_on(Vec::new())
    }

    fn resume(&mut self, done: Vec<u8>) -> Answer<'static, u8> {
        self.go_on(done)
    }

    fn end(&mut self) -> Answer<'static, u8> {
        Answer { reply: Cow::Borrowed(b"!"), ..Answer::default() }
    }

    fn in_message(&self) -> bool {
        false
    }
}

fn world() -> World<Repeat> {
    World::new()
}

/// Works out what is outstanding.
fn work(world: &mut World<Repeat>, room: usize) {
    let Next::Work(count) = world.next() else { panic!("no work") };
    assert_eq!(world.next(), Next::Result, "it is handed out once");
    let done = vec![b'0' + count; count.into()];
    let reply = world.conversation.resume(done, world.now());
    world.send(&reply, room);
}

#[test]
fn answers_come_late_longer_than_the_request_and_in_order() {
    let mut world = world();
    world.receive(b".3.2", usize::MAX);
    assert_eq!(world.replies, b".", "what needs no work is answered at once");
    work(&mut world, usize::MAX);
    assert_eq!(world.replies, b".333.");
    work(&mut world, usize::MAX);
    assert_eq!(world.next(), Next::Receive);
    assert_eq!(world.replies, b".333.22");
}

#[test]
fn no_work_begins_while_a_tail_waits() {
    let mut world = world();
    world.receive(b"92", usize::MAX);
    work(&mut world, 4);
    assert_eq!(world.next(), Next::Send);
    world.flush(5);
    work(&mut world, usize::MAX);
    assert_eq!(world.replies, b"99999999922");
}

#[test]
fn a_client_that_waits_for_the_server_is_not_idle() {
    let mut world = world();
    world.receive(b"1", usize::MAX);
    assert_eq!(world.pass(seconds(1_000)), Look::Wait);
    work(&mut world, usize::MAX);
    assert_eq!(world.pass(seconds(39)), Look::Wait);
    assert_eq!(world.pass(seconds(1)), Look::Late(Late::Idle));
}

#[test]
fn a_half_closed_client_gets_what_it_is_owed_and_then_the_end() {
    let mut world = world();
    world.receive(b"1", usize::MAX);
    work(&mut world, usize::MAX);
    world.close(usize::MAX);
    world.assert_end(Outcome::Completed);
    assert_eq!(world.replies, b"1!");
}

#[test]
fn a_refused_client_gets_earlier_answers_then_a_fin_and_counts_as_an_error() {
    let mut world = world();
    world.receive(b".?.", usize::MAX);
    world.assert_fin();
    world.receive(b"...", usize::MAX);
    assert_eq!(world.replies, b".", "what it still sends is discarded");
    world.close(usize::MAX);
    world.assert_end(Outcome::Error);
}

#[test]
fn a_refused_client_does_not_stay_for_ever() {
    let mut world = world();
    world.receive(b"?", usize::MAX);
    world.assert_fin();
    for _ in 0..7 {
        assert_eq!(world.pass(seconds(1)), Look::Wait);
        world.receive(b"more", usize::MAX);
    }
    assert_eq!(world.pass(seconds(1)), Look::Late(Late::Write));
}

#[test]
fn a_drain_waits_for_the_work_and_drops_what_is_not_done_by_its_deadline() {
    let mut world = world();
    world.receive(b"1", usize::MAX);
    assert_eq!(world.pass(seconds(5)), Look::Wait);
    world.begin_drain();
    assert_eq!(world.pass(seconds(3)), Look::Wait);
    work(&mut world, usize::MAX);
    assert_eq!(world.pass(seconds(1)), Look::Turn);
    world.assert_fin();

    let mut world = self::world();
    world.receive(b"1", usize::MAX);
    world.begin_drain();
    assert_eq!(world.pass(seconds(10)), Look::End(Outcome::Dropped));
}
