//! The numbers that decide what is found and that a user may change.

use std::time::Duration;

use maritime::{Imo, METRES_PER_NAUTICAL_MILE, Mmsi};
use sha2::{Digest, Sha256};

pub use crate::assess::Weights;
use crate::bounds::Bounds;
pub use crate::ports::Port;
pub use crate::zones::Zone;

/// The numbers that decide what is found and that a user may change. Two runs of one version of this
/// program over the same reports with equal parameters find the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Reports may come this much later than the newest one and are still put in their place.
    pub lateness: Duration,
    /// A report that comes later than that is put in its place afterwards, and the encounters that it changes are
    /// told again, as long as it is not older than this; reckoned from the time that has been dealt with, and at most
    /// the longest leg. 0 leaves all such reports out. Longer costs memory: reports are remembered for one and a half
    /// times this beyond the longest leg, and encounters in three copies.
    pub revision_horizon: Duration,
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
    /// The ports that are built in.
    pub ports: PortList,
    /// Ports and zones of the user's, besides those. Of several zones around a place each is named.
    pub place_files: Vec<PlaceFile>,
    /// What is learned of places from the ships.
    pub places: PlaceRules,
    /// What each reason adds to the score.
    pub weights: Weights,
    /// When a ship is slow far from the coast.
    pub loitering: LoiteringRules,
    /// When a ship is heard no more.
    pub gap: GapRules,
    /// When ships may have met while one of them was not heard.
    pub dark: DarkRules,
    /// When a vessel calls itself otherwise, or two vessels call themselves alike.
    pub identity: IdentityRules,
    /// When a vessel cannot have got from one place to the next.
    pub jump: JumpRules,
    /// When many vessels jump to one place or onto one ring.
    pub displacement: DisplacementRules,
    /// Who is looked for by name.
    pub watchlists: Vec<Watchlist>,
    /// How much is remembered.
    pub bounds: Bounds,
}

/// When a ship is slow far from the coast.
#[derive(Debug, Clone, PartialEq)]
pub struct LoiteringRules {
    /// Below this it is slow …
    pub speed_knots_max: f64,
    /// … measured from report to report over at least this long, as noise of the positions is fast over less.
    pub stride: Duration,
    /// It is told once it has been slow for this long,
    pub duration_min: Duration,
    /// and again whenever this much has been added.
    pub update_every: Duration,
    /// What is nearer to the coast is not told.
    pub coast_distance_m_min: f64,
}

/// When a ship is heard no more.
#[derive(Debug, Clone, PartialEq)]
pub struct GapRules {
    /// It has been heard for this long without a gap before,
    pub heard_min: Duration,
    /// and then not for this long …
    pub silence_min: Duration,
    /// … nor for so many times the interval at which it is usually heard.
    pub habits_min: f64,
    /// Told if the ship was silent, and not out of reach, with at least this probability.
    pub silence_probability_min: f64,
    /// A ship is as fast as it says up to this, which it does not say by mistake.
    pub speed_knots_believed: f64,
}

/// When ships may have met while at least one of them was not heard.
#[derive(Debug, Clone, PartialEq)]
pub struct DarkRules {
    /// They can have been together for this long.
    pub stay_min: Duration,
    /// A silent ship can have gone this fast, or as fast as it was seen to go before, …
    pub speed_knots_assumed: f64,
    /// … but not faster than this.
    pub speed_knots_max: f64,
    /// After a longer silence it can have been anywhere.
    pub silence_max: Duration,
    /// It was silent, and not out of reach, with at least this probability.
    pub silence_probability_min: f64,
    /// Told if the score is at least this.
    pub score_min: f64,
}

/// When a vessel calls itself otherwise, and when two vessels that call themselves alike are one.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityRules {
    /// What is said otherwise than before is believed once it is said again at least this much later.
    pub confirmed_after: Duration,
    /// A vessel that calls itself as another one did has taken over from it if the other has not been heard
    /// for this long since. If it has been, they are in conflict.
    pub hand_over_after: Duration,
    /// It cannot have taken over from one that had been silent for longer than this …
    pub hand_over_silence_max: Duration,
    /// … or farther away than this.
    pub hand_over_distance_m_max: f64,
}

