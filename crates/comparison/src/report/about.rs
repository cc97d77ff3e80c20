//! How the figures were measured, and what they do not show.

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
            h3 { "What the figures do not show" }
            ul {
                li { "Behaviour over a network: client and server share one machine and its loopback device." }
                li { "Behaviour on more cores, on other processors or with another kernel." }
                li { "The cost of a server with real work for each request: these servers only add one to each byte." }
                li { "Requests that a stall delayed, in closed loops: nothing is sent to a server while it stalls (coordinated omission). Open loops show them." }
            }
        }
    }
}
