//! The GeoPackage that a replay leaves behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use detector::Parameters;
use maritime::Timestamp;
use serde_json::json;
use sink::{GeoPackage, Provenance, Run, VesselRow};

use crate::cli::Store;
use crate::config;
use crate::replay::Replayed;

/// A store that is open, or none.
pub struct OpenStore {
    open: Option<(GeoPackage, PathBuf)>,
    /// Made by us; it goes again if nothing is kept in it.
    fresh: Option<PathBuf>,
    started_at: Timestamp,
}

impl OpenStore {
    /// Opens the store, so that a file that is something else is refused before the work begins.
    ///
    /// # Errors
    ///
    /// The file is something else, or there can be none.
    pub fn open(store: &Store) -> anyhow::Result<Self> {
        let started_at = now();
        let Store::GeoPackage(path) = store else {
            return Ok(OpenStore { open: None, fresh: None, started_at });
        };
        let fresh = (!path.exists()).then(|| path.clone());
        let package = GeoPackage::open(path).context(
            "cannot keep encounters; --store FILE.gpkg keeps them elsewhere, --store none nowhere",
        )?;
        Ok(OpenStore { open: Some((package, path.clone())), fresh, started_at })
    }

    /// Stores what was found; gives the path of the file.
    ///
    /// # Errors
    ///
    /// A full disk, for one. What was stored before stays whole.
    pub fn keep(
        mut self,
        replayed: &Replayed,
        parameters: &Parameters,
        provenance: &Provenance,
    ) -> anyhow::Result<Option<PathBuf>> {
        let Some((mut package, path)) = self.open.take() else { return Ok(None) };
        let vessels: Vec<VesselRow> = replayed
            .vessels
            .iter()
            .map(|vessel| VesselRow {
                mmsi: vessel.mmsi,
                identity: vessel.identity,
                first_heard_at: vessel.first_heard_at,
                last_heard_at: vessel.last_heard_at,
                positions: vessel.positions,
            })
            .collect();
        let run = Run {
            run_id: format!("{}-{}", self.started_at, std::process::id()),
            started_at: self.started_at,
            provenance: provenance.clone(),
            parameters: config::text(parameters),
            inputs: replayed.intake.inputs.iter().map(|input| input.input.clone()).collect(),
            counters: counters(replayed),
        };
        package.store(&run, &replayed.findings, &vessels).context("cannot keep encounters")?;
        self.fresh = None;
        Ok(Some(path))
    }
}

/// An empty store would be taken for an answer.
impl Drop for OpenStore {
    fn drop(&mut self) {
        self.open = None;
        if let Some(path) = &self.fresh {
            let _ = fs::remove_file(path);
        }
    }
}

impl Store {
    /// The file, if there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Store::GeoPackage(path) => Some(path),
            Store::None => None,
        }
    }
}

fn counters(replayed: &Replayed) -> serde_json::Value {
    let (total, counters) = (&replayed.intake.total, &replayed.counters);
    let rejected: serde_json::Map<_, _> =
        total.rejected.iter().map(|(reason, count)| (reason.to_owned(), count.into())).collect();
    let types: serde_json::Map<_, _> = total
        .message_types
        .iter()
        .map(|(number, count)| (number.to_string(), count.into()))
        .collect();
    json!({
        "received": total.received,
        "accepted": total.accepted,
        "rejected": total.rejected.total(),
        "rejected_by_reason": rejected,
        "late": replayed.intake.late,
        "message_types": types,
        "positions": counters.positions,
        "legs": counters.legs,
        "encounters": replayed.findings.len(),
    })
}

/// The only look at the clock on the wall: a run is named after it. Nothing that is found depends on it.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