/// When a vessel cannot have got from one place to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct JumpRules {
    /// It would have had to go at least this fast,
    pub speed_knots_min: f64,
    /// at least this far.
    pub distance_m_min: f64,
    /// How long it is watched until it is said whether it stayed there, came back, or is in both places.
    pub judged_after: Duration,
    /// It is on land where it is at least this far from the sea on the map.
    pub land_depth_m_min: f64,
}

/// When many vessels jump to one place or onto one ring.
#[derive(Debug, Clone, PartialEq)]
pub struct DisplacementRules {
    /// At least as many vessels from one degree by one degree
    pub vessels_min: usize,
    /// jump within this time
    pub within: Duration,
    /// to places that are at most this far from the centre of them all.
    pub radius_m_max: f64,
}

/// A list of vessels to look out for.
#[derive(Debug, Clone, PartialEq)]
pub struct Watchlist {
    /// Where it was read from; it is not shown in events.
    pub file: String,
    /// As many as it has.
    pub entries: Vec<WatchlistEntry>,
}

/// One vessel of a watchlist, by what is known of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WatchlistEntry {
    /// The name of the list, as it appears in events.
    pub list: String,
    /// The number of its hull.
    pub imo: Option<Imo>,
    /// The number of its radio.
    pub mmsi: Option<Mmsi>,
    /// In any letters.
    pub callsign: Option<String>,
    /// What it is or was called, each in any letters.
    pub names: Vec<String>,
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

/// Ports and zones from one file.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceFile {
    /// Where they were read from; it is not shown in events.
    pub file: String,
    /// As many as it has.
    pub ports: Vec<Port>,
    /// As many as it has.
    pub zones: Vec<Zone>,
}

/// When a place counts as an anchorage, berths included.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceRules {
    /// At least as many different vessels have stood still in one cell of a kilometre; 0 learns nothing.
    pub anchorage_vessels_min: usize,
    /// A vessel stands still if it does not move faster than this from report to report …
    pub speed_knots_max: f64,
    /// … for at least this long …
    pub standstill_min: Duration,
    /// … without being silent for longer than this.
    pub silence_max: Duration,
    /// Meetings within one cell of 4 km are counted for this long; 0 counts none.
    pub meetings_remembered: Duration,
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
    /// or near enough for long enough in any of these ways,
    pub alternatives: Vec<Nearness>,
    /// at a median speed of at most this,
    pub speed_knots_p50_max: f64,
    /// at least this far from the coast; 0 asks for nothing. On land, which at the scale of the map
    /// includes most rivers and harbours, the distance is 0.
    pub coast_distance_m_min: f64,
    /// At least this far from the nearest port and from the nearest learned anchorage; 0 asks for nothing.
    /// Where no list of ports is used and no anchorage is known, the coast stands in for them.
    pub port_distance_m_min: f64,
}

/// Another way to be near enough for long enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearness {
    /// Within this …
    pub distance_m_max: f64,
    /// … for at least this long in all.
    pub duration_min: Duration,
}

/// Which ports are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortList {
    /// The World Port Index, Pub. 150.
    WorldPortIndex,
    /// None of them.
    None,
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
            revision_horizon: minutes(60),
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
            profiles: vec![
                Profile::gfw(),
                Profile::skylight(),
                Profile::starboard(),
                Profile::sts(),
            ],
            land: LandMap::NaturalEarth,
            ports: PortList::WorldPortIndex,
            place_files: Vec::new(),
            places: PlaceRules {
                anchorage_vessels_min: 20,
                speed_knots_max: 0.5,
                standstill_min: minutes(60),
                silence_max: minutes(180),
                meetings_remembered: minutes(30 * 24 * 60),
            },
            weights: Weights::default(),
            loitering: LoiteringRules {
                speed_knots_max: 2.0,
                stride: minutes(5),
                duration_min: minutes(3 * 60),
                update_every: minutes(6 * 60),
                coast_distance_m_min: 20_000.0,
            },
            gap: GapRules {
                heard_min: minutes(30),
                silence_min: minutes(120),
                habits_min: 3.0,
                silence_probability_min: 0.5,
                speed_knots_believed: 25.0,
            },
            dark: DarkRules {
                stay_min: minutes(60),
                speed_knots_assumed: 14.0,
                speed_knots_max: 20.0,
                silence_max: minutes(24 * 60),
                silence_probability_min: 0.1,
                score_min: 0.4,
            },
            identity: IdentityRules {
                confirmed_after: minutes(1),
                hand_over_after: minutes(60),
                hand_over_silence_max: minutes(7 * 24 * 60),
                hand_over_distance_m_max: 200_000.0,
            },
            jump: JumpRules {
                speed_knots_min: 60.0,
                distance_m_min: 5000.0,
                judged_after: minutes(60),
                land_depth_m_min: 2000.0,
            },
            displacement: DisplacementRules {
                vessels_min: 5,
                within: minutes(30),
                radius_m_max: 30_000.0,
            },
            watchlists: Vec::new(),
            bounds: Bounds::default(),
        }
    }
}

