//! What is asked, ready to be sent: the bytes of a request, and the answer it must get.

use std::collections::HashSet;

use prime::Verdict;

use super::primality::is_prime;
use super::{Kind, Numbers};

/// 20 digits and the end of the line.
const LONGEST: usize = 21;

/// One request and its answer. Written down before the load starts, so that nothing is computed while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    line: [u8; LONGEST],
    length: u8,
    is_prime: bool,
}

impl Question {
    pub(crate) fn new(number: u64) -> Self {
        let mut line = [0; LONGEST];
        let mut length = 0;
        for byte in format!("{number}\n").bytes() {
            line[usize::from(length)] = byte;
            length += 1;
        }
        Question { line, length, is_prime: is_prime(number) }
    }

    /// The request.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line[..usize::from(self.length)]
    }

    pub(crate) fn answer(&self) -> Verdict {
        if self.is_prime { Verdict::Prime } else { Verdict::Composite }
    }

    pub(crate) fn number(&self) -> u64 {
        let digits = self.line().iter().filter(|byte| byte.is_ascii_digit());
        digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    }
}

/// The questions of each kind, in the order in which they are asked. No number near a size is in two kinds; where two would
/// have the same one, a cache has it first.
pub(crate) fn questions(kinds: &[Kind]) -> Vec<Vec<Question>> {
    let mut taken: HashSet<u64> = HashSet::new();
    for kind in kinds {
        if let Numbers::Given(numbers) = &kind.numbers {
            taken.extend(numbers);
        }
    }
    let mut questions = vec![Vec::new(); kinds.len()];
    for of_cache in [true, false] {
        for (kind, questions) in kinds.iter().zip(&mut questions).filter(|(kind, _)| kind.cached == of_cache)
        {
            questions.extend(kind.numbers.listed(&mut taken).into_iter().map(Question::new));
        }
    }
    questions
}
