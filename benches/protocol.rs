//! The speed of the protocol itself: bytes per second through [`Session::transform_in_place`], without sockets, compared
//! with two others:
//!
//! - `memcpy`: copies the same bytes. The transformation overwrites its input, so every iteration first copies it again,
//!   and the other two figures include that copy. This is the copy alone: the floor, and what to subtract.
//! - `naive-loop`: the protocol's table as a match in a loop, written below.
//!
//! Sizes are those of a read, including delimiters. The speed of a memcpy depends on the offsets of its two buffers
//! within their pages, so the offset of the destination changes from one iteration to the next, in the same way for all
//! three.
//!
//! ```sh
//! cargo bench --bench protocol
//! cargo bench --bench protocol -- 14-byte
//! ```

mod common;

use std::hint::black_box;

use common::names::{CONTENDERS, SHAPES, SIZES};
use criterion::{Bencher, BenchmarkId, Criterion, Throughput};
use protocol::{END, START, Session};

/// For each of the shapes, a function that makes a read of a given size.
const READS: [fn(usize) -> Vec<u8>; SHAPES.len()] = [
    |size| framed(&vec![b'x'; size - 2]),
    |size| framed(&[b'x'; 14]).repeat(size / 16),
    |size| vec![b'x'; size],
];

/// For each of the contenders, its transformation of a buffer, which returns the length of the reply.
const TRANSFORMATIONS: [fn(&mut [u8]) -> usize; CONTENDERS.len()] =
    [|buffer| Session::new().transform_in_place(buffer), naive_loop, |buffer| buffer.len()];

/// The step of the destination's offset: eight offsets within a page, each on a cache line of its own.
const STEP: usize = 512;
const PAGE: usize = 4096;

fn main() {
    let mut criterion = common::criterion();
    for (shape, read_of) in SHAPES.into_iter().zip(READS) {
        bench(&mut criterion, shape, read_of);
    }
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion, shape: &str, read_of: fn(usize) -> Vec<u8>) {
    let mut group = criterion.benchmark_group(format!("protocol/{shape}"));
    for size in SIZES {
        let read = read_of(size);
        assert_eq!(read.len(), size, "{shape} has the wrong size");
        verify(shape, &read);
        group.throughput(Throughput::Bytes(size as u64));
        for (name, transform) in CONTENDERS.into_iter().zip(TRANSFORMATIONS) {
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                refill_and_transform(bencher, &read, transform);
            });
        }
    }
    group.finish();
}

/// The call goes through a function pointer, at the same cost for all.
fn refill_and_transform(bencher: &mut Bencher<'_>, read: &[u8], transform: fn(&mut [u8]) -> usize) {
    let (mut source, mut destination) = (Pages::for_bytes(read.len()), Pages::for_bytes(read.len()));
    source.at(0).copy_from_slice(read);
    let mut offset = 0;
    bencher.iter(|| {
        let buffer = destination.at(offset);
        offset = (offset + STEP) % PAGE;
        buffer.copy_from_slice(black_box(source.at(0)));
        let reply = transform(buffer);
        black_box(&mut buffer[..reply]);
    });
}

/// Both must produce the same reply, or a comparison would be meaningless.
fn verify(shape: &str, read: &[u8]) {
    let (mut by_session, mut by_loop) = (read.to_vec(), read.to_vec());
    let session_length = Session::new().transform_in_place(&mut by_session);
    let loop_length = naive_loop(&mut by_loop);
    assert!(
        by_session[..session_length] == by_loop[..loop_length],
        "{shape}, {} bytes: Session ({session_length} bytes) and the naive loop ({loop_length}) answer differently",
        read.len()
    );
}

/// The protocol's table, byte by byte, in the most obvious form.
fn naive_loop(buffer: &mut [u8]) -> usize {
    let (mut in_message, mut length) = (false, 0);
    for position in 0..buffer.len() {
        match (in_message, buffer[position]) {
            (false, START) => in_message = true,
            (false, _) => {}
            (true, END) => in_message = false,
            (true, data) => {
                buffer[length] = data.wrapping_add(1);
                length += 1;
            }
        }
    }
    length
}

fn framed(payload: &[u8]) -> Vec<u8> {
    [&[START], payload, &[END]].concat()
}

/// A buffer that can start at any offset within the first of its pages.
struct Pages {
    bytes: Vec<u8>,
    first_page: usize,
    length: usize,
}

impl Pages {
    fn for_bytes(length: usize) -> Self {
        let bytes = vec![0; length + 2 * PAGE];
        let first_page = bytes.as_ptr().addr().next_multiple_of(PAGE) - bytes.as_ptr().addr();
        Pages { bytes, first_page, length }
    }

    fn at(&mut self, offset: usize) -> &mut [u8] {
        let start = self.first_page + offset;
        &mut self.bytes[start..start + self.length]
    }
}
