//! Which lines of the inputs an event rests on.
//!
//! Takes every message of the inputs with its lines, in their order, and keeps those of the vessels of the event, what
//! was sent around it, and a few that carry the time on. What is kept is bounded: where there is too much, the
//! surroundings shrink.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use maritime::{Mmsi, Position, Timestamp};
use rustc_hash::FxHashMap;
use source::{Said, Sighting};

use super::basis::Kept;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Silences count that begin up to a day before; and a silence is one by what was heard before it.
const BEFORE_MS: i64 = 2 * DAY_MS;
/// Silences count that end up to a day after; and an encounter is forgotten some hours after its end.
const AFTER_MS: i64 = DAY_MS + 8 * HOUR_MS;
/// Meetings nearby are counted for 30 days, and anchorages are learned from all that was heard.
const SURROUNDINGS_BEFORE_MS: i64 = 30 * DAY_MS;
/// Learned anchorages count up to 50 km.
const SURROUNDINGS_M: f64 = 60_000.0;
/// Whether a ship was silent is told by those in cells of half a degree, and who else may have met it by those it can
/// have reached.
const SURROUNDINGS_OF_SILENCE_M: f64 = 160_000.0;
/// Nothing is told later than this much after what it is about without somebody having been heard meanwhile.
const PACE_MS: i64 = 10 * 60_000;
/// The sentences of a dossier, unpacked: some 300,000, or a twentieth when packed.
const BYTES_MAX: usize = 32 << 20;
/// What is kept of the vessels themselves: none of it can be left out, so more is refused. Two ships that report by the
/// second for a week, each heard by ten receivers, stay below.
const OWN_BYTES_MAX: usize = 64 << 20;

/// What an event says of itself before its sentences are known.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Whom it is about.
    pub vessels: Vec<Mmsi>,
    /// Where.
    pub position: Position,
    /// It is told by how others were heard.
    pub rests_on_silence: bool,
    /// When it began, at the earliest.
    pub started_at: Timestamp,
    /// When it ended, at the latest.
    pub ended_at: Timestamp,
}

/// What is kept of one input: lines by their numbers.
#[derive(Debug, Default)]
pub struct Lines {
    /// As they stand, and before some the time at which they were heard by the clock of the recording.
    pub kept: BTreeMap<u64, (Option<Timestamp>, Vec<u8>)>,
}

/// Chooses lines.
pub struct Selecting {
    subject: Subject,
    since: Timestamp,
    until: Timestamp,
    surroundings_m: f64,
    inputs: Vec<Lines>,
    /// Positions of others.
    around: Vec<Around>,
    /// Where the vessels were last: whether they fall silent or out of reach, those around them tell.
    last_places: Vec<Option<Position>>,
    bytes: usize,
    /// Of what has been kept for good.
    kept_bytes: usize,
    own_bytes_max: usize,
    /// What a vessel said last of itself, by the facts that it told.
    said: FxHashMap<(Mmsi, [bool; 7]), Said>,
    /// The spans of [`PACE_MS`] of which a message has been kept.
    paced: BTreeSet<i64>,
    /// The last message within the time.
    last: Option<(Timestamp, usize, Sighting)>,
}

struct Around {
    distance_m: f64,
    input: usize,
    sighting: Sighting,
}

impl Selecting {
    /// Before the first input.
    pub fn new(subject: Subject) -> Self {
        Selecting {
            since: subject.started_at.plus_millis(-BEFORE_MS),
            until: subject.ended_at.plus_millis(AFTER_MS),
            surroundings_m: match subject.rests_on_silence {
                true => SURROUNDINGS_OF_SILENCE_M,
                false => SURROUNDINGS_M,
            },
            last_places: vec![None; subject.vessels.len()],
            subject,
            inputs: Vec::new(),
            around: Vec::new(),
            bytes: 0,
            kept_bytes: 0,
            own_bytes_max: OWN_BYTES_MAX,
            said: FxHashMap::default(),
            paced: BTreeSet::new(),
            last: None,
        }
    }

    /// The next input follows.
    pub fn begin_input(&mut self) {
        self.inputs.push(Lines::default());
    }

    /// Looks at a message of the present input.
    pub fn take(&mut self, sighting: Sighting) {
        let at = sighting.observed_at;
        let input = self.inputs.len() - 1;
        if at > self.until {
            return;
        }
        let vessels = &self.subject.vessels;
        if let Some(index) = vessels.iter().position(|vessel| *vessel == sighting.mmsi) {
            self.last_places[index] = sighting.position.or(self.last_places[index]);
            if self.is_wanted(&sighting) {
                self.keep(input, sighting);
            }
            return;
        }
        let Some(position) = sighting.position else { return };
        let distance_m = self.distance_m(position, at);
        if distance_m <= self.surroundings_m {
            self.bytes += sighting.bytes();
            self.around.push(Around { distance_m, input, sighting });
            self.shrink();
            return;
        }
        if at < self.since {
            return;
        }
        if self.paced.insert(at.as_millis().div_euclid(PACE_MS)) {
            self.keep(input, sighting);
        } else if self.last.as_ref().is_none_or(|(last_at, ..)| *last_at < at) {
            self.last = Some((at, input, sighting));
        }
    }

