//! What to make of an event: what is near, who would flag it, and what speaks for and against.

use std::collections::BTreeMap;
use std::time::Duration;

use maritime::{
    Event, EventKind, EventVessel, METRES_PER_NAUTICAL_MILE, Meeting, MeetingClass, Position,
    Reason, ShipCategory, Surroundings,
};

use crate::coast::Coast;
use crate::histogram::DistanceHistogram;
use crate::parameters::{LandMap, Parameters, PortList, Profile};
use crate::ports::Ports;
use crate::story::World;

/// Nearer to land than this ships lie at berths, in harbours and on rivers, which the map does not know.
const BESIDE_LAND_M: f64 = 1000.0;
/// A port reaches so far from the place that stands for it.
const NEAR_PORT_M: f64 = 10_000.0;

/// What each reason adds to the score, by the name of its rule; negative speaks against. Where a rule
/// knows more and less, this is what it adds at the most.
///
/// ```
/// use alongside_detector::Weights;
///
/// let mut weights = Weights::default();
/// assert!(weights.set("night", 0.2));
/// assert!(!weights.set("full_moon", 0.2));
/// assert_eq!(weights.iter().find(|(rule, _)| *rule == "night"), Some(("night", 0.2)));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(BTreeMap<&'static str, f64>);

/// All rules with what they add, unless they are told otherwise. Those of a meeting at sea of two carriers
/// add up to about 1 without what is seldom known.
const RULES: &[(&str, f64)] = &[
    // Of encounters.
    ("long", 0.2),
    ("near", 0.2),
    ("slow", 0.1),
    ("offshore", 0.2),
    ("beside_land", -0.3),
    ("carriers", 0.15),
    ("helper", -0.2),
    ("draughts", 0.15),
    ("hull_gap", 0.1),
    ("night", 0.05),
    ("third_vessels", -0.05),
    ("bridged", -0.1),
    // Their classes, as far as they are certain.
    ("class_alongside", 0.05),
    ("class_possible_transfer", 0.1),
    ("class_anchored_neighbours", -0.3),
    ("class_same_berth", -0.4),
    ("class_tow", -0.4),
    ("class_pair_trawl", -0.4),
    ("class_pilot_or_crew", -0.4),
    ("class_bunkering", -0.2),
    ("class_convoy", -0.4),
    ("class_gear", -0.6),
    // Of every kind.
    ("near_port", -0.15),
    ("busy_place", -0.1),
    ("watchlist", 0.3),
    ("gaps", 0.1),
    ("identity_changes", 0.1),
    // Of the kinds that bring reasons of their own: as much as they add at the most in any of them.
    ("drifting", 0.1),
    ("silent", 0.5),
    ("time_to_spare", 0.1),
    ("lay_still", -0.4),
    ("courses", 0.25),
    ("times", 0.2),
    ("alone", 0.15),
    ("imo_changed", 0.5),
    ("name_changed", 0.3),
    ("name_respelt", 0.05),
    ("callsign_changed", 0.2),
    ("callsign_respelt", 0.05),
    ("type_changed", 0.1),
    ("dimensions_changed", 0.1),
    ("to_and_fro", 0.1),
    ("hand_over", 0.6),
    ("flag", 0.2),
    ("name", 0.1),
    ("same_identity", 0.4),
    ("apart", 0.2),
    ("two_places", 0.4),
    ("jumps", 0.1),
    // What each other kind is worth by itself, if it says no more.
    ("loitering", 0.3),
    ("gap", 0.4),
    ("dark_meeting", 0.6),
    ("identity_change", 0.3),
    ("identity_conflict", 0.5),
    ("jump", 0.2),
    ("displacement", 0.5),
    ("on_land", 0.2),
    ("watchlist_hit", 0.5),
];

impl Default for Weights {
    fn default() -> Self {
        Weights(RULES.iter().copied().collect())
    }
}

impl Weights {
    /// Every rule with its weight, in the order in which they are explained.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        RULES.iter().map(|&(rule, _)| (rule, self.0[rule]))
    }

    /// Gives a rule another weight; `false` if there is no such rule.
    pub fn set(&mut self, rule: &str, weight: f64) -> bool {
        let known = self.0.get_mut(rule);
        known.map(|known| *known = weight).is_some()
    }

    /// Gives a reason that somebody else has weighed by the default of its rule its weight by this one.
    fn adjust(&self, reason: &mut Reason) {
        let default = RULES.iter().find(|(rule, _)| *rule == reason.rule);
        let Some(&(rule, default)) = default else { return };
        if self.0[rule] != default && default != 0.0 {
            reason.weight = hundredths(reason.weight * self.0[rule] / default);
        }
    }

    /// The reason that a rule gives, if it holds by that `share` of `[0, 1]`.
    fn reason(&self, rule: &'static str, share: f64, text: String) -> Option<Reason> {
        let weight = self.0.get(rule).expect("every rule has a weight") * share;
        Some(Reason { rule, weight: hundredths(weight), text })
    }
}

