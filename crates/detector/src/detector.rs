//! The whole way from reports to events.

use std::sync::Arc;

use maritime::{
    Event, EventId, EventKind, EventState, Mmsi, MmsiKind, PositionFix, Report, StaticReport,
    Surroundings, Timestamp, VesselIdentity, VesselPair,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::assess;
use crate::bounds::{AtBounds, Bounds, Partners, Standing};
use crate::contact::ContactPiece;
use crate::encounter::{Encounter, Gaps, Parties};
use crate::fix::{Fix, radians, wrap};
use crate::grid::Grid;
use crate::leg::Leg;
use crate::parameters::Parameters;
use crate::places::Places;
use crate::raft::{Company, Noted, TrackPair};
use crate::reorder::{self, Admission, ReorderBuffer};
use crate::revision::Revision;
use crate::stage::clean::{Cleaned, Joined, LOOK_AHEAD, Outcome, look_ahead};
use crate::stage::contacts::{Contacts, Found};
use crate::stage::{Batch, Division, Fleet, Fresh, NewLeg};
use crate::story::{Heard, Learned, Story, WatchIndex, World};
use crate::telling::{Settled, Teller, Telling};
use crate::timers::Timers;
use crate::track::{Track, TrackIndex};
use crate::vessel::{Place, SUB_TRACKS_MAX, Vessel};

/// How often what is out of date is thrown away, in milliseconds of the data's time.
const SWEEP_MILLIS: i64 = 3_600_000;
/// A sub-track is forgotten after this long without a report; nothing continues it then.
const TRACK_KEPT_MILLIS: i64 = 25 * 3_600_000;
/// An encounter that could be closed, but one of its ships has not been heard yet, is looked at again
/// after this.
const RECHECK_MILLIS: i64 = 15 * 60_000;
/// At the end whoever takes what is told is given so many at once.
const TOLD_AT_A_TIME: usize = 64;

/// Finds encounters in a stream of reports.
///
/// The same reports give the same events: at any speed, on any day, in any order of arrival within
/// [`Parameters::lateness`]. It reads no clock; time is the time of the reports. Where they name their
/// receivers, one whose clock is ahead of the others is not believed; where they do not, a report from the far future
/// makes all others late: whoever feeds it keeps such reports back.
///
/// ```
/// use alongside_detector::{Detector, Parameters};
/// use maritime::{Mmsi, Position, PositionFix, Report, Timestamp};
///
/// let mut detector = Detector::new(Parameters::default());
/// let mut events = Vec::new();
/// // Two tankers drift 100 m apart for three hours, far out in the Gulf of Mexico.
/// for minute in (0..180).step_by(5) {
///     for (mmsi, longitude_deg) in [(311_000_222, -90.0), (538_005_541, -90.001)] {
///         let fix = PositionFix {
///             mmsi: Mmsi::new(mmsi).unwrap(),
///             observed_at: Timestamp::from_secs(1_704_067_200 + minute * 60),
///             position: Position::new(27.0 + minute as f64 * 1e-4, longitude_deg).unwrap(),
///             speed_knots: Some(0.1),
///             course_deg: None,
///             heading_deg: None,
///             coarse: false,
///             station: None,
///         };
///         detector.push(&Report::Position(fix), &mut events);
///     }
/// }
/// detector.finish(&mut events);
/// let last = events.last().unwrap();
/// assert_eq!(last.id.to_string(), "encounter-311000222-538005541-20240101T000000Z");
/// assert_eq!(last.profiles, ["gfw", "skylight", "starboard", "sts"]);
/// ```
#[derive(Debug)]
pub struct Detector {
    parameters: Arc<Parameters>,
    counters: Counters,
    reorder: ReorderBuffer,
    state: State,
    teller: Teller,
    /// Empty between calls; kept for its allocation.
    tellings: Vec<Telling>,
    /// The same.
    batch: Batch,
}

/// Whether a report was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It was.
    Accepted,
    /// It speaks of a time that has been dealt with; see [`Parameters::lateness`].
    Late,
}

/// What has been done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Counters {
    /// Positions taken in, before anything is set aside.
    pub positions: u64,
    /// Pieces of identity taken in.
    pub statics: u64,
    /// Reports that came too late, or were far ahead of all others when there was no room to wait for those.
    pub late: u64,
    /// Of these, reports that were put in their place afterwards.
    pub late_placed: u64,
    /// Of these, reports that were too old for that; see [`Parameters::revision_horizon`]. The rest of those that came
    /// too late say nothing of a ship, or nothing that was not known.
    pub late_beyond_horizon: u64,
    /// Events told again because of reports that came too late, each version counted.
    pub retold: u64,
    /// Reports of receivers whose clock was so far ahead of all others that they did not count for the time.
    pub capped: u64,
    /// Positions set aside: of something that is no ship by its number (coast station, aid to
    /// navigation, aircraft, distress beacon), and no fishing gear either.
    pub not_ships: u64,
    /// Positions set aside: too coarse for a contact (message 27).
    pub coarse: u64,
    /// Positions set aside: so soon after another that they say the same.
    pub repeated: u64,
    /// Sub-tracks begun: at least one for every ship; more where two ships share a number, or
    /// positions jump.
    pub sub_tracks: u64,
    /// Legs slow enough to take part in a contact.
    pub legs: u64,
    /// Pairs of overlapping legs that were compared.
    pub compared: u64,
    /// Encounters begun, most of them too short to be told.
    pub encounters: u64,
    /// Events handed out, each version counted.
    pub events: u64,
    /// What has happened at the bounds of what is remembered.
    pub at_bounds: AtBounds,
}

