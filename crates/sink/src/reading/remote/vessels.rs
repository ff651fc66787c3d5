//! Vessels, and who met whom.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use clickhouse::Row;
use maritime::{Mmsi, Timestamp, shown};
use serde::Deserialize;

use super::{INDEX, Remote, Wanted};
use crate::geopackage::StoreError;
use crate::reading::vessels::{
    Around, EVENTS_MAX, EVENTS_OF_NODE_MAX, EVENTS_OF_VESSEL_MAX, LinkRow, Network, StoredIdentity,
    StoredVessel, VesselFilter, among_events, around,
};
use crate::reading::{Filter, Listed, Order, Reader};

/// An identity that was told, or of a vessel the last one.
#[derive(Row, Deserialize)]
struct Told {
    mmsi: u32,
    imo: Option<u32>,
    name: Option<String>,
    callsign: Option<String>,
    flag: Option<String>,
    ship_type: Option<String>,
    length_m: Option<u16>,
    beam_m: Option<u16>,
    first_heard_ms: i64,
    last_heard_ms: i64,
}

/// Of a view with identities `v`.
const COLUMNS: &str = "v.mmsi AS mmsi, v.imo AS imo, v.name AS name, v.callsign AS callsign, v.flag AS flag, \
    v.type AS ship_type, v.length_m AS length_m, v.beam_m AS beam_m, \
    toUnixTimestamp64Milli(v.first_heard_at) AS first_heard_ms, \
    toUnixTimestamp64Milli(v.last_heard_at) AS last_heard_ms";

/// What is counted of a vessel.
#[derive(Default, Clone, Copy)]
struct Counted {
    positions: u64,
    heard_ms: Option<(i64, i64)>,
    events: u64,
}

impl Told {
    fn stored(self) -> StoredIdentity {
        let at = |millis: i64| Timestamp::from_millis(millis).to_string();
        StoredIdentity {
            mmsi: self.mmsi,
            imo: self.imo,
            name: self.name.as_deref().map(shown),
            callsign: self.callsign.as_deref().map(shown),
            flag: self.flag,
            ship_type: self.ship_type,
            length_m: self.length_m,
            beam_m: self.beam_m,
            first_heard_at: at(self.first_heard_ms),
            last_heard_at: at(self.last_heard_ms),
        }
    }

    /// Whether the other says all that this one says, and more: its second part came later.
    fn is_completed_by(&self, other: &Told) -> bool {
        fn holds<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
            one.is_none() || one == other
        }
        let parts = |told: &Told| {
            [
                told.imo.is_some(),
                told.name.is_some(),
                told.callsign.is_some(),
                told.ship_type.is_some(),
                told.length_m.is_some(),
            ]
        };
        let count = |told: &Told| parts(told).into_iter().filter(|is_known| *is_known).count();
        self.mmsi == other.mmsi
            && holds(&self.imo, &other.imo)
            && holds(&self.name, &other.name)
            && holds(&self.callsign, &other.callsign)
            && holds(&self.ship_type, &other.ship_type)
            && holds(&(self.length_m.zip(self.beam_m)), &(other.length_m.zip(other.beam_m)))
            && count(self) < count(other)
            && self.first_heard_ms <= other.first_heard_ms
    }
}

impl Remote {
    pub(in crate::reading) fn vessels(
        &self,
        filter: &VesselFilter,
        limit: usize,
        after: Option<u32>,
    ) -> Result<(Vec<StoredVessel>, Option<u32>), StoreError> {
        let mut conditions = vec!["v.mmsi > {after:Int64}".to_owned()];
        let words: Vec<String> = filter
            .text
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(|word| word.to_lowercase())
            .collect();
        for index in 0..words.len() {
            let has = |text: &str| format!("position({text}, {{w{index}:String}}) > 0");
            conditions.push(format!(
                "({} OR {} OR {} OR {})",
                has("lower(ifNull(v.name, ''))"),
                has("lower(ifNull(v.callsign, ''))"),
                has("toString(v.mmsi)"),
                has("ifNull(toString(v.imo), '')"),
            ));
        }
        if !filter.flags.is_empty() {
            conditions.push("v.flag IN {flags:Array(String)}".into());
        }
        if !filter.types.is_empty() {
            conditions.push("v.type IN {types:Array(String)}".into());
        }
        let text = format!(
            "SELECT {COLUMNS} FROM v_vessels AS v WHERE {} ORDER BY v.mmsi LIMIT {}",
            conditions.join(" AND "),
            limit + 1
        );
        let mut query = self.query(&text).param("after", after.map_or(-1, i64::from));
        for (index, word) in words.iter().enumerate() {
            query = query.param(&format!("w{index}"), word);
        }
        if !filter.flags.is_empty() {
            query = query.param("flags", &filter.flags);
        }
        if !filter.types.is_empty() {
            query = query.param("types", &filter.types);
        }
        let mut told: Vec<Told> = self.all(query)?;
        let more = told.len() > limit;
        told.truncate(limit);
        let next = told.last().filter(|_| more).map(|told| told.mmsi);
        Ok((self.counted(told)?, next))
    }

