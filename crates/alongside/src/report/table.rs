//! Encounters in plain words, a few lines each, at most [`WIDTH`] columns wide, and below them what else was
//! found, shorter.

use std::io::{self, Write};

use maritime::{Event, EventKind, EventVessel, Timestamp, shown};

use super::words;

/// Fits half of a wide terminal and all of a usual one, and a mail.
const WIDTH: usize = 116;

/// Bounds that lie nearer together than this are not worth a line: the times are given in minutes.
const BOUNDS_MILLIS_MIN: i64 = 120_000;

/// Of what else was found, so many vessels and reasons each are shown; the rest is in the other formats.
const VESSELS_MAX: usize = 4;
const REASONS_MAX: usize = 3;

/// Under every table that shows anything.
const CAVEAT: &str = "Times are UTC, distances are between antennas. The score orders the reading, \
                      it is no probability; an\nencounter is no proof of a transfer.";

/// What a table shows.
pub struct Table<'a> {
    /// All that were asked for, in any order.
    pub events: Vec<&'a Event>,
    /// At most so many encounters are shown.
    pub limit: usize,
    /// At most so many of what else was found.
    pub limit_others: usize,
    /// Where the others are to be seen.
    pub rest: String,
    /// Whether the terminal can show bold text.
    pub styled: bool,
}

/// Writes the encounters with the highest score first, and then the others likewise; equal ones in the order of
/// time.
///
/// # Errors
///
/// Where `output` cannot be written to.
pub fn write_table(output: &mut impl Write, table: Table<'_>) -> io::Result<()> {
    let Table { mut events, limit, limit_others, rest, styled } = table;
    events.sort_by(|a, b| {
        let by_score = b.score.total_cmp(&a.score);
        by_score.then(a.started_at.cmp(&b.started_at)).then(a.id.cmp(&b.id))
    });
    let (events, others): (Vec<&Event>, Vec<&Event>) =
        events.into_iter().partition(|event| event.kind() == EventKind::Encounter);
    for (at, event) in events.iter().take(limit).enumerate() {
        write_encounter(output, at + 1, event, styled)?;
    }
    if events.len() > limit {
        writeln!(output, "{} more; {rest}", events.len() - limit)?;
        writeln!(output)?;
    }
    if events.is_empty() {
        writeln!(output, "No encounters.")?;
    }
    if !others.is_empty() {
        let (bold, plain) = style(styled);
        writeln!(output, "{}{bold}Besides{plain}\n", if events.is_empty() { "\n" } else { "" })?;
        for (at, event) in others.iter().take(limit_others).enumerate() {
            write_other(output, at + 1, event, styled)?;
        }
        if others.len() > limit_others {
            writeln!(output, "{} more; --format ndjson tells all\n", others.len() - limit_others)?;
        }
    }
    if events.is_empty() && others.is_empty() {
        return Ok(());
    }
    writeln!(output, "{CAVEAT}")
}

/// What begins and what ends bold text.
fn style(styled: bool) -> (&'static str, &'static str) {
    if styled { ("\x1b[1m", "\x1b[0m") } else { ("", "") }
}

/// Two lines and one for each vessel, of which an area may have many.
fn write_other(
    output: &mut impl Write,
    number: usize,
    event: &Event,
    styled: bool,
) -> io::Result<()> {
    let (bold, plain) = style(styled);
    let span = match event.duration().as_secs() {
        0..60 => String::new(),
        _ => format!("  for {}", words::duration(event.duration())),
    };
    writeln!(
        output,
        "{bold}{number:>3}. {:.2}  {}{span}  at {}  {}{plain}",
        event.score,
        words::kind(event.kind()),
        words::position(event.position),
        words::coast(event.place.coast_distance_m),
    )?;
    for vessel in event.vessels.iter().take(VESSELS_MAX) {
        write_wrapped(output, "     ", &who(vessel))?;
    }
    if event.vessels.len() > VESSELS_MAX {
        writeln!(output, "     and {} more", event.vessels.len() - VESSELS_MAX)?;
    }
    let reasons: Vec<String> =
        event.reasons.iter().take(REASONS_MAX).map(|reason| shown(&reason.text)).collect();
    let told = format!("{}: {}", when(event), reasons.join("; "));
    write_wrapped(output, "     ", told.trim_end_matches(": "))?;
    writeln!(output)
}

