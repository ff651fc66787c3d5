//! What sort of meeting an encounter was.
//!
//! Every class is judged by itself from the numbers of the event: those that fit give reasons whose weights add up to
//! how well they do, in `[0, 1]`. The class that fits best is told, and how well the next best fits is taken off its
//! confidence. Nothing is left out of the events because of its class.

use std::cmp::Reverse;

use maritime::{
    Classification, Event, EventVessel, Meeting, MeetingClass, Mmsi, MmsiKind, Reason,
    ShipCategory, VesselIdentity,
};

use crate::assess::{self, hundredths};
use crate::formation::Lie;

/// Fenders keep lashed hulls a few metres apart and the antennas' errors add some ten: up to the first they may be
/// lashed, beyond the second they are not.
const HULL_GAP_M: [f64; 2] = [25.0, 60.0];
/// Where the dimensions or the bows are unknown, the antennas must do: two very large tankers have them up to 200 m
/// apart, two coasters 50 m.
const HULL_DISTANCE_M: [f64; 2] = [120.0, 260.0];
/// Antennas that were nearer than this for half of the time are of hulls side by side, whatever a few seen moments say.
const HULL_DISTANCE_M_SURE: [f64; 2] = [50.0, 100.0];
/// A gap that may be wrong by more than this says no more than the distance of the antennas.
const HULL_GAP_ERROR_M_MAX: f64 = 60.0;
/// Of lashed ships some part lies abreast; bow to stern there is nothing.
const ABREAST: [f64; 2] = [0.05, 0.25];
/// Lines and fenders give by a metre or two and positions wander by five or ten; ships on two anchors yaw by more.
const RIGID_M: [f64; 2] = [12.0, 40.0];
/// The same for the distance alone, from its median to its 95th percentile, where no bow is known.
const STEADY_M: [f64; 2] = [30.0, 150.0];
/// At a quay neither the two together nor the one beside the other moves by more than the error of the positions.
const STILL_M: [f64; 2] = [6.0, 16.0];
/// A ship at anchor swings within its chain's length of the anchor …
const SWING_M: [f64; 2] = [150.0, 400.0];
/// … and so comes to nothing in the long run, where a drifting one goes on.
const ANCHORED_KNOTS: [f64; 2] = [0.2, 0.5];
/// Who lies at an anchor lies there for a while, in hours: less of it says nothing.
const ANCHORED_HOURS: [f64; 2] = [0.75, 2.5];
/// How far the two limits above and those of the swing must be kept for neighbours to come into question.
const NEIGHBOURS_STAY_MIN: f64 = 0.4;
/// Slower than the first ships drift, faster than the second they steer.
const UNDER_WAY_KNOTS: [f64; 2] = [1.5, 2.5];
/// Berths are on the coast; the map at 1:10m leaves out piers and islets near it, and terminals at sea farther off,
/// which are the fewer the farther.
const BERTH_COAST_M: [f64; 2] = [5_000.0, 40_000.0];
/// Ships lie at a berth for a tide at the least, in hours.
const BERTH_HOURS: [f64; 2] = [1.0, 4.0];
/// To come alongside, pass over cargo or catch and part takes three quarters of an hour at the very least.
const TRANSFER_HOURS: [f64; 2] = [0.5, 0.75];
/// Nobody transfers cargo above this.
const TRANSFER_KNOTS_MAX: f64 = 7.5;
/// Bunker tankers are small tankers …
const BUNKER_LENGTH_M_MAX: u16 = 120;
/// … that go out to ships of another kind, or to tankers of another size: with a tanker of their own size they trade.
const BUNKER_LENGTH_RATIO_MIN: f64 = 1.8;
/// They are done within a watch or two, in hours, …
const BUNKER_HOURS: [f64; 2] = [8.0, 24.0];
/// … and work from a port.
const BUNKER_COAST_M_MAX: f64 = 50_000.0;
/// Pilot and crew boats are no longer than this …
const BOAT_LENGTH_M_MAX: u16 = 45;
/// … and much shorter than the ship that they visit.
const BOAT_LENGTH_RATIO: [f64; 2] = [1.2, 2.5];
/// A visit lasts minutes, or hours if goods come aboard.
const BOAT_HOURS: [f64; 2] = [3.0, 10.0];
/// The speeds of a trawl: two pull slower than they steam, and faster than they drift.
const TRAWL_KNOTS: [f64; 4] = [1.0, 1.8, 4.8, 6.0];
/// Two with one net between them have it abeam: the sine of the bearing off the bow.
const TRAWL_ABEAM_MIN: f64 = 0.8;
/// Ships with one net or one way before them go nearly the same course.
const SAME_WAY_DEG_MAX: f64 = 45.0;
/// Slower than this nobody tows.
const TOW_KNOTS: [f64; 2] = [1.0, 2.0];
/// Buoys are no longer than this; who claims more, or an IMO number, is held for a ship whatever its number.
const GEAR_LENGTH_M_MAX: u16 = 20;
/// As much of the next best fit is taken off the confidence.
const NEXT_BEST: f64 = 0.5;

