//! What is decoded: a stream that was recorded, and one that is simulated for those who have no recordings.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use alongside_benches::{ais_sentence, lines};
use flate2::read::MultiGzDecoder;
use sea::{Scenario, Simulation};

/// A recording is repeated until it holds so many AIS sentences.
const SENTENCES_MIN: usize = 1_000_000;

/// At least a million AIS sentences.
pub struct Stream {
    /// As it stands in the titles.
    pub name: &'static str,
    /// All lines as they came: with tag blocks, times and suffixes, sentences of other instruments, noise.
    pub whole: Vec<u8>,
    /// The AIS sentences alone, one a line.
    pub bare: Vec<u8>,
}

impl Stream {
    /// The files of the folder `nmea` in the folder named by `ALONGSIDE_RECORDINGS`, one after the other,
    /// again and again. `None`, and says so, if it is not set.
    pub fn recorded() -> Option<Self> {
        let folder = recordings()?;
        let once = unpacked(&folder.join("nmea")).concat();
        let bare = bare(&once);
        let sentences = lines(&bare).count();
        assert!(sentences > 0, "there is no AIS sentence in {}", folder.display());
        let times = SENTENCES_MIN.div_ceil(sentences);
        println!("the recordings hold {sentences} AIS sentences, taken {times} times");
        Some(Stream { name: "recorded", whole: once.repeat(times), bare: bare.repeat(times) })
    }

    /// A simulated day.
    pub fn simulated() -> Self {
        let mut whole = Vec::new();
        let simulation = Simulation::new(&scenario()).expect("the scenario is valid");
        simulation.write_sentences(&mut whole).expect("memory takes all");
        let bare = bare(&whole);
        Stream { name: "simulated", whole, bare }
    }
}

/// A day at sea: more than a million sentences.
pub fn scenario() -> Scenario {
    Scenario { ships: 400, ..Scenario::default() }
}

/// The folder named by `ALONGSIDE_RECORDINGS`. `None`, and says so, if it is not set.
pub fn recordings() -> Option<PathBuf> {
    let folder = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        println!("recordings are skipped: ALONGSIDE_RECORDINGS is not set");
    }
    folder
}

/// The files of a folder in the order of their names, so that each run reads the same; each ends with a line end.
pub fn unpacked(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it is listed").path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let mut bytes = std::fs::read(&file)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
        if bytes.starts_with(&[0x1F, 0x8B]) {
            let packed = std::mem::take(&mut bytes);
            MultiGzDecoder::new(&packed[..])
                .read_to_end(&mut bytes)
                .unwrap_or_else(|error| panic!("cannot unpack {}: {error}", file.display()));
        }
        if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        bytes
    };
    files.into_iter().map(read).collect()
}

fn bare(whole: &[u8]) -> Vec<u8> {
    let mut bare = Vec::with_capacity(whole.len());
    for sentence in lines(whole).filter_map(ais_sentence) {
        bare.extend_from_slice(sentence.as_bytes());
        bare.push(b'\n');
    }
    bare
}
