//! The answers, and what follows from them.

use maud::{Markup, html};

use crate::analysis::Analysis;
use crate::answers::decide::{any_of, decisions};
use crate::answers::{self, Sentence};

/// All answers, in sentences.
pub(super) fn answers(analysis: &Analysis) -> Markup {
    let answers = answers::answers(analysis);
    html! {
        section aria-labelledby="answers" {
            h2 #answers { "Answers" }
            @if answers.is_empty() { p { "This run asks no question of several models." } }
            @for answer in &answers {
                h3 { (answer.question) }
                @let (whole, places): (Vec<&Sentence>, Vec<&Sentence>) =
                    answer.sentences.iter().partition(|sentence| sentence.place.is_empty());
                @for of in whole { p { (of.text) } }
                @match places.as_slice() {
                    [] => {},
                    [only] => p { (sentence(only)) },
                    several => ul { @for of in several { li { (sentence(of)) } } },
                }
            }
        }
    }
}

fn sentence(of: &Sentence) -> Markup {
    html! { b { (of.place) } ". " (of.text) }
}

/// Which model for which purpose.
pub(super) fn decide(analysis: &Analysis) -> Markup {
    html! {
        section aria-labelledby="decide" {
            h2 #decide { "Which one for what" }
            p.note { "A model is named only where the run shows that it is better than another; with it stand those that are not shown to be worse." }
            dl.decide {
                @for decision in decisions(analysis) {
                    dt { (decision.condition) }
                    dd {
                        @if !decision.picks.is_empty() { b { (any_of(&decision.picks)) } ". " }
                        (decision.reason)
                        @if !decision.place.is_empty() { " " span.quiet { "(" (decision.place) ")" } }
                    }
                }
            }
        }
    }
}