/// Judges an encounter whose place is known by its numbers, and by how the ships lay to each other.
pub(crate) fn classify(event: &Event, lie: &Lie) -> Classification {
    let facts = Facts::new(event, lie);
    let judges = [
        gear,
        tow,
        pair_trawl,
        pilot_or_crew,
        bunkering,
        same_berth,
        anchored_neighbours,
        convoy,
        possible_transfer,
        alongside,
    ];
    let mut verdicts: Vec<(MeetingClass, Vec<Reason>)> =
        judges.iter().filter_map(|judge| judge(&facts)).collect();
    // Of equal fits the more special one, which comes first.
    verdicts.sort_by_key(|(_, reasons)| Reverse(percent(reasons)));
    let next = verdicts.get(1).map(|(class, reasons)| (*class, percent(reasons)));
    let (class, mut reasons) = verdicts.swap_remove(0);
    if let Some((next, fit)) = next
        && class != MeetingClass::Gear
    {
        let weight = -hundredths(NEXT_BEST * fit as f64 / 100.0);
        let text = format!("{} fits too, by {fit} %", next.name().replace('_', " "));
        reasons.push(Reason { rule: "next_best", weight, text });
    }
    let confidence = (percent(&reasons) as f64 / 100.0).clamp(0.0, 1.0);
    Classification { class, confidence, reasons }
}

/// Whether a station whose number is no ship's may be fishing gear, and so is to be heard: a number that is not given
/// to anybody, or the number of an aid to navigation without a country or under a name that tells the battery.
pub(crate) fn may_be_gear(mmsi: Mmsi, identity: &VesselIdentity) -> bool {
    match mmsi.kind() {
        MmsiKind::Other => true,
        MmsiKind::AidToNavigation => mmsi.flag().is_none() || tells_battery(identity),
        _ => false,
    }
}

/// What an encounter is judged by. Shares are in `[0, 1]`.
struct Facts<'a> {
    event: &'a Event,
    meeting: &'a Meeting,
    lie: &'a Lie,
    vessels: [&'a EventVessel; 2],
    categories: [Option<ShipCategory>; 2],
    lengths_m: [Option<u16>; 2],
    hours: f64,
    knots: f64,
    /// How far they can have been lashed, with the numbers.
    hull: f64,
    hull_text: String,
    /// How far one kept its place in the frame of the other.
    rigid: f64,
    rigid_text: String,
}

type Verdict = Option<(MeetingClass, Vec<Reason>)>;

impl<'a> Facts<'a> {
    fn new(event: &'a Event, lie: &'a Lie) -> Self {
        let meeting: &Meeting = event.meeting.as_ref().expect("an encounter is a meeting");
        let [a, b] = &event.vessels[..] else { unreachable!("an encounter has two vessels") };
        let vessels = [a, b];
        let length_m = |vessel: &EventVessel| Some(vessel.identity.dimensions?.length_m());
        let (hull, hull_text) = hull(meeting, lie);
        let (rigid, rigid_text) = rigid(meeting);
        Facts {
            event,
            meeting,
            lie,
            vessels,
            categories: vessels.map(|vessel| vessel.identity.ship_type?.category()),
            lengths_m: vessels.map(length_m),
            hours: meeting.contact.as_secs_f64() / 3600.0,
            knots: meeting.speed_knots_p50,
            hull,
            hull_text,
            rigid,
            rigid_text,
        }
    }

    fn hull_reason(&self, weight: f64) -> Reason {
        reason("hull_at_hull", weight * self.hull, self.hull_text.clone())
    }

