//! What one read has brought, in a buffer that is lent.
//!
//! A buffer that lived across an `.await` would be a part of every waiting task. So each worker thread keeps a spare
//! one: a task takes it once there is something to read, and its answer gives it back before the task waits again.

use std::cell::Cell;

use crate::ready::BUFFER_SIZE;

thread_local! {
    static SPARE: Cell<Option<Box<Buffer>>> = const { Cell::new(None) };
}

#[derive(Debug)]
struct Buffer {
    bytes: Vec<u8>,
    length: usize,
}

/// Bytes of a client that are to be answered: a part of a message, or many. One pointer, because each waiting task has room for it.
#[derive(Debug)]
pub struct Chunk(Option<Box<Buffer>>);

impl Chunk {
    /// This thread's spare buffer, still empty.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it takes what the thread has")]
    pub fn new() -> Chunk {
        let new = || Box::new(Buffer { bytes: vec![0; BUFFER_SIZE], length: 0 });
        Chunk(Some(SPARE.take().unwrap_or_else(new)))
    }

    /// Room for what comes.
    pub fn room(&mut self) -> &mut [u8] {
        self.0.as_mut().map_or(&mut [], |buffer| &mut buffer.bytes)
    }

    /// So many bytes came.
    pub fn came(&mut self, length: usize) {
        if let Some(buffer) = &mut self.0 {
            buffer.length = length;
        }
    }

    /// What has come.
    pub fn bytes(&mut self) -> &mut [u8] {
        self.0.as_mut().map_or(&mut [], |buffer| &mut buffer.bytes[..buffer.length])
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Some(buffer) = self.0.take() {
            // A thread that ends has no spare buffer any more.
            let _ = SPARE.try_with(|spare| spare.set(Some(buffer)));
        }
    }
}
