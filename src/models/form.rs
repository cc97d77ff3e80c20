//! A model with options of its own: another form of it, of which the same is required.

use std::num::NonZeroUsize;

use chassis::{Options, Runtime, Sending, parse_workers};
use clap::ValueEnum;
use conformance::Concurrency;
use text::addresses::Addresses;

/// The options that only some models take. Servers of a form are started with them.
#[derive(clap::Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// As for `serve`, in models that take it
    #[arg(long, value_name = "KIND")]
    pub runtime: Option<Runtime>,

    /// As for `serve`, in models that take it
    #[arg(long, value_name = "N", value_parser = parse_workers, allow_negative_numbers = true)]
    pub workers: Option<NonZeroUsize>,

    /// As for `serve`, in models that take it
    #[arg(long, value_name = "N", value_parser = parse_workers, allow_negative_numbers = true)]
    pub rings: Option<NonZeroUsize>,

    /// As for `serve`, in models that take it
    #[arg(long, value_name = "ADDR", value_parser = text::addresses::parse_server)]
    pub cache: Option<Addresses>,

    /// How replies are sent.
    #[command(flatten)]
    pub sending: Sending,
}

impl Form {
    /// The same as a server knows it.
    pub(super) fn options(&self) -> Options {
        let Form { runtime, workers, rings, cache, sending } = self.clone();
        Options { runtime, workers, rings, cache, sending, ..Options::default() }
    }

    /// The same as arguments for a server.
    pub(super) fn arguments(&self) -> Vec<String> {
        let runtime = self.runtime.and_then(|runtime| runtime.to_possible_value());
        let numbers = [("workers", self.workers), ("rings", self.rings)];
        let numbers = numbers.into_iter().filter_map(|(name, number)| Some(format!("--{name}={}", number?)));
        let runtime = runtime.map(|runtime| format!("--runtime={}", runtime.get_name()));
        let cache = self.cache.as_ref().map(|addresses| format!("--cache={addresses}"));
        runtime.into_iter().chain(numbers).chain(cache).chain(self.sending.arguments()).collect()
    }

    /// How many clients a model serves at the same time in this form, if it does so by default.
    pub(super) fn concurrency(&self, default: Concurrency) -> Concurrency {
        match (default, self.workers) {
            (Concurrency::Workers(_), Some(workers)) => Concurrency::Workers(workers.get()),
            _ => default,
        }
    }
}
