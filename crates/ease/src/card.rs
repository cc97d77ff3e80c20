//! The figures of all models, as plain data.

use serde::{Deserialize, Serialize};

/// The figures of all models, and what they were measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The compiler that built the programs.
    pub compiler: String,
    /// The [fingerprint](crate::sources::fingerprint) of `files`.
    pub sources: String,
    /// The files that were measured and manifests of their crates, from the project's folder, in order.
    pub files: Vec<String>,
    /// A row for each model, in the registry's order.
    pub models: Vec<Row>,
}

/// The figures of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it serves: `echo` or `primes`.
    pub service: String,
    /// Of the files that belong to this model alone.
    pub alone: Figures,
    /// Of these, and of all of ours that it stands on, but for what is served.
    pub whole: Figures,
    /// The crates of ours that it stands on.
    pub stands_on: Vec<String>,
    /// Crates that its manifest names.
    pub direct: usize,
    /// Crates that are built for it.
    pub total: usize,
    /// The size of its own program without symbols.
    pub program_bytes: u64,
    /// What differs from the page of the model before it, if there is one.
    pub step: Option<Step>,
    /// The catalogue on it, in the newest recorded audit.
    pub cases: Option<Outcome>,
    /// Injected faults, in the same audit.
    pub faults: Option<Outcome>,
}

/// What can be counted in code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Lines with code.
    pub lines: usize,
    /// The cognitive complexity of all functions.
    pub complexity: usize,
    /// The function with the highest one.
    pub worst: Option<Worst>,
    /// The deepest nesting in a function.
    pub nesting: usize,
    /// `unsafe` blocks.
    pub unsafe_blocks: usize,
}

/// A function, and its cognitive complexity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// Its name, with that of its type.
    pub function: String,
    /// Its cognitive complexity.
    pub complexity: usize,
}

/// The lines that differ between the pages of two models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The model before it.
    pub from: String,
    /// Lines that are new.
    pub added: usize,
    /// Lines that are gone.
    pub removed: usize,
}

/// How many of something were survived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// That many held.
    pub held: u64,
    /// Of so many.
    pub of: u64,
    /// The day of the audit.
    pub on: String,
}

impl Figures {
    /// The sum of both, and the worst of both.
    #[must_use]
    pub fn with(&self, other: &Figures) -> Figures {
        let complexity = |worst: &Option<Worst>| worst.as_ref().map_or(0, |worst| worst.complexity);
        let worst = if complexity(&other.worst) > complexity(&self.worst) { other } else { self };
        Figures {
            lines: self.lines + other.lines,
            complexity: self.complexity + other.complexity,
            worst: worst.worst.clone(),
            nesting: self.nesting.max(other.nesting),
            unsafe_blocks: self.unsafe_blocks + other.unsafe_blocks,
        }
    }
}

impl Card {
    /// Reads a card.
    ///
    /// # Errors
    /// The text is no card.
    pub fn read(json: &str) -> serde_json::Result<Card> {
        serde_json::from_str(json)
    }

    /// The card as it is kept. Ends with a line break.
    ///
    /// # Errors
    /// None that is known: all keys are strings.
    pub fn written(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The row of the model with this name.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.models.iter().find(|row| row.name == name)
    }

    /// The card with these rows alone.
    #[must_use]
    pub fn only(&self, is_meant: impl Fn(&Row) -> bool) -> Card {
        let models = self.models.iter().filter(|row| is_meant(row)).cloned().collect();
        Card { models, ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A card of two models; the first has no model before it and was never audited.
    pub(crate) fn card() -> Card {
        let figures = |lines, complexity, nesting| Figures {
            lines,
            complexity,
            worst: Some(Worst { function: "serve".to_owned(), complexity: complexity - 1 }),
            nesting,
            unsafe_blocks: 0,
        };
        let row = |name: &str, service: &str| Row {
            name: name.to_owned(),
            service: service.to_owned(),
            alone: figures(40, 5, 2),
            whole: figures(1040, 205, 4),
            stands_on: vec!["chassis".to_owned(), "sockets".to_owned()],
            direct: 2,
            total: 57,
            program_bytes: 1_500_000,
            step: None,
            cases: None,
            faults: None,
        };
        let second = Row {
            step: Some(Step { from: "first".to_owned(), added: 21, removed: 15 }),
            cases: Some(Outcome { held: 69, of: 69, on: "2026-01-02".to_owned() }),
            faults: Some(Outcome { held: 1411, of: 1412, on: "2026-01-02".to_owned() }),
            ..row("second", "primes")
        };
        Card {
            compiler: "rustc 1.90.0".to_owned(),
            sources: "0123456789abcdef".to_owned(),
            files: vec!["crates/first/src/lib.rs".to_owned()],
            models: vec![row("first", "echo"), second],
        }
    }

    #[test]
    fn a_card_is_read_as_it_was_written() {
        assert_eq!(Card::read(&card().written().unwrap()).unwrap(), card());
        assert!(Card::read("{}").is_err());
    }

    #[test]
    fn sums_have_the_worst_of_both() {
        let (small, large) = (&card().models[0].alone, &card().models[0].whole);
        for sum in [small.with(large), large.with(small)] {
            assert_eq!((sum.lines, sum.complexity, sum.nesting), (1080, 210, 4));
            assert_eq!(sum.worst.unwrap().complexity, 204);
        }
    }

    #[test]
    fn rows_are_found_by_name_and_chosen() {
        let card = card();
        assert_eq!(card.row("second").unwrap().service, "primes");
        assert!(card.row("third").is_none());
        assert_eq!(card.only(|row| row.service == "echo").models.len(), 1);
    }
}
