//! What stands for coded values in the `_text` fields of gpsd's JSON, in its words and spelling, because
//! programs compare them.

/// Navigational status, `0..=15`.
pub const STATUS: [&str; 16] = [
    "Under way using engine",
    "At anchor",
    "Not under command",
    "Restricted manoeuverability",
    "Constrained by her draught",
    "Moored",
    "Aground",
    "Engaged in fishing",
    "Under way sailing",
    "Reserved for HSC",
    "Reserved for WIG",
    "Reserved",
    "Reserved",
    "Reserved",
    "Reserved",
    "Not defined",
];

/// Type of positioning device.
pub fn epfd(code: u8) -> &'static str {
    match code {
        0 => "Undefined",
        1 => "GPS",
        2 => "GLONASS",
        3 => "Combined GPS/GLONASS",
        4 => "Loran-C",
        5 => "Chayka",
        6 => "Integrated navigation system",
        7 => "Surveyed",
        8 => "Galileo",
        15 => "Internal GNSS",
        _ => "INVALID EPFD",
    }
}

/// Words for one first digit of a type of ship: all, four hazardous categories, and the rest.
macro_rules! family {
    ($name:literal, $last:literal) => {
        [
            concat!($name, " - all ships of this type"),
            concat!($name, " - Hazardous category A"),
            concat!($name, " - Hazardous category B"),
            concat!($name, " - Hazardous category C"),
            concat!($name, " - Hazardous category D"),
            concat!($name, " - Reserved for future use"),
            concat!($name, " - Reserved for future use"),
            concat!($name, " - Reserved for future use"),
            concat!($name, " - Reserved for future use"),
            concat!($name, " - ", $last),
        ]
    };
}

const WING_IN_GROUND: [&str; 10] = family!("Wing in ground (WIG)", "Reserved for future use");
const AT_WORK: [&str; 10] = [
    "Fishing",
    "Towing",
    "Towing: length exceeds 200m or breadth exceeds 25m",
    "Dredging or underwater ops",
    "Diving ops",
    "Military ops",
    "Sailing",
    "Pleasure Craft",
    "Reserved",
    "Reserved",
];
const HIGH_SPEED: [&str; 10] = family!("High speed craft (HSC)", "No additional information");
const SPECIAL: [&str; 10] = [
    "Pilot Vessel",
    "Search and Rescue vessel",
    "Tug",
    "Port Tender",
    "Anti-pollution equipment",
    "Law Enforcement",
    "Spare - Local Vessel",
    "Spare - Local Vessel",
    "Medical Transport",
    "Ship according to RR Resolution No. 18",
];
const PASSENGER: [&str; 10] = family!("Passenger", "No additional information");
const CARGO: [&str; 10] = family!("Cargo", "No additional information");
const TANKER: [&str; 10] = family!("Tanker", "No additional information");
const OTHER: [&str; 10] = family!("Other Type", "no additional information");

/// Type of ship and cargo.
pub fn ship_type(code: u8) -> &'static str {
    let unit = usize::from(code % 10);
    match code / 10 {
        0 if code == 0 => "Not available",
        0 | 1 => "Reserved for future use",
        2 => WING_IN_GROUND[unit],
        3 => AT_WORK[unit],
        4 => HIGH_SPEED[unit],
        5 => SPECIAL[unit],
        6 => PASSENGER[unit],
        7 => CARGO[unit],
        8 => TANKER[unit],
        9 => OTHER[unit],
        _ => "INVALID SHIP TYPE",
    }
}

/// For which stations message 23 is, `0..=15`.
pub fn station_type(code: u8) -> &'static str {
    match code {
        0 => "All types of mobiles",
        2 => "All types of Class B mobile stations",
        3 => "SAR airborne mobile station",
        4 => "Aid to Navigation station",
        5 => "Class B shipborne mobile station",
        6..=9 => "Regional use and inland waterways",
        _ => "Reserved for future use",
    }
}

