//! The fixes of a sub-track, packed: most of what is remembered of ships is where they were in the last hours.
//!
//! The last two lie there as they are. Of every other one there is a record of some fifteen bytes, which tells it from
//! the one after it, and ends with what it is made of: so it is read from the end, from the newest to the oldest, and
//! the oldest are cut off at the front. Whatever was put in comes out to the bit.

use std::iter::FusedIterator;

use arrayvec::ArrayVec;

use crate::fix::Fix;
use crate::leg::Leg;

/// The longest record: eight bytes of time, four of each number, and the tag.
const RECORD_BYTES_MAX: usize = 8 + 6 * 4 + 2;
/// When there is no more room for a record, what is forgotten is cut off, and room is made for a quarter more than is
/// left and this: less would be looked through and moved too often.
const ROOM_BYTES_MIN: usize = 48;

/// Speed and course are sent in tenths, the heading in whole degrees.
const TENTHS: f32 = 10.0;
const WHOLE: f32 = 1.0;

/// In order of time; one at least.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Fixes {
    /// The last two, or twice the only one.
    last_leg: Leg,
    is_single: bool,
    /// A fix is forgotten when the next one is not later than this.
    forgotten_until: i64,
    /// One for each fix before the last two. Those of forgotten ones go when room is needed.
    records: Vec<u8>,
    /// Bytes that `records` may have before that.
    room: u32,
}

impl Fixes {
    pub(crate) fn new(fix: Fix) -> Self {
        Fixes {
            last_leg: Leg { from: fix, to: fix },
            is_single: true,
            forgotten_until: i64::MIN,
            records: Vec::new(),
            room: 0,
        }
    }

    pub(crate) fn last(&self) -> &Fix {
        &self.last_leg.to
    }

    /// From the last but one to the last.
    pub(crate) fn last_leg(&self) -> &Leg {
        &self.last_leg
    }

    pub(crate) fn is_single(&self) -> bool {
        self.is_single
    }

    /// Appends a fix, and forgets those to which no leg belongs that ends later than `forgotten_until`.
    pub(crate) fn push(&mut self, fix: Fix, forgotten_until: i64) {
        if !self.is_single {
            self.write(self.last_leg);
        }
        self.is_single = false;
        self.last_leg = Leg { from: self.last_leg.to, to: fix };
        self.forgotten_until = forgotten_until;
    }

    /// Puts a fix where it belongs by its time, after those of the same instant, and gives `change` the one that
    /// follows it.
    pub(crate) fn insert(&mut self, fix: Fix, change: impl FnMut(&mut Fix)) {
        let mut fixes: Vec<Fix> = self.backward().collect();
        fixes.reverse();
        let index = fixes.partition_point(|other| other.at <= fix.at);
        fixes.get_mut(index).into_iter().for_each(change);
        fixes.insert(index, fix);
        let forgotten_until = self.forgotten_until;
        *self = Fixes::new(fixes[0]);
        fixes[1..].iter().for_each(|fix| self.push(*fix, i64::MIN));
        self.forgotten_until = forgotten_until;
    }

    /// All that are remembered, the newest first.
    pub(crate) fn backward(&self) -> Backward<'_> {
        Backward { fixes: self, newer: Newer::Nothing, records: &self.records }
    }

    /// Adds the record of the first fix of a leg, told from the second.
    fn write(&mut self, leg: Leg) {
        let mut record = ArrayVec::new();
        write(&mut record, &leg.from, &leg.to);
        if self.records.len() + record.len() > self.room as usize {
            self.make_room();
        }
        self.records.extend_from_slice(&record);
    }

    /// Nothing in this depends on how much memory there happens to be: equal states stay equal.
    fn make_room(&mut self) {
        let mut records = &self.records[..];
        let mut at = self.last_leg.from.at;
        while at > self.forgotten_until && !records.is_empty() {
            at = skip(&mut records, at);
        }
        let forgotten = records.len();
        self.records.drain(..forgotten);
        let room = self.records.len() + self.records.len() / 4 + ROOM_BYTES_MIN;
        self.room = room as u32;
        if self.records.capacity() > room + room / 2 {
            self.records.shrink_to(room);
        } else {
            self.records.reserve_exact(room - self.records.len());
        }
    }
}

