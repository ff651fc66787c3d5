//! `alongside dossier` and `alongside verify`: one event with everything that it takes to derive it again.
//!
//! In the order of the work: [`selecting`] keeps the lines of the inputs that an event rests on; these with the
//! parameters are the [`basis`] of a dossier; [`deriving`] finds the event in them again; [`comparing`] tells in what
//! that differs from the stored one; [`tracks`], [`plot`] and [`case`] show it; [`manifest`] packs all of it with
//! sums, and [`verify`] goes the way back. Everything in a dossier but its basis is a function of that basis, so that
//! whoever has it can make the rest again and compare the bytes.

mod basis;
mod case;
mod comparing;
mod deriving;
mod manifest;
mod plot;
mod selecting;
mod tracks;
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use maritime::{EventKind, Mmsi, Position, Timestamp};
use sha2::{Digest, Sha256};
use sink::{EventRecord, GeoPackage, Provenance, Run};

use self::basis::{
    Basis, FORMAT, Files, InputOrigin, Kept, LISTS, ORIGIN, Origin, RunOrigin, SENTENCES,
    is_plain_name, pretty, record_bytes, write_numbers,
};
use self::comparing::{Difference, compare};
use self::deriving::{Derived, derive, selection};
use self::manifest::{FileSum, MANIFEST, Manifest, SIGNATURE, file_sum, hex, pack, sign, sums};
use self::selecting::{Lines, Selecting, Subject};
use crate::cli::DossierArgs;
use crate::output::Output;
use crate::report::grouped;
use crate::{UsageError, config, replay, terminal};
use source::{ByteStream, Place, Progress, expand, survey};

pub use self::verify::run as run_verify;

/// The event as derived from the sentences.
const EVENT: &str = "event.json";
/// In what it differs from the stored one.
const COMPARISON: &str = "comparison.json";
const TRACKS_GEOJSON: &str = "tracks.geojson";
const TRACKS_CSV: &str = "tracks.csv";
const CASE: &str = "case.html";
const README: &str = "README.txt";

/// Of all lists together; the vessels of all sanctions fit.
const LIST_BYTES_MAX: u64 = 64 << 20;
/// Whose password opens an encrypted secret key.
const PASSWORD: &str = "ALONGSIDE_SIGN_PASSWORD";

/// Which dossier is wanted.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The id of the event.
    pub event_id: String,
    /// The GeoPackage that has it.
    pub store: PathBuf,
    /// Where the inputs of its run are now; as the store names them if there are none.
    pub from: Vec<PathBuf>,
    /// When a recording began that has no time in it, where the store does not say.
    pub start_time: Option<Timestamp>,
    /// A secret key of minisign.
    pub sign: Option<PathBuf>,
}

/// A dossier.
pub struct Dossier {
    /// The zip.
    pub bytes: Vec<u8>,
    /// In what the event differs from the stored one.
    differences: Vec<Difference>,
    /// Lines of the inputs that it holds.
    lines: u64,
}

/// Makes a dossier as asked.
///
/// # Errors
///
/// As [`make`]; the file cannot be written.
pub fn run(args: &DossierArgs) -> anyhow::Result<u8> {
    let request = Request {
        event_id: args.event.clone(),
        store: args.store.clone(),
        from: args.from.clone(),
        start_time: args.start_time,
        sign: args.sign.clone(),
    };
    let dossier = make(&request)?;
    let path = args.output.clone().unwrap_or_else(|| format!("{}.zip", args.event).into());
    let mut output = Output::create(&path)?;
    output.write_all(&dossier.bytes)?;
    output.finish()?;
    let Dossier { bytes, differences, lines } = dossier;
    if !args.quiet {
        let (lines, kilobytes) = (grouped(lines), grouped(bytes.len() as u64 / 1000));
        terminal::tell(format_args!(
            "dossier    {} ({lines} lines of the inputs, {kilobytes} kB)",
            path.display()
        ));
        match differences.len() {
            0 => terminal::tell(format_args!(
                "derived    the event as it was stored, in every field"
            )),
            _ => terminal::tell(format_args!(
                "derived    the event; it differs from the stored one, which rests on the whole recording:"
            )),
        }
        tell_differences(&differences);
    }
    let unexplained = differences.iter().filter(|difference| difference.because.is_none()).count();
    if unexplained > 0 {
        terminal::tell(format_args!(
            "warning: {unexplained} fields differ without the wider recording explaining it; the dossier proves what it derives"
        ));
    }
    Ok(crate::DONE)
}

