//! Who hears what.

use std::sync::Arc;

use decoder::Station as StationName;

use crate::motion::{Flow, Heading, Swing};
use crate::plane::Plane;
use crate::random::Chance;
use crate::scenario::{Area, Coverage, Place, place_at};

/// A piece of sea with its water, wind and listeners: the open part of an area, or its roadstead.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub area: Area,
    pub coverage: Coverage,
    pub plane: Plane,
    /// The way of the lanes, radians clockwise from north.
    pub axis_rad: f64,
    pub flow: Flow,
    /// Of a ship at anchor.
    pub anchored: Heading,
    pub stations: Vec<Station>,
    /// Where and when nobody hears anybody.
    pub holes: Vec<Hole>,
    passes: Arc<[Pass]>,
    satellite: StationName,
}

/// A piece of water from which for some hours nothing is heard: a station out of order, the weather, interference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hole {
    pub centre_m: [f64; 2],
    pub span_s: [f64; 2],
}

/// A receiver on a mast.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    pub name: StationName,
    pub point_m: [f64; 2],
    /// Where half of class A is heard.
    range_m: f64,
}

/// A satellite in view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass {
    pub from_s: f64,
    pub to_s: f64,
    /// That one class A report comes through: what is left of the slots by collisions between ships
    /// that cannot hear each other.
    probability: f64,
}

/// What is being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// 12.5 W.
    ClassA,
    /// 2 W.
    ClassB,
    /// Message 27, on channels of its own.
    LongRange,
}

const STATION_RANGE_M: f64 = 80_000.0;
/// From the centre of a hole: those who drift in it for hours stay in it.
const HOLE_M: f64 = 18_000.0;
/// How gradually the range ends.
const STATION_FALLOFF_M: f64 = 4000.0;
/// Satellites are asked of by their passes, and all of them pass under one name.
const PASS_S: f64 = 600.0;

/// The two sites of each place: open sea at `2 * place`, roadstead at `2 * place + 1`.
pub(crate) fn plan_sites(places: &[Place], duration_s: f64, chance: &mut Chance) -> Vec<Site> {
    let mut sites = Vec::with_capacity(2 * places.len());
    for (index, place) in places.iter().enumerate() {
        let chart = place.area.chart();
        let passes = plan_passes(duration_s, chance);
        for (centre, open_sea) in [(chart.centre, true), (chart.anchorage, false)] {
            let axis_rad = chart.axis_deg.to_radians();
            sites.push(Site {
                area: place.area,
                coverage: place.coverage,
                plane: Plane::new(place_at(centre)),
                axis_rad,
                flow: plan_flow(chance),
                anchored: plan_anchored(chance),
                stations: plan_stations(place, index, open_sea, axis_rad),
                holes: Vec::new(),
                passes: passes.clone(),
                satellite: station_name(format!("{}-SAT{index}", chart.station)),
            });
        }
    }
    sites
}

fn plan_stations(place: &Place, index: usize, open_sea: bool, axis_rad: f64) -> Vec<Station> {
    let along_m: &[f64] = match (place.coverage, open_sea) {
        (Coverage::Satellite, _) => &[],
        (Coverage::Terrestrial, true) => &[-45_000.0, 0.0, 45_000.0],
        (Coverage::Mixed, true) => &[-65_000.0],
        (Coverage::Terrestrial, false) => &[-12_000.0, 12_000.0],
        (Coverage::Mixed, false) => &[-65_000.0],
    };
    let (east, north) = libm::sincos(axis_rad);
    let shore = if open_sea { "" } else { "R" };
    let station = |(number, along_m): (usize, &f64)| Station {
        name: station_name(format!("{}{index}-{shore}{}", place.area.chart().station, number + 1)),
        point_m: [along_m * east, along_m * north],
        range_m: STATION_RANGE_M,
    };
    along_m.iter().enumerate().map(station).collect()
}

fn station_name(name: String) -> StationName {
    StationName::new(&name).expect("names of stations are short")
}

fn plan_passes(duration_s: f64, chance: &mut Chance) -> Arc<[Pass]> {
    let mut passes = Vec::new();
    let mut from_s = -chance.range(0.0, 5400.0);
    while from_s < duration_s {
        let probability = chance.range(0.15, 0.45);
        passes.push(Pass { from_s, to_s: from_s + PASS_S, probability });
        from_s += chance.range(35.0 * 60.0, 90.0 * 60.0);
    }
    passes.into()
}

