//! Progress and remaining time on standard error: a bar on a terminal, otherwise a line for each point. And a warning
//! when other programs begin to disturb the trials.
//!
//! Drawn only between groups of trials, so that drawing does not disturb a measurement.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use text::units::time_left;
use text::{output, terminal};

use crate::group::Group;
use crate::plan::Trial;
use crate::record::{Record, Run};
use crate::scenario::{Slices, Window};
use crate::servers::Servers;

/// The time to start a server and open a first connection.
const START_MS: u64 = 45;
/// The time between the window of a slice and the warm-up of the next one, without opening connections.
const SLICE_MS: u64 = 5;
/// The time to open and close each further thousand connections.
const THOUSAND_CONNECTIONS_MS: u64 = 90;
/// The sum of the script's pauses.
const SCRIPT_MS: u64 = 2_200;

/// The progress of a run.
#[derive(Debug)]
pub struct Progress {
    /// Hidden where a line cannot be drawn again.
    bar: ProgressBar,
    is_bar: bool,
    trials: usize,
    begun: usize,
    /// The expected time of all trials, and of those that have ended.
    expected_ms: u64,
    done_ms: u64,
    /// The expected time of the current trial.
    current_ms: u64,
    /// The round, scenario and point that were printed last.
    named: String,
    /// Windows of load so far, and those of them that other programs disturbed.
    windows: usize,
    disturbed: usize,
    /// How often a group was made again.
    repeated: u32,
    started: Instant,
}

