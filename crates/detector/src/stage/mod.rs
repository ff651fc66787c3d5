//! What can be worked out of some reports before any of them is taken in, and by many at once.
//!
//! Reports that have been put in order of time are taken in batches. Most of the work on a batch needs only what was
//! known before it, and falls into parts that do not touch each other:
//!
//! | stage | divided by | takes | gives |
//! |---|---|---|---|
//! | `clean` | MMSI | reports | which sub-track each joins or begins, and the new legs |
//! | `neighbours` | cell | new legs | who has been near each of them |
//! | `contacts` | new leg | legs and neighbours | where two legs are in contact |
//!
//! Each stage is a function of what it is given; only `neighbours` changes anything, the cells that are its own. What
//! the batch comes to is then taken in report by report, in order ([`State::take_in`]): sub-tracks grow, contacts of a
//! pair are merged into its encounter, and all is told that depends on everybody else. So it makes no difference how
//! large a batch is, into how many shards its stages are divided, or on how many threads these run. A batch of one
//! report in one shard is the plain way of doing it, and there is no other code for it.
//!
//! A batch ends before a report that needs more than was known before it: see [`State::batch_max`] and
//! [`clean::Shard::cut`].
//!
//! [`State::take_in`]: crate::detector::State::take_in
//! [`State::batch_max`]: crate::detector::State::batch_max

pub(crate) mod clean;
pub(crate) mod contacts;
#[cfg(test)]
mod invariance;
pub(crate) mod neighbours;

use std::thread;

use maritime::Mmsi;
use rustc_hash::FxHashMap;

use crate::grid::{CellsAlong, Grid, Passer, Passing};
use crate::leg::Leg;
use crate::parameters::Parameters;
use crate::places::Places;
use crate::reorder::Heard;
use crate::story::Story;
use crate::track::{Track, TrackIndex};
use crate::vessel::Vessel;

use self::clean::Cleaned;
use self::contacts::{Contacts, Found};

/// So many reports are a batch on one thread: what is needed of their ships is read once, and still at hand when they
/// are taken in. With four times as many it is not, and with a quarter starting a batch costs more.
const ALONE_MAX: usize = 32;
/// Fewer are not worth the starting of threads …
const TOGETHER_MIN: usize = 2_048;
/// … and more take only more memory, some hundreds of bytes each.
const TOGETHER_MAX: usize = 16_384;
/// After a batch that ended early the next one is at most this many times as long, so that little is done in vain.
const LONGER: usize = 4;
/// It is at least so long.
const CUT_MIN: usize = 16;

/// Into how many parts the stages are divided, and how they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Division {
    pub(crate) shards: usize,
    /// Whether each shard has a thread of its own.
    pub(crate) on_threads: bool,
    /// Where there are fewer reports, a batch is not divided, …
    pub(crate) from: usize,
    /// … and has at most so many.
    pub(crate) alone_max: usize,
    /// One that is divided has at most so many.
    pub(crate) together_max: usize,
}

impl Division {
    pub(crate) fn threads(count: usize) -> Self {
        let shards = count.max(1);
        Division {
            shards,
            on_threads: shards > 1,
            from: if shards > 1 { TOGETHER_MIN } else { usize::MAX },
            alone_max: ALONE_MAX,
            together_max: TOGETHER_MAX,
        }
    }
}

/// Everybody as they were known before a batch.
#[derive(Clone, Copy)]
pub(crate) struct Fleet<'a> {
    pub(crate) by_mmsi: &'a FxHashMap<Mmsi, u32>,
    pub(crate) vessels: &'a [Vessel],
    pub(crate) tracks: &'a [Option<Track>],
    pub(crate) story: &'a Story,
    pub(crate) places: &'a Places,
}

/// A leg that a report of the batch completes, and that may take part in a contact.
#[derive(Debug)]
pub(crate) struct NewLeg {
    /// Of the report in the batch.
    pub(crate) number: u32,
    pub(crate) track: TrackIndex,
    pub(crate) vessel: u32,
    /// When the vessel was heard first, in seconds since 1970.
    pub(crate) known_since: u32,
    /// The next one of the same sub-track in the batch; [`NewLeg::NONE`] if there is none.
    pub(crate) next: u32,
    pub(crate) leg: Leg,
    pub(crate) cells: CellsAlong,
}

