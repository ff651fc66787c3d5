//! `alongside verify`: a dossier in, whether it holds out.
//!
//! Sums find what was altered by somebody who did not make a new manifest. Whoever made one is found because all but
//! the basis of a dossier is made again and compared. Whoever altered the basis and made all of it again has made
//! another dossier: against that stands a signature, or the recording itself.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use maritime::{Timestamp, shown};
use serde::Serialize;
use serde_json::Value;
use source::expand;

use super::basis::{Basis, Files, InputOrigin, ORIGIN, SENTENCES, instant, read_numbers};
use super::comparing::{Difference, compare, compare_json};
use super::deriving::{derive, refused, selection};
use super::manifest::{
    MANIFEST, Manifest, SIGNATURE, check_signature, file_sum, hex, public_key, read, unpack,
};
use super::{EVENT, line_count, link, manifest_of, origins, render, select};
use crate::cli::{ScoreFormat, VerifyArgs};
use crate::output::Output;
use crate::{DONE, FAILED, terminal};

/// Refused lines that are named, of each file.
const REFUSED_MAX: usize = 10;
/// Of all that is wrong, and of all fields that differ.
const PROBLEMS_MAX: usize = 200;
/// Lines of texts that differ that are named, of each file.
const LINES_MAX: usize = 5;

/// What became of a dossier.
#[derive(Debug, Default, Serialize)]
struct Verdict {
    /// Whether it holds in every respect.
    holds: bool,
    event_id: Option<String>,
    /// What is wrong, each in a sentence.
    problems: Vec<String>,
    /// Fields of the event in which the file and the derivation differ.
    differences: Vec<Difference>,
    /// `valid`, `absent`, `unchecked` (no key was given) or `invalid`.
    signature: &'static str,
    /// Whether the sentences were found in the recordings that were given; `null` if none were.
    recordings: Option<bool>,
    /// Recordings that were given and that the dossier does not name: their lines do not count.
    recordings_unused: Vec<String>,
    /// In what the stored event, which rests on the whole recording, differs from the one that is proven.
    stored_differs: Vec<Difference>,
    made_by: Option<String>,
    verified_by: &'static str,
}

/// Verifies as asked; gives the exit code.
///
/// # Errors
///
/// The file or the key cannot be read. What is no dossier is a verdict.
pub fn run(args: &VerifyArgs) -> anyhow::Result<u8> {
    let bytes = read(&args.dossier)?;
    let key = args.public_key.as_deref().map(public_key).transpose()?;
    let verdict = verify(&bytes, key.as_ref(), &args.from)?;
    let mut output = Output::stdout();
    match args.format {
        ScoreFormat::Json => {
            serde_json::to_writer_pretty(&mut output, &verdict)?;
            writeln!(output)?;
        }
        ScoreFormat::Table => write_words(&verdict, args, &mut output)?,
    }
    output.finish()?;
    Ok(if verdict.holds { DONE } else { FAILED })
}

fn verify(
    bytes: &[u8],
    key: Option<&minisign::PublicKey>,
    from: &[PathBuf],
) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict {
        signature: "absent",
        verified_by: env!("CARGO_PKG_VERSION"),
        ..Verdict::default()
    };
    let files = match unpack(bytes) {
        Ok(files) => files,
        Err(error) => {
            verdict.problems.push(format!("it is no dossier: {error:#}"));
            return Ok(verdict);
        }
    };
    check_sums(&files, key, &mut verdict);
    match Basis::from_files(&files) {
        Ok(basis) => {
            check_sentences(&basis, &mut verdict);
            check_derivation(&basis, &files, &mut verdict);
            if !from.is_empty() {
                check_recordings(&basis, from, &mut verdict)?;
            }
        }
        Err(error) => verdict.problems.push(format!("it cannot be read: {error:#}")),
    }
    verdict.holds = verdict.problems.is_empty() && verdict.differences.is_empty();
    // A file made to be refused may be wrong in a million places; these are enough to see it.
    let more = verdict.problems.len().saturating_sub(PROBLEMS_MAX)
        + verdict.differences.len().saturating_sub(PROBLEMS_MAX);
    verdict.problems.truncate(PROBLEMS_MAX);
    verdict.differences.truncate(PROBLEMS_MAX);
    if more > 0 {
        verdict.problems.push(format!("and {more} more"));
    }
    Ok(verdict)
}

