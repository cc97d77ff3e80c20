//! Every rule of the policy, by itself.

use chassis::Outcome;
use conversation::{Late, Look, MINIMUM_PROGRESS, Next};

use crate::world::{World, millis, seconds};

fn world() -> World {
    World::new()
}

/// In the middle of a message, with a tail of two bytes.
fn with_tail() -> World {
    let mut world = world();
    world.receive(b"^abc", 1);
    assert!(matches!(world.next(), Next::Send));
    world
}

mod timeouts {
    use super::*;

    #[test]
    fn a_silent_client_is_idle_until_it_sends_a_byte() {
        let mut world = world();
        assert_eq!(world.pass(seconds(39)), Look::Wait);
        world.receive(b"x", 0);
        assert_eq!(world.pass(seconds(39)), Look::Wait);
        assert_eq!(world.pass(seconds(1)), Look::Late(Late::Idle));
    }

    #[test]
    fn bytes_that_the_server_has_not_read_are_no_silence() {
        let mut world = world();
        world.unread = true;
        assert_eq!(world.pass(seconds(60)), Look::Turn);
    }

    #[test]
    fn a_client_that_takes_nothing_of_its_reply_is_cut_whatever_it_sends() {
        let mut world = with_tail();
        world.unread = true;
        assert_eq!(world.pass(seconds(7)), Look::Wait);
        assert_eq!(world.pass(seconds(1)), Look::Late(Late::Write));
    }

    #[test]
    fn a_slow_reader_that_takes_some_bytes_stays() {
        let mut world = world();
        world.receive(&[b"^".as_slice(), &b"a".repeat(40_000)].concat(), 0);
        for _ in 0..20 {
            assert_eq!(world.pass(seconds(7)), Look::Wait);
            world.flush(1_500);
        }
    }

    #[test]
    fn a_reader_that_takes_less_than_the_minimum_is_cut() {
        let mut world = world();
        world.receive(&[b"^".as_slice(), &b"a".repeat(40_000)].concat(), 0);
        let found = (0..10).map(|_| {
            world.flush(10);
            world.pass(seconds(5))
        });
        assert_eq!(found.into_iter().find(|look| *look != Look::Wait), Some(Look::Late(Late::Progress)));
    }

    #[test]
    fn time_in_which_the_process_did_not_run_is_nobodys_silence() {
        let mut world = world();
        assert_eq!(world.pass(seconds(30)), Look::Wait);
        assert_eq!(world.stop(seconds(1_000)), Look::Wait);
        assert_eq!(world.pass(seconds(8)), Look::Wait);
        assert_eq!(world.pass(seconds(2)), Look::Late(Late::Idle));
    }

    #[test]
    fn a_stopped_process_cuts_neither_a_message_nor_a_reply() {
        let mut world = with_tail();
        assert_eq!(world.stop(seconds(1_000)), Look::Wait);
        world.flush(2);
        assert_eq!(world.stop(seconds(1_000)), Look::Wait);
        world.receive(b"d$", 1);
        assert_eq!(world.replies, b"*bcde");
    }
}

mod minimum_progress {
    use super::*;

    #[test]
    fn a_message_that_trickles_is_cut_and_noise_between_messages_is_not() {
        let mut world = world();
        for _ in 0..10 {
            world.receive(b"x", 0);
            assert_eq!(world.pass(seconds(10)), Look::Wait);
        }
        world.receive(b"^", 0);
        assert_eq!(world.pass(seconds(10)), Look::Wait);
        world.receive(b"a", 1);
        assert_eq!(world.pass(seconds(10)), Look::Late(Late::Progress));
    }

    #[test]
    fn enough_in_each_timeout_is_enough_for_ever() {
        let mut world = world();
        world.receive(b"^", 0);
        for _ in 0..20 {
            world.receive(&[b'a'; MINIMUM_PROGRESS as usize / 2], usize::MAX);
            assert_eq!(world.pass(seconds(20)), Look::Wait);
        }
    }

    #[test]
    fn the_time_begins_anew_with_each_message() {
        let mut world = world();
        world.receive(b"^", 0);
        for _ in 0..10 {
            assert_eq!(world.pass(seconds(15)), Look::Wait);
            world.receive(b"a$^", 1); // ends one message and begins the next
        }
    }

    #[test]
    fn the_time_begins_anew_once_a_reply_has_been_taken() {
        let mut world = with_tail();
        for _ in 0..2 {
            assert_eq!(world.pass(seconds(6)), Look::Wait);
            world.flush(1);
        }
        assert_eq!(world.pass(seconds(19)), Look::Wait);
    }
}

mod endings {
    use super::*;

    #[test]
    fn a_half_closed_client_with_a_tail_gets_it_and_then_the_end() {
        let mut world = with_tail();
        world.flush(2);
        assert!(matches!(world.next(), Next::Receive));
        world.close(0);
        world.assert_end(Outcome::Completed);
        assert_eq!(world.replies, b"*bcd");
    }

