//! The scenario, played.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use decoder::encode::{Framing, position_raw, write_sentences};
use decoder::{BaseStationReport, Channel, Header, Message, Station, TagBlock};
use maritime::{
    Mmsi, PositionFix, Report, StaticReport, Text, Timestamp, VesselIdentity, VesselPair,
};

use crate::coverage::{Signal, Site, plan_sites};
use crate::fleet::Vessel;
use crate::meeting::Plan;
use crate::random::Chance;
use crate::reporting::{
    FixTime, LONG_RANGE_INTERVAL_S, STATIC_INTERVAL_S, Transponder, static_messages,
};
use crate::scenario::{Coverage, Scenario, ScenarioError};
use crate::traffic;
use crate::truth::Truth;

/// A sea under way. It iterates over what its listeners hear, in the order in which it arrives here;
/// memory grows with the number of ships alone.
///
/// ```
/// use alongside_sea::{Scenario, Simulation};
///
/// let simulation = Simulation::new(&Scenario::default()).unwrap();
/// let meetings = simulation.truths().iter().filter(|truth| truth.is_meeting()).count();
/// assert_eq!(meetings, 36);
///
/// let mut lines = Vec::new();
/// for transmission in simulation.take(3) {
///     transmission.write_lines(&mut lines);
/// }
/// assert!(lines.starts_with(br"\s:"));
/// ```
#[derive(Debug)]
pub struct Simulation {
    scenario: Scenario,
    sites: Vec<Site>,
    vessels: Vec<Vessel>,
    transponders: Vec<Transponder>,
    truths: Vec<Truth>,
    stations: Vec<ShoreStation>,
    /// What is sent next, by whom; three entries for each ship at most.
    agenda: BinaryHeap<Reverse<(i64, u32, Task)>>,
    on_the_way: OnTheWay,
    sequence: u8,
}

/// One message as one listener passed it on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transmission {
    /// When it came here. Transmissions come in this order.
    pub arrived_at: Timestamp,
    /// When the listener heard it, to the second, as its tag block says.
    pub received_at: Timestamp,
    /// The instant the message speaks of: of the fix, in whole seconds; `received_at` for static data
    /// and for message 27, which say no second.
    pub observed_at: Timestamp,
    /// Who heard it.
    pub station: Station,
    /// What was said.
    pub message: Message,
    /// On which it was sent.
    pub channel: Channel,
    /// Ties the sentences of one message together, `0..=9`.
    pub sequence: u8,
}

#[derive(Debug, Clone)]
struct ShoreStation {
    mmsi: Mmsi,
    name: Station,
    site: usize,
    point_m: [f64; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Position,
    Static,
    LongRange,
    /// Of a shore station: the number is its index.
    BaseStation,
}

/// What was heard and is not yet here. Bounded by what is heard within the longest delay.
#[derive(Debug, Default)]
struct OnTheWay {
    /// When it arrives, how many were heard before, and its slot: a heap of whole messages would move
    /// them about.
    order: BinaryHeap<Reverse<(Timestamp, u64, usize)>>,
    slots: Vec<Transmission>,
    free: Vec<usize>,
    heard: u64,
}

/// Delays beyond which nothing is held back: late reports, in seconds.
const LATE_S: [f64; 2] = [3.0, 600.0];

impl Simulation {
    /// Puts everything to sea.
    ///
    /// # Errors
    ///
    /// If the scenario has no place, is too short for what it plants, or has no room for it.
    pub fn new(scenario: &Scenario) -> Result<Self, ScenarioError> {
        if scenario.places.is_empty() {
            return Err(ScenarioError::NoPlace);
        }
        let duration_s = scenario.duration.as_secs_f64();
        let mut sites =
            plan_sites(&scenario.places, duration_s, &mut Chance::new(scenario.seed, 0));
        let mut plan = Plan::new(scenario, &sites, Chance::new(scenario.seed, 1));
        plan.plant()?;
        traffic::put_to_sea(&mut plan);
        let Plan { vessels, mut truths, holes, .. } = plan;
        for (site, hole) in holes {
            sites[site].holes.push(hole);
        }
        truths.sort_by_key(|truth| (truth.started_at, truth.pair));
        let transponder = |index| Transponder::new(Chance::new(scenario.seed, 1000 + index));
        let mut simulation = Simulation {
            scenario: scenario.clone(),
            transponders: (0..vessels.len() as u64).map(transponder).collect(),
            stations: shore_stations(&sites),
            sites,
            vessels,
            truths,
            agenda: BinaryHeap::new(),
            on_the_way: OnTheWay::default(),
            sequence: 0,
        };
        simulation.fill_agenda();
        Ok(simulation)
    }

