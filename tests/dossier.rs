//! `alongside dossier` and `alongside verify`: a dossier holds anywhere, and whatever is altered in one is named.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::sync::OnceLock;

use decoder::encode::{Framing, position_raw, write_sentences};
use decoder::{Decoder, Message, OutcomeKind, SixBitText, TagBlock};
use maritime::{Position, Text, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;

use crate::program::{Desk, Outcome, recordings, sea, text, two_ships_csv};

type Files = BTreeMap<String, Vec<u8>>;

const MANIFEST: &str = "manifest.json";
const SENTENCES: &str = "sentences/0001.nmea";

fn unzip(bytes: &[u8]) -> Files {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = zip.len();
    let file = |index: usize| {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(file).collect()
}

fn zip(files: &Files) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Makes the manifest fit again, as anybody can.
fn with_new_sums(mut files: Files) -> Files {
    let mut manifest: Value = serde_json::from_slice(&files[MANIFEST]).unwrap();
    let sums = files.iter().filter(|(name, _)| !name.starts_with(MANIFEST)).map(|(name, bytes)| {
        let sha256: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        serde_json::json!({"name": name, "bytes": bytes.len(), "sha256": sha256})
    });
    manifest["files"] = sums.collect();
    files.insert(MANIFEST.into(), serde_json::to_vec_pretty(&manifest).unwrap());
    files
}

/// The strongest encounter of the simulated sea, and its dossier.
fn dossier() -> &'static (String, Files) {
    static DOSSIER: OnceLock<(String, Files)> = OnceLock::new();
    DOSSIER.get_or_init(|| {
        let desk = Desk::new();
        desk.write("sea.nmea", sea());
        let id = strongest(&desk, &["sea.nmea"]);
        let outcome = desk.run(&["dossier", &id, "--store", "a.gpkg"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let files = unzip(&std::fs::read(desk.path(&format!("{id}.zip"))).unwrap());
        (id, files)
    })
}

/// Replays into `a.gpkg` and gives the id of the encounter with the highest score.
#[track_caller]
fn strongest(desk: &Desk, inputs: &[&str]) -> String {
    let all = ["replay", "--store", "a.gpkg", "--format", "ndjson", "--kind", "encounter", "-q"];
    let outcome = desk.run(&[&all[..], inputs].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let events = outcome.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let score = |event: &Value| (event["score"].as_f64().unwrap() * 100.0) as i64;
    let strongest = events.max_by_key(score);
    let strongest = strongest.unwrap_or_else(|| panic!("nothing is found: {}", outcome.stderr));
    strongest["id"].as_str().unwrap().to_owned()
}

fn verify(desk: &Desk, files: &Files, more: &[&str]) -> Outcome {
    desk.write("case.zip", zip(files));
    desk.run(&[&["verify", "case.zip"], more].concat())
}

#[test]
fn a_dossier_holds_in_another_folder_and_is_the_same_bytes_again() {
    let (id, files) = dossier();
    let desk = Desk::new();
    let outcome = verify(&desk, files, &[]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.starts_with(&format!("case.zip: {id}\n")), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("the same bytes"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("it holds\n"), "{}", outcome.stdout);
    let outcome = verify(&desk, files, &["--format", "json"]);
    let verdict: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        (&verdict["holds"], &verdict["event_id"]),
        (&Value::Bool(true), &Value::from(id.as_str()))
    );

    desk.write("sea.nmea", sea());
    assert_eq!(&strongest(&desk, &["sea.nmea"]), id);
    let first = ["dossier", id, "--store", "a.gpkg", "--output", "a.zip"];
    assert_eq!(desk.run(&first).code, 0);
    let again = ["dossier", id, "--store", "a.gpkg", "--output", "b.zip", "-q"];
    let outcome = desk.run(&again);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let [a, b] = ["a.zip", "b.zip"].map(|name| std::fs::read(desk.path(name)).unwrap());
    assert!(a == b);
    // Nothing that the wider recording does not explain.
    let differences: Value = serde_json::from_slice(&unzip(&a)["comparison.json"]).unwrap();
    for difference in differences.as_array().unwrap() {
        assert_ne!(difference["because"], Value::Null, "{difference}");
    }
    let outcome = desk.run(&["verify", "a.zip", "--from", "sea.nmea"]);
    assert!(outcome.stdout.contains("every line stands in the recordings"), "{}", outcome.stdout);
    desk.write("other.nmea", &sea()[..sea().len() / 2]);
    let outcome = desk.run(&["verify", "a.zip", "--from", "other.nmea"]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stdout.contains("no recording that was given has the SHA-256"),
        "{}",
        outcome.stdout
    );
}

/// The numbers that the kept lines have in the first input.
fn numbers(files: &Files) -> Vec<u64> {
    let origin: Value = serde_json::from_slice(&files["origin.json"]).unwrap();
    let spans = origin["inputs"][0]["line_numbers"].as_str().unwrap().split(',').map(|span| {
        let (from, until) = span.split_once('-').unwrap_or((span, span));
        from.parse::<u64>().unwrap()..=until.parse().unwrap()
    });
    spans.flatten().collect()
}

#[test]
fn the_recording_tells_what_was_left_out() {
    let (_, whole) = dossier();
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let mut files = whole.clone();
    let (at, _) = sentence(&files, &[1, 2, 3]);
    let (mut lines, mut numbers) = (lines(&files), numbers(&files));
    lines.remove(at);
    let number = numbers.remove(at);
    put_lines(&mut files, &lines);
    alter_json(&mut files, "origin.json", |origin| {
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        origin["inputs"][0]["line_numbers"] = numbers.join(",").into();
    });
    let outcome = verify(&desk, &with_new_sums(files), &["--from", "sea.nmea"]);
    assert_eq!(outcome.code, 1);
    let words = format!("line {number} of sea.nmea belongs to the event and is not in the dossier");
    assert!(outcome.stdout.contains(&words), "{}", outcome.stdout);
}

#[test]
fn the_sentences_of_a_dossier_are_a_recording_that_gives_the_event() {
    let (id, files) = dossier();
    let desk = Desk::new();
    desk.write("1.nmea", &files[SENTENCES]);
    desk.write("parameters.toml", &files["parameters.toml"]);
    let events = desk.events(&["1.nmea", "--config", "parameters.toml"]);
    let event = String::from_utf8(files["event.json"].clone()).unwrap();
    assert!(event.contains(id.as_str()) && events.contains(event.as_str()), "{event}");
}

#[test]
fn the_page_fetches_nothing_and_runs_nothing() {
    let page = String::from_utf8(dossier().1["case.html"].clone()).unwrap();
    for word in ["<script", "http://", "https://", "src=", "href=", "url(http", "@import", "onload"]
    {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'") && page.matches("<svg").count() == 4);
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}

/// A sentence of a vessel of the event, in the middle of it, of that type of message.
fn sentence(files: &Files, message_types: &[u8]) -> (usize, Vec<u8>) {
    let event: Value = serde_json::from_slice(&files["event.json"]).unwrap();
    let mmsi = event["vessels"][0]["mmsi"].as_u64().unwrap() as u32;
    let at = |name: &str| Timestamp::parse(event[name].as_str().unwrap()).unwrap();
    let middle = at("started_at").plus_millis(at("ended_at").millis_since(at("started_at")) / 2);
    let mut found = None;
    let mut decoder = Decoder::new();
    for (number, line) in lines(files).iter().enumerate() {
        decoder.push_line(line, &mut |outcome| {
            if let OutcomeKind::Message(received) = outcome.kind
                && received.message.header().mmsi_raw == mmsi
                && message_types.contains(&received.message.header().message_type)
                && received.received_at.is_none_or(|at| at >= middle)
            {
                found = found.take().or(Some((number, line.clone())));
            }
        });
    }
    found.expect("such a sentence was kept")
}

fn lines(files: &Files) -> Vec<Vec<u8>> {
    let bytes = files[SENTENCES].strip_suffix(b"\n").unwrap();
    bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn put_lines(files: &mut Files, lines: &[Vec<u8>]) {
    files.insert(SENTENCES.into(), [lines.join(&b'\n'), b"\n".to_vec()].concat());
}

/// `body` with its checksum, as tag block or sentence.
fn checked(body: &str) -> String {
    format!("{body}*{:02X}", body.bytes().fold(0, |sum, byte| sum ^ byte))
}

/// A line in its parts: tag block and sentence, without checksums.
fn parts(line: &[u8]) -> (String, String) {
    let line = std::str::from_utf8(line).unwrap();
    let (tag_block, sentence) = line.trim_start_matches('\\').split_once('\\').unwrap();
    let body = |part: &str| part.split_once('*').unwrap().0.to_owned();
    (body(tag_block), body(&sentence[1..]))
}

fn joined(tag_block: &str, sentence: &str) -> Vec<u8> {
    format!("\\{}\\!{}", checked(tag_block), checked(sentence)).into_bytes()
}

/// Alters a position report of a vessel of the event, with right checksums.
fn alter_sentence(files: &mut Files, alter: impl Fn(&mut String, &mut String)) {
    let (number, line) = sentence(files, &[1, 2, 3]);
    let (mut tag_block, mut body) = parts(&line);
    alter(&mut tag_block, &mut body);
    let mut lines = lines(files);
    lines[number] = joined(&tag_block, &body);
    assert_ne!(lines[number], line);
    put_lines(files, &lines);
}

/// Alters the message in it.
fn alter_message(files: &mut Files, alter: impl Fn(&mut Message)) {
    alter_sentence(files, |_, body| {
        let fields: Vec<&str> = body.split(',').collect();
        let fill_bits = fields[6].parse().unwrap();
        let mut message = Message::decode(fields[5].as_bytes(), fill_bits).unwrap();
        alter(&mut message);
        let mut line = Vec::new();
        write_sentences(&message, &Framing::default(), &mut line);
        let line = String::from_utf8(line).unwrap();
        *body = line.split_once('*').unwrap().0.trim_start_matches('!').to_owned();
    });
}

fn alter_json(files: &mut Files, name: &str, alter: impl Fn(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&files[name]).unwrap();
    let before = value.clone();
    alter(&mut value);
    assert_ne!(value, before);
    files.insert(name.into(), serde_json::to_vec(&value).unwrap());
}

fn alter_text(files: &mut Files, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[name].clone()).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    files.insert(name.into(), text.replacen(from, to, 1).into_bytes());
}

fn position_report(message: &mut Message) -> &mut decoder::PositionReport {
    let Message::PositionReport(report) = message else { panic!("{message:?}") };
    report
}

/// What is altered, in which file, and how; what the verdict says of it when the sums were made to fit.
type Alteration = (&'static str, &'static str, fn(&mut Files), &'static [&'static str]);

const ALTERATIONS: &[Alteration] = &[
    (
        "the time of a sentence",
        SENTENCES,
        |files| {
            alter_sentence(files, |tag_block, _| {
                let (before, time) = tag_block.split_once("c:").unwrap();
                *tag_block = format!("{before}c:{}", time.parse::<i64>().unwrap() + 240);
            })
        },
        &["tracks.csv line", "case.html line"],
    ),
    (
        "a position",
        SENTENCES,
        |files| {
            alter_message(files, |message| {
                position_report(message).latitude_raw += 600;
            })
        },
        &["differs: ", "tracks.csv line", "tracks.geojson line"],
    ),
    (
        "a position by a fifth of a metre",
        SENTENCES,
        |files| {
            alter_message(files, |message| {
                position_report(message).latitude_raw += 1;
            })
        },
        &["tracks.csv line", "case.html line"],
    ),
    (
        "a speed",
        SENTENCES,
        |files| {
            alter_message(files, |message| {
                position_report(message).speed_raw += 15;
            })
        },
        &["tracks.csv line"],
    ),
    (
        "who sent a sentence",
        SENTENCES,
        |files| {
            alter_message(files, |message| {
                position_report(message).header.mmsi_raw += 1;
            })
        },
        &["tracks.csv line"],
    ),
    (
        "who heard a sentence",
        SENTENCES,
        |files| {
            alter_sentence(files, |tag_block, _| {
                *tag_block = tag_block.replacen("s:", "s:X", 1);
            })
        },
        &["tracks.csv line"],
    ),
    (
        "a character of a sentence",
        SENTENCES,
        |files| {
            let (number, line) = sentence(files, &[1, 2, 3]);
            let mut all = lines(files);
            let at = line.iter().position(|&byte| byte == b'!').unwrap() + 25;
            all[number][at] = if line[at] == b'0' { b'1' } else { b'0' };
            put_lines(files, &all);
        },
        &["sentences/0001.nmea line", "checksum is"],
    ),
    (
        "a name in a sentence",
        SENTENCES,
        |files| {
            let (_, last) = sentence(files, &[5]);
            let all = lines(files);
            let mut lines = all.clone();
            let last = all.iter().position(|line| *line == last).unwrap();
            let first =
                (0..last).rev().find(|&at| all[at].windows(6).any(|six| six == b"VDM,2,")).unwrap();
            // Characters of the name, which begins at bit 112, by six bits each.
            let text = String::from_utf8(all[first].clone()).unwrap();
            let (head, body) = text.rsplit_once('!').unwrap();
            let mut body: Vec<u8> = body.split_once('*').unwrap().0.into();
            let payload =
                body.iter().enumerate().filter(|(_, byte)| **byte == b',').nth(4).unwrap().0 + 1;
            body[payload + 20] = if body[payload + 20] == b'1' { b'2' } else { b'1' };
            lines[first] =
                format!("{head}!{}", checked(std::str::from_utf8(&body).unwrap())).into_bytes();
            put_lines(files, &lines);
        },
        &["case.html line"],
    ),
    (
        "a dropped sentence",
        SENTENCES,
        |files| {
            let (number, _) = sentence(files, &[1, 2, 3]);
            let mut lines = lines(files);
            lines.remove(number);
            put_lines(files, &lines);
        },
        &["tracks.csv", "lines, and origin.json names other ones"],
    ),
    (
        "an added sentence",
        SENTENCES,
        |files| {
            let mut lines = lines(files);
            lines.push(lines[lines.len() / 2].clone());
            put_lines(files, &lines);
        },
        &["lines, and origin.json names other ones", "case.html line"],
    ),
    (
        "two sentences in another order",
        SENTENCES,
        |files| {
            let mut lines = lines(files);
            let other = (1..lines.len()).find(|&at| lines[at] != lines[0]).unwrap();
            lines.swap(0, other);
            put_lines(files, &lines);
        },
        &["case.html line"],
    ),
    (
        "a parameter",
        "parameters.toml",
        |files| {
            alter_text(files, "parameters.toml", "distance_m_in = 500.0", "distance_m_in = 400.0");
        },
        &[
            "differs: parameters_hash is ",
            "parameters.toml has the hash",
            "manifest.json has parameters_hash",
        ],
    ),
    (
        "the weight of a reason",
        "parameters.toml",
        |files| {
            alter_text(files, "parameters.toml", "long = 0.2", "long = 0.4");
        },
        &["differs: reasons.long.weight is 0."],
    ),
    (
        "the score",
        "event.json",
        |files| {
            alter_json(files, "event.json", |event| {
                event["score"] = 0.01.into();
            })
        },
        &["differs: score is 0.01 in the dossier, and "],
    ),
    (
        "the start",
        "event.json",
        |files| {
            alter_json(files, "event.json", |event| {
                event["started_at"] = "2024-01-01T00:00:00.000Z".into();
            })
        },
        &["differs: started_at is 2024-01-01T00:00:00.000Z in the dossier, and 2024-"],
    ),
    (
        "a name",
        "event.json",
        |files| {
            alter_json(files, "event.json", |event| {
                event["vessels"][1]["name"] = "INNOCENT".into();
            })
        },
        &["differs: vessels[1].name is INNOCENT in the dossier"],
    ),
    (
        "a number",
        "event.json",
        |files| {
            alter_json(files, "event.json", |event| {
                event["vessels"][0]["mmsi"] = 211_000_001.into();
            })
        },
        &["differs: vessels[0].mmsi is 211000001 in the dossier"],
    ),
    (
        "the page",
        "case.html",
        |files| {
            alter_text(files, "case.html", "not an accusation", "an accusation");
        },
        &["case.html line", "an accusation"],
    ),
    (
        "a script in the page",
        "case.html",
        |files| {
            alter_text(files, "case.html", "</body>", "<script>1</script></body>");
        },
        &["case.html line", "<script>"],
    ),
    (
        "a row of the tracks",
        "tracks.csv",
        |files| {
            let text = String::from_utf8(files["tracks.csv"].clone()).unwrap();
            let row = text.lines().nth(9).unwrap().to_owned();
            alter_text(files, "tracks.csv", &(row + "\n"), "");
        },
        &["tracks.csv line 10: it has"],
    ),
    (
        "a point of the tracks",
        "tracks.geojson",
        |files| {
            alter_json(files, "tracks.geojson", |tracks| {
                tracks["features"][1]["geometry"]["coordinates"][0][3] = serde_json::json!([0, 0]);
            })
        },
        &["tracks.geojson line"],
    ),
    (
        "the stored event",
        "stored.json",
        |files| {
            alter_json(files, "stored.json", |event| {
                event["distance_m_min"] = 1.0.into();
            })
        },
        &["comparison.json line", "stored.json line"],
    ),
    (
        "the comparison",
        "comparison.json",
        |files| {
            files.insert("comparison.json".into(), b"[\"all is the same\"]\n".to_vec());
        },
        &["comparison.json line"],
    ),
    (
        "the sum of the recording",
        "origin.json",
        |files| {
            alter_text(files, "origin.json", "\"sha256\": \"", "\"sha256\": \"00");
            let text = String::from_utf8(files["origin.json"].clone()).unwrap();
            let at = text.find("\"sha256\": \"").unwrap() + 11 + 64;
            files
                .insert("origin.json".into(), [&text[..at], &text[at + 2..]].concat().into_bytes());
        },
        &["the chain of inputs breaks at sea.nmea", "case.html line"],
    ),
    (
        "the numbers of the lines",
        "origin.json",
        |files| {
            alter_text(files, "origin.json", "\"line_numbers\": \"", "\"line_numbers\": \"1,");
        },
        &["lines, and origin.json names other ones of sea.nmea"],
    ),
    (
        "a file that is gone",
        "README.txt",
        |files| {
            files.remove("README.txt");
        },
        &["README.txt is missing"],
    ),
    (
        "sentences that are gone",
        SENTENCES,
        |files| {
            files.remove(SENTENCES);
        },
        &["sentences/0001.nmea is missing"],
    ),
];

#[test]
fn whatever_is_altered_is_found_and_named() {
    let (_, whole) = dossier();
    let desk = Desk::new();
    for (what, file, alter, expected) in ALTERATIONS {
        let mut files = whole.clone();
        alter(&mut files);
        assert_ne!(&files, whole, "{what}");

        let outcome = verify(&desk, &files, &[]);
        assert_eq!(outcome.code, 1, "{what}: {}", outcome.stdout);
        let named = [format!("{file} was altered"), format!("{file} is missing")];
        assert!(
            named.iter().any(|words| outcome.stdout.contains(words)),
            "{what}: {}",
            outcome.stdout
        );

        let outcome = verify(&desk, &with_new_sums(files), &[]);
        assert_eq!(outcome.code, 1, "{what}: {}", outcome.stdout);
        assert!(!outcome.stdout.contains("was altered"), "{what}: {}", outcome.stdout);
        for words in *expected {
            assert!(outcome.stdout.contains(words), "{what}: no {words:?} in {}", outcome.stdout);
        }
        assert!(outcome.stdout.ends_with("it does not hold\n"), "{what}: {}", outcome.stdout);
    }
}

#[test]
fn a_manifest_and_a_container_that_lie_are_found() {
    let (_, whole) = dossier();
    let desk = Desk::new();
    let mut files = whole.clone();
    files.insert("notes.txt".into(), b"more".to_vec());
    let outcome = verify(&desk, &files, &[]);
    assert!(outcome.stdout.contains("notes.txt was added"), "{}", outcome.stdout);
    let outcome = verify(&desk, &with_new_sums(files), &[]);
    assert!(outcome.stdout.contains("notes.txt is no file of a dossier"), "{}", outcome.stdout);

    let mut files = whole.clone();
    alter_json(&mut files, MANIFEST, |manifest| manifest["event_version"] = 99.into());
    let outcome = verify(&desk, &files, &[]);
    assert!(
        outcome.stdout.contains("manifest.json has event_version 99, and "),
        "{}",
        outcome.stdout
    );

    // The same said in other bytes is another manifest.
    let mut files = whole.clone();
    let manifest: Value = serde_json::from_slice(&files[MANIFEST]).unwrap();
    files.insert(MANIFEST.into(), serde_json::to_vec(&manifest).unwrap());
    let outcome = verify(&desk, &files, &[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("manifest.json line 1: it has"), "{}", outcome.stdout);

    let mut files = whole.clone();
    files.insert("README.txt".into(), vec![b'\n'; 20 << 20]);
    let outcome = verify(&desk, &with_new_sums(files), &[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("README.txt: 2097"), "{}", outcome.stdout);
    assert!(outcome.stdout.len() < 10_000);

    let mut files = whole.clone();
    files.insert("../x".into(), Vec::new());
    let outcome = verify(&desk, &files, &[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("is no name of a file within a dossier"), "{}", outcome.stdout);
    assert_eq!(desk.names(), ["case.zip"]);

    desk.write("case.zip", b"PK\x03\x04 and so on");
    let outcome = desk.run(&["verify", "case.zip"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (1, ""));
    assert!(outcome.stdout.contains("it is no dossier: it is no zip"), "{}", outcome.stdout);
    assert_eq!(desk.run(&["verify", "missing.zip"]).code, 1);
}

#[test]
fn a_signature_tells_by_whom_and_that_nothing_was_made_anew() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let id = strongest(&desk, &["sea.nmea"]);
    let key = |name: &str| {
        let pair = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
        desk.write(name, pair.sk.to_box(None).unwrap().into_string());
        desk.write(&format!("{name}.pub"), pair.pk.to_box().unwrap().into_string());
        pair.pk.to_base64()
    };
    let (line, _) = (key("key"), key("other"));
    let arguments =
        ["dossier", &id, "--store", "a.gpkg", "--sign", "key", "--output", "case.zip", "-q"];
    let outcome = desk.run(&arguments);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let says = |arguments: &[&str], code: i32, words: &str| {
        let outcome = desk.run(&[&["verify", "case.zip"], arguments].concat());
        assert_eq!(outcome.code, code, "{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    };
    says(&["--public-key", "key.pub"], 0, "the signature is that of the key");
    says(&["--public-key", &line], 0, "the signature is that of the key");
    says(&[], 0, "--public-key KEY checks by whom");
    says(&["--public-key", "other.pub"], 1, "the signature does not fit");

    // Whoever alters the sentences and makes all of it anew has no key.
    let mut files = unzip(&std::fs::read(desk.path("case.zip")).unwrap());
    let unsigned = ["dossier", &id, "--store", "a.gpkg", "--output", "unsigned.zip", "-q"];
    assert_eq!(desk.run(&unsigned).code, 0);
    let unsigned = unzip(&std::fs::read(desk.path("unsigned.zip")).unwrap());
    assert!(files.remove("manifest.json.minisig").is_some());
    assert!(files == unsigned, "the signature is all that differs");
    desk.write("case.zip", zip(&files));
    says(&["--public-key", "key.pub"], 1, "it is not signed, and a public key was given");
}

/// Two ships side by side for three hours, heard by one receiver, as sentences; `names` as they say.
fn two_ships(names: [&str; 2], is_timed: bool) -> Vec<u8> {
    let mut position = Message::decode(b"177KQJ5000G?tO`K>RA1wUbN0TKH", 0).unwrap();
    let mut voyage = {
        let mut found = None;
        let mut decoder = Decoder::new();
        decoder.push(sea(), &mut |outcome| {
            if let OutcomeKind::Message(received) = outcome.kind
                && let Message::StaticVoyage(_) = received.message
            {
                found = Some(received.message);
            }
        });
        found.expect("somebody says its name")
    };
    let mut lines = Vec::new();
    let mut write = |second: i64, message: &Message, sequence: u8| {
        let at = Timestamp::from_secs(1_704_067_200 + second);
        let tag_block =
            TagBlock { received_at: Some(at), station: Text::new("shore"), ..TagBlock::default() };
        let tag_block = is_timed.then_some(tag_block);
        write_sentences(
            message,
            &Framing { tag_block, sequence, ..Framing::default() },
            &mut lines,
        );
    };
    // Time is moved on by the seconds that positions say if these follow close upon each other.
    let interval_s = if is_timed { 20 } else { 4 };
    for second in (0..3 * 3600).step_by(interval_s) {
        for (index, (mmsi, longitude_deg)) in
            [(311_000_222, -90.0), (538_005_541, -90.001)].into_iter().enumerate()
        {
            let report = position_report(&mut position);
            let place = Position::new(27.0, longitude_deg);
            (report.longitude_raw, report.latitude_raw) = position_raw(place, 600_000.0);
            report.header.mmsi_raw = mmsi;
            (report.speed_raw, report.second_raw) = (1, (second % 60) as u8);
            write(second, &position, 0);
            if second % 360 == 0 {
                let Message::StaticVoyage(report) = &mut voyage else { unreachable!() };
                report.header.mmsi_raw = mmsi;
                report.name_raw = SixBitText::new(names[index]);
                write(second, &voyage, (second / 360 * 2) as u8 + index as u8);
            }
        }
    }
    lines
}

#[test]
fn hostile_names_come_out_as_text() {
    let desk = Desk::new();
    desk.write("a.nmea", two_ships(["<SCRIPT SRC=//X.CO>", "=HYPERLINK(\"//X.Y\")"], true));
    let zone = "<b onload=x>\u{202e}'\"&";
    let square = "[[[-91,26],[-89,26],[-89,28],[-91,28],[-91,26]]]";
    let zone = serde_json::to_string(zone).unwrap();
    desk.write("zones.geojson", format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"name":{zone}}},"geometry":{{"type":"Polygon","coordinates":{square}}}}}]}}"#
    ));
    let id = strongest(&desk, &["a.nmea", "--places", "zones.geojson"]);
    let outcome = desk.run(&["dossier", &id, "--store", "a.gpkg", "--output", "case.zip"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let files = unzip(&std::fs::read(desk.path("case.zip")).unwrap());
    assert!(files.contains_key("lists/1/zones.geojson"));
    let page = String::from_utf8(files["case.html"].clone()).unwrap();
    assert!(page.contains("&lt;SCRIPT SRC=//X.CO&gt;"), "{page}");
    assert!(page.contains("&lt;b onload=x&gt;\\u{202e}&#39;&quot;&amp;"), "{page}");
    assert!(!page.contains("<SCRIPT") && !page.contains("<b onload") && !page.contains('\u{202e}'));
    let csv = String::from_utf8(files["tracks.csv"].clone()).unwrap();
    assert!(csv.contains(",\"'=HYPERLINK(\"\"//X.Y\"\")\","), "{csv}");
    let other = Desk::new();
    let outcome = verify(&other, &files, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);

    let list = desk.read("zones.geojson");
    desk.write("zones.geojson", list.replace("-91", "-92"));
    check_refused(&desk, &[&id, "--store", "a.gpkg"], "a list has changed since");

    let mut files = files;
    alter_text(&mut files, "lists/1/zones.geojson", "onload", "ONLOAD");
    let outcome = verify(&other, &with_new_sums(files), &[]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("differs: zones[0] is "), "{}", outcome.stdout);
}

#[test]
fn sentences_without_a_time_get_that_of_the_recording() {
    let desk = Desk::new();
    desk.write("a.nmea", two_ships(["ONE", "TWO"], false));
    let id = strongest(&desk, &["a.nmea", "--start-time", "2024-01-01T00:00:00Z"]);
    let outcome = desk.run(&["dossier", &id, "--store", "a.gpkg", "--output", "case.zip"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let files = unzip(&std::fs::read(desk.path("case.zip")).unwrap());
    let origin: Value = serde_json::from_slice(&files["origin.json"]).unwrap();
    assert!(origin["inputs"][0]["times_added"].as_u64().unwrap() > 300, "{origin}");
    assert!(files[SENTENCES].starts_with(b"2024-01-01T00:00:00.000Z !AIVDM,"));
    let outcome = desk.run(&["verify", "case.zip", "--from", "a.nmea"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);

    // Another time before a line is found by reading the recording again.
    let mut files = files;
    let mut lines = lines(&files);
    let at = lines.iter().rposition(|line| line.starts_with(b"2024-")).unwrap();
    let line = String::from_utf8(lines[at].clone()).unwrap();
    let (time, rest) = line.split_once(' ').unwrap();
    let later = Timestamp::parse(time).unwrap().plus_millis(500);
    lines[at] = format!("{later} {rest}").into_bytes();
    put_lines(&mut files, &lines);
    let outcome = verify(&desk, &with_new_sums(files), &["--from", "a.nmea"]);
    assert_eq!(outcome.code, 1);
    let words = format!("has the time {later} before it in the dossier, and {time} follows");
    assert!(outcome.stdout.contains(&words), "{}", outcome.stdout);
}

#[test]
fn what_cannot_be_a_dossier_is_refused_in_a_sentence() {
    let desk = Desk::new();
    desk.write("a.csv", two_ships_csv("ONE", "TWO"));
    let id = strongest(&desk, &["a.csv"]);
    check_refused(&desk, &[&id, "--store", "a.gpkg"], "is no recording of sentences");
    check_refused(&desk, &["encounter-1", "--store", "a.gpkg"], "has no event \"encounter-1\"");
    check_refused(&desk, &[&id, "--store", "b.gpkg"], "there is no store b.gpkg");
    assert!(!desk.names().contains(&"b.gpkg".to_owned()));

    let desk = Desk::new();
    desk.write("a.nmea", two_ships(["ONE", "TWO"], true));
    let id = strongest(&desk, &["a.nmea"]);
    std::fs::rename(desk.path("a.nmea"), desk.path("moved.nmea")).unwrap();
    check_refused(&desk, &[&id, "--store", "a.gpkg"], "what the run read is not there: a.nmea");
    let moved = ["dossier", &id, "--store", "a.gpkg", "--from", "moved.nmea", "-q"];
    assert_eq!(desk.run(&moved).code, 0);
    desk.write("sea.nmea", sea());
    check_refused(
        &desk,
        &[&id, "--store", "a.gpkg", "--from", "sea.nmea"],
        "give no encounter of 311000222 and 538005541",
    );
}

#[test]
fn segments_of_a_journal_are_chained() {
    let desk = Desk::new();
    let all = two_ships(["ONE", "TWO"], true);
    let half =
        all.len() / 2 + all[all.len() / 2..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    desk.write("journal/00000000000000000001.nmea", &all[..half]);
    desk.write("journal/00000000000000000002.nmea", &all[half..]);
    let id = strongest(&desk, &["journal"]);
    let outcome = desk.run(&["dossier", &id, "--store", "a.gpkg", "--output", "case.zip"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let files = unzip(&std::fs::read(desk.path("case.zip")).unwrap());
    assert!(files.contains_key("sentences/0002.nmea"));
    let origin: Value = serde_json::from_slice(&files["origin.json"]).unwrap();
    let mut chain = [0_u8; 32];
    for (input, bytes) in
        origin["inputs"].as_array().unwrap().iter().zip([&all[..half], &all[half..]])
    {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        chain = Sha256::digest([chain, digest].concat()).into();
        let hex: String = chain.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(input["chain"], Value::from(hex));
    }
    let outcome = desk.run(&["verify", "case.zip", "--from", "journal"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
}

#[track_caller]
fn check_refused(desk: &Desk, arguments: &[&str], words: &str) {
    let outcome = desk.run(&[&["dossier"], arguments].concat());
    assert_ne!(outcome.code, 0);
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
}

/// `ALONGSIDE_RECORDINGS` names a folder of recordings; see CONTRIBUTING.md.
#[test]
fn real_encounters_hold_in_another_folder() {
    let Some(directory) = recordings() else { return };
    let recording = directory.join("nmea-reencoded/atd2025_example.nmea.gz");
    let (desk, other) = (Desk::new(), Desk::new());
    let arguments = [
        "replay",
        text(&recording),
        "--store",
        "a.gpkg",
        "--format",
        "ndjson",
        "--kind",
        "encounter",
    ];
    let outcome = desk.run(&arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut events: Vec<Value> =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    events.sort_by(|a, b| b["score"].as_f64().unwrap().total_cmp(&a["score"].as_f64().unwrap()));
    let mut same = 0;
    for event in events.iter().step_by(29) {
        let id = event["id"].as_str().unwrap();
        let outcome = desk.run(&["dossier", id, "--store", "a.gpkg", "--output", "case.zip"]);
        assert_eq!(outcome.code, 0, "{id}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("warning"), "{id}: {}", outcome.stderr);
        same += usize::from(outcome.stderr.contains("as it was stored, in every field"));
        let files = unzip(&std::fs::read(desk.path("case.zip")).unwrap());
        let outcome = verify(&other, &files, &[]);
        assert_eq!(outcome.code, 0, "{id}: {}", outcome.stdout);
    }
    println!("{same} of {} are as they were stored in every field", events.len().div_ceil(29));
    assert!(same > 0);
}
