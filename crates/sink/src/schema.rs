//! The tables of the store, and what the GeoPackage standard requires around them.
//!
//! The standard is OGC 12-128r17, GeoPackage 1.3; its numbers of clauses and annexes are given below.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use crate::columns::{ColumnKind, columns};
use crate::geometry::{Bounds, bounds_of};

/// Of our tables; a file with another one was made by another version of this program.
pub(crate) const SCHEMA_VERSION: i64 = 5;

/// `GPKG` in ASCII, in the header of the file.
pub(crate) const APPLICATION_ID: i64 = 0x4750_4B47;

/// Version 1.3.0 of the standard.
pub(crate) const USER_VERSION: i64 = 10_300;

/// Feature tables, their geometry column being `geom` and their key `fid`.
pub(crate) const FEATURE_TABLES: [&str; 3] = ["encounters", "events", "encounter_tracks"];

/// The safety of the connection, and the functions that the triggers of the spatial index call.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    // The file may be anybody's: its triggers and views may call nothing that has effects.
    connection.pragma_update(None, "trusted_schema", false)?;
    bounds_function(connection, "ST_MinX", |bounds| bounds.min_x)?;
    bounds_function(connection, "ST_MaxX", |bounds| bounds.max_x)?;
    bounds_function(connection, "ST_MinY", |bounds| bounds.min_y)?;
    bounds_function(connection, "ST_MaxY", |bounds| bounds.max_y)?;
    connection.create_scalar_function("ST_IsEmpty", 1, FUNCTION_FLAGS, |context| {
        Ok(bounds_argument(context)?.is_none())
    })
}

const FUNCTION_FLAGS: FunctionFlags = FunctionFlags::SQLITE_UTF8
    .union(FunctionFlags::SQLITE_DETERMINISTIC)
    .union(FunctionFlags::SQLITE_INNOCUOUS);

fn bounds_function(
    connection: &Connection,
    name: &str,
    side: fn(Bounds) -> f64,
) -> rusqlite::Result<()> {
    connection.create_scalar_function(name, 1, FUNCTION_FLAGS, move |context| {
        Ok(bounds_argument(context)?.map(side))
    })
}

fn bounds_argument(context: &Context<'_>) -> rusqlite::Result<Option<Bounds>> {
    Ok(context.get_raw(0).as_blob_or_null()?.and_then(bounds_of))
}

/// Makes all tables in a file that has none, or leaves it without any.
pub(crate) fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    // An encounter takes some 5 kB, of which none goes into a page of the usual 4 kB, and six go into one of these.
    connection.pragma_update(None, "page_size", 32_768)?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", USER_VERSION)?;
    transaction.execute_batch(STANDARD_TABLES)?;
    for table in ["encounters", "events"] {
        transaction.execute_batch(&events_table(table))?;
    }
    transaction.execute_batch(OTHER_TABLES)?;
    transaction.execute_batch(READING_TABLES)?;
    for table in FEATURE_TABLES {
        transaction.execute_batch(&spatial_index(table))?;
    }
    transaction.execute("INSERT INTO alongside_schema VALUES (?1)", [SCHEMA_VERSION])?;
    transaction.commit()
}

fn events_table(name: &str) -> String {
    let mut table = format!("CREATE TABLE {name} (fid INTEGER PRIMARY KEY NOT NULL");
    table += ", geom POINT NOT NULL";
    for column in columns() {
        let kind = match column.kind {
            ColumnKind::Text => "TEXT",
            ColumnKind::Integer => "INTEGER",
            ColumnKind::Real => "DOUBLE",
            ColumnKind::Time => "DATETIME",
        };
        table += &format!(", {} {kind}", column.name);
        if column.name == "event_id" {
            table += " NOT NULL UNIQUE";
        }
    }
    table + ", record BLOB NOT NULL, run_id TEXT NOT NULL)"
}

/// The tables that the standard requires (annex C), and what it requires in them.
const STANDARD_TABLES: &str = r#"
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY NOT NULL, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined',
   'undefined Cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined',
   'undefined geographic coordinate reference system'),
  ('WGS 84 geodetic', 4326, 'EPSG', 4326,
   'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]',
   'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid');
