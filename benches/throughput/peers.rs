//! Other decoders, each used as its documentation shows.

use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ais::AisFragments;
use alongside_benches::Done;
use nmea_0183_rs::ais::AisDecodeOutcome;
use nmea_parser::ParsedMessage;

/// What a peer makes of a line.
pub enum Reading {
    /// A message, with all its fields.
    Message,
    /// Nothing yet, or nothing to say.
    Nothing,
    /// It cannot read it.
    Refused,
}

/// `ais`: one buffer for all messages under way, messages allocated.
pub fn ais() -> impl FnMut(&str) -> Reading {
    let mut parser = ais::AisParser::new();
    move |line| match black_box(parser.parse(line.as_bytes(), true)) {
        Ok(AisFragments::Complete(_)) => Reading::Message,
        Ok(AisFragments::Incomplete(_)) => Reading::Nothing,
        Err(_) => Reading::Refused,
    }
}

/// `nmea-0183-rs`: a frame, then its parser, which assembles.
pub fn nmea_0183_rs() -> impl FnMut(&str) -> Reading {
    let mut parser = nmea_0183_rs::ais::AisParser::new();
    move |line| {
        let Ok(frame) = nmea_0183_rs::parse_frame(line) else { return Reading::Refused };
        match black_box(parser.decode(&frame)) {
            Ok(AisDecodeOutcome::Message(_)) => Reading::Message,
            Ok(_) => Reading::Nothing,
            Err(_) => Reading::Refused,
        }
    }
}

/// `nmea-parser`: puts the two parts of class B's static data together as well.
pub fn nmea_parser() -> impl FnMut(&str) -> Reading {
    let mut parser = nmea_parser::NmeaParser::new();
    move |line| match black_box(parser.parse_sentence(line)) {
        Ok(ParsedMessage::Incomplete) => Reading::Nothing,
        Ok(_) => Reading::Message,
        Err(_) => Reading::Refused,
    }
}

/// Reads all lines and counts.
pub fn read_all(lines: &[&str], mut read: impl FnMut(&str) -> Reading) -> Done {
    let mut done = Done::default();
    for line in lines {
        match read(line) {
            Reading::Message => done.results += 1,
            Reading::Nothing => {}
            Reading::Refused => done.refused += 1,
        }
    }
    done
}

/// Takes out the lines on which one of the peers panics, as a panic costs more than any reading, and gives
/// the lines that are left. What is left is tried again until no peer panics, so it needs no guard.
pub fn without_panics<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut left = lines.to_vec();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    loop {
        let before = left.len();
        keep_read(&mut left, ais());
        keep_read(&mut left, nmea_0183_rs());
        keep_read(&mut left, nmea_parser());
        if left.len() == before {
            break;
        }
    }
    std::panic::set_hook(hook);
    left
}

fn keep_read(lines: &mut Vec<&str>, read: impl FnMut(&str) -> Reading) {
    let read = Cell::new(Some(read));
    lines.retain(|line| {
        let mut reader = read.take().expect("it is put back below");
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            reader(line);
        }));
        read.set(Some(reader));
        outcome.is_ok()
    });
}