    /// Everything planted, in order of its start.
    pub fn truths(&self) -> &[Truth] {
        &self.truths
    }

    /// How many ships send at some time.
    pub fn vessel_count(&self) -> usize {
        self.vessels.len()
    }

    /// What a decoder would make of the transmissions, without the detour over text: the same values
    /// after rounding, in the same order, base stations left out.
    pub fn reports(self) -> impl Iterator<Item = Report> {
        self.filter_map(|transmission| transmission.report())
    }

    /// Writes everything that is left as sentences with tag blocks, and says how many there were.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_sentences(self, out: &mut impl io::Write) -> io::Result<u64> {
        let mut sentences = 0;
        let mut lines = Vec::with_capacity(1 << 16);
        for transmission in self {
            sentences += transmission.write_lines(&mut lines) as u64;
            if lines.len() > (1 << 16) - 512 {
                out.write_all(&lines)?;
                lines.clear();
            }
        }
        out.write_all(&lines)?;
        Ok(sentences)
    }

    /// Where the antenna of a vessel truly is, and its true speed over ground in knots, at any time
    /// within the scenario; `None` for an MMSI that is not in it. Slow: for tests.
    pub fn true_position(&self, mmsi: Mmsi, at: Timestamp) -> Option<(maritime::Position, f64)> {
        let vessel = self.vessels.iter().find(|vessel| vessel.identity.mmsi == mmsi)?;
        let time_s = at.millis_since(self.scenario.started_at) as f64 / 1000.0;
        let (point_m, [east, north], _) = vessel.antenna_at(time_s);
        let speed_knots = (east * east + north * north).sqrt() / crate::meeting::KNOT_MPS;
        Some((self.sites[vessel.site].plane.to_position(point_m), speed_knots))
    }

    /// The true distance of two vessels in metres; `None` unless both are in the scenario.
    pub fn true_distance_m(&self, pair: VesselPair, at: Timestamp) -> Option<f64> {
        let (low, _) = self.true_position(pair.low(), at)?;
        let (high, _) = self.true_position(pair.high(), at)?;
        Some(low.distance_m(high))
    }

    fn fill_agenda(&mut self) {
        let listened_s = self.scenario.listened_from.as_secs_f64();
        for (index, vessel) in self.vessels.iter().enumerate() {
            let chance = &mut self.transponders[index].chance;
            let mut start = |task, within_s: f64| {
                let time_s = vessel.heard_s[0].max(listened_s) + chance.range(0.0, within_s);
                self.agenda.push(Reverse((millis(time_s), index as u32, task)));
            };
            let first_s: f64 = if vessel.identity.class_b { 30.0 } else { 10.0 };
            start(Task::Position, first_s.max(self.scenario.thinned_s(Task::Position)));
            start(Task::Static, STATIC_INTERVAL_S.max(self.scenario.thinned_s(Task::Static)));
            if self.scenario.long_range_reports && !vessel.identity.class_b {
                start(Task::LongRange, LONG_RANGE_INTERVAL_S);
            }
        }
        if self.scenario.base_station_interval.is_some() {
            for index in 0..self.stations.len() as u32 {
                let time_ms = millis(listened_s) + i64::from(index) * 137;
                self.agenda.push(Reverse((time_ms, index, Task::BaseStation)));
            }
        }
    }

