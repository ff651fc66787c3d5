//! The whole state of a detector as bytes, and back.
//!
//! A snapshot is a header and a body. The header: the eight bytes `ALONGSDE`, the version of the format (4 bytes, little
//! endian), the hash of the parameters (16 hexadecimal digits), the version of the program (its length in one byte,
//! then the text), the length of the body (8 bytes, little endian) and the SHA-256 of all other bytes. The body is the
//! state as serde and postcard write it.
//!
//! The body does not describe itself, and another version of the program may find other things in the same reports:
//! a snapshot is for stopping and going on, not for keeping. One that was written by another version or with other
//! parameters is refused. The checksum tells damage, not malice: a snapshot is as trusted as the program's own files.
//!
//! Equal states give equal bytes: hash maps and heaps are written in the order of their keys. What is a list in memory
//! is written as it stands, so two states that came about on different ways may differ there; a detector that was
//! restored and one that went on give the same bytes ever after.

use std::io::{self, Write};

use postcard::ser_flavors::Flavor;
use sha2::{Digest, Sha256};

use crate::detector::Detector;
use crate::parameters::Parameters;

const MAGIC: [u8; 8] = *b"ALONGSDE";
/// One higher whenever anything that is written changes within one version of the program.
const FORMAT: u32 = 6;
const SOFTWARE: &str = env!("CARGO_PKG_VERSION");
const HASH_LENGTH: usize = 16;
const CHECKSUM_LENGTH: usize = 32;

/// Why a snapshot is refused.
///
/// ```
/// use alongside_detector::{Detector, Parameters, SnapshotError};
///
/// let snapshot = Detector::new(Parameters::default()).snapshot();
/// let cut = Detector::restore(&snapshot[..100], Parameters::default());
/// assert!(matches!(cut, Err(SnapshotError::Truncated { found: 100, .. })));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It begins otherwise.
    #[error("these bytes are no snapshot of a detector")]
    Foreign,
    /// It was written by a program that arranges it otherwise.
    #[error("the snapshot has format {found}, and this program reads format {known} only")]
    Format {
        /// As it states.
        found: u32,
        /// The only one that is read here.
        known: u32,
    },
    /// It ends too early or too late.
    #[error("the snapshot has {found} bytes where {expected} belong")]
    Truncated {
        /// As its header states, or the shortest header there can be.
        expected: u64,
        /// As there are.
        found: u64,
    },
    /// Its bytes are not those that were written.
    #[error("the snapshot is damaged: its checksum does not fit")]
    Damaged,
    /// Another version of this program may find other things in the same reports.
    #[error("the snapshot was written by version {found}, and this is version {known}")]
    Software {
        /// As it states.
        found: String,
        /// Of this program.
        known: String,
    },
    /// What was found so far was found by other rules.
    #[error("the snapshot was made with parameters {found}, and these are {given}")]
    Parameters {
        /// The hash of those it was made with.
        found: String,
        /// The hash of those it was to be read with.
        given: String,
    },
    /// It was written by this version, with these parameters, and makes no sense all the same.
    #[error("the snapshot cannot be read: {0}")]
    Unreadable(String),
}

