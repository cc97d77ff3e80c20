//! The machine that figures come from: what one must know to read them, and nothing that tells whose it is.

use std::{fmt, fs, thread};

use serde::{Deserialize, Serialize};

/// A machine without its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name, as it calls itself.
    pub processor: Option<String>,
    /// Processors that this program may use.
    pub cores: usize,
    /// The operating system and the release of its kernel.
    pub system: String,
}

impl Machine {
    /// The machine that this program runs on.
    pub fn this() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Machine {
            processor: parse_processor(&cpuinfo),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, release.trim()).trim().to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processor = self.processor.as_deref().unwrap_or("unknown processor");
        let cores = if self.cores == 1 { "core" } else { "cores" };
        write!(formatter, "{processor}, {} {cores}, {}", self.cores, self.system)
    }
}

/// The first `model name` of `/proc/cpuinfo`; some processors do not tell it there.
fn parse_processor(cpuinfo: &str) -> Option<String> {
    cpuinfo.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_the_first_model_name() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 49\nmodel name\t: Some CPU @ 2.0GHz\nprocessor\t: 1\n";
        assert_eq!(parse_processor(cpuinfo).as_deref(), Some("Some CPU @ 2.0GHz"));
        assert_eq!(parse_processor("processor\t: 0\nBogoMIPS\t: 50.0\n"), None);
    }

    #[test]
    fn a_machine_is_one_line() {
        let machine = Machine { processor: None, cores: 1, system: "linux 6.1".to_owned() };
        assert_eq!(machine.to_string(), "unknown processor, 1 core, linux 6.1");
    }
}
