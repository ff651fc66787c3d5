//! Watchlists: files that name ships to look out for.
//!
//! Takes CSV with a header (OpenSanctions' own, those of authorities and research), JSON of any depth in which
//! objects have an IMO number or a name, and FollowTheMoney entities, one a line, as OpenSanctions gives them
//! out; plain, gzip or zstd. What is no vessel is passed over.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, bail};
use detector::{Parameters, Watchlist, WatchlistEntry};
use flate2::read::MultiGzDecoder;
use maritime::{Imo, Mmsi};
use serde_json::{Map, Value};
use sink::reading::WatchSet;

/// All vessels of OpenSanctions take a tenth of this. What is longer, unpacked, is refused: it is another file.
const BYTES_MAX: u64 = 256 << 20;
/// Names of one vessel; further ones are left out.
const NAMES_MAX: usize = 32;
/// Objects within objects; deeper there are no vessels.
const DEPTH_MAX: usize = 6;

/// Reads the lists that are named in `parameters` and not read yet, and `more`.
///
/// # Errors
///
/// A file that cannot be read, is neither CSV nor JSON, or names no vessel; the message says which.
pub fn load(parameters: &mut Parameters, more: &[impl AsRef<Path>]) -> anyhow::Result<()> {
    let more = more.iter().map(|file| file.as_ref().display().to_string());
    parameters.watchlists.extend(more.map(|file| Watchlist { file, entries: Vec::new() }));
    for list in &mut parameters.watchlists {
        if list.entries.is_empty() {
            let shown = maritime::shown(&list.file);
            list.entries = read(Path::new(&list.file))
                .with_context(|| format!("cannot use the watchlist {shown}"))?;
        }
    }
    Ok(())
}

/// The vessels in `text`, as the dashboard matches them.
///
/// # Errors
///
/// It is neither CSV nor JSON, or names no vessel.
pub fn watch_set(name: &str, text: &str) -> Result<WatchSet, String> {
    let entries = parse(text, name).map_err(|error| format!("{error:#}"))?;
    if entries.is_empty() {
        return Err("it names no vessel".into());
    }
    let mut set = WatchSet::default();
    for entry in entries {
        set.imos.extend(entry.imo.map(Imo::get));
        set.mmsis.extend(entry.mmsi.map(Mmsi::get));
        set.callsigns.extend(entry.callsign.as_deref().map(WatchSet::plain));
        set.names.extend(entry.names.iter().map(|name| WatchSet::plain(name)));
    }
    // What has no letters would match whatever has none either.
    set.callsigns.remove("");
    set.names.remove("");
    Ok(set)
}

fn read(file: &Path) -> anyhow::Result<Vec<WatchlistEntry>> {
    let text = unpacked(file)?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let entries = parse(&text, stem)?;
    if entries.is_empty() {
        bail!(
            "it names no vessel: expected CSV with columns such as imo, mmsi, callsign and name, or JSON of vessels"
        );
    }
    Ok(entries)
}

fn unpacked(file: &Path) -> io::Result<String> {
    let mut start = [0; 4];
    let mut packed = File::open(file)?;
    let length = packed.read(&mut start)?;
    let packed = BufReader::new(io::Cursor::new(start[..length].to_vec()).chain(packed));
    let unpacked: Box<dyn Read> = match start {
        [0x1f, 0x8b, 0x08, _] => Box::new(MultiGzDecoder::new(packed)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::with_buffer(packed)?),
        _ => Box::new(packed),
    };
    let mut text = String::new();
    let bytes = unpacked.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if bytes as u64 > BYTES_MAX {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it is longer than 256 MiB"));
    }
    Ok(text)
}

/// The vessels in `text`, of a list that is called `list` unless it says otherwise.
fn parse(text: &str, list: &str) -> anyhow::Result<Vec<WatchlistEntry>> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut entries = Vec::new();
    if !text.starts_with(['{', '[']) {
        read_table(text, list, &mut entries)?;
        return Ok(entries);
    }
    for value in serde_json::Deserializer::from_str(text).into_iter() {
        read_value(&value.context("it is no JSON")?, list, DEPTH_MAX, &mut entries);
    }
    Ok(entries)
}