CREATE TABLE gpkg_contents (
  table_name TEXT PRIMARY KEY NOT NULL, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents (table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
  scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
"#;

/// What the queries of `reading` need: of every event a narrow row, because those of the layers are wide and few go into
/// a page; what people said of events, every word of it; and the lists that they keep beside them. Lists in a column
/// stand between bars, as in `|MT|PA|`.
const READING_TABLES: &str = "
CREATE TABLE alongside_index (
  id INTEGER PRIMARY KEY NOT NULL, event_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, class TEXT,
  score DOUBLE NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,
  longitude_deg DOUBLE NOT NULL, latitude_deg DOUBLE NOT NULL, flagged INTEGER NOT NULL,
  profiles TEXT NOT NULL, flags TEXT NOT NULL, types TEXT NOT NULL, mmsis TEXT NOT NULL,
  imos TEXT NOT NULL, zones TEXT NOT NULL, watchlists TEXT NOT NULL, names TEXT NOT NULL,
  words TEXT NOT NULL, stored INTEGER NOT NULL);
CREATE INDEX alongside_by_score ON alongside_index (flagged, score, event_id);
CREATE INDEX alongside_by_time ON alongside_index (flagged, started_ms, event_id);
CREATE INDEX alongside_by_stored ON alongside_index (stored);
CREATE TABLE alongside_event_vessels (
  mmsi INTEGER NOT NULL, flagged INTEGER NOT NULL, event INTEGER NOT NULL,
  PRIMARY KEY (mmsi, flagged, event)) WITHOUT ROWID;
CREATE INDEX alongside_vessels_of_event ON alongside_event_vessels (event);
CREATE TABLE alongside_stored (number INTEGER NOT NULL);
INSERT INTO alongside_stored VALUES (0);
CREATE TABLE alongside_review_log (
  id INTEGER PRIMARY KEY NOT NULL, event_id TEXT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL,
  changed_at DATETIME NOT NULL, changed_by TEXT NOT NULL);
CREATE INDEX alongside_reviews_of_event ON alongside_review_log (event_id);
CREATE TABLE alongside_audit (
  id INTEGER PRIMARY KEY NOT NULL, at DATETIME NOT NULL, user TEXT NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL);
CREATE TABLE alongside_lists (
  kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, changed_at DATETIME NOT NULL,
  changed_by TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
";

/// The rest of ours, and their entries above. `last_change` is set whenever something is stored.
const OTHER_TABLES: &str = "
CREATE TABLE encounter_tracks (
  fid INTEGER PRIMARY KEY NOT NULL, geom MULTILINESTRING, event_id TEXT NOT NULL,
  mmsi INTEGER NOT NULL, name TEXT, started_at DATETIME, ended_at DATETIME,
  to_bow_m INTEGER, to_stern_m INTEGER, to_port_m INTEGER, to_starboard_m INTEGER, reports BLOB,
  UNIQUE (event_id, mmsi));
CREATE TABLE vessels (
  mmsi INTEGER PRIMARY KEY NOT NULL, imo INTEGER, name TEXT, callsign TEXT, flag TEXT, type TEXT,
  length_m INTEGER, beam_m INTEGER, first_heard_at DATETIME NOT NULL,
  last_heard_at DATETIME NOT NULL, positions INTEGER NOT NULL);
CREATE TABLE runs (
  fid INTEGER PRIMARY KEY NOT NULL, run_id TEXT NOT NULL UNIQUE, started_at DATETIME NOT NULL,
  software_version TEXT NOT NULL, parameters_hash TEXT NOT NULL, parameters TEXT NOT NULL,
  inputs TEXT NOT NULL, selection TEXT NOT NULL, counters TEXT NOT NULL);
CREATE TABLE vessel_identities (
  fid INTEGER PRIMARY KEY NOT NULL, mmsi INTEGER NOT NULL, imo INTEGER, name TEXT, callsign TEXT,
  flag TEXT, type TEXT, length_m INTEGER, beam_m INTEGER, first_heard_at DATETIME NOT NULL,
  last_heard_at DATETIME NOT NULL);
CREATE UNIQUE INDEX alongside_identities ON vessel_identities (mmsi, ifnull(imo, 0),
  ifnull(name, ''), ifnull(callsign, ''), ifnull(type, ''), ifnull(length_m, 0), ifnull(beam_m, 0));
CREATE TABLE event_versions (
  fid INTEGER PRIMARY KEY NOT NULL, event_id TEXT NOT NULL, version INTEGER NOT NULL,
  state TEXT NOT NULL, as_of DATETIME NOT NULL, parameters_hash TEXT NOT NULL, record BLOB NOT NULL,
  run_id TEXT NOT NULL, UNIQUE (event_id, version, parameters_hash));
CREATE TABLE reviews (
  fid INTEGER PRIMARY KEY NOT NULL, event_id TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
  note TEXT NOT NULL, changed_at DATETIME NOT NULL, changed_by TEXT NOT NULL);
CREATE VIEW flagged AS SELECT * FROM encounters WHERE profiles <> '';
CREATE TABLE alongside_schema (version INTEGER PRIMARY KEY NOT NULL);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) VALUES
  ('encounters', 'features', 'Encounters', 'Two vessels near each other for a while: evidence, not an accusation', '1970-01-01T00:00:00.000Z', 4326),
  ('events', 'features', 'Other events', 'Gaps, possible dark meetings, changes of identity and the like: evidence, not an accusation', '1970-01-01T00:00:00.000Z', 4326),
  ('flagged', 'features', 'Flagged encounters', 'The encounters that satisfy a profile', '1970-01-01T00:00:00.000Z', 4326),
  ('encounter_tracks', 'features', 'Encounter tracks', 'The way of each vessel of each flagged encounter', '1970-01-01T00:00:00.000Z', 4326),
  ('vessels', 'attributes', 'Vessels', 'Every vessel heard, as it calls itself', '1970-01-01T00:00:00.000Z', NULL),
  ('vessel_identities', 'attributes', 'Identities of vessels', 'Whatever a vessel called itself, and when', '1970-01-01T00:00:00.000Z', NULL),
  ('event_versions', 'attributes', 'Former versions', 'How events were told before', '1970-01-01T00:00:00.000Z', NULL),
  ('reviews', 'attributes', 'Reviews', 'What people made of events', '1970-01-01T00:00:00.000Z', NULL),
  ('runs', 'attributes', 'Runs', 'What was read, with which program and parameters', '1970-01-01T00:00:00.000Z', NULL);
INSERT INTO gpkg_geometry_columns VALUES
  ('encounters', 'geom', 'POINT', 4326, 0, 0),
  ('events', 'geom', 'POINT', 4326, 0, 0),
  ('flagged', 'geom', 'POINT', 4326, 0, 0),
  ('encounter_tracks', 'geom', 'MULTILINESTRING', 4326, 0, 0);
";

const DRAWN: &str = "NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom)";

pub(crate) fn index_name(table: &str) -> String {
    format!("rtree_{table}_geom")
}

fn index_insert(table: &str) -> String {
    format!(
        "INSERT OR REPLACE INTO {} VALUES (NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom),
           ST_MinY(NEW.geom), ST_MaxY(NEW.geom));",
        index_name(table)
    )
}

fn insert_trigger(table: &str) -> String {
    let (index, insert) = (index_name(table), index_insert(table));
    format!(
        "CREATE TRIGGER {index}_insert AFTER INSERT ON {table} WHEN ({DRAWN}) BEGIN {insert} END;"
    )
}

/// Whoever stores very many rows where nobody looks yet enters them in the spatial index himself: of what a trigger does SQLite
/// keeps enough to take it back, which costs more than the row.
pub(crate) fn drop_insert_triggers(connection: &Connection) -> rusqlite::Result<()> {
    FEATURE_TABLES.iter().try_for_each(|table| {
        connection.execute_batch(&format!("DROP TRIGGER {}_insert", index_name(table)))
    })
}

/// As they were.
pub(crate) fn create_insert_triggers(connection: &Connection) -> rusqlite::Result<()> {
    FEATURE_TABLES.iter().try_for_each(|table| connection.execute_batch(&insert_trigger(table)))
}

/// The standard's R-tree extension (annex F.3), with its triggers as they are given there: whoever
/// edits the layer later keeps the index true.
fn spatial_index(table: &str) -> String {
    let (index, insert, drawn) = (index_name(table), index_insert(table), DRAWN);
    let insert_trigger = insert_trigger(table);
    let not_drawn = "NEW.geom ISNULL OR ST_IsEmpty(NEW.geom)";
    format!(
        "CREATE VIRTUAL TABLE {index} USING rtree (id, minx, maxx, miny, maxy);
         {insert_trigger}
         CREATE TRIGGER {index}_update1 AFTER UPDATE OF geom ON {table}
         WHEN OLD.fid = NEW.fid AND ({drawn})
         BEGIN {insert} END;
         CREATE TRIGGER {index}_update2 AFTER UPDATE OF geom ON {table}
         WHEN OLD.fid = NEW.fid AND ({not_drawn})
         BEGIN DELETE FROM {index} WHERE id = OLD.fid; END;
         CREATE TRIGGER {index}_update3 AFTER UPDATE ON {table}
         WHEN OLD.fid != NEW.fid AND ({drawn})
         BEGIN DELETE FROM {index} WHERE id = OLD.fid; {insert} END;
         CREATE TRIGGER {index}_update4 AFTER UPDATE ON {table}
         WHEN OLD.fid != NEW.fid AND ({not_drawn})
         BEGIN DELETE FROM {index} WHERE id IN (OLD.fid, NEW.fid); END;
         CREATE TRIGGER {index}_delete AFTER DELETE ON {table} WHEN OLD.geom NOTNULL
         BEGIN DELETE FROM {index} WHERE id = OLD.fid; END;
         INSERT INTO gpkg_extensions VALUES
           ('{table}', 'geom', 'gpkg_rtree_index',
            'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');"
    )
}
