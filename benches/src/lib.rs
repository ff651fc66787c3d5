//! Measuring several programs against each other on a machine that is never quite idle.
//!
//! The subjects run in turn, round after round, so that whatever else the machine does falls on all of
//! them alike; of each the median counts, and what is told are ratios of one run.

use std::time::{Duration, Instant};

pub use lines::{ais_sentence, checksums_hold, lines};

mod lines;

/// Rounds that count, after a first one that is thrown away, unless `ROUNDS` in the environment says otherwise.
const ROUNDS: usize = 5;

/// One way of doing the work.
pub struct Subject<'a> {
    /// As it stands in the table.
    name: String,
    /// How many lines, reports and the like are all of the work.
    count: u64,
    /// Does all of the work once.
    run: Box<dyn FnMut() -> Done + 'a>,
}

impl<'a> Subject<'a> {
    /// Does work of `count` pieces each time it is called.
    pub fn new(name: impl Into<String>, count: u64, run: impl FnMut() -> Done + 'a) -> Self {
        Subject { name: name.into(), count, run: Box::new(run) }
    }
}

/// How much a subject did, so that nothing is optimised away and one that leaves something out is seen to.
#[derive(Clone, Copy, Default)]
pub struct Done {
    /// Messages, events and the like that it gave.
    pub results: u64,
    /// Lines and the like that it could not read.
    pub refused: u64,
    /// Processor time that it took in a process which goes on afterwards, and is not counted otherwise.
    pub cpu_elsewhere: Duration,
}

impl Done {
    /// Nothing was refused.
    pub fn all(results: u64) -> Self {
        Done { results, ..Done::default() }
    }
}

/// What was measured of one subject.
#[derive(Clone)]
pub struct Measured {
    /// As it stands in the table.
    pub name: String,
    /// How many lines, reports and the like were all of the work.
    pub count: u64,
    /// Median over the rounds.
    pub time: Duration,
    /// Of the processors, its children's included; median over the rounds. It sways less than the time by the clock
    /// where others use the machine.
    pub cpu: Duration,
    /// What the subject said it did.
    pub done: Done,
}

/// Runs the subjects in turn.
pub fn measure(mut subjects: Vec<Subject<'_>>) -> Vec<Measured> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); subjects.len()];
    let mut cpus = times.clone();
    let mut done = vec![Done::default(); subjects.len()];
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    for round in 0..=rounds.unwrap_or(ROUNDS).max(1) {
        for (index, subject) in subjects.iter_mut().enumerate() {
            let cpu_before = cpu_time();
            let started_at = Instant::now();
            done[index] = (subject.run)();
            let time = started_at.elapsed();
            let cpu = cpu_time() - cpu_before + done[index].cpu_elsewhere;
            eprintln!("round {round}: {} in {time:.2?}, {cpu:.2?} of CPU", subject.name);
            if round > 0 {
                times[index].push(time);
                cpus[index].push(cpu);
            }
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let measured = subjects.into_iter().zip(times).zip(cpus).zip(done);
    measured
        .map(|(((subject, times), cpus), done)| Measured {
            name: subject.name,
            count: subject.count,
            time: median(times),
            cpu: median(cpus),
            done,
        })
        .collect()
}

/// What this process has had of the processors until now, and its children that have ended, to a hundredth of a second.
/// Zero where the system does not tell it in Linux's way.
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the name, in brackets, and may hold blanks. The 14th to 17th are hundredths of a second:
    // own, the system's, and the same of children.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let hundredths: u64 =
        fields.skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}

/// A table of what was measured, each relative to the first.
pub fn print_table(title: &str, unit: &str, measured: &[Measured]) {
    println!("\n{title}\n");
    println!("| | {unit}s | ns/{unit} | of CPU | {unit}s/s | time | results | refused |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let each = |time: Duration, subject: &Measured| time.as_secs_f64() / subject.count as f64;
    let first = each(measured[0].time, &measured[0]);
    for subject in measured {
        let seconds = each(subject.time, subject);
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.2} M | {:.2}x | {} | {} |",
            subject.name,
            subject.count,
            seconds * 1e9,
            each(subject.cpu, subject) * 1e9,
            1e-6 / seconds,
            seconds / first,
            subject.done.results,
            subject.done.refused,
        );
    }
}
