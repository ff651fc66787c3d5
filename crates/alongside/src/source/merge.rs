//! Several inputs as one, in the order of time.
//!
//! Each input is put in order by itself; the next report is that of the input whose
//! next report is the earliest, and of several such, that of the input named first. An input is opened
//! only when its time has come, so a year of daily files has two open at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use maritime::Timestamp;

use super::compression::Progress;
use super::input::Input;
use super::intake::{Arrival, InputIntake};
use super::paths::{Location, Place};
use super::{Options, SourceError};

/// Inputs open at once, each with a third of a megabyte and what it holds. If more are to be read side
/// by side, the later ones wait for one to end, and then come late.
const OPEN_MAX: usize = 512;

/// Reports held by all open inputs together to find their order, some 40 MB. Half an hour of all ships
/// of a large country; of more than that the order is found over a shorter time.
const HELD_MAX: usize = 1 << 18;

/// All inputs, merged.
pub struct Merge {
    sources: Vec<Source>,
    /// The head of each input that has not ended: the earliest on top, then the first named.
    heads: BinaryHeap<Reverse<Head>>,
    /// Whose time has come while [`OPEN_MAX`] were open.
    deferred: BinaryHeap<Reverse<Head>>,
    open_count: usize,
    options: Options,
    progress: Arc<Progress>,
}

/// When the next report of an input is, and which input.
type Head = (Timestamp, usize);

struct Source {
    location: Location,
    state: State,
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
            let state = if reopen { State::Waiting } else { State::Open(Box::new(input)) };
            merge.open_count += usize::from(!reopen);
            merge.sources.push(Source { location, state });
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
        self.sources.iter().map(intake).collect()
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
            if self.open_count == OPEN_MAX {
                let head_at = until.map_or(Timestamp::MIN, |until| until.0);
                self.deferred.push(Reverse((head_at, index)));
                return;
            }
            source.state = match Input::open(&source.location, &self.options, self.progress.clone())
            {
                Ok(input) => State::Open(Box::new(input)),
                Err(error) => State::Ended(Box::new(InputIntake {
                    input: source.location.place.to_string(),
                    damage: Some(format!("could be read once and then no more: {error}")),
                    ..InputIntake::default()
                })),
            };
            self.open_count += 1;
        }
        let State::Open(input) = &mut source.state else { return self.close() };
        let held_max = HELD_MAX / self.open_count.max(1);
        loop {
            let Some(next) = input.next(held_max) else {
                let intake = input.intake(source.location.place.to_string());
                source.state = State::Ended(Box::new(intake));
                return self.close();
            };
            let head = (next.report.observed_at(), index);
            if batch.len() == count_max || until.is_some_and(|until| head > until) {
                self.heads.push(Reverse(head));
                return;
            }
            batch.push(next);
            input.take();
        }
    }

    /// One input has ended: another may open.
    fn close(&mut self) {
        self.open_count -= 1;
        self.heads.extend(self.deferred.pop());
    }
}
