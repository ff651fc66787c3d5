//! From reports to sub-tracks and new legs, for the vessels of one shard.

use arrayvec::ArrayVec;
use maritime::{Mmsi, PositionFix, VesselIdentity};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::class;
use crate::detector::is_ship;
use crate::fix::Fix;
use crate::grid::CellSize;
use crate::leg::Leg;
use crate::parameters::Parameters;
use crate::reorder::Heard;
use crate::stage::{Fleet, NewLeg};
use crate::track::{self, Joint, Tip, TrackIndex};
use crate::vessel::{SUB_TRACKS_MAX, Vessel};

/// What so many reports need is asked of the memory at a time.
pub(crate) const LOOK_AHEAD: usize = 8;

/// What a report comes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cleaned {
    /// Whose it is, if the vessel was known before the batch.
    pub(crate) vessel: Option<u32>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    /// It is a piece of identity.
    Said,
    /// It is set aside: of something that is no ship by its number, and no fishing gear either.
    NotShip,
    /// It is set aside: too coarse for a contact.
    Coarse,
    /// It is set aside: it says the same as another one.
    Repeated,
    /// It begins a sub-track.
    Begins { fix: Fix, ecef_m: [f64; 3] },
    /// It joins one.
    Joins(Joined),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Joined {
    pub(crate) track: TrackIndex,
    /// With the speed of the leg that leads to it.
    pub(crate) fix: Fix,
    pub(crate) ecef_m: [f64; 3],
    /// From the fix before.
    pub(crate) distance_m: f64,
    /// Whether a leg leads to it that may take part in a contact.
    pub(crate) has_leg: bool,
}

/// Cleans the reports of its own vessels. What it keeps between batches are allocations.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// In order.
    cleaned: Vec<Cleaned>,
    taken: usize,
    cut: Option<usize>,
    legs: Vec<NewLeg>,
    /// Of each vessel that was heard in the batch, its report before, as an index in `cleaned`.
    heard: FxHashMap<Mmsi, u32>,
    /// Of those heard more than once, their sub-tracks after that.
    tips: FxHashMap<Mmsi, Tips>,
    /// Who is no ship and said who it is.
    named: FxHashSet<Mmsi>,
}

/// The sub-tracks of a vessel.
type Tips = ArrayVec<Known, SUB_TRACKS_MAX>;

/// A sub-track as it will be.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// `None` for one that begins in this batch.
    track: Option<TrackIndex>,
    last: Fix,
    tip: Tip,
}

