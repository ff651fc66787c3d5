//! One input: its bytes, its reader, and the reports whose turn has come.

use std::io::{self, Read};
use std::sync::Arc;

use maritime::Timestamp;

use crate::compression::{ByteStream, Progress};
use crate::dating::DatingCounters;
use crate::format::{self, Format, SAMPLE_BYTES};
use crate::intake::{Arrival, Collector, InputIntake};
use crate::nmea::Nmea;
use crate::paths::Location;
use crate::table::{More, Table};
use crate::{Options, SourceError};

/// Unpacked bytes at hand at a time. A line or row that is longer is refused by whoever reads it.
const BUFFER_BYTES: usize = 128 << 10;

/// So much of an input is read to learn when it begins.
const BLOCKS_TO_BEGINNING: usize = 8;

/// One open input.
pub struct Input {
    /// `None` once it has been read to its end: then it takes no room in the system's tables.
    stream: Option<ByteStream>,
    buffer: Box<[u8]>,
    /// Read into the buffer and not taken by the reader yet: `buffer[..end]`.
    end: usize,
    reader: Reader,
    collector: Collector,
    arrivals: Vec<Arrival>,
    /// How many of `arrivals` are taken.
    taken: usize,
    damage: Option<String>,
    /// All that was read has been handed over.
    ended: bool,
}

enum Reader {
    Nmea(Box<Nmea>),
    Table(Box<Table>),
}

impl Input {
    /// Opens an input and tells what it is.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is nothing that we know.
    pub fn open(
        location: &Location,
        options: &Options,
        progress: Arc<Progress>,
    ) -> Result<Self, SourceError> {
        let name = location.place.to_string();
        let unreadable =
            |source: io::Error| SourceError::Unreadable { input: name.clone(), source };
        let mut stream = ByteStream::open(&location.place, progress).map_err(unreadable)?;
        let mut buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        let mut end = 0;
        let mut damage = None;
        let format = loop {
            // A pipe gives little at a time: as soon as it is known what it is, that is enough.
            let sample = &buffer[..end];
            let told = format::tell(sample, options.columns.as_ref());
            let is_known = match &told {
                Ok(Format::Nmea) => true,
                // There may be more of a header that nothing follows.
                Ok(Format::Table(layout)) => !sample.ends_with(&layout.header),
                Err(_) => false,
            };
            if is_known || end == SAMPLE_BYTES || damage.is_some() {
                break told;
            }
            match stream.read(&mut buffer[end..SAMPLE_BYTES]) {
                Ok(0) => break told,
                Ok(count) => end += count,
                Err(error) => damage = Some(stream.describe(&error)),
            }
        };
        let format = match (format, damage.take()) {
            (Ok(format), described) => {
                damage = described.map(|found| format!("{found}; everything before that was read"));
                format
            }
            // Cut off before it could be told what it is: the cut is what to tell.
            (Err(_), Some(found)) => {
                let found = format!("{found}, before anything in it could be read");
                return Err(SourceError::Unusable { input: name, found });
            }
            (Err(unusable), None) => return Err(SourceError::from_unusable(name, unusable)),
        };
        let reader = match format {
            Format::Nmea => Reader::Nmea(Box::new(Nmea::new(options.start_time))),
            Format::Table(layout) => Reader::Table(Box::new(Table::new(*layout))),
        };
        let mut collector = Collector::new(options.selection());
        if let Reader::Nmea(_) = reader {
            collector.judge_clocks();
        }
        Ok(Input {
            stream: Some(stream),
            buffer,
            end,
            reader,
            collector,
            arrivals: Vec::new(),
            taken: 0,
            damage,
            ended: false,
        })
    }

    /// Reads a little and tells when the input begins; `None` if there is no report in that.
    pub fn begins_at(&mut self) -> Option<Timestamp> {
        for _ in 0..BLOCKS_TO_BEGINNING {
            if self.ended || self.collector.first_at().is_some() {
                break;
            }
            self.read_block();
        }
        self.collector.first_at()
    }

    /// The next report, in the order of time, which [`Input::take`] takes. Reads on if there is none at
    /// hand, and holds up to about `held_max` to find their order. `None` at the end.
    pub fn next(&mut self, held_max: usize) -> Option<Arrival> {
        while self.taken == self.arrivals.len() {
            self.arrivals.clear();
            self.taken = 0;
            self.collector.limit_held(held_max);
            let was_ended = self.ended;
            if !was_ended {
                self.read_block();
            }
            self.collector.fetch(&mut self.arrivals);
            if was_ended && self.arrivals.is_empty() {
                return None;
            }
        }
        Some(self.arrivals[self.taken])
    }

    /// Goes on behind what [`Input::next`] gave.
    pub fn take(&mut self) {
        self.taken += 1;
    }

    /// Whether there is more to read, so that it takes one of the files that the system lets us open.
    pub fn is_reading(&self) -> bool {
        !self.ended
    }

    /// The counters as they stand.
    pub fn intake(&self, input: String) -> InputIntake {
        let mut intake = InputIntake {
            input,
            counters: self.collector.counters.clone(),
            damage: self.damage.clone(),
            ..InputIntake::default()
        };
        if let Reader::Nmea(nmea) = &self.reader {
            intake.counters.tag_blocks_damaged = nmea.tag_blocks_damaged();
            intake.without_time = self.ended && nmea.is_without_time();
            intake.time_from_seconds = nmea.is_dated_by_seconds_alone();
            let DatingCounters { told, disbelieved } = nmea.dating_counters();
            (intake.times_told, intake.times_disbelieved) = (told, disbelieved);
        }
        intake
    }

    /// Fills the buffer and hands it to the reader. It is filled to its end whatever a single read
    /// gives, so that a pipe and a compressed file come in the same blocks as a plain one, and with
    /// other inputs beside it everything happens in the same order.
    fn read_block(&mut self) {
        let is_over = !self.fill();
        let mut taken = self.hand_over(More::Yes);
        if taken == 0 && self.end == self.buffer.len() {
            taken = self.hand_over(More::Full);
        }
        self.buffer.copy_within(taken..self.end, 0);
        self.end -= taken;
        if is_over {
            self.end_input();
        }
    }

    /// Reads until the buffer is full. False if nothing more will come.
    fn fill(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        while self.damage.is_none() && self.end < self.buffer.len() {
            match stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => return false,
                Ok(count) => self.end += count,
                Err(error) => {
                    let found = stream.describe(&error);
                    self.damage = Some(format!("{found}; everything before that was read"));
                }
            }
        }
        self.damage.is_none()
    }

    fn hand_over(&mut self, more: More) -> usize {
        let at_hand = &self.buffer[..self.end];
        match &mut self.reader {
            Reader::Nmea(nmea) => nmea.read(at_hand, more, &mut self.collector),
            Reader::Table(table) => table.read(at_hand, more, &mut self.collector),
        }
    }

    fn end_input(&mut self) {
        self.ended = true;
        // A line that lost its end may look whole and say something else: 12.5 for 12.57.
        let is_cut = self.damage.is_some() && self.end > 0;
        let rest = if is_cut { &[] } else { &self.buffer[..self.end] };
        match &mut self.reader {
            Reader::Nmea(nmea) => {
                nmea.read(rest, More::No, &mut self.collector);
                nmea.finish(&mut self.collector);
            }
            Reader::Table(table) => {
                table.read(rest, More::No, &mut self.collector);
            }
        }
        if is_cut {
            self.collector.reject(1, "cut_off");
        }
        self.end = 0;
        self.stream = None;
        self.buffer = Box::default();
        self.collector.finish();
    }
}
