//! What a reply leaves behind when its client reads slowly.

/// The part of a reply that its client has not taken yet. While there is none, as for nearly every client at
/// nearly every moment, it is a pointer wide and holds no memory.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    kept: Option<Box<Kept>>,
}

/// Kept as it is until all of it is sent: copying what is left would hold the same memory twice, again and again
/// for a client that takes a few bytes at a time.
#[derive(Debug)]
struct Kept {
    bytes: Box<[u8]>,
    sent: usize,
}

impl Tail {
    /// Keeps what could not be sent. To be called only while nothing else is kept.
    #[inline]
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        debug_assert!(self.is_empty(), "a reply was made while another waited");
        if !bytes.is_empty() {
            self.kept = Some(Box::new(Kept { bytes: bytes.into(), sent: 0 }));
        }
    }

    /// What is still to be sent.
    pub(crate) fn rest(&self) -> &[u8] {
        self.kept.as_ref().map_or(&[], |kept| &kept.bytes[kept.sent..])
    }

    /// This many bytes of the rest have been sent.
    pub(crate) fn sent(&mut self, count: usize) {
        if let Some(kept) = &mut self.kept {
            kept.sent += count;
            if kept.sent >= kept.bytes.len() {
                self.kept = None;
            }
        }
    }

    /// Whether there is nothing left to send.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.kept.is_none()
    }
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
}
