//! The contacts of two vessels that make one encounter, and the telling of it.

use std::time::Duration;

use maritime::{
    Event, EventId, EventState, EventVessel, Meeting, Position, Surroundings, Timestamp, TrackPoint,
};

use crate::assess;
use crate::coast::Coast;
use crate::contact::{ContactPiece, EXCURSION_MILLIS_MAX, Passage};
use crate::fix::{self, Fix, wrap};
use crate::histogram::{DistanceHistogram, SpeedHistogram};
use crate::leg::Leg;
use crate::parameters::{EncounterRules, LandMap, Parameters};
use crate::track::Track;
use crate::vessel::Vessel;

/// The track that goes with an event begins this long before it.
const TRACK_LEAD_MILLIS: i64 = 3_600_000;
/// Its points are at least this far apart: enough to draw a ship at the speed of a meeting.
const TRACK_SPACING_MILLIS_MIN: i64 = 30_000;
/// Legs shorter than this say little about speed: five metres of error in ten seconds are a knot.
const SPEED_LEG_MILLIS_MIN: i64 = 180_000;

/// What is known of one encounter. All of it sums, minima and counts of integers.
#[derive(Debug, Clone)]
pub(crate) struct Encounter {
    pub(crate) id: EventId,
    version: u32,
    /// As it was told last; `None` if it never was.
    told: Option<EventState>,
    told_contact_millis: u64,
    /// Whether it has been found to have ended; a new contact opens it again.
    pub(crate) closed: bool,
    /// When the detector looks at it again, in milliseconds since 1970.
    pub(crate) look_again_at: i64,
    /// When the ships were within the inner distance last, in milliseconds since 1970.
    pub(crate) contact_until: i64,
    /// Until when they have been within the outer distance since then.
    near_until: i64,
    /// What lies between those two. It counts when they come within the inner distance again. Bounded
    /// by [`EXCURSION_MILLIS_MAX`].
    excursion: Vec<ContactPiece>,
    contact_millis: u64,
    started_at: i64,
    started_at_earliest: Option<i64>,
    started_at_latest: i64,
    ended_at_earliest: i64,
    /// `None` as long as the last contact ended only because a leg did.
    ended_at_latest: Option<i64>,
    distance_mm_min: u32,
    distance_mm_max: u32,
    distances: DistanceHistogram,
    speeds: SpeedHistogram,
    /// Of the vessel with the lower MMSI, then of the other; so all that follow.
    observed_millis: [u64; 2],
    silence_millis_max: [i64; 2],
    draught_m_before: [Option<f32>; 2],
    trails: [Trail; 2],
    /// The place of the first piece in units, and the sum over all pieces of place less that, times
    /// milliseconds.
    first_place: (i64, i64),
    place_sum: (i128, i128),
    last_place: (i64, i64),
}