fn tell_differences(differences: &[Difference]) {
    for difference in differences {
        let Difference { field, stored, derived, because } = difference;
        let (stored, derived) = (case::value(stored), case::value(derived));
        let because = because.map(|why| format!(" ({why})")).unwrap_or_default();
        terminal::tell(format_args!(
            "           {field}: {stored} stored, {derived} derived{because}"
        ));
    }
}

/// The bytes of a dossier, for whoever hands it out.
///
/// # Errors
///
/// The store has no such event, an input cannot be read or is a table, or the event cannot be derived from it again.
pub fn make(request: &Request) -> anyhow::Result<Dossier> {
    let (stored, run) = stored_event(request)?;
    let basis = gather(request, stored, &run)?;
    let lines = basis.sentences.values().map(|bytes| line_count(bytes)).sum();
    let derived = derive(&basis).context("the event cannot be derived again")?;
    let mut files = render(&basis, &derived)?;
    let (manifest, _) = manifest_of(&basis, &derived, &files);
    let manifest = manifest.to_bytes();
    if let Some(key) = &request.sign {
        let password = std::env::var(PASSWORD).ok();
        files.insert(SIGNATURE.into(), sign(&manifest, &derived.record.id, key, password)?);
    }
    files.insert(MANIFEST.into(), manifest);
    let differences = compare(&basis.stored, &derived.record);
    Ok(Dossier { bytes: pack(&files)?, differences, lines })
}

/// All files of a dossier but its manifest, from what it rests on.
fn render(basis: &Basis, derived: &Derived) -> anyhow::Result<Files> {
    let differences = compare(&basis.stored, &derived.record);
    let mut files = basis.files();
    files.insert(EVENT.into(), record_bytes(&derived.record));
    files.insert(COMPARISON.into(), pretty(&differences));
    files.insert(TRACKS_GEOJSON.into(), tracks::geojson(basis, derived)?);
    files.insert(TRACKS_CSV.into(), tracks::csv(basis, derived)?);
    files.insert(README.into(), readme(&derived.record.id).into_bytes());
    let page = case::html(basis, derived, &differences, &sums(&files));
    files.insert(CASE.into(), page.into_bytes());
    Ok(files)
}

fn manifest_of(basis: &Basis, derived: &Derived, files: &Files) -> (Manifest, Vec<FileSum>) {
    let sums = sums(files);
    let chain = basis.origin.inputs.last().map(|input| input.chain.clone());
    let manifest = Manifest {
        event_id: derived.record.id.clone(),
        event_version: derived.record.version,
        software_version: basis.origin.software_version.clone(),
        parameters_hash: derived.record.parameters_hash.clone(),
        input_chain: chain.unwrap_or_default(),
        files: sums.clone(),
    };
    (manifest, sums)
}

fn stored_event(request: &Request) -> anyhow::Result<(EventRecord, Run)> {
    let store = request.store.display();
    if !request.store.exists() {
        bail!(
            "there is no store {store}: expected the GeoPackage of a replay, by --store FILE.gpkg"
        );
    }
    let package = GeoPackage::open(&request.store)?;
    let found = package.event(&request.event_id)?;
    let Some((record, run_id)) = found else {
        let id = maritime::shown(&request.event_id);
        bail!(
            "{store} has no event {id:?}: expected an event_id of its layers, as `replay --format ndjson` gives it"
        );
    };
    let run = package.run(&run_id)?;
    let run =
        run.with_context(|| format!("{store} does not say what was read by the run {run_id}"))?;
    Ok((record, run))
}

/// Reads the inputs again and keeps what the event rests on.
fn gather(request: &Request, stored: EventRecord, run: &Run) -> anyhow::Result<Basis> {
    let (parameters, lists) = parameters(run)?;
    let options = selection(&run.selection)?;
    let selected =
        select(&stored, &listed(request, run)?, request.start_time.or(options.start_time))?;
    if selected.sentences.is_empty() {
        bail!(
            "the inputs hold no sentence of this event: if they have moved, name them by --from FILE, and add \
             --start-time if that was given"
        );
    }
    let Selected { inputs, sentences, kept } = selected;
    let origin = Origin {
        format: FORMAT,
        software_version: env!("CARGO_PKG_VERSION").into(),
        run: RunOrigin {
            run_id: run.run_id.clone(),
            started_at: run.started_at.to_string(),
            software_version: run.provenance.software_version.clone(),
            parameters_hash: run.provenance.parameters_hash.clone(),
            inputs: run.inputs.clone(),
            selection: run.selection.clone(),
        },
        inputs,
        kept,
        start_time: request.start_time.map(|at| at.to_string()),
    };
    let basis = Basis { origin, stored, parameters, lists, sentences };
    check_parameters(&basis)?;
    Ok(basis)
}

