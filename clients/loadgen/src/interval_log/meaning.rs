//! What the times in a log mean. In a closed loop `latency` is a round trip, in an open loop a response time: they must not
//! be added, so a log says what it holds.

use std::fmt;

use crate::outcome::Outcome;

/// What the times with the tag `latency` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    /// From sent to last reply byte, on connections that stay.
    RoundTrips,
    /// From due to last reply byte.
    ResponseTimes,
    /// From sent to last reply byte, on new connections.
    ChurnRoundTrips,
}

impl Meaning {
    const ALL: [Meaning; 3] = [Meaning::RoundTrips, Meaning::ResponseTimes, Meaning::ChurnRoundTrips];

    pub(crate) fn of(outcome: &Outcome) -> Self {
        match (&outcome.open_loop, &outcome.churned) {
            (Some(_), _) => Meaning::ResponseTimes,
            (None, Some(_)) => Meaning::ChurnRoundTrips,
            (None, None) => Meaning::RoundTrips,
        }
    }

    /// Reads what a header says, as [`Meaning`] is displayed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Meaning::ALL.into_iter().find(|meaning| meaning.to_string() == text)
    }

    /// What a log of this tool holds that does not say it, as older ones do not, and what one kind of requests in it is: each
    /// load has tags of its own.
    pub(crate) fn guess<'tag>(mut tags: impl Iterator<Item = &'tag str>) -> Self {
        let other = tags.find_map(|tag| match tag {
            "service" | "send_lag" | "generator_late" | "blocked" => Some(Meaning::ResponseTimes),
            "greeting" | "life" => Some(Meaning::ChurnRoundTrips),
            _ => None,
        });
        other.unwrap_or(Meaning::RoundTrips)
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Meaning::RoundTrips => "round trips of a closed loop",
            Meaning::ResponseTimes => "response times of an open loop",
            Meaning::ChurnRoundTrips => "round trips of churn",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for meaning in Meaning::ALL {
            assert_eq!(Meaning::parse(&meaning.to_string()), Some(meaning));
        }
        assert_eq!(Meaning::parse("something else"), None);
    }

    #[test]
    fn each_load_has_tags_of_its_own() {
        for (tags, meaning) in [
            (["latency", "service"], Meaning::ResponseTimes),
            (["life", "latency"], Meaning::ChurnRoundTrips),
            (["latency", "latency"], Meaning::RoundTrips),
        ] {
            assert_eq!(Meaning::guess(tags.into_iter()), meaning, "{tags:?}");
        }
    }
}
