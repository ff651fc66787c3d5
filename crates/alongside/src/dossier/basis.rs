//! What a dossier rests on, and everything else in it follows from: sentences, parameters, where both come from, and
//! the event as it was stored.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use detector::Parameters;
use maritime::Timestamp;
use serde::{Deserialize, Serialize};
use sink::EventRecord;

use crate::config;
use crate::{places, watchlist};

/// The files of a dossier by their names in it.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Where sentences and parameters come from.
pub const ORIGIN: &str = "origin.json";
/// The event as the store has it.
pub const STORED: &str = "stored.json";
/// The configuration that counts, in full.
pub const PARAMETERS: &str = "parameters.toml";
/// Watchlists and places that the configuration names.
pub const LISTS: &str = "lists/";
/// Lines of the inputs, as they stood there.
pub const SENTENCES: &str = "sentences/";

/// Of [`Origin`]; another one is of another version of this program.
pub const FORMAT: u32 = 1;

/// What a dossier rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// Where the rest comes from.
    pub origin: Origin,
    /// The event as it was stored.
    pub stored: EventRecord,
    /// As a configuration, whose lists are among [`Basis::lists`].
    pub parameters: String,
    /// By their names in the dossier.
    pub lists: Files,
    /// By their names in the dossier; a file for each input that has any.
    pub sentences: Files,
}

/// Where the sentences and the event come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Of this file.
    pub format: u32,
    /// Which program made the dossier.
    pub software_version: String,
    /// The run that found the event.
    pub run: RunOrigin,
    /// All that was read again, in the order in which it was read.
    pub inputs: Vec<InputOrigin>,
    /// Which of it was kept.
    pub kept: Kept,
    /// When the recordings began, which do not say so: as whoever made the dossier said it, where the run did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
}

/// The run that found the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOrigin {
    /// As in the store.
    pub run_id: String,
    /// By the clock of that machine.
    pub started_at: String,
    /// Which program found it.
    pub software_version: String,
    /// With which parameters.
    pub parameters_hash: String,
    /// What that run read, by name.
    pub inputs: Vec<String>,
    /// Which of it was wanted, as on the command line.
    pub selection: String,
}

/// One input, and what of it is in the dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputOrigin {
    /// As it was named when the dossier was made.
    pub name: String,
    /// Its size as stored.
    pub bytes: u64,
    /// Of the whole of it as stored, in hexadecimal digits.
    pub sha256: String,
    /// SHA-256 of the chain of the input before (32 bytes, zeros before the first) and of `sha256` (32 bytes): it
    /// ties the inputs, as the segments of a journal, to their order.
    pub chain: String,
    /// Lines in it, unpacked.
    pub lines: u64,
    /// Where those of its lines are that were kept; `null` if none were.
    pub sentences: Option<String>,
    /// Their numbers in the input, from 1: `3-5,9`.
    pub line_numbers: String,
    /// Before so many of them stands a time that is not in the input: the lines themselves do not say when they were
    /// heard, and the recording as a whole does.
    pub times_added: u64,
}

/// Which lines were kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// All that these vessels sent …
    pub vessels: Vec<u32>,
    /// … from then …
    pub since: String,
    /// … until then, and before that what they said of themselves whenever it changed.
    pub until: String,
    /// The positions of all others that were within so many metres of the event, or since [`Kept::since`] of where its
    /// vessels were heard last; 0 if there was no room for any.
    pub surroundings_m: u64,
    /// Those around the event from then until [`Kept::until`].
    pub surroundings_since: String,
    /// And of anybody the first position in every so many seconds, which carry the time on.
    pub pace_s: u64,
}

