//! From what is settled about an event to all that is said of it.
//!
//! When an encounter is told, everything that depends on reports, ships and learned places is settled. What follows from
//! that alone takes longer than all the rest of telling: how the ships lay, how far the coast is, class, profiles, score
//! and the words of the reasons. None of it touches the state of the detector, so it may be done later and elsewhere.

use std::sync::Arc;

use maritime::{Event, EventId, Meeting, MeetingClass};

use crate::assess;
use crate::class;
use crate::encounter::{Trail, track_point};
use crate::formation::Formation;
use crate::histogram::DistanceHistogram;
use crate::parameters::Parameters;
use crate::ports::Ports;

/// What the detector tells, settled but not yet worked out: [`Teller::event`] makes the event of it.
#[derive(Debug)]
pub struct Telling(pub(crate) Settled);

#[derive(Debug)]
pub(crate) enum Settled {
    Encounter(Box<Outline>),
    /// Of another kind, as its chapter tells it.
    Other {
        event: Box<Event>,
        /// Whether the chapter has said what is near.
        is_placed: bool,
    },
}

/// An encounter as it was when it was told.
#[derive(Debug)]
pub(crate) struct Outline {
    /// Without its tracks, and without what [`Outline::into_event`] works out.
    pub(crate) event: Event,
    /// That of `event`, likewise.
    pub(crate) meeting: Meeting,
    pub(crate) distances: DistanceHistogram,
    /// The smallest and the largest.
    pub(crate) distances_mm: [u32; 2],
    pub(crate) formation: Formation,
    pub(crate) trails: [Trail; 2],
}

impl Telling {
    pub(crate) fn id(&self) -> EventId {
        self.event().id
    }

    pub(crate) fn version(&self) -> u32 {
        self.event().version
    }

    fn event(&self) -> &Event {
        match &self.0 {
            Settled::Encounter(outline) => &outline.event,
            Settled::Other { event, .. } => event,
        }
    }
}

/// Makes events of what a detector tells, by its parameters; on any thread, and always the same.
#[derive(Debug, Clone)]
pub struct Teller {
    parameters: Arc<Parameters>,
    /// The user's.
    ports: Arc<Ports>,
}

impl Teller {
    pub(crate) fn new(parameters: Arc<Parameters>) -> Self {
        let ports = parameters.place_files.iter().flat_map(|file| &file.ports);
        Teller { ports: Arc::new(Ports::new(ports)), parameters }
    }

    /// The event with all that is said of it.
    pub fn event(&self, telling: Telling) -> Event {
        match telling.0 {
            Settled::Encounter(outline) => outline.into_event(&self.parameters, &self.ports),
            Settled::Other { mut event, is_placed } => {
                if !is_placed {
                    assess::look_around(&mut event, &self.parameters, &self.ports);
                }
                assess::weigh(&mut event, &self.parameters.weights);
                *event
            }
        }
    }
}

impl Outline {
    fn into_event(self, parameters: &Parameters, ports: &Ports) -> Event {
        let Outline { mut event, mut meeting, distances, distances_mm, formation, trails } = self;
        let percentile_m =
            |percent| distances.percentile_m(percent, distances_mm[0], distances_mm[1]);
        meeting.distance_m_p50 = percentile_m(50);
        meeting.distance_m_p95 = percentile_m(95);
        let dimensions = [0, 1].map(|index| event.vessels[index].identity.dimensions);
        let lie = formation.lie(dimensions, meeting.drift_course_deg);
        meeting.hull_gap_m_p50 = lie.hull_gap_m_p50;
        meeting.hull_gap_uncertainty_m = lie.hull_gap_uncertainty_m;
        meeting.heading_difference_deg_p50 = lie.heading_difference_deg_p50;
        meeting.body_frame_spread_m = lie.body_frame_spread_m;
        meeting.earth_frame_spread_m = lie.earth_frame_spread_m;
        event.meeting = Some(Box::new(meeting));
        for (vessel, trail) in event.vessels.iter_mut().zip(&trails) {
            vessel.track = trail.points().iter().map(track_point).collect();
        }
        assess::look_around(&mut event, parameters, ports);
        let class = class::classify(&event, &lie);
        let is_gear = class.class == MeetingClass::Gear;
        event.class = Some(class);
        // A buoy satisfies nobody's definition of a meeting of ships.
        if !is_gear {
            event.profiles = assess::profiles(&event, &distances, parameters);
        }
        assess::weigh(&mut event, &parameters.weights);
        event
    }
}
