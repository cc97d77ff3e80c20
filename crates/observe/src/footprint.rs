//! The memory of a process, and what the kernel holds on behalf of processes (Linux).

use anyhow::{Context, Result};

use crate::proc::{self, Folder};

/// Memory at one moment, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Resident anonymous memory of the process: heap and stacks.
    pub resident_bytes: u64,
    /// Addresses that the process has reserved.
    pub address_space_bytes: u64,
    /// Its page tables.
    pub page_table_bytes: u64,
    /// Stacks in the kernel, one for each thread of this machine; `None` where the system does not say.
    pub kernel_stack_bytes: Option<u64>,
    /// Objects of the kernel that it cannot give back, of the whole machine.
    pub kernel_object_bytes: Option<u64>,
}

/// Reads the process with this id, and the machine.
///
/// # Errors
/// It has ended, or this system has no Linux `/proc`.
pub fn read(pid: u32) -> Result<Footprint> {
    parse(&Folder::of(pid).text("status")?, &proc::machine("meminfo").unwrap_or_default())
        .with_context(|| format!("the status of process {pid} in /proc has an unknown form"))
}

fn parse(status: &str, meminfo: &str) -> Option<Footprint> {
    let of_process = |name| Some(proc::field(status, name)? * 1024);
    let of_machine = |name| Some(proc::field(meminfo, name)? * 1024);
    Some(Footprint {
        resident_bytes: of_process("RssAnon")?,
        address_space_bytes: of_process("VmSize")?,
        page_table_bytes: of_process("VmPTE")?,
        kernel_stack_bytes: of_machine("KernelStack"),
        kernel_object_bytes: of_machine("SUnreclaim"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_and_the_machine_are_read_from_their_own_files() {
        let status = "VmSize:\t  2048 kB\nVmPTE:\t  12 kB\nRssAnon:\t  100 kB\n";
        let meminfo = "MemTotal:  1000 kB\nSUnreclaim:  70 kB\nKernelStack:  32 kB\n";
        let footprint = parse(status, meminfo).unwrap();
        assert_eq!(footprint.resident_bytes, 100 << 10);
        assert_eq!(footprint.address_space_bytes, 2 << 20);
        assert_eq!(footprint.page_table_bytes, 12 << 10);
        assert_eq!(footprint.kernel_stack_bytes, Some(32 << 10));
        assert_eq!(footprint.kernel_object_bytes, Some(70 << 10));
        assert!(parse(status, "").is_some_and(|footprint| footprint.kernel_stack_bytes.is_none()));
        assert_eq!(parse("VmSize:\t  2048 kB\n", meminfo), None);
    }
}