/// What is known of a vessel at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VesselSummary {
    /// Who, as claimed.
    pub mmsi: Mmsi,
    /// The newest of every field.
    pub identity: VesselIdentity,
    /// As said last, in metres.
    pub draught_m: Option<f32>,
    /// First report of any sort.
    pub first_heard_at: Timestamp,
    /// Last report of any sort.
    pub last_heard_at: Timestamp,
    /// Number of positions.
    pub positions: u64,
}

impl Detector {
    /// A detector that has heard nothing yet.
    pub fn new(parameters: Parameters) -> Self {
        let parameters = Arc::new(parameters);
        let state = State::new(&parameters);
        Detector {
            reorder: ReorderBuffer::new(parameters.lateness, parameters.bounds.reports_held_max),
            teller: Teller::new(parameters.clone()),
            state,
            parameters,
            counters: Counters::default(),
            tellings: Vec::new(),
            batch: Batch::new(Division::threads(1)),
        }
    }

    /// The same with so many threads at work on what thousands of reports within ten seconds come to. What is found does
    /// not depend on it. On two cores that had other work it took longer than with one; nothing in this program asks for it.
    pub fn with_threads(self, count: usize) -> Self {
        self.divided(Division::threads(count))
    }

    pub(crate) fn divided(self, division: Division) -> Self {
        Detector { batch: Batch::new(division), ..self }
    }

    /// The same without the versions of encounters that have not ended: for whoever wants the findings alone, once
    /// the input is at its end. Everything else is told as it is with them, under the same ids and versions.
    pub fn without_interim_versions(mut self) -> Self {
        self.state.leaves_out_interim = true;
        self
    }

    /// Takes in a report, and appends to `events` what can be told by now.
    pub fn push(&mut self, report: &Report, events: &mut Vec<Event>) -> Disposition {
        let mut tellings = std::mem::take(&mut self.tellings);
        let disposition = self.settle(report, &mut tellings);
        events.extend(tellings.drain(..).map(|telling| self.teller.event(telling)));
        self.tellings = tellings;
        disposition
    }

    /// Takes in a report as [`Detector::push`] does, and leaves to a [`Detector::teller`] what need not be done here and
    /// now: most of what telling takes.
    pub fn settle(&mut self, report: &Report, tellings: &mut Vec<Telling>) -> Disposition {
        let admission = self.reorder.push(report);
        self.counters.capped = self.reorder.capped();
        if admission != Admission::Held {
            self.counters.late += 1;
            if admission == Admission::Late {
                self.take_late(report, tellings);
            }
            return Disposition::Late;
        }
        while let Some(slice) = self.reorder.pop_slice() {
            self.take(&slice.in_order(), tellings);
        }
        Disposition::Accepted
    }

    /// The input has ended: appends to `events` what is known by then of the encounters that are open.
    /// They stay open, because nobody knows how they went on.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        let teller = self.teller();
        self.settle_rest(|tellings| {
            events.extend(tellings.drain(..).map(|telling| teller.event(telling)));
        });
    }

    /// The same, leaving to a [`Detector::teller`] what it can do. `take` is given some at a time, because there may be
    /// as many as there are ships at anchor; what it does not drain is dropped.
    pub fn settle_rest(&mut self, mut take: impl FnMut(&mut Vec<Telling>)) {
        let mut tellings = Vec::new();
        while let Some(slice) = self.reorder.pop_first() {
            self.take(&slice.in_order(), &mut tellings);
            take(&mut tellings);
            tellings.clear();
        }
        let mut count = 0;
        let mut take = |tellings: &mut Vec<Telling>| {
            count += tellings.len() as u64;
            take(tellings);
            tellings.clear();
        };
        self.state.revise(&self.parameters, &mut self.counters, &mut tellings);
        self.state.tell_rest(&self.parameters, &mut tellings, &mut take);
        take(&mut tellings);
        self.counters.events += count;
    }

    /// Whoever makes events of what [`Detector::settle`] gives.
    pub fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// What has been done so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The parameters it was made with.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What a snapshot holds.
    pub(crate) fn kept(&self) -> impl Serialize {
        (&self.counters, &self.reorder, &self.state)
    }

    /// Goes on from what [`Detector::kept`] gave.
    pub(crate) fn with_kept(kept: Kept, parameters: Parameters) -> Self {
        let parameters = Arc::new(parameters);
        let Kept(counters, reorder, state) = kept;
        let state = state.with_parameters(&parameters);
        let teller = Teller::new(parameters.clone());
        let batch = Batch::new(Division::threads(1));
        Detector { counters, reorder, state, teller, parameters, tellings: Vec::new(), batch }
    }

    /// Everybody who was heard, in the order of their numbers.
    pub fn vessels(&self) -> impl Iterator<Item = VesselSummary> {
        let known = self.state.by_mmsi.values();
        let mut vessels: Vec<&Vessel> =
            known.map(|&index| &self.state.vessels[index as usize]).collect();
        vessels.sort_unstable_by_key(|vessel| vessel.mmsi);
        vessels.into_iter().map(|vessel| VesselSummary {
            mmsi: vessel.mmsi,
            identity: vessel.identity,
            draught_m: vessel.draught_m(),
            first_heard_at: vessel.first_heard_at,
            last_heard_at: vessel.last_heard_at,
            positions: vessel.positions,
        })
    }

    fn take_late(&mut self, report: &Report, events: &mut Vec<Telling>) {
        if report.observed_at().as_millis() > self.state.now {
            // It missed its slice, but nothing newer has been dealt with.
            self.counters.late_placed += 1;
            return self.take(&[report.into()], events);
        }
        match report {
            Report::Static(report) => {
                self.state.learn_late(report, &self.parameters, &mut self.counters);
            }
            Report::Position(fix) => {
                let told = events.len();
                self.state.place_late(fix, &self.parameters, &mut self.counters, events);
                let retold = (events.len() - told) as u64;
                self.counters.retold += retold;
                self.counters.events += retold;
            }
        }
    }

    fn take(&mut self, mut reports: &[reorder::Heard<'_>], events: &mut Vec<Telling>) {
        let told = events.len();
        let (state, parameters) = (&mut self.state, &*self.parameters);
        let counters = &mut self.counters;
        state.revise(parameters, counters, events);
        while let Some(first) = reports.first() {
            state.advance(first.observed_at().as_millis(), parameters, events);
            let count = state.work_out(reports, parameters, &mut self.batch);
            counters.compared += self.batch.compared();
            let (batch, rest) = reports.split_at(count);
            for next in batch.chunks(LOOK_AHEAD) {
                if self.batch.is_large() {
                    look_ahead(next.iter().map(|report| report.mmsi()), state.fleet());
                }
                for report in next {
                    state.advance(report.observed_at().as_millis(), parameters, events);
                    state.take_in(report, parameters, counters, &mut self.batch, events);
                }
            }
            reports = rest;
        }
        counters.events += (events.len() - told) as u64;
        counters.at_bounds = state.at_bounds;
        counters.at_bounds.reports_hurried = self.reorder.hurried();
    }
}

