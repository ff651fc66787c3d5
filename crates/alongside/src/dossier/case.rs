//! The case as one page of HTML, which needs nothing but itself: no script, no picture, no address.
//!
//! Whatever came by radio or from a file is escaped here.

use std::fmt::Write;
use std::time::Duration;

use detector::Coast;
use maritime::{
    Event, EventKind, EventVessel, METRES_PER_NAUTICAL_MILE, Position, PositionFix, Timestamp,
};
use serde_json::Value;
use sink::{EventRecord, ReasonRecord, escaped};

use super::basis::{Basis, FORMAT};
use super::comparing::Difference;
use super::deriving::Derived;
use super::manifest::FileSum;
use super::plot::{Chart, LOST_MS, Map, Series, wrapped_deg};
use crate::report::{self, grouped};

/// Other ships that are drawn; of more those that come first in time.
const OTHERS_MAX: usize = 3000;
/// Points of a track that are drawn; of more every so many.
const POINTS_MAX: usize = 2000;
/// Of the two vessels of a drawing; of a third and further one `c`.
const CLASSES: [&str; 3] = ["a", "b", "c"];
/// Differences that are shown; all of them are in the file beside.
const DIFFERENCES_MAX: usize = 60;

/// The page. `sums` are those of all files that it stands beside, but the manifest.
pub fn html(
    basis: &Basis,
    derived: &Derived,
    differences: &[Difference],
    sums: &[FileSum],
) -> String {
    let (event, record) = (&derived.event, &derived.record);
    let title = format!("{} · {}", names(record), report::minute(event.started_at));
    let mut page = format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{}</title>
<style>{STYLE}</style>
</head>
<body>
<header><p class="kicker">Alongside · dossier of an event · times are UTC, speeds knots, distances metres between antennas</p>
<h1>{}: {}</h1>
<p class="id">{} · version {} · score {:.2}</p></header>
"#,
        escaped(&title),
        escaped(report::kind(event.kind())),
        escaped(&names(record)),
        escaped(&record.id),
        record.version,
        record.score,
    );
    let _ = writeln!(page, "<p class=\"lead\">{}</p>", escaped(&record.explanation));
    page += "<p class=\"note\">This is evidence with its reasons, not an accusation. AIS is what ships say of \
             themselves; an encounter is no proof of a transfer. Dashed lines bridge a silence of more than 20 minutes.</p>\n";
    page += &drawings(derived);
    page += &vessels(record);
    page += &figures(event, record);
    page += &reasons("What speaks for and against", "adds to the score", &record.reasons);
    if let (Some(class), Some(reasons_of_class)) = (&record.class, &record.class_reasons) {
        let title = format!("Why it is taken for “{}”", class.replace('_', " "));
        page += &reasons(&title, "adds to the confidence", reasons_of_class);
    }
    page += &compared(differences);
    page += &foundation(basis, derived);
    page += &files(sums);
    page += "</body>\n</html>\n";
    page
}

fn names(record: &EventRecord) -> String {
    let name = |vessel: &sink::VesselRecord| {
        vessel.name.clone().unwrap_or_else(|| format!("MMSI {:09}", vessel.mmsi))
    };
    let names: Vec<String> = record.vessels.iter().take(4).map(name).collect();
    match record.vessels.len() {
        0 => "vessels".into(),
        1..=4 => names.join(" and "),
        count => format!("{} and {} others", names.join(", "), count - 4),
    }
}

fn label(vessel: &EventVessel) -> String {
    match vessel.identity.name {
        Some(name) => escaped(&format!("{} ({})", name.as_str(), vessel.mmsi)),
        None => format!("MMSI {}", vessel.mmsi),
    }
}

