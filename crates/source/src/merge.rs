//! Several inputs as one, in the order of time.
//!
//! Each input is put in order by itself; the next report is that of the input whose
//! next report is the earliest, and of several such, that of the input named first. An input is opened
//! only when its time has come, so a year of daily files has two open at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use maritime::Timestamp;

use crate::compression::Progress;
use crate::input::Input;
use crate::intake::{Arrival, InputIntake};
use crate::paths::{Location, Place};
use crate::{Options, SourceError};

/// Inputs read at once, each with a third of a megabyte. If more are to be read side by side, or the
/// system opens no more, the later ones wait until one has been read, and then come late. What fits in
/// one block is read when it is opened, so this bounds the large ones alone.
const READING_MAX: usize = 1024;

/// Reports held by all open inputs together to find their order, some 40 MB. Half an hour of all ships
/// of a large country; of more than that the order is found over a shorter time.
const HELD_MAX: usize = 1 << 18;

/// However many inputs are open, each may hold so many.
const HELD_EACH_MIN: usize = 1 << 10;

/// What the systems say when a program has opened as many files as it may: `EMFILE` and `ENFILE`.
const TOO_MANY_OPEN: [i32; 2] = [24, 23];

/// All inputs, merged.
pub struct Merge {
    sources: Vec<Source>,
    /// The head of each input that has not ended: the earliest on top, then the first named.
    heads: BinaryHeap<Reverse<Head>>,
    /// Whose time has come while no more could be opened.
    deferred: BinaryHeap<Reverse<Head>>,
    open_count: usize,
    reading_count: usize,
    reading_max: usize,
    options: Options,
    progress: Arc<Progress>,
}

/// When the next report of an input is, and which input.
type Head = (Timestamp, usize);

struct Source {
    location: Location,
    state: State,
    /// It was deferred.
    waited: bool,
}

enum State {
    /// Not read yet.
    Waiting,
    Open(Box<Input>),
    Ended(Box<InputIntake>),
}

impl Merge {
    /// Opens every input at `locations` as far as needed to tell what it is and when it begins. What
    /// was found in a directory and cannot be used is left out and comes back beside the merge, with the
    /// number of the directory.
    ///
    /// # Errors
    ///
    /// A named input cannot be used.
    pub fn open(
        locations: Vec<Location>,
        options: &Options,
    ) -> Result<(Self, Vec<(usize, SourceError)>), SourceError> {
        let bytes_total = locations.iter().map(|location| location.place.bytes()).sum();
        let progress = Arc::new(Progress { bytes_total, ..Progress::default() });
        let mut merge = Merge {
            sources: Vec::new(),
            heads: BinaryHeap::new(),
            deferred: BinaryHeap::new(),
            open_count: 0,
            reading_count: 0,
            reading_max: READING_MAX,
            options: options.clone(),
            progress,
        };
        let mut skipped = Vec::new();
        let keep_open = locations.len() == 1;
        for location in locations {
            let reopen = !keep_open && matches!(location.place, Place::File { .. });
            // What is opened twice is counted the second time.
            let progress = if reopen { Arc::default() } else { merge.progress.clone() };
            let mut input = match Input::open(&location, options, progress) {
                Ok(input) => input,
                Err(error) => match location.found_in {
                    Some(index) => {
                        skipped.push((index, error));
                        continue;
                    }
                    None => return Err(error),
                },
            };
            // One that has no report so soon is read on first.
            let begins_at = input.begins_at().unwrap_or(Timestamp::MIN);
            merge.heads.push(Reverse((begins_at, merge.sources.len())));
            merge.open_count += usize::from(!reopen);
            merge.reading_count += usize::from(!reopen && input.is_reading());
            let state = if reopen { State::Waiting } else { State::Open(Box::new(input)) };
            merge.sources.push(Source { location, state, waited: false });
        }
        Ok((merge, skipped))
    }

    /// Whether any input was found in the directory of that number.
    pub fn has_any_of(&self, directory: usize) -> bool {
        self.sources.iter().any(|source| source.location.found_in == Some(directory))
    }

    /// How far the reading is.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }

    /// Adds the next reports to `batch` until it holds `count_max`. False if there are no more.
    pub fn next(&mut self, batch: &mut Vec<Arrival>, count_max: usize) -> bool {
        while batch.len() < count_max {
            let Some(Reverse((_, index))) = self.heads.pop() else { break };
            let until = self.heads.peek().map(|Reverse(head)| *head);
            self.take(index, until, batch, count_max);
        }
        !batch.is_empty()
    }

