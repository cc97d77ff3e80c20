//! The ten exercises, and what a solution of each must show.

use crate::checks::forty_ms;
use crate::exercise::{Check, Exercise};

/// All, in their order.
pub const EXERCISES: &[Exercise] = &[
    Exercise {
        number: 2,
        folder: "02-forgets-state",
        checks: &[
            Check::case("A3", "It does not answer at all as it should. Undo what you have changed last."),
            Check::case(
                "C1",
                "Each byte is a read of its own here. What did the server know after the first one, and where was that \
                 written down?",
            ),
            Check::case(
                "C2",
                "The reply is right up to the cut. Is anything that belongs to the connection still made anew for a read?",
            ),
            Check::case(
                "A10",
                "Several clients are in the middle of a message. Each connection must have a state of its own, which no other \
                 client changes.",
            ),
        ],
        start_fails: &[
            ("C1", "expected \"c\", got nothing"),
            ("C2", "split after"),
            ("A10", "first session"),
        ],
    },
    Exercise {
        number: 7,
        folder: "07-forty-ms",
        checks: &[
            Check::case("A3", "It does not answer at all as it should. Undo what you have changed last."),
            Check::case("C6", "Fewer sends are good, as long as every byte is sent once, and in order."),
            Check::own(
                "forty-ms",
                "a reply of several bytes takes about as long as one of a single byte",
                forty_ms::several_bytes_wait_for_nothing,
                "Nobody computes in that time: the processor is idle. The first byte of a reply has left; who waits for \
                 whom before the second one may leave?",
            ),
        ],
        start_fails: &[("forty-ms", "times as long")],
    },
];

/// The exercise with this number.
pub fn find(number: u8) -> Option<&'static Exercise> {
    EXERCISES.iter().find(|exercise| exercise.number == number)
}