/// What a snapshot holds.
#[derive(Deserialize)]
pub(crate) struct Kept(Counters, ReorderBuffer, State);

/// Everything that is remembered between reports.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct State {
    #[serde(skip)]
    pub(crate) bounds: Bounds,
    /// See [`Detector::without_interim_versions`].
    #[serde(skip)]
    leaves_out_interim: bool,
    pub(crate) at_bounds: AtBounds,
    /// One for every number: who a ship was is part of its next encounter. Bounded by [`Bounds::vessels_max`]; those
    /// that were forgotten leave an empty one, whose index is among `vacant`.
    pub(crate) vessels: Vec<Vessel>,
    pub(crate) vacant: Vec<u32>,
    #[serde(with = "crate::snapshot::sorted_map")]
    pub(crate) by_mmsi: FxHashMap<Mmsi, u32>,
    /// Forgotten a day after the last report. Bounded by the numbers heard within a day, times the ships
    /// that are told apart under one.
    pub(crate) tracks: Vec<Option<Track>>,
    /// Places in `tracks` that are free again.
    pub(crate) free: Vec<TrackIndex>,
    pub(crate) grid: Grid,
    /// By the sub-tracks of the two vessels, in the order of [`VesselPair`]. One is forgotten when no
    /// contact can be added to it any more. Boxed, because each is large and the map moves them.
    #[serde(with = "crate::snapshot::sorted_map")]
    pub(crate) encounters: FxHashMap<TrackPair, Box<Encounter>>,
    pub(crate) partners: Partners,
    /// When to look at an encounter again. One for every encounter, and a few that have been overtaken.
    pub(crate) timers: Timers,
    pub(crate) now: i64,
    swept_at: i64,
    /// Sub-tracks near the leg at hand, where that is not worked out beforehand; kept for its allocation.
    #[serde(skip)]
    pub(crate) near: Vec<TrackIndex>,
    /// Encounters that the reports of this instant have added to.
    pub(crate) touched: Vec<TrackPair>,
    /// What a chapter has just told; kept for its allocation.
    #[serde(skip)]
    told: Vec<Event>,
    /// Encounters that made room at this instant for another one of the same pair.
    pub(crate) replaced: Vec<(TrackPair, Box<Encounter>)>,
    pub(crate) company: Company,
    #[serde(skip)]
    pub(crate) watch: WatchIndex,
    pub(crate) revision: Revision,
    /// Where ships stand still and where they meet.
    pub(crate) places: Places,
    pub(crate) story: Story,
}

impl State {
    fn new(parameters: &Parameters) -> Self {
        State {
            bounds: parameters.bounds.clone(),
            leaves_out_interim: false,
            at_bounds: AtBounds::default(),
            vessels: Vec::new(),
            vacant: Vec::new(),
            partners: Partners::default(),
            by_mmsi: FxHashMap::default(),
            tracks: Vec::new(),
            free: Vec::new(),
            grid: Grid::new(parameters.contact.distance_m_out, parameters.bounds.presences_max),
            encounters: FxHashMap::default(),
            timers: Timers::default(),
            now: i64::MIN,
            swept_at: i64::MIN,
            near: Vec::new(),
            touched: Vec::new(),
            told: Vec::new(),
            replaced: Vec::new(),
            company: Company::default(),
            revision: Revision::default(),
            watch: WatchIndex::new(&parameters.watchlists),
            places: Places::default(),
            story: Story::default(),
        }
    }

    /// Adds to what was read from a snapshot what the parameters tell again.
    fn with_parameters(self, parameters: &Parameters) -> Self {
        State {
            bounds: parameters.bounds.clone(),
            watch: WatchIndex::new(&parameters.watchlists),
            ..self
        }
    }