/// The parameters that the store has, with the lists as they are now, must be those with which the event was found.
fn check_parameters(basis: &Basis) -> anyhow::Result<()> {
    let Provenance { software_version, parameters_hash } =
        replay::provenance(&basis.read_parameters()?);
    let stored = &basis.stored;
    // Another version may have another sum of the same.
    if stored.software_version != software_version || stored.parameters_hash == parameters_hash {
        return Ok(());
    }
    let names: Vec<String> = basis.lists.keys().map(|name| maritime::shown(name)).collect();
    let why = match names.is_empty() {
        true => "the store was altered".to_owned(),
        false => format!(
            "a list has changed since: put it back as it was, or replay again ({})",
            names.join(", ")
        ),
    };
    bail!(
        "the event was found with parameters of the hash {}, and those of its run have {parameters_hash}: {why}",
        maritime::shown(&stored.parameters_hash)
    )
}

/// What of the recordings goes into a dossier.
struct Selected {
    inputs: Vec<InputOrigin>,
    sentences: Files,
    kept: Kept,
}

/// Keeps what an event rests on, of recordings by their names: whoever has the recordings selects the same again.
fn select(
    stored: &EventRecord,
    recordings: &[(String, PathBuf)],
    start_time: Option<Timestamp>,
) -> anyhow::Result<Selected> {
    let mut selecting = Selecting::new(subject(stored)?);
    let mut inputs = Vec::new();
    let mut chain = [0; 32];
    for (name, path) in recordings {
        selecting.begin_input();
        let (lines, digest, bytes) = read_input(name, path, start_time, &mut selecting)?;
        chain = link(chain, digest);
        inputs.push(InputOrigin {
            name: name.clone(),
            bytes,
            sha256: hex(&digest),
            chain: hex(&chain),
            lines,
            sentences: None,
            line_numbers: String::new(),
            times_added: 0,
        });
    }
    let (kept_lines, kept) = selecting.finish()?;
    let mut sentences = Files::new();
    for (input, lines) in inputs.iter_mut().zip(&kept_lines) {
        keep_lines(input, lines, &mut sentences);
    }
    Ok(Selected { inputs, sentences, kept })
}

fn keep_lines(input: &mut InputOrigin, lines: &Lines, sentences: &mut Files) {
    if lines.kept.is_empty() {
        return;
    }
    // In the order of the inputs, which is the order in which they are read again.
    let name = format!("{SENTENCES}{:04}.nmea", sentences.len() + 1);
    input.line_numbers = write_numbers(lines.kept.keys().copied());
    input.times_added = lines.times_added();
    sentences.insert(name.clone(), lines.to_bytes());
    input.sentences = Some(name);
}

fn subject(stored: &EventRecord) -> anyhow::Result<Subject> {
    let number = |mmsi: u32| Mmsi::new(mmsi).with_context(|| format!("{mmsi} is no MMSI"));
    let vessels = stored.vessels.iter().map(|vessel| number(vessel.mmsi));
    let position = Position::new(stored.latitude_deg, stored.longitude_deg);
    Ok(Subject {
        vessels: vessels.collect::<anyhow::Result<_>>()?,
        position: position.context("the event has no place")?,
        rests_on_silence: [EventKind::Gap, EventKind::DarkMeeting]
            .iter()
            .any(|kind| kind.name() == stored.kind),
        started_at: stored.started_at_earliest.unwrap_or(stored.started_at).min(stored.started_at),
        ended_at: stored.ended_at_latest.unwrap_or(stored.ended_at).max(stored.ended_at),
    })
}

/// The next link: of the one before and the sum of an input.
fn link(chain: [u8; 32], digest: [u8; 32]) -> [u8; 32] {
    Sha256::digest([chain, digest].concat()).into()
}

/// The inputs to be read again, with their names.
fn listed(request: &Request, run: &Run) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let given = !request.from.is_empty();
    let paths: Vec<PathBuf> = match given {
        true => request.from.clone(),
        false => run.inputs.iter().map(PathBuf::from).collect(),
    };
    let missing: Vec<&PathBuf> = paths.iter().filter(|path| !path.exists()).collect();
    if let (Some(missing), false) = (missing.first(), given) {
        // What a feed said is in its journal alone.
        bail!(
            "what the run read is not there: {}; name the recordings, or the folder of the journal of a feed, by --from",
            maritime::shown(&missing.display().to_string())
        );
    }
    let mut listed = Vec::new();
    for location in expand(&paths)? {
        let name = location.place.to_string();
        match location.place {
            Place::File { path, .. } => listed.push((name, path)),
            Place::Stdin | Place::Stream(_) | Place::Memory { .. } => {
                bail!("{name} cannot be read again: name a file by --from");
            }
        }
    }
    Ok(listed)
}

