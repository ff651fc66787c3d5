//! What must hold whatever the bytes are, tried on changed messages of our own encoding: a bounded run of what
//! `fuzz/` does without bounds, of 20 seconds for each property, or of as many as `ALONGSIDE_SMOKE_SECONDS` says, if
//! these are fewer; the same tries every time, as far as the time goes. And what must hold of messages in several sentences when sentences are lost,
//! overtake each other or are mixed with those of other stations; also on the recordings in the folder named by
//! `ALONGSIDE_RECORDINGS`.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alongside_decoder::encode::{Framing, write_sentences};
use alongside_decoder::{
    Channel, ClassBExtendedReport, Decoder, Header, Message, OutcomeKind, PositionReport,
    SixBitText, StaticDataA, StaticVoyageReport, TagBlock,
};
use maritime::Text;

use checks::{check_input, check_tag_blocks};
use inputs::{
    Random, any_lines, any_message, assembler_input, assembler_lines, mutate, payload_input,
    payload_lines, tag_block_input, tag_block_lines,
};

#[path = "properties/checks.rs"]
mod checks;
#[path = "properties/inputs.rs"]
mod inputs;

/// How long a property is tried.
fn smoke() -> Duration {
    const SECONDS_MAX: u64 = 20;
    let told = std::env::var("ALONGSIDE_SMOKE_SECONDS").ok();
    let seconds = told.map_or(SECONDS_MAX, |text| {
        text.parse().unwrap_or_else(|_| panic!("ALONGSIDE_SMOKE_SECONDS is {text:?}, not seconds"))
    });
    Duration::from_secs(seconds.min(SECONDS_MAX))
}

/// Checks what `seed` makes, and what becomes of it when it is changed again and again: `tries` times, which are made
/// on every machine, and then with one random seed after the other until the time is over.
fn try_out(
    tries: usize,
    seed: impl Fn(&mut Random) -> Vec<u8>,
    check: impl Fn(&[u8]) + std::panic::RefUnwindSafe,
) {
    const FIRST_SEED: u64 = 1371;
    let ends_at = Instant::now() + smoke();
    let mut count = 0;
    for random_seed in FIRST_SEED.. {
        let mut random = Random(random_seed);
        let mut input = Vec::new();
        for nth in 0..tries {
            if random_seed > FIRST_SEED && Instant::now() >= ends_at {
                println!("{count} tries, seeds {FIRST_SEED} to {random_seed}");
                return;
            }
            match nth % 8 {
                0 => input = seed(&mut random),
                _ => mutate(&mut input, &mut random),
            }
            if std::panic::catch_unwind(|| check(&input)).is_err() {
                let input = input.escape_ascii().to_string();
                panic!("seed {random_seed}, try {nth} on {input:?}");
            }
            count += 1;
        }
    }
}

#[test]
fn lines_keep_the_properties() {
    try_out(12_000, |random| any_lines(random, 3), check_input);
}

#[test]
fn tag_blocks_keep_the_properties() {
    let check = |input: &[u8]| {
        check_input(&tag_block_lines(input));
        check_tag_blocks(input);
    };
    try_out(20_000, |random| tag_block_input(random, 2), check);
}

#[test]
fn fragments_keep_the_properties() {
    let check = |input: &[u8]| check_input(&assembler_lines(input));
    try_out(8000, |random| assembler_input(random, 6), check);
}

#[test]
fn payloads_keep_the_properties() {
    let seed = |random: &mut Random| {
        let message_type = 1 + random.below(28) as u8;
        payload_input(&any_message(message_type, random))
    };
    try_out(40_000, seed, |input: &[u8]| check_input(&payload_lines(input)));
}

#[test]
fn what_the_fuzzer_found_is_mended() {
    check_input(&tag_block_lines(b"0g:)-2-9903"));
    let mut line = Vec::new();
    inputs::write_checked(
        "$",
        b"GPRMC,123519,A,4807.038,N,01131.000,E,nan,inf,230394,003.1,W",
        &mut line,
    );
    check_input(&line);
}

/// A line that one station wrote.
#[derive(Clone)]
struct Line {
    bytes: Vec<u8>,
    /// Of which message it is a part, counted over all stations.
    message: usize,
}

/// What stations heard: lines, and the messages in them.
struct Feed {
    lines: Vec<Line>,
    messages: Vec<Message>,
    /// Sequence number and channel of those that take two sentences.
    keys: Vec<Option<(u8, Channel)>>,
}

