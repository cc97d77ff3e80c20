//! 64 bytes at once: the state of all of them from one addition, then only those kept that are answered.
//!
//! A block is two AVX2 vectors of 32 bytes. A comparison turns it into a word with one bit for each byte, the first byte
//! lowest (here leftmost):
//!
//! ```text
//!   block     x  ^  a  b  $  y  ^  c ...
//!   starts    .  1  .  .  .  .  1  .        where ^ is
//!   goes_on   1  1  1  1  .  1  1  1        where $ is not
//!   ───────────────────────────────────
//!   sum       1  .  .  .  1  1  .  .        goes_on + starts: the carry begins at ^, runs on through the ones, ends at $
//!   carries   .  .  1  1  1  .  .  1        goes_on ^ starts ^ sum: where a carry came in, the byte is inside a message
//!   answered  .  .  1  1  .  .  .  1        carries & goes_on: inside, and not the $ that ends it
//! ```
//!
//! A carry is the state `InMsg`: one that comes in is the state before the block, one that goes out the state after it.
//! A ^ inside a message adds one more to a carry that runs anyway, and is answered like any other byte.
//!
//! 1. A block in which the state never changes is copied plus one, or skipped. Any other is [compacted](Block::answer)
//!    without a branch, 16 bytes at a time, however its messages lie.
//! 2. After each [stretch](STRETCH) the engine looks at how much of it was answered. If nearly all, its messages are as
//!    long as a block or longer: [then](from_message_to_message) a block holds one `$^` at most, and is answered by two
//!    loads and a mask. Long messages and long pauses go in [runs](RUN) of 128 bytes, as fast as `memcpy`.
//! 3. What is left at the end, less than 32 bytes, is for the byte loop.
//!
//! The addition is the well-known way to find the extent of runs in bit masks; compaction by `pshufb` with a table is from
//! Lemire's despacer (<https://github.com/lemire/despacer>). The reply overwrites only bytes that have been read:
//! it is never ahead of the input, and each block is in registers before its reply is written.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_cvtsi128_si64, _mm_extract_epi64, _mm_set_epi64x, _mm_shuffle_epi8,
    _mm256_add_epi8, _mm256_blendv_epi8, _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_extracti128_si256,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_testz_si256,
};
use core::hint::select_unpredictable;

use zerocopy::transmute;

use super::byte_loop;
use crate::bytes::{END, START};
use crate::session::State;

/// Bytes of a vector: a shorter buffer is for the byte loop.
pub(super) const SHORTEST: usize = VECTOR;
const VECTOR: usize = 32;
/// Bytes of a block: a bit of a word for each.
const BLOCK: usize = 2 * VECTOR;
/// Bytes of a turn in a long message or a long pause.
const RUN: usize = 4 * VECTOR;
/// Blocks without an end after which a message is taken to be a long one.
const WITHOUT_END: usize = 4;
/// From this many bytes on it pays to align what is written: a write across two cache lines takes twice the time.
const LONG: usize = 1024;
/// Bytes after which the engine looks at how long the messages are.
const STRETCH: usize = 16 * BLOCK;
/// Bytes of a stretch that are not answered if its messages are about as long as a block or longer.
const SPARSE: usize = 36;
/// Between two messages: the end of one, the start of the next.
const DELIMITERS: usize = 2;

/// Compiles functions for processors with these features. Within them the intrinsics are safe.
macro_rules! for_avx2 {
    ($($function:item)*) => { $(
        #[inline]
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
        $function
    )* };
}