fn drawings(derived: &Derived) -> String {
    let event = &derived.event;
    let (begins, ends) = (event.started_at, event.ended_at);
    let around_ms = (ends.millis_since(begins) / 4).clamp(3_600_000, 6 * 3_600_000);
    let wide = (begins.plus_millis(-around_ms), ends.plus_millis(around_ms));
    let labels: Vec<String> = event.vessels.iter().take(CLASSES.len()).map(label).collect();
    let tracks = |(since, until): (Timestamp, Timestamp)| -> Vec<Series<'_, Position>> {
        let vessels = event.vessels.iter().zip(&labels).zip(CLASSES);
        let series = vessels.map(|((vessel, label), class)| {
            let points = derived.track(vessel.mmsi, since, until);
            let points = points.map(|fix| (fix.observed_at, fix.position)).collect();
            Series { label, class, points: thinned(points) }
        });
        series.collect()
    };
    let others = |(since, until): (Timestamp, Timestamp)| -> Vec<Position> {
        let is_other = |fix: &&PositionFix| {
            (since..=until).contains(&fix.observed_at)
                && event.vessels.iter().all(|vessel| vessel.mmsi != fix.mmsi)
        };
        derived.fixes.iter().filter(is_other).take(OTHERS_MAX).map(|fix| fix.position).collect()
    };
    let map = |span, extent_m_min| {
        let (tracks, others) = (tracks(span), others(span));
        Map { tracks, others, centre: event.position, extent_m_min, land: Coast::land_within }.svg()
    };
    let mut page = String::from("<section><h2>Where</h2>\n");
    let figure = |page: &mut String, svg: String, caption: &str| {
        let _ = writeln!(page, "<figure>{svg}<figcaption>{caption}</figcaption></figure>");
    };
    let caption = "From before until after; a circle marks where each begins. Grey dots are other ships, land is Natural Earth 1:10m.";
    figure(&mut page, map(wide, 4.0 * METRES_PER_NAUTICAL_MILE), caption);
    if event.kind() == EventKind::Encounter {
        let caption = "While they were near each other.";
        figure(&mut page, map((begins, ends), 800.0), caption);
    }
    page += "</section>\n<section><h2>When</h2>\n";
    let chart = |title, series, is_logarithmic, marks| {
        Chart { title, series, span: wide, event: (begins, ends), is_logarithmic, marks }.svg()
    };
    if let [a, b] = &event.vessels[..] {
        let [a, b] =
            [a, b].map(|vessel| derived.track(vessel.mmsi, wide.0, wide.1).collect::<Vec<_>>());
        let contact_m = derived.parameters.contact.distance_m_in;
        let series = Series { label: "", class: "d", points: thinned(distances(&a, &b)) };
        let marks = vec![(contact_m, format!("{contact_m:.0} m: in contact"))];
        let svg = chart("distance, m", vec![series], true, marks);
        figure(
            &mut page,
            svg,
            "How far apart, each put on the straight way between its reports. The time of the event is shaded.",
        );
    }
    let speeds = event.vessels.iter().zip(&labels).zip(CLASSES).map(|((vessel, label), class)| {
        let points = derived.track(vessel.mmsi, wide.0, wide.1);
        let points = points.filter_map(|fix| Some((fix.observed_at, f64::from(fix.speed_knots?))));
        Series { label, class, points: thinned(points.collect()) }
    });
    figure(
        &mut page,
        chart("speed, kn", speeds.collect(), false, Vec::new()),
        "Over ground, as each said itself.",
    );
    page + "</section>\n"
}

/// At most [`POINTS_MAX`], the last one among them.
fn thinned<T>(points: Vec<(Timestamp, T)>) -> Vec<(Timestamp, T)> {
    let step = points.len().div_ceil(POINTS_MAX).max(1);
    let last = points.len().saturating_sub(1);
    let kept =
        points.into_iter().enumerate().filter(|(index, _)| index % step == 0 || *index == last);
    kept.map(|(_, point)| point).collect()
}

/// How far apart two ships were, at each report of either and in between, where both are known.
fn distances(a: &[&PositionFix], b: &[&PositionFix]) -> Vec<(Timestamp, f64)> {
    let mut times: Vec<Timestamp> = a.iter().chain(b).map(|fix| fix.observed_at).collect();
    times.sort_unstable();
    times.dedup();
    let between = times.windows(2).filter_map(|two| {
        let millis = two[1].millis_since(two[0]);
        (60_000..=LOST_MS).contains(&millis).then(|| two[0].plus_millis(millis / 2))
    });
    let mut all: Vec<Timestamp> = between.collect();
    all.extend(times);
    all.sort_unstable();
    let distance = |at: Timestamp| Some((at, place_at(a, at)?.distance_m(place_at(b, at)?)));
    all.into_iter().filter_map(distance).collect()
}

