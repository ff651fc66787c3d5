//! Takes the sentences of messages that need more than one, gives them back whole. Does what it can
//! not to join the parts of two ships, and never grows: there are 64 slots, and the oldest makes room.
//!
//! Parts belong together that share talker, formatter, fragment count, sequence number and channel,
//! and that do not name different stations or tag-block groups. That is not proof: there are only ten
//! sequence numbers, and they come round again. So a part joins only while it must belong:
//!
//! - in order, while at most [`PASSED_MAX`] other messages of the sender began since, and at most
//!   [`LINES_MAX`] or [`LINES_MAX_UNNAMED`] lines and [`APART_MILLIS_MAX`] passed;
//! - out of order, or from a sender that does not change its sequence number from message to message, only
//!   directly ([`PASSED_MAX_DIRECT`], [`LINES_MAX_DIRECT`]); both at once never;
//! - never once two different parts claimed the same place within [`LINES_AMBIGUOUS`] lines: then nobody
//!   can tell to which of them the rest belongs, and all of it is lost. A message is held back that long if its
//!   parts came out of order, because the end of one message before the beginning of the next looks alike, or if
//!   the feed names no stations and seems to be mixed of several.
//!
//! What remains: where the end of one message and the beginning of another are both lost, the rest of the two
//! has the same numbers and stands within a few lines, nothing in the sentences tells that two ships sent it.

use crate::payload::{CHARACTERS_MAX, Payload};
use crate::sentence::{ABSENT, Sentence};
use crate::tag_block::TagBlock;
use crate::{Outcome, OutcomeKind, Rejection};

/// One bit each in a `u64`. A receiver has one or two messages under way, a network of hundreds of
/// stations a few dozen; beyond that the message that waited longest is given up.
const SLOTS: usize = 64;

/// Of ten sequence numbers, the same one comes back after nine others; one of those may have been lost.
const PASSED_MAX: u8 = 8;
/// The parts travel through the same receiver and can only overtake each other there.
const PASSED_MAX_DIRECT: u8 = 2;
/// Where both parts name their station or group: feeds merged second by second put many lines between them.
const LINES_MAX: u64 = 100;
/// Where they do not: feeds without names put the parts one behind the other, or, if a few stations are merged
/// line by line, nearly so. A wider window joined two ships as soon as lines were lost.
const LINES_MAX_UNNAMED: u64 = 8;
const LINES_MAX_DIRECT: u64 = 2;
/// Feeds that are merged line by line put each other's parts this near; farther apart, the older message
/// has lost its rest.
const LINES_AMBIGUOUS: u64 = 8;
/// Where parts without names did not stand one behind the other, the feed is taken to be mixed for this long.
const LINES_MIXED: u64 = 1000;
/// A transmission takes a quarter of a second; clocks of receivers and batches of satellites differ more.
const APART_MILLIS_MAX: i64 = 30_000;

/// What became of a part.
pub(crate) enum Assembly {
    /// More to come, or lost; the lost lines have been told.
    Pending,
    /// The message is whole, its bits are in the payload.
    Complete(Assembled),
    /// The parts are there and are no payload.
    Unreadable { lines: u32, rejection: Rejection },
}

/// How a whole message came.
pub(crate) struct Assembled {
    pub(crate) lines: u32,
    pub(crate) own_ship: bool,
    /// As in the sentences.
    pub(crate) channel: u8,
    /// What the tag blocks of its parts said, those of the first part before those of the second.
    pub(crate) told: TagBlock,
}

/// Messages under way.
pub(crate) struct Assembler {
    slots: Vec<Slot>,
    /// Which slots are in use.
    used: u64,
    /// Of the messages that began last, to see whether the sender counts. Where several senders are mixed, one of
    /// them is often the same by chance.
    last_sequences: [u8; 6],
    /// The line from which a message that is held back is whole beyond doubt, if it was the only one.
    settled_from: u64,
    /// The line up to which the feed is taken to be mixed of several stations.
    mixed_until: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    talker: [u8; 2],
    own_ship: bool,
    fragment_count: u8,
    sequence: u8,
    channel: u8,
}

#[derive(Clone, Copy, Default)]
struct Part {
    start: u16,
    length: u16,
    fill_bits: u8,
}

