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
    let measured = measure_all(vec![
        Subject { name: "alongside", run: Box::new(|| decode(&bytes)) },
        Subject { name: "splitting and checksums alone", run: Box::new(|| verify(&bytes)) },
        Subject {
            name: "nmea-0183-rs 0.9",
            run: Box::new(|| peers::read_all(&read, peers::nmea_0183_rs())),
        },
        Subject { name: "ais 0.12", run: Box::new(|| peers::read_all(&read, peers::ais())) },
        Subject {
            name: "nmea-parser 0.11",
            run: Box::new(|| peers::read_all(&read, peers::nmea_parser())),
        },
    ]);
    let title = format!("Decoding {} AIS sentences", stream.name);
    print_table(&title, "line", read.len() as u64, &measured);

    let whole = &stream.whole;
    let measured = measure_all(vec![
        Subject { name: "splitting and checksums alone", run: Box::new(|| verify(whole)) },
        Subject { name: "alongside", run: Box::new(|| decode(whole)) },
    ]);
    let title = format!("Decoding {} lines as they came", stream.name);
    print_table(&title, "line", lines(whole).count() as u64, &measured);
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
