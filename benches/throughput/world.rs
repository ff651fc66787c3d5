//! A world of ships: many simulated seas, moved to where there is water.
//!
//! A sea of the simulation has room for some hundreds of ships. A world is made of as many of them as it takes, each
//! with chance of its own, turned about the axis of the earth until it lies off a coast. So the traffic is as dense
//! in a large world as in a small one, and a large one is larger.

use std::collections::HashMap;
use std::time::Duration;

use detector::Coast;
use maritime::{Imo, Mmsi, Position, Report, Text, Timestamp};
use sea::{Area, Coverage, Place, Planted, Scenario, Simulation, Transmission};

/// Seas are dealt out to meridians so far apart: two of one latitude hardly touch.
const MERIDIANS: u32 = 100;
/// The middle of the open water of a sea lies at least so far out.
const OFFSHORE_M_MIN: f64 = 30_000.0;
/// From one sea to the next at the same place: more than a roadstead is wide.
const BESIDE_DEG: f64 = 0.17;
/// Before it is heard and after, so that meetings are under way at either end.
const EDGE: Duration = Duration::from_secs(4 * 3600);
/// Seas are played for so long in turn, which keeps the ships of one in the processor's cache.
const TURN: Duration = Duration::from_secs(600);

/// What to simulate.
#[derive(Clone, Copy)]
pub struct World {
    /// At sea at any time, besides those planted.
    pub ships: u32,
    /// In one sea.
    pub ships_per_sea: u32,
    /// How long it is heard.
    pub duration: Duration,
    /// Between two positions of a ship at least.
    pub interval: Duration,
}

/// What is heard of a world, in the order in which it arrives.
pub struct Heard {
    seas: Vec<Sea>,
    turn_ends_at: Timestamp,
    ends_at: Timestamp,
    /// What arrives in this turn, the last first.
    arrived: Vec<(Timestamp, Report)>,
}

struct Sea {
    simulation: Simulation,
    eastward_deg: f64,
    /// It arrives after this turn.
    next: Option<Transmission>,
    /// What its ships are called in the world.
    names: HashMap<Mmsi, Name>,
}

/// What is given out once in a world, and not once in each sea.
#[derive(Clone, Copy)]
struct Name {
    mmsi: Mmsi,
    imo: Imo,
    callsign: Text<7>,
}

/// Gives out names.
#[derive(Default)]
struct Registry {
    ships: u32,
    /// How many with the same first three digits, which say the flag and what it is.
    by_first_digits: HashMap<u32, u32>,
}

impl World {
    /// Puts everything to sea.
    pub fn hear(&self) -> impl Iterator<Item = Report> {
        let count = self.ships.div_ceil(self.ships_per_sea) as usize;
        let places = places();
        // Spread over the earth, and beside each other if there are more seas than places.
        let place = |sea: usize| {
            let (area, eastward_deg) = places[sea * places.len().max(count) / count % places.len()];
            (area, eastward_deg + BESIDE_DEG * (sea / places.len()) as f64)
        };
        let starts_at = Scenario::default().started_at.plus(EDGE);
        let mut registry = Registry::default();
        let mut heard = Heard {
            seas: (0..count).map(|sea| self.sea(sea as u64, place(sea))).collect(),
            turn_ends_at: starts_at,
            ends_at: starts_at.plus(self.duration),
            arrived: Vec::new(),
        };
        std::iter::from_fn(move || {
            while heard.arrived.is_empty() {
                if heard.turn_ends_at >= heard.ends_at {
                    return None;
                }
                heard.take_turn(&mut registry);
            }
            heard.arrived.pop().map(|(_, report)| report)
        })
    }