    /// Everybody, and what has been learned of them.
    fn fleet(&self) -> Fleet<'_> {
        Fleet {
            by_mmsi: &self.by_mmsi,
            vessels: &self.vessels,
            tracks: &self.tracks,
            story: &self.story,
            places: &self.places,
        }
    }

    /// Works out what can be of the first of `reports`, in order of time, before any of them is taken in. Says of how
    /// many. Time has come to the first of them.
    fn work_out(
        &mut self,
        reports: &[reorder::Heard<'_>],
        parameters: &Parameters,
        batch: &mut Batch,
    ) -> usize {
        let reports = &reports[..self.batch_max(reports)];
        let State { by_mmsi, vessels, tracks, story, places, grid, .. } = self;
        let fleet = Fleet { by_mmsi, vessels, tracks, story, places };
        batch.work_out(reports, fleet, grid, parameters)
    }

    /// How many of these may be worked out at a time: while they are taken in, nothing must be forgotten that was known
    /// when they were worked out. So there must be room for as many new vessels and sub-tracks, and no sweep is due. At
    /// a bound they are taken one by one.
    fn batch_max(&self, reports: &[reorder::Heard<'_>]) -> usize {
        let vessels_room = self.bounds.vessels_max + self.vacant.len();
        let tracks_room = 2 * self.bounds.vessels_max + self.free.len();
        let room = vessels_room
            .saturating_sub(self.vessels.len())
            .min(tracks_room.saturating_sub(self.tracks.len()));
        let reports = &reports[..reports.len().min(room.max(1))];
        let sweep_at = self.swept_at.saturating_add(SWEEP_MILLIS);
        reports.partition_point(|report| report.observed_at().as_millis() < sweep_at).max(1)
    }

    /// Brings the time forward: what is due before `now` happens first.
    fn advance(&mut self, now: i64, parameters: &Parameters, events: &mut Vec<Telling>) {
        if now == self.now {
            return;
        }
        self.tell_touched(parameters, events);
        while let Some((due, pair)) = self.pop_timer(now) {
            // Who has fallen silent by then belongs to what is told.
            self.tell_story(parameters, events, |story, world, told| {
                story.open_gaps(due, world, told);
            });
            let Some(again) = self.look_at(pair, due, parameters, events) else { continue };
            if let Some(encounter) = self.encounters.get_mut(&pair) {
                encounter.look_again_at = again;
                self.timers.set(again, pair);
            }
        }
        self.tell_story(parameters, events, |story, world, told| story.advance(now, world, told));
        self.now = now;
        if now.saturating_sub(self.swept_at) >= SWEEP_MILLIS {
            self.sweep(parameters);
        }
    }

    /// The next encounter that is to be looked at before `now`.
    fn pop_timer(&mut self, now: i64) -> Option<(i64, TrackPair)> {
        let State { timers, encounters, tracks, .. } = self;
        timers.pop_before(now, |pair| {
            look_ahead_at(encounters, pair);
            let track =
                |index: TrackIndex| tracks[index as usize].as_ref().map_or(0, Track::look_ahead);
            std::hint::black_box(track(pair.0) ^ track(pair.1));
        })
    }

    /// Takes in a report that was worked out, after all before it.
    fn take_in(
        &mut self,
        report: &reorder::Heard<'_>,
        parameters: &Parameters,
        counters: &mut Counters,
        batch: &mut Batch,
        events: &mut Vec<Telling>,
    ) {
        let Cleaned { vessel, outcome } = batch.next_cleaned(report.mmsi());
        let vessel = match vessel {
            Some(known) => {
                self.vessels[known as usize].last_heard_at = report.observed_at();
                Some(known)
            }
            None => self.vessel(report.mmsi()),
        };
        match report {
            reorder::Heard::Static(report) => {
                counters.statics += 1;
                if let Some(vessel) = vessel {
                    self.learn(report, vessel, parameters, events);
                }
            }
            reorder::Heard::Position(report) => {
                counters.positions += 1;
                let Some(vessel) = vessel else { return };
                self.vessels[vessel as usize].positions += 1;
                if !self.place(report, vessel, outcome, parameters, counters, events) {
                    return;
                }
                counters.legs += 1;
                let (leg, ahead) = batch.next_leg();
                match ahead.crowd {
                    None => self.meet_all(leg, ahead.found, parameters, counters),
                    Some(crowd) => self.meet_in_crowd(leg, crowd, parameters, counters),
                }
            }
        }
    }

    fn learn(
        &mut self,
        report: &StaticReport,
        vessel: u32,
        parameters: &Parameters,
        events: &mut Vec<Telling>,
    ) {
        let confirmed_after = parameters.identity.confirmed_after;
        let news = self.vessels[vessel as usize].learn(report, confirmed_after);
        if !is_ship(report.mmsi) {
            return;
        }
        if !news.fields.is_empty() {
            self.watch.look_up(&mut self.vessels[vessel as usize]);
        }
        let learned = Learned { vessel, mmsi: report.mmsi, at: report.observed_at, news };
        self.tell_story(parameters, events, |story, world, told| {
            story.learned(&learned, world, told);
        });
    }

    /// Puts a position where it belongs. Says whether it completes a leg that may take part in a contact.
    fn place(
        &mut self,
        report: &PositionFix,
        vessel: u32,
        outcome: Outcome,
        parameters: &Parameters,
        counters: &mut Counters,
        events: &mut Vec<Telling>,
    ) -> bool {
        let station = report.station;
        let Joined { track: index, fix, ecef_m, distance_m, has_leg } = match outcome {
            Outcome::Said => unreachable!("a position is no piece of identity"),
            Outcome::NotShip => {
                counters.not_ships += 1;
                return false;
            }
            Outcome::Coarse => {
                counters.coarse += 1;
                return false;
            }
            Outcome::Repeated => {
                counters.repeated += 1;
                return false;
            }
            Outcome::Begins { fix, ecef_m } => {
                counters.sub_tracks += 1;
                let track = self.begin_track(vessel, fix, ecef_m);
                let heard = Heard { vessel, track, fix, before: None, station };
                self.tell_story(parameters, events, |story, world, told| {
                    story.heard(&heard, world, told);
                });
                self.vessels[vessel as usize].last_place = Some(Place::of(&fix, track));
                return false;
            }
            Outcome::Joins(joined) => joined,
        };
        if is_ship(report.mmsi) {
            // The speed of the leg is no part of what was heard.
            let said = Fix { leg_knots: f32::NAN, ..fix };
            let before = Some((*self.track(index).last(), distance_m));
            let heard = Heard { vessel, track: index, fix: said, before, station };
            self.places.heard(&heard, &parameters.places);
            self.tell_story(parameters, events, |story, world, told| {
                story.heard(&heard, world, told);
            });
        }
        self.vessels[vessel as usize].last_place = Some(Place::of(&fix, index));
        let track = self.tracks[index as usize].as_mut().expect("a vessel's tracks exist");
        track.push(fix, ecef_m, parameters.remembered_millis());
        has_leg
    }

    /// Takes in the contacts of a leg.
    fn meet_all(
        &mut self,
        leg: &NewLeg,
        found: &[Found],
        parameters: &Parameters,
        counters: &mut Counters,
    ) {
        for Found { other, .. } in found {
            look_ahead_at(&self.encounters, self.pair(leg.track, *other));
        }
        for of_other in found.chunk_by(|a, b| a.other == b.other) {
            self.meet(leg.track, of_other, parameters, counters);
        }
    }

    /// The same where not all may have been found: who has met does not lose sight of each other in a crowd. Who that is
    /// depends on everything before.
    fn meet_in_crowd(
        &mut self,
        leg: &NewLeg,
        crowd: &[TrackIndex],
        parameters: &Parameters,
        counters: &mut Counters,
    ) {
        let mut near = std::mem::take(&mut self.near);
        near.clear();
        near.extend(crowd);
        let partners = self.partners.of(leg.track).iter();
        near.extend(partners.map(|pair| if pair.0 == leg.track { pair.1 } else { pair.0 }));
        self.at_bounds.presences_displaced = self.grid.displaced();
        near.sort_unstable();
        near.dedup();
        let (fleet, legs) = (self.fleet(), std::slice::from_ref(leg));
        let contacts = Contacts { fleet, legs, fresh: &Fresh::default(), parameters };
        contacts.look_ahead(&near);
        let mut found = Vec::new();
        for &other in &near {
            counters.compared += contacts.compare(0, other, &mut found);
        }
        self.near = near;
        self.meet_all(leg, &found, parameters, counters);
    }

    /// Begins a sub-track; where a vessel has too many, the one that was silent longest makes room.
    pub(crate) fn begin_track(&mut self, vessel: u32, fix: Fix, ecef_m: [f64; 3]) -> TrackIndex {
        let track = Track::new(vessel, fix, ecef_m);
        let index = self.free.pop().unwrap_or_else(|| {
            self.tracks.push(None);
            (self.tracks.len() - 1) as TrackIndex
        });
        self.tracks[index as usize] = Some(track);
        let mut known = std::mem::take(&mut self.vessels[vessel as usize].tracks);
        if known.len() == SUB_TRACKS_MAX {
            let heard_at = known.iter().map(|&index| self.track(index).last().at);
            let silent = known.remove(Vessel::silent_longest(heard_at));
            self.at_bounds.sub_tracks_displaced += 1;
            // One that others may refer to goes with the next sweep that finds it old enough, unless there are very
            // many of them.
            let is_crowded = self.tracks.len() - self.free.len() > 2 * self.bounds.vessels_max;
            if self.track(silent).is_lone() || (is_crowded && !self.is_needed(silent)) {
                self.tracks[silent as usize] = None;
                self.free.push(silent);
            }
        }
        known.push(index);
        self.vessels[vessel as usize].tracks = known;
        index
    }

    /// Takes in what a new leg of a sub-track comes to with the legs of another one, in order of time.
    fn meet(
        &mut self,
        index: TrackIndex,
        found: &[Found],
        parameters: &Parameters,
        counters: &mut Counters,
    ) {
        let other = found[0].other;
        let pair = self.pair(index, other);
        let vessels = VesselPair::new(self.mmsi(index), self.mmsi(other))
            .expect("tracks of different vessels");
        let (tracks, encounters) = (&self.tracks, &mut self.encounters);
        let track = |index: TrackIndex| tracks[index as usize].as_ref().expect("the track exists");
        let since = self.now - parameters.leg_millis_max();
        let parties = parties(&self.vessels, tracks, pair, since);
        let horizon = parameters.revision_millis();
        // A long leg tells of the past: what is due already is so when time goes on.
        let apart_after = parameters.encounter.closed_after_apart.as_millis() as i64;
        let apart_at = |inner: &ContactPiece| (inner.to + apart_after).max(self.now);
        let mut touched = false;
        for Found { passage, .. } in found {
            if let Some(inner) = &passage.inner
                && !encounters.contains_key(&pair)
            {
                let newcomer = Standing::of_piece(inner, known_since(parties.vessels));
                let standing = |other: TrackPair| {
                    let known = encounters.get(&other)?;
                    let vessels =
                        [other.0, other.1].map(|it| &self.vessels[track(it).vessel as usize]);
                    Some(known.standing(known_since(vessels)))
                };
                let pairs_max = self.bounds.pairs_max;
                let Some(leaving) = self.partners.room_for(pair, newcomer, pairs_max, standing)
                else {
                    self.at_bounds.pairs_refused += 1;
                    continue;
                };
                for pair in leaving {
                    self.at_bounds.pairs_displaced += 1;
                    self.partners.leave(pair);
                    self.company.leave(pair);
                    // Who was told of it is told how it went on until now.
                    let gone = encounters.remove(&pair).filter(|gone| !gone.is_untold());
                    self.replaced.extend(gone.map(|gone| (pair, gone)));
                }
                self.partners.enter(pair);
            }
            let mut known = encounters.get_mut(&pair);
            if let Some(encounter) = known.as_deref_mut() {
                self.revision.changes(pair, encounter, self.now, horizon);
            }
            let Some(inner) = &passage.inner else {
                if let Some(encounter) = known {
                    encounter.stay_near(&passage.outer);
                }
                continue;
            };
            touched = true;
            let mut copied_at = self.now;
            let mut taken = Vec::new();
            match &known {
                Some(encounter) => copied_at = encounter.copied_at,
                None => taken = self.revision.begins(pair, self.now, horizon),
            }
            if let Some(encounter) = known
                && encounter.takes(passage, inner, &parameters.encounter)
            {
                let opened = encounter.closed;
                encounter.add(passage, inner, parties, &parameters.encounter);
                if opened {
                    encounter.look_again_at = apart_at(inner);
                    self.timers.set(encounter.look_again_at, pair);
                }
                continue;
            }
            counters.encounters += 1;
            let id = new_id(vessels, inner.from, parties.vessels, encounters, &taken);
            let mut encounter = Encounter::new(id, inner, parties);
            (encounter.changed_at, encounter.copied_at) = (self.now, copied_at);
            encounter.add(passage, inner, parties, &parameters.encounter);
            encounter.look_again_at = apart_at(inner);
            self.timers.set(encounter.look_again_at, pair);
            let noted = Noted::new(pair, &encounter, &parameters.encounter);
            if let Some(replaced) = encounters.insert(pair, Box::new(encounter)) {
                self.company.note(noted);
                self.replaced.push((pair, replaced));
            }
        }
        if touched {
            self.touched.push(pair);
        }
    }

    /// Tells what has become due of the encounters that the reports of this instant have added to. Not
    /// at once, because the reports of one instant come in the order of their numbers, and who has the
    /// lower number must not matter.
    pub(crate) fn tell_touched(&mut self, parameters: &Parameters, events: &mut Vec<Telling>) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        let rules = &parameters.encounter;
        let mut of_note: Vec<(EventId, TrackPair)> = touched
            .drain(..)
            .filter_map(|pair| Some((pair, self.encounters.get(&pair)?)))
            .filter(|(_, known)| known.is_of_note(rules))
            .map(|(pair, known)| (known.id, pair))
            .collect();
        of_note.sort_unstable();
        self.touched = touched;
        // What is told of those that made room changes nothing of this, and who is due is of note.
        let mut due: Vec<(TrackPair, EventState)> = Vec::new();
        for (_, pair) in of_note {
            // Before anything is told, so that it does not matter who is told first.
            let known = &self.encounters[&pair];
            let noted = Noted::new(pair, known, rules);
            match known.is_untold() {
                true => self.company.enter(noted),
                false => self.company.note(noted),
            }
            due.extend(known.due_state(rules).map(|state| (pair, state)));
        }
        let mut replaced = std::mem::take(&mut self.replaced);
        replaced.sort_unstable_by_key(|(_, encounter)| encounter.id);
        for (pair, mut encounter) in replaced.drain(..) {
            // It may have begun and ended within one leg of a ship that reports seldom.
            let untold = encounter.due_state(&parameters.encounter);
            if let Some(state) = untold.filter(|_| !encounter.closed) {
                self.tell(pair, &mut encounter, state, self.now, parameters, events);
            }
            encounter.closed = true;
            if let Some(state) = encounter.closing_state() {
                self.tell(pair, &mut encounter, state, self.now, parameters, events);
            }
            self.revision.is_replaced(pair, encounter, parameters.revision_millis());
        }
        self.replaced = replaced;
        for (pair, state) in due {
            self.tell_kept(pair, state, self.now, parameters, events);
        }
    }

    /// Counts the next version of an encounter, and appends it to `events` unless it is left out.
    pub(crate) fn tell(
        &mut self,
        pair: TrackPair,
        encounter: &mut Encounter,
        state: EventState,
        as_of: i64,
        parameters: &Parameters,
        events: &mut Vec<Telling>,
    ) {
        let is_left_out = self.leaves_out_interim
            && match state {
                EventState::Candidate | EventState::Open => true,
                EventState::Retracted => !encounter.handed_out,
                EventState::Closed | EventState::Revised => false,
            };
        let remembered = parameters.encounter.merge_gap_max + parameters.leg_duration_max();
        let company_since = as_of - remembered.as_millis() as i64;
        self.meet_thirds(pair, encounter, company_since);
        let raft = (!is_left_out).then(|| self.raft(pair, encounter, company_since)).flatten();
        let gaps = self.gaps_of(pair, encounter, as_of);
        let since = as_of - parameters.leg_millis_max();
        let parties = parties(&self.vessels, &self.tracks, pair, since);
        encounter.tell(state, parties, &gaps, &parameters.encounter);
        if !is_left_out {
            encounter.handed_out = true;
            let world = World { vessels: &self.vessels, places: &self.places, parameters };
            let as_of = Timestamp::from_millis(as_of);
            let outline = encounter.outline(state, parties, raft, gaps, as_of, world);
            events.push(Telling(Settled::Encounter(Box::new(outline))));
        }
        for track in [pair.0, pair.1] {
            let vessel = self.track(track).vessel;
            self.vessels[vessel as usize].has_met = true;
        }
        if state == EventState::Open {
            let (started_at, position) = (encounter.started_at(), encounter.mean_position());
            self.places.met(encounter.id, started_at, position, as_of, &parameters.places);
        }
    }

    /// Silences of the two ships of an encounter, as far as they are known.
    fn gaps_of(&self, pair: TrackPair, encounter: &Encounter, as_of: i64) -> [Gaps; 2] {
        let span = encounter.gaps_within();
        [pair.0, pair.1].map(|track| self.story.silences(self.track(track).vessel, span, as_of))
    }

    /// Lets an encounter know who else was there.
    fn meet_thirds(&self, pair: TrackPair, encounter: &mut Encounter, since: i64) {
        let thirds = self.company.thirds(pair, |other| other.counts_for(encounter, since));
        encounter.meet_thirds(thirds.into_iter().map(|track| self.mmsi(track)));
    }

    /// The raft that an encounter belongs to. Ships that do not lie close are in none.
    fn raft(&self, pair: TrackPair, encounter: &Encounter, since: i64) -> Option<EventId> {
        let counts = |other: &Noted| other.counts_for(encounter, since);
        encounter.is_close().then(|| self.company.raft(pair, encounter.id, counts)).flatten()
    }

    /// Lets the other chapters tell what they have to.
    pub(crate) fn tell_story(
        &mut self,
        parameters: &Parameters,
        events: &mut Vec<Telling>,
        tell: impl FnOnce(&mut Story, World<'_>, &mut Vec<Event>),
    ) {
        let world = World { vessels: &self.vessels, places: &self.places, parameters };
        let mut told = std::mem::take(&mut self.told);
        tell(&mut self.story, world, &mut told);
        events.extend(told.drain(..).map(|mut event| {
            let is_placed = event.place != Surroundings::default();
            if !is_placed {
                event.place = assess::learned_surroundings(&event, world);
            }
            Telling(Settled::Other { event: Box::new(event), is_placed })
        }));
        self.told = told;
    }

    /// The same for one that is kept.
    fn tell_kept(
        &mut self,
        pair: TrackPair,
        state: EventState,
        as_of: i64,
        parameters: &Parameters,
        events: &mut Vec<Telling>,
    ) {
        let mut encounter = self.encounters.remove(&pair).expect("the caller has just seen it");
        self.tell(pair, &mut encounter, state, as_of, parameters, events);
        self.encounters.insert(pair, encounter);
    }

    /// Looks at an encounter whose timer was `due`: has it ended, can it be forgotten? Gives the next
    /// time to look.
    fn look_at(
        &mut self,
        pair: TrackPair,
        due: i64,
        parameters: &Parameters,
        events: &mut Vec<Telling>,
    ) -> Option<i64> {
        let rules = &parameters.encounter;
        let encounter = self.encounters.get_mut(&pair)?;
        if encounter.look_again_at != due {
            // Another timer was set since, when it was opened again or replaced.
            return None;
        }
        let after = |span: std::time::Duration| encounter.contact_until + span.as_millis() as i64;
        let forgotten_at = encounter.contact_until + parameters.encounter_millis();
        let apart_at = after(rules.closed_after_apart);
        let silent_at = after(rules.closed_after_silence);
        if encounter.closed {
            if due < forgotten_at {
                return Some(forgotten_at);
            }
            // Who fell silent after it is said once more, before it is forgotten.
            let encounter = &self.encounters[&pair];
            if let Some(state) = encounter.told()
                && encounter.lacks(&self.gaps_of(pair, encounter, due))
            {
                self.tell_kept(pair, state, due, parameters, events);
            }
            self.encounters.remove(&pair);
            self.partners.leave(pair);
            self.company.leave(pair);
            return None;
        }
        if due < apart_at {
            return Some(apart_at);
        }
        let both_heard = [pair.0, pair.1].into_iter().all(|index| {
            self.tracks[index as usize].as_ref().is_some_and(|track| track.last().at >= apart_at)
        });
        if !both_heard && due < silent_at {
            return Some(silent_at.min(due + RECHECK_MILLIS));
        }
        encounter.closed = true;
        if let Some(state) = encounter.closing_state() {
            self.tell_kept(pair, state, due, parameters, events);
        }
        Some(forgotten_at)
    }

    /// Tells of open encounters what is known at the end.
    fn tell_rest(
        &mut self,
        parameters: &Parameters,
        events: &mut Vec<Telling>,
        mut take: impl FnMut(&mut Vec<Telling>),
    ) {
        self.tell_touched(parameters, events);
        let mut rest: Vec<(EventId, TrackPair, EventState)> = self
            .encounters
            .iter()
            .filter_map(|(pair, known)| Some((known.id, *pair, known.final_state()?)))
            .collect();
        rest.sort_unstable();
        let leaves_out_interim = std::mem::replace(&mut self.leaves_out_interim, false);
        for (_, pair, state) in rest {
            self.tell_kept(pair, state, self.now, parameters, events);
            if events.len() >= TOLD_AT_A_TIME {
                take(events);
            }
        }
        self.leaves_out_interim = leaves_out_interim;
        let now = self.now;
        self.tell_story(parameters, events, |story, world, told| story.tell_rest(now, world, told));
    }

    /// Throws away what is out of date. Nothing that is found depends on when this happens.
    fn sweep(&mut self, parameters: &Parameters) {
        self.swept_at = self.now;
        self.grid.sweep(self.now - parameters.remembered_millis());
        let encounters = &self.encounters;
        self.revision.sweep(self.now, parameters, |pair| encounters.contains_key(pair));
        let kept_millis = TRACK_KEPT_MILLIS.max(
            (parameters.encounter.merge_gap_max
                + parameters.encounter.closed_after_apart
                + parameters.encounter.closed_after_silence
                + 2 * parameters.leg_duration_max())
            .as_millis() as i64
                + 2 * parameters.revision_millis(),
        );
        for index in 0..self.tracks.len() {
            let Some(track) = &self.tracks[index] else { continue };
            if self.now - track.last().at <= kept_millis {
                continue;
            }
            let vessel = &mut self.vessels[track.vessel as usize];
            vessel.tracks.retain(|known| *known as usize != index);
            self.tracks[index] = None;
            self.free.push(index as TrackIndex);
        }
    }

    /// The vessel of a number, who is heard now; `None` if there is no room to remember it.
    pub(crate) fn vessel(&mut self, mmsi: Mmsi) -> Option<u32> {
        let heard_at = Timestamp::from_millis(self.now);
        if let Some(&known) = self.by_mmsi.get(&mmsi) {
            self.vessels[known as usize].last_heard_at = heard_at;
            return Some(known);
        }
        if !self.has_room() {
            return None;
        }
        let mut vessel = Vessel::new(mmsi, heard_at);
        if is_ship(mmsi) {
            self.watch.look_up(&mut vessel);
        }
        let index = if let Some(index) = self.vacant.pop() {
            self.vessels[index as usize] = vessel;
            index
        } else {
            self.vessels.push(vessel);
            (self.vessels.len() - 1) as u32
        };
        self.by_mmsi.insert(mmsi, index);
        Some(index)
    }

    pub(crate) fn track(&self, index: TrackIndex) -> &Track {
        self.tracks[index as usize].as_ref().expect("the track exists")
    }

    /// Two sub-tracks in the order of their vessels.
    pub(crate) fn pair(&self, index: TrackIndex, other: TrackIndex) -> TrackPair {
        if self.mmsi(index) < self.mmsi(other) { (index, other) } else { (other, index) }
    }

    pub(crate) fn mmsi(&self, index: TrackIndex) -> Mmsi {
        self.vessels[self.track(index).vessel as usize].mmsi
    }
}

/// Reads of an encounter what will be needed of several at once; see [`crate::stage::clean::look_ahead`].
fn look_ahead_at(encounters: &FxHashMap<TrackPair, Box<Encounter>>, pair: TrackPair) {
    std::hint::black_box(encounters.get(&pair).map_or(0, |encounter| encounter.look_ahead()));
}

/// When the one of two vessels was heard first that is known for a shorter time, in milliseconds since 1970.
fn known_since(vessels: [&Vessel; 2]) -> i64 {
    vessels.map(|vessel| vessel.first_heard_at).into_iter().max().map_or(0, Timestamp::as_millis)
}

/// The two vessels of a pair of sub-tracks with what is remembered since `since`.
fn parties<'a>(
    vessels: &'a [Vessel],
    tracks: &'a [Option<Track>],
    pair: TrackPair,
    since: i64,
) -> Parties<'a> {
    let tracks =
        [pair.0, pair.1].map(|index| tracks[index as usize].as_ref().expect("the track exists"));
    Parties { vessels: tracks.map(|track| &vessels[track.vessel as usize]), tracks, since }
}

