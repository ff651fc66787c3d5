//! How fast, beside others: `cargo bench -p alongside-benches`, and with `-- NAME...` only some of the subjects:
//! `decoding`, `json`, `detecting`, `replaying`. `README.md` says what is measured and what is left out.

#![expect(unreachable_pub, reason = "`pub` says what a module offers to the others")]

mod decoding;
mod detecting;
mod json;
mod peers;
mod program;
mod replaying;
mod stream;

use stream::Stream;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` and the like only ask whether it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let chosen: Vec<&String> = arguments.iter().filter(|name| !name.starts_with('-')).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| *chosen == name);

    let simulated = Stream::simulated();
    let streams = [Stream::recorded(), Some(simulated)];
    if is_chosen("decoding") {
        streams.iter().flatten().for_each(decoding::measure);
    }
    if is_chosen("json") {
        streams.iter().flatten().for_each(json::measure);
    }
    if is_chosen("detecting") {
        detecting::measure();
    }
    if is_chosen("replaying") {
        let [.., Some(simulated)] = &streams else { unreachable!("it is always there") };
        replaying::measure(simulated);
    }
}
