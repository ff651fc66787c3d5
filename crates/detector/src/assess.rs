//! What to make of an encounter: who would flag it, and what speaks for and against.

use std::time::Duration;

use maritime::{Event, EventVessel, METRES_PER_NAUTICAL_MILE, Meeting, Reason, ShipCategory};

use crate::histogram::DistanceHistogram;
use crate::parameters::Profile;

/// Names of the profiles that the event satisfies.
pub(crate) fn profiles(
    event: &Event,
    distances: &DistanceHistogram,
    profiles: &[Profile],
) -> Vec<String> {
    let knots = meeting(event).speed_knots_p50;
    let satisfied = |profile: &&Profile| {
        let near = Duration::from_millis(distances.millis_within(profile.distance_m_max));
        near >= profile.duration_min
            && knots <= profile.speed_knots_p50_max
            && event
                .place
                .coast_distance_m
                .is_none_or(|metres| metres >= profile.coast_distance_m_min)
    };
    profiles.iter().filter(satisfied).map(|profile| profile.name.clone()).collect()
}

/// The sum of the weights, cut to `[0, 1]` and to hundredths.
pub(crate) fn score(reasons: &[Reason]) -> f64 {
    let sum: f64 = reasons.iter().map(|reason| reason.weight).sum();
    hundredths(sum.clamp(0.0, 1.0))
}

/// What speaks for and against a transfer, in the order in which a reader asks: how long, how near, how
/// slow, where, who, how well seen. All that speaks for it adds up to 1.
pub(crate) fn reasons(event: &Event) -> Vec<Reason> {
    let rules = [long, near, slow, place, ship_types, draughts, bridged];
    rules.iter().filter_map(|rule| rule(event)).collect()
}

fn long(event: &Event) -> Option<Reason> {
    let contact = meeting(event).contact;
    let hours = contact.as_secs_f64() / 3600.0;
    reason("long", 0.2 * (hours / 8.0).min(1.0), format!("in contact for {}", words(contact)))
}

fn near(event: &Event) -> Option<Reason> {
    let meeting = meeting(event);
    let [_, _, (_, within_200_m), _] = meeting.contact_within_m;
    let share = within_200_m.as_secs_f64() / meeting.contact.as_secs_f64().max(1.0);
    let text = format!(
        "within 200 m for {:.0} % of that, {:.0} m in the median and {:.0} m at the nearest",
        share * 100.0,
        meeting.distance_m_p50,
        meeting.distance_m_min,
    );
    reason("near", 0.2 * share, text)
}

fn slow(event: &Event) -> Option<Reason> {
    let knots = meeting(event).speed_knots_p50;
    let text = match knots {
        ..0.2 => "lying still".into(),
        ..2.0 => format!("drifting or swinging at {knots:.1} kn"),
        _ => format!("under way at {knots:.1} kn"),
    };
    reason("slow", 0.1 * ((4.0 - knots) / 2.0).clamp(0.0, 1.0), text)
}

fn place(event: &Event) -> Option<Reason> {
    let metres = event.place.coast_distance_m?;
    if metres < 1000.0 {
        let text = "on or beside land on the map: probably a berth, a harbour or a river";
        return reason("beside_land", -0.3, text.into());
    }
    let miles = metres / METRES_PER_NAUTICAL_MILE;
    reason("offshore", 0.2 * (miles / 12.0).min(1.0), format!("{miles:.0} nm off the coast"))
}

/// Who transfers cargo, and who lies alongside others for a living.
fn ship_types(event: &Event) -> Option<Reason> {
    use ShipCategory::*;
    let [a, b] = &event.vessels[..] else { return None };
    let categories = [category(a), category(b)];
    if let [Some(a), Some(b)] = categories
        && [a, b].iter().all(|category| matches!(category, Tanker | Cargo | Fishing))
    {
        let weight = if a == b { 0.15 } else { 0.1 };
        return reason("carriers", weight, format!("{} and {}", a.name(), b.name()));
    }
    let helper = categories.into_iter().flatten().find(|category| {
        matches!(
            category,
            Tug | Pilot | PortTender | Dredger | SearchAndRescue | AntiPollution | LawEnforcement
        )
    })?;
    reason("helper", -0.2, format!("one of them is of the type {}", helper.name()))
}

fn draughts(event: &Event) -> Option<Reason> {
    let change = |vessel: &EventVessel| Some(vessel.draught_m_after? - vessel.draught_m_before?);
    let [a, b] = &event.vessels[..] else { return None };
    let [a, b] = [change(a)?, change(b)?];
    // Less than half a metre is trim, fuel or a correction.
    if a * b >= 0.0 || a.abs() < 0.5 || b.abs() < 0.5 {
        return None;
    }
    let text = format!("draughts changed by {a:+.1} m and {b:+.1} m: one rose, the other sank");
    reason("draughts", 0.15, text)
}

fn bridged(event: &Event) -> Option<Reason> {
    let longest = event.vessels.iter().map(|vessel| vessel.bridged).max()?;
    let share = longest.as_secs_f64() / meeting(event).contact.as_secs_f64().max(1.0);
    let text = format!("{:.0} % of it is bridged between reports far apart", share * 100.0);
    if share < 0.5 { None } else { reason("bridged", -0.1 * share, text) }
}

/// What is known of the two vessels of an encounter.
fn meeting(event: &Event) -> &Meeting {
    event.meeting.as_ref().expect("an encounter is a meeting")
}

fn category(vessel: &EventVessel) -> Option<ShipCategory> {
    vessel.identity.ship_type?.category()
}

fn reason(rule: &'static str, weight: f64, text: String) -> Option<Reason> {
    Some(Reason { rule, weight: hundredths(weight), text })
}

fn hundredths(number: f64) -> f64 {
    libm::round(number * 100.0) / 100.0
}

/// `18 h 45 min`.
fn words(span: Duration) -> String {
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
