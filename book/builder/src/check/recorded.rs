//! What commands have printed for the book: they print it still.

use anyhow::{Result, bail};

use super::{Verdict, attempted, masked};
use crate::chapter::Use;
use crate::finding::Finding;
use crate::launcher::Launcher;
use crate::outputs::{self, Comparison, Recording};
use crate::places::Places;
use crate::refresh;

/// What must be the same byte by byte, and files that nobody shows.
pub(super) fn exact(places: &Places, launcher: &Launcher, uses: &[Use]) -> Result<Verdict> {
    let recordings = outputs::all(uses);
    let all: Vec<&Recording> = recordings.keys().collect();
    let mut findings: Vec<Finding> = refresh::others(places, &all)?
        .iter()
        .map(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            Finding::new(format!("book/outputs/{name}"), "no chapter shows it; `refresh` removes it")
        })
        .collect();
    let mut count = 0;
    for (recording, shown_in) in &recordings {
        if recording.comparison == Comparison::Exact {
            count += 1;
            if let Err(error) = same(places, launcher, recording) {
                findings.push(Finding::new(shown_in.join(", "), format!("{error:#}")));
            }
        }
    }
    Ok(Verdict { seen: format!("{count} outputs that must be the same"), findings })
}

/// What must be the same but for times and the like. A busy machine may cut a reply in two, so it is tried again.
pub(super) fn masked(places: &Places, launcher: &Launcher, uses: &[Use]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut count = 0;
    for (recording, shown_in) in &outputs::all(uses) {
        if matches!(recording.comparison, Comparison::Masked | Comparison::MaskedLines) {
            count += 1;
            if let Err(error) = attempted(|| same(places, launcher, recording)) {
                verdict.findings.push(Finding::new(shown_in.join(", "), format!("{error:#}")));
            }
        }
    }
    verdict.seen = format!("{count} transcripts");
    verdict
}

/// Runs it again and compares.
fn same(places: &Places, launcher: &Launcher, recording: &Recording) -> Result<()> {
    // What is not recorded is told where it is shown.
    let Ok(recorded) = recording.text(places) else { return Ok(()) };
    let printed = launcher.record(recording)?.text;
    match difference(recording.comparison, &recorded, &printed)? {
        Some(difference) => {
            bail!("`{}` has drifted, {difference}; if that is right, `refresh` it", recording.title())
        }
        None => Ok(()),
    }
}

fn difference(comparison: Comparison, recorded: &str, printed: &str) -> Result<Option<String>> {
    let lines = |text: &str| -> Result<Vec<String>> {
        let mut lines = match comparison {
            Comparison::Exact | Comparison::Drawn => text.lines().map(str::to_owned).collect(),
            Comparison::Masked | Comparison::MaskedLines => masked::lines(text)?,
        };
        if comparison == Comparison::MaskedLines {
            lines.sort();
        }
        Ok(lines)
    };
    Ok(masked::difference(&lines(recorded)?, &lines(printed)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = "13:57:15.117 conn0 greeted\n13:57:15.118 conn1 greeted\nelapsed 0.4 s\n";

    #[test]
    fn a_transcript_may_differ_in_its_times_alone() {
        let later = RECORDED.replace("13:57", "14:02").replace("0.4 s", "12.5 s");
        assert_eq!(difference(Comparison::Masked, RECORDED, &later).unwrap(), None);
        assert!(difference(Comparison::Exact, RECORDED, &later).unwrap().is_some());
        let other = later.replace("conn1 greeted", "conn1 failed");
        let found = difference(Comparison::Masked, RECORDED, &other).unwrap().unwrap();
        assert_eq!(found, "line 2: recorded `TIME conn1 greeted`, now `TIME conn1 failed`");
    }

    #[test]
    fn a_sorted_transcript_may_differ_in_the_order_of_its_lines() {
        let other = "13:57:15.117 conn1 greeted\n13:57:15.117 conn0 greeted\nelapsed 0.4 s\n";
        assert!(difference(Comparison::Masked, RECORDED, other).unwrap().is_some());
        assert_eq!(difference(Comparison::MaskedLines, RECORDED, other).unwrap(), None);
        let fewer = "13:57:15.117 conn1 greeted\nelapsed 0.4 s\n";
        assert!(difference(Comparison::MaskedLines, RECORDED, fewer).unwrap().is_some());
    }
}