impl Basis {
    /// As files.
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        files.insert(ORIGIN.into(), pretty(&self.origin));
        files.insert(STORED.into(), record_bytes(&self.stored));
        files.insert(PARAMETERS.into(), self.parameters.clone().into_bytes());
        files.extend(self.lists.clone());
        files.extend(self.sentences.clone());
        files
    }

    /// From files.
    ///
    /// # Errors
    ///
    /// One is missing or damaged; the message says which.
    pub fn from_files(files: &Files) -> anyhow::Result<Self> {
        let file = |name: &str| files.get(name).ok_or_else(|| anyhow!("{name} is missing"));
        let origin: Origin = serde_json::from_slice(file(ORIGIN)?).context(ORIGIN)?;
        if origin.format != FORMAT {
            bail!("{ORIGIN} has format {}, this program knows {FORMAT} alone", origin.format);
        }
        let below = |prefix: &str| -> Files {
            let below = files.iter().filter(|(name, _)| name.starts_with(prefix));
            below.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
        };
        let parameters = file(PARAMETERS)?.clone();
        Ok(Basis {
            origin,
            stored: serde_json::from_slice(file(STORED)?).context(STORED)?,
            parameters: String::from_utf8(parameters).context(PARAMETERS)?,
            lists: below(LISTS),
            sentences: below(SENTENCES),
        })
    }

    /// The parameters with their lists.
    ///
    /// # Errors
    ///
    /// Another version of this program would take them, or nobody; a list is missing or damaged.
    pub fn read_parameters(&self) -> anyhow::Result<Parameters> {
        let (mut parameters, ..) = config::parse(&self.parameters).context(PARAMETERS)?;
        let directory = tempfile::tempdir().context("no temporary folder can be made")?;
        let place = |file: &mut String| -> anyhow::Result<()> {
            let (number, name) = list_parts(file).with_context(|| {
                format!("{PARAMETERS} names {file:?}, which is no list of a dossier")
            })?;
            let bytes =
                self.lists.get(file.as_str()).with_context(|| format!("{file} is missing"))?;
            // The name of the file may be that of the list.
            let path = directory.path().join(number);
            std::fs::create_dir_all(&path)?;
            std::fs::write(path.join(name), bytes)?;
            *file = path.join(name).display().to_string();
            Ok(())
        };
        let watchlists = parameters.watchlists.iter_mut().map(|list| &mut list.file);
        let places = parameters.place_files.iter_mut().map(|places| &mut places.file);
        watchlists.chain(places).try_for_each(place)?;
        watchlist::load(&mut parameters, &[] as &[&str])?;
        places::load(&mut parameters, &[] as &[&str])?;
        Ok(parameters)
    }
}

/// A record as a line of NDJSON, as `replay` writes it.
pub fn record_bytes(record: &EventRecord) -> Vec<u8> {
    let mut bytes = Vec::new();
    sink::write_ndjson([record], &mut bytes).expect("a vector takes all");
    bytes
}

/// JSON for people.
pub fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("our own types can be written");
    bytes.push(b'\n');
    bytes
}

/// `lists/3/sdn.csv` as `3` and `sdn.csv`; `None` for what could lead anywhere else.
fn list_parts(file: &str) -> Option<(&str, &str)> {
    let (number, name) = file.strip_prefix(LISTS)?.split_once('/')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && is_plain_name(name)).then_some((number, name))
}

/// Whether a name is that of a file in whatever folder it is put, on every system.
pub fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=80).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.')
}

/// `3-5,9`: what `numbers`, which ascend, are.
pub fn write_numbers(numbers: impl IntoIterator<Item = u64>) -> String {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((_, until)) if *until + 1 == number => *until = number,
            _ => spans.push((number, number)),
        }
    }
    let span = |(from, until): (u64, u64)| match from == until {
        true => from.to_string(),
        false => format!("{from}-{until}"),
    };
    spans.into_iter().map(span).collect::<Vec<_>>().join(",")
}

/// The numbers that [`write_numbers`] wrote, of which there must be `count`; `None` if they are anything else.
pub fn read_numbers(text: &str, count: usize) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    for span in text.split(',').filter(|span| !span.is_empty()) {
        let (from, until) = span.split_once('-').unwrap_or((span, span));
        let (from, until): (u64, u64) = (from.parse().ok()?, until.parse().ok()?);
        let is_next = from > numbers.last().copied().unwrap_or(0) && from <= until;
        if !is_next || until - from >= (count - numbers.len()) as u64 {
            return None;
        }
        numbers.extend(from..=until);
    }
    (numbers.len() == count).then_some(numbers)
}

/// An instant of an origin.
///
/// # Errors
///
/// It is none.
pub fn instant(text: &str) -> anyhow::Result<Timestamp> {
    Timestamp::parse(text).with_context(|| format!("{ORIGIN}: {text:?} is no time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_lines_are_written_as_spans_and_read_again() {
        for numbers in [vec![], vec![1], vec![3, 4, 5, 9], vec![1, 3, 5, 6]] {
            let text = write_numbers(numbers.clone());
            assert_eq!(read_numbers(&text, numbers.len()), Some(numbers));
        }
        assert_eq!(write_numbers([3, 4, 5, 9]), "3-5,9");
        for (text, count) in
            [("1-18446744073709551615", 3), ("5,4", 2), ("x", 1), ("0", 1), ("1", 2)]
        {
            assert_eq!(read_numbers(text, count), None, "{text}");
        }
    }

    #[test]
    fn a_list_has_a_number_and_a_plain_name() {
        assert_eq!(list_parts("lists/3/sdn.csv"), Some(("3", "sdn.csv")));
        for file in
            ["/etc/passwd", "lists/3/../x", "lists/x/y", "lists/3/", "lists/3/.x", "lists/3/a/b"]
        {
            assert_eq!(list_parts(file), None, "{file}");
        }
    }
}