    #[allow(clippy::type_complexity, reason = "as of the reader")]
    pub(in crate::reading) fn vessel(
        &self,
        reader: &Reader,
        mmsi: u32,
    ) -> Result<Option<(StoredVessel, Vec<StoredIdentity>, Vec<Listed>)>, StoreError> {
        let Some(vessel) = self.vessels_of(&[mmsi])?.pop() else { return Ok(None) };
        let text = format!(
            "SELECT {COLUMNS} FROM v_vessel_identities AS v WHERE v.mmsi = {{mmsi:UInt32}} \
             ORDER BY v.last_heard_at DESC, v.first_heard_at DESC, v.name, v.callsign"
        );
        let mut identities: Vec<Told> = self.all(self.query(&text).param("mmsi", mmsi))?;
        remove_parts(&mut identities);
        let filter = Filter { mmsis: vec![mmsi], ..Filter::default() };
        let wanted = Wanted::new(reader, &filter)?;
        let mut ids = Vec::new();
        let (order, limit) = (Order::TimeDown.columns(), Some(EVENTS_OF_VESSEL_MAX));
        self.each(&wanted, &[], order, limit, |found| {
            ids.push(found.event_id.clone());
            ControlFlow::Continue(())
        })?;
        let identities = identities.into_iter().map(Told::stored).collect();
        Ok(Some((vessel, identities, self.listed(reader, &ids)?)))
    }

    pub(in crate::reading) fn network_around(
        &self,
        mmsi: u32,
        depth: u8,
    ) -> Result<Network, StoreError> {
        #[derive(Row, Deserialize)]
        struct Met {
            of: u32,
            event_id: String,
            mmsis: String,
            score: f64,
            started_ms: i64,
        }
        let text = format!(
            "SELECT of, i.event_id AS event_id, i.mmsis AS mmsis, i.score AS score, i.started_ms AS started_ms \
             FROM {} ARRAY JOIN arrayDistinct(i.numbers) AS of \
             WHERE i.flagged AND of IN {{edge:Array(UInt32)}} \
             ORDER BY score DESC, event_id LIMIT {} BY of",
            *INDEX,
            EVENTS_OF_NODE_MAX + 1
        );
        let found = around(mmsi, depth, |edge| {
            let rows: Vec<Met> = self.all(self.query(&text).param("edge", edge))?;
            let mut met: BTreeMap<u32, Vec<LinkRow>> = BTreeMap::new();
            for Met { of, event_id, mmsis, score, started_ms } in rows {
                met.entry(of).or_default().push(LinkRow { event_id, mmsis, score, started_ms });
            }
            Ok::<_, StoreError>(met)
        })?;
        self.network_of(found)
    }

    pub(in crate::reading) fn network(
        &self,
        reader: &Reader,
        filter: &Filter,
    ) -> Result<Network, StoreError> {
        let wanted = Wanted::new(reader, filter)?;
        let mut rows = Vec::new();
        let (order, limit) = (Order::ScoreDown.columns(), Some(EVENTS_MAX + 1));
        self.each(&wanted, &["mmsis"], order, limit, |found| {
            rows.push(LinkRow {
                event_id: found.event_id.clone(),
                mmsis: found.mmsis.clone(),
                score: found.score,
                started_ms: found.started_ms,
            });
            ControlFlow::Continue(())
        })?;
        self.network_of(among_events(rows))
    }

    fn network_of(&self, found: Around) -> Result<Network, StoreError> {
        let mmsis: Vec<u32> = found.known.iter().copied().collect();
        let vessels = self.vessels_of(&mmsis)?;
        Ok(found.network(vessels))
    }