/// An id that no other encounter of the two vessels has that is remembered, and none of the `former` ones. Where ships share a number,
/// two pairs of sub-tracks can come into contact at one instant, as when a ship begins to be heard between
/// them; the second then gets the next second.
pub(crate) fn new_id(
    pair: VesselPair,
    started_at: i64,
    vessels: [&Vessel; 2],
    encounters: &FxHashMap<TrackPair, Box<Encounter>>,
    former: &[EventId],
) -> EventId {
    let pairs = vessels[0].tracks.iter().flat_map(|a| vessels[1].tracks.iter().map(|b| (*a, *b)));
    let taken: Vec<EventId> =
        pairs.filter_map(|pair| encounters.get(&pair)).map(|encounter| encounter.id).collect();
    (0..)
        .map(|second| Timestamp::from_millis(started_at + second * 1000))
        .map(|at| EventId::new(EventKind::Encounter, pair, at))
        .find(|id| !taken.contains(id) && !former.contains(id))
        .expect("there are more seconds than sub-tracks")
}

/// Whether the number may be a ship's. Others send positions too, and do not meet unless they may be fishing gear:
/// coast stations, aids to navigation, aircraft, distress beacons, and buoys, whose numbers begin with 9.
pub(crate) fn is_ship(mmsi: Mmsi) -> bool {
    match mmsi.kind() {
        MmsiKind::Ship | MmsiKind::AuxiliaryCraft => true,
        MmsiKind::Other => mmsi.get() < 900_000_000,
        MmsiKind::Group
        | MmsiKind::CoastStation
        | MmsiKind::SarAircraft
        | MmsiKind::Handheld
        | MmsiKind::AidToNavigation
        | MmsiKind::Distress => false,
    }
}

