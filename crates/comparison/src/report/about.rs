//! Where the figures come from, how to read them, and what they cannot say.

use maud::{Markup, html};

use crate::analysis::Analysis;
use text::units;

/// The section at the end.
pub(super) fn about(analysis: &Analysis) -> Markup {
    let run = &analysis.run;
    let machine = &run.machine;
    let unknown = || "not told by the system".to_owned();
    let rounds: Vec<String> =
        run.profile.rounds.iter().map(|(scenario, rounds)| format!("{scenario} {rounds}")).collect();
    let profile = format!(
        "{}: {}; warm-up {} ms, window {} ms, greetings awaited for {} ms",
        run.profile_name,
        run.profile.about,
        run.profile.warm_up_ms,
        run.profile.window_ms,
        run.profile.greeting_wait_ms
    );
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
            h2 #about { "How it was made" }
            p { "This command makes such a run:" }
            div.box tabindex="0" role="region" aria-label="Command" { pre { code { (run.command) } } }
            dl { @for (name, value) in &facts { dt { (name) } dd { (value) } } }
            h3 { "How to read it" }
            ul {
                li { "Each mark is one round: one window of load on a freshly started server process." }
                li { "A median's interval holds the true median with a confidence of 95 % or more, whatever the distribution. It takes at least 6 rounds." }
                li { "A floor is a raw echo server that waits for its clients as the model does, without the protocol. Models are divided by it within each round, so what drifts from round to round cancels." }
                li { "A difference is claimed only if the interval excludes 1 and all that twins differ by." }
                li { "Percentiles of a closed loop do not show what a client would have waited that did not wait for the others; those of an open loop do." }
            }
            h3 { "What the figures cannot say" }
            ul {
                li { "What happens over a network: client and server share one machine and its loopback device." }
                li { "How a model does on more cores, on other processors or with another kernel." }
                li { "What a server costs that works on its requests: these count bytes up by one and nothing else." }
                li { "Whether one model is better than another where only their distance from floors is claimed." }
            }
        }
    }
}
