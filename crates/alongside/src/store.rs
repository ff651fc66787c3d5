//! The GeoPackage that a replay leaves behind.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use detector::{Parameters, VesselSummary};
use maritime::{Event, EventId, EventKind, EventState, Timestamp};
use serde_json::json;
use sink::{Draft, GeoPackage, Identities, Provenance, Run, StoreError, VesselRow};

use crate::cli::Store;
use crate::config;
use crate::replay::{Replayed, SCORE_MIN, encounter_count};
use crate::temporary::Temporary;

/// Where encounters will be kept, if anywhere. A file is there only when there is something to keep: an
/// empty store would be taken for an answer.
pub struct Keeper {
    path: Option<PathBuf>,
    started_at: Timestamp,
    run_id: String,
    selection: String,
    provenance: Provenance,
    drafted: Option<Drafted>,
}

/// A store that is made while events are told.
struct Drafted {
    file: Temporary,
    _journal: Temporary,
    /// Once something has failed it stays so.
    draft: Result<Draft, StoreError>,
    /// In which version.
    stored: BTreeMap<EventId, u32>,
}

impl Keeper {
    /// Makes sure that `store` can be opened or made, so that a file that is something else is refused
    /// before the work begins. `selection` says which reports are read, in the words of the command line.
    ///
    /// # Errors
    ///
    /// The file is something else, or there can be none.
    pub fn new(store: &Store, selection: String, provenance: &Provenance) -> anyhow::Result<Self> {
        let path = store.path().map(Path::to_owned);
        if let Some(path) = &path {
            check_usable(path).context(
                "cannot keep what was found; --store FILE.gpkg keeps them elsewhere, --store none nowhere",
            )?;
        }
        let started_at = now();
        let run_id =
            format!("{started_at}-{} {selection}", std::process::id()).trim_end().to_owned();
        let provenance = provenance.clone();
        Ok(Keeper { path, started_at, run_id, selection, provenance, drafted: None })
    }

    /// From now on takes what is [settled](Keeper::settle), which takes less time than to store all at the end. A store that is
    /// there already is in use for the length of one transaction, and that is to be short: into such a one everything is
    /// stored at the end.
    pub fn begin(&mut self) {
        let Some(path) = self.path.as_deref().filter(|path| path.symlink_metadata().is_err())
        else {
            return;
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        // SQLite keeps a journal while it makes the tables.
        let journal = Temporary::new(GeoPackage::journal_path(&file));
        let file = Temporary::new(file);
        let draft = Draft::create(file.path(), path, &self.run_id, &self.provenance);
        self.drafted = Some(Drafted { file, _journal: journal, draft, stored: BTreeMap::new() });
    }

    /// Takes an event that will hardly be told again.
    pub fn settle(&mut self, event: &Event) {
        let Some(Drafted { draft, stored, .. }) = &mut self.drafted else { return };
        if event.state == EventState::Candidate || !is_worth_keeping(event) {
            return;
        }
        if let Ok(open) = draft {
            stored.insert(event.id, event.version);
            if let Err(error) = open.store(event) {
                *draft = Err(error);
            }
        }
    }

    /// Stores what was found, or the rest of it; gives the path of the file.
    ///
    /// # Errors
    ///
    /// A full disk, for one. What was stored before stays whole.
    pub fn keep(
        self,
        replayed: &Replayed,
        parameters: &Parameters,
    ) -> anyhow::Result<Option<PathBuf>> {
        let Some(path) = self.path else { return Ok(None) };
        let vessels: Vec<VesselRow> = replayed
            .vessels
            .iter()
            .map(|vessel| vessel_row(vessel, &replayed.identities))
            .collect();
        let run = Run {
            run_id: self.run_id,
            started_at: self.started_at,
            provenance: self.provenance,
            parameters: config::text(parameters),
            inputs: replayed.intake.inputs.iter().map(|input| input.input.clone()).collect(),
            selection: self.selection,
            counters: counters(replayed),
        };
        // Somebody else may have made one meanwhile.
        let drafted = self.drafted.filter(|_| path.symlink_metadata().is_err());
        let events = || replayed.findings.iter().filter(|event| is_worth_keeping(event));
        let drafted = drafted.map(|drafted| drafted.finish(&run, events(), &vessels));
        let stored = match drafted {
            Some(Ok(())) => Ok(()),
            // There may be room by now, or somebody else's store to add to.
            Some(Err(_)) | None => store_all(&path, &run, events(), &vessels),
        };
        stored.context("cannot keep what was found")?;
        Ok(Some(path))
    }
}

impl Drafted {
    /// Stores what is missing, and removes what turned out to be nothing.
    fn finish<'a>(
        self,
        run: &Run,
        events: impl Iterator<Item = &'a Event>,
        vessels: &[VesselRow],
    ) -> Result<(), StoreError> {
        let Drafted { file, _journal, draft, mut stored } = self;
        let draft = draft?;
        let rest: Vec<&Event> =
            events.filter(|event| stored.remove(&event.id) != Some(event.version)).collect();
        stored.into_keys().try_for_each(|gone| draft.forget(gone))?;
        draft.finish(run, rest, vessels)?;
        file.keep();
        Ok(())
    }
}

fn store_all<'a>(
    path: &Path,
    run: &Run,
    events: impl Iterator<Item = &'a Event> + Send,
    vessels: &[VesselRow],
) -> Result<(), StoreError> {
    // A journal that stayed would be taken for that of the next file of this name.
    let fresh = (!path.exists())
        .then(|| [path.to_owned(), GeoPackage::journal_path(path)].map(Temporary::new));
    GeoPackage::open(path)?.store(run, events, vessels)?;
    fresh.into_iter().flatten().for_each(Temporary::keep);
    Ok(())
}

/// A vessel as it is stored.
pub fn vessel_row(vessel: &VesselSummary, identities: &Identities) -> VesselRow {
    VesselRow {
        mmsi: vessel.mmsi,
        identity: vessel.identity,
        first_heard_at: vessel.first_heard_at,
        last_heard_at: vessel.last_heard_at,
        positions: vessel.positions,
        identities: identities.of(vessel.mmsi).to_vec(),
    }
}

fn check_usable(path: &Path) -> Result<(), StoreError> {
    let usable = match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() == 0 => {
            OpenOptions::new().write(true).open(path).map(drop)
        }
        Ok(_) => return GeoPackage::open(path).map(drop),
        // A link to what is not there yet.
        Err(_) if fs::symlink_metadata(path).is_ok() => Ok(()),
        Err(_) => File::create_new(path).and_then(|_| fs::remove_file(path)),
    };
    usable.map_err(|source| StoreError::Open { path: path.into(), source })
}

impl Store {
    /// The file, if there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Store::GeoPackage(path) => Some(path),
            Store::ClickHouse(_) | Store::None => None,
        }
    }

    /// By the name that is given to it.
    pub fn name(&self) -> String {
        match self {
            Store::GeoPackage(path) => path.display().to_string(),
            Store::ClickHouse(url) => url.clone(),
            Store::None => "none".into(),
        }
    }
}

/// Every encounter; of the other kinds, of which there are many, what is shown as well.
pub fn is_worth_keeping(event: &Event) -> bool {
    event.kind() == EventKind::Encounter || event.score >= SCORE_MIN
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
        "encounters": encounter_count(&replayed.findings),
        "other_events": replayed.findings.len() - encounter_count(&replayed.findings),
    })
}

/// The only look at the clock on the wall: a run is named after it. Nothing that is found depends on it.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