/// Whether two legs are too far apart in latitude or in longitude for a contact, at a glance: most neighbours are.
pub(crate) fn far_apart(a: &Leg, b: &Leg, contact_m: f64) -> bool {
    // A unit of latitude is at least 0.184 m. Straight legs bulge polewards between their ends, by
    // less than this below 80°; beyond that nothing is ruled out at a glance.
    let margin = ((contact_m + 50.0) / 0.184) as i32;
    let range = |leg: &Leg| {
        let (from, to) = (leg.from.latitude, leg.to.latitude);
        (from.min(to), from.max(to))
    };
    let ((a_min, a_max), (b_min, b_max)) = (range(a), range(b));
    let polar = 80 * 600_000;
    if a_max > polar || a_min < -polar {
        return false;
    }
    if a_max + margin < b_min || b_max + margin < a_min {
        return true;
    }
    // A unit of longitude is at least 0.185 m times the cosine of the latitude, and that is at least this parabola,
    // which is nothing from 81° on.
    let farthest = radians(f64::from(a_max.max(-a_min).max(b_max).max(-b_min)));
    let shrink = 1.0 - farthest * farthest / 2.0;
    if shrink < 0.1 {
        return false;
    }
    let east = |from: i32, to: i32| wrap(i64::from(to) - i64::from(from)).abs();
    let lengths = east(a.from.longitude, a.to.longitude) + east(b.from.longitude, b.to.longitude);
    east(a.from.longitude, b.from.longitude) > lengths + (f64::from(margin) / shrink) as i64
}