fn place_at(fixes: &[&PositionFix], at: Timestamp) -> Option<Position> {
    let next = fixes.partition_point(|fix| fix.observed_at < at);
    let to = fixes.get(next)?;
    if to.observed_at == at {
        return Some(to.position);
    }
    let from = fixes[next.checked_sub(1)?];
    let millis = to.observed_at.millis_since(from.observed_at);
    if millis > LOST_MS {
        return None;
    }
    let share = at.millis_since(from.observed_at) as f64 / millis as f64;
    let (from, to) = (from.position, to.position);
    let east = wrapped_deg(to.longitude_deg() - from.longitude_deg());
    let north = to.latitude_deg() - from.latitude_deg();
    let longitude_deg = wrapped_deg(from.longitude_deg() + share * east);
    Position::new(from.latitude_deg() + share * north, longitude_deg)
}

fn vessels(record: &EventRecord) -> String {
    let mut page =
        String::from("<section><h2>Who</h2>\n<div class=\"wide\"><table><thead><tr><th></th>");
    for (index, vessel) in record.vessels.iter().enumerate().take(8) {
        let class = CLASSES[index.min(2)];
        let name = vessel.name.as_deref().unwrap_or("no name known");
        let _ = write!(page, "<th class=\"{class}\">{}</th>", escaped(name));
    }
    page += "</tr></thead><tbody>\n";
    let metres = |value: Option<f64>| value.map(|value| format!("{value:.1} m"));
    let seconds = |values: &[u64], index: usize| {
        values.get(index).map(|seconds| report::duration(Duration::from_secs(*seconds)))
    };
    type Cell<'a> = Box<dyn Fn(usize, &sink::VesselRecord) -> Option<String> + 'a>;
    let rows: Vec<(&str, Cell<'_>)> = vec![
        ("MMSI", Box::new(|_, vessel| Some(format!("{:09}", vessel.mmsi)))),
        ("IMO", Box::new(|_, vessel| vessel.imo.map(|imo| imo.to_string()))),
        ("Callsign", Box::new(|_, vessel| vessel.callsign.clone())),
        ("Flag, by the MMSI", Box::new(|_, vessel| vessel.flag.clone())),
        ("Type", Box::new(|_, vessel| vessel.ship_type.clone())),
        (
            "Length and beam",
            Box::new(|_, vessel| Some(format!("{} m, {} m", vessel.length_m?, vessel.beam_m?))),
        ),
        ("Draught before", Box::new(move |_, vessel| metres(vessel.draught_m_before))),
        ("Draught after", Box::new(move |_, vessel| metres(vessel.draught_m_after))),
        ("Observed in contact", Box::new(|index, _| seconds(&record.observed_s, index))),
        ("Bridged in contact", Box::new(|index, _| seconds(&record.bridged_s, index))),
        ("Longest silence", Box::new(|index, _| seconds(&record.silence_max_s, index))),
        (
            "Silences of the day before and after",
            Box::new(|_, vessel| {
                let gap = |gap: &sink::GapRecord| {
                    let (from, to) = (gap.started_at, gap.ended_at);
                    format!("{} to {}", report::minute(from), report::minute_beside(to, from))
                };
                let gaps: Vec<String> = vessel.gaps.iter().map(gap).collect();
                (!gaps.is_empty()).then(|| gaps.join("; "))
            }),
        ),
        (
            "Changes of identity in that time",
            Box::new(|_, vessel| {
                (vessel.identity_changes > 0).then(|| vessel.identity_changes.to_string())
            }),
        ),
        (
            "Watchlists",
            Box::new(|_, vessel| {
                (!vessel.watchlists.is_empty()).then(|| vessel.watchlists.join("; "))
            }),
        ),
    ];
    for (title, cell) in rows {
        let cells: Vec<Option<String>> = record
            .vessels
            .iter()
            .take(8)
            .enumerate()
            .map(|(index, vessel)| cell(index, vessel))
            .collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let _ = write!(page, "<tr><th>{title}</th>");
        for cell in cells {
            let _ = write!(page, "<td>{}</td>", cell.map_or("–".into(), |text| escaped(&text)));
        }
        page += "</tr>\n";
    }
    page + "</tbody></table></div></section>\n"
}

