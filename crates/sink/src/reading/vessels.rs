//! Vessels, and who met whom.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::{Filter, Listed, Reader, count};
use crate::geopackage::StoreError;

/// Vessels of a network: with more nobody sees anything.
const NODES_MAX: usize = 400;
/// Events that a network is made of, the highest scores first.
pub(super) const EVENTS_MAX: usize = 5_000;
/// Of one vessel in a network.
pub(super) const EVENTS_OF_NODE_MAX: usize = 200;
/// Events of one vessel that are shown with it, the newest first.
pub(super) const EVENTS_OF_VESSEL_MAX: usize = 200;

/// A vessel, as it is known over all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are those of a vessel's row")]
pub struct StoredVessel {
    pub identity: StoredIdentity,
    pub positions: u64,
    /// Flagged, with this vessel in them.
    pub events: u64,
}

/// What a vessel called itself, fit to be shown, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are those of the record of an identity")]
pub struct StoredIdentity {
    pub mmsi: u32,
    pub imo: Option<u32>,
    pub name: Option<String>,
    pub callsign: Option<String>,
    pub flag: Option<String>,
    pub ship_type: Option<String>,
    pub length_m: Option<u16>,
    pub beam_m: Option<u16>,
    pub first_heard_at: String,
    pub last_heard_at: String,
}

/// Which vessels are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VesselFilter {
    /// In the name, callsign or numbers, whatever the case.
    pub text: Option<String>,
    /// Two letters each.
    pub flags: Vec<String>,
    /// In words.
    pub types: Vec<String>,
}

/// Who met whom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    /// By number.
    pub nodes: Vec<Node>,
    /// By the numbers of the two.
    pub links: Vec<Link>,
    /// There are more vessels or events than a network may have; those with the highest scores are in it.
    pub truncated: bool,
}

/// A vessel of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are those of a vessel's row")]
pub struct Node {
    pub mmsi: u32,
    pub name: Option<String>,
    pub flag: Option<String>,
    pub ship_type: Option<String>,
    pub events: u64,
}

/// Two vessels that are in events together.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The lower number.
    pub a: u32,
    /// The higher number.
    pub b: u32,
    /// The highest.
    pub score_max: f64,
    /// Start of the last one, in milliseconds since 1970.
    pub last_at_ms: i64,
    /// Of the events, the highest score first.
    pub ids: Vec<String>,
}

/// Of a row of `vessels`, and how many flagged events it is in.
const COLUMNS: &str = "x.mmsi, x.imo, x.name, x.callsign, x.flag, x.type, x.length_m, x.beam_m,
    x.first_heard_at, x.last_heard_at, x.positions,
    (SELECT count(*) FROM alongside_event_vessels w WHERE w.mmsi = x.mmsi AND w.flagged = 1)";