/// Gives an event its score with the reasons, once all else is known. A chapter may have given reasons of its own, and a
/// score if that is not their sum: they stay in front.
pub(crate) fn weigh(event: &mut Event, weights: &Weights) {
    let given = score(&event.reasons);
    event.reasons.iter_mut().for_each(|reason| weights.adjust(reason));
    let mut own = score(&event.reasons);
    if event.score > 0.0 && given > 0.0 {
        own *= event.score / given;
    }
    let rules: &[Rule] = match event.kind() {
        EventKind::Encounter => ENCOUNTER_RULES,
        EventKind::Loitering | EventKind::DarkMeeting => STAY_RULES,
        EventKind::Gap => GAP_RULES,
        EventKind::WatchlistHit => WATCHLIST_HIT_RULES,
        _ => OTHER_RULES,
    };
    let said = |reason: &Reason| event.reasons.iter().any(|other| other.rule == reason.rule);
    let reasons = rules.iter().filter_map(|rule| rule(event, weights));
    let reasons: Vec<Reason> = reasons.filter(|reason| !said(reason)).collect();
    let added: f64 = reasons.iter().map(|reason| reason.weight).sum();
    event.reasons.extend(reasons);
    event.score = hundredths((own + added).clamp(0.0, 1.0));
}

/// What has been learned by now of what is near an event's place.
pub(crate) fn learned_surroundings(event: &Event, world: World<'_>) -> Surroundings {
    Surroundings {
        anchorage_distance_m: world.places.anchorage_distance_m(event.position),
        meetings_nearby: world.places.meetings_nearby(event, &world.parameters.places),
        ..Surroundings::default()
    }
}

/// What is near an event's place on the map and by the lists of the user, whose ports are `ports`.
pub(crate) fn look_around(event: &mut Event, parameters: &Parameters, ports: &Ports) {
    let position = event.position;
    let files = parameters.place_files.iter();
    let zones = files.flat_map(|file| &file.zones).filter(|zone| zone.contains(position));
    event.place.zones = zones.map(|zone| zone.name.clone()).collect();
    event.place.coast_distance_m = coast_distance_m(position, parameters.land);
    event.place.port = nearest_port(position, parameters.ports, ports);
}

/// 0 on land.
pub(crate) fn coast_distance_m(position: Position, land: LandMap) -> Option<f64> {
    match land {
        LandMap::NaturalEarth => {
            let nearest = Coast::natural_earth().nearest(position);
            Some(if nearest.on_land { 0.0 } else { nearest.distance_m })
        }
        LandMap::None => None,
    }
}

fn nearest_port(position: Position, list: PortList, ports: &Ports) -> Option<(String, f64)> {
    let lists = [Some(ports), (list == PortList::WorldPortIndex).then(Ports::world)];
    let nearest = lists.into_iter().flatten().filter_map(|ports| ports.nearest(position));
    // At one distance the user's own, which comes first.
    let (name, distance_m) = nearest.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((name.to_owned(), distance_m))
}

/// Names of the profiles that the event satisfies.
pub(crate) fn profiles(
    event: &Event,
    distances: &DistanceHistogram,
    parameters: &Parameters,
) -> Vec<String> {
    let satisfied = |profile: &&Profile| {
        let near = |distance_m_max: f64, duration_min: Duration| {
            Duration::from_millis(distances.millis_within(distance_m_max)) >= duration_min
        };
        let alternatives = &profile.alternatives;
        (near(profile.distance_m_max, profile.duration_min)
            || alternatives.iter().any(|other| near(other.distance_m_max, other.duration_min)))
            && meeting(event).speed_knots_p50 <= profile.speed_knots_p50_max
            && is_far_enough(event, profile, parameters)
    };
    let profiles = parameters.profiles.iter();
    profiles.filter(satisfied).map(|profile| profile.name.clone()).collect()
}

fn is_far_enough(event: &Event, profile: &Profile, parameters: &Parameters) -> bool {
    let place = &event.place;
    let knows_ports = parameters.ports == PortList::WorldPortIndex
        || parameters.place_files.iter().any(|file| !file.ports.is_empty())
        || place.anchorage_distance_m.is_some();
    let coast_m_min = match knows_ports {
        true => profile.coast_distance_m_min,
        false => profile.coast_distance_m_min.max(profile.port_distance_m_min),
    };
    place.coast_distance_m.is_none_or(|metres| metres >= coast_m_min)
        && haven_distance_m(place).is_none_or(|metres| metres >= profile.port_distance_m_min)
}

