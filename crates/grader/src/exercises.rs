//! The ten exercises, and what a solution of each must show.

use crate::checks::{forty_ms, order, pool_size, predictions, slow_reader, stall, stampede, waves};
use crate::exercise::{Check, Exercise};

/// What is said of a change that has broken what had worked.
const BROKEN: &str = "This had worked at the start, so what you changed last has broken it. Start the program by hand to \
                      see what it says: it may have panicked.";

/// All, in their order.
pub const EXERCISES: &[Exercise] = &[
    Exercise {
        number: 1,
        folder: "01-predict-traces",
        checks: &[
            Check::own(
                "complete",
                "every read has a prediction",
                predictions::are_complete,
                "Write what the server sends behind the arrow, or - if it sends nothing.",
            ),
            Check::own(
                "right",
                "every prediction is right",
                predictions::are_right,
                "Is a message open when this read begins? Which of its bytes are delimiters, and which only look like one?",
            ),
        ],
        start_fails: &[
            ("complete", &["60 of 60 reads have no prediction"]),
            ("right", &["0 of 60 are right"]),
        ],
    },
    Exercise {
        number: 2,
        folder: "02-forgets-state",
        checks: &[
            Check::case("A3", BROKEN),
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
            ("C1", &["got nothing, then silence"]),
            ("C2", &["split after"]),
            ("A10", &["first session"]),
        ],
    },
    Exercise {
        number: 3,
        folder: "03-third-state",
        checks: &[
            Check::case("A3", BROKEN),
            Check::case("D2", BROKEN),
            Check::case(
                "F8",
                "The client stops reading for a while. The kernel has taken a part of a reply: where must the other part be kept, \
                 and what must the server not do until it is sent? And what is the loop told in the meantime?",
            ),
            Check::case(
                "F1",
                "If memory grows: what is read while a reply waits becomes a reply that waits. If bytes are missing: is all that \
                 waits sent before the next read?",
            ),
        ],
        start_fails: &[("F8", &["got it read them all", "reply byte"]), ("F1", &["reply byte"])],
    },
    Exercise {
        number: 4,
        folder: "04-bounded-queue",
        checks: &[
            Check::own(
                "waves",
                "clients are served in waves as wide as the pool: the last is done after ⌈N / W⌉ services",
                waves::as_wide_as_the_pool,
                "All workers are there. What must a worker hold to take a client, and does it let go of it before it serves?",
            ),
            Check::own(
                "bound",
                "who finds the queue full is turned away, and who waits is served in the end",
                waves::have_a_bound,
                "How many may wait at most, and which call can tell that there is no room, without waiting for some?",
            ),
        ],
        start_fails: &[
            ("waves", &["greeted in waves of 1, "]),
            ("bound", &["client 5 is neither served nor turned away"]),
        ],
    },
    Exercise {
        number: 5,
        folder: "05-pool-size",
        checks: &[Check::own(
            "found",
            "the program finds the sizes of three pools",
            pool_size::is_found,
            "Look at the latencies, sorted. Do they come in waves at all? And how many are there in a wave that is full?",
        )],
        // Which one it says depends on how evenly a busy machine answers; never a number that the first pool can have.
        start_fails: &[("found", &[" threads, and the program says "])],
    },
    Exercise {
        number: 6,
        folder: "06-survive",
        checks: &[
            Check::case("A3", BROKEN),
            Check::case(
                "E1",
                "An error on one connection is that connection's. Who else was told to end because of it?",
            ),
            Check::own(
                "slow-reader",
                "a client that reads nothing keeps nobody else waiting",
                slow_reader::others_are_served,
                "One thread waits in a send, which is all right. What does it hold that the other client's thread needs?",
            ),
            Check::case(
                "G2",
                "A failure of accept is no reason to end: a descriptor is free again when some client closes.",
            ),
            Check::case(
                "G1",
                "Who could not be accepted still waits, so the next attempt fails at once. Nothing gets better by trying more \
                 often.",
            ),
        ],
        start_fails: &[
            ("E1", &["the server process has ended"]),
            ("slow-reader", &["while one client reads nothing"]),
            ("G2", &["Too many open files"]),
            ("G1", &["has ended"]),
        ],
    },
    Exercise {
        number: 7,
        folder: "07-forty-ms",
        checks: &[
            Check::case("A3", BROKEN),
            Check::case("C6", "Fewer sends are good, as long as every byte is sent once, and in order."),
            Check::own(
                "forty-ms",
                "a reply of several bytes takes about as long as one of a single byte",
                forty_ms::several_bytes_wait_for_nothing,
                "Nobody computes in that time: the processor is idle. The first byte of a reply has left; who waits for \
                 whom before the second one may leave?",
            ),
        ],
        start_fails: &[("forty-ms", &["times as long"])],
    },
    Exercise {
        number: 8,
        folder: "08-two-big-numbers",
        checks: &[
            Check::primes("P1", BROKEN),
            Check::own(
                "two",
                "beside two big numbers a small one is answered at once",
                stall::beside_two,
                "Two workers, and two tasks that do not wait for anything for seconds. Who is left to answer the small one?",
            ),
            Check::own(
                "eight",
                "beside eight big numbers, too",
                stall::beside_eight,
                "With more workers the same happens a little later. What must never happen on a worker?",
            ),
            Check::own(
                "workers",
                "the runtime still has two workers",
                stall::two_workers,
                "As many workers as big numbers are no cure: tomorrow there is one big number more.",
            ),
        ],
        start_fails: &[("two", &["only after a big one"]), ("eight", &["only after a big one"])],
    },
    Exercise {
        number: 9,
        folder: "09-answers-in-order",
        checks: &[
            Check::primes("P1", BROKEN),
            Check::own(
                "order",
                "answers come in the order of the requests",
                order::of_the_requests,
                "The answers are all right, and in the wrong places. Who decides which of them is sent first?",
            ),
            Check::own(
                "beside",
                "beside another client's big number a small one is answered at once",
                stall::beside_one,
                "In order they are now, but everybody waits. The one thread that serves all clients must never compute.",
            ),
        ],
        start_fails: &[("order", &["were answered in another order"])],
    },
    Exercise {
        number: 10,
        folder: "10-cache-stampede",
        checks: &[
            Check::own("remembers", "what was fetched once is known", stampede::remembers, BROKEN),
            Check::own(
                "one-flight",
                "20 clients that want the same at the same time are one request",
                stampede::one_flight,
                "The second client comes while the first one waits for the backend. What does it find in the table, and what \
                 should it find there?",
            ),
            Check::own(
                "other-keys",
                "the value of one key does not wait for another one's",
                stampede::other_keys,
                "Somebody holds a lock while the network answers, and this lock is everybody's.",
            ),
            Check::own(
                "failed-flight",
                "when the backend fails nobody waits for ever, and the next one asks again",
                stampede::failed_flight,
                "Whoever waits for a flight must also hear that it has failed. And is a failure worth remembering?",
            ),
        ],
        start_fails: &[("one-flight", &["requests went to the backend"])],
    },
];

/// The exercise with this number.
pub fn find(number: u8) -> Option<&'static Exercise> {
    EXERCISES.iter().find(|exercise| exercise.number == number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_exercises_are_numbered_and_every_check_says_what_it_requires_and_what_to_think_about() {
        for (number, exercise) in (1..).zip(EXERCISES) {
            assert_eq!(exercise.number, number);
            assert_eq!(exercise.folder, format!("{number:02}-{}", exercise.package()));
            let ids: BTreeSet<&str> = exercise.checks.iter().map(|check| check.id).collect();
            assert_eq!(ids.len(), exercise.checks.len(), "{}: an id stands twice", exercise.folder);
            for check in exercise.checks {
                // A case that the catalogue does not have requires nothing.
                assert!(
                    !check.requires().is_empty() && !check.advice.is_empty(),
                    "{} {}",
                    exercise.folder,
                    check.id
                );
            }
            assert!(!exercise.start_fails.is_empty(), "{}", exercise.folder);
        }
    }
}