const SHIPS: usize = 300;

/// Some hundred ships as stations hear them: reports of a position between names and voyages. Every station counts
/// its sequence numbers for itself. No two messages are the same, and no two parts.
fn feeds(stations: &[Option<&str>], messages_each: usize, random: &mut Random) -> Vec<Feed> {
    let mut count = 0;
    let mut feed = |station: &Option<&str>| {
        let mut feed = Feed { lines: Vec::new(), messages: Vec::new(), keys: Vec::new() };
        let mut sequence = random.next() as u8 % 10;
        for _ in 0..messages_each {
            let message = message_of_ship(random.below(SHIPS), count, random);
            let channel = [Channel::A, Channel::B][random.below(2)];
            let framing = Framing {
                channel: Some(channel),
                sequence,
                // Some stations cut type 19 in two.
                payload_characters_max: if random.below(2) == 0 { 56 } else { 44 },
                tag_block: station
                    .map(|station| TagBlock { station: Text::new(station), ..TagBlock::default() }),
                ..Framing::default()
            };
            let mut bytes = Vec::new();
            write_sentences(&message, &framing, &mut bytes);
            let lines: Vec<_> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
            feed.keys.push((lines.len() > 1).then_some((sequence, channel)));
            sequence = (sequence + u8::from(lines.len() > 1)) % 10;
            feed.lines
                .extend(lines.iter().map(|line| Line { bytes: line.to_vec(), message: count }));
            feed.messages.push(message);
            count += 1;
        }
        feed
    };
    stations.iter().map(&mut feed).collect()
}

/// Message number `count`, of ship number `ship`. The number stands at the beginning and at the end of it.
fn message_of_ship(ship: usize, count: usize, random: &mut Random) -> Message {
    let header =
        |message_type| Header { message_type, repeat: 0, mmsi_raw: 244_000_000 + ship as u32 };
    let position = (random.below(40_000_000) as i32, random.below(20_000_000) as i32);
    match random.below(10) {
        0..3 => Message::StaticVoyage(StaticVoyageReport {
            header: header(5),
            ais_version: 1,
            imo_raw: count as u32,
            callsign_raw: SixBitText::new("PB4664"),
            name_raw: SixBitText::new(&format!("SHIP {ship}")),
            ship_type_raw: 70,
            bow_m_raw: 100,
            stern_m_raw: 10,
            port_m_raw: 6,
            starboard_m_raw: 5,
            positioning_device_raw: 1,
            eta_month_raw: 11,
            eta_day_raw: 21,
            eta_hour_raw: 12,
            eta_minute_raw: 0,
            draught_raw: 30,
            destination_raw: SixBitText::new(&format!("R'DAM {ship:04} {count:08}")),
            dte: false,
        }),
        3 => Message::ClassBExtended(ClassBExtendedReport {
            header: header(19),
            reserved: 0,
            speed_raw: count as u16 & 1023,
            accuracy_high: false,
            longitude_raw: position.0,
            latitude_raw: position.1,
            course_raw: 3359,
            heading_raw: 511,
            second_raw: 46,
            regional: 0,
            name_raw: SixBitText::new(&format!("SHIP {ship} {count:08}")),
            ship_type_raw: (count >> 6) as u8,
            bow_m_raw: 5,
            stern_m_raw: 21,
            port_m_raw: 4,
            starboard_m_raw: count as u8 & 63,
            positioning_device_raw: 1,
            raim: false,
            dte: false,
            assigned: false,
        }),
        4 => Message::StaticDataA(StaticDataA {
            header: header(24),
            name_raw: SixBitText::new(&format!("SHIP {count}")),
        }),
        _ => Message::PositionReport(PositionReport {
            header: header(1),
            navigational_status_raw: 0,
            rate_of_turn_raw: 0,
            speed_raw: 123,
            accuracy_high: true,
            longitude_raw: position.0,
            latitude_raw: position.1,
            course_raw: 2240,
            heading_raw: 215,
            second_raw: 33,
            manoeuvre_raw: 0,
            raim: false,
            communication_state_raw: Some(count as u32 & 0x7_FFFF),
        }),
    }
}

/// What is decoded of `lines`.
fn decoded(lines: &[Line]) -> HashSet<Message> {
    let mut decoder = Decoder::new();
    let mut all = HashSet::new();
    let mut each = |outcome: alongside_decoder::Outcome| {
        if let OutcomeKind::Message(received) = outcome.kind {
            assert!(all.insert(received.message), "twice: {received:?}");
        }
    };
    lines.iter().for_each(|line| decoder.push(&line.bytes, &mut each));
    decoder.finish(&mut each);
    all
}

