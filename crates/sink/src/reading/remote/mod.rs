//! Events in ClickHouse, for those who look at them.
//!
//! Takes what a [`Reader`] is asked for, gives what it would read from its own file. Of the view `v_events` come the
//! columns of `alongside_index`, so that a filter is the same conditions in both; what is shown is read by its ids, which
//! lead to where it lies. What people say is not here: states of reviews go into a query as ids, and the lists of the
//! reader's own are held against what comes back. Whatever was asked for is bound as parameters.

mod export;
mod vessels;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use clickhouse::error::Error;
use clickhouse::query::Query;
use clickhouse::{Row, RowOwned, RowRead};
use maritime::{Position, Timestamp, TrackPoint, shown};
use rusqlite::types::Value;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::filter::{Conditions, Dialect, between_bars};
use super::lists::BETWEEN_KINDS;
use super::{
    Case, Counts, Cursor, Facets, Feed, Filter, Listed, Lists, Mark, Marks, OTHERS_SCORE_MIN,
    Order, Page, Reader, ReviewState, Seen, States, StoredTrack, Summary, Version, lists,
    reviewing,
};
use crate::EventRecord;
use crate::clickhouse::{ClickHouse, ClickHouseError, Store, first_started_at_s};
use crate::geopackage::{Narrow, StoreError};

/// Ids of events that are asked for at a time.
const IDS_MAX: usize = 500;
/// Ids that are named in one parameter: ClickHouse takes 128 KiB of each.
const NAMED_MAX: usize = 2000;
/// Messages come a little out of order, and so do the times at which they were told.
const TOLD_WITHIN_MS: i64 = 60_000;
/// Events that are remembered as seen.
const SEEN_MAX: usize = 100_000;
/// Around an encounter, a little more than a GeoPackage has: two hours before it with the report before that, and until
/// the ships were apart for an hour, which they are some time after they ceased to be near …
const LEAD_MS: i64 = 135 * 60_000;
const TAIL_MS: i64 = 90 * 60_000;
/// … where a silence is one that is bridged.
const SILENCE_MS: i64 = 20 * 60_000;
/// Of a vessel; of more one in equal spans is taken, which of less than half a day are shorter than reports are apart.
const POINTS_MAX: i64 = 20_000;

/// The columns of `alongside_index`, of the events that a replay keeps in a GeoPackage.
static INDEX: LazyLock<String> = LazyLock::new(|| {
    // `|one|two|`, in which each is found with its bars; none has any of its own.
    let barred = |texts: &str| {
        format!(
            "concat('|', arrayStringConcat(arrayMap(t -> concat(replaceAll(t, '|', '/'), '|'), {texts})))"
        )
    };
    let known = |column: &str| {
        format!(
            "arrayMap(v -> toString(assumeNotNull(v)), arrayFilter(v -> isNotNull(v), e.vessels.{column}))"
        )
    };
    let names = format!("arrayMap(n -> lowerUTF8(n), {})", known("name"));
    let watchlists = "arrayFlatten(e.vessels.watchlists)";
    let words = format!(
        "lowerUTF8(arrayStringConcat(arrayConcat([e.id], {}, {}, {}, {}, arrayFilter(p -> notEmpty(p), \
         [ifNull(e.port_name, '')]), e.zones, {watchlists}), '\\n'))",
        known("name"),
        known("callsign"),
        known("mmsi"),
        known("imo"),
    );
    format!(
        "(SELECT e.id AS event_id, toString(e.kind) AS kind, CAST(e.class, 'Nullable(String)') AS class, \
         e.score AS score, toUnixTimestamp64Milli(e.started_at) AS started_ms, \
         toUnixTimestamp64Milli(e.ended_at) AS ended_ms, e.longitude_deg AS longitude_deg, \
         e.latitude_deg AS latitude_deg, e.kind <> 'encounter' OR notEmpty(e.profiles) AS flagged, \
         {} AS profiles, {} AS flags, {} AS types, {} AS mmsis, {} AS imos, {} AS zones, {} AS watchlists, \
         {} AS names, {words} AS words, e.vessels.mmsi AS numbers \
         FROM v_events AS e WHERE {}) AS i",
        barred("arrayMap(v -> toString(v), e.profiles)"),
        barred(&known("flag")),
        barred(&known("type")),
        barred(&known("mmsi")),
        barred(&known("imo")),
        barred("e.zones"),
        barred(watchlists),
        barred(&names),
        is_kept("e"),
    )
});

