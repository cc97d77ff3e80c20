//! The protocol as a coroutine: straight code without a state, and the same answers as the table and as the engines.
//!
//! An `async fn` needs no runtime. It is a value with one method, `poll`, which goes on where the last call stopped.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use protocol::Session;

use super::naive::{any_bytes, any_cuts, cut};

/// The conversation. No variable says whether a message has begun: where the code waits says it.
async fn converse(wire: &Wire) -> ! {
    loop {
        while wire.next().await != b'^' {}
        loop {
            match wire.next().await {
                b'$' => break,
                data => wire.reply(data.wrapping_add(1)),
            }
        }
    }
}

/// Both directions of a connection, without a socket.
#[derive(Default)]
struct Wire {
    arrived: RefCell<VecDeque<u8>>,
    replies: RefCell<Vec<u8>>,
}

impl Wire {
    /// The next byte. If none is left, the coroutine stops here until it is polled again.
    async fn next(&self) -> u8 {
        poll_fn(|_| self.arrived.borrow_mut().pop_front().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn reply(&self, byte: u8) {
        self.replies.borrow_mut().push(byte);
    }
}

/// The reply to each read. One call of `poll` for a read, by hand: nobody is to be woken.
fn replies(reads: &[&[u8]]) -> Vec<Vec<u8>> {
    let wire = Wire::default();
    let mut conversation = pin!(converse(&wire));
    let mut nobody = Context::from_waker(Waker::noop());
    let resume = |read: &&[u8]| {
        wire.arrived.borrow_mut().extend(*read);
        assert!(conversation.as_mut().poll(&mut nobody).is_pending());
        wire.replies.take()
    };
    reads.iter().map(resume).collect()
}

proptest! {
    #[test]
    fn table_coroutine_and_vectors_give_the_same_reply_to_each_read(input in any_bytes(400), cuts in any_cuts()) {
        let reads = cut(&input, &cuts);
        let (mut table, mut vectors) = (Session::new(), Session::new());
        for (read, by_coroutine) in reads.iter().zip(replies(&reads)) {
            let by_table: Vec<u8> = read.iter().filter_map(|&byte| table.step(byte)).collect();
            let mut buffer = read.to_vec();
            let length = vectors.transform_in_place(&mut buffer);
            prop_assert_eq!(&by_coroutine, &by_table);
            prop_assert_eq!(&buffer[..length], by_table);
        }
    }
}

/// All 512 rows. The byte behind each shows the state after it: inside a message it is answered.
#[test]
fn every_transition_of_the_coroutine_is_that_of_the_table() {
    for before in [b"$", b"^"] {
        for byte in 0..=u8::MAX {
            let mut table = Session::new();
            let reads: [&[u8]; 3] = [before, &[byte], b"a"];
            let by_table = reads.map(|read| read.iter().filter_map(|&byte| table.step(byte)).collect());
            assert_eq!(replies(&reads), Vec::<Vec<u8>>::from(by_table), "{byte:#04x} after {before:?}");
        }
    }
}