impl Shard {
    /// Works out what those of `reports` come to that are its own.
    pub(crate) fn clean(
        &mut self,
        reports: &[Heard<'_>],
        is_mine: impl Fn(Mmsi) -> bool,
        fleet: Fleet<'_>,
        size: CellSize,
        parameters: &Parameters,
    ) {
        self.cleaned.clear();
        self.legs.clear();
        self.heard.clear();
        self.tips.clear();
        self.named.clear();
        (self.taken, self.cut) = (0, None);
        let mut mine = (0..).zip(reports).filter(|(_, report)| is_mine(report.mmsi()));
        loop {
            let next: ArrayVec<(u32, &Heard<'_>), LOOK_AHEAD> =
                mine.by_ref().take(LOOK_AHEAD).collect();
            if next.is_empty() {
                return;
            }
            let vessels = look_ahead(next.iter().map(|(_, report)| report.mmsi()), fleet);
            for ((number, report), vessel) in next.into_iter().zip(vessels) {
                let outcome = match report {
                    Heard::Static(said) => {
                        if !is_ship(said.mmsi) {
                            self.named.insert(said.mmsi);
                        }
                        Some(Outcome::Said)
                    }
                    Heard::Position(fix) => {
                        self.clean_one(number, fix, vessel, fleet, size, parameters)
                    }
                };
                let Some(outcome) = outcome else {
                    self.cut = Some(number as usize);
                    return;
                };
                self.cleaned.push(Cleaned { vessel, outcome });
            }
        }
    }

    /// The number of the first report for which more has to be known than was before the batch, if there is one: the
    /// batch ends before it. Such is one of fishing gear, or what may be some, that has just said who it is; and one
    /// from which a leg leads back to another one that begins a sub-track in the same batch.
    pub(crate) fn cut(&self) -> Option<usize> {
        self.cut
    }

    /// Moves those legs to `legs` that belong to the first `count` reports.
    pub(crate) fn give_legs(&mut self, legs: &mut Vec<NewLeg>, count: usize) {
        self.legs.truncate(self.legs.partition_point(|leg| (leg.number as usize) < count));
        legs.append(&mut self.legs);
    }

    /// What the next report comes to.
    pub(crate) fn next(&mut self) -> Cleaned {
        self.taken += 1;
        self.cleaned[self.taken - 1]
    }

    /// `None` if the batch must end before this report.
    fn clean_one(
        &mut self,
        number: u32,
        report: &PositionFix,
        vessel: Option<u32>,
        fleet: Fleet<'_>,
        size: CellSize,
        parameters: &Parameters,
    ) -> Option<Outcome> {
        let mmsi = report.mmsi;
        let vessel = vessel.map(|index| &fleet.vessels[index as usize]);
        if !is_ship(mmsi) {
            if self.named.contains(&mmsi) {
                return None;
            }
            let unknown = VesselIdentity::default();
            let identity = vessel.map_or(&unknown, |vessel| &vessel.identity);
            if !class::may_be_gear(mmsi, identity) {
                return Some(Outcome::NotShip);
            }
        }
        if report.coarse {
            return Some(Outcome::Coarse);
        }
        let mut fix = Fix::new(report);
        let ecef_m = track::ecef_m(&fix);
        let before = self.heard.insert(mmsi, self.cleaned.len() as u32);
        let joined = match before {
            None => {
                let tracks = vessel.map_or(&[][..], |vessel| &vessel.tracks);
                nearest(tracks.iter().map(|&index| known(index, fleet)), &fix, ecef_m, parameters)
            }
            Some(before) => {
                let before = self.cleaned[before as usize].outcome;
                let tips = self.tips.entry(mmsi).or_insert_with(|| {
                    let tracks = vessel.into_iter().flat_map(|vessel| &vessel.tracks);
                    let mut tips = tracks.map(|&index| known(index, fleet)).collect();
                    take_in(&mut tips, &before);
                    tips
                });
                nearest(tips.iter().copied(), &fix, ecef_m, parameters)
            }
        };
        let outcome = match joined {
            None => Outcome::Begins { fix, ecef_m },
            Some((known, _)) if is_repeated(&known.last, &fix, parameters) => Outcome::Repeated,
            Some((known, joint)) => {
                let (track, vessel) = (known.track?, vessel?);
                let has_leg = joint.leads_to(&mut fix, &parameters.leg);
                if has_leg {
                    let from = known.last;
                    self.legs.push(NewLeg {
                        number,
                        track,
                        vessel: fleet.track(track).vessel,
                        known_since: vessel.known_since(),
                        next: NewLeg::NONE,
                        leg: Leg { from, to: fix },
                        cells: size.cells_along([known.tip.ecef_m, ecef_m]),
                    });
                }
                let distance_m = joint.distance_m;
                Outcome::Joins(Joined { track, fix, ecef_m, distance_m, has_leg })
            }
        };
        if before.is_some()
            && let Some(tips) = self.tips.get_mut(&mmsi)
        {
            take_in(tips, &outcome);
        }
        Some(outcome)
    }
}

/// Finds who is heard next, and reads what will be needed of them, to make nothing of it. A report is of another
/// vessel than the one before, and where that lies in memory is known only step by step: most of the time would go
/// into waiting. For several vessels the memory answers each step at once.
pub(crate) fn look_ahead(
    numbers: impl Iterator<Item = Mmsi>,
    fleet: Fleet<'_>,
) -> ArrayVec<Option<u32>, LOOK_AHEAD> {
    let vessels: ArrayVec<Option<u32>, LOOK_AHEAD> =
        numbers.map(|mmsi| fleet.by_mmsi.get(&mmsi).copied()).collect();
    let mut seen: i64 = 0;
    let mut tracks: ArrayVec<TrackIndex, LOOK_AHEAD> = ArrayVec::new();
    for &index in vessels.iter().flatten() {
        let vessel = &fleet.vessels[index as usize];
        tracks.extend(vessel.tracks.last().copied());
        seen ^= vessel.last_heard_at.as_millis() ^ i64::from(vessel.has_met);
        seen ^= vessel.last_place.map_or(0, |place| place.at);
        seen ^= fleet.story.look_ahead(index) ^ fleet.places.look_ahead(index);
    }
    for track in tracks {
        seen ^= fleet.tracks[track as usize].as_ref().map_or(0, track::Track::look_ahead);
    }
    std::hint::black_box(seen);
    vessels
}

fn known(index: TrackIndex, fleet: Fleet<'_>) -> Known {
    let track = fleet.track(index);
    Known { track: Some(index), last: *track.last(), tip: track.tip() }
}

/// The sub-track that a report joins most naturally: the nearest.
fn nearest(
    tips: impl Iterator<Item = Known>,
    fix: &Fix,
    ecef_m: [f64; 3],
    parameters: &Parameters,
) -> Option<(Known, Joint)> {
    let leg_millis_max = parameters.leg_millis_max();
    let joints = tips.filter_map(|known| {
        let joint = known.tip.joint(fix.at, ecef_m, &parameters.track, leg_millis_max)?;
        Some((known, joint))
    });
    joints.min_by(|(_, a), (_, b)| a.distance_m.total_cmp(&b.distance_m))
}

fn is_repeated(last: &Fix, fix: &Fix, parameters: &Parameters) -> bool {
    ((fix.at - last.at) as u128) < parameters.track.interval_min.as_millis()
}

/// Brings the sub-tracks of a vessel to where they are after a report.
fn take_in(tips: &mut Tips, outcome: &Outcome) {
    match *outcome {
        Outcome::Said | Outcome::NotShip | Outcome::Coarse | Outcome::Repeated => {}
        Outcome::Begins { fix, ecef_m } => {
            if tips.is_full() {
                tips.remove(Vessel::silent_longest(tips.iter().map(|known| known.last.at)));
            }
            let tip = Tip { at: fix.at, ecef_m, is_lone: true };
            tips.push(Known { track: None, last: fix, tip });
        }
        Outcome::Joins(Joined { track, fix, ecef_m, .. }) => {
            let same = tips.iter_mut().find(|known| known.track == Some(track));
            let same = same.expect("it joins one of them");
            same.last = fix;
            same.tip = Tip { at: fix.at, ecef_m, is_lone: false };
        }
    }
}