    fn apart_reason(&self, weight: f64) -> Reason {
        reason("apart", weight * (1.0 - self.hull), self.hull_text.clone())
    }

    fn rigid_reason(&self, weight: f64) -> Reason {
        reason("rigid", weight * self.rigid, self.rigid_text.clone())
    }

    fn hours_reason(&self, weight: f64) -> Reason {
        reason("duration", weight, format!("in contact for {:.1} h", self.hours))
    }

    fn speed_reason(&self, weight: f64) -> Reason {
        reason("speed", weight, format!("{:.1} kn in the median", self.knots))
    }

    /// How far both kept to one place on the earth, as ships at anchor do.
    fn stays(&self) -> f64 {
        let spread_m = self.lie.place_spread_m.unwrap_or(f64::INFINITY);
        falling(self.meeting.drift_knots, ANCHORED_KNOTS) * falling(spread_m, SWING_M)
    }

    /// How far neither moved at all, together or against each other, as ships do that are made fast to the land.
    fn still(&self) -> f64 {
        let spreads_m = self.meeting.earth_frame_spread_m.zip(self.lie.place_spread_m);
        spreads_m.map_or(0.0, |(earth_m, place_m)| falling(earth_m.max(place_m), STILL_M))
    }

    fn stay_text(&self) -> String {
        let spread_m = self.lie.place_spread_m.unwrap_or(0.0);
        let drift_knots = self.meeting.drift_knots;
        format!("kept within {spread_m:.0} m of one place, {drift_knots:.2} kn from first to last")
    }

    fn goes_the_same_way(&self) -> bool {
        self.meeting.heading_difference_deg_p50.is_none_or(|deg| deg <= SAME_WAY_DEG_MAX)
    }

    fn both(&self, category: ShipCategory) -> bool {
        self.categories == [Some(category); 2]
    }

    /// Whether nothing speaks against both being of a kind.
    fn might_be(&self, category: ShipCategory) -> bool {
        self.categories.iter().flatten().all(|known| *known == category)
    }

    /// The one of the two to which something applies, the shorter if it applies to both, and the other one.
    fn either(&self, applies: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
        let applying = [(0, 1), (1, 0)].into_iter().filter(|&(index, _)| applies(index));
        applying.min_by_key(|&(index, _)| self.lengths_m[index].unwrap_or(u16::MAX))
    }

    fn words(&self, index: usize) -> String {
        let kind = self.categories[index].map_or("ship of unknown type", ShipCategory::name);
        match self.lengths_m[index] {
            Some(length_m) => format!("{kind} of {length_m} m"),
            None => kind.to_owned(),
        }
    }
}

fn hull(meeting: &Meeting, lie: &Lie) -> (f64, String) {
    let by_distance = falling(meeting.distance_m_p50, HULL_DISTANCE_M);
    let known = lie.hull_gap_m_p50.zip(lie.hull_gap_uncertainty_m).zip(lie.abreast_p50);
    let Some(((gap_m, error_m), abreast)) = known.filter(|((_, m), _)| *m <= HULL_GAP_ERROR_M_MAX)
    else {
        let text = format!("{:.0} m between the antennas in the median", meeting.distance_m_p50);
        return (by_distance, text);
    };
    let text = format!(
        "{gap_m:.0} m from hull to hull in the median, give or take {error_m:.0} m, {:.0} % abreast",
        abreast * 100.0
    );
    let by_gap = falling(gap_m, HULL_GAP_M) * rising(abreast, ABREAST);
    let sure = falling(meeting.distance_m_p50, HULL_DISTANCE_M_SURE);
    if sure > by_gap {
        return (
            sure,
            format!("{:.0} m between the antennas in the median", meeting.distance_m_p50),
        );
    }
    (by_gap, text)
}

fn rigid(meeting: &Meeting) -> (f64, String) {
    match meeting.body_frame_spread_m {
        Some(spread_m) => {
            let text = format!("one kept its place beside the other to {spread_m:.0} m");
            (falling(spread_m, RIGID_M), text)
        }
        None => {
            let change_m = meeting.distance_m_p95 - meeting.distance_m_p50;
            let text =
                format!("the distance grew by {change_m:.0} m from median to 95th percentile");
            (falling(change_m, STEADY_M), text)
        }
    }
}