/// What a GeoPackage keeps of all that is told.
fn is_kept(table: &str) -> String {
    format!(
        "{table}.state NOT IN ('candidate', 'retracted') \
         AND ({table}.kind = 'encounter' OR {table}.score >= {OTHERS_SCORE_MIN:?})"
    )
}

/// A server, asked by one reader.
pub(super) struct Remote {
    store: Store,
    runtime: Handle,
    /// Turns true when nobody waits for the answer any more.
    unwanted: watch::Receiver<bool>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}

/// What is asked for, and what of it ClickHouse cannot judge.
struct Wanted<'a> {
    conditions: Conditions,
    /// Of reviewed events; see [`Wanted::new`].
    ids: Vec<String>,
    own: Own<'a>,
}

/// Zones and watchlists, one of each that are asked for, where there are such among the reader's own.
struct Own<'a> {
    lists: &'a Lists,
    zones: &'a [String],
    watchlists: &'a [String],
}

/// A row of [`INDEX`]; texts that nobody needs are empty.
#[derive(Row, Deserialize)]
struct Found {
    event_id: String,
    kind: String,
    class: Option<String>,
    score: f64,
    started_ms: i64,
    longitude_deg: f64,
    latitude_deg: f64,
    profiles: String,
    flags: String,
    types: String,
    mmsis: String,
    imos: String,
    zones: String,
    watchlists: String,
    names: String,
    words: String,
}

const TEXTS: [&str; 9] =
    ["profiles", "flags", "types", "mmsis", "imos", "zones", "watchlists", "names", "words"];
/// What lists of the reader's own are held against.
const TEXTS_OF_LISTS: &[&str] = &["mmsis", "imos", "zones", "watchlists", "names", "words"];

impl<'a> Wanted<'a> {
    fn new(reader: &'a Reader, filter: &'a Filter) -> Result<Self, StoreError> {
        let lists = &*reader.lists;
        let among = |names: &'a [String], is_own: &dyn Fn(&String) -> bool| {
            if names.iter().any(is_own) { names } else { &[] }
        };
        let zones = among(&filter.zones, &|name| lists.zones.contains_key(name));
        let watchlists = among(&filter.watchlists, &|name| lists.watchlists.contains_key(name));
        let mut plain = filter.clone();
        if !zones.is_empty() {
            plain.zones.clear();
        }
        if !watchlists.is_empty() {
            plain.watchlists.clear();
        }
        let mut conditions = plain.conditions_in(Dialect::ClickHouse);
        let mut ids = Vec::new();
        if !filter.states.is_empty() {
            // What nobody has looked at is new: either those are named that somebody has, or those that do not fit.
            let with_new = filter.states.iter().any(|state| state == ReviewState::New.name());
            let states = reader.reading(States::read)?;
            let named =
                states.0.into_iter().filter(|(_, state)| filter.states.contains(state) != with_new);
            ids = named.map(|(id, _)| id).collect();
            let chunks = 0..ids.len().div_ceil(NAMED_MAX);
            if with_new {
                let barred = |chunk| format!("i.event_id NOT IN {{ids{chunk}:Array(String)}}");
                chunks.for_each(|chunk| conditions.push(barred(chunk)));
            } else {
                let any = chunks.map(|chunk| format!("i.event_id IN {{ids{chunk}:Array(String)}}"));
                let any = any.collect::<Vec<_>>().join(" OR ");
                conditions.push(if any.is_empty() { "0".into() } else { format!("({any})") });
            }
        }
        Ok(Wanted { conditions, ids, own: Own { lists, zones, watchlists } })
    }

    fn bound(&self, mut query: Query) -> Query {
        for (index, value) in self.conditions.values().iter().enumerate() {
            let name = format!("p{}", index + 1);
            query = match value {
                Value::Integer(number) => query.param(&name, number),
                Value::Real(number) => query.param(&name, number),
                Value::Text(text) => query.param(&name, text),
                Value::Null | Value::Blob(_) => query,
            };
        }
        for (chunk, ids) in self.ids.chunks(NAMED_MAX).enumerate() {
            query = query.param(&format!("ids{chunk}"), ids);
        }
        query
    }
}

