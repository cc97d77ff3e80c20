//! What is counted, what each figure means, and what it does not say. There is no total.

use text::markdown::NOTHING;
use text::units::{whole, whole_bytes};

use crate::card::{Outcome, Row};

/// A column of the card.
#[derive(Debug)]
pub struct Column {
    /// Its head.
    pub head: &'static str,
    /// What is counted.
    pub meaning: &'static str,
    /// What the figure does not say.
    pub weakness: &'static str,
    /// The figure of a model.
    cell: fn(&Row) -> Option<String>,
}

impl Column {
    /// The figure of a model; a dash if it is not known.
    pub fn cell(&self, row: &Row) -> String {
        (self.cell)(row).unwrap_or_else(|| NOTHING.to_owned())
    }
}

/// Of the model's own files.
pub const ALONE: &[Column] = &[
    Column {
        head: "lines",
        meaning: "Lines of the model's own files with code on them: no comments, no blank lines, no tests.",
        weakness: "Short is not simple: by lines, the nested callbacks of the series are easier than its `await`. What a page leaves to a crate of ours \
                   or to a library is not in it: `select`, `poll`, `epoll` and `reactors` share a loop, which stands in `sockets`; that of `mio` \
                   stands on its page.",
        cell: |row| Some(row.alone.lines.to_string()),
    },
    Column {
        head: "complexity",
        meaning: "The cognitive complexity of all functions together, by SonarSource's definition as big-code-analysis applies it to Rust: 1 for each `if`, \
                  `match`, loop and `let … else`, and 1 more for each level that it stands inside others (a closure is a level, \
                  too); 1 for each `else`, each jump to a label, and each run of `&&` or of `||`.",
        weakness: "It counts how control flows, and nothing else: not `?` and `await`, not lifetimes, `Pin` and traits, \
                   not guards of a `match`, not a state that is kept by hand, and not what stands inside a macro such as `select!`.",
        cell: |row| Some(row.alone.complexity.to_string()),
    },
    Column {
        head: "worst function",
        meaning: "The function with the highest cognitive complexity.",
        weakness: "A function that is cut into two has half of it, and is not always easier to read.",
        cell: |row| {
            let worst = row.alone.worst.as_ref()?;
            Some(format!("{} {}", worst.function, worst.complexity))
        },
    },
    Column {
        head: "nesting",
        meaning: "How many of the same constructs stand inside each other at the deepest place.",
        weakness: "It is of one place.",
        cell: |row| Some(row.alone.nesting.to_string()),
    },
    Column {
        head: "`unsafe`",
        meaning: "`unsafe` blocks in the model's own files.",
        weakness: "What they ask of the reader differs, and the `unsafe` of crates that it stands on is not counted: \
                   SECURITY.md names ours.",
        cell: |row| Some(row.alone.unsafe_blocks.to_string()),
    },
];

/// With what it stands on.
pub const WHOLE: &[Column] = &[
    Column {
        head: "lines",
        meaning: "The same with the crates of ours that it stands on: `chassis`, `conversation`, `sockets` and others, but not what is \
                  served (`protocol`, `prime`).",
        weakness: "A crate counts as a whole, though a model uses only a part of it: `sockets` has a folder for each way to wait.",
        cell: |row| Some(whole(row.whole.lines as u64)),
    },
    Column {
        head: "complexity",
        meaning: "The same with these crates.",
        weakness: "As with lines: it is what somebody would have to understand who wanted to understand everything.",
        cell: |row| Some(whole(row.whole.complexity as u64)),
    },
    Column {
        head: "crates of ours",
        meaning: "How many these are. `scorecard --json` names them.",
        weakness: "Where crates are cut is our choice.",
        cell: |row| Some(row.stands_on.len().to_string()),
    },
    Column {
        head: "direct",
        meaning: "Crates that its manifest names as dependencies, ours too.",
        weakness: "`thread-pool` and `rayon` share a crate, and so a manifest.",
        cell: |row| Some(row.direct.to_string()),
    },
    Column {
        head: "all crates",
        meaning: "Crates that are built for it on Linux, ours too, without those that only build scripts and tests need.",
        weakness: "One of them may be a page and another a runtime. All models have the log, signals and options in common.",
        cell: |row| Some(row.total.to_string()),
    },
];

/// Beside the model before it, and as a program.
pub const PROGRAM: &[Column] = &[
    Column {
        head: "differs from",
        meaning: "Lines that are new and gone on its page, without the header, beside the page of the model that a reader comes from: \
                  `concurrent-servers diff MODEL` shows them.",
        weakness: "A line that is moved or renamed counts twice, and other files than the page are not compared.",
        cell: |row| {
            let step = row.step.as_ref()?;
            Some(format!("{} +{} −{}", step.from, step.added, step.removed))
        },
    },
    Column {
        head: "program",
        meaning: "The size of the model's own program, built for release, without symbols.",
        weakness: "It has the options, the log and the messages of every server, too.",
        cell: |row| Some(whole_bytes(row.program_bytes)),
    },
    Column {
        head: "cases",
        meaning: "Cases of the catalogue that held, of those that apply, in the recorded audit.",
        weakness: "All models are held to them, so it tells no difference until one fails. A dash: not in the recorded audit.",
        cell: |row| row.cases.as_ref().map(survived),
    },
    Column {
        head: "faults",
        meaning: "Injected failures of system calls that it survived, of those that fired, in the same audit.",
        weakness: "The more system calls a model makes, the more can fail. A dash: not in the recorded audit.",
        cell: |row| row.faults.as_ref().map(survived),
    },
];

/// What is left out, and why.
pub const LEFT_OUT: &str = "Left out: the time of a clean build, which is that of its dependencies and of the machine, and on a busy machine differs more from \
     run to run than from model to model; and a total, since nobody knows how many lines an `unsafe` block is worth.";

fn survived(outcome: &Outcome) -> String {
    if outcome.held == outcome.of {
        format!("all {}", whole(outcome.of))
    } else {
        format!("{} of {}", whole(outcome.held), whole(outcome.of))
    }
}