/// Whether it is beside land, or near a port or a learned anchorage.
pub(crate) fn is_at_a_haven(place: &Surroundings) -> bool {
    place.coast_distance_m.is_some_and(|metres| metres < BESIDE_LAND_M)
        || haven_distance_m(place).is_some_and(|metres| metres < NEAR_PORT_M)
}

/// To the nearest port or learned anchorage.
fn haven_distance_m(place: &Surroundings) -> Option<f64> {
    let port_m = place.port.as_ref().map(|(_, metres)| *metres);
    let distances_m = [port_m, place.anchorage_distance_m].into_iter().flatten();
    distances_m.min_by(f64::total_cmp)
}

/// The sum of the weights, cut to `[0, 1]` and to hundredths.
///
/// Chapters that weigh their reasons otherwise use it too.
pub(crate) fn score(reasons: &[Reason]) -> f64 {
    let sum: f64 = reasons.iter().map(|reason| reason.weight).sum();
    hundredths(sum.clamp(0.0, 1.0))
}

/// What speaks for or against, by one rule.
type Rule = fn(&Event, &Weights) -> Option<Reason>;

/// In the order in which a reader asks: how long, how near, how slow, where, who, what for, how well seen.
const ENCOUNTER_RULES: &[Rule] = &[
    long,
    near,
    hull_gap,
    slow,
    place,
    near_port,
    busy_place,
    ship_types,
    draughts,
    class,
    watchlist,
    gaps,
    identity_changes,
    night,
    third_vessels,
    bridged,
];

const STAY_RULES: &[Rule] = &[kind, place, near_port, watchlist, gaps, identity_changes];

const GAP_RULES: &[Rule] = &[kind, place, near_port, watchlist, identity_changes];

const WATCHLIST_HIT_RULES: &[Rule] = &[kind];

const OTHER_RULES: &[Rule] = &[kind, watchlist];

fn long(event: &Event, weights: &Weights) -> Option<Reason> {
    let contact = meeting(event).contact;
    let hours = contact.as_secs_f64() / 3600.0;
    weights.reason("long", (hours / 8.0).min(1.0), format!("in contact for {}", words(contact)))
}

fn near(event: &Event, weights: &Weights) -> Option<Reason> {
    let meeting = meeting(event);
    let [_, _, (_, within_200_m), _] = meeting.contact_within_m;
    let share = within_200_m.as_secs_f64() / meeting.contact.as_secs_f64().max(1.0);
    let text = format!(
        "within 200 m for {:.0} % of that, {:.0} m in the median and {:.0} m at the nearest",
        share * 100.0,
        meeting.distance_m_p50,
        meeting.distance_m_min,
    );
    weights.reason("near", share, text)
}

/// Lashed ships have some metres of fenders between them.
fn hull_gap(event: &Event, weights: &Weights) -> Option<Reason> {
    let gap_m = meeting(event).hull_gap_m_p50?;
    let uncertainty_m = meeting(event).hull_gap_uncertainty_m.unwrap_or(0.0);
    if gap_m > 10.0 + uncertainty_m {
        return None;
    }
    let text = format!("{gap_m:.0} m from hull to hull, give or take {uncertainty_m:.0} m");
    // What may as well be a hundred metres says nothing.
    weights.reason("hull_gap", (1.0 - uncertainty_m / 100.0).clamp(0.0, 1.0), text)
}

fn slow(event: &Event, weights: &Weights) -> Option<Reason> {
    let knots = meeting(event).speed_knots_p50;
    let text = match knots {
        ..0.2 => "lying still".into(),
        ..2.0 => format!("drifting or swinging at {knots:.1} kn"),
        _ => format!("under way at {knots:.1} kn"),
    };
    weights.reason("slow", ((4.0 - knots) / 2.0).clamp(0.0, 1.0), text)
}

fn place(event: &Event, weights: &Weights) -> Option<Reason> {
    let metres = event.place.coast_distance_m?;
    if metres < BESIDE_LAND_M {
        let text = "on or beside land on the map: probably a berth, a harbour or a river";
        return weights.reason("beside_land", 1.0, text.into());
    }
    let miles = metres / METRES_PER_NAUTICAL_MILE;
    let text = format!("{miles:.0} nm off the coast");
    weights.reason("offshore", (miles / 12.0).min(1.0), text)
}

