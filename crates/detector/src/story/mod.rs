//! The rest of the story: what else a vessel did, and what it said of itself, told as events of the same form and
//! lifecycle as encounters.
//!
//! Every chapter is a part of [`Story`] that hears of each cleaned position ([`Heard`]) and of each change of identity
//! ([`Learned`]) in order of time, is told when time goes on, and appends the events that are due. Nothing may depend
//! on how often time is told to go on: what is due at an instant is told as of that instant.

mod dark;
mod displacement;
mod gap;
mod identity;
#[cfg(test)]
mod invariance;
mod jump;
mod land;
mod loitering;
mod reception;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod scene;
mod watchlist;

use std::time::Duration;

use maritime::{Event, EventVessel, Mmsi, Position, StationId, Timestamp};

use crate::fix::Fix;
use crate::parameters::Parameters;
use crate::places::Places;
use crate::track::TrackIndex;
use crate::vessel::{News, Place, Vessel};

use displacement::Displacements;
use identity::Identities;
use jump::Jumps;
use watchlist::Watchlists;

use self::dark::DarkMeetings;
use self::gap::{Gaps, Late};
use self::loitering::Loitering;

pub(crate) use watchlist::WatchIndex;

/// A position of a ship, after cleaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    /// Index of the vessel in the detector.
    pub(crate) vessel: u32,
    /// The sub-track that it joined or began.
    pub(crate) track: TrackIndex,
    pub(crate) fix: Fix,
    /// The one before it in the sub-track, and how far that is; `None` if it began one.
    pub(crate) before: Option<(Fix, f64)>,
    pub(crate) station: Option<StationId>,
}

/// What a vessel said of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Learned {
    /// Index of the vessel in the detector.
    pub(crate) vessel: u32,
    pub(crate) mmsi: Mmsi,
    pub(crate) at: Timestamp,
    /// What of it was not known before.
    pub(crate) news: News,
}

/// What the chapters may look at.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    /// By their index.
    pub(crate) vessels: &'a [Vessel],
    /// What has been learned of places.
    pub(crate) places: &'a Places,
    pub(crate) parameters: &'a Parameters,
}

impl World<'_> {
    pub(crate) fn vessel(&self, index: u32) -> &Vessel {
        &self.vessels[index as usize]
    }

    /// To the nearest land, 0 on it; `None` where no map is used.
    pub(crate) fn coast_distance_m(&self, position: Position) -> Option<f64> {
        crate::assess::coast_distance_m(position, self.parameters.land)
    }

    /// The vessel as it appears in an event: who it is by now, and how often that has changed in the day
    /// before it was last heard.
    pub(crate) fn event_vessel(&self, index: u32) -> EventVessel {
        let vessel = self.vessel(index);
        EventVessel {
            identity: vessel.identity,
            draught_m_before: vessel.draught_m(),
            draught_m_after: vessel.draught_m(),
            identity_changes: vessel
                .identity_changes(vessel.last_heard_at.minus(DAY), Timestamp::MAX),
            watchlists: vessel.watchlists(),
            ..EventVessel::new(vessel.mmsi)
        }
    }
}

/// What belongs to an event is looked for so long before and after it.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// All chapters.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Story {
    loitering: Loitering,
    gaps: Gaps,
    dark_meetings: DarkMeetings,
    watchlists: Watchlists,
    identities: Identities,
    jumps: Jumps,
    displacements: Displacements,
}

impl Story {
    /// What [`Story::heard`] will read of a vessel; see `stage::clean`.
    pub(crate) fn look_ahead(&self, vessel: u32) -> i64 {
        self.loitering.look_ahead(vessel) ^ self.gaps.look_ahead(vessel)
    }

