//! How fast, beside others: `cargo bench -p alongside-benches`, and with `-- NAME...` only some of the subjects:
//! `decoding`, `json`, `detecting`, `replaying`, `memory`. `README.md` says what is measured and what is left out.

#![expect(unreachable_pub, reason = "`pub` says what a module offers to the others")]

mod database;
mod decoding;
mod detecting;
mod json;
mod memory;
mod peers;
mod program;
mod replaying;
mod stream;
mod world;

use std::cell::LazyCell;

use stream::Stream;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|argument| argument == memory::CHILD) {
        return memory::detect_standard_input();
    }
    // `cargo test --benches` and the like only ask whether it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let chosen: Vec<&String> = arguments.iter().filter(|name| !name.starts_with('-')).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| *chosen == name);

    let recorded = LazyCell::new(Stream::recorded);
    let simulated = LazyCell::new(Stream::simulated);
    if is_chosen("decoding") {
        recorded.iter().for_each(decoding::measure);
        decoding::measure(&simulated);
    }
    if is_chosen("json") {
        recorded.iter().for_each(json::measure);
        json::measure(&simulated);
    }
    if is_chosen("detecting") {
        detecting::measure();
    }
    if is_chosen("replaying") {
        replaying::measure(&simulated);
    }
    if is_chosen("memory") {
        memory::measure();
    }
}
