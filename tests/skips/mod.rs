//! What becomes of a case that says nothing about a model.

use conformance::NEEDS_PROGRAM;
use libtest_mimic::{Completion, Failed};

/// Ignored, with the reason; where the environment says `NO_SKIP`, a program that this machine lacks is a failure.
pub(crate) fn skip(reason: String) -> Result<Completion, Failed> {
    let could_be_installed = reason.starts_with(NEEDS_PROGRAM);
    if could_be_installed && std::env::var_os("NO_SKIP").is_some() {
        return Err(format!("NO_SKIP is set, and this would be skipped: {reason}").into());
    }
    Ok(Completion::ignored_with(reason))
}
