//! The second service, as a conversation needs it.

use std::borrow::Cow;
use std::mem;

use chassis::Options;
use chassis::events::{self, Event};
use prime::{ERROR, Framing, MOST_AT_ONCE, Progress, Request, Requests, Test, Verdict};

use crate::service::{Answer, Service, Then};

/// Numbers in; whether they are prime, out. Each number is work, and the next request of that client waits for its
/// result, so that the answers are in order.
#[derive(Debug, Default)]
pub struct Primes {
    requests: Requests,
    /// The client is in the middle of a line, and owed nothing.
    is_amid: bool,
}

impl Service for Primes {
    const GREETING: &'static [u8] = b"";
    const IS_IMMEDIATE: bool = false;
    const MOST_AT_ONCE: usize = MOST_AT_ONCE;
    type Work = Test;
    type Done = Verdict;

    fn begin(options: &Options) -> Primes {
        let framing = match options.framing.unwrap_or_default() {
            chassis::Framing::Line => Framing::Line,
            chassis::Framing::Read => Framing::Read,
        };
        Primes { requests: Requests::new(framing), is_amid: false }
    }

    fn receive<'bytes>(&mut self, bytes: &'bytes mut [u8]) -> Answer<'bytes, Test> {
        self.requests.receive(bytes);
        self.go_on(b"")
    }

    fn resume(&mut self, verdict: Verdict) -> Answer<'static, Test> {
        self.go_on(verdict.answer())
    }

    fn end(&mut self) -> Answer<'static, Test> {
        self.requests.end();
        self.go_on(b"")
    }

    fn in_message(&self) -> bool {
        self.is_amid
    }
}

impl Primes {
    /// Takes requests until one needs work. The reply begins with what is due already.
    fn go_on(&mut self, due: &'static [u8]) -> Answer<'static, Test> {
        let mut reply = Cow::Borrowed(due);
        let was_amid = mem::take(&mut self.is_amid);
        let mut went_on = false;
        let then = loop {
            match self.requests.take_next() {
                Some(Request::Number(test)) => break Then::Work(noted(test)),
                Some(Request::Nonsense) => reply.to_mut().extend_from_slice(ERROR),
                Some(Request::TooLong) => break Then::Refuse,
                None => {
                    self.is_amid = self.requests.is_amid();
                    break Then::Continue;
                }
            }
            went_on = true;
        };
        Answer { reply, message_began: self.is_amid && (went_on || !was_amid), then }
    }
}

/// The same test. If somebody wants to know, what becomes of it is written down from now on.
fn noted(test: Test) -> Test {
    if !events::are_recorded() {
        return test;
    }
    events::record(Event::Received, test.number());
    test.watched(|test, progress| {
        let event = match progress {
            Progress::Begins => Event::Begun,
            Progress::Ends => Event::Computed,
        };
        events::record(event, test.number());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reply, whether a line began, and the number that is to be tested.
    fn received(primes: &mut Primes, bytes: &[u8]) -> (Vec<u8>, bool, Option<u64>) {
        let mut bytes = bytes.to_vec();
        seen(primes.receive(&mut bytes))
    }

    fn seen(answer: Answer<'_, Test>) -> (Vec<u8>, bool, Option<u64>) {
        let number = match answer.then {
            Then::Work(test) => Some(test.number()),
            Then::Continue | Then::Refuse => None,
        };
        (answer.reply.into_owned(), answer.message_began, number)
    }

    #[test]
    fn a_line_begins_where_it_opens_and_not_where_it_goes_on() {
        let mut primes = Primes::default();
        assert_eq!(received(&mut primes, b"1"), (vec![], true, None));
        assert_eq!(received(&mut primes, b"x"), (vec![], false, None));
        assert_eq!(
            received(&mut primes, b"\n1"),
            (b"error\n".to_vec(), true, None),
            "ends one and begins the next"
        );
        assert_eq!(received(&mut primes, b"\n"), (vec![], false, Some(1)));
    }

    #[test]
    fn a_line_that_came_with_a_number_begins_when_that_has_been_answered() {
        let mut primes = Primes::default();
        assert_eq!(received(&mut primes, b"2\n\n3"), (vec![], false, Some(2)));
        assert!(!primes.in_message(), "the client waits for the server");
        assert_eq!(seen(primes.resume(Verdict::Prime)), (b"prime\nerror\n".to_vec(), true, None));
        assert!(primes.in_message());
        assert_eq!(seen(primes.end()), (vec![], false, Some(3)));
    }

    #[test]
    fn how_requests_are_framed_is_an_option() {
        let options = Options { framing: Some(chassis::Framing::Read), ..Options::default() };
        assert_eq!(received(&mut Primes::begin(&options), b"7"), (vec![], false, Some(7)));
        assert_eq!(received(&mut Primes::begin(&Options::default()), b"7"), (vec![], true, None));
    }
}
