//! The whole program on a file, from its start to its end: decoding alone, and decoding and detecting.

use std::process::Command;

use alongside_benches::{Done, Subject, lines, measure as measure_all, print_table};

use crate::program::{self, Input};
use crate::stream::Stream;

/// With two threads and with one, beside writing the messages of the same file.
pub fn measure(stream: &Stream) {
    let alongside = program::alongside();
    let input = Input::write(&alongside, &stream.whole);
    let count = lines(&stream.whole).count() as u64;
    let subject = |arguments: &'static [&'static str]| {
        let (alongside, input) = (&alongside, &input);
        Subject::new(format!("alongside {}", arguments.join(" ")), count, move || {
            let mut command = Command::new(alongside);
            program::run(command.args(arguments).arg(&input.0), &input.0);
            Done::all(1)
        })
    };
    let measured = measure_all(vec![
        subject(&["decode"]),
        subject(&["replay", "--format", "ndjson", "--store", "none", "--threads", "2"]),
        subject(&["replay", "--format", "ndjson", "--store", "none", "--threads", "1"]),
    ]);
    print_table("Reading a file", "line", &measured);
}