fn gear(facts: &Facts<'_>) -> Verdict {
    let signs = facts.vessels.map(|vessel| gear_sign(vessel.mmsi, &vessel.identity));
    let (rule, text) = signs.into_iter().flatten().next()?;
    Some((MeetingClass::Gear, vec![reason(rule, 1.0, text)]))
}

/// What tells that a vessel is none.
fn gear_sign(mmsi: Mmsi, identity: &VesselIdentity) -> Option<(&'static str, String)> {
    if identity.imo.is_some() {
        return None;
    }
    if tells_battery(identity) {
        let name = identity.name.map(|name| name.as_str().to_owned()).unwrap_or_default();
        return Some(("gear_name", format!("the name {name} tells the charge of a battery")));
    }
    let length_m = identity.dimensions.map_or(0, |dimensions| dimensions.length_m());
    if length_m > GEAR_LENGTH_M_MAX {
        return None;
    }
    let what = match mmsi.kind() {
        MmsiKind::Other => "given to nobody",
        MmsiKind::AuxiliaryCraft => "of a craft that belongs to another ship",
        MmsiKind::AidToNavigation => "of an aid to navigation",
        MmsiKind::Distress => "of a distress beacon",
        _ => return None,
    };
    Some(("gear_number", format!("the number {mmsi} is {what}")))
}

/// `NET MARK 4-87%`, `BUOY 12 11.8V`: digits before a percent sign, or before a V that ends a word and with a voltage
/// of a battery.
fn tells_battery(identity: &VesselIdentity) -> bool {
    let Some(name) = identity.name else { return false };
    let name = name.as_str().as_bytes();
    (1..name.len()).any(|at| {
        let digits = name[..at].iter().rev().take_while(|c| c.is_ascii_digit() || **c == b'.');
        let number = &name[at - digits.count()..at];
        match name[at] {
            b'%' => !number.is_empty(),
            b'V' | b'v' => {
                let ends = name.get(at + 1).is_none_or(|c| !c.is_ascii_alphanumeric());
                ends && is_voltage(number)
            }
            _ => false,
        }
    })
}

/// `11.8` and `12`, but not the `5` of a ship's name.
fn is_voltage(number: &[u8]) -> bool {
    let parsed = std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok());
    let is_written_so = number.contains(&b'.') || number.len() == 2;
    is_written_so && parsed.is_some_and(|volts| (3.0..30.0).contains(&volts))
}

fn tow(facts: &Facts<'_>) -> Verdict {
    let (tug, towed) = facts.either(|index| facts.categories[index] == Some(ShipCategory::Tug))?;
    let pulls = rising(facts.knots, TOW_KNOTS);
    if pulls == 0.0 || !facts.goes_the_same_way() {
        return None;
    }
    let types = format!("a {} and a {}", facts.words(tug), facts.words(towed));
    let steady_m = facts.meeting.distance_m_p95 - facts.meeting.distance_m_p50;
    let steady = format!("the distance grew by {steady_m:.0} m from median to 95th percentile");
    Some((
        MeetingClass::Tow,
        vec![
            reason("tug", 0.5, types),
            facts.speed_reason(0.3 * pulls),
            reason("steady", 0.2 * falling(steady_m, STEADY_M), steady),
        ],
    ))
}

fn pair_trawl(facts: &Facts<'_>) -> Verdict {
    let [from, full, slower, to] = TRAWL_KNOTS;
    let trawls = rising(facts.knots, [from, full]) * falling(facts.knots, [slower, to]);
    if trawls == 0.0 || facts.hull > 0.9 || !facts.goes_the_same_way() {
        return None;
    }
    let abeam = facts.lie.abeam_p50.unwrap_or(0.0);
    let sign = if facts.both(ShipCategory::Fishing) {
        reason("fishing_vessels", 0.4, "both are fishing vessels".into())
    } else if facts.might_be(ShipCategory::Fishing) && abeam >= TRAWL_ABEAM_MIN {
        // Others who do not say what they are go behind one another.
        let text =
            "neither is known to be anything but a fishing vessel, and one is abeam of the other";
        reason("abeam", 0.35 * abeam, text.into())
    } else {
        return None;
    };
    Some((
        MeetingClass::PairTrawl,
        vec![sign, facts.speed_reason(0.3 * trawls), facts.apart_reason(0.3)],
    ))
}

