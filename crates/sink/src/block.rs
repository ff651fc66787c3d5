//! Blocks: the messages of one partition from one offset to another, which are stored together.
//!
//! Where a block ends depends on the offsets and the bytes in it, so that whoever reads the partition again from the
//! same offset cuts the same blocks. A block that is cut because time is up ends anywhere; the loader writes down
//! where before it stores it.

use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::FxHasher;
use tokio::time::Instant;

use crate::Topic;

/// How large a block gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSize {
    /// Blocks end at multiples of this, at the latest.
    pub offsets: i64,
    /// A block ends with the message that takes it there.
    pub bytes: usize,
}

/// A message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) offset: i64,
    pub(crate) told_at_ms: i64,
    /// Mostly that of the message before.
    pub(crate) source: Arc<str>,
    pub(crate) schema_version: u32,
    content: Content,
}

/// Key and payload one after the other: there are millions of them, and each piece of memory costs time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    bytes: Box<[u8]>,
    /// Where the key ends, if there is one.
    key_end: Option<usize>,
}

impl Raw {
    pub(crate) fn new(
        (offset, told_at_ms): (i64, i64),
        source: Arc<str>,
        schema_version: u32,
        key: Option<&[u8]>,
        payload: &[u8],
    ) -> Self {
        let bytes = [key.unwrap_or_default(), payload].concat().into_boxed_slice();
        let content = Content { bytes, key_end: key.map(<[u8]>::len) };
        Raw { offset, told_at_ms, source, schema_version, content }
    }

    pub(crate) fn key(&self) -> Option<&[u8]> {
        self.content.key_end.map(|end| &self.content.bytes[..end])
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.content.bytes[self.content.key_end.unwrap_or(0)..]
    }

    /// About what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.content.bytes.len() + self.source.len() + 64
    }
}

/// Messages that are stored together.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) topic: Topic,
    pub(crate) topic_name: String,
    pub(crate) partition: i32,
    /// Of the first message, or where the block before ended.
    pub(crate) start: i64,
    /// After the last message.
    pub(crate) end: i64,
    pub(crate) messages: Vec<Raw>,
    pub(crate) bytes: usize,
    /// When the first message came in.
    pub(crate) opened_at: Instant,
}

impl Block {
    pub(crate) fn new(topic: Topic, topic_name: &str, partition: i32, start: i64) -> Self {
        let (topic_name, messages, opened_at) = (topic_name.into(), Vec::new(), Instant::now());
        Block { topic, topic_name, partition, start, end: start, messages, bytes: 0, opened_at }
    }

    /// Whether a message of that offset belongs to a later block.
    pub(crate) fn is_before(&self, offset: i64, size: BlockSize, cut: Option<i64>) -> bool {
        if self.messages.is_empty() {
            return false;
        }
        let boundary = (self.start.div_euclid(size.offsets) + 1) * size.offsets;
        offset >= boundary || self.bytes >= size.bytes || cut.is_some_and(|cut| offset >= cut)
    }

    /// Whether nothing more can come into it.
    pub(crate) fn is_whole(&self, size: BlockSize, cut: Option<i64>) -> bool {
        self.is_before(self.end, size, cut)
    }

    /// Whether it ends where time or a note says, and not where the offsets and bytes in it do.
    pub(crate) fn is_cut(&self, size: BlockSize) -> bool {
        self.end % size.offsets != 0 && self.bytes < size.bytes
    }

    pub(crate) fn push(&mut self, message: Raw) {
        if self.messages.is_empty() {
            self.opened_at = Instant::now();
        }
        self.bytes += message.bytes();
        self.end = message.offset + 1;
        self.messages.push(message);
    }

    /// Names the block for ClickHouse: by place, so that it can be found, and by content, so that another block at the
    /// same place, of a topic that was made anew, is not taken for it.
    pub(crate) fn token(&self) -> String {
        let mut hasher = FxHasher::default();
        for message in &self.messages {
            hasher.write_i64(message.offset);
            hasher.write_i64(message.told_at_ms);
            hasher.write(message.payload());
        }
        let hash = hasher.finish();
        format!("{}/{}/{}-{}/{hash:016x}", self.topic_name, self.partition, self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: BlockSize = BlockSize { offsets: 10, bytes: 1_000_000 };

    fn raw(offset: i64) -> Raw {
        with_payload(offset, format!("{{\"n\":{offset}}}").as_bytes())
    }

    fn with_payload(offset: i64, payload: &[u8]) -> Raw {
        Raw::new((offset, offset), "s".into(), 1, None, payload)
    }

    /// The blocks of `offsets`, read from `start`.
    fn cut(offsets: &[i64], start: i64, size: BlockSize) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut block = Block::new(Topic::Events, "ais.events", 0, start);
        for &offset in offsets {
            if block.is_before(offset, size, None) {
                blocks.push(block.token());
                block = Block::new(Topic::Events, "ais.events", 0, block.end);
            }
            block.push(raw(offset));
        }
        blocks.push(block.token());
        blocks
    }

    #[test]
    fn whoever_starts_at_the_end_of_a_block_cuts_the_same_ones() {
        // Holes are where a topic was compacted.
        let offsets: Vec<i64> = (0..95).filter(|offset| offset % 7 != 3).collect();
        for size in [SIZE, BlockSize { offsets: 1000, bytes: 500 }] {
            let all = cut(&offsets, 0, size);
            assert!(all.len() > 5);
            for (at, token) in all.iter().enumerate().skip(1) {
                let start: i64 =
                    token.split('/').nth(2).unwrap().split('-').next().unwrap().parse().unwrap();
                let rest: Vec<i64> =
                    offsets.iter().copied().filter(|offset| *offset >= start).collect();
                assert_eq!(cut(&rest, start, size), all[at..]);
            }
        }
    }

    #[test]
    fn key_and_payload_are_told_apart() {
        for (key, payload) in [(None, &b"p"[..]), (Some(&b""[..]), b"p"), (Some(b"key"), b"")] {
            let raw = Raw::new((0, 0), "s".into(), 1, key, payload);
            assert_eq!((raw.key(), raw.payload()), (key, payload));
        }
    }

    #[test]
    fn another_content_at_the_same_place_has_another_token() {
        let (mut one, mut other) =
            (Block::new(Topic::Events, "t", 0, 0), Block::new(Topic::Events, "t", 0, 0));
        one.push(raw(0));
        other.push(with_payload(0, b"{}"));
        assert_ne!(one.token(), other.token());
    }
}