    fn sea(&self, number: u64, (area, eastward_deg): (Area, f64)) -> Sea {
        let duration = self.duration + 2 * EDGE;
        // Some meetings are as long as the scenario; of those that end, one after the other.
        let in_turn = (duration.as_secs() / (10 * 3600)).max(1) as u32;
        let is_remote = number.is_multiple_of(3);
        let coverage = if is_remote { Coverage::Mixed } else { Coverage::Terrestrial };
        let scenario = Scenario {
            seed: 1 + number,
            duration,
            ships: self.ships_per_sea,
            places: vec![Place { area, coverage }],
            planted: Planted {
                long: in_turn,
                short: in_turn,
                under_way: in_turn,
                at_anchor: in_turn,
                tow: in_turn,
                pilot: in_turn,
                anchored_neighbours: 2,
                same_berth: 2,
                ..Planted::default()
            },
            interval_min: self.interval,
            listened_from: EDGE,
            ..Scenario::default()
        };
        let mut simulation = Simulation::new(&scenario).expect("there is room in a sea");
        let next = simulation.next();
        Sea { simulation, eastward_deg, next, names: HashMap::new() }
    }
}

impl Heard {
    fn take_turn(&mut self, registry: &mut Registry) {
        self.turn_ends_at = self.ends_at.min(self.turn_ends_at.plus(TURN));
        for sea in &mut self.seas {
            while let Some(transmission) =
                sea.next.take_if(|next| next.arrived_at < self.turn_ends_at)
            {
                if let Some(report) = transmission.report() {
                    self.arrived.push((transmission.arrived_at, sea.moved(report, registry)));
                }
                sea.next = sea.simulation.next();
            }
        }
        self.arrived.sort_by_key(|(arrived_at, _)| std::cmp::Reverse(*arrived_at));
    }
}

impl Sea {
    fn moved(&mut self, mut report: Report, registry: &mut Registry) -> Report {
        let mmsi = report.mmsi();
        let name = *self.names.entry(mmsi).or_insert_with(|| registry.name(mmsi));
        match &mut report {
            Report::Position(fix) => {
                fix.mmsi = name.mmsi;
                fix.position = turned(fix.position, self.eastward_deg);
            }
            Report::Static(said) => {
                said.mmsi = name.mmsi;
                said.identity.imo = said.identity.imo.map(|_| name.imo);
                said.identity.callsign = said.identity.callsign.map(|_| name.callsign);
            }
        }
        report
    }
}

impl Registry {
    fn name(&mut self, mmsi: Mmsi) -> Name {
        self.ships += 1;
        let first_digits = mmsi.get() / 1_000_000;
        let alike = self.by_first_digits.entry(first_digits).or_default();
        *alike += 1;
        // The last digit of an IMO number checks the six before it.
        let six = 300_000 + self.ships;
        let imo = (0..10).find_map(|digit| Imo::new(10 * six + digit));
        Name {
            mmsi: Mmsi::new(first_digits * 1_000_000 + *alike).expect("nine digits are an MMSI"),
            imo: imo.expect("one digit of ten is right"),
            callsign: Text::new(&format!("C{:06}", self.ships)).expect("it has letters"),
        }
    }
}

/// Where the open water and the roadstead of an area are off a coast, if the area is turned so far.
fn places() -> Vec<(Area, f64)> {
    let coast = Coast::natural_earth();
    let lies_off = |position: Position, eastward_deg: f64, distance_m_min: f64| {
        let nearest = coast.nearest(turned(position, eastward_deg));
        !nearest.on_land && nearest.distance_m > distance_m_min
    };
    let mut places = Vec::new();
    for meridian in 0..MERIDIANS {
        let eastward_deg = 360.0 * f64::from(meridian) / f64::from(MERIDIANS);
        for area in Area::ALL {
            if lies_off(area.centre(), eastward_deg, OFFSHORE_M_MIN)
                && lies_off(area.anchorage(), eastward_deg, 0.0)
            {
                places.push((area, eastward_deg));
            }
        }
    }
    places
}

fn turned(position: Position, eastward_deg: f64) -> Position {
    let longitude_deg = (position.longitude_deg() + eastward_deg + 180.0).rem_euclid(360.0) - 180.0;
    Position::new(position.latitude_deg(), longitude_deg).expect("it was on the earth before")
}
