//! The machine that figures come from: what is needed to interpret them, and nothing that identifies its owner.

use std::path::Path;
use std::{fmt, fs, thread};

use serde::{Deserialize, Serialize};

use crate::proc::{self, text_field as field};

/// A machine without its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's own name.
    pub processor: Option<String>,
    /// Processors that this program may use.
    pub cores: usize,
    /// Physical memory.
    pub memory_bytes: Option<u64>,
    /// The operating system and the release of its kernel.
    pub system: String,
    /// Whether it is a virtual machine, as far as its processor reports.
    pub is_virtual: Option<bool>,
    /// The frequency governor of the first core, if the system has one.
    pub governor: Option<String>,
    /// The kernel's mitigation of each known vulnerability of this processor.
    pub mitigations: Vec<String>,
    /// The compiler that built this program.
    pub compiler: String,
}

impl Machine {
    /// The machine that this program runs on.
    pub fn this() -> Self {
        let proc = |name: &str| proc::machine(name).unwrap_or_default();
        let cpuinfo = proc("cpuinfo");
        let governor = fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
        let governor = governor.unwrap_or_default().trim().to_owned();
        // The text after the version says who built the kernel, and for which machine.
        let release = proc("sys/kernel/osrelease");
        let version = release.trim().split('-').next().unwrap_or_default();
        let system = format!("{} {version}", std::env::consts::OS);
        Machine {
            processor: field(&cpuinfo, "model name").map(str::to_owned),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: parse_memory(&proc("meminfo")),
            system: system.trim().to_owned(),
            is_virtual: field(&cpuinfo, "flags")
                .map(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            governor: (!governor.is_empty()).then_some(governor),
            mitigations: mitigations(Path::new("/sys/devices/system/cpu/vulnerabilities")),
            compiler: env!("COMPILER").to_owned(),
        }
    }

    /// A name for folders: the processor and its cores, in small letters and hyphens.
    pub fn slug(&self) -> String {
        let processor = self.processor.as_deref().unwrap_or("unknown");
        let cores = if self.cores == 1 { "core" } else { "cores" };
        let words = format!("{processor} {} {cores}", self.cores).to_lowercase();
        let words = words.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<&str>>().join("-")
    }
}

impl fmt::Display for Machine {
    /// One line, such as `Some CPU, 2 cores, 24 GiB, linux 6.1, virtual`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processor = self.processor.as_deref().unwrap_or("unknown processor");
        let cores = if self.cores == 1 { "core" } else { "cores" };
        write!(formatter, "{processor}, {} {cores}", self.cores)?;
        if let Some(memory) = self.memory_bytes {
            // Rounded, because the kernel reserves a little.
            write!(formatter, ", {} GiB", (memory + (1 << 29)) >> 30)?;
        }
        write!(formatter, ", {}", self.system)?;
        if self.is_virtual == Some(true) {
            formatter.write_str(", virtual")?;
        }
        Ok(())
    }
}

/// `MemTotal`, which is in kibibytes.
fn parse_memory(meminfo: &str) -> Option<u64> {
    let kibibytes: u64 = field(meminfo, "MemTotal")?.split(' ').next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// One file for each known vulnerability; those that do not affect this processor are left out.
fn mitigations(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut lines: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let text = fs::read_to_string(entry.path()).ok()?;
            let line = format!("{}: {}", entry.file_name().to_str()?, text.trim());
            (text.trim() != "Not affected").then_some(line)
        })
        .collect();
    lines.sort();
    lines
}

#[cfg(any(test, feature = "example"))]
impl Machine {
    /// A machine that does not exist.
    pub fn example() -> Self {
        Machine {
            processor: Some("Example (R) CPU @ 2.0GHz".to_owned()),
            cores: 2,
            memory_bytes: Some(24_684_084 * 1024),
            system: "linux 6.1".to_owned(),
            is_virtual: Some(true),
            governor: None,
            mitigations: Vec::new(),
            compiler: "rustc 1.0.0".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_the_first_model_name() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 49\nmodel name\t: Some CPU @ 2.0GHz\nprocessor\t: 1\n";
        assert_eq!(field(cpuinfo, "model name"), Some("Some CPU @ 2.0GHz"));
        assert_eq!(field("processor\t: 0\nBogoMIPS\t: 50.0\n", "model name"), None);
    }

    #[test]
    fn memory_is_read_in_kibibytes() {
        assert_eq!(parse_memory("MemTotal:       24684084 kB\nMemFree: 1 kB\n"), Some(24_684_084 * 1024));
        assert_eq!(parse_memory(""), None);
    }

    #[test]
    fn a_machine_is_one_line_and_a_folder() {
        let machine = Machine::example();
        assert_eq!(machine.to_string(), "Example (R) CPU @ 2.0GHz, 2 cores, 24 GiB, linux 6.1, virtual");
        assert_eq!(machine.slug(), "example-r-cpu-2-0ghz-2-cores");
        let machine = Machine { processor: None, cores: 1, memory_bytes: None, is_virtual: None, ..machine };
        assert_eq!(machine.to_string(), "unknown processor, 1 core, linux 6.1");
        assert_eq!(machine.slug(), "unknown-1-core");
    }
}
