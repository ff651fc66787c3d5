//! Counts what the decoder allocates.

use alongside_decoder::encode::{Framing, write_sentences};
use alongside_decoder::{
    ApplicationId, BinaryBroadcast, BitData, Decoder, Header, Message, OutcomeKind,
    SafetyBroadcast, TagBlock, TagGroup,
};
use maritime::{Text, Timestamp};

/// Messages of one and of several sentences, with and without tag blocks, suffixes and `$PGHP` lines, and lines
/// that are damaged.
fn lines() -> Vec<u8> {
    let header = Header { message_type: 8, repeat: 0, mmsi_raw: 2_442_000 };
    let application = ApplicationId { dac: 1, fi: 31 };
    let long = BinaryBroadcast { header, application, data: BitData::new(&[0xA5; 119], 952) };
    let text_raw = BitData::new(b"\x14\x55\x4F\x14\x55\x4F", 48);
    let text = SafetyBroadcast { header: Header { message_type: 14, ..header }, text_raw };
    let tag_block = TagBlock {
        received_at: Some(Timestamp::from_millis(1_609_459_200_000)),
        station: Text::new("station"),
        group: TagGroup::new(1, 1, "17"),
        line_count: Some(1),
        destination: Text::new("there"),
        relative_time: Some(1),
    };
    let mut lines = Vec::new();
    for tag_block in [None, Some(tag_block)] {
        let framing = Framing { tag_block, ..Framing::default() };
        write_sentences(&Message::BinaryBroadcast(long), &framing, &mut lines);
        write_sentences(&Message::SafetyBroadcast(text), &framing, &mut lines);
    }
    let sentence = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
    for line in [
        sentence,
        &format!("{sentence},r003669945,1609459200"),
        &format!("2021-01-01T00:00:00Z {sentence}"),
        &format!("!AI{sentence}\0"),
        "$PGHP,1,2021,1,1,0,0,0,0,338,2,,1,5C*1D",
        "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D",
        "!AIVDM,2,1,3,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C",
        "# a comment",
        "",
    ] {
        lines.extend(line.bytes().chain(*b"\r\n"));
    }
    lines
}

#[test]
fn no_sentence_allocates() {
    let lines = lines();
    let mut decoder = Decoder::new();
    let mut messages = 0;
    let mut decode = |bytes: &[u8], chunk: usize| {
        for chunk in bytes.chunks(chunk) {
            decoder.push(chunk, &mut |outcome| {
                messages += u64::from(matches!(outcome.kind, OutcomeKind::Message(_)));
            });
        }
    };
    decode(&lines, usize::MAX);
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            decode(&lines, usize::MAX);
            decode(&lines, 7);
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
    assert_eq!(messages, 201 * 8);
}

#[test]
fn a_flood_of_first_parts_allocates_nothing() {
    let mut decoder = Decoder::new();
    let first = |sequence: u8| {
        let body = format!("AIVDM,2,1,{},A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn,0", sequence % 10);
        format!("!{body}*{:02X}\n", body.bytes().fold(0, |sum, byte| sum ^ byte))
    };
    let lines: String = (0..10).map(first).collect();
    let counted = allocation_counter::measure(|| {
        for _ in 0..10_000 {
            decoder.push(lines.as_bytes(), &mut |_| {});
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
}