/// Type of aid to navigation, `0..=31`.
pub const AID_TYPE: [&str; 32] = [
    "Unspecified",
    "Reference point",
    "RACON",
    "Fixed offshore structure",
    "Spare, Reserved for future use.",
    "Light, without sectors",
    "Light, with sectors",
    "Leading Light Front",
    "Leading Light Rear",
    "Beacon, Cardinal N",
    "Beacon, Cardinal E",
    "Beacon, Cardinal S",
    "Beacon, Cardinal W",
    "Beacon, Port hand",
    "Beacon, Starboard hand",
    "Beacon, Preferred Channel port hand",
    "Beacon, Preferred Channel starboard hand",
    "Beacon, Isolated danger",
    "Beacon, Safe water",
    "Beacon, Special mark",
    "Cardinal Mark N",
    "Cardinal Mark E",
    "Cardinal Mark S",
    "Cardinal Mark W",
    "Port hand Mark",
    "Starboard hand Mark",
    "Preferred Channel Port hand",
    "Preferred Channel Starboard hand",
    "Isolated danger",
    "Safe Water",
    "Special Mark",
    "Light Vessel / LANBY / Rigs",
];

/// Marine traffic signal.
pub fn signal(code: u64) -> &'static str {
    match code {
        0 => "N/A",
        1 => "Serious emergency – stop or divert according to instructions.",
        2 => "Vessels shall not proceed.",
        3 => "Vessels may proceed. One way traffic.",
        4 => "Vessels may proceed. Two way traffic.",
        5 => "Vessels shall proceed on specific orders only.",
        6 => "Vessels in main channel shall not proceed.",
        7 => "Vessels in main channel shall proceed on specific orders only.",
        8 => "I = \\\"in-bound\\\" only acceptable.",
        9 => "O = \\\"out-bound\\\" only acceptable.",
        10 => "F = both \\\"in- and out-bound\\\" acceptable.",
        11 => "XI = Code will shift to \\\"I\\\" in due time.",
        12 => "XO = Code will shift to \\\"O\\\" in due time.",
        13 => "X = Vessels shall proceed only on direction.",
        _ => "INVALID SIGNAL TYPE",
    }
}

/// Type of route.
pub fn route_type(code: u64) -> &'static str {
    match code {
        0 => "Undefined (default)",
        1 => "Mandatory",
        2 => "Recommended",
        3 => "Alternative",
        4 => "Recommended route through ice",
        5 => "Ship route plan",
        31 => "Cancel route identified by message linkage",
        _ => "Reserved for future use.",
    }
}

/// How an identity of a synthetic target is told, `0..=3`.
pub const ID_TYPE: [&str; 4] = ["mmsi", "imo", "callsign", "other"];

/// State of a racon, `0..=3`.
pub const RACON: [&str; 4] =
    ["No RACON installed", "RACON not monitored", "RACON operational", "RACON ERROR"];

/// State of a light, `0..=3`.
pub const LIGHT: [&str; 4] = ["No light or no monitoring", "Light ON", "Light OFF", "Light ERROR"];

/// State of a lock, `0..=3`.
pub const LOCK: [&str; 4] = ["Operational", "Limited operation", "Out of order", "N/A"];

/// How a ship lies at a berth, `0..=7`.
pub const BERTH: [&str; 8] = [
    "Not available",
    "Port-side to",
    "Starboard-side to",
    "Mediterranean (end-on) mooring",
    "Mooring buoy",
    "Anchorage",
    "Reserved for future use",
    "Reserved for future use",
];

/// How a measure changes, `0..=3`.
pub const TREND: [&str; 4] = ["steady", "decreasing", "increasing", "N/A"];

/// What falls from the sky, `0..=7`.
pub const PRECIPITATION: [&str; 8] =
    ["reserved", "rain", "thunderstorm", "freezing rain", "mixed/ice", "snow", "reserved", "N/A"];

/// Whether there is ice, `0..=3`.
pub const ICE: [&str; 4] = ["no", "yes", "reserved", "N/A"];

/// Type of an inland vessel or convoy by its ERI code, and of what has that code in AIS.
pub fn inland_ship_type(code: u64) -> &'static str {
    let found = INLAND_SHIP_TYPES.iter().find(|(eri, ais, _)| *eri == code || *ais == code);
    found.map_or("Illegal ship type value.", |(.., words)| words)
}

