use std::sync::Arc;

use maritime::{Event, EventId, Position, Text, VesselIdentity};
use tempfile::TempDir;

use super::*;
use crate::samples::{event, gap, provenance, track};
use crate::{GeoPackage, Run, VesselRow};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn run_of_tests() -> Run {
    Run {
        run_id: "one".into(),
        started_at: at("2026-01-01T12:00:00Z"),
        provenance: provenance(),
        parameters: "distance_m_max = 500".into(),
        inputs: vec!["gulf.nmea".into()],
        selection: String::new(),
        counters: serde_json::Value::Null,
    }
}

/// Encounters that begin a minute apart, with ten scores among them; every third satisfies no profile.
fn events(count: i64) -> Vec<Event> {
    let numbered = |number: i64| {
        let mut event = event();
        event.started_at = event.started_at.plus_millis(60_000 * number);
        event.ended_at = event.ended_at.plus_millis(60_000 * number);
        event.id = EventId::new(event.kind(), event.id.pair().unwrap(), event.started_at);
        event.score = (number % 10) as f64 / 10.0;
        if number % 3 == 2 {
            event.profiles.clear();
        }
        event
    };
    (0..count).map(numbered).collect()
}

fn reader(events: &[Event]) -> (TempDir, Reader) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.gpkg");
    let vessels: Vec<VesselRow> = event()
        .vessels
        .iter()
        .map(|vessel| VesselRow {
            mmsi: vessel.mmsi,
            identity: vessel.identity,
            first_heard_at: at("2024-01-01"),
            last_heard_at: at("2024-01-02"),
            positions: 48,
            identities: vec![
                (
                    VesselIdentity { name: Text::new("FORMER"), ..vessel.identity },
                    at("2023-01-01"),
                    at("2023-06-01"),
                ),
                (vessel.identity, at("2024-01-01"), at("2024-01-02")),
            ],
        })
        .collect();
    GeoPackage::open(&path).unwrap().store(&run_of_tests(), events, &vessels).unwrap();
    (directory, Reader::open(&path).unwrap())
}

fn ids(reader: &Reader, filter: &Filter) -> Vec<String> {
    let page = reader.events(filter, Order::TimeUp, 1000, None).unwrap();
    assert_eq!(page.total, page.events.len() as u64);
    page.events.into_iter().map(|event| event.id).collect()
}

#[track_caller]
fn check(reader: &Reader, filter: Filter, expected: usize) {
    assert_eq!(ids(reader, &filter).len(), expected, "{filter:?}");
}

fn one(text: &str) -> Vec<String> {
    vec![text.into()]
}

#[test]
fn filters_find_what_they_say() {
    let mut all = events(9);
    all.push(gap());
    let (_directory, reader) = reader(&all);
    let everything = Filter { all: true, ..Filter::default() };
    check(&reader, everything.clone(), 10);
    check(&reader, Filter::default(), 7);
    check(&reader, Filter { kinds: one("gap"), ..Filter::default() }, 1);
    check(&reader, Filter { classes: one("possible_transfer"), ..Filter::default() }, 6);
    check(&reader, Filter { profiles: one("gfw"), ..everything.clone() }, 6);
    check(&reader, Filter { profiles: one("g"), ..everything.clone() }, 0);
    check(&reader, Filter { flags: one("MH"), ..everything.clone() }, 9);
    check(&reader, Filter { flags: vec!["MH".into(), "BS".into()], ..everything.clone() }, 10);
    check(&reader, Filter { types: one("tanker"), ..everything.clone() }, 10);
    check(&reader, Filter { mmsis: vec![538_005_541], ..everything.clone() }, 9);
    check(&reader, Filter { imos: vec![9_074_729], ..everything.clone() }, 10);
    check(&reader, Filter { imos: vec![907_472], ..everything.clone() }, 0);
    check(&reader, Filter { name: Some("gulf \"o".into()), ..everything.clone() }, 10);
    check(&reader, Filter { text: Some("fourchon c6ab1".into()), ..everything.clone() }, 9);
    check(&reader, Filter { text: Some("' OR 1=1 --".into()), ..everything.clone() }, 0);
    check(&reader, Filter { watchlists: one("OFAC SDN by IMO"), ..everything.clone() }, 9);
    check(&reader, Filter { score_min: Some(0.35), score_max: Some(0.5), ..everything.clone() }, 3);
    check(&reader, Filter { since: Some(at("2024-01-03")), ..everything.clone() }, 1);
    check(&reader, Filter { until: Some(at("2024-01-01T00:15:00Z")), ..everything.clone() }, 1);
    check(&reader, Filter { bbox: Some([-95.0, 28.0, -94.5, 29.0]), ..everything.clone() }, 9);
    check(&reader, Filter { bbox: Some([179.0, 28.0, -94.5, 29.0]), ..everything.clone() }, 9);
    check(&reader, Filter { bbox: Some([-94.5, 28.0, -95.0, 29.0]), ..everything }, 1);
}

