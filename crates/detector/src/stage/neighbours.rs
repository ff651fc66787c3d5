//! From new legs to who has been near them, in the cells of one shard.
//!
//! A leg is entered in every cell that it touches when it is grown by half the distance of a contact. So two legs in
//! contact share a cell, whichever shard has it, and no shard need look beyond its own: the halo is in the legs.

use crate::grid::Cells;
use crate::stage::NewLeg;
use crate::track::TrackIndex;

/// Finds neighbours in its own cells. What it keeps between batches are allocations.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// Legs by their index, in order, and sub-tracks that have been in a cell with them, maybe more than once.
    near: Vec<(u32, TrackIndex)>,
    /// Legs in a cell that is full, in order.
    crowded: Vec<u32>,
    displaced: u64,
}

impl Shard {
    /// Enters those parts of `legs` that lie in `cells`, and notes who is there already. Whoever was there so long
    /// before a leg is forgotten that nothing can refer to it any more.
    pub(crate) fn enter(&mut self, legs: &[NewLeg], mut cells: Cells<'_>, remembered_millis: i64) {
        self.near.clear();
        self.crowded.clear();
        self.displaced = 0;
        for (index, new) in (0..).zip(legs) {
            let near = &mut self.near;
            let passing = new.passing(remembered_millis);
            for key in new.cells.iter() {
                let entered = cells.enter(key, &passing, |other| near.push((index, other)));
                let Some(entered) = entered else { continue };
                if entered.is_full && self.crowded.last() != Some(&index) {
                    self.crowded.push(index);
                }
                self.displaced += u64::from(entered.has_displaced);
            }
        }
    }

    /// How many were found near the legs before `index`.
    pub(crate) fn count_before(&self, index: u32) -> usize {
        self.near.partition_point(|&(leg, _)| leg < index)
    }

    /// Who was found near the leg `index`, if so many were found near those before.
    pub(crate) fn near(&self, index: u32, before: usize) -> impl Iterator<Item = TrackIndex> {
        let rest = self.near[before..].iter();
        rest.take_while(move |&&(leg, _)| leg == index).map(|&(_, other)| other)
    }

    /// Whether there was a full cell along a leg, where not all may have been found.
    pub(crate) fn is_crowded(&self, index: u32) -> bool {
        self.crowded.binary_search(&index).is_ok()
    }

    /// How often one made room for another.
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced
    }
}