fn pilot_or_crew(facts: &Facts<'_>) -> Verdict {
    use ShipCategory::*;
    let is_boat = |index: usize| {
        let carries = matches!(facts.categories[index], Some(Tanker | Cargo | Fishing | Tug));
        let is_small = facts.lengths_m[index].is_some_and(|m| m <= BOAT_LENGTH_M_MAX);
        is_small && !carries || facts.categories[index] == Some(Pilot)
    };
    let (boat, ship) = facts.either(is_boat)?;
    let serves = match facts.categories[boat] {
        Some(
            Pilot | PortTender | SearchAndRescue | LawEnforcement | HighSpeedCraft | Passenger
            | Medical | AntiPollution,
        ) => 0.4,
        // Statics of small boats often say nothing of their trade.
        _ => 0.25,
    };
    let lengths_m = [boat, ship].map(|index| facts.lengths_m[index].map(f64::from));
    let ratio = match lengths_m {
        [Some(boat_m), Some(ship_m)] => ship_m / boat_m.max(1.0),
        _ => f64::midpoint(BOAT_LENGTH_RATIO[0], BOAT_LENGTH_RATIO[1]),
    };
    let larger = rising(ratio, BOAT_LENGTH_RATIO);
    if larger == 0.0 {
        return None;
    }
    let types = format!("a {} beside a {}", facts.words(boat), facts.words(ship));
    let beside = 0.5 + 0.5 * facts.hull;
    Some((
        MeetingClass::PilotOrCrew,
        vec![
            reason("boat", serves + 0.2 * larger, types),
            facts.hours_reason(0.2 * falling(facts.hours, BOAT_HOURS)),
            reason("beside", 0.2 * beside, facts.hull_text.clone()),
        ],
    ))
}

fn bunkering(facts: &Facts<'_>) -> Verdict {
    use ShipCategory::Tanker;
    let fuels = |index: usize| {
        let (Some(length_m), other_m) = (facts.lengths_m[index], facts.lengths_m[1 - index]) else {
            return false;
        };
        let ratio = f64::from(other_m.unwrap_or(0)) / f64::from(length_m).max(1.0);
        facts.categories[index] == Some(Tanker)
            && length_m <= BUNKER_LENGTH_M_MAX
            && (ratio >= BUNKER_LENGTH_RATIO_MIN
                || facts.categories[1 - index].is_some_and(|other| other != Tanker))
    };
    let (tanker, ship) = facts.either(fuels)?;
    let name = facts.vessels[tanker].identity.name;
    let is_named = name.is_some_and(|name| name.as_str().to_ascii_uppercase().contains("BUNKER"));
    let coast_m = facts.event.place.coast_distance_m;
    let is_near = coast_m.is_none_or(|metres| metres <= BUNKER_COAST_M_MAX);
    if facts.knots >= UNDER_WAY_KNOTS[1] || facts.hull < 0.3 || !(is_near || is_named) {
        return None;
    }
    let types = format!("a {} beside a {}", facts.words(tanker), facts.words(ship));
    let place = match coast_m {
        Some(metres) => format!("{:.0} km off the coast", metres / 1000.0),
        None => "the coast is not known".into(),
    };
    let mut reasons = vec![
        reason("small_tanker", 0.45, types),
        facts.hull_reason(0.2),
        facts.hours_reason(0.1 * falling(facts.hours, BUNKER_HOURS)),
        reason("in_reach_of_a_port", if is_near { 0.1 } else { 0.0 }, place),
        reason("stays", 0.1 * facts.stays(), facts.stay_text()),
    ];
    if is_named {
        reasons.push(reason("named_so", 0.05, "it calls itself a bunker vessel".into()));
    }
    Some((MeetingClass::Bunkering, reasons))
}

fn same_berth(facts: &Facts<'_>) -> Verdict {
    let coast_m = facts.event.place.coast_distance_m?;
    let (earth_m, place_m) = (facts.meeting.earth_frame_spread_m?, facts.lie.place_spread_m?);
    let still = facts.still();
    let ashore = falling(coast_m, BERTH_COAST_M);
    let long = rising(facts.hours, BERTH_HOURS);
    if still == 0.0 || ashore == 0.0 || long == 0.0 {
        return None;
    }
    let unmoved = format!(
        "neither moved: {place_m:.0} m together, {earth_m:.0} m against each other in the frame of the earth"
    );
    Some((
        MeetingClass::SameBerth,
        vec![
            reason("unmoved", 0.5 * still, unmoved),
            reason("at_the_coast", 0.3 * ashore, format!("{coast_m:.0} m off the coast")),
            facts.hours_reason(0.2 * long),
        ],
    ))
}

