//! What a process has used, as the kernel counts it.

use std::time::Duration;

use anyhow::Context as _;

/// How long one of the kernel's ticks is; the same on every Linux in use.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of a process, in itself and in the kernel, all its threads together.
pub(crate) fn processor_time(process: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{process}/stat");
    let line = std::fs::read_to_string(&path).with_context(|| format!("Cannot read {path}"))?;
    // The second field is a name in parentheses, which may hold spaces.
    let fields = line.rsplit_once(')').map(|(_, rest)| rest.split_whitespace());
    let ticks = |field: Option<&str>| field?.parse::<u32>().ok();
    let mut fields = fields.context("a process has a name")?.skip(11);
    let times = ticks(fields.next()).zip(ticks(fields.next()));
    let (user, kernel) = times.with_context(|| format!("{path} holds no times"))?;
    Ok(TICK * (user + kernel))
}

/// Memory that a process has in use, in KiB.
pub(crate) fn memory(process: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{process}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("Cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("{path} does not tell the memory"))
}

/// The machine in a few words: its processor, cores and memory.
pub(crate) fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = value(&read("/proc/cpuinfo"), "model name").unwrap_or("unknown".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = value(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .unwrap_or_default();
    format!("{processor}, {cores} cores, {} GiB of memory", memory.div_ceil(1024 * 1024))
}
