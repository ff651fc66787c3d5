//! Ships: what they are and what they send of themselves.

use std::collections::HashSet;

use maritime::{Dimensions, Imo, Mmsi, ShipType, Text};

use crate::motion::{Motion, turned};
use crate::random::Chance;

/// One ship and its whole way through a scenario.
#[derive(Debug, Clone)]
pub(crate) struct Vessel {
    pub identity: Identity,
    /// Index of the site on whose plane it moves.
    pub site: usize,
    pub motion: Motion,
    /// What it does when it has no way on.
    pub duty: Duty,
    /// It sends between these, in seconds since the start: within the area, or at all.
    pub heard_s: [f64; 2],
    /// Within this it is silent, or nobody can hear it.
    pub silent_s: Option<[f64; 2]>,
    /// Goes about its own business: it is unheard in the holes of its site.
    pub is_background: bool,
    pub draught: Draught,
}

/// Why a ship lies still or goes slowly; from it, the navigational status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    UnderWay,
    Restricted,
    Fishing,
    AtAnchor,
    Moored,
}

/// As entered by hand on board: changes once, some time after the cargo did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draught {
    pub before_m: f64,
    pub after_m: f64,
    pub entered_s: f64,
}

/// Who a ship is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity {
    pub mmsi: Mmsi,
    pub imo: Option<Imo>,
    pub name: Text<20>,
    pub callsign: Text<7>,
    pub ship_type: ShipType,
    pub dimensions: Dimensions,
    pub destination: Text<20>,
    pub class_b: bool,
    pub has_heading: bool,
    pub blank_padded: bool,
    pub draught_m_max: f64,
}

/// What to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    TankerLarge,
    Tanker,
    BulkCarrier,
    Cargo,
    FishCarrier,
    FishingVessel,
    Tug,
    Barge,
    PilotBoat,
    BunkerTanker,
    CrewBoat,
    NetBuoy,
}

impl Vessel {
    /// Position of the antenna, velocity over ground in metres a second, heading in radians.
    pub(crate) fn antenna_at(&self, time_s: f64) -> ([f64; 2], [f64; 2], f64) {
        let pose = self.motion.at(time_s);
        let hull = self.identity.dimensions;
        let forward_m = f64::from(hull.stern_m) / 2.0 - f64::from(hull.bow_m) / 2.0;
        let starboard_m = f64::from(hull.port_m) / 2.0 - f64::from(hull.starboard_m) / 2.0;
        let arm_m = turned([forward_m, starboard_m], pose.heading_rad);
        let point_m = [pose.position_m[0] + arm_m[0], pose.position_m[1] + arm_m[1]];
        (point_m, pose.velocity_mps, pose.heading_rad)
    }
}

impl Draught {
    /// Between ballast and laden, and stays so.
    pub(crate) fn steady(identity: &Identity, chance: &mut Chance) -> Self {
        let before_m = identity.draught_m_max * chance.range(0.55, 1.0);
        Draught { before_m, after_m: before_m, entered_s: f64::INFINITY }
    }

    pub(crate) fn at(&self, time_s: f64) -> f64 {
        if time_s < self.entered_s { self.before_m } else { self.after_m }
    }
}

/// Gives out identities, none of them twice.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    mmsis: HashSet<u32>,
    imos: HashSet<u32>,
}

/// MIDs of the flags under which most tonnage sails, with a prefix of their callsigns.
const FLAGS: [(u32, &str); 14] = [
    (636, "D5"),
    (538, "V7"),
    (351, "3F"),
    (372, "3E"),
    (477, "VR"),
    (311, "C6"),
    (248, "9H"),
    (563, "9V"),
    (241, "SV"),
    (413, "BP"),
    (440, "DS"),
    (341, "V4"),
    (613, "TJ"),
    (677, "5I"),
];

/// What the numbers of net buoys begin with: those of craft, marks and distress beacons, and no MID at all.
const BUOY_DIGITS: [u32; 7] = [979, 982, 987, 991, 995, 998, 150];

