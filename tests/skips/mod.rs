//! The result of a case that does not apply to a model or this machine.

use conformance::NEEDS_PROGRAM;
use libtest_mimic::{Completion, Failed};

/// Ignored, with the reason; with `NO_SKIP` in the environment, a program that this machine lacks is a failure.
pub(crate) fn skip(reason: String) -> Result<Completion, Failed> {
    let could_be_installed = reason.starts_with(NEEDS_PROGRAM);
    if could_be_installed && std::env::var_os("NO_SKIP").is_some() {
        return Err(format!("NO_SKIP is set, and this would be skipped: {reason}").into());
    }
    Ok(Completion::ignored_with(reason))
}