fn write_encounter(
    output: &mut impl Write,
    number: usize,
    event: &Event,
    styled: bool,
) -> io::Result<()> {
    let profiles =
        if event.profiles.is_empty() { "no profile".into() } else { event.profiles.join(" ") };
    let class = event.class.as_ref();
    let class = class.map(|verdict| format!("{}  ", verdict.class.name().replace('_', " ")));
    let heading = format!(
        "{number:>3}. {:.2}  {}{profiles}  for {}  at {}  {}",
        event.score,
        class.unwrap_or_default(),
        words::duration(event.duration()),
        words::position(event.position),
        words::coast(event.place.coast_distance_m),
    );
    let (bold, plain) = style(styled);
    writeln!(output, "{bold}{heading}{plain}")?;
    for vessel in &event.vessels {
        write_wrapped(output, "     ", &who(vessel))?;
    }
    write_wrapped(output, "     ", &when(event))?;
    write_wrapped(output, "     ", &how(event))?;
    for (sign, reasons) in [('+', reasons(event, true)), ('-', reasons(event, false))] {
        if !reasons.is_empty() {
            write_wrapped(output, &format!("   {sign} "), &reasons)?;
        }
    }
    writeln!(output)
}

/// `PACIFIC STAR (tanker, Bahamas, IMO 9123456, MMSI 311000222), draught 8.1 m, then 12.3 m`
fn who(vessel: &EventVessel) -> String {
    let identity = &vessel.identity;
    let name = identity.name.map_or("(no name)".into(), |name| shown(name.as_str()));
    let mut facts = Vec::new();
    if let Some(category) = identity.ship_type.and_then(|ship_type| ship_type.category()) {
        facts.push(category.name().to_owned());
    }
    if let Some(dimensions) = identity.dimensions.filter(|dimensions| dimensions.length_m() > 0) {
        facts.push(format!("{} m", dimensions.length_m()));
    }
    facts.push(vessel.mmsi.flag().map_or("flag unknown", |flag| flag.name()).to_owned());
    if let Some(imo) = identity.imo {
        facts.push(format!("IMO {imo}"));
    }
    facts.push(format!("MMSI {}", vessel.mmsi));
    let draught = match (vessel.draught_m_before, vessel.draught_m_after) {
        (Some(before), Some(after)) if before != after => {
            format!(", draught {before:.1} m, then {after:.1} m")
        }
        (_, Some(draught)) | (Some(draught), None) => format!(", draught {draught:.1} m"),
        (None, None) => String::new(),
    };
    format!("{name} ({}){draught}", facts.join(", "))
}

/// `2024-01-01 00:14 (between 00:02 and 00:31) to 13:56 or later (not heard apart)`
fn when(event: &Event) -> String {
    let Event { started_at, ended_at, .. } = *event;
    let start_bounds = match event.started_at_earliest {
        Some(earliest) => between(earliest, event.started_at_latest, started_at),
        None => " or before (not heard apart)".into(),
    };
    let end_bounds = match event.ended_at_latest {
        Some(latest) => between(event.ended_at_earliest, latest, ended_at),
        None => " or later (not heard apart)".into(),
    };
    let (from, to) = (words::minute(started_at), words::minute_beside(ended_at, started_at));
    format!("{from}{start_bounds} to {to}{end_bounds}")
}

fn between(earliest: Timestamp, latest: Timestamp, beside: Timestamp) -> String {
    if latest.millis_since(earliest) < BOUNDS_MILLIS_MIN {
        return String::new();
    }
    format!(
        " (between {} and {})",
        words::minute_beside(earliest, beside),
        words::minute_beside(latest, beside)
    )
}

/// `61 m at the nearest, 129 m in the median, at 0.5 kn; heard 82 % of the time, silent up to 40 min`
fn how(event: &Event) -> String {
    let heard_share = |vessel: &EventVessel| {
        let whole = (vessel.observed + vessel.bridged).as_secs_f64();
        if whole > 0.0 { vessel.observed.as_secs_f64() / whole } else { 1.0 }
    };
    let share = event.vessels.iter().map(heard_share).fold(1.0, f64::min);
    let heard = if share >= 0.995 {
        "heard all the time".into()
    } else {
        let longest = event.vessels.iter().map(|vessel| vessel.silence_max).max();
        let silence = words::duration(longest.unwrap_or_default());
        format!("heard {:.0} % of the time, silent up to {silence}", share * 100.0)
    };
    let Some(meeting) = &event.meeting else { return heard };
    format!(
        "{:.0} m at the nearest, {:.0} m in the median, at {:.1} kn; {heard}",
        meeting.distance_m_min, meeting.distance_m_p50, meeting.speed_knots_p50,
    )
}