const FIRST_NAMES: [&str; 32] = [
    "OCEAN", "PACIFIC", "NORDIC", "GOLDEN", "EASTERN", "STAR", "CRYSTAL", "GRAND", "ROYAL", "BLUE",
    "ATLANTIC", "SILVER", "NEW", "CAPE", "SEA", "GULF", "ORIENT", "MERIDIAN", "AURORA", "DELTA",
    "LUCKY", "PEARL", "AMBER", "POLAR", "CORAL", "JADE", "NOBLE", "SWIFT", "TRIDENT", "VEGA",
    "ZENITH", "ORION",
];

const LAST_NAMES: [&str; 32] = [
    "HARMONY",
    "PIONEER",
    "SPIRIT",
    "TRADER",
    "GLORY",
    "VOYAGER",
    "FORTUNE",
    "HORIZON",
    "CREST",
    "DIGNITY",
    "EXPRESS",
    "GRACE",
    "HOPE",
    "ISLAND",
    "JOURNEY",
    "KNIGHT",
    "LEGEND",
    "MARINER",
    "NAVIGATOR",
    "ODYSSEY",
    "PRIDE",
    "QUEEN",
    "RIVER",
    "SUMMIT",
    "TRIUMPH",
    "UNITY",
    "VENTURE",
    "WAVE",
    "BREEZE",
    "DAWN",
    "EAGLE",
    "FALCON",
];

const DESTINATIONS: [&str; 12] = [
    "SINGAPORE",
    "FUJAIRAH OPL",
    "US GAL",
    "NLRTM",
    "FOR ORDERS",
    "CN NGB",
    "KR KWJ",
    "HOUSTON",
    "LOME",
    "STS AREA",
    "GIBRALTAR",
    "PORT SAID",
];

impl Registry {
    pub(crate) fn build(&mut self, build: Build, chance: &mut Chance) -> Identity {
        let hull = Hull::of(build);
        let (mid, prefix) = chance.pick(&FLAGS);
        let mmsi = loop {
            // The last three digits are 0 on most ships that go between continents.
            let first = if build == Build::NetBuoy { chance.pick(&BUOY_DIGITS) } else { mid };
            let number = first * 1_000_000 + 1000 + chance.below(990_000) as u32;
            if self.mmsis.insert(number) {
                break Mmsi::new(number).expect("three and six digits are nine digits");
            }
        };
        let length_m = chance.range(hull.length_m[0], hull.length_m[1]);
        let beam_m = length_m / hull.length_to_beam;
        let (port_share, bow_share) = (chance.range(0.3, 0.7), chance.range(0.78, 0.9));
        let bow_m = (length_m * if hull.bridge_aft { bow_share } else { 0.45 }) as u16;
        let port_m = ((beam_m * port_share) as u16).max(1);
        let name = match build {
            Build::PilotBoat => format!("PILOT {}", 1 + chance.below(99)),
            Build::Barge => format!("BARGE {}", 100 + chance.below(899)),
            Build::BunkerTanker if chance.yes(0.5) => {
                format!("{} BUNKER {}", chance.pick(&FIRST_NAMES), 1 + chance.below(40))
            }
            Build::CrewBoat => {
                format!("{} CREW {}", chance.pick(&FIRST_NAMES), 1 + chance.below(20))
            }
            Build::NetBuoy => buoy_name(chance),
            _ => format!("{} {}", chance.pick(&FIRST_NAMES), chance.pick(&LAST_NAMES)),
        };
        let letter = |chance: &mut Chance| char::from(b'A' + chance.below(26) as u8);
        let callsign = match build {
            Build::NetBuoy => "0".into(),
            _ => format!("{prefix}{}{}{}", letter(chance), letter(chance), 2 + chance.below(8)),
        };
        Identity {
            mmsi,
            imo: hull.has_imo.then(|| self.imo(chance)),
            name: Text::new(&name).expect("a name has letters"),
            callsign: Text::new(&callsign).expect("a callsign has letters"),
            ship_type: ShipType(chance.pick(hull.types)),
            dimensions: Dimensions {
                bow_m,
                stern_m: (length_m as u16) - bow_m,
                port_m,
                starboard_m: (beam_m as u16 - port_m.min(beam_m as u16)).max(1),
            },
            destination: Text::new(chance.pick(&DESTINATIONS)).expect("a destination has letters"),
            class_b: chance.yes(hull.class_b_share),
            has_heading: chance.yes(if hull.has_imo { 0.97 } else { 0.4 }),
            blank_padded: chance.yes(0.3),
            draught_m_max: (length_m / hull.length_to_draught).min(22.0),
        }
    }