for_avx2! {
    /// As [`byte_loop::transform`] with the whole buffer.
    pub(super) fn transform(state: &mut State, buffer: &mut [u8]) -> usize {
        let (mut read, mut written) = (0, 0);
        while buffer.len() - read >= BLOCK {
            let end = buffer.len().min(read + STRETCH);
            let skipped = read - written;
            (read, written) = any_blocks(state, &mut buffer[..end], read, written);
            // Few delimiters: messages are about as long as a block or longer.
            if read - written - skipped <= SPARSE {
                if *state == State::WaitForMsg && buffer.get(read) == Some(&START) {
                    *state = State::InMsg;
                    read += 1;
                }
                if *state == State::InMsg {
                    (read, written) = from_message_to_message(buffer, read, written);
                }
            } else if *state == State::WaitForMsg {
                read = between_messages(buffer, read);
            }
        }
        if let Some(bytes) = buffer[read..].first_chunk::<VECTOR>() {
            let block = Block::<1>(transmute!(*bytes));
            // The upper 32 bytes that are not there change no state.
            let answered = answered(state, block.positions_of(START), block.positions_of(END));
            written += block.answer(answered, &mut buffer[written..]);
            read += VECTOR;
        }
        byte_loop::transform(state, buffer, read, written)
    }

    /// Answers whole blocks, whatever they hold, and returns how far it has read and written.
    fn any_blocks(state: &mut State, buffer: &mut [u8], mut read: usize, mut written: usize) -> (usize, usize) {
        while let Some(bytes) = buffer[read..].first_chunk::<BLOCK>() {
            let block = Block::<2>(transmute!(*bytes));
            let (starts, ends) = (block.positions_of(START), block.positions_of(END));
            // Not a branch: nobody can predict the state between blocks of short messages.
            let changes = select_unpredictable(*state == State::InMsg, ends, starts);
            read += BLOCK;
            if changes != 0 {
                written += block.answer(answered(state, starts, ends), &mut buffer[written..]);
            } else if *state == State::InMsg {
                block.plus_one().write(buffer, written);
                written += BLOCK;
            }
        }
        (read, written)
    }

    /// From within a message, answers blocks in which none ends, or one ends and the next starts at once: what lies behind
    /// the two delimiters moves up by two bytes. Returns how far it has read and written; that is within a message again.
    fn from_message_to_message(buffer: &mut [u8], mut read: usize, mut written: usize) -> (usize, usize) {
        let mut blocks_without_end = 0;
        while let Some((block, behind)) = block_and_behind(&buffer[read..]) {
            let ends = block.positions_of(END);
            if ends == 0 {
                block.plus_one().write(buffer, written);
                (read, written) = (read + BLOCK, written + BLOCK);
                blocks_without_end += 1;
                if blocks_without_end == WITHOUT_END {
                    (read, written) = within_message(buffer, read, written);
                }
                continue;
            }
            let end = ends.trailing_zeros() as usize;
            if end == BLOCK - 1 {
                // The start lies behind the block. After half a step it does not.
                Block([block.0[0]]).plus_one().write(buffer, written);
                (read, written) = (read + VECTOR, written + VECTOR);
                continue;
            }
            if !has_at_most_one(ends) || buffer[read + end + 1] != START {
                break;
            }
            // Wherever it ends, by as much: the next block need not wait until that is known.
            block.up_to(end, behind).plus_one().write(buffer, written);
            (read, written) = (read + BLOCK, written + BLOCK - DELIMITERS);
            blocks_without_end = 0;
        }
        (read, written)
    }

    /// The first block, and the block that begins two bytes later.
    fn block_and_behind(bytes: &[u8]) -> Option<(Block<2>, Block<2>)> {
        // Each from memory: a copy of both would be written in one place and read in others, for which processors wait.
        let behind = bytes.get(DELIMITERS..)?.first_chunk::<BLOCK>()?;
        Some((Block(transmute!(*bytes.first_chunk::<BLOCK>()?)), Block(transmute!(*behind))))
    }

    /// Answers whole runs up to the one in which a long message ends, and returns how far it has read and written.
    fn within_message(buffer: &mut [u8], mut read: usize, mut written: usize) -> (usize, usize) {
        if buffer.len() - read >= LONG {
            let unaligned = buffer[written..].as_ptr().align_offset(VECTOR).min(VECTOR);
            let first = &buffer[read..read + unaligned];
            if !first.contains(&END) {
                for _ in 0..unaligned {
                    buffer[written] = buffer[read].wrapping_add(1);
                    (read, written) = (read + 1, written + 1);
                }
            }
        }
        while let Some(bytes) = buffer[read..].first_chunk::<RUN>() {
            let run = Block::<4>(transmute!(*bytes));
            if run.has(END) {
                break;
            }
            run.plus_one().write(buffer, written);
            (read, written) = (read + RUN, written + RUN);
        }
        (read, written)
    }

    /// Skips whole runs up to the one in which a message starts, and returns how far it has read.
    fn between_messages(buffer: &[u8], mut read: usize) -> usize {
        while let Some(bytes) = buffer[read..].first_chunk::<RUN>() {
            if Block::<4>(transmute!(*bytes)).has(START) {
                break;
            }
            read += RUN;
        }
        read
    }
}

/// Which bytes of a block are answered, and the state after it: the addition of the diagram above.
#[inline]
fn answered(state: &mut State, starts: u64, ends: u64) -> u64 {
    let goes_on = !ends;
    let (sum, out_of_starts) = goes_on.overflowing_add(starts);
    let (sum, out_of_state) = sum.overflowing_add(u64::from(*state == State::InMsg));
    *state = if out_of_starts | out_of_state { State::InMsg } else { State::WaitForMsg };
    (goes_on ^ starts ^ sum) & goes_on
}

const fn has_at_most_one(positions: u64) -> bool {
    positions & positions.wrapping_sub(1) == 0
}

/// Some vectors' worth of bytes, in registers.
#[derive(Clone, Copy)]
struct Block<const VECTORS: usize>([__m256i; VECTORS]);

