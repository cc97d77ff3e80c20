//! A comparison with an earlier run in words, the same for the terminal and the report.

use super::{Changes, Judgement, Quantity};
use text::units::change;

impl Changes {
    /// Whether there is a regression, and, if not, from which size on one would have been seen.
    pub(crate) fn conclusion(&self) -> String {
        let bound = self.bound_percent;
        let regressions = self.changes.iter().filter(|change| change.judgement == Judgement::Regression);
        let mut names: Vec<String> =
            regressions.map(|change| format!("{} in {}", change.model, change.scenario)).collect();
        // Cost and rate of the same model are neighbours.
        names.dedup();
        if !names.is_empty() {
            return format!("Regression past {bound} %: {}.", names.join(", "));
        }
        let judged = self.changes.iter().filter(|change| change.judgement != Judgement::TooFewRounds).count();
        let mut text = format!("No regression past {bound} %, of {judged} figures that can be judged.");
        let noise = self.changes.iter().filter_map(|change| change.noise).fold(1.0, f64::max);
        if 100.0 * (noise - 1.0) > bound {
            text += &format!(
                " Twins differ by up to {} in these runs: smaller regressions are not detected.",
                change(noise).trim_start_matches('+')
            );
        }
        text
    }
}

impl Quantity {
    /// In a table.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Quantity::Cost => "CPU/message",
            Quantity::Rate => "rate",
        }
    }
}

impl Judgement {
    /// In a table.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Judgement::Regression => "regression",
            Judgement::Worse => "worse",
            Judgement::Better => "better",
            Judgement::NoChange => "no change",
            Judgement::WithinNoise => "noise",
            Judgement::OneOfMany => "by chance?",
            Judgement::TooFewRounds => "few rounds",
        }
    }
}
