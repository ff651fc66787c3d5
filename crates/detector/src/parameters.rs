//! The numbers that decide what is found and that a user may change.

use std::time::Duration;

use maritime::METRES_PER_NAUTICAL_MILE;
use sha2::{Digest, Sha256};

/// The numbers that decide what is found and that a user may change. Two runs of one version of this
/// program over the same reports with equal parameters find the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Reports may come this much later than the newest one and are still put in their place.
    pub lateness: Duration,
    /// From reports to sub-tracks.
    pub track: TrackRules,
    /// From sub-tracks to legs.
    pub leg: LegRules,
    /// From legs to contacts.
    pub contact: ContactRules,
    /// From contacts to encounters.
    pub encounter: EncounterRules,
    /// Definitions of a meeting, judged side by side.
    pub profiles: Vec<Profile>,
    /// The map that gives the distance to the coast.
    pub land: LandMap,
}

/// Which report belongs to which sub-track of an MMSI.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackRules {
    /// A report joins a sub-track if the way to it needs no more than this speed. Too low tears fast ships
    /// apart; too high joins two ships that share a number.
    pub speed_knots_max: f64,
    /// Error of a position, allowed on top of that.
    pub position_noise_m: f64,
    /// Reports that follow the last one sooner are not needed: at the speeds of a meeting they say
    /// the same, and they are mostly one transmission heard by two receivers.
    pub interval_min: Duration,
}

/// Which pairs of consecutive reports are joined by a straight leg.
#[derive(Debug, Clone, PartialEq)]
pub struct LegRules {
    /// The longest leg at any speed.
    pub duration_max: Duration,
    /// The longest leg of a slow ship, which cannot have gone far in between.
    pub duration_max_slow: Duration,
    /// What counts as slow for that, as the way from report to report.
    pub speed_knots_slow: f64,
    /// Faster legs take no part in contacts: nobody transfers cargo at that speed.
    pub speed_knots_max: f64,
}

/// When two ships are in contact.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactRules {
    /// A contact begins when the antennas come within this, and ends when they go beyond it …
    pub distance_m_in: f64,
    /// … unless they come back without having been farther apart than this: then it has gone on. At
    /// most [`ContactRules::DISTANCE_M_MAX`].
    pub distance_m_out: f64,
}

impl ContactRules {
    /// Distances beyond this are not told apart.
    pub const DISTANCE_M_MAX: f64 = 5000.0;
}

/// When contacts are one encounter, and when it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct EncounterRules {
    /// Contacts of a pair less than this apart in time …
    pub merge_gap_max: Duration,
    /// … and less than this apart in space are one encounter.
    pub merge_distance_m_max: f64,
    /// Time in contact after which an encounter is told as a candidate,
    pub candidate_after: Duration,
    /// as open,
    pub open_after: Duration,
    /// and again whenever this much has been added.
    pub update_every: Duration,
    /// It is closed when both vessels were heard this long after the contact without another one,
    pub closed_after_apart: Duration,
    /// or when nothing was heard for this long. At least the longest leg.
    pub closed_after_silence: Duration,
    /// A moment this near to a report of a vessel counts as observed, every other one as bridged.
    pub observed_within: Duration,
    /// A track that goes with an event is thinned to at most this many points for each vessel.
    pub track_points_max: usize,
}

/// One definition of a meeting.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// As it appears in events.
    pub name: String,
    /// Satisfied if the antennas were within this …
    pub distance_m_max: f64,
    /// … for at least this long in all,
    pub duration_min: Duration,
    /// at a median speed of at most this,
    pub speed_knots_p50_max: f64,
    /// at least this far from the coast; 0 asks for nothing. On land, which at the scale of the map
    /// includes most rivers and harbours, the distance is 0.
    pub coast_distance_m_min: f64,
}

/// Where the distance to the coast comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandMap {
    /// Natural Earth's land at 1:10m, which is built in.
    NaturalEarth,
    /// Nowhere: distances to the coast are unknown, and profiles that ask for one take any place.
    None,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            lateness: minutes(10),
            track: TrackRules {
                speed_knots_max: 30.0,
                position_noise_m: 100.0,
                interval_min: Duration::from_secs(5),
            },
            leg: LegRules {
                duration_max: minutes(60),
                duration_max_slow: minutes(180),
                speed_knots_slow: 3.0,
                speed_knots_max: 8.0,
            },
            contact: ContactRules { distance_m_in: 500.0, distance_m_out: 700.0 },
            encounter: EncounterRules {
                merge_gap_max: minutes(4 * 60),
                merge_distance_m_max: 10.0 * METRES_PER_NAUTICAL_MILE,
                candidate_after: minutes(15),
                open_after: minutes(30),
                update_every: minutes(30),
                closed_after_apart: minutes(60),
                closed_after_silence: minutes(180),
                observed_within: minutes(10),
                track_points_max: 256,
            },
            profiles: vec![Profile::gfw(), Profile::sts()],
            land: LandMap::NaturalEarth,
        }
    }
}

impl Parameters {
    /// Sixteen hexadecimal digits that differ wherever the parameters differ, and may differ between
    /// versions of this program.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(format!("{self:?}").as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The longest leg there can be, and so how long a report can matter to those after it.
    pub fn leg_duration_max(&self) -> Duration {
        self.leg.duration_max.max(self.leg.duration_max_slow)
    }

    /// The same in milliseconds, as the detector reckons.
    pub(crate) fn leg_millis_max(&self) -> i64 {
        self.leg_duration_max().as_millis() as i64
    }
}

impl Profile {
    /// The encounter of Global Fishing Watch: 500 m, 2 h, 2 kn, 10 km from an anchorage. The distance
    /// to the coast stands in for the distance to an anchorage.
    pub fn gfw() -> Self {
        Profile {
            name: "gfw".into(),
            distance_m_max: 500.0,
            duration_min: minutes(120),
            speed_knots_p50_max: 2.0,
            coast_distance_m_min: 10_000.0,
        }
    }

    /// Ours, for a ship-to-ship transfer: near enough to be lashed (the antennas of two very large
    /// tankers lie up to some 200 m apart), for the time that it takes at the least, drifting or
    /// under way, anywhere but in a harbour.
    pub fn sts() -> Self {
        Profile {
            name: "sts".into(),
            distance_m_max: 250.0,
            duration_min: minutes(45),
            speed_knots_p50_max: 7.0,
            coast_distance_m_min: 1_000.0,
        }
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_changes_the_hash() {
        let parameters = Parameters::default();
        let mut changed = parameters.clone();
        changed.contact.distance_m_in += 0.001;
        assert_eq!(parameters.hash(), Parameters::default().hash());
        assert_ne!(parameters.hash(), changed.hash());
        assert_eq!(parameters.hash().len(), 16);
    }
}