fn figures(event: &Event, record: &EventRecord) -> String {
    let bound = |at: Option<Timestamp>| at.map_or("unknown".into(), report::minute);
    let seconds = |seconds: u64| report::duration(Duration::from_secs(seconds));
    let metres = |value: Option<f64>| value.map(|value| format!("{value:.1} m"));
    let knots = |value: Option<f64>| value.map(|value| format!("{value:.2} kn"));
    let both = |values: Option<[Option<f64>; 2]>| {
        let words = |value: Option<f64>| knots(value).unwrap_or_else(|| "unknown".into());
        values.map(|[a, b]| format!("{}, {}", words(a), words(b)))
    };
    let degrees = |value: Option<f64>| value.map(|value| format!("{value:.0}°"));
    let rows: Vec<(&str, Option<String>)> = vec![
        (
            "Began",
            Some(format!(
                "{} (between {} and {})",
                second(event.started_at),
                bound(event.started_at_earliest),
                bound(Some(event.started_at_latest))
            )),
        ),
        (
            "Ended",
            Some(format!(
                "{} (between {} and {})",
                second(event.ended_at),
                bound(Some(event.ended_at_earliest)),
                bound(event.ended_at_latest)
            )),
        ),
        ("Lasted", Some(report::duration(event.duration()))),
        ("State", Some(record.state.clone())),
        (
            "Place",
            Some(format!(
                "{} ({:.6}, {:.6})",
                report::position(event.position),
                record.latitude_deg,
                record.longitude_deg
            )),
        ),
        ("Nearest coast", record.coast_distance_m.map(|_| report::coast(record.coast_distance_m))),
        (
            "Nearest port",
            record.port_name.as_ref().zip(record.port_distance_m).map(|(name, metres)| {
                format!("{name}, {:.1} nm", metres / METRES_PER_NAUTICAL_MILE)
            }),
        ),
        (
            "Nearest learned anchorage",
            record
                .anchorage_distance_m
                .map(|metres| format!("{:.1} nm", metres / METRES_PER_NAUTICAL_MILE)),
        ),
        ("Meetings of others nearby", record.meetings_nearby.map(|count| count.to_string())),
        ("Zones", (!record.zones.is_empty()).then(|| record.zones.join("; "))),
        ("In contact", record.contact_s.map(seconds)),
        ("Within 50, 100, 200, 500 m", within(record)),
        ("Nearest", metres(record.distance_m_min)),
        (
            "Distance, median and 95 %",
            metres(record.distance_m_p50)
                .zip(metres(record.distance_m_p95))
                .map(|(a, b)| format!("{a}, {b}")),
        ),
        (
            "From hull to hull",
            metres(record.hull_gap_m_p50).map(|gap| {
                format!("{gap}, give or take {:.0} m", record.hull_gap_uncertainty_m.unwrap_or(0.0))
            }),
        ),
        ("Speed, median", knots(record.speed_knots_p50)),
        ("Between the bows", degrees(record.heading_difference_deg_p50)),
        (
            "Drift",
            knots(record.drift_knots).map(|drift| match record.drift_course_deg {
                Some(course_deg) => format!("{drift} towards {course_deg:.0}°"),
                None => drift,
            }),
        ),
        ("Speed of each in the hour before", both(record.approach_knots)),
        ("Speed of each in the hour after", both(record.parting_knots)),
        ("By night", record.night_share.map(|share| format!("{:.0} %", share * 100.0))),
        (
            "Third ships",
            record.third_vessels.as_ref().filter(|thirds| !thirds.is_empty()).map(|thirds| {
                thirds.iter().map(|mmsi| format!("{mmsi:09}")).collect::<Vec<_>>().join(", ")
            }),
        ),
        (
            "Satisfies the profiles",
            (!record.profiles.is_empty()).then(|| record.profiles.join(", ")),
        ),
        ("Known up to", Some(second(event.as_of))),
    ];
    let mut page = String::from("<section><h2>What was measured</h2>\n<table><tbody>\n");
    let rows = rows.into_iter().filter_map(|(title, value)| Some((title.to_owned(), value?)));
    let others =
        record.figures.iter().map(|(name, value)| (name.replace('_', " "), value.to_string()));
    for (title, value) in rows.chain(others) {
        let _ = writeln!(page, "<tr><th>{}</th><td>{}</td></tr>", escaped(&title), escaped(&value));
    }
    page + "</tbody></table></section>\n"
}