impl Own<'_> {
    fn is_any(&self) -> bool {
        !self.zones.is_empty() || !self.watchlists.is_empty()
    }

    fn holds(&self, found: &Found) -> bool {
        let told = |barred: &str, name: &str| barred.contains(&between_bars(name));
        let in_zone = |name: &String| {
            let place = (found.longitude_deg, found.latitude_deg);
            let own = self.lists.zones.get(name);
            told(&found.zones, name) || own.is_some_and(|zone| zone.contains(place.0, place.1))
        };
        let on_list = |name: &String| {
            let own = self.lists.watchlists.get(name);
            told(&found.watchlists, name)
                || own.is_some_and(|list| {
                    list.holds(&found.mmsis, &found.imos, &found.names, &found.words)
                })
        };
        (self.zones.is_empty() || self.zones.iter().any(in_zone))
            && (self.watchlists.is_empty() || self.watchlists.iter().any(on_list))
    }
}

/// One telling of an event.
#[derive(Row, Deserialize)]
struct Telling {
    version: u32,
    kind: String,
    state: String,
    score: f64,
    as_of_ms: i64,
    software_version: String,
    parameters_hash: String,
    told_ms: i64,
    record: String,
}

impl Telling {
    fn is_kept(&self) -> bool {
        !["candidate", "retracted"].contains(&self.state.as_str())
            && (self.kind == "encounter" || self.score >= OTHERS_SCORE_MIN)
    }

    fn is_of_one_run_with(&self, other: &Telling) -> bool {
        (&self.software_version, &self.parameters_hash)
            == (&other.software_version, &other.parameters_hash)
    }
}

impl Remote {
    /// On a thread of a runtime that may wait.
    ///
    /// # Errors
    ///
    /// The server does not answer, or has not the tables.
    pub(super) fn open(options: &ClickHouse) -> Result<Self, StoreError> {
        let (_, unwanted) = watch::channel(false);
        let remote =
            Remote { store: Store::new(options.clone()), runtime: Handle::current(), unwanted };
        let checked = remote.runtime.block_on(remote.store.check_schema());
        checked.map_err(|error| StoreError::Tables(Box::new(error)))?;
        Ok(remote)
    }

    pub(super) fn interrupt(&mut self) -> watch::Sender<bool> {
        let (sender, unwanted) = watch::channel(false);
        self.unwanted = unwanted;
        sender
    }