    /// Lets one station speak, and notes when it will again.
    fn speak(&mut self, time_ms: i64, index: u32, task: Task) {
        if task == Task::BaseStation {
            return self.speak_ashore(time_ms, index);
        }
        let time_s = time_ms as f64 / 1000.0;
        let vessel = &self.vessels[index as usize];
        if time_s > vessel.heard_s[1] {
            return;
        }
        let site = &self.sites[vessel.site];
        let transponder = &mut self.transponders[index as usize];
        if let Some([from_s, to_s]) = vessel.silent_s
            && (from_s..to_s).contains(&time_s)
        {
            let next_s = to_s + transponder.chance.range(0.0, first_within_s(task));
            self.agenda.push(Reverse((millis(next_s), index, task)));
            return;
        }
        if let Err(open_s) = site.open_at(time_s) {
            // Nobody listens: skip to when somebody may.
            if open_s < vessel.heard_s[1] {
                let next_s = open_s + transponder.chance.range(0.0, first_within_s(task));
                self.agenda.push(Reverse((millis(next_s), index, task)));
            }
            return;
        }
        // A fix is taken on the full second, and sent before the next.
        let sent_at = self.scenario.started_at.plus_millis(time_ms);
        let fixed_at = whole_second(sent_at);
        let fix = FixTime {
            time_s: fixed_at.millis_since(self.scenario.started_at) as f64 / 1000.0,
            second: (fixed_at.as_millis().rem_euclid(60_000) / 1000) as u8,
        };
        let signal = match task {
            Task::LongRange => Signal::LongRange,
            _ if vessel.identity.class_b => Signal::ClassB,
            _ => Signal::ClassA,
        };
        let (messages, point_m, interval_s) = match task {
            Task::Position => {
                let said = transponder.position(vessel, &site.plane, fix);
                ([Some(said.message), None], said.point_m, said.interval_s)
            }
            Task::LongRange => {
                let said = transponder.long_range(vessel, &site.plane, fix);
                let message = (!site.is_ashore(said.point_m)).then_some(said.message);
                ([message, None], said.point_m, said.interval_s)
            }
            _ => {
                let (point_m, ..) = vessel.antenna_at(time_s);
                (static_messages(vessel, time_s), point_m, STATIC_INTERVAL_S)
            }
        };
        let interval_s = interval_s.max(self.scenario.thinned_s(task));
        // Slots are chosen at random within a fifth of the interval, at most a few seconds.
        let spread_s = (0.1 * interval_s).min(4.0);
        let next_s = time_s + interval_s + transponder.chance.range(-spread_s, spread_s);
        self.agenda.push(Reverse((millis(next_s), index, task)));

        if vessel.is_background && site.is_in_hole(point_m, time_s) {
            return;
        }
        let observed_at = (task == Task::Position).then_some(fixed_at);
        let channel = if transponder.chance.yes(0.5) { Channel::A } else { Channel::B };
        for (part, message) in messages.into_iter().flatten().enumerate() {
            let mut heard_by_one = false;
            let scenario = &self.scenario;
            let chance = &mut transponder.chance;
            let heard = |station: Station, by_satellite: bool, chance: &mut Chance| {
                if heard_by_one && !chance.yes(scenario.duplicate_share) {
                    return;
                }
                let received_at = whole_second(sent_at.plus_millis(1000 * part as i64));
                let mut delay_s = match by_satellite {
                    true => chance.range(2.0, 20.0),
                    false => chance.range(0.05, 0.6) + if heard_by_one { 1.0 } else { 0.0 },
                };
                if chance.yes(scenario.late_share) {
                    delay_s += chance.octaves(LATE_S[0], LATE_S[1]);
                }
                if message_is_long(&message) {
                    self.sequence = (self.sequence + 1) % 10;
                }
                let transmission = Transmission {
                    arrived_at: sent_at.plus_millis(1000 * part as i64 + millis(delay_s)),
                    received_at,
                    observed_at: observed_at.unwrap_or(received_at),
                    station,
                    message,
                    channel,
                    sequence: self.sequence,
                };
                self.on_the_way.push(transmission);
                heard_by_one = true;
            };
            site.listen(signal, time_s, point_m, scenario.lost_share, chance, heard);
        }
    }

