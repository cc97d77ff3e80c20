//! No model lets any time pass, so no decision hangs on what only a socket knows.

use conversation::Question;

/// Never asked, and so is this: echo has no work to leave.
pub fn is_gone<W>(_: &W) -> bool {
    unreachable!("echo works for nobody")
}

/// Never asked.
pub fn ask<W>(_: &W, question: Question) -> bool {
    unreachable!("no time passes, but {question:?} is asked")
}