/// What speaks for an encounter, or against, in the order in which it was judged: a reason may lean
/// on the one before.
fn reasons(event: &Event, for_it: bool) -> String {
    let reasons = event.reasons.iter().filter(|reason| (reason.weight >= 0.0) == for_it);
    let texts: Vec<String> = reasons.map(|reason| shown(&reason.text)).collect();
    texts.join("; ")
}

/// Breaks at blanks, but not between a number and its unit; the first line begins with `first`, the
/// others as far in.
fn write_wrapped(output: &mut impl Write, first: &str, text: &str) -> io::Result<()> {
    let indent = first.chars().count();
    let mut column = indent;
    write!(output, "{first}")?;
    let mut rest = text;
    while !rest.is_empty() {
        let word = &rest[..word_end(rest)];
        rest = rest[word.len()..].trim_start_matches(' ');
        let length = word.chars().count();
        if column == indent {
            write!(output, "{word}")?;
            column += length;
        } else if column + 1 + length > WIDTH {
            write!(output, "\n{:indent$}{word}", "")?;
            column = indent + length;
        } else {
            write!(output, " {word}")?;
            column += 1 + length;
        }
    }
    writeln!(output)
}

/// Where the first word ends, and if it is a number, the second.
fn word_end(text: &str) -> usize {
    let end = text.find(' ').unwrap_or(text.len());
    let is_number = text[..end].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_number || end == text.len() {
        return end;
    }
    let after = &text[end + 1..];
    end + 1 + after.find(' ').unwrap_or(after.len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maritime::{
        Classification, EventId, EventKind, EventState, Imo, Meeting, MeetingClass, Mmsi, Position,
        Reason, ShipType, Subject, Surroundings, Text, VesselIdentity, VesselPair,
    };

    use super::*;

    fn vessel(mmsi: u32, name: &str) -> EventVessel {
        EventVessel {
            identity: VesselIdentity {
                imo: Imo::new(9_074_729),
                name: Text::new(name),
                ship_type: Some(ShipType(80)),
                ..VesselIdentity::default()
            },
            draught_m_before: Some(8.1),
            draught_m_after: Some(12.25),
            observed: Duration::from_secs(36_000),
            bridged: Duration::from_secs(7_000),
            silence_max: Duration::from_secs(2400),
            ..EventVessel::new(Mmsi::new(mmsi).unwrap())
        }
    }

    fn event(name: &str, score: f64) -> Event {
        let at = |text| Timestamp::parse(text).unwrap();
        let pair =
            VesselPair::new(Mmsi::new(311_000_222).unwrap(), Mmsi::new(538_005_541).unwrap());
        Event {
            id: EventId::new(EventKind::Encounter, pair.unwrap(), at("2024-01-01T00:14:07Z")),
            version: 3,
            state: EventState::Closed,
            vessels: vec![vessel(311_000_222, name), vessel(538_005_541, "EVER DARK")],
            started_at: at("2024-01-01T00:14:07Z"),
            started_at_earliest: Some(at("2024-01-01T00:02:00Z")),
            started_at_latest: at("2024-01-01T00:31:00Z"),
            ended_at: at("2024-01-01T13:56:00Z"),
            ended_at_earliest: at("2024-01-01T13:55:40Z"),
            ended_at_latest: Some(at("2024-01-01T13:56:20Z")),
            position: Position::new(28.2504, -94.8597).unwrap(),
            place: Surroundings { coast_distance_m: Some(57_900.0), ..Surroundings::default() },
            meeting: Some(Box::new(Meeting {
                contact: Duration::from_secs(43_000),
                distance_m_min: 61.2,
                distance_m_p50: 129.0,
                distance_m_p95: 181.4,
                contact_within_m: [
                    (50, Duration::ZERO),
                    (100, Duration::from_secs(600)),
                    (200, Duration::from_secs(40_000)),
                    (500, Duration::from_secs(43_000)),
                ],
                speed_knots_p50: 0.5,
                ..Meeting::default()
            })),
            figures: Vec::new(),
            class: None,
            profiles: vec!["gfw".into(), "sts".into()],
            score,
            reasons: vec![
                Reason { rule: "near", weight: 0.2, text: "near for long".into() },
                Reason { rule: "types", weight: 0.3, text: "both are tankers".into() },
                Reason { rule: "gaps", weight: -0.1, text: "bridged in part".into() },
            ],
            as_of: at("2024-01-01T23:59:00Z"),
        }
    }

    fn table(events: &[Event], limit: usize, styled: bool) -> String {
        let mut output = Vec::new();
        let rest = "elsewhere".into();
        let events = events.iter().collect();
        let table = Table { events, limit, limit_others: 1, rest, styled };
        write_table(&mut output, table).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn an_encounter_is_told_in_plain_words() {
        let text = table(&[event("PACIFIC STAR", 0.83)], 50, false);
        let expected = "  1. 0.83  gfw sts  for 13 h 42 min  at 28.250°N 94.860°W  58 km (31 nm) off the coast
     PACIFIC STAR (tanker, Bahamas, IMO 9074729, MMSI 311000222), draught 8.1 m, then 12.2 m
     EVER DARK (tanker, Marshall Islands, IMO 9074729, MMSI 538005541), draught 8.1 m, then 12.2 m
     2024-01-01 00:14 (between 00:02 and 00:31) to 13:56
     61 m at the nearest, 129 m in the median, at 0.5 kn; heard 84 % of the time, silent up to 40 min
   + near for long; both are tankers
   - bridged in part
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn what_else_was_found_stands_below_and_is_short() {
        let mut gap = event("SILENT", 0.6);
        gap.id = EventId::of(EventKind::Gap, Subject::Vessel(gap.vessels[0].mmsi), gap.started_at);
        gap.meeting = None;
        gap.vessels.truncate(1);
        let text = table(&[gap.clone(), event("MET", 0.2), gap], 50, false);
        let expected = "Besides

  1. 0.60  not heard  for 13 h 42 min  at 28.250°N 94.860°W  58 km (31 nm) off the coast
     SILENT (tanker, Bahamas, IMO 9074729, MMSI 311000222), draught 8.1 m, then 12.2 m
     2024-01-01 00:14 (between 00:02 and 00:31) to 13:56: near for long; both are tankers; bridged in part

1 more; --format ndjson tells all
";
        assert!(text.contains(expected), "{text}");
        assert!(text.find("MET").unwrap() < text.find("Besides").unwrap());
    }

    #[test]
    fn the_class_is_said_in_words() {
        let mut event = event("A", 0.5);
        let class = MeetingClass::PossibleTransfer;
        event.class = Some(Classification { class, confidence: 0.8, reasons: Vec::new() });
        let text = table(&[event], 50, false);
        assert!(text.starts_with("  1. 0.50  possible transfer  gfw sts  for"), "{text}");
    }

    #[test]
    fn an_open_end_is_said() {
        let mut event = event("A", 0.5);
        event.started_at_earliest = None;
        event.ended_at_latest = None;
        let text = table(&[event], 50, false);
        let expected = "00:14 or before (not heard apart) to 13:56 or later (not heard apart)";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn the_most_telling_comes_first_and_the_rest_is_counted() {
        let text = table(&[event("LOW", 0.1), event("HIGH", 0.9)], 1, false);
        assert!(text.contains("HIGH") && !text.contains("LOW"));
        assert!(text.contains("1 more; elsewhere\n"), "{text}");
    }

    #[test]
    fn a_name_cannot_write_on_the_terminal() {
        let text = table(&[event("\u{1b}[2J\u{202e}X", 0.1)], 1, false);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        assert!(table(&[event("A", 0.1)], 1, true).contains('\u{1b}'));
    }

    #[test]
    fn no_line_is_wider_than_the_table() {
        let mut event = event("A NAME OF TWENTY CHR", 0.1);
        event.reasons[0].text = "many words ".repeat(40);
        let text = table(&[event], 1, false);
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn a_number_stays_with_its_unit() {
        let mut output = Vec::new();
        write_wrapped(&mut output, "", &format!("{} 24 nm off", "x".repeat(WIDTH - 3))).unwrap();
        let text = String::from_utf8(output).unwrap();
        assert_eq!(text.lines().nth(1), Some("24 nm off"));
    }
}
