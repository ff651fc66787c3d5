//! Who else was there: other encounters of the same ships at the same time.

use maritime::EventId;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::encounter::Encounter;
use crate::parameters::EncounterRules;
use crate::track::TrackIndex;

/// The sub-tracks of two vessels, in the order of [`maritime::VesselPair`].
pub(crate) type TrackPair = (TrackIndex, TrackIndex);

/// Encounters of one sub-track that are kept in view. More at a time are a harbour or ghosts, and of no use to a
/// reader; those that come later are nobody's company then.
const ENCOUNTERS_MAX: usize = 64;
/// Encounters that are followed from ship to ship. A raft has three or four; of a longer chain the first one within
/// so many names it.
const RAFT_ENCOUNTERS_MAX: usize = 16;

/// The encounters of every sub-track that have lasted long enough to be told. Bounded by the encounters that are
/// remembered.
///
/// What counts of each is noted here as well, of which [`Company::note`] must hear: in an anchorage a telling asks
/// for hundreds, and to find each one would take longer than all the rest.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Company {
    #[serde(with = "crate::snapshot::sorted_map")]
    by_track: FxHashMap<TrackIndex, Vec<Noted>>,
}

/// What third ships need to know of an encounter.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Noted {
    pair: TrackPair,
    id: EventId,
    started_at: i64,
    contact_until: i64,
    is_of_note: bool,
    is_close: bool,
}

impl Noted {
    pub(crate) fn new(pair: TrackPair, encounter: &Encounter, rules: &EncounterRules) -> Self {
        Noted {
            pair,
            id: encounter.id,
            started_at: encounter.started_at(),
            contact_until: encounter.contact_until,
            is_of_note: encounter.is_of_note(rules),
            is_close: encounter.is_close(),
        }
    }

    /// Whether it was at the time of `told`, long enough, and not to be forgotten since an instant in milliseconds.
    pub(crate) fn counts_for(&self, told: &Encounter, since: i64) -> bool {
        // What is forgotten at this very instant is forgotten already, whichever comes first.
        self.contact_until > since
            && self.is_of_note
            && self.started_at <= told.contact_until
            && told.started_at() <= self.contact_until
    }
}

impl Company {
    pub(crate) fn enter(&mut self, noted: Noted) {
        for track in [noted.pair.0, noted.pair.1] {
            let known = self.by_track.entry(track).or_default();
            match known.iter().position(|other| other.pair == noted.pair) {
                Some(index) => known[index] = noted,
                None if known.len() < ENCOUNTERS_MAX => known.push(noted),
                None => {}
            }
        }
    }

    /// The encounter of a pair has changed, or is another one. Nothing happens if it has not entered.
    pub(crate) fn note(&mut self, noted: Noted) {
        for track in [noted.pair.0, noted.pair.1] {
            let Some(known) = self.by_track.get_mut(&track) else { continue };
            if let Some(known) = known.iter_mut().find(|other| other.pair == noted.pair) {
                *known = noted;
            }
        }
    }

    pub(crate) fn leave(&mut self, pair: TrackPair) {
        for track in [pair.0, pair.1] {
            let Some(known) = self.by_track.get_mut(&track) else { continue };
            known.retain(|other| other.pair != pair);
            if known.is_empty() {
                self.by_track.remove(&track);
            }
        }
    }

    /// Sub-tracks of third ships that were in contact with one of the two; `counts` says which encounters do.
    pub(crate) fn thirds(
        &self,
        pair: TrackPair,
        counts: impl Fn(&Noted) -> bool,
    ) -> Vec<TrackIndex> {
        let mut thirds = Vec::new();
        for other in self.others(pair).filter(|other| counts(other)) {
            for track in [other.pair.0, other.pair.1] {
                if track != pair.0 && track != pair.1 && !thirds.contains(&track) {
                    thirds.push(track);
                }
            }
        }
        thirds
    }

    /// The first of the encounters that hang together with this one by way of ships that lie close to each other;
    /// `None` if there is no other.
    pub(crate) fn raft(
        &self,
        pair: TrackPair,
        id: EventId,
        counts: impl Fn(&Noted) -> bool,
    ) -> Option<EventId> {
        let by_time = |id: EventId| (id.first_started_at(), id);
        let mut first = by_time(id);
        let mut reached = vec![pair];
        let mut next = 0;
        while next < reached.len() && reached.len() < RAFT_ENCOUNTERS_MAX {
            for other in self.others(reached[next]) {
                if !other.is_close
                    || !counts(other)
                    || reached.contains(&other.pair)
                    || reached.len() == RAFT_ENCOUNTERS_MAX
                {
                    continue;
                }
                first = first.min(by_time(other.id));
                reached.push(other.pair);
            }
            next += 1;
        }
        (reached.len() > 1).then_some(first.1)
    }

    /// The other encounters of the two ships.
    fn others(&self, pair: TrackPair) -> impl Iterator<Item = &Noted> {
        let of = |track: TrackIndex| self.by_track.get(&track).into_iter().flatten();
        of(pair.0).chain(of(pair.1)).filter(move |other| other.pair != pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Ship, Way, encounters};

    /// Ships side by side, so many metres from each other, adrift at half a knot.
    fn ship(mmsi: u32, way: Way) -> Ship {
        Ship { mmsi, name: "ALFA", ship_type: 80, size_m: (180, 32), way }
    }

    #[test]
    fn ships_side_by_side_are_one_raft() {
        let ships = [
            ship(311_000_001, |minute| (0.0, 15.0 * minute, 90.0)),
            ship(311_000_002, |minute| (0.0, 15.0 * minute + 35.0, 90.0)),
            ship(311_000_003, |minute| (0.0, 15.0 * minute + 70.0, 90.0)),
            // Two others, 5 km off.
            ship(311_000_004, |minute| (5000.0, 15.0 * minute, 90.0)),
            ship(311_000_005, |minute| (5000.0, 15.0 * minute + 35.0, 90.0)),
        ];
        let events = encounters((27.0, -90.0), 6, &ships);
        let numbers: Vec<Vec<u32>> = events
            .iter()
            .map(|event| event.meeting.as_ref().unwrap())
            .map(|meeting| meeting.third_vessels.iter().map(|mmsi| mmsi.get() % 10).collect())
            .collect();
        assert_eq!(numbers, [vec![3], vec![2], vec![1], vec![]]);
        let rafts: Vec<Option<EventId>> =
            events.iter().map(|event| event.meeting.as_ref().unwrap().raft).collect();
        assert_eq!(rafts, [Some(events[0].id), Some(events[0].id), Some(events[0].id), None]);
    }
}
