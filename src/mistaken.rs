//! A model's name where an address is expected, and other words that were meant to be another.

use text::addresses::{self, Addresses};

use crate::models;

/// As [`addresses::parse_server`]; if the text is the name of a model, or nearly so, the refusal says what to do with it.
///
/// # Errors
/// As [`addresses::parse_server`].
pub fn parse_server(text: &str) -> Result<Addresses, String> {
    addresses::parse_server(text).map_err(|refusal| refusal_for(text, refusal))
}

/// What to say about a text that is no address: the refusal, or that it names a model.
#[must_use]
pub fn refusal_for(text: &str, refusal: String) -> String {
    let host = text.split_once(':').map_or(text, |(host, _)| host);
    if let Some(model) = models::find(host) {
        return is_a_model(model.name);
    }
    let names: Vec<_> = models::everything().map(|model| model.name).collect();
    match nearest(host, &names) {
        Some(name) => format!("{refusal}; or if you mean the model {name}, {}", how_to_start(name)),
        None => refusal,
    }
}

/// What to say about the name of a model that is no address.
#[must_use]
pub fn is_a_model(name: &str) -> String {
    format!("{name} is a model and not an address; {}", how_to_start(name))
}

fn how_to_start(name: &str) -> String {
    format!("start it with `concurrent-servers serve {name}` and give the address that it prints")
}

/// The most similar candidate, if one is similar enough.
#[must_use]
pub fn nearest<'name>(text: &str, candidates: &[&'name str]) -> Option<&'name str> {
    const LIKELY: f64 = 0.7; // as in clap, which suggests subcommands and options in the same way
    let scored = candidates.iter().map(|candidate| (strsim::jaro(text, candidate), *candidate));
    let (score, name) = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (score > LIKELY).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::names_of_both;

    #[test]
    fn a_model_is_told_from_an_address() {
        for name in names_of_both() {
            let refusal = parse_server(name).unwrap_err();
            let start = format!("`concurrent-servers serve {name}`");
            assert!(
                refusal.contains("is a model and not an address") && refusal.contains(&start),
                "{refusal}"
            );
        }
        assert!(parse_server("floor-epoll").unwrap_err().contains("is a model"));
    }

    #[test]
    fn a_misspelt_model_gets_a_suggestion_and_nonsense_does_not() {
        assert!(parse_server("tokyo").unwrap_err().contains("if you mean the model tokio, start it with"));
        assert!(!parse_server("nginx").unwrap_err().contains("model"));
        assert!(parse_server("127.0.0.1:9090").is_ok());
    }
}