impl Progress {
    /// The progress of these groups of trials.
    pub fn new(run: &Run, groups: &[Group], servers: &Servers) -> Self {
        let is_bar = terminal::stderr_can_redraw();
        let expected_ms = groups.iter().map(|group| expected_ms(run, group, servers)).sum();
        let target =
            if is_bar { ProgressDrawTarget::stderr_with_hz(4) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(expected_ms), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Progress {
            bar,
            is_bar,
            trials: groups.iter().map(|group| group.trials.len()).sum(),
            begun: 0,
            expected_ms,
            done_ms: 0,
            current_ms: 0,
            named: String::new(),
            windows: 0,
            disturbed: 0,
            repeated: 0,
            started: Instant::now(),
        }
    }

    /// How many trials there are, and how long they are expected to take if none has to be repeated.
    pub fn plan(&self) -> String {
        let expected = time_left(Duration::from_millis(self.expected_ms));
        let trials = if self.trials == 1 { "1 trial".to_owned() } else { format!("{} trials", self.trials) };
        format!("{trials}, about {expected}, and up to a quarter more if other programs disturb it")
    }

    /// Notes that this group begins.
    pub fn begin(&mut self, run: &Run, group: &Group, servers: &Servers) {
        let trial = &group.trials[0];
        self.done_ms += self.current_ms;
        self.begun += group.trials.len();
        self.current_ms = expected_ms(run, group, servers);
        let place = format!("round {}, {} {}", trial.round, trial.scenario.name, trial.point);
        let left = format!("about {} left", time_left(self.left()));
        if self.is_bar {
            let subject = match group.trials.as_slice() {
                [trial] => trial.subject.name.clone(),
                trials => format!("{} servers in turn", trials.len()),
            };
            self.bar.set_message(format!("{left} · {}: {subject}", place.trim_end()));
            self.bar.set_position(self.done_ms);
            // Draw now: there is no tick before the group has ended.
            self.bar.tick();
        } else if place != self.named {
            output::note(&format!("{:>4}/{} {}, {left}", self.begun, self.trials, place.trim_end()));
            self.named = place;
        }
    }

    /// Notes that the group has ended, and warns at the first window that other programs disturbed.
    pub fn end_group(&mut self, records: &[Record]) {
        self.windows += records.iter().filter(|record| record.load.is_some()).count();
        self.repeated += records.first().map_or(0, |record| record.repeated);
        for record in records {
            let Some(share) = record.taken_by_others() else { continue };
            self.disturbed += 1;
            if self.disturbed > 1 {
                continue;
            }
            self.bar.suspend(|| {
                output::note(&format!(
                    "warning: other programs took {:.0} % of the CPUs in round {}, {} {}; such windows are marked as \
                     invalid",
                    100.0 * share,
                    record.round,
                    record.scenario,
                    record.subject
                ));
            });
        }
    }

    /// Notes that no further trial begins, and says how many windows were disturbed and how often trials were repeated.
    pub fn end(self) {
        self.bar.finish_and_clear();
        if self.repeated > 0 {
            let times =
                if self.repeated == 1 { "once".to_owned() } else { format!("{} times", self.repeated) };
            output::note(&format!("trials that something disturbed were discarded and made again {times}"));
        }
        if self.disturbed > 1 {
            output::note(&format!(
                "warning: other programs disturbed {} of {} windows, which are marked as invalid",
                self.disturbed, self.windows
            ));
        }
    }

    /// The remaining time, scaled by how far the estimate was off so far.
    fn left(&self) -> Duration {
        let left = Duration::from_millis(self.expected_ms - self.done_ms);
        match u32::try_from(self.done_ms) {
            Ok(done_ms) if done_ms > 0 => {
                left.mul_f64(self.started.elapsed().as_secs_f64() / (f64::from(done_ms) / 1e3))
            }
            _ => left,
        }
    }
}

impl Drop for Progress {
    /// An error must not leave half a line.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How long these groups are expected to take.
pub(crate) fn expected(run: &Run, groups: &[Group], servers: &Servers) -> Duration {
    Duration::from_millis(groups.iter().map(|group| expected_ms(run, group, servers)).sum())
}

fn expected_ms(run: &Run, group: &Group, servers: &Servers) -> u64 {
    group.trials.iter().map(|trial| trial_ms(run, trial, group.slices, servers)).sum()
}

fn trial_ms(run: &Run, trial: &Trial, slices: Option<Slices>, servers: &Servers) -> u64 {
    let is_served = |clients| servers.find(&trial.subject.model).is_none_or(|server| server.serves(clients));
    if let Some(script) = trial.scenario.script {
        let in_turn = if is_served(script.connections) { 1 } else { script.connections as u64 };
        return START_MS + in_turn * SCRIPT_MS / u64::from(script.pause_divisor.get());
    }
    let Some(load) = trial.scenario.load_at(trial.point, Some(1.0)) else { return START_MS };
    let connections = trial.subject.clients.unwrap_or(usize::MAX).min(load.connections) + load.idle;
    let waits = if is_served(connections) { 0 } else { run.profile.greeting_wait_ms };
    let open_ms = waits + connections as u64 * THOUSAND_CONNECTIONS_MS / 1_000;
    START_MS
        + match slices {
            None => {
                let Window { warm_up_ms, window_ms } = run.profile.window(trial.scenario.service);
                warm_up_ms + window_ms + open_ms
            }
            Some(slices) => {
                u64::from(slices.passes) * (slices.warm_up_ms + slices.window_ms + SLICE_MS + open_ms)
            }
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::group::groups;
    use crate::plan::plan;
    use crate::scenario::{Catalogue, EMBEDDED};
    use crate::servers::{Server, Service};
    use crate::subject::subjects;
    use crate::variant::add_variants;

    #[test]
    fn a_model_that_leaves_clients_waiting_is_expected_to_take_longer() {
        let run = example::run("default");
        let trials = plan(&run, &example::servers());
        let expected = |scenario: &str, model: &str| {
            let trial =
                trials.iter().find(|trial| trial.scenario.name == scenario && trial.subject.name == model);
            trial_ms(&run, trial.unwrap(), run.profile.slices, &example::servers())
        };
        assert!(expected("script", "sequential") > 2 * expected("script", "mio"));
        let slices = u64::from(run.profile.slices.unwrap().passes);
        assert_eq!(
            expected("ping-pong", "sequential"),
            expected("ping-pong", "mio") + slices * run.profile.greeting_wait_ms
        );
    }

    #[test]
    fn the_embedded_profiles_take_no_longer_than_they_promise() {
        let crowd = example::crowd();
        for (profile, seconds) in [("quick", 40), ("default", 8 * 60), ("full", 45 * 60)] {
            let mut run = example::run(profile);
            run.profile = Catalogue::parse(EMBEDDED).unwrap().profile(profile).unwrap().clone();
            run.subjects = add_variants(subjects(&crowd, &[], &[Service::Echo], 50), &run.scenarios, &crowd);
            let groups = groups(plan(&run, &crowd), &run.profile);
            let expected: u64 = groups.iter().map(|group| expected_ms(&run, group, &crowd)).sum();
            // With room for a slower machine, but not for a text that promises much too much.
            assert!((seconds * 500..seconds * 1_000).contains(&expected), "{profile}: {expected} ms");
        }
    }

    #[test]
    fn the_questions_about_work_take_no_longer_than_they_promise() {
        let mut run = example::run_of_work(&[]);
        let catalogue = Catalogue::parse(EMBEDDED).unwrap();
        run.scenarios = catalogue.scenarios;
        run.scenarios.retain(|scenario| scenario.service == Service::Primes);
        // As many models as there are.
        let mut servers = example::workers();
        let like = servers.models[0].clone();
        let further =
            (servers.models.len()..8).map(|number| Server { name: number.to_string(), ..like.clone() });
        servers.models.extend(further.collect::<Vec<Server>>());
        run.subjects = subjects(&servers, &[], &[Service::Primes], 1);
        for (profile, seconds) in [("default", 10 * 60), ("full", 12 * 60)] {
            run.profile = catalogue.profiles[profile].clone();
            run.profile.rounds =
                run.profile.all_rounds().map(|(name, rounds)| (name.clone(), *rounds)).collect();
            run.profile.keep(&run.scenarios);
            let groups = groups(plan(&run, &servers), &run.profile);
            let expected = expected(&run, &groups, &servers).as_secs();
            assert!((seconds / 2..seconds).contains(&expected), "{profile}: {expected} s");
        }
    }
}