    /// What was kept of each input, and how it was chosen.
    ///
    /// # Errors
    ///
    /// The vessels themselves sent more than a dossier holds.
    pub fn finish(mut self) -> anyhow::Result<(Vec<Lines>, Kept)> {
        if self.kept_bytes > self.own_bytes_max {
            bail!(
                "the vessels of the event sent more than {} MB around it, and a dossier holds no more: none of it can be left out",
                self.own_bytes_max >> 20
            );
        }
        if let Some((_, input, sighting)) = self.last.take() {
            self.keep(input, sighting);
        }
        for Around { input, sighting, .. } in std::mem::take(&mut self.around) {
            self.keep(input, sighting);
        }
        let kept = Kept {
            vessels: self.subject.vessels.iter().map(|mmsi| mmsi.get()).collect(),
            since: self.since.to_string(),
            until: self.until.to_string(),
            surroundings_m: self.surroundings_m as u64,
            surroundings_since: self.surroundings_since().to_string(),
            pace_s: (PACE_MS / 1000) as u64,
        };
        Ok((self.inputs, kept))
    }

    /// From a position to the event and its vessels, as far as they count at that time.
    fn distance_m(&self, position: Position, at: Timestamp) -> f64 {
        let event = Some(self.subject.position).filter(|_| at >= self.surroundings_since());
        let vessels = self.last_places.iter().flatten().filter(|_| at >= self.since);
        let places = event.iter().chain(vessels);
        places.map(|place| place.distance_m(position)).fold(f64::INFINITY, f64::min)
    }

    fn surroundings_since(&self) -> Timestamp {
        self.subject.started_at.plus_millis(-SURROUNDINGS_BEFORE_MS)
    }

    /// Of a vessel of the event: all of its time, and before that what it says of itself when it is news.
    fn is_wanted(&mut self, sighting: &Sighting) -> bool {
        if sighting.observed_at >= self.since {
            return true;
        }
        let Some(said) = &sighting.statement else { return false };
        let facts = (sighting.mmsi, said.facts());
        let is_news = self.said.get(&facts) != Some(said);
        if is_news {
            self.said.insert(facts, said.clone());
        }
        is_news
    }

    fn keep(&mut self, input: usize, sighting: Sighting) {
        // Beyond the bound only the count goes on.
        self.kept_bytes += sighting.bytes();
        if self.kept_bytes > self.own_bytes_max + BYTES_MAX {
            return;
        }
        let heard_at = (!sighting.says_when).then_some(sighting.observed_at);
        let kept = &mut self.inputs[input].kept;
        for (index, line) in sighting.lines.into_iter().enumerate() {
            let heard_at = heard_at.filter(|_| index == 0);
            kept.entry(line.number).or_insert((heard_at, line.bytes));
        }
    }

    /// Where there is too much, the farther half of the surroundings goes.
    fn shrink(&mut self) {
        if self.bytes <= BYTES_MAX {
            return;
        }
        let mut distances_m: Vec<f64> =
            self.around.iter().map(|around| around.distance_m).collect();
        let middle = distances_m.len() / 2;
        let (_, median_m, _) = distances_m.select_nth_unstable_by(middle, f64::total_cmp);
        // A whole number, as it is told; ships in one place go together.
        self.surroundings_m = (*median_m - 1.0).max(0.0).floor();
        let limit_m = self.surroundings_m;
        self.around.retain(|around| around.distance_m <= limit_m);
        self.bytes = self.around.iter().map(|around| around.sighting.bytes()).sum();
    }
}

impl Lines {
    /// As a file that `replay` reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (heard_at, line) in self.kept.values() {
            if let Some(heard_at) = heard_at {
                bytes.extend(format!("{heard_at} ").into_bytes());
            }
            bytes.extend(line);
            bytes.push(b'\n');
        }
        bytes
    }

    /// How many of them have a time before them that the input does not have.
    pub fn times_added(&self) -> u64 {
        self.kept.values().filter(|(heard_at, _)| heard_at.is_some()).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use source::Line;

    #[test]
    fn vessels_that_send_without_end_are_refused_and_take_no_memory() {
        let at = Timestamp::from_secs(1_704_067_200);
        let mmsi = Mmsi::new(311_000_222).unwrap();
        let mut selecting = Selecting::new(Subject {
            vessels: vec![mmsi],
            position: Position::new(27.0, -90.0).unwrap(),
            rests_on_silence: false,
            started_at: at,
            ended_at: at,
        });
        selecting.own_bytes_max = 1000;
        selecting.begin_input();
        for number in 0..2 * (BYTES_MAX as u64 >> 20) {
            selecting.take(Sighting {
                lines: vec![Line { number, bytes: vec![b'x'; 1 << 20] }],
                says_when: true,
                mmsi,
                observed_at: at,
                position: None,
                statement: None,
            });
        }
        let lines: usize = selecting.inputs[0].kept.values().map(|(_, line)| line.len()).sum();
        assert!(lines <= BYTES_MAX + 1000, "{lines}");
        let error = selecting.finish().unwrap_err().to_string();
        assert!(error.contains("sent more than 0 MB"), "{error}");
    }
}
