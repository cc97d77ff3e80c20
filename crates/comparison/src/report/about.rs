//! How the figures were measured, how to read them, and what they do not show.

use maud::{Markup, html};

use crate::analysis::Analysis;
use text::units;

/// The section at the end.
pub(super) fn about(analysis: &Analysis) -> Markup {
    let run = &analysis.run;
    let machine = &run.machine;
    let unknown = || "not reported by the system".to_owned();
    let rounds: Vec<String> =
        run.profile.rounds.iter().map(|(scenario, rounds)| format!("{scenario} {rounds}")).collect();
    let profile = format!("{}: {}; {}", run.profile_name, run.profile.about, run.profile.times());
    let mitigations = if machine.mitigations.is_empty() {
        "none reported".to_owned()
    } else {
        machine.mitigations.join("; ")
    };
    let facts = [
        ("begun", run.started.clone()),
        ("version", run.version.clone()),
        ("profile", profile),
        ("rounds", rounds.join(", ")),
        ("seed", run.seed.to_string()),
        ("layout", run.layout.to_string()),
        ("processor", machine.processor.clone().unwrap_or_else(unknown)),
        ("cores", machine.cores.to_string()),
        ("memory", machine.memory_bytes.map_or_else(unknown, units::whole_bytes)),
        ("system", machine.system.clone()),
        (
            "virtual machine",
            machine
                .is_virtual
                .map_or_else(unknown, |is_virtual| if is_virtual { "yes" } else { "no" }.to_owned()),
        ),
        ("frequency governor", machine.governor.clone().unwrap_or_else(unknown)),
        ("mitigations", mitigations),
        ("compiler", machine.compiler.clone()),
    ];
    html! {
        section aria-labelledby="about" {
            h2 #about { "How this was measured" }
            p { "This command makes such a run:" }
            div.box tabindex="0" role="region" aria-label="Command" { pre { code { (run.command) } } }
            dl { @for (name, value) in &facts { dt { (name) } dd { (value) } } }
            h3 { "How to read it" }
            ul {
                li { "Each mark is one round: one window of load on a newly started server process." }
                li { "A median's interval holds the true median with a confidence of 95 % or more, whatever the distribution. It needs at least 6 rounds." }
                li { "A floor is a raw echo server that waits for its clients as the model does, without the protocol. Models are divided by it within each round, so drift from round to round cancels." }
                li { "A difference is claimed only if the interval excludes 1 and the range by which twins differ." }
                li { "Percentiles of a closed loop suffer from coordinated omission: a stall delays the requests that would have measured it. Those of an open loop do not." }
            }
            h3 { "What the figures do not show" }
            ul {
                li { "Behaviour over a network: client and server share one machine and its loopback device." }
                li { "Behaviour on more cores, on other processors or with another kernel." }
                li { "The cost of a server with real work for each request: these servers only add one to each byte." }
                li { "Whether one model is better than another: claims are only about the distance of each from its floor." }
            }
        }
    }
}