impl Detector {
    /// The whole state: whoever restores it and goes on gets the same events, byte for byte, as if there had been no
    /// interruption. It can be taken between any two reports; events that were appended before belong to the caller.
    ///
    /// ```
    /// use alongside_detector::{Detector, Parameters};
    ///
    /// let snapshot = Detector::new(Parameters::default()).snapshot();
    /// let detector = Detector::restore(&snapshot, Parameters::default()).unwrap();
    /// assert_eq!(detector.snapshot(), snapshot);
    /// ```
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.freeze().write(&mut bytes).expect("memory takes everything");
        bytes
    }

    /// The same to be written later, or by another thread, while the detector goes on.
    pub fn freeze(&self) -> Snapshot {
        let body = postcard::serialize_with_flavor(&self.kept(), Pieces::default());
        let body = body.expect("a state can always be written");
        let length: usize = body.iter().map(Vec::len).sum();
        let mut header = Vec::with_capacity(128);
        header.extend(MAGIC);
        header.extend(FORMAT.to_le_bytes());
        header.extend(self.parameters().hash().as_bytes());
        header.push(SOFTWARE.len() as u8);
        header.extend(SOFTWARE.as_bytes());
        header.extend((length as u64).to_le_bytes());
        Snapshot { header, body }
    }

    /// The detector as it was when [`Detector::snapshot`] was taken, with the same `parameters`.
    ///
    /// # Errors
    ///
    /// Bytes that are no snapshot, or are damaged, or were written by another version or with other parameters.
    pub fn restore(bytes: &[u8], parameters: Parameters) -> Result<Self, SnapshotError> {
        let body = checked_body(bytes, &parameters)?;
        let unreadable = |error: postcard::Error| SnapshotError::Unreadable(error.to_string());
        let (kept, rest) = postcard::take_from_bytes(body).map_err(unreadable)?;
        if !rest.is_empty() {
            return Err(SnapshotError::Unreadable(format!("{} bytes are left over", rest.len())));
        }
        Ok(Detector::with_kept(kept, parameters))
    }
}

fn checked_body<'a>(bytes: &'a [u8], parameters: &Parameters) -> Result<&'a [u8], SnapshotError> {
    let header_min = MAGIC.len() + 4 + HASH_LENGTH + 1 + 8 + CHECKSUM_LENGTH;
    let truncated = |expected: usize| SnapshotError::Truncated {
        expected: expected as u64,
        found: bytes.len() as u64,
    };
    let rest = bytes.strip_prefix(&MAGIC).ok_or(SnapshotError::Foreign)?;
    let (format, rest) = rest.split_first_chunk().ok_or(truncated(header_min))?;
    let format = u32::from_le_bytes(*format);
    if format != FORMAT {
        return Err(SnapshotError::Format { found: format, known: FORMAT });
    }
    let (hash, rest) = rest.split_first_chunk::<HASH_LENGTH>().ok_or(truncated(header_min))?;
    let (&length, rest) = rest.split_first().ok_or(truncated(header_min))?;
    let header_length = header_min + usize::from(length);
    let (software, rest) =
        rest.split_at_checked(usize::from(length)).ok_or(truncated(header_length))?;
    let (length, rest) = rest.split_first_chunk().ok_or(truncated(header_length))?;
    let (stated, body) =
        rest.split_first_chunk::<CHECKSUM_LENGTH>().ok_or(truncated(header_length))?;
    let length = u64::from_le_bytes(*length);
    if length != body.len() as u64 {
        return Err(SnapshotError::Truncated {
            expected: length.saturating_add(header_length as u64),
            found: bytes.len() as u64,
        });
    }
    if *stated != checksum(&bytes[..header_length - CHECKSUM_LENGTH], [body]) {
        return Err(SnapshotError::Damaged);
    }
    if software != SOFTWARE.as_bytes() {
        let found = String::from_utf8_lossy(software).into_owned();
        return Err(SnapshotError::Software { found, known: SOFTWARE.into() });
    }
    let given = parameters.hash();
    if hash != given.as_bytes() {
        let found = String::from_utf8_lossy(hash).into_owned();
        return Err(SnapshotError::Parameters { found, given });
    }
    Ok(body)
}

fn checksum<'a>(header: &[u8], body: impl IntoIterator<Item = &'a [u8]>) -> [u8; CHECKSUM_LENGTH] {
    let mut digest = Sha256::new_with_prefix(header);
    body.into_iter().for_each(|piece| digest.update(piece));
    digest.finalize().into()
}

/// A state as bytes, see [`Detector::freeze`].
pub struct Snapshot {
    /// All of it but the checksum.
    header: Vec<u8>,
    body: Vec<Vec<u8>>,
}