    /// A ship was heard.
    pub(crate) fn heard(&mut self, heard: &Heard, world: World<'_>, told: &mut Vec<Event>) {
        self.loitering.heard(heard, world, told);
        if let Some(silence) = self.gaps.heard(heard, world, told) {
            self.dark_meetings.ended(silence, heard.fix.at, world);
        }
        let here = heard.fix.position();
        self.watchlists.notice(heard.vessel, heard.fix.observed_at(), Some(here), world, told);
        self.identities.heard(heard, world, told);
        if let Some(leap) = self.jumps.heard(heard, world) {
            self.displacements.leapt(leap, world, told);
        }
    }

    /// A ship turned out to have been heard at a time that has been dealt with, by a report that took its place in a
    /// sub-track; `after` is the next one there. Tells again the gaps and dark meetings that this changes.
    pub(crate) fn heard_late(
        &mut self,
        heard: &Heard,
        after: Option<Fix>,
        now: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        match self.gaps.heard_late(heard, after, now, world, told) {
            Some(Late::Ended(silence)) => self.dark_meetings.ended(silence, now, world),
            Some(Late::Broke(broken)) => self.dark_meetings.broken(&broken, now, world),
            None => {}
        }
    }

    /// Opens the gaps that are due before `now`, so that [`Story::silences`] knows them.
    pub(crate) fn open_gaps(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        self.gaps.advance(now, world, told);
    }

    /// From when to when a vessel was silent, as far as that touches a span of time, in milliseconds since 1970; what
    /// goes on is silent until `now`.
    pub(crate) fn silences(
        &self,
        vessel: u32,
        span: (i64, i64),
        now: i64,
    ) -> Vec<(Timestamp, Timestamp)> {
        self.gaps.of(vessel, span, now)
    }

    /// A vessel said who it is.
    pub(crate) fn learned(&mut self, learned: &Learned, world: World<'_>, told: &mut Vec<Event>) {
        let here = world.vessel(learned.vessel).last_place.map(Place::position);
        self.watchlists.notice(learned.vessel, learned.at, here, world, told);
        self.identities.learned(learned, world, told);
    }

    /// Everything that is due before `now`, in milliseconds since 1970, is told as of the instant it was due.
    pub(crate) fn advance(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        // First what ended at the instant before, as of that instant.
        self.dark_meetings.advance(now, &self.loitering, world, told);
        self.loitering.advance(now, world, told);
        self.gaps.advance(now, world, told);
        self.identities.advance(now, world, told);
        self.jumps.advance(now, world, told);
        self.displacements.advance(now, world, told);
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(crate) fn forget(&mut self, is_gone: &[bool]) {
        self.loitering.forget(is_gone);
        self.gaps.forget(is_gone);
        self.dark_meetings.forget(is_gone);
        self.watchlists.forget(is_gone);
        self.identities.forget(is_gone);
        self.jumps.forget(is_gone);
        self.displacements.forget(is_gone);
    }

    /// The input has ended at `now`: tells what has not been told of what is open. It stays open.
    pub(crate) fn tell_rest(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        self.dark_meetings.tell_rest(&self.loitering, world, told);
        self.loitering.tell_rest(now, world, told);
        self.identities.tell_rest(now, world, told);
        self.jumps.tell_rest(now, world, told);
        self.displacements.tell_rest(now, world, told);
    }
}

/// An event of one vessel, all bounds at its start and end, with nothing but what must be there.
pub(crate) fn event(
    id: maritime::EventId,
    version: u32,
    state: maritime::EventState,
    vessels: Vec<EventVessel>,
    span: (Timestamp, Timestamp),
    position: Position,
    as_of: Timestamp,
) -> Event {
    let (started_at, ended_at) = span;
    Event {
        id,
        version,
        state,
        vessels,
        started_at,
        started_at_earliest: Some(started_at),
        started_at_latest: started_at,
        ended_at,
        ended_at_earliest: ended_at,
        ended_at_latest: Some(ended_at),
        position,
        place: maritime::Surroundings::default(),
        meeting: None,
        figures: Vec::new(),
        class: None,
        profiles: Vec::new(),
        score: 0.0,
        reasons: Vec::new(),
        as_of,
    }
}
