//! The jobs of each step: commands, and the parsing of their output.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::{Value, json};

/// The exit code of the launcher's commands for a run in which nothing could be tested.
const NOTHING_TRIED: i32 = 3;

/// The steps of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// The conformance catalogue, including its long cases
    Check,
    /// Failing system calls, with strace
    Faults,
    /// The catalogue with short reads, short writes and would-block errors injected in the process
    Shim,
    /// Random clients, options, faults and shutdowns on every model
    Stress,
    /// All interleavings of the hand-off and of a shutdown, with loom
    Loom,
    /// Fuzz targets
    Fuzz,
    /// Every model under hostile clients, 20 minutes each, seven at once
    Soak,
}

/// How thorough the jobs are.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    check: &'static [&'static str],
    faults: &'static [&'static str],
    soak: &'static [&'static str],
    shim_seeds: &'static str,
    stress_seeds: &'static str,
    /// For each target.
    fuzz_seconds: &'static str,
}

impl Size {
    /// All of it, up to three hours.
    pub const FULL: Size = Size {
        check: &["--long"],
        faults: &["--pairs", "200"],
        soak: &["--minutes", "20"],
        shim_seeds: "SHIM_SEEDS=5",
        stress_seeds: "STRESS_SEEDS=500",
        fuzz_seconds: "300",
    };
    /// A smaller size: minutes.
    pub const QUICK: Size = Size {
        check: &[],
        faults: &["--sample", "1", "--lasting", "1s", "--pairs", "10"],
        soak: &["--seconds", "20"],
        shim_seeds: "SHIM_SEEDS=1",
        stress_seeds: "STRESS_SEEDS=40",
        fuzz_seconds: "20",
    };
}

impl Step {
    /// How many of its jobs run at the same time. Cases and trials mostly wait: a sweep over faults uses a tenth of a CPU. The
    /// findings of soaks do not depend on speed, but a good client of a soak waits for a minute at most, so not all of them
    /// share two CPUs.
    pub(super) const fn at_once(self) -> usize {
        match self {
            Step::Check => 4,
            Step::Shim | Step::Stress | Step::Loom => 1,
            // They share their build, and then use one CPU each.
            Step::Fuzz => 3,
            Step::Faults | Step::Soak => 7,
        }
    }
}

/// One command and the file for its result.
#[derive(Debug)]
pub(super) struct Job {
    /// The file, without its ending.
    pub(super) name: String,
    /// The command as users type it.
    pub(super) shown: String,
    program: PathBuf,
    arguments: Vec<String>,
    read: fn(&str) -> Result<Value>,
    /// Figures that must not be 0: a job that tried nothing has shown nothing.
    counts: &'static [&'static str],
    /// The models that a result in lines must name.
    models: Vec<String>,
}

/// The result of a job.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) held: bool,
    /// It reported that it could not test anything.
    pub(super) is_skipped: bool,
    pub(super) result: Value,
    /// If it failed, the end of its output.
    pub(super) explanation: String,
}

/// The jobs of a step, on these models if it has a model.
pub(super) fn jobs(step: Step, size: &Size, launcher: &Path, models: &[String]) -> Vec<Job> {
    let of_each_model = |command, further, counts| of_each_model(launcher, command, further, counts, models);
    match step {
        Step::Check => of_each_model("check", size.check, &["passed"]),
        Step::Faults => of_each_model("faults", size.faults, &["fired", "cases_passed"]),
        Step::Soak => of_each_model("soak", size.soak, &["verified_bytes", "connections_total"]),
        Step::Shim => {
            let arguments = [size.shim_seeds, "cargo", "test", "--locked", "--test", "shim"];
            let job =
                Job::new("shim", "env", &arguments, &["faults", "cases passed"], |text| lines(text, "shim "));
            vec![Job { models: models.to_vec(), ..job }]
        }
        Step::Stress => {
            let arguments = [size.stress_seeds, "cargo", "test", "--locked", "--test", "stress"];
            vec![Job::new("stress", "env", &arguments, &["runs"], |text| lines(text, "stress"))]
        }
        Step::Loom => {
            vec![Job::new("loom", "crates/sockets/loom", &[], &["schedules"], |text| lines(text, "loom "))]
        }
        Step::Fuzz => ["engine", "verifier", "primes", "resp", "differential"]
            .into_iter()
            .map(|target| {
                let arguments = [target, size.fuzz_seconds];
                Job::new(&format!("fuzz-{target}"), "fuzz/run", &arguments, &["inputs"], read_fuzz)
            })
            .collect(),
    }
}

fn of_each_model(
    launcher: &Path,
    command: &str,
    further: &[&str],
    counts: &'static [&'static str],
    models: &[String],
) -> Vec<Job> {
    let job = |name: &str| {
        let arguments: Vec<String> =
            [command, name].iter().chain(further).chain(&["--json"]).map(|word| (*word).to_owned()).collect();
        Job {
            name: format!("{command}-{name}"),
            shown: format!("cargo run --release -- {}", arguments.join(" ")),
            program: launcher.to_owned(),
            arguments,
            read: |text| serde_json::from_str(text).context("its output is not JSON"),
            counts,
            models: Vec::new(),
        }
    };
    models.iter().map(|model| job(model)).collect()
}

