//! What a reply leaves behind when its client reads slowly.

/// The part of a reply that its client has not taken yet. While there is none, as for nearly every client at
/// nearly every moment, it is a pointer wide and holds no memory.
///
/// ```
/// let mut tail = chassis::Tail::default();
/// tail.keep(b"reply");
/// tail.took(2);
/// assert_eq!(tail.rest(), b"ply");
/// tail.took(3);
/// assert!(tail.is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Tail {
    kept: Option<Box<Kept>>,
}

/// Kept as it is until all of it has gone: a copy of what is left would be the same memory twice, again and
/// again for a client that takes a few bytes at a time.
#[derive(Debug)]
struct Kept {
    bytes: Box<[u8]>,
    taken: usize,
}

impl Tail {
    /// Keeps what could not be sent, if it is anything. To be called only while nothing else is kept.
    #[inline]
    pub fn keep(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.kept = Some(Box::new(Kept { bytes: bytes.into(), taken: 0 }));
        }
    }

    /// What is still to be sent.
    pub fn rest(&self) -> &[u8] {
        self.kept.as_ref().map_or(&[], |kept| &kept.bytes[kept.taken..])
    }

    /// The client has taken this many bytes of the rest.
    pub fn took(&mut self, sent: usize) {
        if let Some(kept) = &mut self.kept {
            kept.taken += sent;
            if kept.taken >= kept.bytes.len() {
                self.kept = None;
            }
        }
    }

    /// Whether there is nothing left to send.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.kept.is_none()
    }
}