const INLAND_SHIP_TYPES: &[(u64, u64, &str)] = &[
    (8000, 99, "Vessel, type unknown"),
    (8010, 79, "Motor freighter"),
    (8020, 89, "Motor tanker"),
    (8021, 80, "Motor tanker, liquid cargo, type N"),
    (8022, 80, "Motor tanker, liquid cargo, type C"),
    (8023, 89, "Motor tanker, dry cargo as if liquid (e.g. cement)"),
    (8030, 79, "Container vessel"),
    (8040, 80, "Gas tanker"),
    (8050, 79, "Motor freighter, tug"),
    (8060, 89, "Motor tanker, tug"),
    (8070, 79, "Motor freighter with one or more ships alongside"),
    (8080, 89, "Motor freighter with tanker"),
    (8090, 79, "Motor freighter pushing one or more freighters"),
    (8100, 89, "Motor freighter pushing at least one tank-ship"),
    (8110, 79, "Tug, freighter"),
    (8120, 89, "Tug, tanker"),
    (8130, 31, "Tug freighter, coupled"),
    (8140, 31, "Tug, freighter/tanker, coupled"),
    (8150, 99, "Freightbarge"),
    (8160, 99, "Tankbarge"),
    (8161, 90, "Tankbarge, liquid cargo, type N"),
    (8162, 90, "Tankbarge, liquid cargo, type C"),
    (8163, 99, "Tankbarge, dry cargo as if liquid (e.g. cement)"),
    (8170, 99, "Freightbarge with containers"),
    (8180, 90, "Tankbarge, gas"),
    (8210, 79, "Pushtow, one cargo barge"),
    (8220, 79, "Pushtow, two cargo barges"),
    (8230, 79, "Pushtow, three cargo barges"),
    (8240, 79, "Pushtow, four cargo barges"),
    (8250, 79, "Pushtow, five cargo barges"),
    (8260, 79, "Pushtow, six cargo barges"),
    (8270, 79, "Pushtow, seven cargo barges"),
    (8280, 79, "Pushtow, eigth cargo barges"),
    (8290, 79, "Pushtow, nine or more barges"),
    (8310, 80, "Pushtow, one tank/gas barge"),
    (8320, 80, "Pushtow, two barges at least one tanker or gas barge"),
    (8330, 80, "Pushtow, three barges at least one tanker or gas barge"),
    (8340, 80, "Pushtow, four barges at least one tanker or gas barge"),
    (8350, 80, "Pushtow, five barges at least one tanker or gas barge"),
    (8360, 80, "Pushtow, six barges at least one tanker or gas barge"),
    (8370, 80, "Pushtow, seven barges at least one tanker or gas barg"),
];

/// Blue cones or lights of an inland vessel.
pub fn hazard(code: u64) -> &'static str {
    match code {
        0 => "0 blue cones/lights",
        1 => "1 blue cone/light",
        2 => "2 blue cones/lights",
        3 => "3 blue cones/lights",
        4 => "4 B-Flag",
        5 => "Unknown",
        _ => "INVALID HAZARD TYPE",
    }
}

/// Whether an inland vessel is loaded, `0..=3`.
pub const LOADED: [&str; 4] = ["N/A (default)", "Unloaded", "Loaded", "INVALID LOAD STATUS"];

/// What weather is warned of.
pub fn emma_type(code: u64) -> &'static str {
    match code {
        0 => "Not Available",
        1 => "Wind",
        2 => "Rain",
        3 => "Snow and ice",
        4 => "Thunderstorm",
        5 => "Fog",
        6 => "Low temperature",
        7 => "High temperature",
        8 => "Flood",
        9 => "Forest Fire",
        _ => "INVALID EMMA TYPE",
    }
}

/// How much of it, `0..=3`.
pub const EMMA_CLASS: [&str; 4] = ["N/A", "Slight", "Medium", "Strong"];

/// Where the wind comes from.
pub fn emma_wind(code: u64) -> &'static str {
    match code {
        0 => "N/A",
        1 => "North",
        2 => "North East",
        3 => "East",
        4 => "South East",
        5 => "South",
        6 => "South West",
        7 => "West",
        8 => "North West",
        _ => "INVALID EMMA WIND DIRECTION",
    }
}

/// Whom an inland signal is for, `0..=7`.
pub fn signal_direction(code: u64) -> &'static str {
    match code {
        0 => "Unknown",
        1 => "Upstream",
        2 => "Downstream",
        3 => "To left bank",
        4 => "To right bank",
        _ => "INVALID DIRECTION",
    }
}

/// What an inland signal shows.
pub fn signal_status(code: u64) -> &'static str {
    match code {
        0 => "Unknown",
        1 => "No light",
        2 => "White",
        3 => "Yellow",
        4 => "Green",
        5 => "Red",
        6 => "White flashing",
        7 => "Yellow flashing.",
        _ => "INVALID STATUS",
    }
}
