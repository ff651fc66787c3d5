//! What a detector takes of the memory while it follows the ships of the whole world.
//!
//! The world is simulated here and told, report by report, to a detector in a process of its own, whose memory is then
//! that of the detector alone.

use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use detector::{Coast, Detector, Parameters};
use maritime::Report;

use crate::world::World;

/// As many ships as are heard in the world with satellites and all stations, each every four minutes, as such feeds
/// are passed on, for as long as the longest leg and an hour more. Ships at sea at any time: those that leave are
/// followed by others, and are remembered too.
const WORLD: World = World {
    ships: 300_000,
    ships_per_sea: 200,
    duration: Duration::from_secs(4 * 3600),
    interval: Duration::from_secs(240),
};
/// Between two rows of the table.
const ROW: Duration = Duration::from_secs(3600);
/// The argument that makes this program the detector.
pub const CHILD: &str = "--detect-standard-input";

/// Simulates, and tells it to the child.
pub fn measure() {
    if memory_mib("VmHWM").is_none() {
        println!("\nmemory is skipped: the system does not tell it in Linux's way");
        return;
    }
    let mut child = Command::new(std::env::current_exe().expect("it runs"))
        .arg(CHILD)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts again");
    let mut out = BufWriter::with_capacity(1 << 20, child.stdin.take().expect("it is piped"));
    println!("\nMemory: {} ships at a time", WORLD.ships);
    for report in WORLD.hear() {
        write_report(&mut out, &report).expect("the child reads to the end");
    }
    drop(out);
    let status = child.wait().expect("it was started");
    assert!(status.success(), "the child fails: {status}");
}

/// Detects in what comes on standard input, and tells how much memory it took.
pub fn detect_standard_input() {
    // The map of the coast is part of it, and made when it is asked for first.
    Coast::natural_earth();
    let mut detector = Detector::new(Parameters::default());
    let mut events = Vec::new();
    let mut input = BufReader::with_capacity(1 << 20, io::stdin().lock());
    let mut reports: u64 = 0;
    let mut next_row_at = None;
    let before = memory_mib("VmRSS").unwrap_or_default();
    println!("\n| at | reports | MiB |\n|---|---:|---:|\n| the beginning | 0 | {before:.0} |");
    while let Some(report) = read_report(&mut input).expect("what was written can be read") {
        detector.push(&report, &mut events);
        events.clear();
        reports += 1;
        let at = report.observed_at();
        if at >= *next_row_at.get_or_insert(at.plus(ROW)) {
            next_row_at = Some(at.plus(ROW));
            println!("| {at} | {reports} | {:.0} |", memory_mib("VmRSS").unwrap_or_default());
        }
    }
    detector.finish(&mut events);
    let peak = memory_mib("VmHWM").unwrap_or_default();
    let each = (peak - before) * 1_048_576.0 / f64::from(WORLD.ships);
    println!("| the end | {reports} | {:.0} |", memory_mib("VmRSS").unwrap_or_default());
    println!(
        "\npeak {peak:.0} MiB: {each:.0} bytes for each ship at a time; {} were heard in all",
        detector.vessels().count()
    );
}

/// A field of the process's status, in MiB; `None` where there is no such thing.
fn memory_mib(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}

fn write_report(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let mut buffer = [0; 512];
    let bytes = postcard::to_slice(report, &mut buffer).map_err(unfit)?;
    out.write_all(&(bytes.len() as u16).to_le_bytes())?;
    out.write_all(bytes)
}

fn read_report(input: &mut impl Read) -> io::Result<Option<Report>> {
    let mut length = [0; 2];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut buffer = [0; 512];
    let bytes = &mut buffer[..usize::from(u16::from_le_bytes(length))];
    input.read_exact(bytes)?;
    postcard::from_bytes(bytes).map(Some).map_err(unfit)
}

fn unfit(error: postcard::Error) -> io::Error {
    io::Error::other(error.to_string())
}
