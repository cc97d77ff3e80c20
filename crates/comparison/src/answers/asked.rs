//! The figures that answer the questions of a run: chosen by the kind of load, not by a scenario's name, so that
//! scenarios from a file are answered too.

use loadgen::{Load, Scenario as Workload};

use crate::analysis::{Analysis, Metric, PointAnalysis, ScenarioAnalysis};
use crate::scenario::Point;
use text::units;

/// What is asked of all models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// What a message costs.
    Message,
    /// What a connection costs.
    Connection,
    /// What a client costs that is only there.
    IdleClient,
    /// How long a message waits at a rate that is the same for all.
    Wait,
    /// What a message costs when many clients send.
    ManyClients,
    /// What a message costs when many other clients are idle.
    AmongIdle,
}

/// One figure of all models at one point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'run> {
    pub(crate) question: Question,
    pub(crate) scenario: &'run ScenarioAnalysis,
    pub(crate) point: &'run PointAnalysis,
    pub(crate) metric: Metric,
}

/// From this size on a message's cost is that of its bytes.
const LARGE_BYTES: usize = 1024;

impl Question {
    /// All of them, in the order in which they are answered.
    pub(crate) const ALL: [Question; 6] = [
        Question::Message,
        Question::Connection,
        Question::IdleClient,
        Question::Wait,
        Question::ManyClients,
        Question::AmongIdle,
    ];

    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Question::Message => "Which needs the least CPU time per message?",
            Question::Connection => "Whose connection is the cheapest?",
            Question::IdleClient => "Which holds the most clients per GiB?",
            Question::Wait => "Which has the lowest 99th percentile at a common rate?",
            Question::ManyClients => "Which needs the least CPU time when many clients send?",
            Question::AmongIdle => "Which needs the least CPU time when few of many clients send?",
        }
    }
}

/// The figures of a run, in the order of its scenarios. Of a growing number of clients, sending or idle, only
/// the largest is asked.
pub(crate) fn asked(analysis: &Analysis) -> Vec<Asked<'_>> {
    let mut asked = Vec::new();
    for scenario in &analysis.scenarios {
        // With variants it asks what options change, and not which model is the best. Work behind messages has questions of
        // its own.
        let is_contest = scenario.scenario.variants.is_empty() && scenario.scenario.service.is_echo();
        let Some(load) = scenario.scenario.load.as_ref().filter(|_| is_contest) else { continue };
        for (place, point) in scenario.points.iter().enumerate() {
            let (question, metric) = match point.point {
                Point::Only => of_load(load),
                Point::Rate(_) => (Question::Wait, Metric::P99),
                Point::Connections(_) if place + 1 == scenario.points.len() => {
                    (Question::ManyClients, Metric::CpuPerMessage)
                }
                Point::Idle(_) if place + 1 == scenario.points.len() => {
                    (Question::AmongIdle, Metric::CpuPerMessage)
                }
                // At its own peak every model has another load.
                Point::Connections(_)
                | Point::Idle(_)
                | Point::Big(_)
                | Point::Number(_)
                | Point::PercentOfPeak(_) => continue,
            };
            asked.push(Asked { question, scenario, point, metric });
        }
    }
    asked
}

/// The question that a load without a curve answers, and its figure.
fn of_load(load: &Workload) -> (Question, Metric) {
    match load.load {
        Load::Churn => (Question::Connection, Metric::CpuPerMessage),
        Load::Closed if load.idle > 0 => (Question::IdleClient, Metric::MemoryPerConnection),
        Load::Open { .. } => (Question::Wait, Metric::P99),
        Load::Closed => (Question::Message, Metric::CpuPerMessage),
    }
}

impl Asked<'_> {
    /// Scenario and point, such as `open-loop at 20,000 messages/s`.
    pub(crate) fn place(&self) -> String {
        let name = &self.scenario.scenario.name;
        match self.point.point {
            Point::Only => name.clone(),
            Point::Rate(rate) => format!("{name} at {} messages/s", units::whole(rate)),
            Point::Connections(count) => format!("{name} with {} clients", units::whole(count)),
            Point::Idle(count) => format!("{name} with {} idle clients", units::whole(count)),
            Point::Big(_) | Point::Number(_) | Point::PercentOfPeak(_) => {
                format!("{name} at {}", self.point.point)
            }
        }
    }

    /// What the figure is of: `CPU time per message`.
    pub(crate) fn quantity(&self) -> &'static str {
        match self.question {
            Question::Message | Question::ManyClients | Question::AmongIdle => "CPU time per message",
            Question::Connection => "CPU time per connection",
            Question::IdleClient => "memory per client",
            Question::Wait => "99th percentile of the response time",
        }
    }

    /// Both, such as `CPU time per message in ping-pong`.
    pub(crate) fn title(&self) -> String {
        let mut letters = self.quantity().chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{} in {}", letters.as_str(), self.place())
    }

    /// When this figure decides: `If clients come and go`.
    pub(crate) fn condition(&self) -> String {
        let load = self.scenario.scenario.load.clone().unwrap_or_default();
        match (self.question, self.point.point) {
            (Question::Connection, _) => "If clients come and go".to_owned(),
            (Question::IdleClient, _) => "If clients are many and idle".to_owned(),
            (Question::Wait, Point::Rate(rate)) => {
                format!("If replies must come soon, at {} messages a second", units::whole(rate))
            }
            (Question::Wait, _) => "If replies must come soon".to_owned(),
            (Question::ManyClients, Point::Connections(count)) => {
                format!("If {} clients send at the same time", units::whole(count))
            }
            (Question::AmongIdle, Point::Idle(count)) => {
                format!("If few clients send, among {} idle ones", units::whole(count))
            }
            _ if load.payload_bytes >= LARGE_BYTES => "If messages are large".to_owned(),
            _ if load.depth > 1 => "If messages are short and clients do not wait for replies".to_owned(),
            _ => "If messages are short and each client waits for the reply".to_owned(),
        }
    }
}
