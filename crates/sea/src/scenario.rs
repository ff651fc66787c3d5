//! What to simulate.

use std::time::Duration;

use maritime::{Position, Timestamp};

use crate::truth::Kind;

/// A sea to be simulated. The same scenario gives the same bytes on every machine.
///
/// How much it yields: a ship under way sends a position every 10 s (every 6 s above 14 kn) and two
/// sentences of static data every 6 min, a ship at anchor a position every 3 min. With the default
/// mix that is about 6,000 sentences per background ship and day where everything is heard (300 ships
/// give 20 sentences a second), and a tenth of it or less by satellite.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Of all chance there is.
    pub seed: u64,
    /// The first instant simulated.
    pub started_at: Timestamp,
    /// At least three hours more than the longest meeting asked for.
    pub duration: Duration,
    /// Background ships at sea at any time, besides those planted: about 7 in 10 on passage, each
    /// followed by another when it leaves, the others fishing, at anchor or at a berth.
    pub ships: u32,
    /// Where, and who listens there. Ships and meetings are dealt out to the places in turn.
    pub places: Vec<Place>,
    /// Meetings, and what only looks like one.
    pub planted: Planted,
    /// Share of reports lost though the station is well within range, `[0, 1]`.
    pub lost_share: f64,
    /// Share of reports heard by a second station in range that are passed on from there too, `[0, 1]`.
    pub duplicate_share: f64,
    /// Share of reports that come 3 s to 10 min late, `[0, 1]`.
    pub late_share: f64,
    /// Ships of class A out of reach of a shore station send message 27 every 3 min, and satellites
    /// hear it well.
    pub long_range_reports: bool,
    /// Time between two messages 4 of each shore station; `None` for none.
    pub base_station_interval: Option<Duration>,
    /// No ship is heard more often than this with a position, nor than ten times this with static data, as if the
    /// feed were thinned; zero for all that is sent.
    pub interval_min: Duration,
    /// Nobody listens before this: for a piece out of the middle of a sea.
    pub listened_from: Duration,
}

/// A piece of sea and who listens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub area: Area,
    /// Who listens.
    pub coverage: Coverage,
}

/// Pieces of open sea, each with an anchorage and berths that belong to it. Meetings lie tens of
/// kilometres off the coast, those at anchor and at berths near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// Off Galveston.
    GulfOfMexico,
    /// Between Muscat and Chabahar; anchorage off Fujairah.
    GulfOfOman,
    /// Between Shandong and Korea; anchorage off Daesan.
    YellowSea,
    /// South of Lomé.
    GulfOfGuinea,
    /// South of Fiji, across the 180th meridian; anchorage off Suva.
    Dateline,
}

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// Stations on platforms and islets, all of the area well within range.
    Terrestrial,
    /// Satellites alone: passes of 10 minutes that begin every 35 to 90 minutes, and many collisions
    /// within each.
    Satellite,
    /// One station at one end of the area, which reaches about half of it, and satellites.
    Mixed,
}

/// How many of each kind to plant; see [`Kind`] for what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Planted {
    /// Of [`Kind::Long`].
    pub long: u32,
    /// Of [`Kind::Short`].
    pub short: u32,
    /// Of [`Kind::UnderWay`].
    pub under_way: u32,
    /// Of [`Kind::AtAnchor`].
    pub at_anchor: u32,
    /// Of [`Kind::AnchoredNeighbours`].
    pub anchored_neighbours: u32,
    /// Of [`Kind::SameBerth`].
    pub same_berth: u32,
    /// Of [`Kind::Tow`].
    pub tow: u32,
    /// Of [`Kind::PairTrawl`].
    pub pair_trawl: u32,
    /// Of [`Kind::Pilot`].
    pub pilot: u32,
    /// Of [`Kind::Convoy`].
    pub convoy: u32,
    /// Of [`Kind::Overtaking`].
    pub overtaking: u32,
    /// Of [`Kind::Burst`].
    pub burst: u32,
    /// Of [`Kind::Bunkering`].
    pub bunkering: u32,
    /// Of [`Kind::CrewBoat`].
    pub crew_boat: u32,
    /// Of [`Kind::Gear`].
    pub gear: u32,
    /// Of [`Kind::DarkMeeting`].
    pub dark_meeting: u32,
    /// Of [`Kind::DarkWaiting`].
    pub dark_waiting: u32,
    /// Of [`Kind::InfeasibleGap`].
    pub infeasible_gap: u32,
    /// Of [`Kind::ReceptionHole`].
    pub reception_hole: u32,
    /// Of [`Kind::IdentityChange`].
    pub identity_change: u32,
}

