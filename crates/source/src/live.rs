//! Lines as they are heard: reports out in the order of the lines, none held back.

use crate::intake::{Arrival, Collector, Counters, Selection};
use crate::nmea::Nmea;
use crate::table::More;

/// Reads one stream of lines, piece by piece.
pub struct LiveReader {
    nmea: Nmea,
    out: Collector,
    /// A line whose end has not come.
    rest: Vec<u8>,
}

impl Default for LiveReader {
    fn default() -> Self {
        LiveReader::new()
    }
}

impl LiveReader {
    /// Before the first line.
    pub fn new() -> Self {
        let mut out = Collector::new(Selection::default());
        out.keep_order();
        LiveReader { nmea: Nmea::new(None), out, rest: Vec::new() }
    }

    /// Appends what `bytes` say to `arrivals`; they may end anywhere.
    pub fn read(&mut self, bytes: &[u8], arrivals: &mut Vec<Arrival>) {
        self.rest.extend_from_slice(bytes);
        let taken = self.nmea.read(&self.rest, More::Yes, &mut self.out);
        self.rest.drain(..taken);
        self.out.fetch(arrivals);
    }

    /// The end of the lines.
    pub fn finish(&mut self, arrivals: &mut Vec<Arrival>) {
        self.nmea.read(&self.rest, More::No, &mut self.out);
        self.rest.clear();
        self.nmea.finish(&mut self.out);
        self.out.finish();
        self.out.fetch(arrivals);
    }

    /// What became of the lines so far.
    pub fn counters(&self) -> Counters {
        self.out.counters.clone()
    }
}
