//! An event in one paragraph of plain English.

use std::time::Duration;

use maritime::{Event, EventKind, EventVessel, METRES_PER_NAUTICAL_MILE, Meeting, Timestamp};

/// What a vessel is called whose name is not known.
const NAMELESS: &str = "a vessel without a name";

/// What happened, where, who, how it was seen and what speaks for and against, for those who read no
/// columns. Names are as they came by radio: escape it where it is shown.
pub fn explain(event: &Event) -> String {
    let mut sentences = vec![what(event)];
    match event.meeting.as_deref() {
        Some(meeting) => {
            sentences.push(how_near(meeting));
            sentences.extend(manner(meeting));
        }
        None => sentences.extend(figures(event)),
    }
    sentences.push(place(event));
    sentences.extend(class(event));
    sentences.extend(event.vessels.iter().filter_map(about));
    sentences.push(verdict(event));
    let sentences: Vec<String> = sentences.into_iter().map(begun).collect();
    sentences.join(" ")
}

/// A sentence with a capital letter, where a name that came by radio does not begin it.
fn begun(sentence: String) -> String {
    match sentence.strip_prefix(NAMELESS) {
        Some(rest) => format!("A{}{rest}", &NAMELESS[1..]),
        None => sentence,
    }
}

fn what(event: &Event) -> String {
    let who: Vec<String> = event.vessels.iter().map(who).collect();
    let who = match &who[..] {
        [] => "Vessels".into(),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => who.concat(),
    };
    let did = match event.kind() {
        EventKind::Encounter => "were near each other",
        EventKind::Loitering => "stayed slow in one place",
        EventKind::Gap => "was not heard",
        EventKind::DarkMeeting => "may have met while at least one of them was not heard",
        EventKind::IdentityChange => "called itself otherwise than before",
        EventKind::IdentityConflict => "used one identity in two places, or two in one",
        EventKind::Jump => "reported places farther apart than a ship can go",
        EventKind::Displacement => "reported to be elsewhere at the same time as others",
        EventKind::OnLand => "reported to be on land",
        EventKind::WatchlistHit => "matches a watchlist",
    };
    let (from, to) = (minute(event.started_at), minute(event.ended_at));
    if event.duration() < Duration::from_secs(60) {
        return format!("{who} {did} at {from} UTC.");
    }
    let end = if event.ended_at_latest.is_none() { " or later" } else { "" };
    format!("{who} {did} for {}, from {from} to {to} UTC{end}.", words(event.duration()))
}