/// Checks that `lines` give the messages that are whole in them, those that `may_be_lost` excepted, and no
/// others. Gives how many were lost.
#[track_caller]
fn check(feeds: &[Feed], lines: &[Line], may_be_lost: impl Fn(usize) -> bool) -> usize {
    let sent = |number: usize| {
        let each = feeds[0].messages.len();
        &feeds[number / each].messages[number % each]
    };
    let mut parts_sent = HashMap::<usize, usize>::new();
    feeds.iter().flat_map(|feed| &feed.lines).for_each(|line| {
        *parts_sent.entry(line.message).or_default() += 1;
    });
    let mut parts = HashMap::<usize, usize>::new();
    lines.iter().for_each(|line| *parts.entry(line.message).or_default() += 1);
    let whole = parts.iter().filter(|(number, count)| parts_sent[number] == **count);
    let whole: HashSet<_> = whole.map(|(number, _)| *number).collect();
    let decoded = decoded(lines);
    let expected: HashSet<_> = whole.iter().map(|&number| *sent(number)).collect();
    let strangers: Vec<_> = decoded.difference(&expected).collect();
    assert!(
        strangers.is_empty(),
        "nobody sent {} of {}: {:?}",
        strangers.len(),
        decoded.len(),
        strangers[0]
    );
    let lost: Vec<_> =
        whole.iter().copied().filter(|&number| !decoded.contains(sent(number))).collect();
    let needlessly: Vec<_> = lost.iter().filter(|&&number| !may_be_lost(number)).collect();
    assert!(needlessly.is_empty(), "{} of {} lost", needlessly.len(), whole.len());
    println!("{} lines, {} messages whole, {} lost", lines.len(), whole.len(), lost.len());
    lost.len()
}

fn without_some(lines: &[Line], random: &mut Random) -> Vec<Line> {
    lines.iter().filter(|_| random.below(100) > 0).cloned().collect()
}

fn interleaved(feeds: &[Feed]) -> Vec<Line> {
    let longest = feeds.iter().map(|feed| feed.lines.len()).max().unwrap_or(0);
    let nth = |nth: usize| feeds.iter().filter_map(move |feed| feed.lines.get(nth)).cloned();
    (0..longest).flat_map(nth).collect()
}

const STATIONS: [Option<&str>; 4] = [Some("one"), Some("two"), Some("three"), Some("four")];

#[test]
fn lost_lines_cost_their_own_messages_alone() {
    for station in [None, Some("one")] {
        let mut random = Random(1);
        let feeds = feeds(&[station], 20_000, &mut random);
        check(&feeds, &feeds[0].lines, |_| false);
        let lines = without_some(&feeds[0].lines, &mut random);
        check(&feeds, &lines, |_| false);
    }
}

#[test]
fn swapped_parts_cost_nothing() {
    for station in [None, Some("one")] {
        let mut random = Random(2);
        let feeds = feeds(&[station], 20_000, &mut random);
        let mut lines = feeds[0].lines.clone();
        for first in 0..lines.len() - 1 {
            let of_one_message = lines[first].message == lines[first + 1].message;
            if of_one_message && random.below(10) == 0 {
                lines.swap(first, first + 1);
            }
        }
        check(&feeds, &lines, |_| false);
    }
}

#[test]
fn interleaved_stations_with_names_cost_nothing() {
    let mut random = Random(3);
    let feeds = feeds(&STATIONS, 10_000, &mut random);
    let lines = interleaved(&feeds);
    check(&feeds, &lines, |_| false);
    let lines = without_some(&lines, &mut random);
    check(&feeds, &lines, |_| false);
}

#[test]
fn interleaved_stations_without_names_cost_what_nobody_can_tell_apart() {
    let mut random = Random(4);
    let feeds = feeds(&[None; 4], 10_000, &mut random);
    let lines = interleaved(&feeds);
    let key = |number: usize| feeds[number / 10_000].keys[number % 10_000];
    // Where a part of another message with the same numbers stands among the parts or near them.
    let near = |number: usize| {
        let mut places = (0..lines.len()).filter(|&at| lines[at].message == number);
        let (first, last) = (places.next().unwrap_or(0), places.next_back().unwrap_or(0));
        let near = &lines[first.saturating_sub(16)..(last + 9).min(lines.len())];
        near.iter().any(|line| line.message != number && key(line.message) == key(number))
    };
    let lost = check(&feeds, &lines, near);
    check(&feeds, &without_some(&lines, &mut random), near);
    let fragmented = (0..40_000).filter(|&number| key(number).is_some()).count();
    assert!(lost * 4 < fragmented, "{lost} of {fragmented} lost");
}