impl Snapshot {
    /// Writes it; gives the number of bytes.
    ///
    /// # Errors
    ///
    /// Whatever the writer says.
    pub fn write(&self, to: &mut impl Write) -> io::Result<u64> {
        let checksum = checksum(&self.header, self.body.iter().map(Vec::as_slice));
        let mut length = 0;
        for piece in
            [&self.header[..], &checksum].into_iter().chain(self.body.iter().map(|it| &it[..]))
        {
            to.write_all(piece)?;
            length += piece.len() as u64;
        }
        Ok(length)
    }
}

/// A state may be hundreds of megabytes, which to move whenever there is no more room takes as long as to write them.
#[derive(Default)]
struct Pieces(Vec<Vec<u8>>);

/// Of one piece, at least.
const PIECE_BYTES: usize = 1 << 20;

impl Pieces {
    fn piece(&mut self, more: usize) -> &mut Vec<u8> {
        if self.0.last().is_none_or(|piece| piece.capacity() - piece.len() < more) {
            self.0.push(Vec::with_capacity(PIECE_BYTES.max(more)));
        }
        self.0.last_mut().expect("there is one")
    }
}

impl Flavor for Pieces {
    type Output = Vec<Vec<u8>>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.piece(1).push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.piece(bytes.len()).extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Self::Output> {
        Ok(self.0)
    }
}

/// Hash maps, in the order of their keys.
pub(crate) mod sorted_map {
    use std::hash::Hash;

    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer, K: Serialize + Ord, V: Serialize>(
        map: &FxHashMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<(&K, &V)> = map.iter().collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
        serializer.collect_map(entries)
    }

    pub(crate) fn deserialize<'de, D, K, V>(deserializer: D) -> Result<FxHashMap<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
    {
        FxHashMap::deserialize(deserializer)
    }
}

/// Heaps, in order.
pub(crate) mod sorted_heap {
    use std::collections::BinaryHeap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer, T: Serialize + Ord>(
        heap: &BinaryHeap<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<&T> = heap.iter().collect();
        entries.sort_unstable();
        entries.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de> + Ord>(
        deserializer: D,
    ) -> Result<BinaryHeap<T>, D::Error> {
        Vec::deserialize(deserializer).map(BinaryHeap::from)
    }
}

/// Hash maps in order of time, each in the order of its keys.
pub(crate) mod sorted_maps {
    use std::collections::VecDeque;
    use std::hash::Hash;

    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Maps<K, V> = VecDeque<(i64, FxHashMap<K, V>)>;

    pub(crate) fn serialize<S: Serializer, K: Serialize + Ord, V: Serialize>(
        maps: &Maps<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(maps.iter().map(|(at, map)| (*at, Sorted(map))))
    }

    pub(crate) fn deserialize<'de, D, K, V>(deserializer: D) -> Result<Maps<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
    {
        VecDeque::deserialize(deserializer)
    }

    struct Sorted<'a, K, V>(&'a FxHashMap<K, V>);

    impl<K: Serialize + Ord, V: Serialize> Serialize for Sorted<'_, K, V> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            super::sorted_map::serialize(self.0, serializer)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maritime::{Event, Report};
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::oracle::{fleet, reports, static_report};