#[derive(Clone)]
struct Slot {
    key: Key,
    /// What the parts said so far.
    told: TagBlock,
    /// The number of the part that `told.received_at` is of.
    received_at_of: u8,
    /// Lines that hang on this message.
    lines: u32,
    /// When the last part came, in lines.
    last_line: u64,
    /// From which line on the message is whole beyond doubt.
    settled_from: u64,
    last_number: u8,
    /// How many other messages of the sender began since.
    passed: u8,
    /// Sequence number and channel of the last of these.
    other: (u8, u8),
    /// Whether the sequence number differs from that of the message before, so that it means something.
    counted: bool,
    /// Two different parts claimed one place: nothing may join until this is forgotten.
    ambiguous: bool,
    /// A part came before one that belongs before it.
    disordered: bool,
    /// One bit per part that is there.
    arrived: u16,
    parts: [Part; 9],
    characters_used: usize,
    characters: [u8; CHARACTERS_MAX],
}

impl Assembler {
    pub(crate) fn new() -> Self {
        Assembler {
            slots: Vec::with_capacity(SLOTS),
            used: 0,
            last_sequences: [ABSENT; 6],
            settled_from: u64::MAX,
            mixed_until: 0,
        }
    }

    /// Takes a part that came in line number `line` with `lines` lines to account for. `lost` hears of
    /// lines that will never be part of a message.
    pub(crate) fn push(
        &mut self,
        part: &Sentence<'_>,
        tag_block: &TagBlock,
        line: u64,
        lines: u32,
        payload: &mut Payload,
        lost: &mut dyn FnMut(Outcome),
    ) -> Assembly {
        let key = Key {
            talker: part.talker,
            own_ship: part.own_ship,
            fragment_count: part.fragment_count,
            sequence: part.sequence,
            channel: part.channel,
        };
        self.give_up_old(line, lost);
        self.pass(&key, tag_block);
        let Some(index) = self.find(&key, tag_block) else {
            self.begin(key, part, tag_block, line, lines, lost);
            return Assembly::Pending;
        };
        let slot = &mut self.slots[index];
        if slot.ambiguous {
            lost(orphan(lines, 1, key.fragment_count));
            return Assembly::Pending;
        }
        if let Some(there) = slot.part(part.fragment_number) {
            if there != part.payload && line - slot.last_line <= LINES_AMBIGUOUS {
                lost(orphan(slot.lines + lines, slot.arrived_count(), key.fragment_count));
                slot.lines = 0;
                slot.last_line = line;
                slot.ambiguous = true;
                return Assembly::Pending;
            }
            if there == part.payload && slot.arrived_count() > 1 {
                // Heard twice: the parts that are there lose nothing by it.
                lost(orphan(lines, 1, key.fragment_count));
                return Assembly::Pending;
            }
        } else if slot.may_join(part, tag_block, line) {
            return self.join(index, part, tag_block, line, lines, payload, lost);
        }
        self.give_up(index, lost);
        if part.fragment_number == 1 {
            self.begin(key, part, tag_block, line, lines, lost);
        } else {
            // Most likely the rest of what was given up; the beginning of the next message must not join it.
            lost(orphan(lines, 1, key.fragment_count));
        }
        Assembly::Pending
    }

    /// A message that was held back and is whole beyond doubt before line number `line`; [`Assembly::Pending`] if
    /// there is none.
    #[inline]
    pub(crate) fn settle(&mut self, line: u64, payload: &mut Payload) -> Assembly {
        if line < self.settled_from { Assembly::Pending } else { self.settle_next(line, payload) }
    }

    #[cold]
    fn settle_next(&mut self, line: u64, payload: &mut Payload) -> Assembly {
        let used = self.used;
        let held = ones(used).filter(|&index| self.slots[index].is_held());
        let Some(first) = held.min_by_key(|&index| self.slots[index].settled_from) else {
            self.settled_from = u64::MAX;
            return Assembly::Pending;
        };
        self.settled_from = self.slots[first].settled_from;
        if line < self.settled_from { Assembly::Pending } else { self.take(first, payload) }
    }

    /// Gives up all messages under way. Those that are held back must have been [settled](Self::settle).
    pub(crate) fn finish(&mut self, lost: &mut dyn FnMut(Outcome)) {
        for index in ones(self.used) {
            self.give_up(index, lost);
        }
    }

