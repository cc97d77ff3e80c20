//! What is to be checked, as people type it: a model's name or an address.

use std::net::SocketAddr;

use conformance::Concurrency;
use text::addresses;

use crate::models::{FLOORS, MODELS, Model, names};

/// What is to be checked.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// A model, started as often as the cases need it.
    Model(&'static Model),
    /// A server that somebody else has started.
    Address(SocketAddr),
}

/// Reads a model's name or an address; the error says which name was probably meant.
pub(super) fn parse_subject(text: &str) -> Result<Subject, String> {
    if let Some(model) = MODELS.iter().find(|model| model.name == text) {
        return Ok(Subject::Model(model));
    }
    if FLOORS.iter().any(|floor| floor.name == text) {
        return Err("a floor is a raw echo: it does not speak the protocol that is checked".to_owned());
    }
    if text.contains(':') {
        return addresses::parse(text).map(Subject::Address);
    }
    let models: Vec<_> = names().collect();
    let meant = nearest(text, &models).map(|name| format!(" Did you mean '{name}'?")).unwrap_or_default();
    Err(format!("neither HOST:PORT nor a model ({}).{meant}", models.join(", ")))
}

/// The candidate that is likely to have been meant, if there is one.
fn nearest<'name>(text: &str, candidates: &[&'name str]) -> Option<&'name str> {
    const LIKELY: f64 = 0.7; // as in clap, which suggests subcommands and options in the same way
    let scored = candidates.iter().map(|candidate| (strsim::jaro(text, candidate), *candidate));
    let (score, name) = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (score > LIKELY).then_some(name)
}

/// Reads `one`, `many` or a number of workers.
pub(super) fn parse_concurrency(text: &str) -> Result<Concurrency, String> {
    match text {
        "one" => Ok(Concurrency::One),
        "many" => Ok(Concurrency::Many),
        number => match number.parse() {
            Ok(workers) if workers > 0 => Ok(Concurrency::Workers(workers)),
            _ => Err("neither 'one' nor 'many' nor a number of workers".to_owned()),
        },
    }
}

/// Reads the id of a case or the letter of a group.
pub(super) fn parse_case(text: &str) -> Result<String, String> {
    if conformance::find(text).is_empty() {
        return Err("no such case or group; --list shows them all".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        assert!(matches!(parse_subject("mio"), Ok(Subject::Model(model)) if model.name == "mio"));
        assert!(
            matches!(parse_subject("127.0.0.1:9090"), Ok(Subject::Address(address)) if address.port() == 9090)
        );
        assert!(matches!(parse_subject("[::1]:9090"), Ok(Subject::Address(address)) if address.is_ipv6()));
    }

    #[test]
    fn a_misspelt_model_gets_a_suggestion_and_nonsense_does_not() {
        assert!(parse_subject("tokoi").unwrap_err().contains("Did you mean 'tokio'?"));
        assert!(!parse_subject("nginx").unwrap_err().contains("Did you mean"));
        assert!(parse_subject("floor-epoll").unwrap_err().contains("raw echo"));
        assert!(parse_subject("127.0.0.1:99999").unwrap_err().contains("write it like 127.0.0.1:9090"));
    }

    #[test]
    fn concurrency_is_one_many_or_a_number() {
        assert_eq!(parse_concurrency("one"), Ok(Concurrency::One));
        assert_eq!(parse_concurrency("many"), Ok(Concurrency::Many));
        assert_eq!(parse_concurrency("64"), Ok(Concurrency::Workers(64)));
        assert!(parse_concurrency("0").is_err());
        assert!(parse_concurrency("some").is_err());
    }

    #[test]
    fn cases_are_named_by_id_or_group_in_any_case() {
        assert_eq!(parse_case("a3").as_deref(), Ok("a3"));
        assert_eq!(parse_case("F").as_deref(), Ok("F"));
        assert!(parse_case("Z1").is_err());
    }
}
