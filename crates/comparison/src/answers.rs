//! The answers of a run, in sentences made from its figures. Report and documents quote them.
//!
//! Each sentence says what is claimed, with its interval, or that no difference is shown, with the reason.

pub(crate) mod asked;
pub(crate) mod best;
pub(crate) mod contest;
pub(crate) mod decide;
pub(crate) mod growing;
mod kinds;
mod starving;
pub(crate) mod variants;
pub(crate) mod versus;
pub(crate) mod work;

use crate::analysis::Analysis;
use asked::{Asked, Question};

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) question: String,
    pub(crate) sentences: Vec<Sentence>,
}

/// One sentence of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    /// The scenario and the point that it is about; empty if it is about the whole run.
    pub(crate) place: String,
    pub(crate) text: String,
}

/// The answers to all questions that this run asks.
pub(crate) fn answers(analysis: &Analysis) -> Vec<Answer> {
    let asked = asked::asked(analysis);
    let of_question = |question: Question| {
        let own: Vec<&Asked> = asked.iter().filter(|asked| asked.question == question).collect();
        let sentences =
            own.iter().map(|asked| Sentence { place: asked.place(), text: best::answer(asked).text });
        (!own.is_empty())
            .then(|| Answer { question: question.words().to_owned(), sentences: sentences.collect() })
    };
    let mut answers: Vec<Answer> = kinds::kinds(analysis, &asked).into_iter().collect();
    answers.extend(Question::ALL.into_iter().filter_map(of_question));
    answers.extend(growing::growing(analysis));
    answers.extend(starving::starving(analysis));
    answers.extend(variants::variants(analysis));
    answers.extend(work::answers(analysis));
    answers
}

#[cfg(test)]
mod tests;
