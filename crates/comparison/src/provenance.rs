//! Where figures come from: machine, compiler and program; and in what two runs, or two parts of one, differ.

use anyhow::{Result, ensure};
use observe::{Machine, pin, program};

use crate::record::Run;
use crate::servers::Servers;
use crate::subject::Layout;

/// Where the figures of a run come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provenance {
    machine: Machine,
    version: String,
    program: Option<String>,
}

impl Provenance {
    /// Of a run, as it is recorded.
    pub(crate) fn of(run: &Run) -> Self {
        Provenance {
            machine: run.machine.clone(),
            version: run.version.clone(),
            program: run.program.clone(),
        }
    }

    /// Of this process, here and now.
    pub(crate) fn here(servers: &Servers) -> Self {
        Provenance {
            machine: Machine::this(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            program: fingerprint(servers),
        }
    }

    /// In what the conditions differ under which servers ran, a sentence for each thing. `before` and `after` say where
    /// the two are, such as `in the baseline` and `here`.
    pub(crate) fn conditions(&self, before: &str, other: &Provenance, after: &str) -> Vec<String> {
        let unknown = || "unknown".to_owned();
        let governor = |machine: &Machine| machine.governor.clone().unwrap_or_else(unknown);
        let mitigations = |machine: &Machine| machine.mitigations.join("; ");
        let (one, other) = (&self.machine, &other.machine);
        differing(
            before,
            after,
            [
                ("machines", one.to_string(), other.to_string()),
                ("frequency governors", governor(one), governor(other)),
                ("kernels' mitigations", mitigations(one), mitigations(other)),
                ("compilers", one.compiler.clone(), other.compiler.clone()),
            ],
        )
    }

    /// In what the programs differ, likewise.
    pub(crate) fn programs(&self, before: &str, other: &Provenance, after: &str) -> Vec<String> {
        let program = |of: &Provenance| of.program.clone().unwrap_or_else(|| "unknown".to_owned());
        differing(
            before,
            after,
            [
                ("versions", self.version.clone(), other.version.clone()),
                ("programs", program(self), program(other)),
            ],
        )
    }
}

fn differing<const N: usize>(before: &str, after: &str, things: [(&str, String, String); N]) -> Vec<String> {
    let differing = things.into_iter().filter(|(_, one, other)| one != other);
    differing
        .map(|(what, one, other)| format!("the {what} differ: {one} {before}, {other} {after}"))
        .collect()
}

/// A fingerprint of the programs that the servers are started from; `None` if one cannot be read.
pub(crate) fn fingerprint(servers: &Servers) -> Option<String> {
    program::fingerprint(servers.programs()).ok()
}

/// Checks that this process can continue a run: on the same machine, with the same program, and with all its servers.
/// Figures of two machines or two programs in one table would be those of neither.
///
/// # Errors
/// It cannot; the message says what differs.
pub(crate) fn check_resumable(run: &Run, servers: &Servers) -> Result<()> {
    let mut recorded = Provenance::of(run);
    let here = Provenance::here(servers);
    // Runs of earlier versions do not say which program made them.
    recorded.program = recorded.program.or_else(|| here.program.clone());
    let mut differences = recorded.conditions("when it began", &here, "now");
    differences.extend(recorded.programs("when it began", &here, "now"));
    let missing = run.subjects.iter().filter(|subject| servers.find(&subject.model).is_none());
    differences.extend(missing.map(|subject| format!("there is no server {:?} any more", subject.model)));
    if let Layout::Pinned { server, client } = run.layout {
        let allowed = pin::allowed()?;
        let missing = [server, client].into_iter().filter(|cpu| !allowed.contains(cpu));
        differences.extend(missing.map(|cpu| format!("this program may not use CPU {cpu}, as it did then")));
    }
    ensure!(
        differences.is_empty(),
        "the run cannot be resumed here, because its figures would not be comparable: {}; resume it there, or start a \
         new run",
        differences.join("; ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn a_run_is_resumed_only_where_it_began_and_with_the_same_program() {
        let servers = example::servers();
        let mut run = example::run("quick");
        run.machine = Machine::this();
        run.version = env!("CARGO_PKG_VERSION").to_owned();
        check_resumable(&run, &servers).unwrap();
        let refused = |alter: &dyn Fn(&mut Run)| {
            let mut run = run.clone();
            alter(&mut run);
            check_resumable(&run, &servers).unwrap_err().to_string()
        };
        for (message, part) in [
            (refused(&|run| run.machine.cores += 1), "the machines differ"),
            (refused(&|run| run.machine.system = "linux 1.0".to_owned()), "linux 1.0"),
            (refused(&|run| run.machine.compiler = "rustc 0.1".to_owned()), "rustc 0.1 when it began"),
            (refused(&|run| run.program = Some("0123456789abcdef".to_owned())), "the programs differ"),
            (refused(&|run| run.version = "0.0.1".to_owned()), "the versions differ"),
            (refused(&|run| run.subjects[0].model = "gone".to_owned()), "\"gone\""),
            (refused(&|run| run.layout = Layout::Pinned { server: 0, client: 100_000 }), "CPU 100000"),
        ] {
            assert!(message.contains(part) && message.contains("start a new run"), "{part}: {message}");
        }
    }
}