/// Why a scenario cannot be simulated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScenarioError {
    /// No place.
    #[error("the scenario names no place")]
    NoPlace,
    /// Too short for a kind.
    #[error("{} h are too short to plant a meeting of kind {}", .duration.as_secs_f64() / 3600.0, .kind.name())]
    TooShort {
        /// The scenario's.
        duration: Duration,
        /// What does not fit.
        kind: Kind,
    },
    /// Too much for the room there is.
    #[error("{} has no room for another meeting of kind {}: plant fewer or name more places", .area.name(), .kind.name())]
    Crowded {
        /// Where.
        area: Area,
        /// What does not fit.
        kind: Kind,
    },
}

impl Default for Scenario {
    /// A day of 200 ships in four places, three kinds of coverage, with some of everything planted:
    /// made to be shown.
    fn default() -> Self {
        Scenario {
            seed: 1,
            started_at: Timestamp::from_secs(1_704_067_200),
            duration: Duration::from_secs(24 * 3600),
            ships: 200,
            places: vec![
                Place { area: Area::GulfOfMexico, coverage: Coverage::Terrestrial },
                Place { area: Area::GulfOfOman, coverage: Coverage::Terrestrial },
                Place { area: Area::YellowSea, coverage: Coverage::Mixed },
                Place { area: Area::GulfOfGuinea, coverage: Coverage::Satellite },
            ],
            planted: Planted {
                long: 12,
                short: 8,
                under_way: 8,
                at_anchor: 8,
                ..Planted::every(4)
            },
            lost_share: 0.03,
            duplicate_share: 0.02,
            late_share: 0.005,
            long_range_reports: false,
            base_station_interval: None,
            interval_min: Duration::ZERO,
            listened_from: Duration::ZERO,
        }
    }
}

impl Planted {
    /// As many of each.
    pub const fn every(count: u32) -> Self {
        Planted {
            long: count,
            short: count,
            under_way: count,
            at_anchor: count,
            anchored_neighbours: count,
            same_berth: count,
            tow: count,
            pair_trawl: count,
            pilot: count,
            convoy: count,
            overtaking: count,
            burst: count,
            bunkering: count,
            crew_boat: count,
            gear: count,
            dark_meeting: count,
            dark_waiting: count,
            infeasible_gap: count,
            reception_hole: count,
            identity_change: count,
        }
    }

    /// How many of one kind.
    pub fn count(&self, kind: Kind) -> u32 {
        let mut copy = *self;
        *copy.count_mut(kind)
    }