impl Reader {
    /// Vessels in the order of their numbers, after one; and the number to go on after, if there are more.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn vessels(
        &self,
        filter: &VesselFilter,
        limit: usize,
        after: Option<u32>,
    ) -> Result<(Vec<StoredVessel>, Option<u32>), StoreError> {
        if let Some(remote) = &self.remote {
            return remote.vessels(filter, limit, after);
        }
        self.reading(|connection| {
            let mut values = vec![Value::Integer(after.map_or(-1, i64::from))];
            let mut all = vec!["x.mmsi > ?1".to_owned()];
            let bind = |values: &mut Vec<Value>, text: &str| {
                values.push(Value::Text(text.to_owned()));
                format!("?{}", values.len())
            };
            for word in filter.text.iter().flat_map(|text| text.split_whitespace()) {
                let place = bind(&mut values, &word.to_lowercase());
                all.push(format!(
                    "(instr(lower(ifnull(x.name, '')), {place}) OR instr(lower(ifnull(x.callsign, '')), {place})
                      OR instr(x.mmsi, {place}) OR instr(ifnull(x.imo, ''), {place}))"
                ));
            }
            for (column, names) in [("x.flag", &filter.flags), ("x.type", &filter.types)] {
                if !names.is_empty() {
                    let places: Vec<String> =
                        names.iter().map(|name| bind(&mut values, name)).collect();
                    all.push(format!("{column} IN ({})", places.join(", ")));
                }
            }
            let query = format!(
                "SELECT {COLUMNS} FROM vessels x WHERE {} ORDER BY x.mmsi LIMIT {}",
                all.join(" AND "),
                limit + 1
            );
            let mut vessels: Vec<StoredVessel> = connection
                .prepare_cached(&query)?
                .query_map(params_from_iter(values), vessel)?
                .collect::<rusqlite::Result<_>>()?;
            let more = vessels.len() > limit;
            vessels.truncate(limit);
            let next = vessels.last().filter(|_| more).map(|vessel| vessel.identity.mmsi);
            Ok((vessels, next))
        })
    }

    /// One vessel with all its identities, the newest first, and its events.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    #[allow(clippy::type_complexity, reason = "three things, each named above")]
    pub fn vessel(
        &self,
        mmsi: u32,
    ) -> Result<Option<(StoredVessel, Vec<StoredIdentity>, Vec<Listed>)>, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.vessel(self, mmsi);
        }
        self.reading(|connection| {
            let found = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM vessels x WHERE x.mmsi = ?1"))?
                .query_row([mmsi], vessel)
                .optional()?;
            let Some(found) = found else { return Ok(None) };
            let identities = connection
                .prepare_cached(
                    "SELECT mmsi, imo, name, callsign, flag, type, length_m, beam_m, first_heard_at,
                       last_heard_at
                     FROM vessel_identities WHERE mmsi = ?1 ORDER BY last_heard_at DESC, fid DESC",
                )?
                .query_map([mmsi], identity)?
                .collect::<rusqlite::Result<_>>()?;
            let ids: Vec<i64> = connection
                .prepare_cached(
                    "SELECT i.id FROM alongside_event_vessels w JOIN alongside_index i ON i.id = w.event
                     WHERE w.mmsi = ?1 AND w.flagged = 1 ORDER BY i.started_ms DESC, i.event_id DESC LIMIT ?2",
                )?
                .query_map(params![mmsi, EVENTS_OF_VESSEL_MAX as i64], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut events = Vec::with_capacity(ids.len());
            for id in ids {
                events.extend(self.listed(connection, id)?);
            }
            Ok(Some((found, identities, events)))
        })
    }

    /// The vessels that met a vessel, those that met these, and so on, so many steps far.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn network_around(&self, mmsi: u32, depth: u8) -> Result<Network, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.network_around(mmsi, depth);
        }
        self.reading(|connection| {
            let found = around(mmsi, depth, |edge| {
                let mut met = BTreeMap::new();
                for mmsi in edge {
                    let mut statement = connection.prepare_cached(
                        "SELECT i.event_id, i.mmsis, i.score, i.started_ms
                         FROM alongside_event_vessels w JOIN alongside_index i ON i.id = w.event
                         WHERE w.mmsi = ?1 AND w.flagged = 1
                         ORDER BY i.score DESC, i.event_id LIMIT ?2",
                    )?;
                    let rows = statement.query_map(
                        params![mmsi, EVENTS_OF_NODE_MAX as i64 + 1],
                        LinkRow::from_row,
                    )?;
                    met.insert(*mmsi, rows.collect::<rusqlite::Result<_>>()?);
                }
                Ok::<_, rusqlite::Error>(met)
            })?;
            network_of(connection, found)
        })
    }

    /// The vessels of the events that are asked for.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn network(&self, filter: &Filter) -> Result<Network, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.network(self, filter);
        }
        self.reading(|connection| {
            let wanted = filter.conditions();
            let query = format!(
                "SELECT i.event_id, i.mmsis, i.score, i.started_ms FROM {} WHERE {}
                 ORDER BY i.score DESC, i.event_id DESC LIMIT {}",
                wanted.source(),
                wanted.all(),
                EVENTS_MAX + 1
            );
            let mut statement = connection.prepare_cached(&query)?;
            let rows = statement.query_map(params_from_iter(wanted.values()), LinkRow::from_row)?;
            let found = among_events(rows.collect::<rusqlite::Result<_>>()?);
            network_of(connection, found)
        })
    }
}

/// An event that two vessels may be in together.
pub(super) struct LinkRow {
    pub(super) event_id: String,
    /// Between bars.
    pub(super) mmsis: String,
    pub(super) score: f64,
    pub(super) started_ms: i64,
}

impl LinkRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(LinkRow {
            event_id: row.get(0)?,
            mmsis: row.get(1)?,
            score: row.get(2)?,
            started_ms: row.get(3)?,
        })
    }
}

/// Vessels and the events between them.
pub(super) struct Around {
    pub(super) known: BTreeSet<u32>,
    links: Links,
    truncated: bool,
}

