//! Measuring several programs against each other on a machine that is never quite idle.
//!
//! The subjects run in turn, round after round, so that whatever else the machine does falls on all of
//! them alike; of each the median counts, and what is told are ratios of one run.

use std::time::{Duration, Instant};

pub use lines::{ais_sentence, checksums_hold, lines};

mod lines;

/// Rounds that each subject runs; the first is thrown away.
const ROUNDS: usize = 6;

/// One way of doing the work.
pub struct Subject<'a> {
    /// As it stands in the table.
    pub name: &'a str,
    /// Does all of the work once.
    pub run: Box<dyn FnMut() -> Done + 'a>,
}

/// How much a subject did, so that nothing is optimised away and one that leaves something out is seen to.
#[derive(Clone, Copy, Default)]
pub struct Done {
    /// Messages, events and the like that it gave.
    pub results: u64,
    /// Lines and the like that it could not read.
    pub refused: u64,
}

impl Done {
    /// Nothing was refused.
    pub fn all(results: u64) -> Self {
        Done { results, refused: 0 }
    }
}

/// What was measured of one subject.
pub struct Measured {
    /// As it stands in the table.
    pub name: String,
    /// Median over the rounds.
    pub time: Duration,
    /// What the subject said it did.
    pub done: Done,
}

/// Runs the subjects in turn.
pub fn measure(mut subjects: Vec<Subject<'_>>) -> Vec<Measured> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); subjects.len()];
    let mut done = vec![Done::default(); subjects.len()];
    for round in 0..ROUNDS {
        for (index, subject) in subjects.iter_mut().enumerate() {
            let started_at = Instant::now();
            done[index] = (subject.run)();
            if round > 0 {
                times[index].push(started_at.elapsed());
            }
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let measured = subjects.iter().zip(times).zip(done);
    measured
        .map(|((subject, times), done)| Measured {
            name: subject.name.into(),
            time: median(times),
            done,
        })
        .collect()
}

/// A table of what was measured over `count` pieces of work, each relative to the first.
pub fn print_table(title: &str, unit: &str, count: u64, measured: &[Measured]) {
    println!("\n{title} ({count} {unit}s)\n");
    println!("| | ns/{unit} | {unit}s/s | time | results | refused |");
    println!("|---|---:|---:|---:|---:|---:|");
    let first = measured[0].time.as_secs_f64();
    for subject in measured {
        let seconds = subject.time.as_secs_f64();
        println!(
            "| {} | {:.0} | {:.2} M | {:.2}x | {} | {} |",
            subject.name,
            seconds * 1e9 / count as f64,
            count as f64 / seconds / 1e6,
            seconds / first,
            subject.done.results,
            subject.done.refused,
        );
    }
}