fn within(record: &EventRecord) -> Option<String> {
    let spans = [
        record.contact_within_50_m_s?,
        record.contact_within_100_m_s?,
        record.contact_within_200_m_s?,
        record.contact_within_500_m_s?,
    ];
    Some(spans.map(|seconds| report::duration(Duration::from_secs(seconds))).join(", "))
}

/// `2024-01-01 00:14:07`
fn second(at: Timestamp) -> String {
    at.to_string().replace('T', " ").chars().take(19).collect()
}

fn reasons(title: &str, what: &str, reasons: &[ReasonRecord]) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let mut page = format!(
        "<section><h2>{}</h2>\n<table><thead><tr><th>Rule</th><th class=\"number\">{what}</th><th>Because</th></tr></thead><tbody>\n",
        escaped(title)
    );
    for reason in reasons {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td class=\"number\">{:+.2}</td><td>{}</td></tr>",
            escaped(&reason.rule.replace('_', " ")),
            reason.weight,
            escaped(&reason.text)
        );
    }
    page + "</tbody></table></section>\n"
}

fn compared(differences: &[Difference]) -> String {
    let mut page = String::from("<section><h2>This account and the one in the store</h2>\n");
    if differences.is_empty() {
        page += "<p>Derived again from the sentences in this dossier alone, the event is the same in every field as the one that was stored.</p>";
        return page + "</section>\n";
    }
    page += "<p>This page shows the event as derived again from the sentences in this dossier alone. The one that was \
             stored rests on the whole recording, and differs from it in these fields:</p>\n\
             <table><thead><tr><th>Field</th><th>Stored</th><th>Here</th><th>Because</th></tr></thead><tbody>\n";
    for difference in differences.iter().take(DIFFERENCES_MAX) {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&difference.field),
            escaped(&value(&difference.stored)),
            escaped(&value(&difference.derived)),
            difference.because.unwrap_or("nothing explains it"),
        );
    }
    page + "</tbody></table></section>\n"
}

/// A value of JSON as it is read in a sentence.
pub fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.chars().count() {
        ..=300 => text,
        _ => text.chars().take(297).chain("…".chars()).collect(),
    }
}

