//! The contacts of two vessels that make one encounter, and the telling of it.

use std::time::Duration;

use maritime::{
    Event, EventId, EventState, EventVessel, METRES_PER_NAUTICAL_MILE, Meeting, Mmsi, Position,
    Surroundings, Timestamp, TrackPoint,
};

use crate::assess::{self, hundredths};
use crate::bounds::Standing;
use crate::contact::{ContactPiece, EXCURSION_MILLIS_MAX, Passage};
use crate::fix::{self, Fix, wrap};
use crate::fixes::Fixes;
use crate::formation::{Formation, plane_m};
use crate::histogram::{DistanceHistogram, SpeedHistogram};
use crate::leg::Leg;
use crate::parameters::EncounterRules;
use crate::story::{DAY, World};
use crate::sun;
use crate::telling::Outline;
use crate::track::Track;
use crate::vessel::Vessel;

/// The track that goes with an event begins this long before it: a sub-track remembers three hours.
const TRACK_LEAD_MILLIS: i64 = 2 * 3_600_000;
/// Its points are at least this far apart: enough to draw a ship at the speed of a meeting, …
const TRACK_SPACING_MILLIS_MIN: i64 = 30_000;
/// … and on the way there.
const TRACK_SPACING_MILLIS_LEAD: i64 = 120_000;
/// Most pairs that come near each other are told of nobody, and need no track. One is begun when an encounter is long
/// enough to be told, or this long after it began, before too much of the way there is forgotten.
const TRACK_PUT_OFF_MILLIS_MAX: i64 = 3_600_000;
/// Legs shorter than this say little about speed: five metres of error in ten seconds are a knot.
const SPEED_LEG_MILLIS_MIN: i64 = 180_000;
/// The sun is looked for at every whole ten minutes of contact: it moves by 2.5° in that time.
const SUN_MILLIS: i64 = 600_000;
/// Speeds before and after a contact are means over this long, …
pub(crate) const APPROACH_MILLIS: i64 = 3_600_000;
/// … and unknown if legs cover less than this of it.
pub(crate) const APPROACH_MILLIS_MIN: i64 = 600_000;
/// A drift that is shorter or slower than this is the error of the positions.
const DRIFT_M_MIN: f64 = 50.0;
const DRIFT_KNOTS_MIN: f64 = 0.05;
/// Ships that spent half of their contact within this of each other may be lashed: the antennas of two very large
/// tankers lie up to some 200 m apart.
const CLOSE_M: f64 = 250.0;
/// Third ships that are named; of more the lowest numbers.
const THIRD_VESSELS_MAX: usize = 16;

/// What is known of one encounter. All of it sums, minima and counts of integers.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Encounter {
    pub(crate) id: EventId,
    version: u32,
    /// As it was told last; `None` if it never was.
    told: Option<EventState>,
    told_contact_millis: u64,
    /// Whether a version of it was handed out; see [`crate::Detector::without_interim_versions`].
    pub(crate) handed_out: bool,
    /// Of each vessel, how many silences were told with it, and when the last of them began and ended.
    gaps_told: [(u8, i64, i64); 2],
    /// Whether it has been found to have ended; a new contact opens it again.
    pub(crate) closed: bool,
    /// When the detector looks at it again, in milliseconds since 1970.
    pub(crate) look_again_at: i64,
    /// The instant of the reports that added to it last, and the one before which the last copy of it was kept, in
    /// milliseconds since 1970; see [`crate::revision`].
    pub(crate) changed_at: i64,
    pub(crate) copied_at: i64,
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
    /// The instants of these two places.
    first_place_at: i64,
    last_place_at: i64,
    formation: Formation,
    /// Looks at the sun in the night, and all of them.
    nights: u32,
    suns: u32,
    approach_knots: [Option<f64>; 2],
    /// Everybody who was third at any telling, in order; at most [`THIRD_VESSELS_MAX`].
    third_vessels: Vec<Mmsi>,
}