fn check_sums(files: &Files, key: Option<&minisign::PublicKey>, verdict: &mut Verdict) {
    let Some(bytes) = files.get(MANIFEST) else {
        return verdict.problems.push(format!("{MANIFEST} is missing"));
    };
    match serde_json::from_slice::<Manifest>(bytes) {
        Ok(manifest) => {
            verdict.problems.extend(manifest.check(files));
            verdict.event_id = Some(manifest.event_id);
            verdict.made_by = Some(manifest.software_version);
        }
        Err(error) => verdict.problems.push(format!("{MANIFEST} cannot be read: {error}")),
    }
    verdict.signature = match (files.get(SIGNATURE), key) {
        (None, None) => "absent",
        (Some(_), None) => "unchecked",
        (None, Some(_)) => {
            verdict.problems.push("it is not signed, and a public key was given".into());
            "absent"
        }
        (Some(signature), Some(key)) => match check_signature(bytes, signature, key) {
            Ok(()) => "valid",
            Err(why) => {
                verdict.problems.push(why);
                "invalid"
            }
        },
    };
}

/// Each line that was kept was in order when it was kept, so one that is not was altered.
fn check_sentences(basis: &Basis, verdict: &mut Verdict) {
    let origins = origins(basis);
    for (name, bytes) in &basis.sentences {
        let found = refused(bytes);
        for (number, rejection) in found.iter().take(REFUSED_MAX) {
            verdict.problems.push(format!("{name} line {number}: {rejection}"));
        }
        if found.len() > REFUSED_MAX {
            verdict
                .problems
                .push(format!("{name}: {} lines more are refused", found.len() - REFUSED_MAX));
        }
        let count = line_count(bytes);
        match origins.get(name.as_str()) {
            None => verdict.problems.push(format!("{name} belongs to no input")),
            Some(origin) if read_numbers(&origin.line_numbers, count as usize).is_none() => {
                let input = shown(&origin.name);
                verdict.problems.push(format!(
                    "{name} has {count} lines, and origin.json names other ones of {input}"
                ));
            }
            Some(_) => {}
        }
    }
    for name in origins.keys().filter(|name| !basis.sentences.contains_key(**name)) {
        verdict.problems.push(format!("{} is missing", shown(name)));
    }
    let mut chain = [0; 32];
    for input in &basis.origin.inputs {
        let linked = from_hex(&input.sha256).map(|digest| link(chain, digest));
        match linked {
            Some(linked) if hex(&linked) == input.chain => chain = linked,
            _ => {
                verdict
                    .problems
                    .push(format!("the chain of inputs breaks at {}", shown(&input.name)));
                break;
            }
        }
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = (text.len() == 64 && text.is_ascii()).then_some(text)?;
    let byte = |index: usize| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok();
    let bytes: Vec<u8> = (0..32).map(byte).collect::<Option<_>>()?;
    bytes.try_into().ok()
}

/// Derives the event and makes all that follows from it again.
fn check_derivation(basis: &Basis, files: &Files, verdict: &mut Verdict) {
    let derived = match derive(basis) {
        Ok(derived) => derived,
        Err(error) => return verdict.problems.push(format!("no event follows from it: {error:#}")),
    };
    let found = files.get(EVENT).map(|bytes| serde_json::from_slice(bytes));
    match found {
        Some(Ok(found)) => {
            let derived: Value = serde_json::to_value(&derived.record).expect("a record is JSON");
            verdict.differences = compare_json(&found, &derived);
            // Of the whole recording nothing explains what should be the same bytes.
            verdict.differences.iter_mut().for_each(|difference| difference.because = None);
        }
        Some(Err(error)) => verdict.problems.push(format!("{EVENT} cannot be read: {error}")),
        None => {}
    }
    let run = &basis.origin.run;
    if run.software_version == derived.record.software_version
        && run.parameters_hash != derived.record.parameters_hash
    {
        verdict.problems.push(format!(
            "parameters.toml has the hash {}, and the run that found the event {}",
            derived.record.parameters_hash,
            shown(&run.parameters_hash)
        ));
    }
    let expected = match render(basis, &derived) {
        Ok(expected) => expected,
        Err(error) => return verdict.problems.push(format!("it cannot be shown: {error:#}")),
    };
    for (name, expected) in &expected {
        match files.get(name) {
            None => verdict.problems.push(format!("{name} is missing")),
            Some(found) if found != expected => {
                verdict.problems.extend(lines_that_differ(name, found, expected));
            }
            Some(_) => {}
        }
    }
    let is_known =
        |name: &str| expected.contains_key(name) || [MANIFEST, SIGNATURE].contains(&name);
    for name in files.keys().filter(|name| !is_known(name)) {
        verdict.problems.push(format!("{name} is no file of a dossier"));
    }
    let (manifest, _) = manifest_of(basis, &derived, &expected);
    if let Some(found) =
        files.get(MANIFEST).and_then(|bytes| serde_json::from_slice::<Manifest>(bytes).ok())
    {
        let about = |manifest: &Manifest| Manifest { files: Vec::new(), ..manifest.clone() };
        let [found, expected] = [&found, &manifest]
            .map(|manifest| serde_json::to_value(about(manifest)).expect("a manifest is JSON"));
        for Difference { field, stored, derived, .. } in compare_json(&found, &expected) {
            verdict.problems.push(format!(
                "{MANIFEST} has {field} {}, and {} follows from the rest",
                quoted(&stored),
                quoted(&derived)
            ));
        }
    }
    // Bytes, not what they mean: two ways of writing one thing would be two dossiers of one event. If more is wrong,
    // that says it.
    if let Some(found) = files.get(MANIFEST)
        && verdict.problems.is_empty()
        && verdict.differences.is_empty()
    {
        verdict.problems.extend(lines_that_differ(MANIFEST, found, &manifest.to_bytes()));
    }
    verdict.event_id = Some(derived.record.id.clone());
    verdict.made_by = Some(basis.origin.software_version.clone());
    verdict.stored_differs = compare(&basis.stored, &derived.record);
}

/// In which lines a file is not as it follows from the rest. It may be anything: its lines are looked at one by one.
fn lines_that_differ(name: &str, found: &[u8], expected: &[u8]) -> Vec<String> {
    let [mut found, mut expected] =
        [found, expected].map(|bytes| bytes.split(|&byte| byte == b'\n'));
    let mut words = Vec::new();
    let mut more = 0_u64;
    for number in 1_u64.. {
        let (a, b) = (found.next(), expected.next());
        if a.is_none() && b.is_none() {
            break;
        }
        if a == b {
            continue;
        }
        if words.len() == LINES_MAX {
            more += 1;
            continue;
        }
        let [a, b] = [a, b].map(|line| line.map(String::from_utf8_lossy));
        let shown = |line: Option<&str>, other: Option<&str>| match line {
            Some(line) => around_difference(line, other.unwrap_or(line)),
            None => "nothing".into(),
        };
        let (a, b) = (a.as_deref(), b.as_deref());
        let (a, b) = (shown(a, b), shown(b, a));
        words.push(format!("{name} line {number}: it has {a}, and {b} follows from the rest"));
    }
    if more > 0 {
        words.push(format!("{name}: {more} lines more differ"));
    }
    words
}

/// What of a line differs from another one, with a little around it.
fn around_difference(line: &str, other: &str) -> String {
    const AROUND: usize = 20;
    const SHOWN: usize = 80;
    let same = line.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(AROUND);
    let part: String = line.chars().skip(from).take(SHOWN).collect();
    let dots = |is_cut: bool| if is_cut { "…" } else { "" };
    format!("“{}{}{}”", dots(from > 0), shown(&part), dots(line.chars().count() > from + SHOWN))
}

/// Whether the sentences stand where they are said to stand in the recordings that are given, and are all that an
/// event rests on: they are selected again.
fn check_recordings(basis: &Basis, from: &[PathBuf], verdict: &mut Verdict) -> anyhow::Result<()> {
    let mut known = Vec::new();
    for location in expand(from)? {
        let path = PathBuf::from(location.place.to_string());
        let (digest, _) =
            file_sum(&path).with_context(|| format!("cannot read {}", path.display()))?;
        known.push((hex(&digest), path));
    }
    let before = verdict.problems.len();
    let mut recordings = Vec::new();
    for input in &basis.origin.inputs {
        match known.iter().find(|(sum, _)| *sum == input.sha256) {
            Some((_, path)) => recordings.push((input.name.clone(), path.clone())),
            None => verdict.problems.push(format!(
                "no recording that was given has the SHA-256 of {}",
                shown(&input.name)
            )),
        }
    }
    let is_of = |sum: &str| basis.origin.inputs.iter().any(|input| input.sha256 == sum);
    verdict.recordings_unused = known
        .iter()
        .filter(|(sum, _)| !is_of(sum))
        .map(|(_, path)| path.display().to_string())
        .collect();
    if recordings.len() == basis.origin.inputs.len()
        && let Err(error) = check_selection(basis, &recordings, verdict)
    {
        verdict.problems.push(format!("its lines cannot be selected again: {error:#}"));
    }
    verdict.recordings = Some(verdict.problems.len() == before);
    Ok(())
}

/// Selects again from the recordings, and names what the dossier has otherwise.
fn check_selection(
    basis: &Basis,
    recordings: &[(String, PathBuf)],
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let origin = &basis.origin;
    let start_time = match &origin.start_time {
        Some(text) => Some(instant(text)?),
        None => selection(&origin.run.selection)?.start_time,
    };
    let selected = select(&basis.stored, recordings, start_time)?;
    for (stated, found) in origin.inputs.iter().zip(&selected.inputs) {
        let input = shown(&stated.name);
        let lines =
            numbered(basis.sentences.get(stated.sentences.as_deref().unwrap_or_default()), stated);
        // What is wrong with the numbers has been said.
        let Some(lines) = lines else { continue };
        let expected =
            numbered(selected.sentences.get(found.sentences.as_deref().unwrap_or_default()), found)
                .unwrap_or_default();
        let mut problems = Vec::new();
        for (number, line) in &expected {
            match lines.get(number) {
                None => problems.push(format!(
                    "line {number} of {input} belongs to the event and is not in the dossier"
                )),
                Some(other) if other == line => {}
                Some(other) => problems.push(says_otherwise(*number, &input, other, line)),
            }
        }
        for number in lines.keys().filter(|number| !expected.contains_key(number)) {
            problems.push(format!(
                "line {number} of {input} is in the dossier and does not belong to the event"
            ));
        }
        if problems.len() > REFUSED_MAX {
            let more = problems.len() - REFUSED_MAX;
            problems.truncate(REFUSED_MAX);
            problems.push(format!("{more} lines more of {input} are not as they should be"));
        }
        if problems.is_empty() && stated != found {
            problems.push(format!("{ORIGIN} says of {input} what its recording does not"));
        }
        verdict.problems.extend(problems);
    }
    if origin.kept != selected.kept {
        let [stated, found] = [&origin.kept, &selected.kept]
            .map(|kept| serde_json::to_value(kept).expect("our own types can be written"));
        for Difference { field, stored, derived, .. } in compare_json(&stated, &found) {
            verdict.problems.push(format!(
                "{ORIGIN} has kept.{field} {}, and {} follows from the recordings",
                quoted(&stored),
                quoted(&derived)
            ));
        }
    }
    Ok(())
}

/// The lines of a file of sentences by their numbers in the input; `None` if these are not as many.
fn numbered<'a>(
    bytes: Option<&'a Vec<u8>>,
    input: &InputOrigin,
) -> Option<BTreeMap<u64, &'a [u8]>> {
    let Some(bytes) = bytes else { return Some(BTreeMap::new()) };
    let lines: Vec<&[u8]> =
        bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|&byte| byte == b'\n').collect();
    let numbers = read_numbers(&input.line_numbers, lines.len())?;
    Some(numbers.into_iter().zip(lines).collect())
}

