//! The speed of the protocol itself: bytes per second through each [`Engine`], without sockets, compared with two others:
//!
//! - `memcpy`: copies the same bytes. The transformation overwrites its input, so every iteration first copies it again,
//!   and the other figures include that copy. This is the copy alone: the floor, and what to subtract.
//! - `naive-loop`: the protocol's table as a match in a loop, written below.
//!
//! Sizes are those of a read, including delimiters. The speed of a memcpy depends on the offsets of its two buffers
//! within their pages, and that of vectors on alignment, so the offset of the destination changes from one iteration to the
//! next, in the same way for all.
//!
//! ```sh
//! cargo bench --bench protocol
//! cargo bench --bench protocol -- 14-byte
//! cargo bench --bench protocol -- short
//! ```

mod common;

use std::hint::black_box;
use std::time::Duration;

use common::names::{CONTENDERS, ENGINES, LARGE, SHAPES, SHORT};
use criterion::{Bencher, BenchmarkId, Criterion, Throughput};
use protocol::{END, Engine, START, Session};

/// For each of the shapes, a function that makes a read of a given size.
const READS: [fn(usize) -> Vec<u8>; SHAPES.len()] = [
    |size| cut(&[&[START][..], &vec![b'x'; size]].concat(), size),
    |size| messages(62, size),
    |size| messages(14, size),
    |size| messages(5, size),
    |size| messages(1, size),
    random_delimiters,
    |size| vec![b'x'; size],
];

/// What is measured: its name, and its transformation of a buffer, which returns the length of the reply.
type Contender = (&'static str, fn(&mut [u8]) -> usize);

/// For each of the contenders, its transformation of a buffer, which returns the length of the reply.
const TRANSFORMATIONS: [fn(&mut [u8]) -> usize; CONTENDERS.len()] = [
    |buffer| Session::new().transform_with(Engine::Vector, buffer),
    |buffer| Session::new().transform_with(Engine::ByteLoop, buffer),
    naive_loop,
    |buffer| buffer.len(),
];

/// The step of the destination's offset within its page: all alignments come up.
const STEP: usize = 525;
const PAGE: usize = 4096;

fn main() {
    // Nothing waits here, so figures are steady: less than half the usual time for each, for more of them.
    let (warm_up, measurement) = (Duration::from_millis(200), Duration::from_millis(800));
    let criterion = common::criterion().warm_up_time(warm_up).measurement_time(measurement);
    let mut criterion = criterion.configure_from_args();
    let contenders: Vec<Contender> = CONTENDERS.into_iter().zip(TRANSFORMATIONS).collect();
    for (shape, read_of) in SHAPES.into_iter().zip(READS) {
        bench(&mut criterion, &format!("protocol/{shape}"), &[LARGE], &contenders, read_of);
    }
    // The naive loop and memcpy would say nothing new.
    bench(&mut criterion, "protocol/short", &SHORT, &contenders[..ENGINES], |size| messages(5, size));
    criterion.final_summary();
}

fn bench(
    criterion: &mut Criterion,
    name: &str,
    sizes: &[usize],
    contenders: &[Contender],
    read_of: fn(usize) -> Vec<u8>,
) {
    let mut group = criterion.benchmark_group(name);
    for &size in sizes {
        let read = read_of(size);
        assert_eq!(read.len(), size, "{name} has the wrong size");
        verify(name, &read);
        group.throughput(Throughput::Bytes(size as u64));
        for &(contender, transform) in contenders {
            if contender == "vector" && !Engine::Vector.is_available() {
                continue; // or the byte loop would be measured under its name
            }
            group.bench_function(BenchmarkId::new(contender, size), |bencher| {
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

/// All must produce the same reply, or a comparison would be meaningless.
fn verify(name: &str, read: &[u8]) {
    let mut expected = read.to_vec();
    let length = naive_loop(&mut expected);
    for engine in Engine::ALL {
        let mut answered = read.to_vec();
        let by_engine = Session::new().transform_with(engine, &mut answered);
        assert!(
            answered[..by_engine] == expected[..length],
            "{name}, {} bytes: the engine {engine:?} ({by_engine} bytes) and the naive loop ({length}) answer differently",
            read.len()
        );
    }
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

/// Messages with payloads of this length, cut off after `size` bytes.
fn messages(payload: usize, size: usize) -> Vec<u8> {
    let message = [&[START][..], &vec![b'x'; payload], &[END]].concat();
    cut(&message.repeat(size.div_ceil(message.len())), size)
}

/// One of `^`, `$` and `x` at random, the same in each run: nothing can be predicted.
fn random_delimiters(size: usize) -> Vec<u8> {
    let mut numbers = fastrand::Rng::with_seed(1);
    (0..size).map(|_| [START, END, b'x'][numbers.usize(..3)]).collect()
}

fn cut(bytes: &[u8], size: usize) -> Vec<u8> {
    bytes[..size].to_vec()
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
