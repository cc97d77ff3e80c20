//! The transition table, row by row as in the specification, and the worked example.

use protocol::Session;

/// The bytes that a row applies to.
enum Byte {
    Is(u8),
    AnyOther,
}

/// The output of a row.
enum Output {
    None,
    Successor,
}

/// The four rows. The first row that matches a (state, byte) pair applies, hence "any other".
const TABLE: [(&str, Byte, Output, &str); 4] = [
    ("WaitForMsg", Byte::Is(0x5E), Output::None, "InMsg"),
    ("WaitForMsg", Byte::AnyOther, Output::None, "WaitForMsg"),
    ("InMsg", Byte::Is(0x24), Output::None, "WaitForMsg"),
    ("InMsg", Byte::AnyOther, Output::Successor, "InMsg"),
];

fn expected(state: &str, byte: u8) -> (Option<u8>, &'static str) {
    let row = TABLE.iter().find(|(from, which, _, _)| {
        *from == state
            && match which {
                Byte::Is(exactly) => *exactly == byte,
                Byte::AnyOther => true,
            }
    });
    let Some((_, _, output, next)) = row else { panic!("the table has a row for every pair") };
    let output = match output {
        Output::None => None,
        Output::Successor if byte == 0xFF => Some(0x00),
        Output::Successor => Some(byte + 1),
    };
    (output, next)
}

fn session_in(state: &str) -> Session {
    let mut session = Session::new();
    if state == "InMsg" {
        session.step(0x5E);
    }
    session
}

#[test]
fn each_of_the_512_transitions_is_the_one_in_the_table() {
    let mut transitions = 0;
    for state in ["WaitForMsg", "InMsg"] {
        for byte in 0..=u8::MAX {
            let (output, next) = expected(state, byte);
            let mut session = session_in(state);
            let transition = session.trace(&[byte]).next().unwrap();
            let context = format!("{state} {byte:#04x}");
            assert_eq!(transition.state.as_str(), state, "{context}");
            assert_eq!(transition.byte, byte, "{context}");
            assert_eq!(transition.output, output, "{context}");
            assert_eq!(transition.next.as_str(), next, "{context}");
            assert_eq!(session.in_frame(), next == "InMsg", "{context}");
            assert_eq!(session_in(state).step(byte), output, "{context}");
            let mut buffer = [byte];
            let length = session_in(state).transform_in_place(&mut buffer);
            assert_eq!(&buffer[..length], output.as_slice(), "{context}");
            transitions += 1;
        }
    }
    assert_eq!(transitions, 512);
}

#[test]
fn the_delimiters_and_the_greeting_are_the_bytes_of_the_series() {
    assert_eq!([protocol::GREETING, protocol::START, protocol::END], *b"*^$");
}

#[test]
fn the_worked_example_is_answered_read_by_read() {
    let mut session = Session::new();
    let replies = ["^abc$de^abte$f", "xyz^123", "25$^ab$abab"].map(|read| {
        let mut buffer = read.as_bytes().to_vec();
        let length = session.transform_in_place(&mut buffer);
        buffer.truncate(length);
        String::from_utf8(buffer).unwrap()
    });
    assert_eq!(replies, ["bcdbcuf", "234", "36bc"]);
}

#[test]
fn a_session_takes_one_byte_and_starts_between_frames() {
    assert_eq!(size_of::<Session>(), 1);
    assert!(!Session::new().in_frame());
    assert_eq!(Session::new(), Session::default());
}