/// Up to about a metre a second: lighterings drift at up to 1.9 kn.
fn plan_flow(chance: &mut Chance) -> Flow {
    let (east, north) = libm::sincos(chance.angle());
    let mean_mps = chance.range(0.08, 0.35);
    let mut turn = |low: f64, high: f64, period_s: f64| {
        [(); 2].map(|()| Swing {
            amplitude: chance.range(low, high),
            period_s,
            phase_rad: chance.angle(),
        })
    };
    // The principal lunar tide, and weather.
    let turns = [turn(0.08, 0.25, 44_714.0), turn(0.03, 0.12, 130_000.0)];
    Flow { mean_mps: [mean_mps * east, mean_mps * north], turns }
}

fn plan_anchored(chance: &mut Chance) -> Heading {
    let tide =
        Swing { amplitude: chance.range(0.4, 1.3), period_s: 44_714.0, phase_rad: chance.angle() };
    Heading { mean_rad: chance.angle(), swings: [tide, Swing::STILL] }
}

impl Site {
    /// Whether anything sent at this time can be heard; if not, when that may be next.
    pub(crate) fn open_at(&self, time_s: f64) -> Result<(), f64> {
        if !self.stations.is_empty() || self.pass_at(time_s).is_some() {
            return Ok(());
        }
        let next = self.passes.partition_point(|pass| pass.from_s <= time_s);
        Err(self.passes.get(next).map_or(f64::INFINITY, |pass| pass.from_s))
    }

    /// The passes, in order of time; empty where no satellite listens.
    pub(crate) fn passes(&self) -> &[Pass] {
        if self.coverage == Coverage::Terrestrial { &[] } else { &self.passes }
    }

    /// Whether this is in a hole.
    pub(crate) fn is_in_hole(&self, point_m: [f64; 2], time_s: f64) -> bool {
        self.holes.iter().any(|hole| {
            let [x, y] = [0, 1].map(|i| point_m[i] - hole.centre_m[i]);
            (hole.span_s[0]..hole.span_s[1]).contains(&time_s) && x * x + y * y < HOLE_M * HOLE_M
        })
    }

    fn pass_at(&self, time_s: f64) -> Option<&Pass> {
        let passes = self.passes();
        let next = passes.partition_point(|pass| pass.from_s <= time_s);
        passes[..next].last().filter(|pass| time_s < pass.to_s)
    }

    /// Hands every listener that hears it to `heard`, with `true` for a satellite.
    pub(crate) fn listen(
        &self,
        signal: Signal,
        time_s: f64,
        point_m: [f64; 2],
        lost_share: f64,
        chance: &mut Chance,
        mut heard: impl FnMut(StationName, bool, &mut Chance),
    ) {
        if signal != Signal::LongRange {
            for station in &self.stations {
                let probability = station.probability(signal, point_m) * (1.0 - lost_share);
                if chance.yes(probability) {
                    heard(station.name, false, chance);
                }
            }
        }
        let Some(pass) = self.pass_at(time_s) else { return };
        let probability = match signal {
            Signal::ClassA => pass.probability,
            Signal::ClassB => pass.probability * 0.35,
            Signal::LongRange => 0.8,
        };
        if chance.yes(probability) {
            heard(self.satellite, true, chance);
        }
    }

    /// Whether a shore station reaches there, more often than not.
    pub(crate) fn is_ashore(&self, point_m: [f64; 2]) -> bool {
        self.stations.iter().any(|s| s.probability(Signal::ClassA, point_m) > 0.5)
    }
}

impl Station {
    fn probability(&self, signal: Signal, point_m: [f64; 2]) -> f64 {
        let range_m = if signal == Signal::ClassB { 0.8 * self.range_m } else { self.range_m };
        let (x, y) = (point_m[0] - self.point_m[0], point_m[1] - self.point_m[1]);
        let beyond = ((x * x + y * y).sqrt() - range_m) / STATION_FALLOFF_M;
        if beyond < -8.0 { 1.0 } else { 1.0 / (1.0 + libm::exp(beyond)) }
    }
}
