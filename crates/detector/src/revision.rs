//! What came too late and changes what was found.
//!
//! A late report is put between the fixes of its sub-track, where the rule by which reports join allows it: a leg
//! becomes two. Every pair of sub-tracks that is in contact there, before or after, is derived again: from a copy of
//! its encounter as it was before that instant, with the legs of both sub-tracks in the order in which they came.
//! What comes of it takes over the id of what it replaces, and is told again if it says anything else.
//!
//! | was told as | is now | is told as |
//! |---|---|---|
//! | closed or revised | ended, long enough | revised |
//! | retracted | ended, long enough | revised |
//! | candidate or open | ended, long enough | closed |
//! | anything | going on, long enough | open or candidate, as its time in contact says |
//! | anything but retracted | too short, or nothing | retracted |
//! | nothing | anything | what it would have been told as in time |
//!
//! What is found is what would have been found in time, with these exceptions. Reports that are in a sub-track stay in
//! it: where the late one would have led a later one into another sub-track, or made it one too many within the shortest
//! interval, the late one gives way. A gap into which a late report falls is revised or retracted at once, and so are the
//! dark meetings that rest on it. Loitering, jumps and the other chapters that need one vessel only are not told again,
//! nor are anchorages learned from what is late.

use std::collections::{BTreeMap, VecDeque};

use maritime::{
    EventId, EventKind, EventState, Mmsi, PositionFix, StaticReport, Timestamp, VesselPair,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::class;
use crate::contact::Passage;
use crate::detector::{Counters, State, far_apart, is_ship, new_id};
use crate::encounter::{APPROACH_MILLIS, Encounter, Parties};
use crate::fix::Fix;
use crate::grid::Passing;
use crate::leg::Leg;
use crate::parameters::{EncounterRules, Parameters};
use crate::raft::{Noted, TrackPair};
use crate::story::Heard;
use crate::telling::Telling;
use crate::track::{self, Gap, Track, TrackIndex};
use crate::vessel::{SUB_TRACKS_MAX, Vessel};

/// What is remembered of encounters for the sake of reports that come late.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// One for every pair in contact within the horizon.
    #[serde(with = "crate::snapshot::sorted_map")]
    pasts: FxHashMap<TrackPair, Past>,
    /// Pairs to derive again, and from when on. Bounded by the pairs of sub-tracks in one cell; emptied whenever time
    /// goes on.
    due: BTreeMap<TrackPair, i64>,
}

/// The past of one pair.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Past {
    /// Oldest first; two or three, because there is one for every half horizon.
    copies: VecDeque<PastState>,
    /// Encounters that made room for another one of the pair within the horizon, or were retracted, as told last.
    #[expect(clippy::vec_box, reason = "they come from a map of boxes and may go back there")]
    former: Vec<Box<Encounter>>,
}

/// The encounter of a pair as it was after the reports of `since` and before those of `until`.
#[derive(Debug, Serialize, Deserialize)]
struct PastState {
    since: i64,
    until: i64,
    /// `None` where there was none.
    encounter: Option<Box<Encounter>>,
}

impl Revision {
    /// To be called before the reports of `now` change an encounter.
    pub(crate) fn changes(
        &mut self,
        pair: TrackPair,
        encounter: &mut Encounter,
        now: i64,
        horizon: i64,
    ) {
        if horizon > 0 && is_copy_due(encounter, now, horizon) {
            self.pasts.entry(pair).or_default().copy(encounter, now, horizon);
        }
        encounter.changed_at = now;
    }

    /// To be called when a pair that had no encounter has one. Gives the ids that are taken.
    pub(crate) fn begins(&mut self, pair: TrackPair, now: i64, horizon: i64) -> Vec<EventId> {
        if horizon == 0 {
            return Vec::new();
        }
        let past = self.pasts.entry(pair).or_default();
        past.begin(now);
        past.former.iter().map(|former| former.id).collect()
    }

    /// To be called when an encounter has made room for another one of the pair, and was told.
    pub(crate) fn is_replaced(&mut self, pair: TrackPair, encounter: Box<Encounter>, horizon: i64) {
        if horizon > 0 {
            self.pasts.entry(pair).or_default().former.push(encounter);
        }
    }