    fn speak_ashore(&mut self, time_ms: i64, index: u32) {
        let station = &self.stations[index as usize];
        let sent_at = self.scenario.started_at.plus_millis(time_ms);
        let received_at = whole_second(sent_at);
        let plane = &self.sites[station.site].plane;
        let position = plane.to_position(station.point_m);
        let (longitude_raw, latitude_raw) = position_raw(Some(position), 600_000.0);
        let [year, month, day, hour, minute, second] = civil(received_at);
        let message = Message::BaseStation(BaseStationReport {
            header: Header { message_type: 4, repeat: 0, mmsi_raw: station.mmsi.get() },
            year_raw: year,
            month_raw: month as u8,
            day_raw: day as u8,
            hour_raw: hour as u8,
            minute_raw: minute as u8,
            second_raw: second as u8,
            accuracy_high: true,
            longitude_raw,
            latitude_raw,
            positioning_device_raw: 7,
            raim: false,
            communication_state_raw: Some(0),
        });
        let transmission = Transmission {
            arrived_at: sent_at.plus_millis(50),
            received_at,
            observed_at: received_at,
            station: station.name,
            message,
            channel: Channel::A,
            sequence: 0,
        };
        self.on_the_way.push(transmission);
        if let Some(interval) = self.scenario.base_station_interval {
            // Never more often than the ten seconds of the recommendation.
            let next_ms = time_ms + (interval.as_millis() as i64).max(10_000);
            self.agenda.push(Reverse((next_ms, index, Task::BaseStation)));
        }
    }
}

impl Iterator for Simulation {
    type Item = Transmission;

    fn next(&mut self) -> Option<Transmission> {
        let end_ms = self.scenario.duration.as_millis() as i64;
        loop {
            let next_ms = match self.agenda.peek() {
                Some(Reverse((time_ms, ..))) if *time_ms < end_ms => *time_ms,
                _ => i64::MAX,
            };
            let here = self.on_the_way.first_at().is_some_and(|arrived| {
                next_ms == i64::MAX || arrived.millis_since(self.scenario.started_at) <= next_ms
            });
            if here {
                return self.on_the_way.pop();
            }
            if next_ms == i64::MAX {
                return None;
            }
            let Reverse((time_ms, index, task)) = self.agenda.pop()?;
            self.speak(time_ms, index, task);
        }
    }
}

impl Transmission {
    /// Appends its sentences, one or two lines with tag blocks, and says how many.
    pub fn write_lines(&self, out: &mut Vec<u8>) -> usize {
        let tag_block = TagBlock {
            received_at: Some(self.received_at),
            station: Some(self.station),
            ..TagBlock::default()
        };
        let framing = Framing {
            channel: Some(self.channel),
            sequence: self.sequence,
            tag_block: Some(tag_block),
            ..Framing::default()
        };
        let from = out.len();
        write_sentences(&self.message, &framing, out);
        out[from..].iter().filter(|&&byte| byte == b'\n').count()
    }

    /// Who speaks.
    pub fn mmsi(&self) -> Mmsi {
        self.message.header().mmsi().expect("nobody at this sea has the number 0")
    }

    /// The same as a report; `None` for base stations, which are no vessels.
    pub fn report(&self) -> Option<Report> {
        let nothing = PositionFix {
            mmsi: self.mmsi(),
            observed_at: self.observed_at,
            position: maritime::Position::new(0.0, 0.0)?,
            speed_knots: None,
            course_deg: None,
            heading_deg: None,
            coarse: false,
            station: None,
        };
        let fix = match &self.message {
            Message::PositionReport(said) => PositionFix {
                position: said.position()?,
                speed_knots: said.speed_knots(),
                course_deg: said.course_deg(),
                heading_deg: said.heading_deg(),
                ..nothing
            },
            Message::ClassB(said) => PositionFix {
                position: said.position()?,
                speed_knots: said.speed_knots(),
                course_deg: said.course_deg(),
                heading_deg: said.heading_deg(),
                ..nothing
            },
            Message::LongRange(said) => PositionFix {
                position: said.position()?,
                speed_knots: said.speed_knots(),
                course_deg: said.course_deg(),
                coarse: true,
                station: None,
                ..nothing
            },
            other => return self.static_report(other).map(Report::Static),
        };
        Some(Report::Position(fix))
    }

