//! The prime service in a conversation: its answers come late, one by one.

use chassis::Outcome;
use conversation::{Late, Look, Next, Primes};

use crate::world::{World, seconds};

fn world() -> World<Primes> {
    World::new()
}

/// Tests the number that is to be tested now; it must be this one.
fn test(world: &mut World<Primes>, number: u64) {
    let Next::Work(mut test) = world.next() else { panic!("{number} is not handed out") };
    assert_eq!(test.number(), number);
    assert!(matches!(world.next(), Next::Result), "one at a time");
    let verdict = test.go_on().expect("it is small");
    let reply = world.conversation.resume(verdict, world.now());
    world.send(&reply, usize::MAX);
}

#[test]
fn there_is_no_greeting() {
    assert!(world().replies.is_empty());
}

#[test]
fn numbers_are_handed_out_one_by_one_and_answered_in_order() {
    let mut world = world();
    world.receive(b"7\n+7\n9\n\n1", usize::MAX);
    test(&mut world, 7);
    assert_eq!(world.replies, b"prime\nerror\n");
    test(&mut world, 9);
    assert!(matches!(world.next(), Next::Receive));
    world.receive(b"1\n", usize::MAX);
    test(&mut world, 11);
    assert_eq!(world.replies, b"prime\nerror\ncomposite\nerror\nprime\n");
}

#[test]
fn a_half_closed_client_is_answered_its_last_line_too() {
    let mut world = world();
    world.receive(b"4\n5", usize::MAX);
    test(&mut world, 4);
    world.close(usize::MAX);
    test(&mut world, 5);
    world.assert_end(Outcome::Completed);
    assert_eq!(world.replies, b"composite\nprime\n");
}

#[test]
fn a_line_that_is_too_long_ends_the_conversation_after_the_answers_to_earlier_ones() {
    let mut world = world();
    world.receive(&[&b"7\n"[..], &[b'1'; 65], b"\n7\n"].concat(), usize::MAX);
    test(&mut world, 7);
    world.assert_fin();
    world.receive(b"7\n", usize::MAX);
    world.close(usize::MAX);
    world.assert_end(Outcome::Error);
    assert_eq!(world.replies, b"prime\n");
}

#[test]
fn a_line_must_end_within_the_progress_timeout_however_it_trickles() {
    let mut world = world();
    world.receive(b"1", usize::MAX);
    for _ in 0..19 {
        assert_eq!(world.pass(seconds(1)), Look::Wait);
        world.receive(b"1", usize::MAX);
    }
    assert_eq!(world.pass(seconds(1)), Look::Late(Late::Progress));
}

#[test]
fn the_time_of_a_line_does_not_run_while_an_earlier_one_is_answered() {
    let mut world = world();
    world.receive(b"7\n1", usize::MAX);
    assert_eq!(world.pass(seconds(1_000)), Look::Wait);
    test(&mut world, 7);
    assert_eq!(world.pass(seconds(19)), Look::Wait);
    assert_eq!(world.pass(seconds(1)), Look::Late(Late::Progress));
}

#[test]
fn a_drain_answers_every_line_that_was_received() {
    let mut world = world();
    world.receive(b"4\n5\n6\n", usize::MAX);
    world.begin_drain();
    for number in 4..7 {
        assert_eq!(world.pass(seconds(2)), Look::Wait);
        test(&mut world, number);
    }
    assert_eq!(world.replies, b"composite\nprime\ncomposite\n");
    assert_eq!(world.pass(seconds(1)), Look::Turn);
    world.assert_fin();
}