impl Job {
    fn new(
        name: &str,
        program: &str,
        arguments: &[&str],
        counts: &'static [&'static str],
        read: fn(&str) -> Result<Value>,
    ) -> Job {
        Job {
            name: name.to_owned(),
            shown: [program].iter().chain(arguments).copied().collect::<Vec<_>>().join(" "),
            program: program.into(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            read,
            counts,
            models: Vec::new(),
        }
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It cannot be started, or it succeeds but its output cannot be parsed.
    pub(super) fn run(&self) -> Result<Ran> {
        let output =
            Command::new(&self.program).args(&self.arguments).stdin(Stdio::null()).output().with_context(
                || format!("cannot run {}; is this the project's folder?", self.program.display()),
            )?;
        let held = output.status.success();
        let is_skipped = output.status.code() == Some(NOTHING_TRIED);
        let explanation = if held { String::new() } else { end_of(&output) };
        match (self.read)(&String::from_utf8_lossy(&output.stdout)) {
            Ok(result) => Ok(match self.untried(&result).filter(|_| held) {
                Some(untried) => Ran { held: false, is_skipped, result, explanation: format!(": {untried}") },
                None => Ran { held, is_skipped, result, explanation },
            }),
            // Then its message is on standard error.
            Err(_) if !held => Ok(Ran { held, is_skipped, result: Value::Null, explanation }),
            Err(error) => Err(error.context(self.shown.clone())),
        }
    }
}

impl Job {
    /// What was not tried although the command succeeded, if there is such a thing.
    fn untried(&self, result: &Value) -> Option<String> {
        let lines = result.as_array().map_or(std::slice::from_ref(result), Vec::as_slice);
        let missing =
            self.models.iter().find(|model| !lines.iter().any(|line| line["name"] == model.as_str()));
        if let Some(model) = missing {
            return Some(format!("it printed nothing about {model}"));
        }
        let none = |line: &Value| {
            let count =
                self.counts.iter().find(|count| line[**count].as_u64().is_none_or(|count| count == 0))?;
            Some(format!("it tried nothing: its {count:?} is {}", line[*count]))
        };
        lines.iter().find_map(none)
    }
}

/// Its exit status and the last lines of its output.
fn end_of(output: &Output) -> String {
    const LINES: usize = 12;
    let text =
        String::from_utf8_lossy(if output.stderr.is_empty() { &output.stdout } else { &output.stderr });
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(LINES)..].join("\n  ");
    format!(": {}\n  {last}", output.status)
}

/// Lines such as `shim mio: 1537 faults, 34 cases passed, 0 failed; …`: the words are names, the numbers before
/// them figures. The text after a semicolon is ignored.
fn lines(text: &str, beginning: &str) -> Result<Value> {
    let found: Vec<Value> = text
        .lines()
        .filter_map(|line| {
            let (name, figures) = line.strip_prefix(beginning)?.split_once(": ")?;
            let mut result = json!({ "name": name });
            for figure in figures.split(';').next()?.split(", ") {
                let (number, of) = figure.split_once(' ')?;
                result[of] = number.parse::<u64>().ok()?.into();
            }
            Some(result)
        })
        .collect();
    anyhow::ensure!(!found.is_empty(), "it printed no line that begins with {beginning:?}");
    Ok(found.into())
}

/// libFuzzer's own count.
fn read_fuzz(text: &str) -> Result<Value> {
    let count = text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let inputs: u64 = count.context("it printed no count of inputs")?.trim().parse()?;
    Ok(json!({ "inputs": inputs }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_a_job() {
        let models = ["mio".to_owned(), "tokio".to_owned()];
        let jobs = jobs(Step::Soak, &Size::FULL, Path::new("launcher"), &models);
        let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["soak-mio", "soak-tokio"]);
    }

    #[test]
    fn a_job_is_shown_as_it_is_typed() {
        let job = &jobs(Step::Check, &Size::FULL, Path::new("launcher"), &["mio".to_owned()])[0];
        assert_eq!(job.shown, "cargo run --release -- check mio --long --json");
    }

    #[test]
    fn figures_are_read_by_their_names() {
        let text = "noise\nshim mio: 1537 faults, 34 cases passed, 0 failed; 7 of one kind\nshim: no\n";
        let expected = json!([{ "name": "mio", "faults": 1537, "cases passed": 34, "failed": 0 }]);
        assert_eq!(lines(text, "shim ").unwrap(), expected);
        assert!(lines("nothing", "shim ").is_err());
        assert_eq!(lines("stress: 240 runs\n", "stress").unwrap(), json!([{ "name": "", "runs": 240 }]));
        assert_eq!(read_fuzz("stat::number_of_executed_units: 17\n").unwrap(), json!({ "inputs": 17 }));
        assert!(read_fuzz("").is_err());
    }

    /// A job of which this script prints the result.
    fn printing(script: &str) -> Job {
        Job::new("x", "sh", &["-c", script], &["schedules"], |text| lines(text, "loom "))
    }

    #[test]
    fn a_job_that_tried_nothing_does_not_hold() {
        let ran = printing("echo 'loom a: 7 schedules'").run().unwrap();
        assert!(ran.held, "{ran:?}");
        for (script, reason) in [
            ("echo 'loom a: 7 schedules'; echo 'loom b: 0 schedules'", "its \"schedules\" is 0"),
            ("echo 'loom a: 7 orders'", "its \"schedules\" is null"),
        ] {
            let ran = printing(script).run().unwrap();
            assert!(!ran.held && ran.explanation.contains(reason), "{ran:?}");
        }
        let job = Job { models: vec!["mio".to_owned()], ..printing("echo 'loom a: 7 schedules'") };
        let ran = job.run().unwrap();
        assert!(!ran.held && ran.explanation.contains("nothing about mio"), "{ran:?}");
        assert!(printing("true").run().is_err());
    }

    #[test]
    fn a_job_that_fails_explains_itself() {
        let ran = printing("echo 'loom a: 1 schedules'; echo why >&2; exit 1").run().unwrap();
        assert!(!ran.held && ran.explanation.contains("why"), "{ran:?}");
        assert_eq!(ran.result, json!([{ "name": "a", "schedules": 1 }]));
    }
}