fn read_table(text: &str, list: &str, entries: &mut Vec<WatchlistEntry>) -> anyhow::Result<()> {
    let header = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| {
        // Of equals the last is the greatest; the comma is the first choice.
        let count = header.bytes().filter(|byte| byte == delimiter).count();
        (count, *delimiter == b',')
    });
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .from_reader(text.as_bytes());
    let keys: Vec<Option<Key>> = reader.headers()?.iter().map(Key::of).collect();
    let has = |key: Key| keys.contains(&Some(key));
    if !(has(Key::Imo) || has(Key::Mmsi) || has(Key::Callsign) || has(Key::Name)) {
        bail!("it has no column of the name imo, mmsi, callsign or name");
    }
    for row in reader.records() {
        let row = row?;
        let mut draft = Draft::default();
        for (key, value) in keys.iter().zip(&row) {
            if let Some(key) = key {
                draft.add(*key, value);
            }
        }
        entries.extend(draft.entry(list));
    }
    Ok(())
}

fn read_value(value: &Value, list: &str, depth: usize, entries: &mut Vec<WatchlistEntry>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Array(values) => {
            values.iter().for_each(|value| read_value(value, list, depth, entries));
        }
        Value::Object(object) => {
            let mut draft = Draft::default();
            draft.add_object(object);
            let vessel = draft.is_numbered() || draft.schema == "Vessel";
            // The members of an entity that is something else are its own: an owner's list of numbers is no ship.
            if !draft.schema.is_empty() && draft.schema != "Vessel" {
                return;
            }
            if vessel && let Some(entry) = draft.entry(list) {
                entries.push(entry);
            } else {
                object.values().for_each(|value| read_value(value, list, depth, entries));
            }
        }
        _ => (),
    }
}

/// What a column or a member is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Imo,
    Mmsi,
    Callsign,
    Name,
    Schema,
    List,
}

impl Key {
    /// By its name, whatever the case and the punctuation.
    fn of(name: &str) -> Option<Self> {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        Some(match plain.as_str() {
            "imo" | "imonumber" | "imono" | "imonr" | "imonum" | "shipimo" | "vesselimo" => {
                Key::Imo
            }
            "mmsi" | "mmsinumber" | "mmsino" => Key::Mmsi,
            "callsign" | "callsigns" | "radiocallsign" => Key::Callsign,
            "name" | "names" | "shipname" | "vesselname" | "vessel" | "ship" | "caption"
            | "alias" | "aliases" | "previousname" | "previousnames" | "formername"
            | "formernames" | "currentname" | "exname" => Key::Name,
            "schema" => Key::Schema,
            "list" | "listname" | "dataset" | "datasets" => Key::List,
            _ => return None,
        })
    }
}

/// A vessel as it is read, member by member.
#[derive(Debug, Default)]
struct Draft {
    schema: String,
    entry: WatchlistEntry,
}

impl Draft {
    /// Takes in the members of an object and of the objects in it, which some lists call `properties`, some
    /// otherwise.
    fn add_object(&mut self, object: &Map<String, Value>) {
        for (name, value) in object {
            match (Key::of(name), value) {
                (None, Value::Object(inner)) => {
                    for (name, value) in inner {
                        if let Some(key) = Key::of(name) {
                            self.add_value(key, value);
                        }
                    }
                }
                (None, _) => (),
                (Some(key), value) => self.add_value(key, value),
            }
        }
    }

    fn add_value(&mut self, key: Key, value: &Value) {
        match value {
            Value::String(text) => self.add(key, text),
            Value::Number(number) => self.add(key, &number.to_string()),
            Value::Array(values) => {
                let plain = values.iter().filter(|value| !value.is_array() && !value.is_object());
                plain.for_each(|value| self.add_value(key, value));
            }
            _ => (),
        }
    }

