//! Reads a recording into memory, decodes it over and over, prints nanoseconds a line.
//!
//! `cargo run --release -p alongside-decoder --example throughput -- FILE [SECONDS]`

use std::io::Read as _;
use std::time::{Duration, Instant};

use alongside_decoder::{Decoder, OutcomeKind};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("a file to read");
    let seconds = arguments.next().map_or(2, |text| text.parse().expect("a number of seconds"));
    let mut bytes = std::fs::read(&path).expect("a readable file");
    if path.ends_with(".gz") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).expect("a gzip file");
        bytes = plain;
    }
    let (mut lines, mut messages, mut sum) = (0u64, 0u64, 0u64);
    let started_at = Instant::now();
    let mut best = Duration::MAX;
    let mut rounds = 0;
    while rounds < 3 || started_at.elapsed().as_secs() < seconds {
        let mut decoder = Decoder::new();
        (lines, messages) = (0, 0);
        let round_at = Instant::now();
        let mut each = |outcome: alongside_decoder::Outcome| {
            lines += u64::from(outcome.lines);
            // Else the compiler leaves out decoding what nobody looks at.
            if let OutcomeKind::Message(received) = std::hint::black_box(&outcome).kind {
                messages += 1;
                sum = sum.wrapping_add(u64::from(received.message.header().mmsi_raw));
            }
        };
        decoder.push(&bytes, &mut each);
        decoder.finish(&mut each);
        best = best.min(round_at.elapsed());
        rounds += 1;
    }
    let nanoseconds = best.as_nanos() as f64 / lines as f64;
    let megabytes = bytes.len() as f64 / best.as_secs_f64() / 1e6;
    println!(
        "{nanoseconds:6.1} ns/line {megabytes:6.0} MB/s {lines} lines {messages} messages {sum:x} {path}"
    );
}