/// The two vessels of an encounter as they are remembered at an instant.
#[derive(Clone, Copy)]
pub(crate) struct Parties<'a> {
    /// In the order of [`maritime::VesselPair`].
    pub(crate) vessels: [&'a Vessel; 2],
    pub(crate) tracks: [&'a Track; 2],
    /// Reports are remembered since this, in milliseconds since 1970.
    pub(crate) since: i64,
}

impl Encounter {
    /// Begins with the span within the inner distance of two legs, which must be added still.
    pub(crate) fn new(id: EventId, piece: &ContactPiece, parties: Parties<'_>) -> Self {
        let place = piece.place();
        let [a, b] = &piece.legs;
        let (started_at_earliest, started_at_latest) = if piece.begins_by_nearing() {
            (Some(a.from.at.min(b.from.at)), a.to.at.max(b.to.at))
        } else {
            // A leg begins here and nothing leads to it: the ships may have come together any time since
            // its ship was heard before, if it was. The other one, if it is between two reports, is known
            // to be there only when it reports.
            let begins = |leg: &&Leg| leg.from.at == piece.from;
            let heard_before = [0, 1]
                .into_iter()
                .filter(|&index| begins(&&piece.legs[index]))
                .map(|index| parties.tracks[index].heard_before(piece.from, parties.since));
            let under_way = piece.legs.iter().filter(|leg| !begins(leg)).map(|leg| leg.to.at);
            (heard_before.min().flatten(), under_way.max().unwrap_or(piece.from))
        };
        Encounter {
            id,
            version: 0,
            told: None,
            told_contact_millis: 0,
            closed: false,
            look_again_at: i64::MAX,
            contact_until: piece.from,
            near_until: piece.from,
            excursion: Vec::new(),
            contact_millis: 0,
            started_at: piece.from,
            started_at_earliest,
            started_at_latest,
            ended_at_earliest: piece.from,
            ended_at_latest: None,
            distance_mm_min: u32::MAX,
            distance_mm_max: 0,
            distances: DistanceHistogram::new(),
            speeds: SpeedHistogram::new(),
            observed_millis: [0; 2],
            silence_millis_max: [0; 2],
            draught_m_before: parties
                .vessels
                .map(|vessel| vessel.draught_m_at(Timestamp::from_millis(piece.from))),
            trails: [Trail::new(), Trail::new()],
            first_place: place,
            place_sum: (0, 0),
            last_place: place,
        }
    }

    /// Whether what two legs add belongs to this encounter.
    pub(crate) fn takes(
        &self,
        passage: &Passage,
        inner: &ContactPiece,
        rules: &EncounterRules,
    ) -> bool {
        if self.goes_on_with(passage, inner) {
            return true;
        }
        let gap = inner.from - self.contact_until;
        let here = fix::position(self.last_place.0, self.last_place.1);
        let there = inner.place();
        i128::from(gap) < rules.merge_gap_max.as_millis() as i128
            && here.distance_m(fix::position(there.0, there.1)) < rules.merge_distance_m_max
    }

    /// Whether the last contact has gone on all the way to where the ships are within the inner distance
    /// again.
    fn goes_on_with(&self, passage: &Passage, inner: &ContactPiece) -> bool {
        self.near_until == passage.outer.from
            && inner.from - self.contact_until <= EXCURSION_MILLIS_MAX
    }

    /// Takes in what two legs add while the ships stay beyond the inner distance.
    pub(crate) fn stay_near(&mut self, outer: &ContactPiece) {
        if self.near_until != outer.from {
            return;
        }
        if outer.to - self.contact_until > EXCURSION_MILLIS_MAX {
            self.excursion.clear();
            self.near_until = i64::MIN;
            return;
        }
        self.excursion.push(*outer);
        self.near_until = outer.to;
    }

    /// Takes in what two legs add that bring the ships within the inner distance.
    pub(crate) fn add(
        &mut self,
        passage: &Passage,
        inner: &ContactPiece,
        parties: Parties<'_>,
        rules: &EncounterRules,
    ) {
        let outer = &passage.outer;
        let mut excursion = std::mem::take(&mut self.excursion);
        if self.goes_on_with(passage, inner) {
            excursion.push(outer.cut(outer.from, inner.from));
            for piece in excursion.iter().filter(|piece| !piece.is_empty()) {
                self.count(piece, rules);
            }
        }
        self.count(inner, rules);
        self.contact_until = inner.to;
        let [a, b] = &inner.legs;
        if inner.ends_by_parting() {
            self.ended_at_earliest = a.from.at.min(b.from.at).max(self.started_at);
            self.ended_at_latest = Some(a.to.at.max(b.to.at));
        } else {
            // A leg ends here. The other ship, if it is between two reports, was known to be there only
            // at the one before.
            let under_way = inner.legs.iter().filter(|leg| leg.to.at > inner.to);
            let earliest = under_way.map(|leg| leg.from.at).min().unwrap_or(inner.to);
            self.ended_at_earliest = earliest.max(self.started_at);
            self.ended_at_latest = None;
        }
        excursion.clear();
        self.excursion = excursion;
        let rest = outer.cut(inner.to, outer.to);
        if !rest.is_empty() {
            self.excursion.push(rest);
        }
        self.near_until = outer.to;
        self.closed = false;
        self.extend_trails(parties, rules);
    }

    fn extend_trails(&mut self, parties: Parties<'_>, rules: &EncounterRules) {
        let from = self.started_at - TRACK_LEAD_MILLIS;
        for (trail, track) in self.trails.iter_mut().zip(parties.tracks) {
            trail.extend(track, from, parties.since, rules.track_points_max);
        }
    }

    fn count(&mut self, piece: &ContactPiece, rules: &EncounterRules) {
        let millis = (piece.to - piece.from) as u64;
        let approach = &piece.approach;
        let (mm_min, mm_max) = (
            approach.distance_mm_min(piece.from, piece.to),
            approach.distance_mm_max(piece.from, piece.to),
        );
        self.distance_mm_min = self.distance_mm_min.min(mm_min);
        self.distance_mm_max = self.distance_mm_max.max(mm_max);
        self.distances.add(millis, mm_min, mm_max, |distance_m| {
            approach
                .within(distance_m, piece.from, piece.to)
                .map_or(0, |(from, to)| (to - from) as u64)
        });
        let [a, b] = &piece.legs;
        self.speeds.add(millis, (speed_knots(a) + speed_knots(b)) / 2.0);
        for (index, leg) in piece.legs.iter().enumerate() {
            self.observed_millis[index] += observed_millis(leg, piece, rules.observed_within);
            self.silence_millis_max[index] = self.silence_millis_max[index].max(leg.duration());
        }
        let place = piece.place();
        let relative = (place.0 - self.first_place.0, wrap(place.1 - self.first_place.1));
        self.place_sum.0 += i128::from(relative.0) * i128::from(millis);
        self.place_sum.1 += i128::from(relative.1) * i128::from(millis);
        self.last_place = place;
        self.contact_millis += millis;
    }

    /// The state in which it is to be told now that contact was added, if it is.
    pub(crate) fn due_state(&self, rules: &EncounterRules) -> Option<EventState> {
        let lasts = |span: Duration| u128::from(self.contact_millis) >= span.as_millis();
        let state = if lasts(rules.open_after) {
            EventState::Open
        } else if lasts(rules.candidate_after) {
            EventState::Candidate
        } else {
            return None;
        };
        let update_at = u128::from(self.told_contact_millis) + rules.update_every.as_millis();
        let due = self.told != Some(state)
            || (state == EventState::Open && u128::from(self.contact_millis) >= update_at);
        due.then_some(state)
    }

    /// The state in which it is to be told at the end of the input, if it is: what was added since it
    /// was told last is not to be lost.
    pub(crate) fn final_state(&self) -> Option<EventState> {
        let untold = self.contact_millis > self.told_contact_millis;
        (self.told == Some(EventState::Open) && untold).then_some(EventState::Open)
    }

    /// The state in which it is to be told now that it has ended, if it is.
    pub(crate) fn closing_state(&self) -> Option<EventState> {
        match self.told? {
            EventState::Candidate => Some(EventState::Retracted),
            EventState::Open => Some(EventState::Closed),
            EventState::Closed | EventState::Revised | EventState::Retracted => None,
        }
    }

    /// The next version of the event.
    pub(crate) fn tell(
        &mut self,
        state: EventState,
        parties: Parties<'_>,
        as_of: Timestamp,
        parameters: &Parameters,
    ) -> Event {
        self.version += 1;
        self.told = Some(state);
        self.told_contact_millis = self.contact_millis;
        self.extend_trails(parties, &parameters.encounter);
        if self.ended_at_latest.is_none() {
            self.ended_at_latest = self.heard_after_end(parties.tracks);
        }
        let position = self.mean_position();
        let percentile_m = |percent| {
            self.distances.percentile_m(percent, self.distance_mm_min, self.distance_mm_max)
        };
        let within = |distance_m: u16| {
            let millis = self.distances.millis_within(f64::from(distance_m));
            (distance_m, Duration::from_millis(millis))
        };
        let meeting = Meeting {
            contact: Duration::from_millis(self.contact_millis),
            distance_m_min: f64::from((self.distance_mm_min + 50) / 100) / 10.0,
            distance_m_p50: percentile_m(50),
            distance_m_p95: percentile_m(95),
            contact_within_m: [50, 100, 200, 500].map(within),
            speed_knots_p50: self.speeds.median_knots(),
            ..Meeting::default()
        };
        let mut event = Event {
            id: self.id,
            version: self.version,
            state,
            vessels: [0, 1].map(|index| self.event_vessel(index, parties.vessels[index])).into(),
            started_at: Timestamp::from_millis(self.started_at),
            started_at_earliest: self.started_at_earliest.map(Timestamp::from_millis),
            started_at_latest: Timestamp::from_millis(self.started_at_latest),
            ended_at: Timestamp::from_millis(self.contact_until),
            ended_at_earliest: Timestamp::from_millis(self.ended_at_earliest),
            ended_at_latest: self.ended_at_latest.map(Timestamp::from_millis),
            position,
            place: Surroundings {
                coast_distance_m: coast_distance_m(position, parameters.land),
                ..Surroundings::default()
            },
            meeting: Some(Box::new(meeting)),
            figures: Vec::new(),
            class: None,
            profiles: Vec::new(),
            score: 0.0,
            reasons: Vec::new(),
            as_of,
        };
        event.profiles = assess::profiles(&event, &self.distances, &parameters.profiles);
        event.reasons = assess::reasons(&event);
        event.score = assess::score(&event.reasons);
        event
    }

    fn event_vessel(&self, index: usize, vessel: &Vessel) -> EventVessel {
        let observed_millis = self.observed_millis[index];
        EventVessel {
            identity: vessel.identity,
            draught_m_before: self.draught_m_before[index],
            draught_m_after: vessel.draught_m(),
            observed: Duration::from_millis(observed_millis),
            bridged: Duration::from_millis(self.contact_millis - observed_millis),
            silence_max: Duration::from_millis(self.silence_millis_max[index] as u64),
            track: self.trails[index].points.iter().map(track_point).collect(),
            ..EventVessel::new(vessel.mmsi)
        }
    }

    /// When both had been heard again after the last contact: by then they were apart.
    fn heard_after_end(&self, tracks: [&Track; 2]) -> Option<i64> {
        let [a, b] = tracks.map(|track| track.heard_after(self.contact_until));
        Some(a?.max(b?))
    }

    fn mean_position(&self) -> Position {
        let millis = i128::from(self.contact_millis).max(1);
        let mean = |sum: i128| (2 * sum + millis).div_euclid(2 * millis) as i64;
        fix::position(
            self.first_place.0 + mean(self.place_sum.0),
            self.first_place.1 + mean(self.place_sum.1),
        )
    }
}

/// Of one ship on one leg: by the way from report to report where the leg is long enough for that, else
/// by what the ship says.
fn speed_knots(leg: &Leg) -> f64 {
    let said = f64::from(leg.from.speed_knots + leg.to.speed_knots) / 2.0;
    if leg.duration() >= SPEED_LEG_MILLIS_MIN || said.is_nan() {
        return f64::from(leg.to.leg_knots);
    }
    said
}

/// How much of a piece lies near one of the two reports of a leg.
fn observed_millis(leg: &Leg, piece: &ContactPiece, observed_within: Duration) -> u64 {
    let near = observed_within.as_millis() as i64;
    let overlap = |from: i64, to: i64| (piece.to.min(to) - piece.from.max(from)).max(0) as u64;
    if leg.duration() <= 2 * near {
        return (piece.to - piece.from) as u64;
    }
    overlap(leg.from.at, leg.from.at + near) + overlap(leg.to.at - near, leg.to.at)
}

fn track_point(fix: &Fix) -> TrackPoint {
    TrackPoint {
        observed_at: fix.observed_at(),
        position: fix.position(),
        speed_knots: (!fix.speed_knots.is_nan()).then_some(fix.speed_knots),
    }
}

/// Where a vessel was during an encounter, thinned to a bounded number of points. It is filled as the
/// contacts come, because a sub-track remembers no more than the longest leg.
#[derive(Debug, Clone)]
struct Trail {
    points: Vec<Fix>,
    /// Points nearer in time than this are left out. Doubled whenever there are too many.
    spacing_millis: i64,
}

impl Trail {
    fn new() -> Self {
        Trail { points: Vec::new(), spacing_millis: TRACK_SPACING_MILLIS_MIN }
    }

    /// Takes over what `track` remembers since `from`, with the report before that, and this trail does
    /// not have.
    fn extend(&mut self, track: &Track, from: i64, since: i64, points_max: usize) {
        let from = match self.points.last() {
            Some(last) => last.at + self.spacing_millis,
            None => track.heard_before(from, since).unwrap_or(from),
        };
        for fix in track.fixes_from(from, since) {
            let last = self.points.last();
            if last.is_none_or(|last| fix.at - last.at >= self.spacing_millis) {
                self.points.push(*fix);
            }
            while self.points.len() > points_max {
                self.thin();
            }
        }
    }

    fn thin(&mut self) {
        self.spacing_millis *= 2;
        let spacing_millis = self.spacing_millis;
        let mut kept: Option<i64> = None;
        self.points.retain(|fix| {
            let keep = kept.is_none_or(|kept| fix.at - kept >= spacing_millis);
            if keep {
                kept = Some(fix.at);
            }
            keep
        });
    }
}

/// 0 on land.
fn coast_distance_m(position: Position, land: LandMap) -> Option<f64> {
    match land {
        LandMap::NaturalEarth => {
            let nearest = Coast::natural_earth().nearest(position);
            Some(if nearest.on_land { 0.0 } else { nearest.distance_m })
        }
        LandMap::None => None,
    }
}