    /// How many of one kind, to be changed.
    pub const fn count_mut(&mut self, kind: Kind) -> &mut u32 {
        match kind {
            Kind::Long => &mut self.long,
            Kind::Short => &mut self.short,
            Kind::UnderWay => &mut self.under_way,
            Kind::AtAnchor => &mut self.at_anchor,
            Kind::AnchoredNeighbours => &mut self.anchored_neighbours,
            Kind::SameBerth => &mut self.same_berth,
            Kind::Tow => &mut self.tow,
            Kind::PairTrawl => &mut self.pair_trawl,
            Kind::Pilot => &mut self.pilot,
            Kind::Convoy => &mut self.convoy,
            Kind::Overtaking => &mut self.overtaking,
            Kind::Burst => &mut self.burst,
            Kind::Bunkering => &mut self.bunkering,
            Kind::CrewBoat => &mut self.crew_boat,
            Kind::Gear => &mut self.gear,
            Kind::DarkMeeting => &mut self.dark_meeting,
            Kind::DarkWaiting => &mut self.dark_waiting,
            Kind::InfeasibleGap => &mut self.infeasible_gap,
            Kind::ReceptionHole => &mut self.reception_hole,
            Kind::IdentityChange => &mut self.identity_change,
        }
    }
}

impl Coverage {
    /// All, in the order of tables.
    pub const ALL: [Coverage; 3] = [Coverage::Terrestrial, Coverage::Satellite, Coverage::Mixed];

    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            Coverage::Terrestrial => "terrestrial",
            Coverage::Satellite => "satellite",
            Coverage::Mixed => "mixed",
        }
    }

    /// Reads a [`Coverage::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Coverage::ALL.into_iter().find(|coverage| coverage.name() == name)
    }
}

impl Area {
    /// All.
    pub const ALL: [Area; 5] =
        [Area::GulfOfMexico, Area::GulfOfOman, Area::YellowSea, Area::GulfOfGuinea, Area::Dateline];

    /// As written.
    pub const fn name(self) -> &'static str {
        self.chart().name
    }

    /// Reads an [`Area::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Area::ALL.into_iter().find(|area| area.name() == name)
    }

    /// The middle of the open sea of it.
    pub fn centre(self) -> Position {
        place_at(self.chart().centre)
    }

    /// The middle of its anchorage; its berths lie on the landward side.
    pub fn anchorage(self) -> Position {
        place_at(self.chart().anchorage)
    }

    pub(crate) const fn chart(self) -> Chart {
        match self {
            Area::GulfOfMexico => Chart {
                name: "gulf_of_mexico",
                station: "GOM",
                mid: 366,
                centre: (28.0, -94.0),
                axis_deg: 75.0,
                anchorage: (29.10, -94.55),
                landward_deg: 315.0,
            },
            Area::GulfOfOman => Chart {
                name: "gulf_of_oman",
                station: "OMN",
                mid: 461,
                centre: (24.3, 59.3),
                axis_deg: 115.0,
                anchorage: (25.25, 56.52),
                landward_deg: 270.0,
            },
            Area::YellowSea => Chart {
                name: "yellow_sea",
                station: "YEL",
                mid: 440,
                centre: (36.1, 123.8),
                axis_deg: 10.0,
                anchorage: (37.15, 126.15),
                landward_deg: 110.0,
            },
            Area::GulfOfGuinea => Chart {
                name: "gulf_of_guinea",
                station: "GUI",
                mid: 671,
                centre: (4.2, 1.6),
                axis_deg: 85.0,
                anchorage: (6.03, 1.33),
                landward_deg: 350.0,
            },
            Area::Dateline => Chart {
                name: "dateline",
                station: "DAT",
                mid: 520,
                centre: (-22.0, 180.0),
                axis_deg: 90.0,
                anchorage: (-18.25, 178.42),
                landward_deg: 0.0,
            },
        }
    }
}

/// Where an area lies. `axis_deg` is the way along which there is most room: lanes run there.
pub(crate) struct Chart {
    pub name: &'static str,
    pub station: &'static str,
    /// Of the coast that its shore stations stand on.
    pub mid: u32,
    pub centre: (f64, f64),
    pub axis_deg: f64,
    pub anchorage: (f64, f64),
    /// From the anchorage to the berths.
    pub landward_deg: f64,
}

pub(crate) fn place_at((latitude_deg, longitude_deg): (f64, f64)) -> Position {
    Position::new(latitude_deg, longitude_deg).expect("the chart's places are on the earth")
}