    /// Throws away what no report can change any more.
    pub(crate) fn sweep(
        &mut self,
        now: i64,
        parameters: &Parameters,
        is_known: impl Fn(&TrackPair) -> bool,
    ) {
        let horizon = parameters.revision_millis();
        let former_since = now - 2 * horizon - parameters.leg_millis_max();
        self.pasts.retain(|pair, past| {
            past.forget(now - horizon);
            past.former.retain(|former| former.changed_at >= former_since);
            is_known(pair) || !past.former.is_empty()
        });
    }

    /// Sub-tracks do not exist any more: others may get their indices.
    pub(crate) fn forget(&mut self, is_gone: impl Fn(TrackIndex) -> bool) {
        self.pasts.retain(|pair, _| !is_gone(pair.0) && !is_gone(pair.1));
        self.due.retain(|pair, _| !is_gone(pair.0) && !is_gone(pair.1));
    }

    fn is_due(&mut self, pair: TrackPair, at: i64) {
        self.due.entry(pair).and_modify(|known| *known = at.min(*known)).or_insert(at);
    }
}

/// Whether the last copy was made half a horizon ago, and the reports of `now` have not changed anything yet.
fn is_copy_due(encounter: &Encounter, now: i64, horizon: i64) -> bool {
    now >= encounter.copied_at.saturating_add(horizon / 2) && encounter.changed_at < now
}

impl Past {
    fn begin(&mut self, now: i64) {
        self.copies.clear();
        self.copies.push_back(PastState { since: i64::MIN, until: now, encounter: None });
    }

    fn copy(&mut self, encounter: &mut Encounter, now: i64, horizon: i64) {
        let since = encounter.changed_at;
        let copy = Box::new(encounter.copy());
        self.copies.push_back(PastState { since, until: now, encounter: Some(copy) });
        encounter.copied_at = now;
        self.forget(now - horizon);
    }

    /// Forgets copies that are not needed for reports since `since`.
    fn forget(&mut self, since: i64) {
        while self.copies.len() > 1 && self.copies[1].until <= since {
            self.copies.pop_front();
        }
    }

    /// The last state from which the encounter can be derived again with a report of `at`, and its instant; all later
    /// ones are forgotten. `known` is the encounter as it is now. `None` if that is not remembered.
    fn rewind(
        &mut self,
        at: i64,
        known: Option<&mut Encounter>,
    ) -> Option<(i64, Option<Box<Encounter>>)> {
        let Some(known) = known else {
            self.copies.clear();
            return Some((at, None));
        };
        if known.changed_at < at {
            return Some((at, Some(Box::new(known.copy()))));
        }
        while self.copies.back().is_some_and(|copy| copy.since >= at) {
            self.copies.pop_back();
        }
        let copy = self.copies.pop_back()?;
        Some((at.min(copy.until), copy.encounter))
    }
}

/// The encounters of a pair from some instant on.
struct Derived {
    /// Those that made room for another one.
    #[expect(clippy::vec_box, reason = "they are kept in boxes")]
    finished: Vec<Box<Encounter>>,
    current: Option<Box<Encounter>>,
}

