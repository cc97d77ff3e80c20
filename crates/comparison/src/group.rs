//! Trials that are made together, so that their ratios are of the same minute, the same cache and the same neighbours.
//!
//! ```text
//!  all servers started │ A │ B │ C │ C │ B │ A │ all servers ended      2 passes
//!                        ▲ a slice: connect, warm up, window, close
//! ```
//!
//! A group has the trials of all subjects at one point of one scenario in one round. Their servers are alive at the same
//! time, and the load goes from one to the next in short slices. Every second pass goes backwards, so that a steady drift
//! of the machine adds the same to every subject. A server that has no connection uses no CPU, and each slice opens its
//! own connections and closes them, so that descriptors and memory are those of one subject.
//!
//! Only a load that is the same for all, and cheap to begin, is sliced: not where the load varies, not with idle
//! connections, which take longer to open than the window lasts, and not the scripted clients. Such a trial is a group of
//! its own.

use crate::plan::Trial;
use crate::scenario::{Point, Profile, Slices};

/// Trials whose servers are alive at the same time.
#[derive(Clone, Debug)]
pub struct Group<'run> {
    /// The trials, in the order of the first pass.
    pub trials: Vec<Trial<'run>>,
    /// How the load is cut into slices; `None` for a single trial with one window.
    pub slices: Option<Slices>,
}

impl Group<'_> {
    /// Round, scenario and point, which all its trials have in common.
    pub fn place(&self) -> (u32, &str, Point) {
        place(&self.trials[0])
    }

    /// How often the load goes from server to server.
    pub fn passes(&self) -> u32 {
        self.slices.map_or(1, |slices| slices.passes)
    }

    /// Which trial each slice of a pass, counted from 0, is of.
    pub fn order(&self, pass: u32) -> impl Iterator<Item = usize> + use<> {
        let count = self.trials.len();
        (0..count).map(move |place| if pass.is_multiple_of(2) { place } else { count - 1 - place })
    }
}

/// Puts trials that are made together into one group; the order stays.
pub fn groups<'run>(trials: Vec<Trial<'run>>, profile: &Profile) -> Vec<Group<'run>> {
    let mut groups: Vec<Group<'run>> = Vec::new();
    for trial in trials {
        let slices = profile.slices.filter(|_| trial.scenario.can_be_sliced());
        match groups.last_mut() {
            Some(last) if slices.is_some() && last.place() == place(&trial) => {
                last.trials.push(trial);
            }
            _ => groups.push(Group { trials: vec![trial], slices }),
        }
    }
    groups
}

fn place<'trial>(trial: &'trial Trial) -> (u32, &'trial str, Point) {
    (trial.round, &trial.scenario.name, trial.point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::plan::plan;
    use crate::record::Run;

    fn sizes(run: &Run) -> Vec<(String, usize)> {
        let trials = plan(run, &example::servers());
        let groups = groups(trials, &run.profile);
        groups.iter().map(|group| (group.trials[0].scenario.name.clone(), group.trials.len())).collect()
    }

    #[test]
    fn all_subjects_of_a_scenario_are_measured_together_and_curves_one_by_one() {
        let run = example::run_of("full", &["ping-pong", "ramp", "many-idle", "script"]);
        let sizes_of = sizes(&run);
        let of = |name: &'static str| {
            sizes_of.iter().filter(move |(scenario, _)| scenario == name).map(|(_, size)| *size)
        };
        // Six models, two floors with a twin each, and the floors of the models that serve fewer clients.
        let subjects = run.subjects.len();
        assert!(of("ping-pong").all(|size| size == subjects), "{sizes_of:?}");
        assert_eq!(of("ping-pong").count() as u64, u64::from(run.profile.rounds["ping-pong"]));
        assert!(["ramp", "many-idle", "script"].iter().all(|name| of(name).all(|size| size == 1)));
        let single = example::run_of("full", &["ping-pong"]);
        let single = Run { profile: Profile { slices: None, ..single.profile.clone() }, ..single };
        assert!(sizes(&single).iter().all(|(_, size)| *size == 1));
    }

    #[test]
    fn every_second_pass_goes_backwards() {
        let run = example::run_of("full", &["ping-pong"]);
        let trials: Vec<Trial> = plan(&run, &example::servers()).into_iter().take(3).collect();
        let group = groups(trials, &run.profile).remove(0);
        let order = |pass| group.order(pass).collect::<Vec<usize>>();
        assert_eq!((order(0), order(1), order(2)), (vec![0, 1, 2], vec![2, 1, 0], vec![0, 1, 2]));
        assert_eq!(group.passes() % 2, 0, "as often forwards as backwards");
    }
}
