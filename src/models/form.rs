//! A model with options of its own: another form of it, of which the same is required.

use std::num::NonZeroUsize;

use chassis::{Framing, Options, Runtime, Sending, parse_workers};
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

    /// What ends a request, in models of the prime service. Known here only to be refused with advice, because the clients of
    /// these commands send lines
    #[arg(long, value_name = "KIND", hide = true)]
    pub framing: Option<Framing>,

    /// How replies are sent.
    #[command(flatten)]
    pub sending: Sending,
}

impl Form {
    /// The same as a server knows it.
    pub(super) fn options(&self) -> Options {
        let Form { runtime, workers, rings, cache, framing, sending } = self.clone();
        Options { runtime, workers, rings, cache, framing, sending, ..Options::default() }
    }

    /// The same as arguments for a server.
    pub(super) fn arguments(&self) -> Vec<String> {
        let runtime = self.runtime.and_then(|runtime| runtime.to_possible_value());
        let numbers = [("workers", self.workers), ("rings", self.rings)];
        let numbers = numbers.into_iter().filter_map(|(name, number)| Some(format!("--{name}={}", number?)));
        let runtime = runtime.map(|runtime| format!("--runtime={}", runtime.get_name()));
        let framing = self.framing.map(|framing| format!("--framing={framing}"));
        let cache = self.cache.as_ref().map(|addresses| format!("--cache={addresses}"));
        let own = runtime.into_iter().chain(numbers).chain(framing).chain(cache);
        own.chain(self.sending.arguments()).collect()
    }

    /// Refuses servers that take what one read brings for a request.
    ///
    /// # Errors
    /// What to do instead, in one line.
    pub fn expect_lines(&self) -> Result<(), String> {
        if self.framing != Some(Framing::Read) {
            return Ok(());
        }
        Err("--framing read is not for this command, whose clients send lines, several at once; leave it out, or run the case \
             about it, which starts servers with it: `concurrent-servers check MODEL --only P9`"
            .to_owned())
    }

    /// How many clients a model serves at the same time in this form, if it does so by default.
    pub(super) fn concurrency(&self, default: Concurrency) -> Concurrency {
        match (default, self.workers) {
            (Concurrency::Workers(_), Some(workers)) => Concurrency::Workers(workers.get()),
            _ => default,
        }
    }
}