    fn add(&mut self, key: Key, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let entry = &mut self.entry;
        let digits = || -> Option<u32> {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        match key {
            Key::Imo => entry.imo = entry.imo.or_else(|| Imo::new(digits()?)),
            Key::Mmsi => entry.mmsi = entry.mmsi.or_else(|| Mmsi::new(digits()?)),
            Key::Callsign if entry.callsign.is_none() => entry.callsign = Some(text.to_owned()),
            Key::Callsign => (),
            Key::Name => {
                // Tables put several into one cell.
                let names = text.split(';').map(str::trim).filter(|name| !name.is_empty());
                for name in names.map(str::to_owned) {
                    if entry.names.len() < NAMES_MAX && !entry.names.contains(&name) {
                        entry.names.push(name);
                    }
                }
            }
            Key::Schema => self.schema = text.to_owned(),
            Key::List if entry.list.is_empty() => entry.list = text.to_owned(),
            Key::List => (),
        }
    }

    /// Whether it has a number that only ships have.
    fn is_numbered(&self) -> bool {
        self.entry.imo.is_some() || self.entry.mmsi.is_some()
    }

    /// `None` if it is no vessel, or nothing by which it could be heard.
    fn entry(mut self, list: &str) -> Option<WatchlistEntry> {
        if !self.schema.is_empty() && self.schema != "Vessel" {
            return None;
        }
        let entry = &mut self.entry;
        if entry.list.is_empty() {
            entry.list = list.to_owned();
        }
        let named = entry.callsign.is_some() || !entry.names.is_empty();
        (entry.imo.is_some() || entry.mmsi.is_some() || named).then_some(self.entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ship of these tests, in a list of that name.
    #[track_caller]
    fn check(text: &str, list: &str, names: &[&str]) {
        let expected = WatchlistEntry {
            list: list.into(),
            imo: Imo::new(9_074_729),
            mmsi: Mmsi::new(311_000_222),
            callsign: Some("C6AB1".into()),
            names: names.iter().map(|&name| name.into()).collect(),
        };
        assert_eq!(parse(text, "mine").unwrap(), [expected]);
    }

    #[test]
    fn tables_are_read_by_the_names_of_their_columns() {
        check(
            "\u{feff}Ship Name,IMO No.,Flag,MMSI,Call Sign\nALFA,IMO 9074729,BS,311000222,C6AB1\n",
            "mine",
            &["ALFA"],
        );
        check(
            "name;previousName;imo;mmsi;callsign;list\nALFA;\"BETA\";9074729;311000222;C6AB1;EU\n",
            "EU",
            &["ALFA", "BETA"],
        );
    }

    #[test]
    fn entities_of_opensanctions_are_read() {
        let vessel = r#"{"id":"x","caption":"ALFA","schema":"Vessel","datasets":["us_ofac_sdn"],"properties":
            {"name":["ALFA","BETA"],"imoNumber":["IMO9074729"],"mmsi":["311000222"],"callSign":["C6AB1"]}}"#;
        let owner = r#"{"id":"y","schema":"Company","properties":{"name":["ALFA LTD"],"imoNumber":["9074729"]}}"#;
        let lines = [vessel, owner].map(|line| line.replace('\n', "")).join("\n");
        check(&lines, "us_ofac_sdn", &["ALFA", "BETA"]);
    }

    #[test]
    fn vessels_are_found_within_any_json() {
        check(
            r#"{"count":1,"name":"a list","vessels":[{"imo":9074729,"name":"ALFA","list_name":"SDN",
                "vessel_info":{"call_sign":"C6AB1","mmsi":311000222}}]}"#,
            "SDN",
            &["ALFA"],
        );
    }

    #[test]
    fn what_names_no_vessel_is_refused() {
        let root = tempfile::tempdir().unwrap();
        for (text, expected) in [
            ("a,b\n1,2\n", "no column"),
            ("imo,name\n", "names no vessel"),
            ("{\"schema\":\"Person\"}", "names no vessel"),
            ("{\"schema\":", "no JSON"),
        ] {
            let file = root.path().join("list");
            std::fs::write(&file, text).unwrap();
            let error = load(&mut Parameters::default(), &[&file]).unwrap_err();
            let message = format!("{error:#}");
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_wrong_check_digit_leaves_the_name() {
        let entries = parse("imo,name\n9074728,ALFA\n", "mine").unwrap();
        assert_eq!((entries[0].imo, entries[0].names.as_slice()), (None, &["ALFA".to_owned()][..]));
    }
}