/// The fixes of a sub-track from the newest to the oldest.
#[derive(Debug, Clone)]
pub(crate) struct Backward<'a> {
    fixes: &'a Fixes,
    newer: Newer,
    /// Those that have not been read.
    records: &'a [u8],
}

/// The fix that was given last.
#[derive(Debug, Clone)]
enum Newer {
    Nothing,
    Last,
    Other(Fix),
}

impl Iterator for Backward<'_> {
    type Item = Fix;

    #[inline]
    fn next(&mut self) -> Option<Fix> {
        let Leg { from, to } = &self.fixes.last_leg;
        let fix = match &self.newer {
            Newer::Nothing => {
                self.newer = Newer::Last;
                return Some(*to);
            }
            Newer::Last if self.fixes.is_single => return None,
            Newer::Last => *from,
            Newer::Other(newer) if newer.at <= self.fixes.forgotten_until => return None,
            Newer::Other(newer) => read(&mut self.records, newer)?,
        };
        self.newer = Newer::Other(fix);
        Some(fix)
    }
}

impl FusedIterator for Backward<'_> {}

/// How each part of a record is written, two bits each; the lowest for the first.
#[derive(Clone, Copy, Default)]
struct Tag(u16);

impl Tag {
    fn add(&mut self, part: u16, how: u16) {
        self.0 |= how << (2 * part);
    }

    fn how(self, part: u16) -> u16 {
        self.0 >> (2 * part) & 3
    }
}

const AT: u16 = 0;
const LATITUDE: u16 = 1;
const LONGITUDE: u16 = 2;
const SPEED: u16 = 3;
const HEADING: u16 = 4;
const COURSE: u16 = 5;
const LEG: u16 = 6;

type Record = ArrayVec<u8, RECORD_BYTES_MAX>;

/// Writes what tells a fix from the next one.
fn write(record: &mut Record, fix: &Fix, next: &Fix) {
    let mut tag = Tag::default();
    tag.add(AT, write_time(record, next.at - fix.at));
    tag.add(LATITUDE, write_difference(record, next.latitude.wrapping_sub(fix.latitude)));
    tag.add(LONGITUDE, write_difference(record, next.longitude.wrapping_sub(fix.longitude)));
    tag.add(SPEED, write_number(record, fix.speed_knots, next.speed_knots, TENTHS));
    tag.add(HEADING, write_number(record, fix.heading_deg, next.heading_deg, WHOLE));
    tag.add(COURSE, write_number(record, fix.course_deg, next.course_deg, TENTHS));
    // It has no unit, and differs from leg to leg.
    tag.add(LEG, write_number(record, fix.leg_knots, f32::NAN, TENTHS));
    add(record, &tag.0.to_le_bytes());
}

/// Takes the last record off, and gives the fix that it tells from the next one; `None` if there is none.
fn read(records: &mut &[u8], next: &Fix) -> Option<Fix> {
    if records.is_empty() {
        return None;
    }
    let tag = Tag(u16::from_le_bytes(take(records)));
    let leg_knots = read_number(records, tag.how(LEG), f32::NAN, TENTHS);
    let course_deg = read_number(records, tag.how(COURSE), next.course_deg, TENTHS);
    let heading_deg = read_number(records, tag.how(HEADING), next.heading_deg, WHOLE);
    let speed_knots = read_number(records, tag.how(SPEED), next.speed_knots, TENTHS);
    let longitude = next.longitude.wrapping_sub(read_difference(records, tag.how(LONGITUDE)));
    let latitude = next.latitude.wrapping_sub(read_difference(records, tag.how(LATITUDE)));
    let at = next.at - read_time(records, tag.how(AT));
    Some(Fix { at, latitude, longitude, speed_knots, leg_knots, heading_deg, course_deg })
}