/// From when to when a vessel was silent, oldest first.
pub(crate) type Gaps = Vec<(Timestamp, Timestamp)>;

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
            handed_out: false,
            gaps_told: [(0, 0, 0); 2],
            closed: false,
            look_again_at: i64::MAX,
            changed_at: i64::MIN,
            copied_at: i64::MIN,
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
            first_place_at: piece.middle(),
            last_place_at: piece.middle(),
            formation: Formation::new(piece.from),
            nights: 0,
            suns: 0,
            approach_knots: parties.tracks.map(|track| {
                mean_knots(track, piece.from - APPROACH_MILLIS, piece.from, parties.since)
            }),
            third_vessels: Vec::new(),
        }
    }

    /// A part of most lines of memory that are needed when it is looked at or added to; see
    /// [`crate::stage::clean::look_ahead`].
    pub(crate) fn look_ahead(&self) -> i64 {
        let millis = [self.look_again_at, self.contact_until, self.near_until, self.last_place_at];
        let sums = self.contact_millis ^ self.observed_millis[0] ^ u64::from(self.distance_mm_min);
        millis.into_iter().fold(sums as i64, |seen, millis| seen ^ millis)
            ^ self.place_sum.0 as i64
            ^ self.formation.look_ahead()
            ^ self.distances.look_ahead()
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
        make_room(&mut self.excursion);
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
            let nearing = outer.cut(outer.from, inner.from);
            for piece in excursion.iter().chain([&nearing]).filter(|piece| !piece.is_empty()) {
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
            make_room(&mut self.excursion);
            self.excursion.push(rest);
        }
        self.near_until = outer.to;
        self.closed = false;
        self.extend_trails(parties, rules);
    }

    fn extend_trails(&mut self, parties: Parties<'_>, rules: &EncounterRules) {
        if !self.is_of_note(rules)
            && self.contact_until - self.started_at < TRACK_PUT_OFF_MILLIS_MAX
        {
            return;
        }
        for (trail, track) in self.trails.iter_mut().zip(parties.tracks) {
            trail.extend(track, self.started_at, parties.since, rules);
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
        self.last_place_at = piece.middle();
        self.contact_millis += millis;
        self.formation.add(piece);
        self.look_at_the_sun(piece);
    }

    fn look_at_the_sun(&mut self, piece: &ContactPiece) {
        let mut at = piece.from + (-piece.from).rem_euclid(SUN_MILLIS);
        while at < piece.to {
            self.suns += 1;
            self.nights += u32::from(sun::is_night(at, piece.legs[0].place_at(at)));
            at += SUN_MILLIS;
        }
    }

    /// Whether it has lasted long enough to be told.
    pub(crate) fn is_of_note(&self, rules: &EncounterRules) -> bool {
        u128::from(self.contact_millis) >= rules.candidate_after.as_millis()
    }

    /// Whether it was at the time of another one.
    pub(crate) fn is_at_the_time_of(&self, other: &Encounter) -> bool {
        self.started_at <= other.contact_until && other.started_at <= self.contact_until
    }

    /// Whether the ships spent most of it so near each other that they may be lashed.
    pub(crate) fn is_close(&self) -> bool {
        2 * self.distances.millis_within(CLOSE_M) >= self.contact_millis
    }

    /// What speaks for keeping it where there is no room for all.
    pub(crate) fn standing(&self, known_since: i64) -> Standing {
        let (distance_mm, contact_millis) = (self.distance_mm_min, self.contact_millis);
        Standing { distance_mm, contact_millis, known_since }
    }

    /// Whether it was never told.
    pub(crate) fn is_untold(&self) -> bool {
        self.told.is_none()
    }

    /// In milliseconds since 1970.
    pub(crate) fn started_at(&self) -> i64 {
        self.started_at
    }

    /// The span of time, in milliseconds since 1970, in which silences of its ships belong to it.
    pub(crate) fn gaps_within(&self) -> (i64, i64) {
        let day = DAY.as_millis() as i64;
        (self.started_at - day, self.contact_until + day)
    }

    /// Whether it was told as having ended, and without some of these silences.
    pub(crate) fn lacks(&self, gaps: &[Gaps; 2]) -> bool {
        let has_ended = matches!(self.told, Some(EventState::Closed | EventState::Revised));
        has_ended && gaps_told(gaps) != self.gaps_told
    }

    /// As it was told last; `None` if it never was.
    pub(crate) fn told(&self) -> Option<EventState> {
        self.told
    }

    /// A copy from which it can be derived again: without the trails, which are many times the rest.
    pub(crate) fn copy(&mut self) -> Self {
        let trails = std::mem::replace(&mut self.trails, [Trail::new(), Trail::new()]);
        let copy = self.clone();
        self.trails = trails;
        copy
    }

    /// Takes over the trails of another account of this encounter as they were before an instant.
    pub(crate) fn recall_trails(&mut self, other: &Encounter, before: i64) {
        self.trails = other.trails.clone();
        for trail in &mut self.trails {
            trail.retain(|fix| fix.at < before);
        }
    }

    /// Takes over how another account of this encounter was told.
    pub(crate) fn continue_telling(&mut self, other: &Encounter) {
        self.id = other.id;
        self.version = other.version;
        self.told = other.told;
        self.told_contact_millis = other.told_contact_millis;
        self.handed_out = other.handed_out;
        self.gaps_told = other.gaps_told;
        self.third_vessels.clone_from(&other.third_vessels);
    }

    /// What it says of the two ships, apart from how and when it was told: equal if that is equal.
    pub(crate) fn account(&mut self, tracks: [&Track; 2]) -> Vec<u8> {
        let account = Encounter {
            version: 0,
            told: None,
            told_contact_millis: 0,
            handed_out: false,
            gaps_told: [(0, 0, 0); 2],
            closed: false,
            look_again_at: 0,
            changed_at: 0,
            copied_at: 0,
            near_until: 0,
            excursion: Vec::new(),
            ended_at_latest: self.ended_at_latest.or_else(|| self.heard_after_end(tracks)),
            third_vessels: Vec::new(),
            ..self.copy()
        };
        postcard::to_allocvec(&account).expect("an encounter can be written to memory")
    }

    /// Others were in contact with one of the two, as is found whenever it is told.
    pub(crate) fn meet_thirds(&mut self, thirds: impl IntoIterator<Item = Mmsi>) {
        self.third_vessels.extend(thirds);
        self.third_vessels.sort_unstable();
        self.third_vessels.dedup();
        self.third_vessels.truncate(THIRD_VESSELS_MAX);
    }

    /// The state in which it is to be told now that contact was added, if it is.
    pub(crate) fn due_state(&self, rules: &EncounterRules) -> Option<EventState> {
        let state = self.reached_state(rules)?;
        let update_at = u128::from(self.told_contact_millis) + rules.update_every.as_millis();
        let due = self.told != Some(state)
            || (state == EventState::Open && u128::from(self.contact_millis) >= update_at);
        due.then_some(state)
    }

    /// How far it has come by its time in contact; `None` if it is too short to be told.
    pub(crate) fn reached_state(&self, rules: &EncounterRules) -> Option<EventState> {
        let lasts = |span: Duration| u128::from(self.contact_millis) >= span.as_millis();
        if lasts(rules.open_after) {
            return Some(EventState::Open);
        }
        lasts(rules.candidate_after).then_some(EventState::Candidate)
    }

    /// The state in which it is to be told at the end of the input, if it is: what was added and learned since it
    /// was told last is not to be lost.
    pub(crate) fn final_state(&self) -> Option<EventState> {
        self.told.filter(|told| *told == EventState::Open)
    }

    /// The state in which it is to be told now that it has ended, if it is.
    pub(crate) fn closing_state(&self) -> Option<EventState> {
        match self.told? {
            EventState::Candidate => Some(EventState::Retracted),
            EventState::Open => Some(EventState::Closed),
            EventState::Closed | EventState::Revised | EventState::Retracted => None,
        }
    }

    /// Counts another version, for which [`Encounter::outline`] has the words.
    pub(crate) fn tell(
        &mut self,
        state: EventState,
        parties: Parties<'_>,
        gaps: &[Gaps; 2],
        rules: &EncounterRules,
    ) {
        self.version += 1;
        self.gaps_told = gaps_told(gaps);
        self.told = Some(state);
        self.told_contact_millis = self.contact_millis;
        self.extend_trails(parties, rules);
        if self.ended_at_latest.is_none() {
            self.ended_at_latest = self.heard_after_end(parties.tracks);
        }
    }

    /// The version of the event that was counted last.
    pub(crate) fn outline(
        &self,
        state: EventState,
        parties: Parties<'_>,
        raft: Option<EventId>,
        gaps: [Gaps; 2],
        as_of: Timestamp,
        world: World<'_>,
    ) -> Outline {
        let within = |distance_m: u16| {
            let millis = self.distances.millis_within(f64::from(distance_m));
            (distance_m, Duration::from_millis(millis))
        };
        let (drift_knots, drift_course_deg) = self.drift();
        let meeting = Meeting {
            contact: Duration::from_millis(self.contact_millis),
            distance_m_min: f64::from((self.distance_mm_min + 50) / 100) / 10.0,
            distance_m_p50: 0.0,
            distance_m_p95: 0.0,
            contact_within_m: [50, 100, 200, 500].map(within),
            speed_knots_p50: self.speeds.median_knots(),
            hull_gap_m_p50: None,
            hull_gap_uncertainty_m: None,
            heading_difference_deg_p50: None,
            body_frame_spread_m: None,
            earth_frame_spread_m: None,
            drift_knots,
            drift_course_deg,
            approach_knots: self.approach_knots,
            parting_knots: parties.tracks.map(|track| self.parting_knots(track, parties.since)),
            night_share: hundredths(f64::from(self.nights) / f64::from(self.suns.max(1))),
            third_vessels: self.third_vessels.clone(),
            raft,
        };
        let mut event = Event {
            id: self.id,
            version: self.version,
            state,
            vessels: parties
                .vessels
                .into_iter()
                .zip(gaps)
                .enumerate()
                .map(|(index, (vessel, gaps))| EventVessel {
                    gaps,
                    ..self.event_vessel(index, vessel)
                })
                .collect(),
            started_at: Timestamp::from_millis(self.started_at),
            started_at_earliest: self.started_at_earliest.map(Timestamp::from_millis),
            started_at_latest: Timestamp::from_millis(self.started_at_latest),
            ended_at: Timestamp::from_millis(self.contact_until),
            ended_at_earliest: Timestamp::from_millis(self.ended_at_earliest),
            ended_at_latest: self.ended_at_latest.map(Timestamp::from_millis),
            position: self.mean_position(),
            place: Surroundings::default(),
            meeting: None,
            figures: Vec::new(),
            class: None,
            profiles: Vec::new(),
            score: 0.0,
            reasons: Vec::new(),
            as_of,
        };
        event.place = assess::learned_surroundings(&event, world);
        Outline {
            event,
            meeting,
            distances: self.distances.clone(),
            distances_mm: [self.distance_mm_min, self.distance_mm_max],
            formation: self.formation.clone(),
            trails: self.trails.clone(),
        }
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
            identity_changes: vessel.identity_changes(
                Timestamp::from_millis(self.started_at).minus(DAY),
                Timestamp::from_millis(self.contact_until).plus(DAY),
            ),
            watchlists: vessel.watchlists(),
            ..EventVessel::new(vessel.mmsi)
        }
    }

    /// Speed and course from the first place to the last.
    fn drift(&self) -> (f64, Option<f64>) {
        let millis = self.last_place_at - self.first_place_at;
        let [east, north] = plane_m(self.first_place, self.last_place);
        let metres = libm::sqrt(east * east + north * north);
        let knots = metres * 3_600_000.0 / METRES_PER_NAUTICAL_MILE / millis.max(1) as f64;
        if metres < DRIFT_M_MIN || knots < DRIFT_KNOTS_MIN {
            return (0.0, None);
        }
        let course_deg = libm::round(libm::atan2(east, north).to_degrees()).rem_euclid(360.0);
        (hundredths(knots), Some(course_deg))
    }

    /// Known once it is closed: until then they may come back.
    fn parting_knots(&self, track: &Track, since: i64) -> Option<f64> {
        let until = self.contact_until + APPROACH_MILLIS;
        let known = self.closed.then(|| mean_knots(track, self.contact_until, until, since));
        known.flatten()
    }

    /// When both had been heard again after the last contact: by then they were apart.
    fn heard_after_end(&self, tracks: [&Track; 2]) -> Option<i64> {
        let [a, b] = tracks.map(|track| track.heard_after(self.contact_until));
        Some(a?.max(b?))
    }

    /// The mean over the time in contact.
    pub(crate) fn mean_position(&self) -> Position {
        let millis = i128::from(self.contact_millis).max(1);
        let mean = |sum: i128| (2 * sum + millis).div_euclid(2 * millis) as i64;
        fix::position(
            self.first_place.0 + mean(self.place_sum.0),
            self.first_place.1 + mean(self.place_sum.1),
        )
    }
}

