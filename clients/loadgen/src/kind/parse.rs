//! A kind of requests as it is typed: `[NAME=]NUMBERS[:SHARE]`.

use std::time::Duration;

use super::numbers::{LEAST_SIZE, MAX_SIZE};
use super::{Kind, Numbers, Share, size_that_takes};
use crate::load::Arrivals;

/// What `small` means: a test of some microseconds.
const SMALL: u64 = 1_000_000;
/// The longest test to ask for: the numbers would exceed their largest size.
const LONGEST: Duration = Duration::from_secs(1);

const FORM: &str =
    "write [NAME=]NUMBERS[:SHARE], such as small:95, 1000000000039:5, 36ms:4x or big=~1000000000000:20/s@8";

/// Parses one kind.
///
/// # Errors
/// What is wrong with it, and the form.
pub(crate) fn parse(text: &str) -> Result<Kind, String> {
    let (name, rest) = text.split_once('=').map_or((None, text), |(name, rest)| (Some(name), rest));
    let (numbers, share) =
        rest.split_once(':').map_or((rest, None), |(numbers, share)| (numbers, Some(share)));
    let name =
        name.map_or_else(|| numbers.replace(['~', '+'], "-").trim_matches('-').to_owned(), str::to_owned);
    let share = share.map_or(Ok(Share::default()), parse_share)?;
    let kind = Kind { name, numbers: parse_numbers(numbers)?, share, cached: false };
    kind.validate("by hand").map_err(|error| format!("{error}; {FORM}"))?;
    Ok(kind)
}

fn parse_numbers(text: &str) -> Result<Numbers, String> {
    if text == "small" {
        return Ok(Numbers::near(SMALL));
    }
    if let Some(size) = text.strip_prefix('~') {
        let size = size.parse().ok().filter(|size| (LEAST_SIZE..=MAX_SIZE).contains(size));
        return size.map(Numbers::near).ok_or_else(|| {
            format!("a size, after ~, must be a whole number from {LEAST_SIZE} to {MAX_SIZE}; {FORM}")
        });
    }
    if let Ok(given) = text.split('+').map(str::parse).collect::<Result<Vec<u64>, _>>() {
        return Ok(Numbers::Given(given));
    }
    match humantime::parse_duration(text) {
        Ok(time) if (Duration::from_micros(1)..=LONGEST).contains(&time) => {
            Ok(Numbers::near(size_that_takes(time)))
        }
        Ok(_) => Err(format!("the time of a test must be 1us to 1s, not {text}; {FORM}")),
        Err(_) => Err(format!(
            "{text:?} is neither small, nor numbers joined by +, nor a size such as ~1000000, nor a time such as 36ms; {FORM}"
        )),
    }
}

fn parse_share(text: &str) -> Result<Share, String> {
    let share = if let Some(clients) = text.strip_suffix('x') {
        clients.parse().ok().map(Share::Clients)
    } else if let Some((rate, connections)) = text.split_once("/s@") {
        rate.parse().ok().zip(connections.parse().ok()).map(|(rate, connections)| Share::Rate {
            rate,
            connections,
            arrivals: Arrivals::Poisson,
        })
    } else {
        text.parse().ok().map(Share::Weight)
    };
    share.ok_or_else(|| {
        format!("the share {text:?} is no weight (5), no clients of its own (4x) and no rate on connections of its own (20/s@8); {FORM}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_taken_as_they_are_typed() {
        let given = |numbers: &[u64]| Numbers::Given(numbers.to_vec());
        let rate = Share::Rate { rate: 20, connections: 8, arrivals: Arrivals::Poisson };
        for (text, name, numbers, share) in [
            ("small", "small", Numbers::near(SMALL), Share::Weight(1)),
            ("small:95", "small", Numbers::near(SMALL), Share::Weight(95)),
            ("1000000000039:5", "1000000000039", given(&[1_000_000_000_039]), Share::Weight(5)),
            ("7+8:0x", "7-8", given(&[7, 8]), Share::Clients(0)),
            ("big=~1000000000000:20/s@8", "big", Numbers::near(1_000_000_000_000), rate),
            ("~1000:2x", "1000", Numbers::near(1_000), Share::Clients(2)),
        ] {
            assert_eq!(
                parse(text).unwrap(),
                Kind { name: name.to_owned(), numbers, share, cached: false },
                "{text}"
            );
        }
        let Kind { name, numbers: Numbers::Near { size, .. }, .. } = parse("1us").unwrap() else { panic!() };
        assert_eq!((name.as_str(), (LEAST_SIZE..SMALL * 1_000).contains(&size)), ("1us", true), "{size}");
    }

    #[test]
    fn what_is_wrong_is_said_with_the_form() {
        for (text, reason) in [
            ("", "is neither small"),
            ("large", "is neither small"),
            ("-7", "is neither small"),
            ("18446744073709551616", "is neither small"),
            ("~999", "a size"),
            ("2s", "1us to 1s"),
            ("small:", "the share \"\""),
            ("small:-1", "the share"),
            ("small:5/s", "the share"),
            ("small:0", "weight must be"),
            ("small:0/s@1", "rate must be"),
            ("Big=7", "small letters"),
            ("=7", "small letters"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(reason) && message.contains(FORM), "{text}: {message}");
        }
    }
}