    /// The same ship under another flag: with a number, name and callsign that it did not have.
    pub(crate) fn renamed(&mut self, ship: &Identity, chance: &mut Chance) -> Identity {
        let other = loop {
            let other = self.build(Build::Tanker, chance);
            if other.mmsi.get() / 1_000_000 != ship.mmsi.get() / 1_000_000
                && other.name != ship.name
            {
                break other;
            }
        };
        Identity { mmsi: other.mmsi, name: other.name, callsign: other.callsign, ..*ship }
    }

    fn imo(&mut self, chance: &mut Chance) -> Imo {
        loop {
            let six = 910_000 + chance.below(80_000) as u32;
            let Some(imo) = (0..10).find_map(|digit| Imo::new(six * 10 + digit)) else { continue };
            if self.imos.insert(imo.get()) {
                return imo;
            }
        }
    }
}

/// With the charge of the battery, as most of them.
fn buoy_name(chance: &mut Chance) -> String {
    let number = 1 + chance.below(40);
    match chance.below(3) {
        0 => format!("NET MARK {number}-{}%", 30 + chance.below(70)),
        1 => format!("BUOY {number} {}.{}V", 10 + chance.below(4), chance.below(10)),
        _ => format!("{}-{number}-{}%", chance.pick(&FIRST_NAMES), 30 + chance.below(70)),
    }
}

struct Hull {
    types: &'static [u8],
    length_m: [f64; 2],
    length_to_beam: f64,
    length_to_draught: f64,
    bridge_aft: bool,
    has_imo: bool,
    class_b_share: f64,
}

impl Hull {
    fn of(build: Build) -> Hull {
        let (types, length_m, length_to_beam, length_to_draught): (&[u8], _, _, _) = match build {
            Build::TankerLarge => (&[80, 81, 89], [240.0, 333.0], 5.7, 15.5),
            Build::Tanker => (&[80, 80, 81, 84], [140.0, 250.0], 5.8, 16.0),
            Build::BulkCarrier => (&[70, 70, 71, 79], [170.0, 290.0], 6.0, 16.0),
            Build::Cargo => (&[70, 70, 71, 72, 60], [110.0, 330.0], 6.6, 22.0),
            Build::FishCarrier => (&[70, 79], [90.0, 150.0], 6.3, 17.0),
            Build::FishingVessel => (&[30], [24.0, 75.0], 4.5, 11.0),
            Build::Tug => (&[31, 32, 52], [28.0, 48.0], 3.0, 8.0),
            Build::Barge => (&[90, 99], [70.0, 120.0], 3.6, 20.0),
            Build::PilotBoat => (&[50], [12.0, 20.0], 3.2, 10.0),
            Build::BunkerTanker => (&[80, 80, 89], [55.0, 105.0], 5.5, 17.0),
            Build::CrewBoat => (&[40, 50, 60], [16.0, 34.0], 3.6, 14.0),
            Build::NetBuoy => (&[0, 30, 30], [2.0, 4.0], 1.5, 4.0),
        };
        Hull {
            types,
            length_m,
            length_to_beam,
            length_to_draught,
            bridge_aft: !matches!(
                build,
                Build::Tug
                    | Build::PilotBoat
                    | Build::CrewBoat
                    | Build::FishingVessel
                    | Build::NetBuoy
            ),
            has_imo: !matches!(
                build,
                Build::Barge | Build::PilotBoat | Build::CrewBoat | Build::NetBuoy
            ),
            class_b_share: match build {
                Build::FishingVessel => 0.3,
                Build::PilotBoat | Build::CrewBoat | Build::Barge => 0.6,
                Build::NetBuoy => 1.0,
                _ => 0.0,
            },
        }
    }
}