    /// The message that a part belongs to: one that names the same station and group, else the only
    /// one that does not name others.
    fn find(&self, key: &Key, tag_block: &TagBlock) -> Option<usize> {
        let mut compatible = None;
        let mut several = false;
        for index in ones(self.used) {
            let slot = &self.slots[index];
            if slot.key != *key {
                continue;
            }
            let group = tag_block.group.map(|group| group.id);
            if slot.told.station == tag_block.station && slot.group() == group {
                return Some(index);
            }
            if agree(&slot.told.station, &tag_block.station) && agree(&slot.group(), &group) {
                several |= compatible.is_some();
                compatible = Some(index);
            }
        }
        compatible.filter(|_| !several)
    }

    /// Lets every message of the sender know that a part of another one came.
    fn pass(&mut self, key: &Key, tag_block: &TagBlock) {
        let other = (key.sequence, key.channel);
        for index in ones(self.used) {
            let slot = &mut self.slots[index];
            let same_sender = slot.key.talker == key.talker
                && slot.key.own_ship == key.own_ship
                && agree(&slot.told.station, &tag_block.station);
            if same_sender && other != (slot.key.sequence, slot.key.channel) && other != slot.other
            {
                slot.passed = slot.passed.saturating_add(1);
                slot.other = other;
            }
        }
    }

    fn begin(
        &mut self,
        key: Key,
        part: &Sentence<'_>,
        tag_block: &TagBlock,
        line: u64,
        lines: u32,
        lost: &mut dyn FnMut(Outcome),
    ) {
        let counted = key.sequence != ABSENT
            && self.last_sequences.iter().any(|&sequence| sequence != key.sequence);
        self.last_sequences.rotate_right(1);
        self.last_sequences[0] = key.sequence;
        let mut slot = Slot {
            key,
            told: TagBlock::default(),
            received_at_of: u8::MAX,
            lines: 0,
            last_line: line,
            settled_from: 0,
            last_number: 0,
            passed: 0,
            other: (key.sequence, key.channel),
            counted,
            ambiguous: false,
            disordered: false,
            arrived: 0,
            parts: [Part::default(); 9],
            characters_used: 0,
            characters: [0; CHARACTERS_MAX],
        };
        if let Err(rejection) = slot.add(part, tag_block, line, lines) {
            lost(Outcome { lines, kind: OutcomeKind::Rejected(rejection) });
            return;
        }
        let index = self.free_slot(lost);
        match self.slots.get_mut(index) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
        self.used |= 1 << index;
    }

    #[allow(clippy::too_many_arguments)]
    fn join(
        &mut self,
        index: usize,
        part: &Sentence<'_>,
        tag_block: &TagBlock,
        line: u64,
        lines: u32,
        payload: &mut Payload,
        lost: &mut dyn FnMut(Outcome),
    ) -> Assembly {
        let slot = &mut self.slots[index];
        let named = slot.is_named_like(tag_block);
        let before = slot.last_line;
        if !named && line - before > 1 {
            self.mixed_until = line + LINES_MIXED;
        }
        if let Err(rejection) = slot.add(part, tag_block, line, lines) {
            lost(Outcome { lines: slot.lines + lines, kind: OutcomeKind::Rejected(rejection) });
            self.used &= !(1 << index);
            return Assembly::Pending;
        }
        if !slot.is_whole() {
            return Assembly::Pending;
        }
        if slot.disordered {
            slot.settled_from = line + LINES_AMBIGUOUS + 1;
        } else if !named && line <= self.mixed_until {
            // As long as the part that truly belongs here could still come.
            slot.settled_from = before + LINES_MAX_UNNAMED + 1;
        }
        if slot.settled_from <= line {
            return self.take(index, payload);
        }
        self.settled_from = self.settled_from.min(slot.settled_from);
        Assembly::Pending
    }

    /// Takes a whole message out of its slot.
    fn take(&mut self, index: usize, payload: &mut Payload) -> Assembly {
        self.used &= !(1 << index);
        let slot = &self.slots[index];
        payload.clear();
        for part in &slot.parts[..usize::from(slot.key.fragment_count)] {
            if let Err(rejection) = payload.append(slot.characters(part), part.fill_bits) {
                return Assembly::Unreadable { lines: slot.lines, rejection };
            }
        }
        Assembly::Complete(Assembled {
            lines: slot.lines,
            own_ship: slot.key.own_ship,
            channel: slot.key.channel,
            told: slot.told,
        })
    }