#[test]
fn pages_hold_every_event_once_though_others_come_between() {
    let (_directory, reader) = reader(&events(60));
    let orders = [Order::ScoreDown, Order::ScoreUp, Order::TimeDown, Order::TimeUp];
    let looked_at = Filter { score_min: Some(0.0), ..Filter::default() };
    for (order, filter) in
        orders.into_iter().flat_map(|it| [(it, Filter::default()), (it, looked_at.clone())])
    {
        let mut found = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let page = reader.events(&filter, order, 7, after.as_ref()).unwrap();
            assert!(page.total >= 40, "{}", page.total);
            found.extend(page.events.into_iter().map(|event| event.id));
            // One that stands before everything.
            let mut early = event();
            early.score = 1.0;
            early.started_at = at("2020-01-01").plus_millis(1000 * page.total as i64);
            early.id = EventId::new(early.kind(), early.id.pair().unwrap(), early.started_at);
            let mut store = GeoPackage::open(reader.path()).unwrap();
            store.store(&run_of_tests(), &[early], &[]).unwrap();
            let Some(next) = page.next else { break };
            assert_eq!(next.to_string().parse(), Ok(next.clone()));
            after = Some(next);
        }
        let of_old = |id: &&String| id.contains("-2024");
        let old: Vec<&String> = found.iter().filter(of_old).collect();
        let mut distinct = old.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!((old.len(), distinct.len()), (40, 40), "{order:?}");
    }
}

#[test]
fn pages_are_the_same_whether_read_in_order_or_found_by_looking_at_all() {
    // More than are held before the first time that they are sorted.
    let (_directory, reader) = reader(&events(3200));
    let pages = |filter: &Filter, order: Order, limit: usize| {
        let (mut all, mut after): (Vec<String>, Option<Cursor>) = (Vec::new(), None);
        for _ in 0..3 {
            let page = reader.events(filter, order, limit, after.as_ref()).unwrap();
            assert_eq!(page.total, 2134);
            all.extend(page.events.into_iter().map(|event| event.id));
            after = page.next;
        }
        all
    };
    let in_order = Filter::default();
    let looked_at = Filter { score_min: Some(0.0), ..Filter::default() };
    assert!(in_order.conditions().is_in_order() && !looked_at.conditions().is_in_order());
    for order in [Order::ScoreDown, Order::ScoreUp, Order::TimeDown, Order::TimeUp] {
        let expected = pages(&in_order, order, 50);
        assert_eq!(expected.len(), 150);
        assert_eq!(pages(&looked_at, order, 50), expected, "{order:?}");
    }
    let everything = Filter { all: true, ..Filter::default() };
    assert_eq!(reader.events(&everything, Order::TimeUp, 10, None).unwrap().total, 3200);
}