    /// The events of a detector that is written and read again before each of these reports.
    fn detect(reports: &[Report], cuts: &[usize], parameters: &Parameters) -> Vec<Event> {
        let mut detector = Detector::new(parameters.clone());
        let mut events = Vec::new();
        for (index, report) in reports.iter().enumerate() {
            if cuts.contains(&index) {
                let snapshot = detector.snapshot();
                detector = Detector::restore(&snapshot, parameters.clone()).unwrap();
                assert_eq!(detector.snapshot(), snapshot);
            }
            detector.push(report, &mut events);
        }
        detector.finish(&mut events);
        events
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn a_restart_anywhere_changes_no_event(
            fleet in fleet(), cuts in prop::collection::vec(any::<Index>(), 1..4), is_short in any::<bool>(),
        ) {
            let fixes = reports(&fleet, 28.0, -94.0);
            let mut reports: Vec<Report> = fixes.iter().map(|fix| Report::Position(*fix)).collect();
            for fix in fixes.iter().step_by(7) {
                reports.push(Report::Static(static_report(fix.mmsi, fix.observed_at)));
            }
            reports.sort_by_key(Report::observed_at);
            let mut parameters = Parameters::default();
            if is_short {
                parameters.encounter.candidate_after = Duration::ZERO;
                parameters.encounter.open_after = Duration::ZERO;
            }
            let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(reports.len())).collect();
            prop_assert_eq!(
                format!("{:?}", detect(&reports, &cuts, &parameters)),
                format!("{:?}", detect(&reports, &[], &parameters))
            );
        }
    }

    fn snapshot() -> Vec<u8> {
        let mut detector = Detector::new(Parameters::default());
        let fix = crate::leg::tests::fix(5.0, 50.0, 1.0);
        detector.push(
            &Report::Position(maritime::PositionFix {
                mmsi: maritime::Mmsi::new(311_000_222).unwrap(),
                observed_at: fix.observed_at(),
                position: fix.position(),
                speed_knots: None,
                course_deg: None,
                heading_deg: None,
                coarse: false,
                station: None,
            }),
            &mut Vec::new(),
        );
        detector.snapshot()
    }

    #[track_caller]
    fn check_refused(bytes: &[u8], parameters: Parameters, expected: &str) {
        let error = Detector::restore(bytes, parameters).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        let expected = "these bytes are no snapshot of a detector";
        check_refused(b"", Parameters::default(), expected);
        check_refused(b"SQLite format 3\0", Parameters::default(), expected);
    }

    #[test]
    fn every_shorter_and_every_longer_snapshot_is_refused() {
        let mut bytes = snapshot();
        for length in MAGIC.len()..bytes.len() {
            let error = Detector::restore(&bytes[..length], Parameters::default()).unwrap_err();
            assert!(matches!(error, SnapshotError::Truncated { .. }), "{length}: {error}");
        }
        bytes.push(0);
        let expected =
            format!("the snapshot has {} bytes where {} belong", bytes.len(), bytes.len() - 1);
        check_refused(&bytes, Parameters::default(), &expected);
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let bytes = snapshot();
        for index in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[index] ^= 0x10;
            assert!(Detector::restore(&damaged, Parameters::default()).is_err(), "byte {index}");
        }
    }

    #[test]
    fn a_newer_format_is_refused() {
        let mut bytes = snapshot();
        bytes[8] = 99;
        let expected =
            format!("the snapshot has format 99, and this program reads format {FORMAT} only");
        check_refused(&bytes, Parameters::default(), &expected);
    }

    #[test]
    fn another_version_is_refused() {
        let bytes = snapshot();
        let start = MAGIC.len() + 4 + HASH_LENGTH;
        let body_at = start + 1 + SOFTWARE.len() + 8 + CHECKSUM_LENGTH;
        let mut other = bytes[..body_at - CHECKSUM_LENGTH].to_vec();
        other[start + 1] = b'9';
        let checksum = checksum(&other, [&bytes[body_at..]]);
        other.extend(checksum);
        other.extend(&bytes[body_at..]);
        let found = format!("9{}", &SOFTWARE[1..]);
        let expected =
            format!("the snapshot was written by version {found}, and this is version {SOFTWARE}");
        check_refused(&other, Parameters::default(), &expected);
    }

    #[test]
    fn other_parameters_are_refused() {
        let mut parameters = Parameters::default();
        parameters.contact.distance_m_in = 400.0;
        let (found, given) = (Parameters::default().hash(), parameters.hash());
        let expected =
            format!("the snapshot was made with parameters {found}, and these are {given}");
        check_refused(&snapshot(), parameters, &expected);
    }

    #[test]
    fn what_is_no_number_stays_the_same_no_number() {
        for bits in [0x7FC0_0000, 0xFFC0_0001, 0x7F80_0001] {
            let bytes = postcard::to_allocvec(&f32::from_bits(bits)).unwrap();
            assert_eq!(postcard::from_bytes::<f32>(&bytes).unwrap().to_bits(), bits);
        }
    }
}
