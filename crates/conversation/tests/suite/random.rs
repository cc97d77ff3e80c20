//! Random conversations against the specification: the reply is right byte for byte, nothing is read while a tail
//! waits, and each conversation ends once.

use std::time::Duration;

use chassis::Outcome;
use conversation::{Echo, Look, Next};
use proptest::prelude::*;

use crate::world::World;

#[derive(Clone, Debug)]
enum Step {
    /// The client sends these bytes, and the kernel takes this many bytes of the reply.
    Send(Vec<u8>, usize),
    /// The kernel has room for this many bytes more.
    Room(usize),
    /// So many milliseconds pass, with a look whenever one is due.
    Pass(u64),
    /// The process is stopped for so many milliseconds.
    Stop(u64),
    /// Whether bytes lie unread in the socket, and whether the client has taken what was sent.
    Kernel(bool, bool),
    Drain,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop::collection::vec(prop_oneof![Just(b'^'), Just(b'$'), any::<u8>()], 1..40);
    prop_oneof![
        8 => (bytes, 0..40_usize).prop_map(|(bytes, room)| Step::Send(bytes, room)),
        6 => (0..40_usize).prop_map(Step::Room),
        4 => (0..9_000_u64).prop_map(Step::Pass),
        1 => (0..90_000_u64).prop_map(Step::Stop),
        2 => any::<(bool, bool)>().prop_map(|(unread, untaken)| Step::Kernel(unread, untaken)),
        1 => Just(Step::Drain),
        1 => Just(Step::Close),
    ]
}

/// The protocol as SPEC tells it, without any of our code.
#[derive(Default)]
struct Specification {
    in_message: bool,
    reply: Vec<u8>,
}

impl Specification {
    fn receive(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match (self.in_message, byte) {
                (false, b'^') => self.in_message = true,
                (false, _) => {}
                (true, b'$') => self.in_message = false,
                (true, byte) => self.reply.push(byte.wrapping_add(1)),
            }
        }
    }
}

/// Plays the steps; fails where the conversation is wrong.
fn play(steps: &[Step]) -> Result<(), TestCaseError> {
    let mut world = World::<Echo>::new();
    let mut specification = Specification { reply: b"*".to_vec(), ..Specification::default() };
    let (mut discards, mut fin_sent) = (false, false);
    for step in steps {
        // What a driver does before each step; it reads only if that is what is needed.
        let reads = match world.next() {
            Next::Receive => true,
            Next::Send => false,
            Next::Fin => {
                prop_assert!(!fin_sent, "a second FIN");
                fin_sent = true;
                prop_assert_eq!(world.conversation.unsent(), b"", "a FIN before the rest of the reply");
                true
            }
            Next::End(outcome) => {
                prop_assert_eq!(outcome, Outcome::Completed);
                break;
            }
            Next::Work(never) => match never {},
            Next::Result => return Err(TestCaseError::fail("no work was handed out")),
        };
        let look = match step {
            Step::Send(bytes, room) if reads => {
                let before = world.replies.len() + world.conversation.unsent().len();
                world.receive(bytes, *room);
                let replied = world.replies.len() + world.conversation.unsent().len() - before;
                let mut told =
                    Specification { in_message: specification.in_message, ..Specification::default() };
                told.receive(bytes);
                // Discarding begins at some look of a drain and never ends; whatever is answered is answered in full.
                discards |= replied == 0 && !told.reply.is_empty();
                if !discards {
                    specification.receive(bytes);
                }
                Look::Wait
            }
            Step::Room(room) => {
                world.flush(*room);
                Look::Wait
            }
            Step::Pass(time) => world.pass(Duration::from_millis(*time)),
            Step::Stop(time) => world.stop(Duration::from_millis(*time)),
            Step::Kernel(unread, untaken) => {
                (world.unread, world.untaken) = (*unread, *untaken);
                Look::Wait
            }
            Step::Drain => {
                world.begin_drain();
                Look::Wait
            }
            Step::Close if reads => {
                world.close(usize::MAX);
                Look::Wait
            }
            Step::Send(..) | Step::Close => Look::Wait,
        };
        prop_assert!(specification.reply.starts_with(&world.replies), "{:?}", world.replies);
        let owed = &specification.reply[world.replies.len()..];
        prop_assert_eq!(world.conversation.unsent(), owed, "all that is owed is kept, and nothing else");
        if let Look::Late(_) | Look::End(_) = look {
            break;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_conversation_is_answered_as_specified_and_ends_once(steps in prop::collection::vec(step(), 0..60)) {
        play(&steps)?;
    }
}