/// A pair of sub-tracks and what is needed to derive its encounters.
struct Pair<'a> {
    vessels: [&'a Vessel; 2],
    tracks: [&'a Track; 2],
    numbers: VesselPair,
    parameters: &'a Parameters,
}

impl Pair<'_> {
    /// Goes on from a state before the reports of `from`, as the detector does when they come.
    fn derive(&self, from: i64, state: Option<Box<Encounter>>, past: &mut Past) -> Derived {
        let parameters = self.parameters;
        let rules = &parameters.encounter;
        let horizon = parameters.revision_millis();
        let knots_max = parameters.leg.speed_knots_max as f32;
        let mut derived = Derived { finished: Vec::new(), current: state };
        match &mut derived.current {
            None => past.begin(from),
            Some(encounter) => {
                // The next change makes a copy, whatever was copied before.
                encounter.copied_at = i64::MIN;
            }
        }
        let mut completed: Vec<(i64, usize, Leg)> = Vec::new();
        for (index, track) in self.tracks.iter().enumerate() {
            let legs = track.legs_between(from - 1, i64::MAX, knots_max);
            completed.extend(legs.map(|leg| (leg.to.at, index, leg)));
        }
        completed.sort_by_key(|&(at, index, _)| (at, index));
        for (now, index, leg) in completed {
            let since = now - parameters.leg_millis_max();
            let parties = Parties { vessels: self.vessels, tracks: self.tracks, since };
            let other = 1 - index;
            let others = self.tracks[other].legs_between(leg.from.at, leg.to.at, knots_max);
            for other_leg in others.filter(|leg| (leg.to.at, other) < (now, index)) {
                let legs = if index == 0 { [leg, other_leg] } else { [other_leg, leg] };
                let Some(passage) = meets(legs, parameters) else { continue };
                let mut copied_at = None;
                if let Some(encounter) = derived.current.as_deref_mut() {
                    if is_copy_due(encounter, now, horizon) {
                        past.copy(encounter, now, horizon);
                    }
                    encounter.changed_at = now;
                    copied_at = Some(encounter.copied_at);
                }
                let Some(inner) = &passage.inner else {
                    if let Some(encounter) = &mut derived.current {
                        encounter.stay_near(&passage.outer);
                    }
                    continue;
                };
                if let Some(encounter) = &mut derived.current
                    && encounter.takes(&passage, inner, rules)
                {
                    encounter.add(&passage, inner, parties, rules);
                    continue;
                }
                let id = EventId::new(
                    EventKind::Encounter,
                    self.numbers,
                    Timestamp::from_millis(inner.from),
                );
                let mut encounter = Box::new(Encounter::new(id, inner, parties));
                encounter.changed_at = now;
                encounter.copied_at = copied_at.unwrap_or(now);
                encounter.add(&passage, inner, parties, rules);
                derived.finished.extend(derived.current.replace(encounter));
            }
        }
        derived
    }
}

fn meets(legs: [Leg; 2], parameters: &Parameters) -> Option<Passage> {
    if far_apart(&legs[0], &legs[1], parameters.contact.distance_m_out) {
        return None;
    }
    Passage::new(legs, &parameters.contact)
}

/// The state in which an encounter is told again, if it is, after it was told as `told` and turned out otherwise.
fn state_again(
    told: EventState,
    encounter: &Encounter,
    has_ended: bool,
    rules: &EncounterRules,
) -> Option<EventState> {
    use EventState::{Candidate, Closed, Open, Retracted, Revised};
    match (told, encounter.reached_state(rules), has_ended) {
        (_, Some(state), false) => Some(state),
        (Closed | Revised | Retracted, Some(Open), true) => Some(Revised),
        (Candidate | Open, Some(Open), true) => Some(Closed),
        (Retracted, _, _) => None,
        _ => Some(Retracted),
    }
}

impl State {
    /// Takes in a position that is older than what has been dealt with.
    pub(crate) fn place_late(
        &mut self,
        report: &PositionFix,
        parameters: &Parameters,
        counters: &mut Counters,
        events: &mut Vec<Telling>,
    ) {
        let at = report.observed_at.as_millis();
        if !self.is_within_horizon(at, parameters) {
            counters.late_beyond_horizon += 1;
            return;
        }
        let Some(vessel) = self.vessel_late(report.mmsi, report.observed_at) else { return };
        let identity = &self.vessels[vessel as usize].identity;
        if !is_ship(report.mmsi) && !class::may_be_gear(report.mmsi, identity) || report.coarse {
            return;
        }
        let fix = Fix::new(report);
        let ecef_m = track::ecef_m(&fix);
        let Some((index, gap)) = self.best_gap(vessel, at, ecef_m, parameters) else {
            if self.vessels[vessel as usize].tracks.len() < SUB_TRACKS_MAX {
                counters.sub_tracks += 1;
                counters.late_placed += 1;
                self.begin_track(vessel, fix, ecef_m);
            }
            return;
        };
        let interval_min = parameters.track.interval_min.as_millis();
        let is_near = |other: &Fix| u128::from(at.abs_diff(other.at)) < interval_min;
        if gap.before.iter().chain(&gap.after).any(is_near) {
            return;
        }
        counters.late_placed += 1;
        self.vessels[vessel as usize].positions += 1;
        let track = self.tracks[index as usize].as_mut().expect("a vessel's tracks exist");
        track.fill(&gap, fix, ecef_m, &parameters.leg);
        self.find_changed(index, &gap, &fix, parameters);
        if is_ship(report.mmsi) {
            let before = gap.before.map(|before| (before, gap.distance_m));
            let heard = Heard { vessel, track: index, fix, before, station: report.station };
            let now = self.now;
            self.tell_story(parameters, events, |story, world, told| {
                story.heard_late(&heard, gap.after, now, world, told);
            });
        }
    }