fn foundation(basis: &Basis, derived: &Derived) -> String {
    let origin = &basis.origin;
    let lines: usize = basis
        .sentences
        .values()
        .map(|bytes| bytes.iter().filter(|&&byte| byte == b'\n').count())
        .sum();
    let mut page = format!(
        "<section><h2>What it rests on</h2>\n<p>{} lines of {} input{}, as they stood there: all that {} sent from {} to {}, \
         the positions of others within {:.1} nm of the event since {} and of these vessels in that time, and one position of anybody every {} minutes, which carries \
         the time on. Found by alongside {} with the parameters {}; derived again by alongside {} with the parameters {}.</p>\n",
        grouped(lines as u64),
        grouped(origin.inputs.len() as u64),
        if origin.inputs.len() == 1 { "" } else { "s" },
        escaped(
            &origin
                .kept
                .vessels
                .iter()
                .map(|mmsi| format!("{mmsi:09}"))
                .collect::<Vec<_>>()
                .join(" and ")
        ),
        escaped(&origin.kept.since),
        escaped(&origin.kept.until),
        origin.kept.surroundings_m as f64 / METRES_PER_NAUTICAL_MILE,
        escaped(&origin.kept.surroundings_since),
        origin.kept.pace_s / 60,
        escaped(&origin.run.software_version),
        escaped(&origin.run.parameters_hash),
        escaped(&derived.record.software_version),
        escaped(&derived.record.parameters_hash),
    );
    let added: u64 = origin.inputs.iter().map(|input| input.times_added).sum();
    if added > 0 {
        let _ = writeln!(
            page,
            "<p>Before {} of these lines stands a time that is not in the input: they do not say themselves when they were heard, and the clock of the whole recording does.</p>",
            grouped(added)
        );
    }
    page += "<table class=\"files\"><thead><tr><th>Input</th><th class=\"number\">Bytes</th><th>SHA-256 of the whole input, and link of the chain</th><th class=\"number\">Lines kept</th></tr></thead><tbody>\n";
    for input in &origin.inputs {
        let kept = input.sentences.as_ref().and_then(|name| basis.sentences.get(name));
        let kept = kept.map_or(0, |bytes| bytes.iter().filter(|&&byte| byte == b'\n').count());
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td class=\"number\">{}</td><td><code>{}</code><br><code>{}</code></td><td class=\"number\">{} of {}</td></tr>",
            escaped(&input.name),
            grouped(input.bytes),
            escaped(&input.sha256),
            escaped(&input.chain),
            grouped(kept as u64),
            grouped(input.lines),
        );
    }
    page += "</tbody></table>\n";
    let mut receivers: Vec<(&str, usize)> = Vec::new();
    for (station, name) in &derived.receivers {
        let is_of_event = |fix: &&PositionFix| {
            fix.station == Some(*station) && origin.kept.vessels.contains(&fix.mmsi.get())
        };
        match derived.fixes.iter().filter(is_of_event).count() {
            0 => {}
            count => receivers.push((name, count)),
        }
    }
    if !receivers.is_empty() {
        receivers.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.to_owned()));
        let words: Vec<String> = receivers
            .iter()
            .take(40)
            .map(|(name, count)| format!("{} ({})", escaped(name), grouped(*count as u64)))
            .collect();
        let _ = writeln!(
            page,
            "<p>Receivers that heard them, with the positions of each: {}.</p>",
            words.join(", ")
        );
    }
    page + "</section>\n"
}

fn files(sums: &[FileSum]) -> String {
    let mut page = format!(
        "<section><h2>How to check it</h2>\n<p><code>alongside verify FILE.zip</code> needs nothing but this dossier: it checks the sums, \
         derives the event and this page again from the sentences and the parameters, and says whether they are the same bytes, or \
         exactly what differs. <code>alongside replay sentences/*.nmea --config parameters.toml</code> reads the sentences as any other \
         recording. Sums prove that nothing was altered since the dossier was made; by whom, a signature alone proves; that the \
         sentences were heard, the recording whose sum is above (<code>alongside verify FILE.zip --from RECORDING</code>). Form {FORMAT}.</p>\n\
         <table class=\"files\"><thead><tr><th>File</th><th class=\"number\">Bytes</th><th>SHA-256</th></tr></thead><tbody>\n"
    );
    for sum in sums {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td class=\"number\">{}</td><td><code>{}</code></td></tr>",
            escaped(&sum.name),
            grouped(sum.bytes),
            sum.sha256
        );
    }
    page + "</tbody></table></section>\n"
}