    /// A slot not in use; the one that waited longest is given up if there is none.
    fn free_slot(&mut self, lost: &mut dyn FnMut(Outcome)) -> usize {
        let free = (!self.used).trailing_zeros() as usize;
        if free < SLOTS {
            return free;
        }
        // One that is held back has been read already and leaves its slot soon.
        let last_line =
            |index: &usize| (self.slots[*index].is_held(), self.slots[*index].last_line);
        let oldest = (0..SLOTS).min_by_key(last_line).unwrap_or(0);
        self.give_up(oldest, lost);
        oldest
    }

    fn give_up_old(&mut self, line: u64, lost: &mut dyn FnMut(Outcome)) {
        for index in ones(self.used) {
            let slot = &self.slots[index];
            let age = line - slot.last_line;
            if age > LINES_MAX || slot.ambiguous && age > LINES_AMBIGUOUS {
                self.give_up(index, lost);
            }
        }
    }

    fn give_up(&mut self, index: usize, lost: &mut dyn FnMut(Outcome)) {
        self.used &= !(1 << index);
        let slot = &self.slots[index];
        if !slot.ambiguous {
            lost(orphan(slot.lines, slot.arrived_count(), slot.key.fragment_count));
        }
    }
}

impl Slot {
    fn add(
        &mut self,
        part: &Sentence<'_>,
        tag_block: &TagBlock,
        line: u64,
        lines: u32,
    ) -> Result<(), Rejection> {
        let start = self.characters_used;
        let end = start + part.payload.len();
        let Some(room) = self.characters.get_mut(start..end) else {
            return Err(Rejection::PayloadTooLong { characters: end.min(9999) as u16 });
        };
        room.copy_from_slice(part.payload);
        self.characters_used = end;
        self.parts[usize::from(part.fragment_number - 1)] = Part {
            start: start as u16,
            length: part.payload.len() as u16,
            fill_bits: part.fill_bits,
        };
        self.arrived |= 1 << part.fragment_number;
        self.disordered |= part.fragment_number != self.last_number + 1;
        self.lines += lines;
        self.last_line = line;
        self.last_number = part.fragment_number;
        let received_at = self.told.received_at;
        self.told = self.told.or(tag_block);
        if received_at.is_none() || part.fragment_number < self.received_at_of {
            self.told.received_at = tag_block.received_at.or(received_at);
            self.received_at_of = part.fragment_number;
        }
        Ok(())
    }

    /// Whether a part with the right key came soon enough to be of the same message.
    fn may_join(&self, part: &Sentence<'_>, tag_block: &TagBlock, line: u64) -> bool {
        if let (Some(then), Some(now)) = (self.told.received_at, tag_block.received_at)
            && now.millis_since(then).saturating_abs() > APART_MILLIS_MAX
        {
            return false;
        }
        let lines = line - self.last_line;
        let lines_max = if self.is_named_like(tag_block) { LINES_MAX } else { LINES_MAX_UNNAMED };
        let in_order = part.fragment_number == self.last_number + 1;
        match (in_order, self.counted) {
            (true, true) => self.passed <= PASSED_MAX && lines <= lines_max,
            (true, false) | (false, true) => {
                self.passed <= PASSED_MAX_DIRECT && lines <= LINES_MAX_DIRECT
            }
            (false, false) => false,
        }
    }

    /// Whether the parts that are there and one with this tag block all name their station or group.
    fn is_named_like(&self, tag_block: &TagBlock) -> bool {
        self.told.station.is_some() && tag_block.station.is_some()
            || self.told.group.is_some() && tag_block.group.is_some()
    }

    fn is_whole(&self) -> bool {
        self.arrived_count() == self.key.fragment_count
    }

    /// Whether it is whole, but may turn out to be parts of two messages.
    fn is_held(&self) -> bool {
        self.is_whole() && !self.ambiguous
    }

    fn group(&self) -> Option<u64> {
        self.told.group.map(|group| group.id)
    }

    fn part(&self, number: u8) -> Option<&[u8]> {
        let there = self.arrived & (1 << number) != 0;
        there.then(|| self.characters(&self.parts[usize::from(number - 1)]))
    }

    fn characters(&self, part: &Part) -> &[u8] {
        &self.characters[usize::from(part.start)..][..usize::from(part.length)]
    }

    fn arrived_count(&self) -> u8 {
        self.arrived.count_ones() as u8
    }
}

fn orphan(lines: u32, arrived: u8, count: u8) -> Outcome {
    Outcome { lines, kind: OutcomeKind::Rejected(Rejection::OrphanFragment { arrived, count }) }
}

fn agree<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// The places of the ones, lowest first.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (place < 64).then_some(place)
    })
}