#[test]
fn what_is_no_cursor_is_refused() {
    for text in ["", "x", "-score~1~2", "score~x~2~id", "score~NaN~2~id", "other~1~2~id"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[test]
fn facets_and_map_count_what_is_listed() {
    let mut all = events(9);
    all.push(gap());
    let (_directory, mut reader) = reader(&all);
    let id = ids(&reader, &Filter::default())[0].clone();
    reader.review(&id, ReviewState::Confirmed, "seen", at("2026-01-01"), "ann").unwrap().unwrap();
    let facets = reader.facets(&Filter::default()).unwrap();
    let count = |counts: &BTreeMap<String, u64>, name: &str| counts.get(name).copied().unwrap_or(0);
    assert_eq!(count(&facets.kinds, "encounter"), 6);
    assert_eq!(count(&facets.flags, "BS"), 7);
    assert_eq!(count(&facets.profiles, "sts"), 6);
    assert_eq!(count(&facets.states, "confirmed"), 1);
    assert_eq!(count(&facets.states, "new"), 6);
    assert_eq!(count(&facets.watchlists, "OFAC SDN by IMO"), 6);
    let mut states = Vec::new();
    let note = |mark: Mark<'_>| states.push(mark.state.to_owned());
    assert!(!reader.map(&Filter::default(), 100, note).unwrap());
    states.sort();
    assert_eq!(states, ["confirmed", "new", "new", "new", "new", "new", "new"]);
    assert!(reader.map(&Filter::default(), 3, |_| ()).unwrap());
    let confirmed = Filter { states: one("confirmed"), ..Filter::default() };
    assert_eq!(ids(&reader, &confirmed), [id]);
    check(&reader, Filter { states: one("new"), ..Filter::default() }, 6);
}

#[test]
fn facets_of_a_store_that_nobody_has_looked_at() {
    let mut all = events(2);
    for event in &mut all {
        for vessel in &mut event.vessels {
            vessel.watchlists.clear();
        }
        event.place.zones.clear();
    }
    all[0].place.zones = one("a");
    let (_directory, mut reader) = reader(&all);
    let facets = reader.facets(&Filter::default()).unwrap();
    let counts = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    assert_eq!(facets.states, counts(&[("new", 2)]));
    assert_eq!((&facets.zones, &facets.watchlists), (&counts(&[("a", 1)]), &counts(&[])));

    let mut lists = Lists::default();
    let rings = vec![vec![[-95.0, 28.0], [-94.0, 28.0], [-94.0, 29.0], [-95.0, 29.0]]];
    lists.zones.insert("b".into(), ZoneShape { rings });
    reader.use_lists(Arc::new(lists)).unwrap();
    let facets = reader.facets(&Filter::default()).unwrap();
    assert_eq!(facets.zones, counts(&[("a", 1), ("b", 2)]));

    // The list of a file, which may have any name.
    all[1].vessels[0].watchlists = one("c\nd");
    all[1].version += 1;
    GeoPackage::open(reader.path()).unwrap().store(&run_of_tests(), &all, &[]).unwrap();
    assert_eq!(reader.facets(&Filter::default()).unwrap().watchlists, counts(&[("c\nd", 1)]));
}

#[test]
fn a_case_has_its_history_and_its_run() {
    let (_directory, mut reader) = reader(&[event()]);
    let id = event().id.to_string();
    let later = Event { version: 4, score: 0.9, ..event() };
    let store = || GeoPackage::open(reader.path()).unwrap();
    store().store(&run_of_tests(), &[later], &[]).unwrap();
    for (state, note) in [(ReviewState::Reviewing, "a"), (ReviewState::Dismissed, "b")] {
        reader.review(&id, state, note, at("2026-01-01"), "ann").unwrap().unwrap();
    }
    let case = reader.case(&id).unwrap().unwrap();
    let versions: Vec<u32> = case.versions.iter().map(|version| version.version).collect();
    assert_eq!(versions, [4, 3]);
    assert_eq!(case.run.unwrap().inputs, "[\"gulf.nmea\"]");
    assert_eq!(case.listed.review.state, "dismissed");
    let notes: Vec<&str> = case.reviews.iter().map(|review| review.note.as_str()).collect();
    assert_eq!(notes, ["b", "a"]);
    assert_eq!(reader.case("encounter-1").unwrap(), None);
    assert_eq!(reader.review("no", ReviewState::New, "", at("2026-01-01"), "x").unwrap(), None);
    assert_eq!(reader.audited(10).unwrap().len(), 2);

    // What is retracted is listed no more, and can be looked up.
    let retracted = Event { version: 5, state: maritime::EventState::Retracted, ..event() };
    let mut store = GeoPackage::open(reader.path()).unwrap();
    store.store(&run_of_tests(), &[retracted], &[]).unwrap();
    check(&reader, Filter::default(), 0);
    assert_eq!(reader.case(&id).unwrap().unwrap().listed.review.state, "dismissed");
}

#[test]
fn tracks_are_the_reports_themselves() {
    let (_directory, reader) = reader(&[event()]);
    let tracks = reader.tracks(&event().id.to_string()).unwrap();
    assert_eq!(tracks.len(), 2);
    assert_eq!(tracks[0].antenna_m, Some([224, 50, 20, 28]));
    assert_eq!(tracks[1].antenna_m, None);
    let expected = track(&[(28.25, -94.86), (28.26, -94.85), (28.27, -94.85)]);
    assert_eq!(tracks[0].points.len(), 3);
    for (found, given) in tracks[0].points.iter().zip(expected) {
        assert_eq!(found.observed_at, given.observed_at);
        assert_eq!(
            (found.heading_deg, found.ends_silence),
            (given.heading_deg, given.ends_silence)
        );
        assert!(found.position.distance_m(given.position) < 0.2);
    }
    assert_eq!(reader.tracks("no").unwrap(), []);
}

#[test]
fn a_vessel_has_every_identity_and_its_events() {
    let (_directory, reader) = reader(&[event(), gap()]);
    let (vessel, identities, events) = reader.vessel(311_000_222).unwrap().unwrap();
    assert_eq!((vessel.events, events.len()), (2, 2));
    let names: Vec<_> = identities.iter().map(|identity| identity.name.as_deref()).collect();
    assert_eq!(names, [Some("GULF \"ONE\""), Some("FORMER")]);
    assert!(reader.vessel(1).unwrap().is_none());
    let filter = VesselFilter { text: Some("gulf".into()), ..VesselFilter::default() };
    assert_eq!(reader.vessels(&filter, 10, None).unwrap().0.len(), 1);
    let (first, next) = reader.vessels(&VesselFilter::default(), 1, None).unwrap();
    assert_eq!((first.len(), next), (1, Some(311_000_222)));
    assert_eq!(reader.vessels(&VesselFilter::default(), 1, next).unwrap().1, None);
}

#[test]
fn a_network_joins_those_who_met() {
    let (_directory, reader) = reader(&events(3));
    for network in [
        reader.network_around(311_000_222, 3).unwrap(),
        reader.network(&Filter::default()).unwrap(),
    ] {
        assert_eq!(network.nodes.len(), 2);
        assert_eq!(network.links.len(), 1);
        assert_eq!(network.links[0].ids.len(), 2);
        assert_eq!((network.links[0].a, network.links[0].b), (311_000_222, 538_005_541));
    }
    assert_eq!(reader.network_around(7, 1).unwrap().links, []);
}

#[test]
fn lists_of_ones_own_mark_what_is_stored() {
    let mut far = event();
    far.position = Position::new(10.0, 179.9).unwrap();
    far.started_at = far.started_at.plus_millis(60_000);
    far.id = EventId::new(far.kind(), far.id.pair().unwrap(), far.started_at);
    let (_directory, mut reader) = reader(&[event(), far]);
    let square = |west: f64, south: f64, east: f64, north: f64| ZoneShape {
        rings: vec![vec![[west, south], [east, south], [east, north], [west, north]]],
    };
    let mut lists = Lists::default();
    lists.zones.insert("gulf".into(), square(-95.0, 28.0, -94.0, 29.0));
    lists.zones.insert("dateline".into(), square(179.0, 9.0, -179.0, 11.0));
    let names = [WatchSet::plain("=HYPERLINK('//X.Y')")].into_iter().collect();
    lists.watchlists.insert("mine".into(), WatchSet { names, ..WatchSet::default() });
    reader.use_lists(Arc::new(lists)).unwrap();
    check(&reader, Filter { zones: one("gulf"), ..Filter::default() }, 1);
    check(&reader, Filter { zones: one("dateline"), ..Filter::default() }, 1);
    check(&reader, Filter { zones: one("none"), ..Filter::default() }, 0);
    check(&reader, Filter { watchlists: one("mine"), ..Filter::default() }, 2);
    let facets = reader.facets(&Filter::default()).unwrap();
    assert_eq!((facets.zones["gulf"], facets.watchlists["mine"]), (1, 2));
    let page = reader.events(&Filter::default(), Order::TimeUp, 10, None).unwrap();
    assert_eq!(page.events[0].marks.zones, ["gulf"]);
    assert_eq!(page.events[1].marks.watchlists, ["mine"]);

    let mut put = |name: &str, fits: Result<(), String>| {
        let fits = |_: &[StoredList]| fits;
        reader.store_list("zone", name, "{}", at("2026-01-01"), "ann", fits).unwrap()
    };
    assert_eq!(put("gulf", Ok(())), Ok(()));
    assert_eq!(put("bay", Err("full".into())), Err("full".into()));
    assert_eq!(reader.stored_lists("zone").unwrap()[0].name, "gulf");
    assert!(reader.delete_list("zone", "gulf").unwrap());
    assert!(!reader.delete_list("zone", "gulf").unwrap());
}

#[test]
fn a_copy_is_a_store_of_what_was_asked_for() {
    let mut all = events(9);
    all.push(gap());
    let (directory, reader) = reader(&all);
    let path = directory.path().join("copy.gpkg");
    let encounters = Filter { kinds: one("encounter"), ..Filter::default() };
    assert!(reader.copy_to(&encounters, 100, &path, at("2026-01-02")).unwrap().is_ok());
    let copy = Reader::open(&path).unwrap();
    assert_eq!(ids(&copy, &Filter::default()), ids(&reader, &encounters));
    let id = &ids(&copy, &Filter::default())[0];
    assert_eq!(copy.tracks(id).unwrap(), reader.tracks(id).unwrap());
    assert_eq!(GeoPackage::open(&path).unwrap().events().unwrap().len(), 6);

    let records: Vec<String> =
        reader.records(&encounters).map(|record| record.unwrap().id).collect();
    assert_eq!(records, ids(&reader, &encounters));
}

#[test]
fn a_copy_lets_others_store_meanwhile() {
    let (directory, reader) = reader(&events(2000));
    let path = directory.path().join("store.gpkg");
    let others = GeoPackage::open(&path).unwrap();
    // Whoever may not wait finds the store locked for no longer than a batch takes.
    others.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let mut stored = 0;
    let copy = directory.path().join("copy.gpkg");
    let whole = Filter { all: true, ..Filter::default() };
    let between = |_: usize| {
        others.connection.execute("UPDATE runs SET selection = 'x'", []).unwrap();
        stored += 1;
    };
    let copied = reader.copy_in_batches(&whole, 5000, &copy, at("2026-01-02"), between).unwrap();
    assert_eq!((copied, stored), (Ok(2000), 4));
    assert_eq!(
        Reader::open(&copy).unwrap().events(&whole, Order::TimeUp, 1, None).unwrap().total,
        2000
    );
    assert_eq!(reader.copy_to(&whole, 1999, &copy, at("2026-01-02")).unwrap(), Err(2000));
}

#[test]
fn what_is_stored_later_is_new() {
    let (_directory, reader) = reader(&events(3));
    let (first, seen) = reader.stored_since(&Seen::up_to(0), 10).unwrap();
    assert_eq!((first.len(), &seen), (2, &reader.seen().unwrap()));
    assert_eq!(reader.stored_since(&seen, 10).unwrap(), (Vec::new(), seen.clone()));
    let mut store = GeoPackage::open(reader.path()).unwrap();
    store.store(&run_of_tests(), &[gap()], &[]).unwrap();
    assert_eq!(reader.stored_since(&seen, 10).unwrap().0[0].id, gap().id.to_string());
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("none.gpkg");
    let message = Reader::open(&path).unwrap_err().to_string();
    assert!(message.starts_with("there is no store at "), "{message}");
    assert!(!path.exists());
}