#[test]
fn a_million_first_parts_take_no_memory() {
    let mut random = Random(5);
    let feeds = feeds(&STATIONS, 2000, &mut random);
    let all = interleaved(&feeds);
    let mut last = usize::MAX;
    let first_parts: Vec<_> = all
        .iter()
        .filter(|line| line.bytes.windows(7).any(|bytes| bytes == b"VDM,2,1"))
        .filter(|line| std::mem::replace(&mut last, line.message) != line.message)
        .collect();
    let mut decoder = Decoder::new();
    let (mut pushed, mut settled) = (0u64, 0u64);
    let counted = allocation_counter::measure(|| {
        for line in first_parts.iter().cycle().take(1_000_000) {
            decoder.push(&line.bytes, &mut |outcome| {
                assert!(matches!(outcome.kind, OutcomeKind::Rejected(_)), "{outcome:?}");
                settled += u64::from(outcome.lines);
            });
            pushed += 1;
            assert!(pushed - settled <= 64);
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
    // What comes after them is not harmed.
    let mut whole = Vec::new();
    let message = message_of_ship(0, 0, &mut Random(0));
    write_sentences(&message, &Framing::default(), &mut whole);
    let mut found = 0;
    decoder.push(&whole, &mut |outcome| {
        found += u32::from(matches!(outcome.kind, OutcomeKind::Message(_)));
    });
    assert_eq!(found, 1);
    decoder.finish(&mut |outcome| settled += u64::from(outcome.lines));
}

/// The lines of each recording that has many messages of several sentences.
fn recordings() -> Vec<(PathBuf, Vec<Vec<u8>>)> {
    let Some(folder) = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from) else {
        eprintln!("skipped: ALONGSIDE_RECORDINGS is not set");
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder.join("nmea")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let lines = paths.iter().map(|path| {
        let lines: Vec<_> = read(path).split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        (path.clone(), lines)
    });
    lines.filter(|(_, lines)| in_two_lines(lines).len() >= 20).collect()
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    plain
}

/// The messages that end with a line, and with how many lines.
fn decoded_by_line(lines: &[Vec<u8>]) -> Vec<(usize, u32, Message)> {
    let mut decoder = Decoder::new();
    let mut all = Vec::new();
    let mut take = |at, outcome: alongside_decoder::Outcome| {
        if let OutcomeKind::Message(received) = outcome.kind {
            all.push((at, outcome.lines, received.message));
        }
    };
    for (at, line) in lines.iter().enumerate() {
        decoder.push_line(line, &mut |outcome| take(at, outcome));
    }
    decoder.finish(&mut |outcome| take(lines.len(), outcome));
    all
}

/// The fields of a sentence up to its channel, without the number of the part, and that number.
fn part_of(line: &[u8]) -> Option<(Vec<&[u8]>, u8)> {
    let start = line.iter().position(|&byte| byte == b'!')?;
    let mut fields: Vec<_> = line[start..].split(|&byte| byte == b',').take(5).collect();
    let number = (fields.len() == 5).then(|| fields.remove(2))?;
    Some((fields, *number.first()?))
}

/// The messages whose two parts stand in two lines one after the other, by the second of these.
fn in_two_lines(lines: &[Vec<u8>]) -> Vec<(usize, Message)> {
    let all = decoded_by_line(lines).into_iter().filter(|&(at, count, _)| at > 0 && count == 2);
    let adjacent = all.filter(|&(at, _, _)| {
        let (one, two) = (part_of(&lines[at - 1]), part_of(&lines[at]));
        one.zip(two).is_some_and(|(one, two)| one.0 == two.0 && (one.1, two.1) == (b'1', b'2'))
    });
    adjacent.map(|(at, _, message)| (at, message)).collect()
}

/// Checks that none of `expected` is lost in `lines`, gives how many messages of several sentences were not `sent`.
#[track_caller]
fn check_recorded(
    lines: &[Vec<u8>],
    sent: &HashSet<Message>,
    expected: &[Message],
    name: &str,
) -> usize {
    let decoded = decoded_by_line(lines);
    let strangers =
        decoded.iter().filter(|(_, count, message)| *count > 1 && !sent.contains(message));
    let strangers = strangers.count();
    let decoded: HashSet<_> = decoded.into_iter().map(|(_, _, message)| message).collect();
    let lost = expected.iter().filter(|&message| !decoded.contains(message)).count();
    assert_eq!(lost, 0, "{name}: of {} messages", expected.len());
    strangers
}

/// Whether parts of other messages with the same numbers stand shortly before or behind the two lines that end with
/// `at`, as those of a sender do that does not count. Once one of these is lost or overtakes another, nobody can tell
/// where the rest belongs.
fn stands_beside_its_like(lines: &[Vec<u8>], at: usize) -> bool {
    let own = part_of(&lines[at]).map(|part| part.0);
    let before = &lines[at.saturating_sub(17)..at - 1];
    let behind = &lines[at + 1..(at + 9).min(lines.len())];
    before.iter().chain(behind).any(|line| part_of(line).map(|part| part.0) == own)
}

/// Whether the message that begins at `at` has another sequence number than the one before. From a sender that does
/// not count, parts are taken in order alone.
fn is_counted(lines: &[Vec<u8>], at: usize) -> bool {
    let sequence = |line: &Vec<u8>| {
        let (fields, _) = part_of(line).filter(|(fields, _)| fields[1] != b"1")?;
        Some(fields[2].to_vec())
    };
    let own = sequence(&lines[at]);
    let before = lines[..at].iter().rev().find_map(sequence);
    own.as_ref().is_some_and(|own| !own.is_empty()) && own != before
}

#[test]
fn recordings_lose_nothing_but_what_is_lost() {
    let mut random = Random(7);
    let (mut expected, mut strangers) = (0, 0);
    for (path, lines) in recordings() {
        let name = path.file_name().unwrap().to_string_lossy();
        let sent = decoded_by_line(&lines).into_iter().map(|(_, _, message)| message).collect();
        let adjacent = in_two_lines(&lines);
        let mut tell_apart = adjacent.clone();
        tell_apart.retain(|&(at, _)| !stands_beside_its_like(&lines, at));
        for _ in 0..10 {
            let kept: Vec<_> = lines.iter().map(|_| random.below(100) > 0).collect();
            let whole = tell_apart.iter().filter(|&&(at, _)| kept[at - 1] && kept[at]);
            let whole: Vec<_> = whole.map(|&(_, message)| message).collect();
            let damaged = lines.iter().zip(&kept).filter(|&(_, &kept)| kept);
            let damaged: Vec<_> = damaged.map(|(line, _)| line.clone()).collect();
            strangers += check_recorded(&damaged, &sent, &whole, &name);
            let mut swapped = lines.clone();
            for &(at, _) in &adjacent {
                if random.below(10) == 0 {
                    swapped.swap(at - 1, at);
                }
            }
            let counted = tell_apart.iter().filter(|&&(at, _)| is_counted(&lines, at - 1));
            let all: Vec<_> = counted.map(|&(_, message)| message).collect();
            strangers += check_recorded(&swapped, &sent, &all, &name);
            swapped.retain(|_| random.below(100) > 0);
            strangers += check_recorded(&swapped, &sent, &[], &name);
            expected += whole.len() + all.len();
        }
        println!("{name}: {} of {} messages in two lines", tell_apart.len(), adjacent.len());
    }
    assert_eq!(strangers, 0, "messages that nobody sent, beside {expected}");
}

#[test]
fn recordings_mixed_line_by_line_join_no_two_ships() {
    let recordings = recordings();
    let lines_of = |recordings: &[(PathBuf, Vec<Vec<u8>>)]| -> HashSet<Message> {
        let all = recordings.iter().flat_map(|(_, lines)| decoded_by_line(lines));
        all.map(|(_, _, message)| message).collect()
    };
    for four in recordings.windows(4) {
        let longest = four.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        let nth = |nth: usize| four.iter().filter_map(move |(_, lines)| lines.get(nth)).cloned();
        let mixed: Vec<_> = (0..longest).flat_map(nth).collect();
        let sent = lines_of(four);
        let name = four[0].0.to_string_lossy();
        assert_eq!(check_recorded(&mixed, &sent, &[], &name), 0, "{name}");
    }
}
