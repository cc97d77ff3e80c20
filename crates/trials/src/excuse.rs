//! Findings of a tool that was stopped itself, by Ctrl-Z for example: they may not be the server's fault.

use std::time::Duration;

/// The findings, headed by the time in which this process did not run, if there is any.
pub(crate) fn excused(findings: Vec<String>, lost: Duration) -> Vec<String> {
    if findings.is_empty() || lost.is_zero() {
        return findings;
    }
    let seconds = lost.as_secs_f64();
    let excuse = format!(
        "this tool itself did not run for {seconds:.1} s, so what it found may not be the server's fault: run it again"
    );
    [vec![excuse], findings].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_findings_of_a_tool_that_was_stopped_are_excused() {
        let found = || vec!["1 error".to_owned()];
        assert_eq!(excused(found(), Duration::ZERO), found());
        assert_eq!(excused(Vec::new(), Duration::from_secs(3)), [""; 0]);
        let excused = excused(found(), Duration::from_secs(3));
        assert!(excused[0].contains("did not run for 3.0 s") && excused[1] == "1 error", "{excused:?}");
    }
}
