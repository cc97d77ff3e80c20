//! What ends a request of the prime service.

use std::fmt;

use clap::ValueEnum;

/// What ends a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Framing {
    /// A newline: a line may come in pieces, and several at once.
    #[default]
    Line,
    /// What one read brings is one request, as the series' own clients and servers have it.
    Read,
}

impl fmt::Display for Framing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Framing::Line => "line",
            Framing::Read => "read",
        })
    }
}