impl NewLeg {
    pub(crate) const NONE: u32 = u32::MAX;

    /// Whoever was in its cells so long before it is forgotten: nothing refers to that any more.
    fn passing(&self, remembered_millis: i64) -> Passing {
        let who = Passer { track: self.track, known_since: self.known_since };
        let (since, until) = (self.leg.from.at, self.leg.to.at);
        Passing { who, since, until, forget: until - remembered_millis }
    }
}

/// What a batch comes to. Empty between batches, but for allocations and how long the next one may be.
#[derive(Debug)]
pub(crate) struct Batch {
    division: Division,
    /// As many reports are looked at next.
    reach: usize,
    /// In how many shards this one was cleaned.
    cleaned_in: usize,
    clean: Vec<clean::Shard>,
    neighbours: Vec<neighbours::Shard>,
    contacts: Vec<contacts::Shard>,
    /// In the order of their reports.
    legs: Vec<NewLeg>,
    fresh: Fresh,
    /// What has been taken in of the legs, and of what is in the shard of `contacts` that is at hand.
    legs_taken: usize,
    contacts_at: (usize, usize),
}

/// The new legs of a batch by their sub-tracks.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    /// Of each sub-track the first and the last.
    by_track: FxHashMap<TrackIndex, (u32, u32)>,
    /// For a first glance: a bit for the last digits of each sub-track that has any.
    bits: Vec<u64>,
}

impl Batch {
    pub(crate) fn new(division: Division) -> Self {
        Batch {
            division,
            reach: usize::MAX,
            cleaned_in: 1,
            clean: shards(division.shards),
            neighbours: shards(division.shards),
            contacts: shards(division.shards),
            legs: Vec::new(),
            fresh: Fresh::default(),
            legs_taken: 0,
            contacts_at: (0, 0),
        }
    }

    /// Works out what can be of the first of `reports`, and says of how many: of at least one, if there are any.
    /// `grid` has their legs entered then.
    pub(crate) fn work_out(
        &mut self,
        reports: &[Heard<'_>],
        fleet: Fleet<'_>,
        grid: &mut Grid,
        parameters: &Parameters,
    ) -> usize {
        let Division { shards, on_threads, from, alone_max, together_max } = self.division;
        let reach = reports.len().min(self.reach);
        let together = reach >= from;
        let (shards, most) = if together { (shards, together_max) } else { (1, alone_max) };
        let planned = reach.min(most);
        let reports = &reports[..planned];
        let size = grid.size();
        let on_threads = on_threads && together;

        let clean = &mut self.clean[..shards];
        run(on_threads, clean.iter_mut(), |index, shard| {
            let is_mine = |mmsi| shard_of(mmsi, shards) == index;
            shard.clean(reports, is_mine, fleet, size, parameters);
        });
        let count = clean.iter().filter_map(clean::Shard::cut).min().unwrap_or(planned);
        self.reach = match count < planned {
            true => (count * LONGER).max(CUT_MIN),
            false => self.reach.saturating_mul(LONGER),
        };
        self.cleaned_in = shards;
        self.gather_legs(count);

        let (legs, fresh) = (&self.legs[..], &self.fresh);
        let remembered = parameters.remembered_millis();
        let divided = grid.divided(shards).zip(&mut self.neighbours);
        run(on_threads, divided, |_, (cells, shard)| shard.enter(legs, cells, remembered));
        let neighbours = &self.neighbours[..shards];
        grid.has_displaced(neighbours.iter().map(neighbours::Shard::displaced).sum());

        let part = legs.len().div_ceil(shards);
        run(on_threads, self.contacts[..shards].iter_mut(), |index, shard| {
            let mine = (part * index).min(legs.len())..(part * (index + 1)).min(legs.len());
            let contacts = Contacts { fleet, legs, fresh, parameters };
            shard.find(mine, neighbours, contacts);
        });
        (self.legs_taken, self.contacts_at) = (0, (0, 0));
        count
    }

    /// Whether so much was worked out that what was read of the ships may not be at hand any more.
    pub(crate) fn is_large(&self) -> bool {
        self.cleaned_in > 1
    }

    /// Pairs of overlapping legs that were compared to work it out.
    pub(crate) fn compared(&self) -> u64 {
        self.contacts[..self.cleaned_in].iter().map(contacts::Shard::compared).sum()
    }

    /// What the next report comes to.
    pub(crate) fn next_cleaned(&mut self, mmsi: Mmsi) -> Cleaned {
        self.clean[shard_of(mmsi, self.cleaned_in)].next()
    }

    /// The leg that the report completes of which was told last that it does, and its contacts.
    pub(crate) fn next_leg(&mut self) -> (&NewLeg, Ahead<'_>) {
        let number = self.legs_taken;
        self.legs_taken += 1;
        let (mut shard, mut at) = self.contacts_at;
        while !self.contacts[shard].has(number) {
            (shard, at) = (shard + 1, 0);
        }
        let found = self.contacts[shard].found_from(at, number);
        self.contacts_at = (shard, at + found.len());
        let crowd = self.contacts[shard].crowd(number);
        (&self.legs[number], Ahead { found, crowd })
    }

    fn gather_legs(&mut self, count: usize) {
        self.legs.clear();
        let shards = &mut self.clean[..self.cleaned_in];
        shards.iter_mut().for_each(|shard| shard.give_legs(&mut self.legs, count));
        if self.cleaned_in > 1 {
            // A few runs that are in order each.
            self.legs.sort_by_key(|leg| leg.number);
        }
        self.fresh.gather(&mut self.legs);
    }
}

/// What is known ahead of the contacts of a leg.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a> {
    /// By sub-track, then by time.
    pub(crate) found: &'a [Found],
    /// If one of its cells is full, those who were found near it, which need not be all: nobody has been compared.
    pub(crate) crowd: Option<&'a [TrackIndex]>,
}

