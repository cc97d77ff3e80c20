//! Options that only some models have a use for.

use std::fmt;

/// An option that only some models have a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knob {
    /// `--workers`
    Workers,
    /// `--runtime`
    Runtime,
    /// `--write-policy`
    WritePolicy,
    /// `--nagle`
    Nagle,
    /// `--rings`
    Rings,
    /// `--framing`
    Framing,
    /// `--single-flight`
    SingleFlight,
    /// `--cache`
    Cache,
}

impl Knob {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Workers,
        Self::Runtime,
        Self::WritePolicy,
        Self::Nagle,
        Self::Rings,
        Self::Framing,
        Self::SingleFlight,
        Self::Cache,
    ];

    /// What to do if a model has no use for it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Knob::Workers => {
                "leave it out, or serve a model that takes it: thread-pool, rayon, tokio, reactors, prime-queue, \
                prime-callbacks, prime-promises, prime-async, prime-rayon or prime-async-inline"
            }
            Knob::Runtime => "leave it out, or serve the model that takes it: tokio",
            Knob::SingleFlight => "leave it out, or serve the model that takes it: prime-async",
            Knob::Rings => "leave it out, or serve the model that takes it: io-uring",
            Knob::Framing | Knob::Cache => {
                "leave it out, or serve a model that takes it: prime-threads, prime-inline, prime-queue, \
                prime-callbacks, prime-promises, prime-async, prime-rayon or prime-async-inline"
            }
            Knob::WritePolicy | Knob::Nagle => {
                "leave it out, or serve a model that takes it: sequential, thread-per-conn or mio"
            }
        }
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Knob::Workers => "--workers",
            Knob::Runtime => "--runtime",
            Knob::WritePolicy => "--write-policy",
            Knob::Nagle => "--nagle",
            Knob::Rings => "--rings",
            Knob::Framing => "--framing",
            Knob::SingleFlight => "--single-flight",
            Knob::Cache => "--cache",
        })
    }
}