    fn static_report(&self, message: &Message) -> Option<StaticReport> {
        let mut report = StaticReport {
            mmsi: self.mmsi(),
            observed_at: self.observed_at,
            identity: VesselIdentity::default(),
            draught_m: None,
            destination: None,
        };
        match message {
            Message::StaticVoyage(said) => {
                report.identity = VesselIdentity {
                    imo: said.imo(),
                    name: said.name().and_then(|name| Text::new(name.as_str())),
                    callsign: said.callsign(),
                    ship_type: said.ship_type(),
                    dimensions: said.dimensions(),
                };
                report.draught_m = said.draught_m();
                report.destination = said.destination();
            }
            Message::StaticDataA(said) => {
                report.identity.name = said.name().and_then(|name| Text::new(name.as_str()));
            }
            Message::StaticDataB(said) => {
                report.identity.callsign = said.callsign();
                report.identity.ship_type = said.ship_type();
                report.identity.dimensions = said.dimensions();
            }
            _ => return None,
        }
        Some(report)
    }
}

impl OnTheWay {
    fn push(&mut self, transmission: Transmission) {
        let arrived_at = transmission.arrived_at;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = transmission;
                slot
            }
            None => {
                self.slots.push(transmission);
                self.slots.len() - 1
            }
        };
        self.heard += 1;
        self.order.push(Reverse((arrived_at, self.heard, slot)));
    }

    fn first_at(&self) -> Option<Timestamp> {
        self.order.peek().map(|Reverse((arrived_at, ..))| *arrived_at)
    }

    fn pop(&mut self) -> Option<Transmission> {
        let Reverse((_, _, slot)) = self.order.pop()?;
        self.free.push(slot);
        Some(self.slots[slot])
    }
}

impl Scenario {
    /// What a ship is heard with at least so many seconds apart, if it is heard.
    fn thinned_s(&self, task: Task) -> f64 {
        let interval_s = self.interval_min.as_secs_f64();
        match task {
            Task::Position => interval_s,
            Task::Static => 10.0 * interval_s,
            Task::LongRange | Task::BaseStation => 0.0,
        }
    }
}

fn shore_stations(sites: &[Site]) -> Vec<ShoreStation> {
    let mut stations = Vec::new();
    for (site, at) in sites.iter().enumerate() {
        debug_assert!(at.coverage != Coverage::Satellite || at.stations.is_empty());
        for station in &at.stations {
            // 00MIDxxxx
            let number = at.area.chart().mid * 10_000 + 9001 + stations.len() as u32;
            stations.push(ShoreStation {
                mmsi: Mmsi::new(number).expect("seven digits are an MMSI"),
                name: station.name,
                site,
                point_m: station.point_m,
            });
        }
    }
    stations
}

/// A ship that is heard again is heard within so many seconds.
fn first_within_s(task: Task) -> f64 {
    match task {
        Task::Position => 10.0,
        Task::Static => STATIC_INTERVAL_S,
        Task::LongRange | Task::BaseStation => LONG_RANGE_INTERVAL_S,
    }
}

/// Only message 5 takes two sentences.
fn message_is_long(message: &Message) -> bool {
    matches!(message, Message::StaticVoyage(_))
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millis().div_euclid(1000) * 1000)
}

/// Year, month, day, hour, minute, second.
fn civil(at: Timestamp) -> [u16; 6] {
    let text = at.to_string();
    let field = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse().ok());
    [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].map(|range| field(range).unwrap_or(0))
}

fn millis(time_s: f64) -> i64 {
    (time_s * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::wrapped;
    use crate::scenario::Planted;

    #[test]
    fn ships_turn_and_gather_way_as_ships_do() {
        let scenario = Scenario { ships: 40, planted: Planted::every(8), ..Scenario::default() };
        let simulation = Simulation::new(&scenario).unwrap();
        for vessel in &simulation.vessels {
            let mut time_s = vessel.heard_s[0];
            while time_s < vessel.heard_s[1] {
                let (now, next) = (vessel.motion.at(time_s), vessel.motion.at(time_s + 1.0));
                let turn_deg = wrapped(next.heading_rad - now.heading_rad).to_degrees().abs();
                // A small craft turns by two degrees a second, a large ship hardly by one.
                assert!(turn_deg < 2.0, "{:?} turns {turn_deg} deg at {time_s}", vessel.identity);
                let [x, y] = [0, 1].map(|i| next.velocity_mps[i] - now.velocity_mps[i]);
                let change_mps = (x * x + y * y).sqrt();
                assert!(change_mps < 0.1, "{:?}: {change_mps} at {time_s}", vessel.identity);
                time_s += 7.3;
            }
        }
    }
}