impl Fresh {
    fn gather(&mut self, legs: &mut [NewLeg]) {
        self.by_track.clear();
        self.bits.clear();
        // One in sixteen others is looked for in vain.
        self.bits.resize(legs.len().div_ceil(4).next_power_of_two(), 0);
        for number in 0..legs.len() {
            let track = legs[number].track;
            let number = number as u32;
            let (word, bit) = self.bit(track);
            self.bits[word] |= bit;
            let (_, last) = self.by_track.entry(track).or_insert((number, number));
            let last = std::mem::replace(last, number);
            if last != number {
                legs[last as usize].next = number;
            }
        }
    }

    /// The first of a sub-track.
    #[inline]
    fn first(&self, track: TrackIndex) -> Option<u32> {
        let (word, bit) = self.bit(track);
        (self.bits.get(word)? & bit != 0)
            .then(|| self.by_track.get(&track))?
            .map(|&(first, _)| first)
    }

    fn bit(&self, track: TrackIndex) -> (usize, u64) {
        ((track as usize >> 6) & self.bits.len().wrapping_sub(1), 1 << (track & 63))
    }
}

/// Who cleans the reports of a number.
fn shard_of(mmsi: Mmsi, shards: usize) -> usize {
    if shards == 1 {
        return 0;
    }
    // The multiplier of Fibonacci hashing: numbers of one flag follow each other.
    let mixed = u64::from(mmsi.get()).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    ((mixed * shards as u64) >> 32) as usize
}

fn shards<S: Default>(count: usize) -> Vec<S> {
    std::iter::repeat_with(S::default).take(count).collect()
}

/// Does the work of all shards.
fn run<S: Send>(on_threads: bool, shards: impl Iterator<Item = S>, work: impl Fn(usize, S) + Sync) {
    let mut numbered = shards.enumerate();
    if !on_threads {
        return numbered.for_each(|(index, shard)| work(index, shard));
    }
    thread::scope(|scope| {
        let work = &work;
        let first = numbered.next();
        numbered.for_each(|(index, shard)| {
            scope.spawn(move || work(index, shard));
        });
        first.into_iter().for_each(|(index, shard)| work(index, shard));
    });
}