    /// Waits for an answer for as long as anybody wants it.
    fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
        const DOING: &str = "read events";
        let mut unwanted = self.unwanted.clone();
        let done: Result<T, ClickHouseError> = self.runtime.block_on(async {
            tokio::select! {
                done = self.store.within(DOING, work) => done,
                Ok(_) = unwanted.wait_for(|unwanted| *unwanted) => {
                    let reason = Error::Custom("nobody waits for it any longer".into());
                    Err(self.store.failed(DOING, reason))
                }
            }
        });
        done.map_err(|error| StoreError::ClickHouse(Box::new(error)))
    }

    fn query(&self, text: &str) -> Query {
        self.store.query(text)
    }

    fn all<T: RowOwned + RowRead>(&self, query: Query) -> Result<Vec<T>, StoreError> {
        self.wait(query.fetch_all::<T>())
    }

    fn count_of(&self, wanted: &Wanted<'_>) -> Result<u64, StoreError> {
        if wanted.own.is_any() {
            let mut count = 0;
            self.each(wanted, &[], "", None, |_| {
                count += 1;
                ControlFlow::Continue(())
            })?;
            return Ok(count);
        }
        let text = format!("SELECT count() FROM {} WHERE {}", *INDEX, wanted.conditions.all());
        self.wait(wanted.bound(self.query(&text)).fetch_one::<u64>())
    }

    /// Calls `each` with the rows that are wanted, of which it needs some texts, until it has enough.
    fn each(
        &self,
        wanted: &Wanted<'_>,
        texts: &[&str],
        order: &str,
        limit: Option<usize>,
        mut each: impl FnMut(&Found) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let is_own = wanted.own.is_any();
        let columns: Vec<String> = TEXTS
            .into_iter()
            .map(|name| {
                let is_needed = texts.contains(&name) || is_own && TEXTS_OF_LISTS.contains(&name);
                if is_needed { format!("i.{name} AS {name}") } else { format!("'' AS {name}") }
            })
            .collect();
        let mut text = format!(
            "SELECT i.event_id AS event_id, i.kind AS kind, i.class AS class, i.score AS score, \
             i.started_ms AS started_ms, i.longitude_deg AS longitude_deg, i.latitude_deg AS latitude_deg, {} \
             FROM {} WHERE {}",
            columns.join(", "),
            *INDEX,
            wanted.conditions.all()
        );
        if !order.is_empty() {
            text.push_str(&format!(" ORDER BY {order}"));
        }
        if let (Some(limit), false) = (limit, is_own) {
            text.push_str(&format!(" LIMIT {limit}"));
        }
        let query = wanted.bound(self.query(&text));
        let mut left = limit.unwrap_or(usize::MAX);
        self.wait(async {
            let mut rows = query.fetch::<Found>()?;
            while left > 0
                && let Some(found) = rows.next().await?
            {
                if is_own && !wanted.own.holds(&found) {
                    continue;
                }
                left -= 1;
                if each(&found).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    pub(super) fn events(
        &self,
        reader: &Reader,
        filter: &Filter,
        order: Order,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, StoreError> {
        let mut wanted = Wanted::new(reader, filter)?;
        let total = self.count_of(&wanted)?;
        if let Some(after) = after {
            wanted.conditions.begin_after(order, after);
        }
        let mut keys = Vec::new();
        self.each(&wanted, &[], order.columns(), Some(limit + 1), |found| {
            let Found { event_id, score, started_ms, .. } = found;
            keys.push(Cursor {
                order,
                score: *score,
                started_ms: *started_ms,
                id: event_id.clone(),
            });
            ControlFlow::Continue(())
        })?;
        let more = keys.len() > limit;
        keys.truncate(limit);
        let ids: Vec<String> = keys.iter().map(|key| key.id.clone()).collect();
        Ok(Page { events: self.listed(reader, &ids)?, next: keys.pop().filter(|_| more), total })
    }

    pub(super) fn count(&self, reader: &Reader, filter: &Filter) -> Result<u64, StoreError> {
        self.count_of(&Wanted::new(reader, filter)?)
    }

    pub(super) fn map(
        &self,
        reader: &Reader,
        filter: &Filter,
        limit: usize,
        mut each: impl FnMut(Mark<'_>),
    ) -> Result<bool, StoreError> {
        let wanted = Wanted::new(reader, filter)?;
        let states = reader.reading(States::read)?;
        let mut count = 0;
        self.each(&wanted, &[], "", Some(limit + 1), |found| {
            count += 1;
            if count > limit {
                return ControlFlow::Break(());
            }
            each(Mark {
                id: &found.event_id,
                longitude_deg: found.longitude_deg,
                latitude_deg: found.latitude_deg,
                score: found.score,
                kind: &found.kind,
                class: found.class.as_deref(),
                started_at_ms: found.started_ms,
                state: states.of(&found.event_id),
            });
            ControlFlow::Continue(())
        })?;
        Ok(count > limit)
    }

    pub(super) fn facets(&self, reader: &Reader, filter: &Filter) -> Result<Facets, StoreError> {
        let wanted = Wanted::new(reader, filter)?;
        let states = reader.reading(States::read)?;
        let has_lists = !reader.lists.is_empty();
        let few = ["profiles", "flags", "types", "zones", "watchlists"];
        let texts = if has_lists { &TEXTS[..] } else { &few[..] };
        let (mut counts, mut listed) = (Counts::default(), String::new());
        self.each(&wanted, texts, "", None, |found| {
            let own = match has_lists {
                true => reader.lists.marked(
                    [found.longitude_deg, found.latitude_deg],
                    [&found.mmsis, &found.imos, &found.names, &found.words],
                ),
                false => String::new(),
            };
            listed.clear();
            for text in [&found.zones, &found.watchlists] {
                listed.push_str(text);
                listed.push(BETWEEN_KINDS);
            }
            listed.push_str(&own);
            let class = found.class.as_deref().unwrap_or_default();
            counts.add(
                [&found.kind, class, &found.profiles, &found.flags, &found.types],
                states.of(&found.event_id),
                &listed,
            );
            ControlFlow::Continue(())
        })?;
        Ok(counts.facets())
    }

    /// The events of these ids as they were told last, in the order of the ids, as far as they are kept.
    pub(super) fn listed(
        &self,
        reader: &Reader,
        ids: &[String],
    ) -> Result<Vec<Listed>, StoreError> {
        let mut records = HashMap::new();
        for ids in ids.chunks(IDS_MAX) {
            records.extend(self.records_of(ids)?);
        }
        let listed = ids.iter().filter_map(|id| Some((id, records.remove(id)?)));
        listed.map(|(id, record)| self.with_words(reader, id, record)).collect()
    }

    /// A record with what people say of it.
    fn with_words(&self, reader: &Reader, id: &str, record: String) -> Result<Listed, StoreError> {
        let review = reader.reading(|connection| reviewing::review(connection, id))?;
        let mut marks = Marks::default();
        if !reader.lists.is_empty()
            && let Ok(read) = serde_json::from_str::<EventRecord>(&record)
        {
            let narrow = Narrow::new(&read);
            let who =
                [&narrow.mmsis, &narrow.imos, &narrow.names, &narrow.words].map(String::as_str);
            marks =
                lists::marks(&reader.lists.marked([read.longitude_deg, read.latitude_deg], who));
        }
        Ok(Listed { id: id.into(), record, review, marks })
    }

    /// The records of events as they were told last, by their ids. The instants in these lead to the granules; an id without one is none of ours.
    pub(super) fn records_of(&self, ids: &[String]) -> Result<HashMap<String, String>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Recorded {
            id: String,
            record: String,
        }
        let starts = starts(ids);
        if starts.is_empty() {
            return Ok(HashMap::new());
        }
        let text = format!(
            "SELECT e.id AS id, e.record AS record FROM ( \
                SELECT id, kind, state, score, told_at, version, record FROM events FINAL \
                WHERE toUnixTimestamp(first_started_at) IN {{starts:Array(UInt32)}} AND id IN {{ids:Array(String)}} \
                ORDER BY told_at DESC, version DESC LIMIT 1 BY id) AS e \
             WHERE {}",
            is_kept("e")
        );
        let query = self.query(&text).param("starts", &starts).param("ids", ids);
        let rows: Vec<Recorded> = self.all(query)?;
        Ok(rows.into_iter().map(|row| (row.id, row.record)).collect())
    }

    /// Those that are there of one event, the present one first, and then the latest; ClickHouse forgets the former ones
    /// when it merges parts.
    fn tellings(&self, event_id: &str) -> Result<Vec<Telling>, StoreError> {
        let Ok(started_at_s) = first_started_at_s(event_id) else { return Ok(Vec::new()) };
        let text = "SELECT version, toString(kind) AS kind, toString(state) AS state, score, \
                    toUnixTimestamp64Milli(as_of) AS as_of_ms, toString(software_version) AS software_version, \
                    toString(parameters_hash) AS parameters_hash, toUnixTimestamp64Milli(told_at) AS told_ms, record \
                    FROM events WHERE toUnixTimestamp(first_started_at) = {start:UInt32} AND id = {id:String} \
                    ORDER BY version DESC, told_ms DESC";
        let query = self.query(text).param("start", started_at_s).param("id", event_id);
        let mut tellings: Vec<Telling> = self.all(query)?;
        // What was told again is in the table twice until it is merged.
        let mut distinct: Vec<Telling> = Vec::with_capacity(tellings.len());
        for telling in tellings.drain(..) {
            let is_there = |other: &Telling| {
                other.version == telling.version && other.is_of_one_run_with(&telling)
            };
            if !distinct.iter().any(is_there) {
                distinct.push(telling);
            }
        }
        // Of each run the highest version holds, and of these what was told last: as in the view.
        let highest = |telling: &Telling| {
            distinct
                .iter()
                .all(|other| !other.is_of_one_run_with(telling) || other.version <= telling.version)
        };
        let present = (0..distinct.len())
            .filter(|index| highest(&distinct[*index]))
            .max_by_key(|index| (distinct[*index].told_ms, distinct[*index].version));
        if let Some(present) = present {
            let present = distinct.remove(present);
            distinct.insert(0, present);
        }
        Ok(distinct)
    }

    pub(super) fn knows(&self, event_id: &str) -> Result<bool, StoreError> {
        Ok(self.tellings(event_id)?.iter().any(Telling::is_kept))
    }

    pub(super) fn case(&self, reader: &Reader, event_id: &str) -> Result<Option<Case>, StoreError> {
        let tellings = self.tellings(event_id)?;
        let is_present = tellings.first().is_some_and(Telling::is_kept);
        let kept: Vec<Telling> = tellings.into_iter().filter(Telling::is_kept).collect();
        let Some(last) = kept.first() else { return Ok(None) };
        let mut listed = self.with_words(reader, event_id, last.record.clone())?;
        if !is_present {
            listed.marks = Marks::default();
        }
        let version = |telling: Telling| Version {
            version: telling.version,
            state: telling.state,
            as_of: Timestamp::from_millis(telling.as_of_ms).to_string(),
            record: telling.record,
        };
        Ok(Some(Case {
            listed,
            reviews: reader.reading(|connection| reviewing::reviews(connection, event_id))?,
            versions: kept.into_iter().map(version).collect(),
            run: None,
        }))
    }

    pub(super) fn tracks(&self, event_id: &str) -> Result<Vec<StoredTrack>, StoreError> {
        let tellings = self.tellings(event_id)?;
        let Some(telling) = tellings.iter().find(|telling| telling.is_kept()) else {
            return Ok(Vec::new());
        };
        let record = serde_json::from_str(&telling.record);
        self.tracks_of(&record.map_err(|source| self.damaged(event_id, source))?)
    }

    /// From the positions that are published; of flagged encounters alone, as in a GeoPackage.
    fn tracks_of(&self, record: &EventRecord) -> Result<Vec<StoredTrack>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Point {
            mmsi: u32,
            at_ms: i64,
            latitude_deg: f64,
            longitude_deg: f64,
            speed_knots: Option<f64>,
            course_deg: Option<f64>,
            heading_deg: Option<u16>,
        }
        if record.kind != "encounter" || !record.is_flagged() {
            return Ok(Vec::new());
        }
        let (from, to) =
            (record.started_at.as_millis() - LEAD_MS, record.ended_at.as_millis() + TAIL_MS);
        let step = ((to - from) / POINTS_MAX).max(1);
        let mmsis: Vec<u32> = record.vessels.iter().map(|vessel| vessel.mmsi).collect();
        let text = "SELECT mmsi, toUnixTimestamp64Milli(p.observed_at) AS at_ms, latitude_deg, longitude_deg, \
                    speed_knots, course_deg, heading_deg FROM v_positions AS p \
                    WHERE mmsi IN {mmsis:Array(UInt32)} AND p.observed_at >= fromUnixTimestamp64Milli({from:Int64}) \
                    AND p.observed_at <= fromUnixTimestamp64Milli({to:Int64}) \
                    ORDER BY mmsi, p.observed_at, p.source \
                    LIMIT 1 BY mmsi, intDiv(toUnixTimestamp64Milli(p.observed_at) - {from:Int64}, {step:Int64})";
        let query = self.query(text).param("mmsis", &mmsis);
        let query = query.param("from", from).param("to", to).param("step", step);
        let points: Vec<Point> = self.all(query)?;
        let track = |vessel: &crate::VesselRecord| {
            let mut track: Vec<TrackPoint> = Vec::new();
            for point in points.iter().filter(|point| point.mmsi == vessel.mmsi) {
                let Some(position) = Position::new(point.latitude_deg, point.longitude_deg) else {
                    continue;
                };
                let before = track.last().map(|before| before.observed_at.as_millis());
                track.push(TrackPoint {
                    observed_at: Timestamp::from_millis(point.at_ms),
                    position,
                    speed_knots: point.speed_knots.map(|knots| knots as f32),
                    course_deg: point.course_deg.map(|degrees| degrees as f32),
                    heading_deg: point.heading_deg.map(f32::from),
                    ends_silence: before.is_some_and(|before| point.at_ms - before > SILENCE_MS),
                });
            }
            StoredTrack {
                mmsi: vessel.mmsi,
                name: vessel.name.as_deref().map(shown),
                // Positions and identities do not tell where the antenna is.
                antenna_m: None,
                points: track,
            }
        };
        let mut tracks: Vec<StoredTrack> = record.vessels.iter().map(track).collect();
        tracks.sort_by_key(|track| track.mmsi);
        Ok(tracks)
    }

    pub(super) fn seen(&self) -> Result<Seen, StoreError> {
        let text = "SELECT toUnixTimestamp64Milli(max(told_at)) FROM events";
        let number = self.wait(self.query(text).fetch_one::<i64>())?;
        let mut seen = Seen { number, ids: HashMap::new() };
        self.told_since(&mut seen)?;
        Ok(seen)
    }

    pub(super) fn stored_since(
        &self,
        reader: &Reader,
        seen: &Seen,
        limit: usize,
    ) -> Result<(Vec<Listed>, Seen), StoreError> {
        let mut seen = seen.clone();
        let mut ids = self.told_since(&mut seen)?;
        // More than that at once: those are passed over, as whoever asks anew does not see them either.
        ids.truncate(limit);
        let mut listed = self.listed(reader, &ids)?;
        listed.retain(|listed| {
            let read = serde_json::from_str::<EventRecord>(&listed.record);
            read.is_ok_and(|read| read.is_flagged())
        });
        Ok((listed, seen))
    }

    /// Those that were told since and are not seen, which they are then.
    fn told_since(&self, seen: &mut Seen) -> Result<Vec<String>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Told {
            id: String,
            told_ms: i64,
            version: u32,
        }
        let text = format!(
            "SELECT id, toUnixTimestamp64Milli(max(told_at)) AS told_ms, argMax(version, (told_at, version)) AS version \
             FROM events WHERE told_at >= fromUnixTimestamp64Milli({{since:Int64}}) \
             AND (kind <> 'encounter' OR notEmpty(profiles)) \
             GROUP BY id ORDER BY told_ms DESC, version DESC, id DESC LIMIT {SEEN_MAX}"
        );
        let query = self.query(&text).param("since", seen.number - TOLD_WITHIN_MS);
        let mut ids = Vec::new();
        // Where there are too many, the last.
        let told: Vec<Told> = self.all(query)?;
        for Told { id, told_ms, version } in told.into_iter().rev() {
            seen.number = seen.number.max(told_ms);
            if seen.ids.insert(id.clone(), (told_ms, version)) != Some((told_ms, version)) {
                ids.push(id);
            }
        }
        let since = seen.number - TOLD_WITHIN_MS;
        seen.ids.retain(|_, (told_ms, _)| *told_ms >= since);
        Ok(ids)
    }

    pub(super) fn summary(&self) -> Result<Summary, StoreError> {
        #[derive(Row, Deserialize)]
        struct Last {
            told_ms: i64,
            software_version: String,
            parameters_hash: String,
            rows: u64,
        }
        let count = format!("SELECT count() FROM {} WHERE i.flagged", *INDEX);
        let events = self.wait(self.query(&count).fetch_one::<u64>())?;
        let text = "SELECT toUnixTimestamp64Milli(max(told_at)) AS told_ms, \
                    argMax(toString(software_version), told_at) AS software_version, \
                    argMax(toString(parameters_hash), told_at) AS parameters_hash, count() AS rows FROM events";
        let last = self.wait(self.query(text).fetch_one::<Last>())?;
        let last = (last.rows > 0).then_some(last);
        Ok(Summary {
            events,
            last_change: last.as_ref().map(|last| Timestamp::from_millis(last.told_ms).to_string()),
            software_version: last.as_ref().map(|last| last.software_version.clone()),
            parameters_hash: last.map(|last| last.parameters_hash),
        })
    }

    pub(super) fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Heard {
            source: String,
            last_observed_ms: i64,
            positions: u64,
            hours: u64,
        }
        let text = "SELECT toString(source) AS source, \
                    toUnixTimestamp64Milli(max(last_observed_at)) AS last_observed_ms, \
                    sum(positions) AS positions, count() AS hours FROM v_feed_health \
                    GROUP BY source ORDER BY source LIMIT 1000";
        let heard: Vec<Heard> = self.all(self.query(text))?;
        Ok(heard
            .into_iter()
            .map(|heard| Feed {
                name: heard.source,
                last_observed_at: Timestamp::from_millis(heard.last_observed_ms),
                positions_per_s: heard.positions as f64 / (heard.hours.max(1) * 3600) as f64,
            })
            .collect())
    }

    fn damaged(&self, event_id: &str, source: serde_json::Error) -> StoreError {
        StoreError::Record { path: self.store.name().into(), event_id: event_id.into(), source }
    }
}

/// The instants in ids, by which their rows are found.
fn starts(ids: &[String]) -> Vec<u32> {
    ids.iter().filter_map(|id| first_started_at_s(id).ok()).collect()
}