fn near_port(event: &Event, weights: &Weights) -> Option<Reason> {
    let place = &event.place;
    let haven_m = haven_distance_m(place).filter(|metres| *metres < NEAR_PORT_M)?;
    let port = place.port.as_ref().filter(|(_, metres)| *metres == haven_m);
    let haven = port.map_or("a place where many ships have lain".into(), |(name, _)| {
        format!("the port {name}")
    });
    let text = format!("{:.1} km from {haven}", haven_m / 1000.0);
    weights.reason("near_port", 1.0, text)
}

fn busy_place(event: &Event, weights: &Weights) -> Option<Reason> {
    let count = event.place.meetings_nearby.filter(|count| *count >= 5)?;
    let text = format!("{count} other meetings near there in the 30 days before");
    weights.reason("busy_place", (f64::from(count) / 20.0).min(1.0), text)
}

/// Who transfers cargo, and who lies alongside others for a living.
fn ship_types(event: &Event, weights: &Weights) -> Option<Reason> {
    use ShipCategory::*;
    let [a, b] = &event.vessels[..] else { return None };
    let categories = [category(a), category(b)];
    if let [Some(a), Some(b)] = categories
        && [a, b].iter().all(|category| matches!(category, Tanker | Cargo | Fishing))
    {
        let share = if a == b { 1.0 } else { 2.0 / 3.0 };
        return weights.reason("carriers", share, format!("{} and {}", a.name(), b.name()));
    }
    let helper = categories.into_iter().flatten().find(|category| {
        matches!(
            category,
            Tug | Pilot | PortTender | Dredger | SearchAndRescue | AntiPollution | LawEnforcement
        )
    })?;
    weights.reason("helper", 1.0, format!("one of them is of the type {}", helper.name()))
}

fn draughts(event: &Event, weights: &Weights) -> Option<Reason> {
    let change = |vessel: &EventVessel| Some(vessel.draught_m_after? - vessel.draught_m_before?);
    let [a, b] = &event.vessels[..] else { return None };
    let [a, b] = [change(a)?, change(b)?];
    // Less than half a metre is trim, fuel or a correction.
    if a * b >= 0.0 || a.abs() < 0.5 || b.abs() < 0.5 {
        return None;
    }
    let text = format!("draughts changed by {a:+.1} m and {b:+.1} m: one rose, the other sank");
    weights.reason("draughts", 1.0, text)
}

fn class(event: &Event, weights: &Weights) -> Option<Reason> {
    let verdict = event.class.as_ref()?;
    let (rule, text) = match verdict.class {
        MeetingClass::Alongside => ("class_alongside", "looks like two hulls side by side"),
        MeetingClass::PossibleTransfer => (
            "class_possible_transfer",
            "looks like two carriers side by side, long enough to transfer",
        ),
        MeetingClass::AnchoredNeighbours => {
            ("class_anchored_neighbours", "looks like neighbours, each at its own anchor")
        }
        MeetingClass::SameBerth => ("class_same_berth", "looks like two ships at one berth"),
        MeetingClass::Tow => ("class_tow", "looks like a tow"),
        MeetingClass::PairTrawl => ("class_pair_trawl", "looks like two with one trawl"),
        MeetingClass::PilotOrCrew => {
            ("class_pilot_or_crew", "looks like a visit of a pilot or crew boat")
        }
        MeetingClass::Bunkering => ("class_bunkering", "looks like bunkering"),
        MeetingClass::Convoy => ("class_convoy", "looks like two that go the same way"),
        MeetingClass::Gear => ("class_gear", "one of them looks like a buoy or a net"),
    };
    weights.reason(rule, verdict.confidence.clamp(0.0, 1.0), text.into())
}

fn watchlist(event: &Event, weights: &Weights) -> Option<Reason> {
    let mut hits: Vec<&str> = Vec::new();
    for hit in event.vessels.iter().flat_map(|vessel| &vessel.watchlists) {
        if !hits.contains(&hit.as_str()) {
            hits.push(hit);
        }
    }
    // A list may name a vessel many times; the first ones say it.
    let named = hits.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    if hits.is_empty() {
        None
    } else {
        weights.reason("watchlist", 1.0, format!("on a watchlist: {named}"))
    }
}

