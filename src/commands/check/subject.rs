//! A server as users name it: by a model's name or by an address.

use conformance::{Concurrency, Service};
use text::addresses::{self, Addresses};

use crate::mistaken::nearest;
use crate::models::{FLOORS, Model, find, names_of_both};

/// A server as a user names it.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// A model, of which the cases start as many servers as they need.
    Model(&'static Model),
    /// A server that is already running.
    Address(Addresses),
}

/// Reads a model's name or an address; the error suggests the most similar name.
pub(crate) fn parse_subject(text: &str) -> Result<Subject, String> {
    if let Some(model) = find(text) {
        return if FLOORS.iter().any(|floor| floor.name == text) {
            Err("a floor is a raw echo server and does not speak the protocol; give a model".to_owned())
        } else {
            Ok(Subject::Model(model))
        };
    }
    if is_meant_as_address(text) {
        return addresses::parse_server(text).map(Subject::Address);
    }
    let models: Vec<_> = names_of_both().collect();
    let meant = nearest(text, &models).map(|name| format!(" Did you mean '{name}'?")).unwrap_or_default();
    Err(format!("neither HOST:PORT nor a model ({}).{meant}", models.join(", ")))
}

/// Whether a text that is no model's name is an address, or what is left of one without its port or host. No model's name
/// looks so.
fn is_meant_as_address(text: &str) -> bool {
    text == "localhost" || text.contains([':', '.', '[']) || text.parse::<u64>().is_ok()
}

/// More than any machine has connections for.
const MOST_WORKERS: usize = 1_000_000;

/// Reads `one`, `many` or a number of workers.
pub(super) fn parse_concurrency(text: &str) -> Result<Concurrency, String> {
    match text {
        "one" => Ok(Concurrency::One),
        "many" => Ok(Concurrency::Many),
        number => match number.parse() {
            Ok(workers) if (1..=MOST_WORKERS).contains(&workers) => Ok(Concurrency::Workers(workers)),
            _ => Err(format!("this must be 'one', 'many' or a number of workers from 1 to {MOST_WORKERS}")),
        },
    }
}

/// Reads the name of a service.
pub(in crate::commands) fn parse_service(text: &str) -> Result<Service, String> {
    match text {
        "echo" => Ok(Service::Echo),
        "primes" => Ok(Service::Primes),
        _ => Err("this must be 'echo' or 'primes'".to_owned()),
    }
}

/// Reads the id of a case or the letter of a group.
pub(super) fn parse_case(text: &str) -> Result<String, String> {
    if conformance::find(text).is_empty() {
        return Err("no case or group has this name; --list shows them all".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_distinguished() {
        assert!(matches!(parse_subject("mio"), Ok(Subject::Model(model)) if model.name == "mio"));
        assert!(
            matches!(parse_subject("127.0.0.1:9090"), Ok(Subject::Address(address)) if address.all()[0].port() == 9090)
        );
        assert!(
            matches!(parse_subject("[::1]:9090"), Ok(Subject::Address(address)) if address.all()[0].is_ipv6())
        );
    }

    #[test]
    fn an_address_without_its_port_or_host_gets_the_same_advice_as_from_other_commands() {
        for text in ["127.0.0.1", "localhost", "www.example.org", "[::1]", "::1"] {
            let refusal = parse_subject(text).unwrap_err();
            assert!(refusal.starts_with("there is no port; "), "{text}: {refusal}");
            assert_eq!(refusal, crate::mistaken::parse_server(text).unwrap_err());
        }
        assert!(parse_subject("9090").unwrap_err().starts_with("there is no host; "));
    }

    #[test]
    fn a_misspelt_model_gets_a_suggestion_and_nonsense_does_not() {
        assert!(parse_subject("tokoi").unwrap_err().contains("Did you mean 'tokio'?"));
        assert!(!parse_subject("nginx").unwrap_err().contains("Did you mean"));
        assert!(parse_subject("floor-epoll").unwrap_err().contains("raw echo"));
        assert!(parse_subject("127.0.0.1:99999").unwrap_err().contains("such as 127.0.0.1:9090"));
        assert!(parse_subject("127.0.0.1:0").unwrap_err().contains("port 0"));
        assert!(parse_subject("127.1:80").unwrap_err().contains("write 127.0.0.1"));
    }

    #[test]
    fn concurrency_is_one_many_or_a_number() {
        assert_eq!(parse_concurrency("one"), Ok(Concurrency::One));
        assert_eq!(parse_concurrency("many"), Ok(Concurrency::Many));
        assert_eq!(parse_concurrency("64"), Ok(Concurrency::Workers(64)));
        for text in ["0", "some", "", "-1", "1000001", "99999999999999999999"] {
            assert!(parse_concurrency(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn cases_are_named_by_id_or_group_in_any_case() {
        assert_eq!(parse_case("a3").as_deref(), Ok("a3"));
        assert_eq!(parse_case("F").as_deref(), Ok("F"));
        assert!(parse_case("Z1").is_err());
    }
}
