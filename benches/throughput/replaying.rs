//! The whole program on a file, from its start to its end.

use std::process::Command;

use alongside_benches::{Done, Subject, lines, measure as measure_all, print_table};

use crate::program::{self, Input};
use crate::stream::Stream;

/// With two threads and with one.
pub fn measure(stream: &Stream) {
    let alongside = program::alongside();
    let input = Input::write(&alongside, &stream.whole);
    let replay = |threads: &'static str| {
        let (alongside, input) = (&alongside, &input);
        move || {
            let mut command = Command::new(alongside);
            command.args(["replay", "--format", "ndjson", "--store", "none", "--threads", threads]);
            program::run(command.arg(&input.0), &input.0);
            Done::all(1)
        }
    };
    let measured = measure_all(vec![
        Subject { name: "alongside replay --threads 2", run: Box::new(replay("2")) },
        Subject { name: "alongside replay --threads 1", run: Box::new(replay("1")) },
    ]);
    print_table("Replaying a file", "line", lines(&stream.whole).count() as u64, &measured);
}
