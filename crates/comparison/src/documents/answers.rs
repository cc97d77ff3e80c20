//! The answers of a run, and which model is for what, in Markdown.

use crate::analysis::Analysis;
use crate::answers::answers;
use crate::answers::decide::{Decision, any_of, decisions};
use crate::answers::{Answer, Sentence, work};

/// A heading for each question, and its sentences.
pub(super) fn answered(analysis: &Analysis) -> String {
    let section = |answer: &Answer| {
        let lines = answer.sentences.iter().map(|of| format!("- {}\n", sentence(of)));
        format!("### {}\n\n{}", answer.question, lines.collect::<String>())
    };
    answers(analysis).iter().map(section).collect::<Vec<String>>().join("\n")
}

fn sentence(of: &Sentence) -> String {
    if of.place.is_empty() { of.text.clone() } else { format!("**{}**. {}", of.place, of.text) }
}

/// An entry for each condition.
pub(super) fn decided(run: &str, analysis: &Analysis) -> String {
    let entries: String = decisions(analysis).iter().map(entry).collect();
    format!(
        "{entries}\nFrom [{run}](results/{run}/tables.md): {}; {}.\n",
        analysis.run.machine, analysis.run.layout
    )
}

/// An entry for each condition about work behind messages, below a heading; nothing if the run has no such scenario.
pub(super) fn work(analysis: &Analysis) -> String {
    let entries: String = work::decisions(analysis).iter().map(entry).collect();
    if entries.is_empty() {
        return entries;
    }
    format!("### Which one, if requests compute or wait?\n\n{entries}")
}

fn entry(decision: &Decision) -> String {
    let picks: Vec<String> = decision.picks.iter().map(|name| format!("`{name}`")).collect();
    let picks = if picks.is_empty() { String::new() } else { format!("{}. ", any_of(&picks)) };
    let place = &decision.place;
    let place = if place.is_empty() { String::new() } else { format!(" *({place})*") };
    format!("- **{}**: {picks}{}{place}\n", decision.condition, decision.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;
    use crate::example;

    #[test]
    fn every_answer_and_every_condition_is_in_the_page() {
        let analysis = analyse(&example::comparison("full"));
        let text = answered(&analysis);
        for answer in answers(&analysis) {
            assert!(text.contains(&format!("### {}\n\n- ", answer.question)), "{text}");
            assert!(answer.sentences.iter().all(|sentence| text.contains(&sentence.text)));
        }
        let text = decided("run", &analysis);
        for decision in decisions(&analysis) {
            assert!(text.contains(&format!("- **{}**: ", decision.condition)), "{text}");
            assert!(text.contains(&decision.reason) && text.contains(&decision.place), "{text}");
        }
        assert!(text.contains("(results/run/tables.md)"));
    }

    #[test]
    fn what_follows_for_work_stands_below_a_heading_if_the_run_has_it() {
        assert_eq!(work(&analyse(&example::comparison("quick"))), "");
        let run = example::run_of_work(&["behind-a-big-number", "waiting", "offload"]);
        let text = work(&analyse(&example::altered(run, |_, _| {})));
        assert!(text.starts_with("### Which one, if requests compute or wait?\n\n- **If "), "{text}");
        assert_eq!(text.matches("\n- **If ").count(), 3, "{text}");
    }
}