/// `PACIFIC STAR (tanker, Bahamas, IMO 9123456, MMSI 311000222)`
fn who(vessel: &EventVessel) -> String {
    let identity = &vessel.identity;
    let category = identity.ship_type.and_then(|ship_type| ship_type.category());
    let facts = [
        category.map(|category| category.name().to_owned()),
        vessel.mmsi.flag().map(|flag| flag.name().to_owned()),
        identity.imo.map(|imo| format!("IMO {imo}")),
        Some(format!("MMSI {}", vessel.mmsi)),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    format!("{} ({})", called(vessel), facts.join(", "))
}

fn called(vessel: &EventVessel) -> &str {
    vessel.identity.name.as_ref().map_or(NAMELESS, |name| name.as_str())
}

fn how_near(meeting: &Meeting) -> String {
    let mut text = format!(
        "Their antennas were {:.0} m apart at the nearest and {:.0} m in the median, at {:.1} kn",
        meeting.distance_m_min, meeting.distance_m_p50, meeting.speed_knots_p50
    );
    if let Some(gap_m) = meeting.hull_gap_m_p50 {
        let uncertainty_m = meeting.hull_gap_uncertainty_m.unwrap_or(0.0);
        text += &format!("; from hull to hull {gap_m:.0} m, give or take {uncertainty_m:.0} m");
    }
    text + "."
}

fn manner(meeting: &Meeting) -> Option<String> {
    let mut parts = Vec::new();
    if meeting.drift_knots >= 0.2 {
        let course = meeting.drift_course_deg.map(|deg| format!(" towards {deg:.0}°"));
        let course = course.unwrap_or_default();
        parts.push(format!(
            "together they drifted or went at {:.1} kn{course}",
            meeting.drift_knots
        ));
    }
    if meeting.night_share >= 0.5 {
        parts.push(format!("{:.0} % of it was by night", meeting.night_share * 100.0));
    }
    match meeting.third_vessels.len() {
        0 => {}
        1 => parts.push("one other vessel was with them".into()),
        count => parts.push(format!("{count} other vessels were with them")),
    }
    sentence(&parts.join("; "))
}

/// `distance_m 61.2` reads `Distance: 61.2 m.`
fn figures(event: &Event) -> Option<String> {
    const UNITS: [(&str, &str); 8] = [
        ("_knots", " kn"),
        ("_deg", "°"),
        ("_km", " km"),
        ("_nm", " nm"),
        ("_min", " min"),
        ("_m", " m"),
        ("_h", " h"),
        ("_s", " s"),
    ];
    let figure = |name: &'static str, value: f64| {
        let known = UNITS.iter().find_map(|(end, unit)| Some((name.strip_suffix(end)?, *unit)));
        let (name, unit) = known.unwrap_or((name, ""));
        let value = (value * 100.0).round() / 100.0;
        format!("{} {value}{unit}", name.replace('_', " "))
    };
    let texts: Vec<String> =
        event.figures.iter().map(|known| figure(known.name, known.value)).collect();
    sentence(&texts.join(", "))
}

fn place(event: &Event) -> String {
    let (latitude_deg, longitude_deg) =
        (event.position.latitude_deg(), event.position.longitude_deg());
    let (north, east) =
        (if latitude_deg < 0.0 { 'S' } else { 'N' }, if longitude_deg < 0.0 { 'W' } else { 'E' });
    let mut text =
        format!("It was at {:.3}°{north} {:.3}°{east}", latitude_deg.abs(), longitude_deg.abs());
    let place = &event.place;
    match place.coast_distance_m {
        Some(metres) if metres <= 0.0 => text += ", in a harbour, a river or on land",
        Some(metres) => {
            let miles = metres / METRES_PER_NAUTICAL_MILE;
            text += &format!(", {:.1} km ({miles:.1} nm) off the coast", metres / 1000.0);
        }
        None => {}
    }
    if let Some((port, metres)) = &place.port {
        text += &format!(", {:.0} km from the port {port}", metres / 1000.0);
    }
    if let Some(metres) = place.anchorage_distance_m {
        text += &format!(", {:.1} km from a place where many ships have lain", metres / 1000.0);
    }
    if !place.zones.is_empty() {
        text += &format!(", in {}", place.zones.join(", "));
    }
    if let Some(count) = place.meetings_nearby.filter(|count| *count > 0) {
        text += &format!("; other meetings near there in the 30 days before: {count}");
    }
    text + "."
}

fn class(event: &Event) -> Option<String> {
    let verdict = event.class.as_ref()?;
    let reasons: Vec<&str> = verdict.reasons.iter().map(|reason| reason.text.as_str()).collect();
    let because =
        if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) };
    Some(format!(
        "It is classed as {}, with a confidence of {:.2}{because}.",
        verdict.class.name().replace('_', " "),
        verdict.confidence,
    ))
}