    #[test]
    fn a_failure_is_an_error_unless_the_client_had_everything_and_its_fin() {
        let mut world = world();
        assert_eq!(world.conversation.failed(), Outcome::Error);
        world.begin_drain();
        world.receive(b"^a$", 1);
        assert_eq!(world.pass(seconds(1)), Look::Turn);
        world.assert_fin();
        assert_eq!(world.conversation.failed(), Outcome::Completed);
    }
}

mod reading {
    use super::*;

    #[test]
    fn a_short_read_has_emptied_the_socket() {
        let world = world();
        assert!(!world.conversation.may_read_on(false));
        assert!(world.conversation.may_read_on(true));
    }

    #[test]
    fn behind_an_urgent_byte_there_may_be_more_until_nothing_was_found() {
        let mut world = world();
        world.conversation.expect_more();
        world.receive(b"^ab", 2);
        assert!(world.conversation.may_read_on(false));
        world.conversation.found_nothing();
        assert!(!world.conversation.may_read_on(false));
    }

    #[test]
    fn nothing_is_read_while_a_tail_waits() {
        let mut world = with_tail();
        world.flush(1);
        assert!(matches!(world.next(), Next::Send));
        world.flush(1);
        assert!(matches!(world.next(), Next::Receive));
    }
}

mod drain {
    use super::*;

    #[test]
    fn a_client_that_was_idle_before_is_closed_at_once() {
        let mut world = world();
        assert_eq!(world.pass(seconds(1)), Look::Wait);
        world.begin_drain();
        assert_eq!(world.pass(millis(40)), Look::End(Outcome::Completed));
    }

    #[test]
    fn a_client_that_falls_quiet_gets_a_fin_and_time_to_close() {
        let mut world = world();
        world.begin_drain();
        world.receive(b"^a$", 1);
        assert_eq!(world.pass(millis(480)), Look::Wait);
        assert_eq!(world.pass(millis(100)), Look::Turn);
        world.assert_fin();
        world.receive(b"^too late$", 9);
        assert_eq!(world.replies, b"*b", "it is discarded");
        world.close(0);
        world.assert_end(Outcome::Completed);
    }

    #[test]
    fn a_client_that_never_closes_is_cut_at_the_deadline_and_has_lost_nothing() {
        let mut world = world();
        world.begin_drain();
        world.receive(b"^a$", 1);
        assert_eq!(world.pass(seconds(1)), Look::Turn);
        world.assert_fin();
        assert_eq!(world.pass(seconds(10)), Look::End(Outcome::Completed));
    }

    #[test]
    fn a_client_that_never_falls_quiet_is_answered_until_half_time() {
        let mut world = world();
        world.begin_drain();
        world.receive(b"^", 0);
        let answered = (0..).take_while(|_| {
            world.receive(b"a", 1);
            world.pass(millis(100)) == Look::Wait
        });
        assert_eq!(answered.count(), 49);
        world.assert_fin();
    }

    #[test]
    fn no_fin_is_sent_before_the_reply_is_taken() {
        let mut world = world();
        world.receive(b"^a", 1);
        world.untaken = true;
        world.begin_drain();
        assert_eq!(world.pass(seconds(9)), Look::Wait);
        assert!(matches!(world.next(), Next::Receive));
        world.receive(b"b", 1);
        assert_eq!(world.replies, b"*b", "after half time it is discarded");
        world.untaken = false;
        assert_eq!(world.pass(millis(20)), Look::Turn);
        world.assert_fin();
    }

    #[test]
    fn a_client_whose_bytes_are_discarded_is_not_silent() {
        let mut world = world();
        assert_eq!(world.pass(seconds(32)), Look::Wait);
        world.untaken = true;
        world.begin_drain();
        assert_eq!(world.pass(seconds(6)), Look::Wait, "from now on, what it sends is discarded");
        world.receive(b"^a$", 3);
        assert_eq!(world.replies, b"*");
        assert_eq!(world.pass(millis(2_500)), Look::Wait, "it was not silent for 40 s");
    }

    #[test]
    fn what_the_kernel_still_holds_at_the_deadline_is_dropped() {
        let mut world = world();
        world.receive(b"^a", 1);
        world.untaken = true;
        world.begin_drain();
        assert_eq!(world.pass(seconds(10)), Look::End(Outcome::Dropped));
    }

    #[test]
    fn a_tail_at_the_deadline_is_dropped() {
        let mut world = with_tail();
        world.begin_drain();
        world.untaken = true;
        let mut found = Look::Wait;
        for _ in 0..11 {
            world.receive(b"", 0);
            found = world.pass(seconds(1));
            if found != Look::Wait {
                break;
            }
        }
        assert!(matches!(found, Look::Late(Late::Write) | Look::End(Outcome::Dropped)), "{found:?}");
    }

    #[test]
    fn a_tail_is_sent_before_the_fin() {
        let mut world = with_tail();
        world.begin_drain();
        world.untaken = true;
        assert_eq!(world.pass(seconds(6)), Look::Wait);
        assert!(matches!(world.next(), Next::Send));
        world.flush(2);
        world.untaken = false;
        assert_eq!(world.pass(seconds(1)), Look::Turn);
        world.assert_fin();
        assert_eq!(world.replies, b"*bcd");
    }
}