impl Parameters {
    /// Sixteen hexadecimal digits that differ wherever the parameters differ, and may differ between
    /// versions of this program.
    pub fn hash(&self) -> String {
        let mut parameters = self.clone();
        // Where a list lay is no part of what is found.
        parameters.watchlists.iter_mut().for_each(|list| list.file.clear());
        parameters.place_files.iter_mut().for_each(|places| places.file.clear());
        let digest = Sha256::digest(format!("{parameters:?}").as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The longest leg there can be, and so how long a report can matter to those after it.
    pub fn leg_duration_max(&self) -> Duration {
        self.leg.duration_max.max(self.leg.duration_max_slow)
    }

    /// How long after its time a late report may still change what was found, in milliseconds.
    pub(crate) fn revision_millis(&self) -> i64 {
        self.revision_horizon.min(self.leg_duration_max()).as_millis() as i64
    }

    /// How long reports are remembered: for the longest leg, and where late ones are put in their place for as long as
    /// they may be derived again, which begins up to half a horizon before the horizon.
    pub(crate) fn remembered_millis(&self) -> i64 {
        self.leg_millis_max() + self.revision_millis() * 3 / 2
    }

    /// How long after its last contact an encounter is remembered: as long as anything can be added to it, which the longest
    /// leg may do whose last report comes as late as is allowed.
    pub fn encounter_kept(&self) -> Duration {
        Duration::from_millis(self.encounter_millis().unsigned_abs())
    }

    /// The same in milliseconds, as the detector reckons.
    pub(crate) fn encounter_millis(&self) -> i64 {
        let merge_gap_max = self.encounter.merge_gap_max.as_millis() as i64;
        merge_gap_max + self.leg_millis_max() + self.revision_millis()
    }

    /// The same in milliseconds, as the detector reckons.
    pub(crate) fn leg_millis_max(&self) -> i64 {
        self.leg_duration_max().as_millis() as i64
    }
}

impl Profile {
    /// The encounter of Global Fishing Watch: 500 m, 2 h, 2 kn, 10 km from an anchorage. The ports and the
    /// anchorages learned so far stand in for its list of anchorages, and a kilometre to the coast for
    /// the harbours that neither has.
    pub fn gfw() -> Self {
        Profile {
            name: "gfw".into(),
            distance_m_max: 500.0,
            duration_min: minutes(120),
            alternatives: Vec::new(),
            speed_knots_p50_max: 2.0,
            coast_distance_m_min: 1_000.0,
            port_distance_m_min: 10_000.0,
        }
    }

    /// After the rendezvous of Skylight: 250 m, 30 min; not in a harbour.
    pub fn skylight() -> Self {
        Profile {
            name: "skylight".into(),
            distance_m_max: 250.0,
            duration_min: minutes(30),
            alternatives: Vec::new(),
            speed_knots_p50_max: 8.0,
            coast_distance_m_min: 1_000.0,
            port_distance_m_min: 0.0,
        }
    }

    /// After the encounter of Starboard: 50 m for 10 min or 200 m for 30 min; not in a harbour.
    pub fn starboard() -> Self {
        let nearness = Nearness { distance_m_max: 50.0, duration_min: minutes(10) };
        Profile {
            name: "starboard".into(),
            distance_m_max: 200.0,
            duration_min: minutes(30),
            alternatives: vec![nearness],
            speed_knots_p50_max: 8.0,
            coast_distance_m_min: 1_000.0,
            port_distance_m_min: 0.0,
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
            alternatives: Vec::new(),
            speed_knots_p50_max: 7.0,
            coast_distance_m_min: 1_000.0,
            port_distance_m_min: 0.0,
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