/// The vessels that met a vessel, those that met these, and so on. `met` gives of each vessel of an edge its flagged
/// events, the highest scores first, one more than there may be.
pub(super) fn around<E>(
    mmsi: u32,
    depth: u8,
    mut met: impl FnMut(&[u32]) -> Result<BTreeMap<u32, Vec<LinkRow>>, E>,
) -> Result<Around, E> {
    let mut known = BTreeSet::from([mmsi]);
    let mut edge = vec![mmsi];
    let mut links = Links::default();
    let mut left = EVENTS_MAX;
    let mut truncated = false;
    for _ in 0..depth {
        let mut events = met(&edge)?;
        let mut next = Vec::new();
        for mmsi in edge {
            let limit = EVENTS_OF_NODE_MAX.min(left);
            for (count, row) in events.remove(&mmsi).unwrap_or_default().into_iter().enumerate() {
                if count == limit {
                    truncated = true;
                    break;
                }
                left -= 1;
                for other in links.add(row, Some(mmsi)) {
                    if known.contains(&other) {
                        continue;
                    }
                    if known.len() == NODES_MAX {
                        truncated = true;
                        continue;
                    }
                    known.insert(other);
                    next.push(other);
                }
            }
        }
        edge = next;
    }
    Ok(Around { known, links, truncated })
}

/// The vessels of events in the order of their scores, of which there may be one more than a network is made of.
pub(super) fn among_events(rows: Vec<LinkRow>) -> Around {
    let mut known = BTreeSet::new();
    let mut links = Links::default();
    let mut truncated = rows.len() > EVENTS_MAX;
    for row in rows.into_iter().take(EVENTS_MAX) {
        let pair = links.add(row, None);
        let new = pair.iter().filter(|mmsi| !known.contains(*mmsi)).count();
        match known.len() + new <= NODES_MAX {
            true => known.extend(pair),
            false => truncated = true,
        }
    }
    Around { known, links, truncated }
}

/// By the two of them: score, time and id of each event.
#[derive(Default)]
struct Links(BTreeMap<(u32, u32), BTreeMap<String, (f64, i64)>>);

impl Links {
    /// Takes in an event of two vessels, and gives them.
    fn add(&mut self, row: LinkRow, of: Option<u32>) -> Vec<u32> {
        let mmsis: BTreeSet<u32> =
            row.mmsis.split('|').filter_map(|mmsi| mmsi.parse().ok()).collect();
        let mmsis: Vec<u32> = mmsis.into_iter().collect();
        let &[a, b] = mmsis.as_slice() else { return Vec::from_iter(of) };
        let events = self.0.entry((a, b)).or_default();
        events.insert(row.event_id, (row.score, row.started_ms));
        mmsis
    }
}

impl Around {
    /// With what is known of the vessels, as far as they were heard.
    pub(super) fn network(self, vessels: Vec<StoredVessel>) -> Network {
        let Around { known, links, truncated } = self;
        let mut vessels: BTreeMap<u32, StoredVessel> =
            vessels.into_iter().map(|vessel| (vessel.identity.mmsi, vessel)).collect();
        let node = |mmsi: &u32| match vessels.remove(mmsi) {
            Some(StoredVessel { identity, events, .. }) => Node {
                mmsi: *mmsi,
                name: identity.name,
                flag: identity.flag,
                ship_type: identity.ship_type,
                events,
            },
            None => Node { mmsi: *mmsi, name: None, flag: None, ship_type: None, events: 0 },
        };
        let nodes = known.iter().map(node).collect();
        let links = links.0.into_iter();
        let links = links.filter(|((a, b), _)| known.contains(a) && known.contains(b));
        let links = links.map(|((a, b), events)| {
            let mut ids: Vec<(String, (f64, i64))> = events.into_iter().collect();
            ids.sort_by(|(_, (one, _)), (_, (other, _))| other.total_cmp(one));
            Link {
                a,
                b,
                score_max: ids.first().map_or(0.0, |(_, (score, _))| *score),
                last_at_ms: ids.iter().map(|(_, (_, at))| *at).max().unwrap_or_default(),
                ids: ids.into_iter().map(|(id, _)| id).collect(),
            }
        });
        Network { nodes, links: links.collect(), truncated }
    }
}

fn network_of(connection: &Connection, found: Around) -> rusqlite::Result<Network> {
    let mut vessels = Vec::with_capacity(found.known.len());
    for mmsi in &found.known {
        let vessel = connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM vessels x WHERE x.mmsi = ?1"))?
            .query_row([mmsi], vessel)
            .optional()?;
        vessels.extend(vessel);
    }
    Ok(found.network(vessels))
}

fn vessel(row: &Row<'_>) -> rusqlite::Result<StoredVessel> {
    Ok(StoredVessel {
        identity: identity(row)?,
        positions: count(row, 10)?,
        events: count(row, 11)?,
    })
}

fn identity(row: &Row<'_>) -> rusqlite::Result<StoredIdentity> {
    Ok(StoredIdentity {
        mmsi: row.get(0)?,
        imo: row.get(1)?,
        name: row.get(2)?,
        callsign: row.get(3)?,
        flag: row.get(4)?,
        ship_type: row.get(5)?,
        length_m: row.get(6)?,
        beam_m: row.get(7)?,
        first_heard_at: row.get(8)?,
        last_heard_at: row.get(9)?,
    })
}
