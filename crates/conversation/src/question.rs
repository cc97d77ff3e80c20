//! What only the socket knows, and asking for it.

/// What a decision depends on that only the socket knows. Asking costs a system call, so it is asked only where
/// the answer matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Do bytes of the client lie unread in the socket?
    Unread,
    /// Does the kernel still hold a part of what was sent?
    Untaken,
}

/// The answers that are known so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    unread: Option<bool>,
    untaken: Option<bool>,
}

impl Known {
    /// With one more answer.
    #[must_use]
    pub fn with(mut self, question: Question, answer: bool) -> Known {
        match question {
            Question::Unread => self.unread = Some(answer),
            Question::Untaken => self.untaken = Some(answer),
        }
        self
    }

    pub(crate) fn unread(self) -> Result<bool, Question> {
        self.unread.ok_or(Question::Unread)
    }

    pub(crate) fn untaken(self) -> Result<bool, Question> {
        self.untaken.ok_or(Question::Untaken)
    }
}

/// Makes a decision, and asks the socket for what it depends on.
pub fn decide<T>(
    mut decision: impl FnMut(Known) -> Result<T, Question>,
    mut ask: impl FnMut(Question) -> bool,
) -> T {
    let mut known = Known::default();
    loop {
        match decision(known) {
            Ok(decided) => return decided,
            // There are two questions, and each is asked once.
            Err(question) => known = known.with(question, ask(question)),
        }
    }
}
