//! Bytes in, messages out, on one core, beside three peers and beside the least that any reader does.

use std::hint::black_box;

use alongside_benches::{
    Done, Subject, checksums_hold, lines, measure as measure_all, print_table,
};
use decoder::{Decoder, OutcomeKind};

use crate::peers;
use crate::stream::Stream;

/// Once with the sentences alone, beside the peers, and once with the lines as they came.
pub fn measure(stream: &Stream) {
    let sentences: Vec<&str> = lines(&stream.bare)
        .map(|line| std::str::from_utf8(line).expect("only such were kept"))
        .collect();
    let read = peers::without_panics(&sentences);
    println!(
        "\non {} of {} sentences a peer panics; they are left out for all",
        sentences.len() - read.len(),
        sentences.len()
    );
    let bytes = (read.join("\n") + "\n").into_bytes();
    let count = read.len() as u64;
    let measured = measure_all(vec![
        Subject::new("alongside", count, || decode(&bytes)),
        Subject::new("splitting and checksums alone", count, || verify(&bytes)),
        Subject::new("nmea-0183-rs 0.9", count, || peers::read_all(&read, peers::nmea_0183_rs())),
        Subject::new("ais 0.12", count, || peers::read_all(&read, peers::ais())),
        Subject::new("nmea-parser 0.11", count, || peers::read_all(&read, peers::nmea_parser())),
    ]);
    let title = format!("Decoding {} AIS sentences", stream.name);
    print_table(&title, "line", &measured);

    let whole = &stream.whole;
    let count = lines(whole).count() as u64;
    let measured = measure_all(vec![
        Subject::new("splitting and checksums alone", count, || verify(whole)),
        Subject::new("alongside", count, || decode(whole)),
    ]);
    let title = format!("Decoding {} lines as they came", stream.name);
    print_table(&title, "line", &measured);
}

fn decode(bytes: &[u8]) -> Done {
    let mut decoder = Decoder::new();
    let mut done = Done::default();
    let mut each = |outcome: decoder::Outcome| match &outcome.kind {
        OutcomeKind::Message(received) => {
            black_box(received);
            done.results += 1;
        }
        OutcomeKind::Rejected(_) => done.refused += u64::from(outcome.lines),
        OutcomeKind::OwnShip(_) | OutcomeKind::Skipped(_) => {}
    };
    decoder.push(bytes, &mut each);
    decoder.finish(&mut each);
    done
}

fn verify(bytes: &[u8]) -> Done {
    let mut done = Done::default();
    for line in lines(bytes) {
        let holds = checksums_hold(line);
        done.results += u64::from(holds);
        done.refused += u64::from(!holds);
    }
    done
}