    /// Of these numbers, as far as they were heard.
    pub(super) fn vessels_of(&self, mmsis: &[u32]) -> Result<Vec<StoredVessel>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM v_vessels AS v WHERE v.mmsi IN {{mmsis:Array(UInt32)}} ORDER BY v.mmsi"
        );
        let told: Vec<Told> = self.all(self.query(&text).param("mmsis", mmsis))?;
        self.counted_of(mmsis, told)
    }

    /// All identities of these numbers.
    pub(super) fn identities_of(&self, mmsis: &[u32]) -> Result<Vec<StoredIdentity>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM v_vessel_identities AS v WHERE v.mmsi IN {{mmsis:Array(UInt32)}} \
             ORDER BY v.mmsi, v.last_heard_at"
        );
        let mut told: Vec<Told> = self.all(self.query(&text).param("mmsis", mmsis))?;
        remove_parts(&mut told);
        Ok(told.into_iter().map(Told::stored).collect())
    }

    fn counted(&self, told: Vec<Told>) -> Result<Vec<StoredVessel>, StoreError> {
        let mmsis: Vec<u32> = told.iter().map(|told| told.mmsi).collect();
        self.counted_of(&mmsis, told)
    }

    /// With what is counted of them; and those that were heard and never said who they are.
    fn counted_of(&self, mmsis: &[u32], told: Vec<Told>) -> Result<Vec<StoredVessel>, StoreError> {
        let mut counted = self.counts_of(mmsis)?;
        let mut told: HashMap<u32, Told> = told.into_iter().map(|told| (told.mmsi, told)).collect();
        let mut vessels = Vec::with_capacity(mmsis.len());
        for mmsi in mmsis {
            let Counted { positions, heard_ms, events } = counted.remove(mmsi).unwrap_or_default();
            let told = told.remove(mmsi);
            let heard =
                [heard_ms, told.as_ref().map(|told| (told.first_heard_ms, told.last_heard_ms))];
            let heard = heard.into_iter().flatten();
            let heard = heard.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
            let Some((first_heard_ms, last_heard_ms)) = heard else { continue };
            let told = told.unwrap_or_else(|| Told {
                mmsi: *mmsi,
                imo: None,
                name: None,
                callsign: None,
                flag: Mmsi::new(*mmsi).and_then(Mmsi::flag).map(|flag| flag.code().to_owned()),
                ship_type: None,
                length_m: None,
                beam_m: None,
                first_heard_ms,
                last_heard_ms,
            });
            let identity = Told { first_heard_ms, last_heard_ms, ..told }.stored();
            vessels.push(StoredVessel { identity, positions, events });
        }
        Ok(vessels)
    }

    /// Positions as they are published, of copies of one transmission one, as soon as parts are merged; and flagged events.
    fn counts_of(&self, mmsis: &[u32]) -> Result<HashMap<u32, Counted>, StoreError> {
        #[derive(Row, Deserialize)]
        struct Heard {
            mmsi: u32,
            positions: u64,
            first_ms: i64,
            last_ms: i64,
        }
        #[derive(Row, Deserialize)]
        struct InEvents {
            of: u32,
            events: u64,
        }
        let mut counted: HashMap<u32, Counted> = HashMap::new();
        if mmsis.is_empty() {
            return Ok(counted);
        }
        let text = "SELECT mmsi, count() AS positions, toUnixTimestamp64Milli(min(observed_at)) AS first_ms, \
                    toUnixTimestamp64Milli(max(observed_at)) AS last_ms FROM positions \
                    WHERE mmsi IN {mmsis:Array(UInt32)} GROUP BY mmsi";
        let heard: Vec<Heard> = self.all(self.query(text).param("mmsis", mmsis))?;
        for Heard { mmsi, positions, first_ms, last_ms } in heard {
            let heard_ms = Some((first_ms, last_ms));
            counted.insert(mmsi, Counted { positions, heard_ms, events: 0 });
        }
        let text = format!(
            "SELECT of, count() AS events FROM {} ARRAY JOIN arrayDistinct(i.numbers) AS of \
             WHERE i.flagged AND of IN {{mmsis:Array(UInt32)}} GROUP BY of",
            *INDEX
        );
        let events: Vec<InEvents> = self.all(self.query(&text).param("mmsis", mmsis))?;
        for InEvents { of, events } in events {
            counted.entry(of).or_default().events = events;
        }
        Ok(counted)
    }
}

/// A message of class B comes in two parts, and the first is told before the whole, which takes its place.
fn remove_parts(identities: &mut Vec<Told>) {
    let mut index = identities.len();
    while index > 0 {
        index -= 1;
        let part = &identities[index];
        if let Some(whole) = identities.iter().position(|whole| part.is_completed_by(whole)) {
            let first_ms = part.first_heard_ms;
            let whole = &mut identities[whole];
            whole.first_heard_ms = whole.first_heard_ms.min(first_ms);
            identities.remove(index);
        }
    }
}
