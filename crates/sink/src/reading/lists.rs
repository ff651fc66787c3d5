//! Watchlists and zones of the reader's own: they mark events that are stored already, and change none.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use maritime::Timestamp;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, params};

use super::{Marks, Reader, text};
use crate::geopackage::{StoreError, store_error};

/// Between names, and between zones and watchlists, in what [`MARKS`] gives: nobody types either.
const BETWEEN_NAMES: char = '\u{1f}';
pub(super) const BETWEEN_KINDS: char = '\u{1e}';

/// In which lists a row of the index is.
pub(super) const MARKS: &str =
    "alongside_marks(i.longitude_deg, i.latitude_deg, i.mmsis, i.imos, i.names, i.words)";

const FLAGS: FunctionFlags = FunctionFlags::SQLITE_UTF8.union(FunctionFlags::SQLITE_DETERMINISTIC);

/// As they are matched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lists {
    /// By name.
    pub zones: BTreeMap<String, ZoneShape>,
    /// By name.
    pub watchlists: BTreeMap<String, WatchSet>,
}

/// An area, by its edges: what an odd number of rings goes around is in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZoneShape {
    /// Longitude and latitude in degrees. Across the 180th meridian longitudes go on beyond it, or turn their sign.
    pub rings: Vec<Vec<[f64; 2]>>,
}

/// Vessels to look out for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchSet {
    /// By number.
    pub mmsis: HashSet<u32>,
    /// By number.
    pub imos: HashSet<u32>,
    /// By letters and figures alone, see [`WatchSet::plain`].
    pub callsigns: HashSet<String>,
    /// The same.
    pub names: HashSet<String>,
}

/// A list as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredList {
    /// Of the list.
    pub name: String,
    /// CSV or JSON.
    pub body: String,
    /// When it was given.
    pub changed_at: String,
    /// By whom.
    pub changed_by: String,
}

impl Lists {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty() && self.watchlists.is_empty()
    }

    /// In which of them an event is, as [`marks`] reads it: by its place, and by the numbers, names and words of its
    /// narrow row.
    pub(super) fn marked(&self, place: [f64; 2], who: [&str; 4]) -> String {
        let [mmsis, imos, names, words] = who;
        let mut marks = String::new();
        for (name, zone) in &self.zones {
            if zone.contains(place[0], place[1]) {
                marks.push_str(name);
                marks.push(BETWEEN_NAMES);
            }
        }
        marks.push(BETWEEN_KINDS);
        for (name, list) in &self.watchlists {
            if list.holds(mmsis, imos, names, words) {
                marks.push_str(name);
                marks.push(BETWEEN_NAMES);
            }
        }
        marks
    }
}

impl ZoneShape {
    /// Whether the place is in it.
    pub fn contains(&self, longitude_deg: f64, latitude_deg: f64) -> bool {
        [0.0, 360.0, -360.0].into_iter().any(|turn_deg| {
            let x = longitude_deg + turn_deg;
            let crossed = self.rings.iter().map(|ring| crossings(ring, x, latitude_deg));
            crossed.sum::<usize>() % 2 == 1
        })
    }
}

/// How many edges of a ring lie east of a place, edges being the shorter way from corner to corner.
fn crossings(ring: &[[f64; 2]], x: f64, y: f64) -> usize {
    let mut corners: Vec<[f64; 2]> = Vec::with_capacity(ring.len() + 1);
    for [corner_x, corner_y] in ring.iter().chain(ring.first()) {
        let before = corners.last().map_or(*corner_x, |[before, _]| *before);
        let turns = ((before - corner_x) / 360.0).round();
        corners.push([corner_x + 360.0 * turns, *corner_y]);
    }
    let is_east = |edge: &&[[f64; 2]]| {
        let [[ax, ay], [bx, by]] = [edge[0], edge[1]];
        (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)
    };
    corners.windows(2).filter(is_east).count()
}

impl WatchSet {
    /// A name or callsign as it is compared: lists and ships punctuate as they please.
    pub fn plain(name: &str) -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    }

    pub(super) fn holds(&self, mmsis: &str, imos: &str, names: &str, words: &str) -> bool {
        let has = |numbers: &HashSet<u32>, barred: &str| {
            !numbers.is_empty()
                && barred
                    .split('|')
                    .any(|number| number.parse().is_ok_and(|number| numbers.contains(&number)))
        };
        let named = |set: &HashSet<String>, mut texts: std::str::Split<'_, char>| {
            !set.is_empty() && texts.any(|text| set.contains(&WatchSet::plain(text)))
        };
        has(&self.mmsis, mmsis)
            || has(&self.imos, imos)
            || named(&self.names, names.split('|'))
            || named(&self.callsigns, words.split('\n'))
    }
}

