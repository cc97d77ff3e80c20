//! What a reply leaves behind when its client reads slowly.

/// A page of memory: a tail up to this length has as much room as it needs.
const SHORT: usize = 4 << 10;

/// As long as a reply to one read of any model can be: 64 KiB, and 16 bytes of a read that was not over.
const LONG: usize = (64 << 10) + 16;

/// The part of a reply that its client has not taken yet. While there is none, as for nearly every client at
/// nearly every moment, it is a pointer wide and holds no memory.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    kept: Option<Box<Kept>>,
}

#[derive(Debug)]
enum Kept {
    /// Here, as it is until all of it is sent: copying what is left would hold the same memory twice, again and again
    /// for a client that takes a few bytes at a time.
    Here { bytes: Vec<u8>, sent: usize },
    /// By the caller: so many bytes.
    Elsewhere(usize),
}

impl Tail {
    /// Keeps what could not be sent. Nothing else may be kept then.
    #[inline]
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            debug_assert!(self.is_empty(), "a reply was made while another waited");
            let mut kept = Vec::with_capacity(room(bytes.len()));
            kept.extend_from_slice(bytes);
            self.kept = Some(Box::new(Kept::Here { bytes: kept, sent: 0 }));
        }
    }

    /// Notes that the caller keeps so many bytes that could not be sent. Nothing else may be kept then.
    #[inline]
    pub(crate) fn count(&mut self, bytes: usize) {
        if bytes > 0 {
            debug_assert!(self.is_empty(), "a reply was made while another waited");
            self.kept = Some(Box::new(Kept::Elsewhere(bytes)));
        }
    }

    /// What is still to be sent and is kept here.
    pub(crate) fn rest(&self) -> &[u8] {
        match self.kept.as_deref() {
            Some(Kept::Here { bytes, sent }) => &bytes[*sent..],
            Some(Kept::Elsewhere(_)) | None => &[],
        }
    }

    /// This many bytes of the rest have been sent.
    pub(crate) fn sent(&mut self, count: usize) {
        let left = match self.kept.as_deref_mut() {
            Some(Kept::Here { bytes, sent }) => {
                *sent += count;
                bytes.len().saturating_sub(*sent)
            }
            Some(Kept::Elsewhere(left)) => {
                *left = left.saturating_sub(count);
                *left
            }
            None => return,
        };
        if left == 0 {
            self.kept = None;
        }
    }

    /// Whether there is nothing left to send.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.kept.is_none()
    }
}

/// The room to ask for, in bytes. Long tails all get the same: an allocator that is asked for many lengths leaves holes
/// between them that fit no other (a fifth of the memory of 64 clients that never read, on a thread with an arena of its
/// own). Room that is not written to takes no memory.
fn room(length: usize) -> usize {
    if length <= SHORT { length } else { length.max(LONG) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_sent_piece_by_piece_and_then_holds_nothing() {
        let mut tail = Tail::default();
        tail.keep(b"reply");
        tail.sent(2);
        assert_eq!(tail.rest(), b"ply");
        tail.sent(3);
        assert!(tail.is_empty() && tail.rest().is_empty());
    }

    #[test]
    fn a_tail_that_the_caller_keeps_is_only_counted() {
        let mut tail = Tail::default();
        tail.count(5);
        assert_eq!(tail.rest(), b"");
        tail.sent(2);
        assert!(!tail.is_empty());
        tail.sent(3);
        assert!(tail.is_empty());
    }
}