fn anchored_neighbours(facts: &Facts<'_>) -> Verdict {
    let stays = facts.stays() * rising(facts.hours, ANCHORED_HOURS);
    // A visitor that has come and gone is no neighbour, however far apart the two were.
    if stays < NEIGHBOURS_STAY_MIN || facts.hull > 0.9 {
        return None;
    }
    let earth_m = facts.meeting.earth_frame_spread_m.unwrap_or(0.0);
    let swings = format!(
        "{earth_m:.0} m of swing against each other in the frame of the earth; {}",
        facts.rigid_text
    );
    Some((
        MeetingClass::AnchoredNeighbours,
        vec![
            reason("stays", 0.4 * stays * (1.0 - facts.still()), facts.stay_text()),
            facts.apart_reason(0.4),
            reason("swings", 0.2 * (1.0 - facts.rigid), swings),
        ],
    ))
}

fn convoy(facts: &Facts<'_>) -> Verdict {
    let under_way = rising(facts.knots, UNDER_WAY_KNOTS);
    if under_way == 0.0 || facts.hull > 0.9 || !facts.goes_the_same_way() {
        return None;
    }
    Some((MeetingClass::Convoy, vec![facts.speed_reason(0.4 * under_way), facts.apart_reason(0.5)]))
}

fn possible_transfer(facts: &Facts<'_>) -> Verdict {
    use ShipCategory::*;
    let carries = |category: Option<ShipCategory>| match category {
        Some(Tanker | Cargo | Fishing) => Some(1.0),
        None => Some(0.5),
        Some(_) => None,
    };
    let [a, b] = facts.categories.map(carries);
    let carriers = a? * b?;
    // Beside land nearly all who lie close lie at berths: there it takes a known carrier.
    if facts.categories == [None; 2] && assess::is_at_a_haven(&facts.event.place) {
        return None;
    }
    let long = rising(facts.hours, TRANSFER_HOURS);
    if facts.hull < 0.3 || long == 0.0 || facts.knots > TRANSFER_KNOTS_MAX {
        return None;
    }
    let mut kinds = [0, 1].map(|index| facts.words(index));
    kinds.sort_unstable();
    let [first, second] = kinds;
    Some((
        MeetingClass::PossibleTransfer,
        vec![
            reason("carriers", 0.15 + 0.15 * carriers, format!("a {first} and a {second}")),
            facts.hull_reason(0.35),
            facts.rigid_reason(0.15),
            facts.hours_reason(0.1 * long),
        ],
    ))
}

fn alongside(facts: &Facts<'_>) -> Verdict {
    let reasons = vec![
        reason("nothing_special", 0.15, "two ships near each other, whatever for".into()),
        facts.hull_reason(0.4),
        facts.rigid_reason(0.1),
    ];
    Some((MeetingClass::Alongside, reasons))
}

/// 1 up to the first limit, 0 from the second on, straight in between.
fn falling(value: f64, [full, none]: [f64; 2]) -> f64 {
    ((none - value) / (none - full)).clamp(0.0, 1.0)
}

/// 0 up to the first limit, 1 from the second on, straight in between.
fn rising(value: f64, [none, full]: [f64; 2]) -> f64 {
    ((value - none) / (full - none)).clamp(0.0, 1.0)
}

fn reason(rule: &'static str, weight: f64, text: String) -> Reason {
    Reason { rule, weight: hundredths(weight), text }
}