/// Takes the last record off, and gives no more of its fix than when it was.
fn skip(records: &mut &[u8], next_at: i64) -> i64 {
    let tag: u16 = u16::from_le_bytes(take(records));
    let length = |parts: u16| usize::from(NUMBERS_BYTES[usize::from(parts & 63)]);
    let numbers = length(tag >> (2 * LATITUDE)) + length(tag >> (2 * HEADING));
    *records = &records[..records.len() - numbers];
    next_at - read_time(records, Tag(tag).how(AT))
}

/// How long three numbers are that are written in these ways.
const NUMBERS_BYTES: [u8; 64] = {
    let bytes = [0, 1, 2, 4];
    let mut lengths = [0; 64];
    let mut parts = 0;
    while parts < 64 {
        lengths[parts] = bytes[parts & 3] + bytes[parts >> 2 & 3] + bytes[parts >> 4];
        parts += 1;
    }
    lengths
};

/// In seconds where they are whole.
fn write_time(record: &mut Record, millis: i64) -> u16 {
    let seconds = (millis % 1000 == 0).then_some(millis / 1000);
    if let Some(seconds) = seconds.and_then(|seconds| u8::try_from(seconds).ok()) {
        add(record, &[seconds]);
        return 0;
    }
    if let Some(seconds) = seconds.and_then(|seconds| u16::try_from(seconds).ok()) {
        add(record, &seconds.to_le_bytes());
        return 1;
    }
    if let Ok(millis) = u32::try_from(millis) {
        add(record, &millis.to_le_bytes());
        return 2;
    }
    add(record, &millis.to_le_bytes());
    3
}

#[inline]
fn read_time(records: &mut &[u8], how: u16) -> i64 {
    match how {
        0 => i64::from(u8::from_le_bytes(take(records))) * 1000,
        1 => i64::from(u16::from_le_bytes(take(records))) * 1000,
        2 => i64::from(u32::from_le_bytes(take(records))),
        _ => i64::from_le_bytes(take(records)),
    }
}

fn write_difference(record: &mut Record, difference: i32) -> u16 {
    if difference == 0 {
        return 0;
    }
    if let Ok(difference) = i8::try_from(difference) {
        add(record, &difference.to_le_bytes());
        return 1;
    }
    if let Ok(difference) = i16::try_from(difference) {
        add(record, &difference.to_le_bytes());
        return 2;
    }
    add(record, &difference.to_le_bytes());
    3
}

#[inline]
fn read_difference(records: &mut &[u8], how: u16) -> i32 {
    match how {
        0 => 0,
        1 => i32::from(i8::from_le_bytes(take(records))),
        2 => i32::from(i16::from_le_bytes(take(records))),
        _ => i32::from_le_bytes(take(records)),
    }
}

/// A number that is mostly a whole one of so many parts of its unit; as it is where it is not.
fn write_number(record: &mut Record, number: f32, next: f32, scale: f32) -> u16 {
    if number.to_bits() == next.to_bits() {
        return 0;
    }
    let parts = parts(number, scale);
    if from_parts(parts, scale).to_bits() != number.to_bits() {
        add(record, &number.to_le_bytes());
        return 3;
    }
    if let Ok(difference) = i8::try_from(i32::from(self::parts(next, scale)) - i32::from(parts)) {
        add(record, &difference.to_le_bytes());
        return 1;
    }
    add(record, &parts.to_le_bytes());
    2
}

#[inline]
fn read_number(records: &mut &[u8], how: u16, next: f32, scale: f32) -> f32 {
    match how {
        0 => next,
        1 => {
            let difference = i16::from(i8::from_le_bytes(take(records)));
            from_parts(parts(next, scale).wrapping_sub_signed(difference), scale)
        }
        2 => from_parts(u16::from_le_bytes(take(records)), scale),
        _ => f32::from_le_bytes(take(records)),
    }
}