/// A line that differs: in what was said, or in the time that the dossier puts before it.
fn says_otherwise(number: u64, input: &str, line: &[u8], expected: &[u8]) -> String {
    let parts = |line: &[u8]| -> (Option<Timestamp>, Vec<u8>) {
        let (time, rest) = line.split_at(memchr::memchr(b' ', line).map_or(0, |at| at + 1));
        let time =
            std::str::from_utf8(time).ok().and_then(|time| Timestamp::parse(time.trim()).ok());
        match time {
            Some(time) => (Some(time), rest.to_vec()),
            None => (None, line.to_vec()),
        }
    };
    let ((time, said), (expected_time, expected_said)) = (parts(line), parts(expected));
    if said != expected_said {
        return format!("line {number} of {input} says something else than the dossier has of it");
    }
    let words = |time: Option<Timestamp>| time.map_or("none".into(), |time| time.to_string());
    format!(
        "line {number} of {input} has the time {} before it in the dossier, and {} follows from the recording",
        words(time),
        words(expected_time)
    )
}

fn quoted(value: &Value) -> String {
    shown(&super::case::value(value))
}

fn write_words(verdict: &Verdict, args: &VerifyArgs, out: &mut impl Write) -> std::io::Result<()> {
    let name = args.dossier.display().to_string();
    let id = verdict.event_id.as_deref().unwrap_or("no event");
    writeln!(out, "{}: {}", shown(&name), shown(id))?;
    if let Some(made_by) = &verdict.made_by
        && made_by != verdict.verified_by
    {
        let (made_by, verified_by) = (shown(made_by), verdict.verified_by);
        writeln!(
            out,
            "  made by alongside {made_by}, verified by {verified_by}: another version may derive otherwise"
        )?;
    }
    for Difference { field, stored, derived, .. } in &verdict.differences {
        writeln!(
            out,
            "  differs: {} is {} in the dossier, and {} as derived",
            shown(field),
            quoted(stored),
            quoted(derived)
        )?;
    }
    for problem in &verdict.problems {
        writeln!(out, "  wrong: {}", terminal::harmless(&problem.replace('\n', " ")))?;
    }
    if !verdict.holds {
        return writeln!(out, "it does not hold");
    }
    writeln!(
        out,
        "  derived again from {} and the parameters: the same bytes",
        SENTENCES.trim_end_matches('/')
    )?;
    for Difference { field, stored, derived, because } in &verdict.stored_differs {
        let because =
            because.unwrap_or("nothing explains it: it was altered, or found by other means");
        writeln!(
            out,
            "  not proven: {} was stored as {}, and is {} here: {because}",
            shown(field),
            quoted(stored),
            quoted(derived)
        )?;
    }
    let signature = match verdict.signature {
        "valid" => "the signature is that of the key",
        "unchecked" => "it is signed: --public-key KEY checks by whom",
        _ => {
            "it is not signed: that nobody made all of it anew, a signature or the recording (--from) proves"
        }
    };
    writeln!(out, "  {signature}")?;
    if verdict.recordings == Some(true) {
        writeln!(
            out,
            "  every line stands in the recordings where it is said to stand, and none that belongs to it is left out"
        )?;
    }
    for name in &verdict.recordings_unused {
        writeln!(out, "  not used: {} is no input of the dossier", shown(name))?;
    }
    writeln!(out, "it holds")
}
