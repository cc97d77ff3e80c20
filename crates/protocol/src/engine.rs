//! Two engines that answer whole buffers in place, each with the same result as the table in
//! [`session`](crate::session).
//!
//! [`Session::transform_in_place`] takes the fastest one that the processor has; a test, a benchmark or a learner names one
//! and sees the difference:
//!
//! ```
//! use protocol::{Engine, Session};
//!
//! for engine in Engine::ALL.into_iter().filter(|engine| engine.is_available()) {
//!     let (mut session, mut buffer) = (Session::new(), *b"..^abc$..^z$");
//!     let length = session.transform_with(engine, &mut buffer);
//!     assert_eq!(&buffer[..length], b"bcd{", "{engine:?}");
//! }
//! ```
//!
//! [`Session::transform_in_place`]: crate::Session::transform_in_place

mod byte_loop;
#[cfg(target_arch = "x86_64")]
mod vector;

use crate::session::State;

/// A way to answer a buffer in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Byte after byte, with one loop for each state. Everywhere.
    ByteLoop,
    /// 64 bytes at once, on x86-64 processors with AVX2 (Intel since 2013, AMD since 2015).
    Vector,
}

impl Engine {
    /// Both, the slower one first.
    pub const ALL: [Engine; 2] = [Engine::ByteLoop, Engine::Vector];

    /// The fastest one that this processor has.
    pub fn fastest() -> Engine {
        if Engine::Vector.is_available() { Engine::Vector } else { Engine::ByteLoop }
    }

    /// Whether this processor has what the engine needs. The first call asks the processor, the others read a flag.
    pub fn is_available(self) -> bool {
        match self {
            Engine::ByteLoop => true,
            #[cfg(target_arch = "x86_64")]
            Engine::Vector => processor::get(),
            #[cfg(not(target_arch = "x86_64"))]
            Engine::Vector => false,
        }
    }

    /// Answers the buffer; see [`Session::transform_with`](crate::Session::transform_with).
    pub(crate) fn transform(self, state: &mut State, buffer: &mut [u8]) -> usize {
        match self {
            // Shorter than half a block, there is nothing that vectors could do.
            #[cfg(target_arch = "x86_64")]
            Engine::Vector if buffer.len() >= vector::SHORTEST && processor::get() => {
                #[expect(unsafe_code, reason = "a function for some processors only")]
                // SAFETY: the processor has the features that the function is compiled for: the guard has asked for them.
                unsafe {
                    vector::transform(state, buffer)
                }
            }
            _ => byte_loop::transform(state, buffer, 0, 0),
        }
    }
}

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(processor, "avx2", "bmi1", "bmi2", "popcnt");