impl<const VECTORS: usize> Block<VECTORS> {
    for_avx2! {
        /// A bit for each of up to 64 bytes: whether it is `byte`.
        fn positions_of(self, byte: u8) -> u64 {
            let (byte, mut positions) = (_mm256_set1_epi8(byte.cast_signed()), 0);
            for (index, vector) in self.0.into_iter().enumerate() {
                let found = _mm256_movemask_epi8(_mm256_cmpeq_epi8(vector, byte)).cast_unsigned();
                positions |= u64::from(found) << (VECTOR * index);
            }
            positions
        }

        fn has(self, byte: u8) -> bool {
            let (byte, mut found) = (_mm256_set1_epi8(byte.cast_signed()), _mm256_setzero_si256());
            for vector in self.0 {
                found = _mm256_or_si256(found, _mm256_cmpeq_epi8(vector, byte));
            }
            _mm256_testz_si256(found, found) == 0
        }

        /// Each byte plus one; 0xFF wraps to 0x00.
        fn plus_one(self) -> Self {
            Block(self.0.map(|vector| _mm256_add_epi8(vector, _mm256_set1_epi8(1))))
        }

        /// Writes all bytes to `buffer[to..]`.
        fn write(self, buffer: &mut [u8], to: usize) {
            let (out, _) = buffer[to..to + VECTOR * VECTORS].as_chunks_mut::<VECTOR>();
            for (out, vector) in out.iter_mut().zip(self.0) {
                *out = transmute!(vector);
            }
        }

        /// Writes those bytes plus one whose bits are set, one after the other, and returns their number. As many
        /// bytes of `out` as the block has may be overwritten.
        fn answer(self, answered: u64, out: &mut [u8]) -> usize {
            // One check of bounds for the whole block.
            let (out, mut length) = (&mut out[..VECTOR * VECTORS], 0);
            for (index, vector) in self.plus_one().0.into_iter().enumerate() {
                let [a, b, c, d, ..] = (answered >> (VECTOR * index)).to_le_bytes();
                length = keep(_mm256_castsi256_si128(vector), [a, b], out, length);
                length = keep(_mm256_extracti128_si256::<1>(vector), [c, d], out, length);
            }
            length
        }
    }
}

for_avx2! {
    /// Writes those of 16 bytes whose bits are set to `out[length..]`, eight at a time, and returns the new length.
    fn keep(bytes: __m128i, [low, high]: [u8; 2], out: &mut [u8], length: usize) -> usize {
        let (of_low, of_high) = (OF_LOW[usize::from(low)], OF_HIGH[usize::from(high)]);
        let kept = _mm_shuffle_epi8(bytes, _mm_set_epi64x(i64::from_le_bytes(of_high), i64::from_le_bytes(of_low)));
        // All eight are written; the next eight overwrite those that are not kept.
        out[length..length + GROUP].copy_from_slice(&_mm_cvtsi128_si64(kept).to_le_bytes());
        let length = length + low.count_ones() as usize;
        out[length..length + GROUP].copy_from_slice(&_mm_extract_epi64::<1>(kept).to_le_bytes());
        length + high.count_ones() as usize
    }
}

impl Block<2> {
    for_avx2! {
        /// The bytes before `position`, and those of another block from there on.
        fn up_to(self, position: usize, other: Self) -> Self {
            let mut before = [[0; VECTOR]; 2];
            before.as_flattened_mut().copy_from_slice(&BEFORE[BLOCK - position..][..BLOCK]);
            let [first, second]: [__m256i; 2] = transmute!(before);
            Block([
                _mm256_blendv_epi8(other.0[0], self.0[0], first),
                _mm256_blendv_epi8(other.0[1], self.0[1], second),
            ])
        }
    }
}

/// A mask of the bytes before a position begins as far before the middle.
static BEFORE: [u8; 2 * BLOCK] = {
    let mut mask = [0; 2 * BLOCK];
    let mut position = 0;
    while position < BLOCK {
        mask[position] = 0xFF;
        position += 1;
    }
    mask
};

/// Bytes that one entry of a table compacts.
const GROUP: usize = 8;

/// For each set of the first eight of 16 bytes: where to take the bytes of the compacted eight from.
static OF_LOW: [[u8; GROUP]; 256] = sources(0);
/// The same for the second eight.
static OF_HIGH: [[u8; GROUP]; 256] = sources(8);

const fn sources(first: u8) -> [[u8; GROUP]; 256] {
    let mut table = [[0; GROUP]; 256];
    let mut set = 0;
    while set < table.len() {
        let (mut index, mut kept) = (0, 0);
        while index < 8 {
            if set >> index & 1 == 1 {
                table[set][kept] = first + index;
                kept += 1;
            }
            index += 1;
        }
        set += 1;
    }
    table
}