fn gaps(event: &Event, weights: &Weights) -> Option<Reason> {
    let gaps = event.vessels.iter().flat_map(|vessel| &vessel.gaps);
    let millis: Vec<i64> = gaps.map(|(from, to)| to.millis_since(*from)).collect();
    let longest = Duration::from_millis(u64::try_from(*millis.iter().max()?).unwrap_or(0));
    let hours = longest.as_secs_f64() / 3600.0;
    let silent = if millis.len() == 1 {
        "silent once".into()
    } else {
        format!("silent {} times", millis.len())
    };
    let text =
        format!("{silent} in the day before or after, for {} at the longest", words(longest));
    weights.reason("gaps", (hours / 6.0).min(1.0), text)
}

fn identity_changes(event: &Event, weights: &Weights) -> Option<Reason> {
    let count: u32 = event.vessels.iter().map(|vessel| vessel.identity_changes).sum();
    let times = if count == 1 { "once".into() } else { format!("{count} times") };
    let text = format!("changed name, callsign, IMO number or type {times} in the days around it");
    if count == 0 { None } else { weights.reason("identity_changes", 1.0, text) }
}

fn night(event: &Event, weights: &Weights) -> Option<Reason> {
    let share = meeting(event).night_share;
    let text = format!("{:.0} % of it by night", share * 100.0);
    if share < 0.5 { None } else { weights.reason("night", share, text) }
}

fn third_vessels(event: &Event, weights: &Weights) -> Option<Reason> {
    let count = meeting(event).third_vessels.len();
    let text = match count {
        0 => return None,
        1 => "one other vessel was with them".into(),
        _ => format!("{count} other vessels were with them"),
    };
    weights.reason("third_vessels", (count as f64 / 4.0).min(1.0), text)
}

fn bridged(event: &Event, weights: &Weights) -> Option<Reason> {
    let longest = event.vessels.iter().map(|vessel| vessel.bridged).max()?;
    let share = longest.as_secs_f64() / meeting(event).contact.as_secs_f64().max(1.0);
    let text = format!("{:.0} % of it is bridged between reports far apart", share * 100.0);
    if share < 0.5 { None } else { weights.reason("bridged", share.min(1.0), text) }
}

/// What an event of another kind is worth by itself, by its figures, if its chapter has not said it.
fn kind(event: &Event, weights: &Weights) -> Option<Reason> {
    if !event.reasons.is_empty() {
        return None;
    }
    let hours = event.duration().as_secs_f64() / 3600.0;
    // Chapters call a share of certainty by one of these names.
    let certain = ["silence_probability", "confidence", "probability"];
    let certain = certain.iter().find_map(|name| event.figure(name)).unwrap_or(1.0).clamp(0.0, 1.0);
    let span = words(event.duration());
    let (rule, share, text) = match event.kind() {
        EventKind::Encounter => return None,
        EventKind::Loitering => {
            ("loitering", (hours / 12.0).min(1.0), format!("slow in one place for {span}"))
        }
        EventKind::Gap => {
            let text = format!(
                "not heard for {span}, {:.0} % likely because it was silent",
                certain * 100.0
            );
            let text = if event.figure("silence_probability").is_some() {
                text
            } else {
                format!("not heard for {span}")
            };
            ("gap", certain * (hours / 12.0).min(1.0), text)
        }
        EventKind::DarkMeeting => {
            ("dark_meeting", certain, "could have met while not heard".into())
        }
        EventKind::IdentityChange => {
            ("identity_change", certain, "calls itself otherwise than before".into())
        }
        EventKind::IdentityConflict => {
            ("identity_conflict", certain, "one identity in two places, or two in one".into())
        }
        EventKind::Jump => {
            ("jump", certain, "farther from place to place than a ship can go".into())
        }
        EventKind::Displacement => {
            ("displacement", certain, "many vessels report to be elsewhere at once".into())
        }
        EventKind::OnLand => ("on_land", certain, "reports to be on land".into()),
        EventKind::WatchlistHit => ("watchlist_hit", certain, "stands on a watchlist".into()),
    };
    weights.reason(rule, share, text)
}

/// What is known of the two vessels of an encounter.
fn meeting(event: &Event) -> &Meeting {
    event.meeting.as_ref().expect("an encounter is a meeting")
}

fn category(vessel: &EventVessel) -> Option<ShipCategory> {
    vessel.identity.ship_type?.category()
}

pub(crate) fn hundredths(number: f64) -> f64 {
    libm::round(number * 100.0) / 100.0
}

/// `18 h 45 min`.
pub(crate) fn words(span: Duration) -> String {
    let minutes = (span.as_secs() + 30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_aloud() {
        for (seconds, expected) in
            [(29, "0 min"), (1800, "30 min"), (7200, "2 h"), (67_530, "18 h 46 min")]
        {
            assert_eq!(words(Duration::from_secs(seconds)), expected);
        }
    }
}