/// The nearest whole number of parts; any number if there is none.
fn parts(number: f32, scale: f32) -> u16 {
    (number * scale + 0.5) as u16
}

fn from_parts(parts: u16, scale: f32) -> f32 {
    f32::from(parts) / scale
}

fn add(record: &mut Record, bytes: &[u8]) {
    record.try_extend_from_slice(bytes).expect("the longest record fits");
}

#[inline]
fn take<const N: usize>(records: &mut &[u8]) -> [u8; N] {
    let (rest, bytes) = records.split_last_chunk().expect("a record is whole");
    *records = rest;
    *bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = f32> {
        prop_oneof![
            4 => (0u16..3600).prop_map(|tenths| f32::from(tenths) / 10.0),
            4 => (0u16..360).prop_map(f32::from),
            2 => Just(f32::NAN),
            1 => any::<u32>().prop_map(f32::from_bits),
        ]
    }

    /// A fix some time after the one before, and somewhere else.
    fn step() -> impl Strategy<Value = (i64, [i32; 2], [f32; 4])> {
        let millis = prop_oneof![
            4 => (0i64..400).prop_map(|seconds| seconds * 1000),
            1 => 0i64..100_000_000,
            1 => 0i64..10_000_000_000,
        ];
        let far = || prop_oneof![Just(0), -100..100, -20_000..20_000, any::<i32>()];
        (millis, [far(), far()], [number(), number(), number(), number()])
    }

    fn fixes(steps: &[(i64, [i32; 2], [f32; 4])]) -> Vec<Fix> {
        let mut at = 1_704_067_200_000;
        let mut place = [0i32; 2];
        let each = steps.iter().map(|(millis, by, numbers)| {
            at += millis;
            place = [0, 1].map(|i| place[i].wrapping_add(by[i]));
            let [latitude, longitude] = place;
            let [speed_knots, leg_knots, heading_deg, course_deg] = *numbers;
            Fix { at, latitude, longitude, speed_knots, leg_knots, heading_deg, course_deg }
        });
        each.collect()
    }

    /// Every bit of it, with those of what is no number.
    fn bits(fix: &Fix) -> (i64, i32, i32, [u32; 4]) {
        let numbers = [fix.speed_knots, fix.leg_knots, fix.heading_deg, fix.course_deg];
        (fix.at, fix.latitude, fix.longitude, numbers.map(f32::to_bits))
    }

    #[track_caller]
    fn check(fixes: &Fixes, expected: &[Fix]) {
        let found: Vec<_> = fixes.backward().map(|fix| bits(&fix)).collect();
        let expected: Vec<_> = expected.iter().rev().map(bits).collect();
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_what_was_put_in(
            steps in prop::collection::vec(step(), 1..80), keep_millis in 0i64..20_000_000,
        ) {
            let given = fixes(&steps);
            let mut packed = Fixes::new(given[0]);
            let mut plain = vec![given[0]];
            for fix in &given[1..] {
                let forgotten_until = fix.at - keep_millis;
                while plain.len() > 1 && plain[1].at <= forgotten_until {
                    plain.remove(0);
                }
                plain.push(*fix);
                packed.push(*fix, forgotten_until);
                check(&packed, &plain);
            }
        }

        #[test]
        fn what_is_put_between_stands_between(
            steps in prop::collection::vec(step(), 2..40), index in any::<prop::sample::Index>(),
        ) {
            let mut given = fixes(&steps);
            let late = given.remove(index.index(given.len()));
            let mut packed = Fixes::new(given[0]);
            given[1..].iter().for_each(|fix| packed.push(*fix, i64::MIN));
            let at = given.partition_point(|fix| fix.at <= late.at);
            if let Some(next) = given.get_mut(at) {
                next.leg_knots = 7.0;
            }
            given.insert(at, late);
            packed.insert(late, |next| next.leg_knots = 7.0);
            check(&packed, &given);
        }
    }
}