/// The sum of the weights.
fn percent(reasons: &[Reason]) -> i64 {
    reasons.iter().map(|reason| libm::round(reason.weight * 100.0) as i64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{Ship, Way, encounters};

    const GULF: (f64, f64) = (27.0, -90.0);
    /// Off Fujairah, and a quay of Rotterdam.
    const ROADSTEAD: (f64, f64) = (25.25, 56.55);
    const QUAY: (f64, f64) = (51.90, 4.40);

    const TANKER: Ship =
        Ship { mmsi: 311_000_222, name: "ALFA", ship_type: 80, size_m: (250, 44), way: drifting };
    const OTHER: Ship =
        Ship { mmsi: 538_005_541, name: "BRAVO", ship_type: 80, size_m: (180, 32), way: lashed };

    /// Half a knot, the bow turning slowly.
    fn drifting(minute: f64) -> (f64, f64, f64) {
        (12.0 * minute, 9.0 * minute, 70.0 + minute / 6.0)
    }

    /// Beside the drifting one with four metres between the hulls, however it turns.
    fn lashed(minute: f64) -> (f64, f64, f64) {
        beside(drifting(minute), 42.0)
    }

    /// To starboard of another ship.
    fn beside((east_m, north_m, heading_deg): (f64, f64, f64), metres: f64) -> (f64, f64, f64) {
        let (sin, cos) = libm::sincos(heading_deg.to_radians());
        (east_m + metres * cos, north_m - metres * sin, heading_deg)
    }

    /// Nine cables in an hour and a half: about 4 kn to the north.
    fn northward(minute: f64) -> (f64, f64, f64) {
        (0.0, 123.5 * minute, 0.0)
    }

    fn swinging(minute: f64) -> (f64, f64, f64) {
        let heading_deg = 40.0 + 25.0 * libm::sin(minute / 90.0) + 6.0 * libm::sin(minute / 3.1);
        let (sin, cos) = libm::sincos(heading_deg.to_radians());
        (-180.0 * sin, -180.0 * cos, heading_deg)
    }

    fn still(_: f64) -> (f64, f64, f64) {
        (0.0, 0.0, 90.0)
    }

    #[track_caller]
    fn check(place: (f64, f64), hours: u32, ships: [Ship; 2], expected: MeetingClass) {
        let events = encounters(place, hours, &ships);
        let [event] = &events[..] else { panic!("{} encounters", events.len()) };
        let class = event.class.as_ref().expect("an encounter has a class");
        assert_eq!(class.class, expected, "{:#?} {class:#?}", event.meeting);
        assert!((0.3..=1.0).contains(&class.confidence), "{class:#?}");
        assert!(!class.reasons.is_empty());
        match expected {
            MeetingClass::Gear => assert!(event.profiles.is_empty(), "{:?}", event.profiles),
            MeetingClass::PossibleTransfer => assert!(event.profiles.contains(&"sts".into())),
            _ => {}
        }
    }

    fn with(ship: Ship, way: Way) -> Ship {
        Ship { way, ..ship }
    }

    #[test]
    fn two_tankers_lashed_and_adrift_are_a_possible_transfer() {
        check(GULF, 6, [TANKER, OTHER], MeetingClass::PossibleTransfer);
    }

    #[test]
    fn ships_of_unknown_types_transfer_at_sea_but_not_beside_land() {
        let ships = [Ship { ship_type: 0, ..TANKER }, Ship { ship_type: 0, ..OTHER }];
        check(GULF, 6, ships, MeetingClass::PossibleTransfer);
        check(QUAY, 6, ships, MeetingClass::Alongside);
    }

    #[test]
    fn two_tankers_lashed_under_way_are_a_possible_transfer() {
        let ships =
            [with(TANKER, northward), with(OTHER, |minute| beside(northward(minute), 42.0))];
        check(GULF, 3, ships, MeetingClass::PossibleTransfer);
    }

    #[test]
    fn a_naval_ship_beside_a_tanker_is_alongside() {
        check(GULF, 3, [TANKER, Ship { ship_type: 35, ..OTHER }], MeetingClass::Alongside);
    }

    #[test]
    fn ships_on_two_anchors_are_neighbours() {
        let other: Way = |minute| {
            let (east_m, north_m, heading_deg) = swinging(minute * 1.05 + 20.0);
            (east_m + 350.0, north_m - 60.0, heading_deg)
        };
        let ships = [with(TANKER, swinging), with(OTHER, other)];
        check(ROADSTEAD, 12, ships, MeetingClass::AnchoredNeighbours);
    }

    #[test]
    fn ships_lashed_at_one_anchor_are_a_possible_transfer() {
        let ships = [with(TANKER, swinging), with(OTHER, |minute| beside(swinging(minute), 42.0))];
        check(ROADSTEAD, 12, ships, MeetingClass::PossibleTransfer);
    }

    #[test]
    fn ships_bow_to_stern_at_a_quay_share_a_berth() {
        let ships = [with(TANKER, still), with(OTHER, |_| (270.0, 0.0, 90.0))];
        check(QUAY, 12, ships, MeetingClass::SameBerth);
    }

    #[test]
    fn a_tug_ahead_of_a_barge_tows() {
        let tug = Ship { ship_type: 31, size_m: (32, 10), ..with(TANKER, northward) };
        let barge: Way = |minute| (10.0, northward(minute).1 - 320.0, 0.0);
        let barge = Ship { ship_type: 99, size_m: (90, 24), ..with(OTHER, barge) };
        check(GULF, 4, [tug, barge], MeetingClass::Tow);
    }

    #[test]
    fn two_fishing_vessels_abreast_pull_one_net() {
        let trawler = |ship, way| Ship { ship_type: 30, size_m: (30, 8), ..with(ship, way) };
        let first: Way = |minute| (0.0, 93.0 * minute, 0.0);
        let second: Way = |minute| (280.0 + 30.0 * libm::sin(minute / 8.0), 93.0 * minute, 0.0);
        let ships = [trawler(TANKER, first), trawler(OTHER, second)];
        check(GULF, 4, ships, MeetingClass::PairTrawl);
    }

    #[test]
    fn a_small_boat_beside_a_ship_brings_people() {
        let boat: Way = |minute| match minute {
            ..60.0 => (4000.0 + 12.0 * minute, 9.0 * minute, 270.0),
            ..110.0 => beside(drifting(minute), 28.0),
            _ => (5000.0 + 12.0 * minute, 9.0 * minute, 90.0),
        };
        let boat = Ship { ship_type: 50, size_m: (20, 6), ..with(OTHER, boat) };
        let events = encounters(GULF, 3, &[TANKER, boat]);
        let class = events[0].class.as_ref().unwrap();
        assert_eq!(class.class, MeetingClass::PilotOrCrew, "{class:#?}");
    }

    #[test]
    fn a_small_tanker_beside_an_anchored_ship_bunkers_it() {
        let ship = Ship { ship_type: 70, ..with(TANKER, swinging) };
        let tanker: Way = |minute| beside(swinging(minute), 34.0);
        let tanker = Ship { size_m: (80, 16), ..with(OTHER, tanker) };
        check(ROADSTEAD, 4, [ship, tanker], MeetingClass::Bunkering);
    }

    #[test]
    fn one_behind_the_other_is_a_convoy() {
        let behind: Way = |minute| (20.0, northward(minute).1 - 420.0, 0.0);
        let ships = [with(TANKER, northward), with(OTHER, behind)];
        check(GULF, 4, ships, MeetingClass::Convoy);
    }

    #[test]
    fn a_buoy_beside_a_fishing_vessel_is_gear_and_satisfies_nobody() {
        let vessel = Ship { ship_type: 30, size_m: (40, 9), ..TANKER };
        for (mmsi, name) in [(979_123_456, "X"), (412_555_666, "NET 4-87%"), (150_001_234, "X")] {
            let buoy = Ship { mmsi, name, ship_type: 0, size_m: (3, 2), ..OTHER };
            check(GULF, 6, [vessel, buoy], MeetingClass::Gear);
        }
    }

    #[track_caller]
    fn check_gear(mmsi: u32, name: &str, length_m: u16, expected: bool) {
        let dimensions =
            maritime::Dimensions { bow_m: length_m, stern_m: 0, port_m: 1, starboard_m: 1 };
        let identity = VesselIdentity {
            name: maritime::Text::new(name),
            dimensions: (length_m > 0).then_some(dimensions),
            ..VesselIdentity::default()
        };
        let sign = gear_sign(Mmsi::new(mmsi).unwrap(), &identity);
        assert_eq!(sign.is_some(), expected, "{sign:?}");
    }

    #[test]
    fn numbers_and_names_tell_gear() {
        check_gear(412_000_001, "BUOY 7 12.5V", 0, true);
        check_gear(412_000_001, "GOLDEN-8-85%", 3, true);
        check_gear(982_111_234, "TENDER", 8, true);
        check_gear(941_000_123, "", 0, true);
        check_gear(311_000_222, "STENA 5V", 0, false);
        check_gear(311_000_222, "APOLLO XV", 0, false);
        check_gear(311_000_222, "12 VICTORIES", 0, false);
        // A tanker with a number that nobody was given hides from nobody.
        check_gear(941_000_123, "ALFA", 180, false);
    }
}