    /// Takes in a piece of identity that is older than what has been dealt with.
    pub(crate) fn learn_late(
        &mut self,
        report: &StaticReport,
        parameters: &Parameters,
        counters: &mut Counters,
    ) {
        let is_known = self.by_mmsi.contains_key(&report.mmsi);
        let at = report.observed_at.as_millis();
        if !is_known && !self.is_within_horizon(at, parameters) {
            counters.late_beyond_horizon += 1;
            return;
        }
        let Some(vessel) = self.vessel_late(report.mmsi, report.observed_at) else { return };
        let vessel = vessel as usize;
        let confirmed_after = parameters.identity.confirmed_after;
        let news = self.vessels[vessel].learn_late(report, confirmed_after);
        counters.late_placed += 1;
        if is_ship(report.mmsi) && !news.fields.is_empty() {
            self.watch.look_up(&mut self.vessels[vessel]);
        }
    }

    /// Derives again what late reports have changed, and appends to `events` what is to be told again.
    pub(crate) fn revise(
        &mut self,
        parameters: &Parameters,
        counters: &mut Counters,
        events: &mut Vec<Telling>,
    ) {
        if self.revision.due.is_empty() {
            return;
        }
        // What the reports before have added is told first, as if no others had come.
        self.tell_touched(parameters, events);
        let told = events.len();
        for (pair, at) in std::mem::take(&mut self.revision.due) {
            self.derive_again(pair, at, parameters, counters, events);
        }
        events[told..].sort_by_key(|telling| (telling.id(), telling.version()));
        counters.retold += (events.len() - told) as u64;
    }

    fn is_within_horizon(&self, at: i64, parameters: &Parameters) -> bool {
        let horizon = parameters.revision_millis();
        horizon > 0 && at >= self.now.saturating_sub(horizon)
    }

    fn vessel_late(&mut self, mmsi: Mmsi, heard_at: Timestamp) -> Option<u32> {
        if let Some(&known) = self.by_mmsi.get(&mmsi) {
            let vessel = &mut self.vessels[known as usize];
            vessel.first_heard_at = vessel.first_heard_at.min(heard_at);
            return Some(known);
        }
        let index = self.vessel(mmsi)?;
        let vessel = &mut self.vessels[index as usize];
        (vessel.first_heard_at, vessel.last_heard_at) = (heard_at, heard_at);
        Some(index)
    }

    /// The sub-track in which a late report finds its place, and the place: of several the nearest.
    fn best_gap(
        &mut self,
        vessel: u32,
        at: i64,
        ecef_m: [f64; 3],
        parameters: &Parameters,
    ) -> Option<(TrackIndex, Gap)> {
        let leg_millis_max = parameters.leg_millis_max();
        let gap = |state: &State, index: TrackIndex| {
            state.track(index).gap(at, ecef_m, &parameters.track, leg_millis_max)
        };
        let tracks = self.vessels[vessel as usize].tracks.iter();
        let gaps: Vec<(TrackIndex, Gap)> =
            tracks.filter_map(|&index| Some((index, gap(self, index)?))).collect();
        // A sub-track began anew because the single report before it was too old to go on from. With this one between
        // them they are one. Nothing refers to a sub-track of a single report, so it can go.
        let lone = gaps.iter().find(|(index, _)| self.track(*index).is_lone());
        let first = gaps.iter().find(|(_, gap)| gap.before.is_none());
        if let (Some((lone, Gap { before: Some(fix), .. })), Some((index, gap_before_first))) =
            (lone, first)
            && lone != index
        {
            self.vessels[vessel as usize].tracks.retain(|known| known != lone);
            self.tracks[*lone as usize] = None;
            self.free.push(*lone);
            let track = self.tracks[*index as usize].as_mut().expect("a vessel's tracks exist");
            track.fill(gap_before_first, *fix, track::ecef_m(fix), &parameters.leg);
            return Some((*index, gap(self, *index)?));
        }
        gaps.into_iter().min_by(|(_, a), (_, b)| a.distance_m.total_cmp(&b.distance_m))
    }