/// Black on white, in print as on the screen.
const STYLE: &str = "
:root{color-scheme:light}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,'Segoe UI',Helvetica,Arial,sans-serif;color:#1a2027;background:#fff;max-width:820px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:25px;line-height:1.25;margin:2px 0 4px;overflow-wrap:anywhere}
h2{font-size:17px;margin:30px 0 8px;padding-bottom:4px;border-bottom:1px solid #c9d1d9}
.kicker,.id,.note,figcaption{color:#57606a;font-size:13px;margin:0 0 6px}
.id{font-family:ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.lead{font-size:16px;margin:16px 0 10px;overflow-wrap:anywhere}
.note{border-left:3px solid #c9d1d9;padding-left:10px}
figure{margin:12px 0 18px;break-inside:avoid}
svg{display:block;width:100%;height:auto;font:11.5px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#39424e}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;margin:6px 0}
th,td{text-align:left;vertical-align:top;padding:4px 10px 4px 0;border-bottom:1px solid #e6eaee;overflow-wrap:anywhere}
tbody th{font-weight:500;color:#57606a;width:32%}
thead th{border-bottom:1px solid #c9d1d9}
thead th.a{color:#0b5fa5}thead th.b{color:#b3400a}thead th.c{color:#4d6b1f}
h1::first-letter{text-transform:uppercase}
.number{text-align:right;white-space:nowrap;padding-right:16px;overflow-wrap:normal}
td.number{font-variant-numeric:tabular-nums}
code{font:12px ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.files{font-size:12.5px}.files code{font-size:10.5px}
tr{break-inside:avoid}h2{break-after:avoid}
.sea{fill:#eef4f8}.land{fill:#dcd6c6;stroke:#a89f87;stroke-width:.6;fill-rule:evenodd}
.frame{fill:none;stroke:#8b949e}.grid{stroke:#c7d0d8;stroke-width:.6;fill:none}
.event{fill:#fdf1d0}.mark{stroke:#57606a;stroke-dasharray:2 3;fill:none}
.line{fill:none;stroke-width:1.7;stroke-linejoin:round}.dashed{stroke-dasharray:5 4;stroke-width:1.2}
.line.a{stroke:#0b5fa5}.line.b{stroke:#b3400a}.line.c{stroke:#4d6b1f}.line.d{stroke:#1a2027}
circle.a{fill:#0b5fa5}circle.b{fill:#b3400a}circle.c{fill:#4d6b1f}circle.other{fill:#9aa5b1}
circle.begin{fill:none;stroke-width:1.6}circle.begin.a{stroke:#0b5fa5}circle.begin.b{stroke:#b3400a}circle.begin.c{stroke:#4d6b1f}
.scale{fill:none;stroke:#1a2027;stroke-width:1.4}.mid{text-anchor:middle}.end{text-anchor:end}
.halo{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
@page{margin:15mm}
@media print{body{font-size:10.5pt;padding:0;max-width:none}h1{font-size:17pt}h2{font-size:12.5pt}table{font-size:9.5pt}.files{font-size:8pt}.files code{font-size:7pt}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_from_the_air_are_text() {
        assert_eq!(escaped("<SCRIPT SRC=//X.CO>"), "&lt;SCRIPT SRC=//X.CO&gt;");
        assert_eq!(escaped("a\"b'c&d"), "a&quot;b&#39;c&amp;d");
        assert_eq!(escaped("A\u{202e}B\u{7}"), "A\\u{202e}B\\u{7}");
    }

    #[test]
    fn ships_are_put_on_the_straight_way_between_reports() {
        let fix = |minute: i64, longitude_deg: f64| PositionFix {
            mmsi: maritime::Mmsi::new(311_000_222).unwrap(),
            observed_at: Timestamp::from_secs(minute * 60),
            position: Position::new(10.0, longitude_deg).unwrap(),
            speed_knots: None,
            course_deg: None,
            heading_deg: None,
            coarse: false,
            station: None,
        };
        let fixes = [fix(0, 179.99), fix(10, -179.99), fix(600, -179.0)];
        let fixes: Vec<&PositionFix> = fixes.iter().collect();
        let longitude_deg = |minute: i64| {
            place_at(&fixes, Timestamp::from_secs(minute * 60)).map(Position::longitude_deg)
        };
        assert!((longitude_deg(5).unwrap().abs() - 180.0).abs() < 1e-9);
        assert_eq!(longitude_deg(10), Some(-179.99));
        assert_eq!((longitude_deg(300), longitude_deg(601), longitude_deg(-1)), (None, None, None));
    }
}