/// What is remarkable of one vessel.
fn about(vessel: &EventVessel) -> Option<String> {
    let mut parts = Vec::new();
    if let (Some(before), Some(after)) = (vessel.draught_m_before, vessel.draught_m_after)
        && before != after
    {
        parts.push(format!("went from a draught of {before:.1} m to {after:.1} m"));
    }
    let longest = vessel.gaps.iter().map(|(from, to)| to.millis_since(*from)).max();
    if let Some(longest) = longest.and_then(|millis| u64::try_from(millis).ok()) {
        let span = words(Duration::from_millis(longest));
        parts.push(format!("was silent for {span} within a day of it"));
    }
    match vessel.identity_changes {
        0 => {}
        1 => parts.push("changed its identity once around that time".into()),
        count => parts.push(format!("changed its identity {count} times around that time")),
    }
    if !vessel.watchlists.is_empty() {
        parts.push(format!("stands on {}", vessel.watchlists.join(", ")));
    }
    let whole = vessel.observed + vessel.bridged;
    if vessel.bridged > whole / 20 {
        let share = 100.0 * vessel.bridged.as_secs_f64() / whole.as_secs_f64();
        parts.push(format!("was not heard for {share:.0} % of the time, which is bridged"));
    }
    if parts.is_empty() {
        None
    } else {
        Some(format!("{} {}.", called(vessel), parts.join("; it ")))
    }
}

fn verdict(event: &Event) -> String {
    let profiles = match &event.profiles[..] {
        [] => String::new(),
        profiles => format!("It satisfies {}. ", profiles.join(", ")),
    };
    let of = |wanted: fn(f64) -> bool| {
        let reasons = event.reasons.iter().filter(|reason| wanted(reason.weight));
        reasons.map(|reason| reason.text.as_str()).collect::<Vec<_>>().join("; ")
    };
    let (pro, contra) = (of(|weight| weight > 0.0), of(|weight| weight < 0.0));
    let mut text = format!("{profiles}The score is {:.2}", event.score);
    if !pro.is_empty() {
        text += &format!(", for {pro}");
    }
    if !contra.is_empty() {
        text += &format!("; against it, {contra}");
    }
    text + ". This is evidence, and no proof of a transfer or of any wrong."
}

fn sentence(text: &str) -> Option<String> {
    let first = text.chars().next()?;
    Some(format!("{}{}.", first.to_uppercase(), &text[first.len_utf8()..]))
}

/// `2024-01-01 00:14`
fn minute(at: Timestamp) -> String {
    at.plus_millis(30_000).to_string().chars().take(16).collect::<String>().replace('T', " ")
}

/// `18 h 45 min`
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
    use crate::samples::{event, gap};

    #[test]
    fn an_encounter_reads_as_a_paragraph() {
        let expected = "GULF \"ONE\" (tanker, Bahamas, IMO 9074729, MMSI 311000222) and \
            =HYPERLINK(\"//X.Y\") (Marshall Islands, MMSI 538005541) were near each other for 19 h, from \
            2024-01-01 00:14 to 2024-01-01 19:14 UTC or later. Their antennas were 61 m apart at the nearest \
            and 129 m in the median, at 0.6 kn; from hull to hull 4 m, give or take 12 m. It was at 28.250°N \
            94.860°W, 86.3 km (46.6 nm) off the coast, 92 km from the port Port Fourchon; other meetings near \
            there in the 30 days before: 3. It is classed as possible transfer, with a confidence of 0.80: \
            hull at hull. GULF \"ONE\" went from a draught of 8.1 m to 14.9 m; it was silent for 5 h within a \
            day of it; it stands on OFAC SDN by IMO; it was not heard for 24 % of the time, which is bridged. \
            =HYPERLINK(\"//X.Y\") was not heard for 28 % of the time, which is bridged. It satisfies gfw, sts. \
            The score is 0.83, for both are tankers; against it, +9 km from =\"PORT\". This is evidence, and no \
            proof of a transfer or of any wrong.";
        assert_eq!(explain(&event()), expected);
    }

    #[test]
    fn another_kind_tells_its_figures() {
        let expected = "GULF \"ONE\" (tanker, Bahamas, IMO 9074729, MMSI 311000222) was not heard for 6 h, \
            from 2024-01-03 00:00 to 2024-01-03 06:00 UTC. Silence probability 0.93, distance 12000 m. It \
            was at 28.000°N 94.000°W. The score is 0.40, for not heard for 6 h. This is evidence, and no \
            proof of a transfer or of any wrong.";
        assert_eq!(explain(&gap()), expected);
    }
}
