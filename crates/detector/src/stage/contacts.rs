//! From a new leg and who has been near it to where the ships are in contact, for the legs of one shard.

use std::ops::Range;

use crate::contact::Passage;
use crate::detector::far_apart;
use crate::leg::Leg;
use crate::parameters::Parameters;
use crate::stage::{Fleet, Fresh, NewLeg, neighbours};
use crate::track::{Legs, Track, TrackIndex};

/// What a new leg and a leg of another ship add to the contact of the two.
#[derive(Debug)]
pub(crate) struct Found {
    /// Index of the new leg.
    leg: u32,
    pub(crate) other: TrackIndex,
    pub(crate) passage: Passage,
}

/// What it takes to find them.
#[derive(Clone, Copy)]
pub(crate) struct Contacts<'a> {
    pub(crate) fleet: Fleet<'a>,
    /// Of the batch.
    pub(crate) legs: &'a [NewLeg],
    pub(crate) fresh: &'a Fresh,
    pub(crate) parameters: &'a Parameters,
}

/// Finds the contacts of its own legs. What it keeps between batches are allocations.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    legs: Range<usize>,
    /// By leg, then by sub-track, then by time.
    found: Vec<Found>,
    /// Legs in crowds, with those who were found near them.
    crowds: Vec<(usize, Vec<TrackIndex>)>,
    compared: u64,
    /// Sub-tracks near the leg at hand.
    near: Vec<TrackIndex>,
    /// How many of those that each shard of neighbours has found have been looked at.
    read: Vec<usize>,
}

impl Shard {
    /// Compares the legs in `mine` with those of the ships near them that were complete before.
    pub(crate) fn find(
        &mut self,
        mine: Range<usize>,
        neighbours: &[neighbours::Shard],
        contacts: Contacts<'_>,
    ) {
        self.found.clear();
        self.crowds.clear();
        self.compared = 0;
        self.legs = mine.clone();
        let first = mine.start as u32;
        self.read.clear();
        self.read.extend(neighbours.iter().map(|shard| shard.count_before(first)));
        for index in mine {
            self.near.clear();
            for (shard, read) in neighbours.iter().zip(&mut self.read) {
                let known = self.near.len();
                self.near.extend(shard.near(index as u32, *read));
                *read += self.near.len() - known;
            }
            // The cells give them in an order that depends on where on earth this is.
            self.near.sort_unstable();
            self.near.dedup();
            if neighbours.iter().any(|shard| shard.is_crowded(index as u32)) {
                self.crowds.push((index, std::mem::take(&mut self.near)));
                continue;
            }
            contacts.look_ahead(&self.near);
            for &other in &self.near {
                self.compared += contacts.compare(index, other, &mut self.found);
            }
        }
    }

    /// Pairs of overlapping legs that were compared.
    pub(crate) fn compared(&self) -> u64 {
        self.compared
    }

    /// Whether a leg is its own.
    pub(crate) fn has(&self, leg: usize) -> bool {
        self.legs.contains(&leg)
    }

    /// What was found of a leg, where all before `at` belongs to others.
    pub(crate) fn found_from(&self, at: usize, leg: usize) -> &[Found] {
        let found = &self.found[at..];
        &found[..found.iter().take_while(|found| found.leg as usize == leg).count()]
    }

    /// Who was found near a leg in a crowd; `None` if there is none.
    pub(crate) fn crowd(&self, leg: usize) -> Option<&[TrackIndex]> {
        let index = self.crowds.binary_search_by_key(&leg, |&(leg, _)| leg).ok()?;
        Some(&self.crowds[index].1)
    }
}

impl Contacts<'_> {
    /// Reads what will be needed of several ships at once.
    pub(crate) fn look_ahead(&self, near: &[TrackIndex]) {
        let near = near.iter().filter_map(|&other| self.fleet.tracks[other as usize].as_ref());
        std::hint::black_box(near.fold(0, |seen, track| seen ^ track.look_ahead()));
    }

    /// Compares a new leg with those of another sub-track that were complete before it and overlap it in time; says
    /// with how many, and appends what they come to. The other one may not exist any more, or be of the same vessel.
    pub(crate) fn compare(&self, index: usize, other: TrackIndex, found: &mut Vec<Found>) -> u64 {
        let NewLeg { leg, vessel, .. } = &self.legs[index];
        let track = self.fleet.tracks[other as usize].as_ref();
        let Some(track) = track.filter(|track| track.vessel != *vessel) else { return 0 };
        let (distance_m_out, knots_max) =
            (self.parameters.contact.distance_m_out, self.parameters.leg.speed_knots_max as f32);
        let (from, to) = (leg.from.at, leg.to.at);
        // Most neighbours are seen at a glance to be too far away; of those nothing else is read.
        let is_near = |other_leg: &Leg| !far_apart(leg, other_leg, distance_m_out);
        let mut compared = 0;
        let known = track.legs_backward(from, to, knots_max).inspect(|_| compared += 1);
        let known = Legs::from_backward(known.filter(is_near));
        let fresh = self.fresh_between(self.fresh.first(other), index, from, to);
        for other_leg in known.chain(fresh.inspect(|_| compared += 1).filter(is_near)) {
            let is_low = self.fleet.mmsi(*vessel) < self.fleet.mmsi(track.vessel);
            let legs = if is_low { [*leg, other_leg] } else { [other_leg, *leg] };
            if let Some(passage) = Passage::new(legs, &self.parameters.contact) {
                found.push(Found { leg: index as u32, other, passage });
            }
        }
        compared
    }

    /// Of the chain of new legs that begins with `first`, those before `index` that overlap `[from, to]`, in order.
    fn fresh_between(
        &self,
        first: Option<u32>,
        index: usize,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = Leg> {
        let next = |number: &u32| {
            let next = self.legs[*number as usize].next;
            (next != NewLeg::NONE).then_some(next)
        };
        std::iter::successors(first, next)
            .take_while(move |&number| (number as usize) < index)
            .map(|number| self.legs[number as usize].leg)
            .filter(move |leg| leg.to.at > from && leg.from.at < to)
    }
}

impl Fleet<'_> {
    pub(crate) fn track(&self, index: TrackIndex) -> &Track {
        self.tracks[index as usize].as_ref().expect("a vessel's tracks exist")
    }

    fn mmsi(&self, vessel: u32) -> maritime::Mmsi {
        self.vessels[vessel as usize].mmsi
    }
}