    /// The counters of every input as they stand.
    pub fn intakes(&self) -> Vec<InputIntake> {
        let intake = |source: &Source| match &source.state {
            State::Waiting => {
                InputIntake { input: source.location.place.to_string(), ..InputIntake::default() }
            }
            State::Open(input) => input.intake(source.location.place.to_string()),
            State::Ended(intake) => (**intake).clone(),
        };
        let with_waited = |source: &Source| InputIntake { waited: source.waited, ..intake(source) };
        self.sources.iter().map(with_waited).collect()
    }

    /// Takes from input `index` what comes before the head `until` of the next one, and puts its new
    /// head in its place.
    fn take(
        &mut self,
        index: usize,
        until: Option<Head>,
        batch: &mut Vec<Arrival>,
        count_max: usize,
    ) {
        let source = &mut self.sources[index];
        if let State::Waiting = source.state {
            let opened = if self.reading_count < self.reading_max {
                Input::open(&source.location, &self.options, self.progress.clone()).map(Some)
            } else {
                Ok(None)
            };
            source.state = match opened {
                Ok(Some(input)) => State::Open(Box::new(input)),
                Err(error) if self.reading_count == 0 || !is_too_many_open(&error) => {
                    State::Ended(Box::new(InputIntake {
                        input: source.location.place.to_string(),
                        damage: Some(format!("could be read once and then no more: {error}")),
                        ..InputIntake::default()
                    }))
                }
                Ok(None) | Err(_) => {
                    source.waited = true;
                    let head_at = until.map_or(Timestamp::MIN, |until| until.0);
                    self.deferred.push(Reverse((head_at, index)));
                    return;
                }
            };
            self.open_count += usize::from(matches!(source.state, State::Open(_)));
            self.reading_count += usize::from(matches!(source.state, State::Open(_)));
        }
        let State::Open(input) = &mut source.state else { return };
        let was_reading = input.is_reading();
        let held_max = (HELD_MAX / self.open_count.max(1)).max(HELD_EACH_MIN);
        let is_at_end = loop {
            let Some(next) = input.next(held_max) else { break true };
            let head = (next.report.observed_at(), index);
            if batch.len() == count_max || until.is_some_and(|until| head > until) {
                self.heads.push(Reverse(head));
                break false;
            }
            batch.push(next);
            input.take();
        };
        if was_reading && !input.is_reading() {
            // Another may be opened.
            self.reading_count -= 1;
            self.heads.extend(self.deferred.pop());
        }
        if is_at_end {
            let intake = input.intake(source.location.place.to_string());
            source.state = State::Ended(Box::new(intake));
            self.open_count -= 1;
        }
    }
}

fn is_too_many_open(error: &SourceError) -> bool {
    let SourceError::Unreadable { source, .. } = error else { return false };
    source.raw_os_error().is_some_and(|code| TOO_MANY_OPEN.contains(&code))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::paths;

    /// Five tables side by side of which that many may be read at once: how many waited, and whether all
    /// came in order.
    fn merge(reading_max: usize) -> (usize, bool) {
        let root = tempfile::tempdir().unwrap();
        let begins_at = Timestamp::parse("2024-01-01T00:00:00Z").unwrap();
        for i in 0..5 {
            let mut text = String::from("mmsi,time,lat,lon\n");
            for second in 0..8000 {
                let at = begins_at.plus_millis(second * 1000);
                writeln!(text, "21900000{i},{at},28.5,-95.5").unwrap();
            }
            std::fs::write(root.path().join(format!("{i}.csv")), text).unwrap();
        }
        let locations = paths::expand(&[root.path().into()]).unwrap();
        let (mut merge, _) = Merge::open(locations, &Options::default()).unwrap();
        merge.reading_max = reading_max;
        let mut arrivals = Vec::new();
        while merge.next(&mut arrivals, usize::MAX) {
            if arrivals.len() == 5 * 8000 {
                break;
            }
        }
        assert_eq!(arrivals.len(), 5 * 8000);
        let waited = merge.intakes().iter().filter(|intake| intake.waited).count();
        (waited, arrivals.is_sorted_by_key(|arrival| arrival.report.observed_at()))
    }

    #[test]
    fn inputs_that_wait_for_others_lose_nothing_and_say_so() {
        assert_eq!(merge(READING_MAX), (0, true));
        assert_eq!(merge(2), (3, false));
    }
}
