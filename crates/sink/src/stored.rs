//! One event of a store, and the run that found it: for whoever wants to show what it rests on.

use maritime::Timestamp;
use rusqlite::{OptionalExtension, Row};

use crate::geopackage::store_error;
use crate::packed::Unpacked;
use crate::{EventRecord, GeoPackage, Provenance, Run, StoreError};

impl GeoPackage {
    /// The event of that id as it stands, with the id of the run that found it; `None` if there is none.
    ///
    /// # Errors
    ///
    /// A damaged file or record.
    pub fn event(&self, event_id: &str) -> Result<Option<(EventRecord, String)>, StoreError> {
        let row: Option<(Unpacked, String)> = self
            .connection
            .query_row(
                "SELECT record, run_id FROM (SELECT event_id, record, run_id FROM encounters
                   UNION ALL SELECT event_id, record, run_id FROM events) WHERE event_id = ?1",
                [event_id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(|source| store_error(&self.path, "read an event from", source))?;
        let Some((Unpacked(record), run_id)) = row else { return Ok(None) };
        let record = serde_json::from_str(&record).map_err(|source| StoreError::Record {
            path: self.path.clone(),
            event_id: event_id.into(),
            source,
        })?;
        Ok(Some((record, run_id)))
    }

    /// The run of that id; `None` if there is none.
    ///
    /// # Errors
    ///
    /// A damaged file.
    pub fn run(&self, run_id: &str) -> Result<Option<Run>, StoreError> {
        self.connection
            .query_row(
                "SELECT run_id, started_at, software_version, parameters_hash, parameters, inputs,
                        selection, counters FROM runs WHERE run_id = ?1",
                [run_id],
                run,
            )
            .optional()
            .map_err(|source| store_error(&self.path, "read a run from", source))
    }
}

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let damaged = |column: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
    };
    let text = |column: usize| row.get::<_, String>(column);
    let (software_version, parameters_hash) = (text(2)?, text(3)?);
    Ok(Run {
        run_id: text(0)?,
        started_at: Timestamp::parse(&text(1)?).map_err(|error| damaged(1, error.into()))?,
        provenance: Provenance { software_version, parameters_hash },
        parameters: text(4)?,
        inputs: serde_json::from_str(&text(5)?).map_err(|error| damaged(5, error.into()))?,
        selection: text(6)?,
        counters: serde_json::from_str(&text(7)?).map_err(|error| damaged(7, error.into()))?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples::{event, provenance};

    #[test]
    fn an_event_and_its_run_are_found_as_they_were_stored() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = GeoPackage::open(&directory.path().join("a.gpkg")).unwrap();
        let run = Run {
            run_id: "here".into(),
            started_at: Timestamp::from_millis(1_704_067_200_123),
            provenance: provenance(),
            parameters: "[input]".into(),
            inputs: vec!["a \"b\".nmea".into(), "c".into()],
            selection: "--since x".into(),
            counters: json!({"received": 3}),
        };
        store.store(&run, [&event()], &[]).unwrap();
        let expected = EventRecord::new(&event(), &provenance());
        let id = expected.id.clone();
        assert_eq!(store.event(&id).unwrap(), Some((expected, "here".into())));
        assert_eq!(store.run("here").unwrap(), Some(run));
        assert_eq!((store.event("x").unwrap(), store.run("x").unwrap()), (None, None));
    }
}