    /// Finds the pairs that a fix which has just filled a gap may have changed.
    fn find_changed(&mut self, index: TrackIndex, gap: &Gap, fix: &Fix, parameters: &Parameters) {
        let knots_max = parameters.leg.speed_knots_max as f32;
        let from = gap.before.map_or(fix.at - 1, |before| before.at);
        let until = gap.after.map_or(fix.at, |after| after.at);
        let track = self.track(index);
        let mut legs: Vec<Leg> = track.legs_between(from, until, knots_max).collect();
        if let (Some(from), Some(to)) = (gap.before, gap.after)
            && to.leg_knots <= knots_max
        {
            legs.push(Leg { from, to });
        }
        // Where no leg leads to a report or away from it, it may still be the bound of a start or an end.
        let points = [gap.before, Some(*fix), gap.after].into_iter().flatten();
        // And it tells how fast the ship came to a meeting soon after.
        let after = track.legs_between(until, until + APPROACH_MILLIS, knots_max);
        let ways: Vec<[[f64; 3]; 2]> = legs
            .iter()
            .copied()
            .chain(after)
            .map(|leg| [track::ecef_m(&leg.from), track::ecef_m(&leg.to)])
            .chain(points.map(|fix| [track::ecef_m(&fix); 2]))
            .collect();
        let vessel = track.vessel;
        let forget = self.now - parameters.remembered_millis();
        let who = self.passer(index);
        self.near.clear();
        let near = &mut self.near;
        for way in ways {
            let passing = Passing { who, since: from - 1, until, forget };
            self.grid.enter(&passing, way, |other| near.push(other));
        }
        near.sort_unstable();
        near.dedup();
        let is_other = |index: &TrackIndex| {
            let track = self.tracks[*index as usize].as_ref();
            track.is_some_and(|track| track.vessel != vessel)
        };
        near.retain(is_other);
        for near in 0..self.near.len() {
            let other = self.near[near];
            let pair = self.pair(index, other);
            if !self.encounters.contains_key(&pair) && self.is_full(pair) {
                self.at_bounds.pairs_refused += 1;
                continue;
            }
            let is_in_contact = legs.iter().any(|leg| {
                let mut others = self.track(other).legs_between(leg.from.at, leg.to.at, knots_max);
                others.any(|other| meets([*leg, other], parameters).is_some())
            });
            let is_near_in_time = self.encounters.get(&pair).is_some_and(|known| {
                known.contact_until >= from && known.started_at() <= until + APPROACH_MILLIS
            });
            if is_in_contact || is_near_in_time {
                self.revision.is_due(pair, fix.at);
            }
        }
    }