impl Reader {
    /// Marks events by these lists from now on, and finds them by them.
    ///
    /// # Errors
    ///
    /// No memory is left.
    pub fn use_lists(&mut self, lists: Arc<Lists>) -> Result<(), StoreError> {
        let failed = |source| store_error(&self.path, "open", source);
        self.lists = lists.clone();
        let connection = &self.connection;
        // What was made ready knows the lists of before.
        connection.flush_prepared_statement_cache();
        let of = lists.clone();
        connection
            .create_scalar_function("alongside_in_zone", 3, FLAGS, move |context| {
                let Some(zone) = of.zones.get(argument(context, 0)?) else { return Ok(false) };
                Ok(zone.contains(context.get(1)?, context.get(2)?))
            })
            .map_err(failed)?;
        let of = lists.clone();
        connection
            .create_scalar_function("alongside_on_watchlist", 5, FLAGS, move |context| {
                let Some(list) = of.watchlists.get(argument(context, 0)?) else {
                    return Ok(false);
                };
                let [mmsis, imos, names, words] = arguments(context, 1)?;
                Ok(list.holds(mmsis, imos, names, words))
            })
            .map_err(failed)?;
        connection
            .create_scalar_function("alongside_marks", 6, FLAGS, move |context| {
                let place = [context.get(0)?, context.get(1)?];
                Ok(lists.marked(place, arguments(context, 2)?))
            })
            .map_err(failed)
    }

    /// The lists of a kind (`watchlist` or `zone`), by name.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn stored_lists(&self, kind: &str) -> Result<Vec<StoredList>, StoreError> {
        self.reading(|connection| lists_of(connection, kind))
    }

    /// Keeps a list, in place of the one of that name, if it fits beside the others of its kind: nobody else adds one
    /// between the look and the deed. Gives what `fits` says.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn store_list(
        &mut self,
        kind: &str,
        name: &str,
        body: &str,
        at: Timestamp,
        by: &str,
        fits: impl FnOnce(&[StoredList]) -> Result<(), String>,
    ) -> Result<Result<(), String>, StoreError> {
        self.writing(|connection| {
            let mut others = lists_of(connection, kind)?;
            others.retain(|list| list.name != name);
            let fits = fits(&others);
            if fits.is_ok() {
                connection.execute(
                    "INSERT OR REPLACE INTO alongside_lists VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![kind, name, body, text(at), by],
                )?;
            }
            Ok(fits)
        })
    }

    /// Forgets a list; `false` if there is none of that name.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn delete_list(&mut self, kind: &str, name: &str) -> Result<bool, StoreError> {
        self.writing(|connection| {
            let delete = "DELETE FROM alongside_lists WHERE kind = ?1 AND name = ?2";
            Ok(connection.execute(delete, params![kind, name])? > 0)
        })
    }
}

fn lists_of(connection: &Connection, kind: &str) -> rusqlite::Result<Vec<StoredList>> {
    connection
        .prepare_cached(
            "SELECT name, body, changed_at, changed_by FROM alongside_lists
             WHERE kind = ?1 ORDER BY name",
        )?
        .query_map([kind], |row| {
            Ok(StoredList {
                name: row.get(0)?,
                body: row.get(1)?,
                changed_at: row.get(2)?,
                changed_by: row.get(3)?,
            })
        })?
        .collect()
}

pub(super) fn marks(text: &str) -> Marks {
    let (zones, watchlists) = text.split_once(BETWEEN_KINDS).unwrap_or_default();
    let names = |text: &str| {
        text.split(BETWEEN_NAMES).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    Marks { zones: names(zones), watchlists: names(watchlists) }
}

fn argument<'a>(context: &'a Context<'_>, index: usize) -> rusqlite::Result<&'a str> {
    Ok(context.get_raw(index).as_str()?)
}

fn arguments<'a>(context: &'a Context<'_>, from: usize) -> rusqlite::Result<[&'a str; 4]> {
    Ok([
        argument(context, from)?,
        argument(context, from + 1)?,
        argument(context, from + 2)?,
        argument(context, from + 3)?,
    ])
}
