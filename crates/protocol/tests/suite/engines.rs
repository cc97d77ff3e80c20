//! Each engine against the table: all lengths, alignments and states, and what lies across the edges of blocks.

use protocol::{Engine, Session};

use super::naive::BYTE_CLASSES;

/// Longer than a few blocks and the byte loop's rest; the offsets are those within a vector of 32 bytes and one more.
const LONGEST: usize = 300;
const OFFSETS: usize = 33;

/// The engines of this processor. One that it does not have is named, and the rest is tested all the same.
fn engines() -> impl Iterator<Item = Engine> {
    Engine::ALL.into_iter().filter(|engine| {
        if !engine.is_available() {
            println!("skipped: this processor has no {engine:?} engine");
        }
        engine.is_available()
    })
}

/// Numbers that look random, the same in each run (xorshift, G. Marsaglia 2003).
struct Numbers(usize);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Bytes of which about one in `rarity` is a delimiter.
    fn bytes(&mut self, length: usize, rarity: usize) -> Vec<u8> {
        let ordinary = &BYTE_CLASSES[2..];
        let byte = |numbers: &mut Numbers| match numbers.below(2 * rarity) {
            0 => b'^',
            1 => b'$',
            number => ordinary[number % ordinary.len()],
        };
        (0..length).map(|_| byte(self)).collect()
    }
}

fn session(in_frame: bool) -> Session {
    let mut session = Session::new();
    if in_frame {
        session.step(b'^');
    }
    session
}

/// Answers `input` at an offset within a larger buffer, in one state, and compares with the table byte by byte.
#[track_caller]
fn check(engine: Engine, input: &[u8], in_frame: bool, offset: usize) {
    const AROUND: u8 = 0x5A;
    let (mut by_table, mut by_engine) = (session(in_frame), session(in_frame));
    let expected: Vec<u8> = input.iter().filter_map(|&byte| by_table.step(byte)).collect();

    let mut buffer = vec![AROUND; offset + input.len() + OFFSETS];
    let range = offset..offset + input.len();
    buffer[range.clone()].copy_from_slice(input);
    let length = by_engine.transform_with(engine, &mut buffer[range.clone()]);

    let case = || format!("{engine:?}, in a frame: {in_frame}, offset {offset}: {}", input.escape_ascii());
    assert!(buffer[range.clone()][..length] == expected, "{}", case());
    assert_eq!(by_engine, by_table, "{}", case());
    let around = [&buffer[..range.start], &buffer[range.end..]].concat();
    assert!(around.iter().all(|&byte| byte == AROUND), "the bytes around are left alone: {}", case());
}

#[test]
fn every_length_at_every_offset_in_both_states_gets_the_tables_answer() {
    for engine in engines() {
        let mut numbers = Numbers(1);
        for length in 0..=LONGEST {
            for offset in 0..OFFSETS {
                let rarity = [1, 2, 8, 40, 400][(length + offset) % 5];
                let input = numbers.bytes(length, rarity);
                check(engine, &input, false, offset);
                check(engine, &input, true, offset);
            }
        }
    }
}

#[test]
fn every_input_of_3_bytes_is_answered_across_every_edge_of_a_block() {
    for engine in engines() {
        for number in 0..7_usize.pow(3) {
            let short = [0, 1, 2].map(|digit| BYTE_CLASSES[number / 7_usize.pow(digit) % 7]);
            for edge in [32, 64, 96, 128, 192, 256] {
                for start in edge - 3..=edge {
                    let mut input = vec![b'a'; edge + 70];
                    input[start..start + 3].copy_from_slice(&short);
                    check(engine, &input, number % 2 == 0, 0);
                }
            }
        }
    }
}

#[test]
fn a_long_message_may_end_and_a_long_pause_may_stop_at_every_byte() {
    const LONG: usize = 3000;
    for engine in engines() {
        for delimiter in 0..LONG {
            let mut input = vec![b'a'; LONG];
            input[delimiter] = b'$';
            check(engine, &input, true, delimiter % OFFSETS);
            input[delimiter] = b'^';
            check(engine, &input, false, delimiter % OFFSETS);
        }
    }
}

#[test]
fn messages_of_any_length_follow_each_other_at_once_or_after_a_pause() {
    const INPUT: usize = 4000;
    for engine in engines() {
        let mut numbers = Numbers(3);
        for length in 40..200 {
            let (mut steady, mut varied) = (Vec::new(), Vec::new());
            while varied.len() < INPUT {
                steady.extend([b"^".as_slice(), &vec![b'a'; length], b"$"].concat());
                varied.extend(
                    [b"^".as_slice(), &vec![b'^'; length / 2 + numbers.below(length)], b"$"].concat(),
                );
                varied.resize(varied.len() + numbers.below(9) / 8, b'x');
            }
            for input in [steady, varied] {
                check(engine, &input, false, length % OFFSETS);
                check(engine, &input[1..], true, length % OFFSETS);
            }
        }
    }
}

#[test]
fn the_state_is_carried_from_read_to_read_and_from_engine_to_engine() {
    let mut numbers = Numbers(2);
    for rarity in [1, 3, 30, 300] {
        let input = numbers.bytes(20_000, rarity);
        let mut by_table = Session::new();
        let expected: Vec<u8> = input.iter().filter_map(|&byte| by_table.step(byte)).collect();
        let (mut session, mut reply, mut rest) = (Session::new(), Vec::new(), &input[..]);
        while !rest.is_empty() {
            let (read, after) = rest.split_at(numbers.below(500).min(rest.len()));
            let engine = Engine::ALL[numbers.below(2)];
            let mut buffer = read.to_vec();
            let length = session.transform_with(engine, &mut buffer);
            reply.extend_from_slice(&buffer[..length]);
            rest = after;
        }
        assert!(reply == expected, "one delimiter in {rarity}");
        assert_eq!(session, by_table);
    }
}

#[test]
fn the_fastest_engine_is_one_that_the_processor_has() {
    assert!(Engine::fastest().is_available());
    assert_eq!(Engine::fastest() == Engine::Vector, Engine::Vector.is_available());
}