    fn derive_again(
        &mut self,
        pair: TrackPair,
        at: i64,
        parameters: &Parameters,
        counters: &mut Counters,
        events: &mut Vec<Telling>,
    ) {
        let mut past = self.revision.pasts.remove(&pair).unwrap_or_default();
        let mut known = self.encounters.remove(&pair);
        let Some((from, mut base)) = past.rewind(at, known.as_deref_mut()) else {
            // It is older than the copies, which are kept for the horizon.
            self.encounters.extend(known.map(|known| (pair, known)));
            self.revision.pasts.insert(pair, past);
            return;
        };
        let base_id = base.as_ref().map(|base| base.id);
        let is_concerned = |former: &Encounter| {
            former.changed_at >= from
                || Some(former.id) == base_id
                || former.told() == Some(EventState::Retracted)
        };
        let former = std::mem::take(&mut past.former);
        let (mut before, rest): (Vec<_>, Vec<_>) =
            former.into_iter().partition(|former| is_concerned(former));
        past.former = rest;
        let current_before = known.as_ref().map(|known| known.id);
        before.extend(known);
        if let Some(base) = &mut base
            && let Some(same) = before.iter().find(|known| known.id == base.id)
        {
            base.recall_trails(same, from);
        }

        let numbers = VesselPair::new(self.mmsi(pair.0), self.mmsi(pair.1))
            .expect("tracks of different vessels");
        let Derived { finished, current } =
            self.of_pair(pair, numbers, parameters).derive(from, base, &mut past);

        let count = finished.len();
        let mut taken: Vec<EventId> = before.iter().chain(&past.former).map(|it| it.id).collect();
        for (number, mut encounter) in finished.into_iter().chain(current).enumerate() {
            let is_current = number == count;
            let same = match base_id {
                Some(id) if number == 0 => before.iter().position(|known| known.id == id),
                // What was retracted is taken up again where nothing else fits.
                _ => [false, true].into_iter().find_map(|is_retracted| {
                    before.iter().position(|known| {
                        (known.told() == Some(EventState::Retracted)) == is_retracted
                            && known.is_at_the_time_of(&encounter)
                    })
                }),
            };
            let mut same = same.map(|index| before.remove(index));
            let tracks = self.of_pair(pair, numbers, parameters).tracks;
            let is_changed = match &mut same {
                Some(same) => {
                    let is_changed = encounter.account(tracks) != same.account(tracks);
                    encounter.continue_telling(same);
                    is_changed || (is_current && current_before != Some(same.id))
                }
                None => {
                    counters.encounters += 1;
                    let started_at = encounter.started_at();
                    let vessels = self.of_pair(pair, numbers, parameters).vessels;
                    encounter.id = new_id(numbers, started_at, vessels, &self.encounters, &taken);
                    taken.push(encounter.id);
                    true
                }
            };
            let has_ended = !is_current || self.has_ended(pair, &encounter, parameters);
            match (&same, encounter.told()) {
                (Some(same), _) if !is_changed => {
                    encounter.closed = same.closed;
                    encounter.look_again_at = same.look_again_at;
                }
                (_, Some(told)) => {
                    encounter.closed = has_ended;
                    if let Some(state) =
                        state_again(told, &encounter, has_ended, &parameters.encounter)
                    {
                        self.tell(pair, &mut encounter, state, self.now, parameters, events);
                    }
                }
                // It is told when time goes on, like those that come in time.
                (_, None) => encounter.closed = false,
            }
            if !is_current {
                match encounter.told() {
                    Some(_) => past.former.push(encounter),
                    None => self.replaced.push((pair, encounter)),
                }
                continue;
            }
            if encounter.told().is_none() {
                self.touched.push(pair);
            }
            if is_changed {
                let apart_after = parameters.encounter.closed_after_apart.as_millis() as i64;
                let after =
                    if encounter.closed { parameters.encounter_millis() } else { apart_after };
                let again = (encounter.contact_until + after).max(self.now);
                encounter.look_again_at = again;
                self.timers.set(again, pair);
            }
            self.company.note(Noted::new(pair, &encounter, &parameters.encounter));
            self.encounters.insert(pair, encounter);
            self.partners.enter(pair);
        }
        for mut gone in before {
            match gone.told() {
                None => continue,
                Some(EventState::Retracted) => {}
                Some(_) => {
                    gone.closed = true;
                    let state = EventState::Retracted;
                    self.tell(pair, &mut gone, state, self.now, parameters, events);
                }
            }
            past.former.push(gone);
        }
        if !self.encounters.contains_key(&pair) {
            self.partners.leave(pair);
            self.company.leave(pair);
        }
        self.revision.pasts.insert(pair, past);
    }

    /// Whether the ships have been apart for long enough, or silent.
    fn has_ended(&self, pair: TrackPair, encounter: &Encounter, parameters: &Parameters) -> bool {
        let rules = &parameters.encounter;
        let after = |span: std::time::Duration| encounter.contact_until + span.as_millis() as i64;
        let apart_at = after(rules.closed_after_apart);
        let heard = |index: TrackIndex| self.track(index).last().at >= apart_at;
        apart_at < self.now
            && ((heard(pair.0) && heard(pair.1)) || after(rules.closed_after_silence) < self.now)
    }

    fn of_pair<'a>(
        &'a self,
        pair: TrackPair,
        numbers: VesselPair,
        parameters: &'a Parameters,
    ) -> Pair<'a> {
        let tracks = [pair.0, pair.1].map(|index| self.track(index));
        let vessels = tracks.map(|track| &self.vessels[track.vessel as usize]);
        Pair { vessels, tracks, numbers, parameters }
    }
}