/// Shows every message of an input to `selecting`. Gives the number of lines, and sum and size of the file as stored.
fn read_input(
    name: &str,
    path: &Path,
    start_time: Option<Timestamp>,
    selecting: &mut Selecting,
) -> anyhow::Result<(u64, [u8; 32], u64)> {
    let cannot = || format!("cannot read {}", maritime::shown(name));
    let (digest, bytes) = file_sum(path).with_context(cannot)?;
    let place = Place::File { path: path.into(), bytes };
    let mut stream =
        ByteStream::open(&place, Arc::new(Progress::default())).with_context(cannot)?;
    check_is_nmea(name, &mut stream)?;
    let stream = ByteStream::open(&place, Arc::new(Progress::default())).with_context(cannot)?;
    let lines = survey(stream, start_time, &mut |sighting| selecting.take(sighting))
        .with_context(cannot)?;
    Ok((lines, digest, bytes))
}

/// Only sentences prove what was heard: the rows of a table are what somebody made of them.
fn check_is_nmea(name: &str, stream: &mut ByteStream) -> anyhow::Result<()> {
    let mut sample = Vec::new();
    let _ = stream.take(1 << 18).read_to_end(&mut sample);
    if source::is_nmea(&sample) {
        return Ok(());
    }
    bail!(UsageError(format!(
        "{} is no recording of sentences: a table has no checksums and no receivers, so a dossier of it would prove nothing",
        maritime::shown(name)
    )))
}

/// The parameters of a run as a configuration of its own, and the lists that it names.
fn parameters(run: &Run) -> anyhow::Result<(String, Files)> {
    let (mut parameters, ..) = config::parse(&run.parameters)
        .context("the parameters of the run cannot be read by this version")?;
    let mut lists = Files::new();
    let mut total = 0;
    let watchlists = parameters.watchlists.iter_mut().map(|list| &mut list.file);
    let places = parameters.place_files.iter_mut().map(|places| &mut places.file);
    for (index, file) in watchlists.chain(places).enumerate() {
        let bytes = fs::read(&*file).with_context(|| {
            format!("cannot read the list {} of the run", maritime::shown(file))
        })?;
        total += bytes.len() as u64;
        if total > LIST_BYTES_MAX {
            bail!("the watchlists and places of the run are too large for a dossier");
        }
        let name = Path::new(&*file).file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.filter(|name| is_plain_name(name)).unwrap_or_else(|| "list".into());
        let name = format!("{LISTS}{}/{name}", index + 1);
        lists.insert(name.clone(), bytes);
        *file = name;
    }
    Ok((config::text(&parameters), lists))
}

fn line_count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// What is what, for those who unpack it.
fn readme(id: &str) -> String {
    format!(
        "Dossier of {id}\n\n\
         {CASE:17} the case to read and print; it needs no program and fetches nothing\n\
         {EVENT:17} the event as derived from the sentences here, as `alongside replay --format ndjson` writes it\n\
         {STORED:17} the event as it was stored, which rests on the whole recording\n\
         {COMPARISON:17} in what the two differ, and why\n\
         {TRACKS_GEOJSON:17} the tracks of the vessels for maps, and for spreadsheets in {TRACKS_CSV}\n\
         {SENTENCES:17} the lines of the recordings, as they stood there; `alongside replay` reads them\n\
         {PARAMETERS:17} the configuration that counts, in full, with its lists in {LISTS}\n\
         {ORIGIN:17} the recordings: names, sums of the whole files, numbers of the lines; the run; what was kept\n\
         {MANIFEST:17} SHA-256 and size of every file; signed in {SIGNATURE} if that is there\n\n\
         `alongside verify FILE.zip` derives the event from the sentences again and compares every byte.\n\
         `minisign -V -m {MANIFEST} -p KEY.pub` checks a signature without it.\n\n\
         This is evidence with its reasons, not an accusation.\n",
        STORED = basis::STORED,
        PARAMETERS = basis::PARAMETERS,
    )
}

/// What belongs to each file of sentences: the name of the input and its origin.
fn origins(basis: &Basis) -> BTreeMap<&str, &InputOrigin> {
    let named = basis.origin.inputs.iter();
    named.filter_map(|input| Some((input.sentences.as_deref()?, input))).collect()
}