/// Room for one more, and for half as many as there are: a list that grows by itself begins with four, and in most lists of
/// the very many encounters there are one or two.
pub(crate) fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(1 + list.len() / 2);
    }
}

/// How many there are of each vessel, and when the last of them began and ended.
fn gaps_told(gaps: &[Gaps; 2]) -> [(u8, i64, i64); 2] {
    [0, 1].map(|index| {
        let last = gaps[index].last();
        let (from, to) = last.map_or((0, 0), |(from, to)| (from.as_millis(), to.as_millis()));
        (gaps[index].len().min(255) as u8, from, to)
    })
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

/// Mean speed over the legs between two instants, to a tenth of a knot.
fn mean_knots(track: &Track, from: i64, to: i64, since: i64) -> Option<f64> {
    let (mut millis, mut sum) = (0, 0.0);
    let mut before: Option<i64> = None;
    for fix in track.fixes_from(from - APPROACH_MILLIS, since) {
        if let Some(leg_from) = before
            && !fix.leg_knots.is_nan()
        {
            let part = (fix.at.min(to) - leg_from.max(from)).max(0);
            millis += part;
            sum += f64::from(fix.leg_knots) * part as f64;
        }
        before = Some(fix.at);
        if fix.at >= to {
            break;
        }
    }
    (millis >= APPROACH_MILLIS_MIN).then(|| libm::round(sum / millis as f64 * 10.0) / 10.0)
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

pub(crate) fn track_point(fix: &Fix) -> TrackPoint {
    let known = |number: f32| (!number.is_nan()).then_some(number);
    TrackPoint {
        observed_at: fix.observed_at(),
        position: fix.position(),
        speed_knots: known(fix.speed_knots),
        course_deg: known(fix.course_deg),
        heading_deg: known(fix.heading_deg),
        ends_silence: ends_silence(fix),
    }
}

/// Where a vessel was during an encounter, thinned to a bounded number of points. It is filled as the
/// contacts come, because a sub-track remembers no more than the longest leg.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Trail {
    /// In place of the speed on the leg, which is not told: [`ENDS_SILENCE`], or no number.
    points: Option<Fixes>,
    count: u32,
    /// Points nearer in time than this are left out, unless they are the ends of a longer silence. Doubled whenever
    /// there are too many.
    spacing_millis: i64,
}

/// The mark of a point of a [`Trail`] before which nothing was heard since the point before it, for long.
const ENDS_SILENCE: f32 = 1.0;

fn ends_silence(point: &Fix) -> bool {
    point.leg_knots == ENDS_SILENCE
}

impl Trail {
    fn new() -> Self {
        Trail { points: None, count: 0, spacing_millis: TRACK_SPACING_MILLIS_MIN }
    }

    /// In order.
    pub(crate) fn points(&self) -> Vec<Fix> {
        let mut points: Vec<Fix> = self.points.iter().flat_map(Fixes::backward).collect();
        points.reverse();
        points
    }

    /// Takes over what `track` remembers since [`TRACK_LEAD_MILLIS`] before `started_at`, with the report before that,
    /// and this trail does not have.
    fn extend(&mut self, track: &Track, started_at: i64, since: i64, rules: &EncounterRules) {
        // A silence that is shorter is observed, not bridged.
        let silence_millis = 2 * rules.observed_within.as_millis() as i64;
        let last = self.points.as_ref().map(|points| points.last().at);
        let from = match last {
            Some(last) => {
                let newest = track.last().at;
                let is_dense = track.last_leg().duration() <= silence_millis;
                if newest - last < self.spacing_millis && is_dense {
                    return;
                }
                last
            }
            None => {
                let from = started_at - TRACK_LEAD_MILLIS;
                track.heard_before(from, since).unwrap_or(from)
            }
        };
        let mut before: Option<Fix> = None;
        for fix in track.fixes_from(from, since) {
            let before = before.replace(fix);
            if last.is_some_and(|last| fix.at <= last) {
                continue;
            }
            let silent = before.as_ref().map_or(0, |before| fix.at - before.at);
            // Of one that begins before what is remembered nobody knows.
            let is_silence = silent > silence_millis;
            if let Some(before) = before
                && is_silence
                && silent > self.spacing_millis
                && self.last_at() != Some(before.at)
            {
                self.push(before, false);
            }
            let spacing_millis = match fix.at < started_at {
                true => self.spacing_millis.max(TRACK_SPACING_MILLIS_LEAD),
                false => self.spacing_millis,
            };
            let kept = self.last_at();
            let follows = before.is_some_and(|before| kept == Some(before.at));
            let is_far = kept.is_none_or(|kept| fix.at - kept >= spacing_millis);
            if is_far || (is_silence && silent > self.spacing_millis) {
                self.push(fix, is_silence && follows);
            }
            while self.count as usize > rules.track_points_max {
                self.thin();
            }
        }
    }

    fn last_at(&self) -> Option<i64> {
        self.points.as_ref().map(|points| points.last().at)
    }

    fn push(&mut self, fix: Fix, ends_silence: bool) {
        let point = Fix { leg_knots: if ends_silence { ENDS_SILENCE } else { f32::NAN }, ..fix };
        self.count += 1;
        match &mut self.points {
            Some(points) => points.push(point, i64::MIN),
            None => self.points = Some(Fixes::new(point)),
        }
    }

    /// The ends of silences stay as long as those are longer than the spacing, which are fewer with every doubling.
    fn thin(&mut self) {
        self.spacing_millis *= 2;
        let points = self.points();
        (self.points, self.count) = (None, 0);
        let is_end = |index: usize| {
            let [before, point] = [points.get(index.wrapping_sub(1)), points.get(index)];
            let (Some(before), Some(point)) = (before, point) else { return false };
            ends_silence(point) && point.at - before.at > self.spacing_millis
        };
        let mut kept = Vec::with_capacity(points.len());
        for (index, point) in points.iter().enumerate() {
            let last: Option<&(i64, Fix, bool)> = kept.last();
            let is_far = last.is_none_or(|(at, ..)| point.at - at >= self.spacing_millis);
            if is_far || is_end(index) || is_end(index + 1) {
                let follows = index > 0 && last.is_some_and(|(at, ..)| *at == points[index - 1].at);
                kept.push((point.at, *point, follows && ends_silence(point)));
            }
        }
        kept.into_iter().for_each(|(_, point, ends_silence)| self.push(point, ends_silence));
    }

    fn retain(&mut self, is_kept: impl FnMut(&Fix) -> bool) {
        let mut points = self.points();
        points.retain(is_kept);
        (self.points, self.count) = (None, 0);
        points.into_iter().for_each(|point| self.push(point, ends_silence(&point)));
    }
}
