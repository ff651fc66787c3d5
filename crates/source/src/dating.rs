//! What a recording says, put in time in the order in which it says it.
//!
//! While the clock is in doubt, be it at the beginning or behind a hole, whatever has no time of its
//! own waits for the verdict. So what stands before the first clock of a recording is dated too,
//! backwards, and what stands behind a hole is never dated before it.

use std::collections::VecDeque;

use maritime::Timestamp;

use crate::clock::{self, RecordingClock, TimeTeller, Verdict, Word, is_plausible};

/// So many wait at most, some 30 MB. At the bound the clock is believed as it is; if it does
/// not run, the oldest are given without a time.
const WAITING_MAX: usize = 100_000;

/// Dates the items `T` of one recording.
pub struct Dating<T> {
    clock: RecordingClock,
    waiting: VecDeque<Entry<T>>,
    counters: DatingCounters,
}

/// Who told the time, and how often nobody believed it.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatingCounters {
    /// Words on the time that were listened to.
    pub told: u64,
    /// Of these, not believed.
    pub disbelieved: u64,
}

enum Entry<T> {
    Word(Word),
    Item { second: Option<u8>, item: T },
}

impl<T> Dating<T> {
    /// Before the first line; `start_time` is when that was heard, if the lines do not say.
    pub fn new(start_time: Option<Timestamp>) -> Self {
        Dating {
            clock: RecordingClock::new(start_time),
            waiting: VecDeque::new(),
            counters: DatingCounters::default(),
        }
    }

    /// Dates `item`, which says `second` and was heard at `received_at`, if that is known. `each` gets
    /// every item once, in turn, with its instant; with none if nobody knows it.
    pub fn observe(
        &mut self,
        received_at: Option<Timestamp>,
        second: Option<u8>,
        item: T,
        each: &mut impl FnMut(T, Option<Timestamp>),
    ) {
        if let Some(received_at) = received_at {
            self.receive(received_at, each);
            return each(item, Some(clock::observed_at(received_at, second)));
        }
        if !self.clock.is_in_doubt() {
            return each(item, self.clock.observe(second));
        }
        self.wait(Entry::Item { second, item }, each);
    }

    /// A line was heard at `received_at`: words on the time are no longer listened to.
    pub fn receive(&mut self, received_at: Timestamp, each: &mut impl FnMut(T, Option<Timestamp>)) {
        if !self.waiting.is_empty() {
            if self.clock.runs() {
                self.settle(Verdict::Disbelieved, each);
            } else {
                let waiting = std::mem::take(&mut self.waiting);
                date_backwards(waiting, received_at, each);
            }
        }
        self.clock.receive(received_at);
    }

    /// Somebody says that it is `at`.
    pub fn tell(
        &mut self,
        by: TimeTeller,
        at: Timestamp,
        each: &mut impl FnMut(T, Option<Timestamp>),
    ) {
        if !self.clock.listens() || !is_plausible(at) {
            return;
        }
        self.counters.told += 1;
        if self.clock.agrees(at) {
            // As it agrees with the clock, what was in doubt is wrong.
            self.settle(Verdict::Disbelieved, each);
            return self.clock.follow(at);
        }
        let (word, verdict) = self.clock.doubt(by, at);
        self.wait(Entry::Word(word), each);
        if let Some(verdict) = verdict {
            self.settle(verdict, each);
        }
    }

    /// The end of the recording.
    pub fn finish(&mut self, each: &mut impl FnMut(T, Option<Timestamp>)) {
        self.settle(self.clock.last_verdict(), each);
    }

    /// So far.
    pub fn counters(&self) -> DatingCounters {
        self.counters
    }

    /// Whether the time comes from a start time and the seconds of the reports alone, which cannot
    /// carry it over half a minute of silence.
    pub fn is_by_seconds_alone(&self) -> bool {
        self.clock.is_moved_by_seconds_alone()
    }

    fn wait(&mut self, entry: Entry<T>, each: &mut impl FnMut(T, Option<Timestamp>)) {
        self.waiting.push_back(entry);
        if self.waiting.len() > WAITING_MAX {
            match self.clock.last_verdict() {
                Verdict::Disbelieved if !self.clock.runs() => {
                    if let Some(Entry::Item { item, .. }) = self.waiting.pop_front() {
                        each(item, None);
                    }
                }
                verdict => self.settle(verdict, each),
            }
        }
    }

    /// Dates what waits, now that it is known which words to believe.
    fn settle(&mut self, verdict: Verdict, each: &mut impl FnMut(T, Option<Timestamp>)) {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.clock.settle(verdict);
        let is_believed = |entry: &Entry<T>| matches!(entry, Entry::Word(word) if verdict == Verdict::Believed(word.chain));
        if !self.clock.runs()
            && let Some(begin) = waiting.iter().position(is_believed)
            && let Entry::Word(Word { at, .. }) = waiting[begin]
        {
            let behind = waiting.split_off(begin);
            self.counters.disbelieved += date_backwards(waiting, at, each);
            waiting = behind;
        }
        let mut has_stepped = false;
        for entry in waiting {
            match entry {
                Entry::Item { second, item } => each(item, self.clock.observe(second)),
                Entry::Word(word) if verdict == Verdict::Believed(word.chain) => {
                    // The first takes the clock to where these words are, be it back.
                    if has_stepped {
                        self.clock.follow(word.at)
                    } else {
                        self.clock.set(word.at)
                    }
                    has_stepped = true;
                }
                Entry::Word(word) if self.clock.agrees(word.at) => self.clock.follow(word.at),
                Entry::Word(_) => self.counters.disbelieved += 1,
            }
        }
    }
}

/// Dates what came before it was `at`, and counts the words among it. Time that runs backwards is a
/// clock whose instants and seconds have the other sign.
fn date_backwards<T>(
    waiting: VecDeque<Entry<T>>,
    at: Timestamp,
    each: &mut impl FnMut(T, Option<Timestamp>),
) -> u64 {
    let mirrored = |at: Timestamp| Timestamp::from_millis(-at.as_millis());
    let mut clock = RecordingClock::new(Some(mirrored(at)));
    let instants: Vec<Option<Timestamp>> = waiting
        .iter()
        .rev()
        .map(|entry| match entry {
            Entry::Item { second: Some(second @ 0..=59), .. } => {
                clock.observe(Some((60 - second) % 60)).map(mirrored)
            }
            Entry::Item { .. } => clock.observe(None).map(mirrored),
            Entry::Word(_) => None,
        })
        .collect();
    let mut words = 0;
    for (entry, instant) in waiting.into_iter().zip(instants.into_iter().rev()) {
        match entry {
            Entry::Item { item, .. } => each(item, instant),
            Entry::Word(_) => words += 1,
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use maritime::Mmsi;

    use super::*;

    /// What a recording says.
    #[derive(Clone, Copy)]
    enum Said {
        /// Station so and so: it is that many seconds after the beginning.
        Time(u32, i64),
        /// A ship: it was that many seconds after the beginning, and the second of it is all it says.
        Here(i64),
        /// As before, heard at that time.
        Heard(i64),
    }
    use Said::{Heard, Here, Time};

    const DAY_S: i64 = 86_400;

    fn instant(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_709_164_800 + seconds)
    }

    /// The reports with the seconds at which they were, and at which they are dated.
    fn date(said: &[Said]) -> (Vec<(i64, Option<i64>)>, DatingCounters) {
        let mut dating = Dating::new(None);
        let mut dated = Vec::new();
        let mut each = |item: i64, at: Option<Timestamp>| {
            dated.push((item, at.map(|at| at.millis_since(instant(0)) / 1000)));
        };
        for said in said {
            match *said {
                Time(number, seconds) => {
                    let station = TimeTeller::Station(Mmsi::new(number).unwrap());
                    dating.tell(station, instant(seconds), &mut each);
                }
                Here(seconds) => {
                    let second = Some(seconds.rem_euclid(60) as u8);
                    dating.observe(None, second, seconds, &mut each);
                }
                Heard(seconds) => {
                    dating.observe(Some(instant(seconds)), None, seconds, &mut each);
                }
            }
        }
        dating.finish(&mut each);
        (dated, dating.counters())
    }

    /// All is dated rightly and in turn, and so many words are not believed.
    #[track_caller]
    fn check(said: &[Said], disbelieved: u64) {
        let (dated, counters) = date(said);
        let reports = said.iter().filter(|said| !matches!(said, Time(..))).count();
        assert_eq!(dated.len(), reports);
        let wrong: Vec<_> = dated.iter().filter(|(was, dated)| *dated != Some(*was)).collect();
        assert!(wrong.is_empty(), "{} of {reports}: {wrong:?}", wrong.len());
        assert_eq!(counters.disbelieved, disbelieved);
    }

    #[test]
    fn a_teller_that_speaks_seldom_carries_the_time_for_hours() {
        for step in [10, 60, 70, 120, 300, 600] {
            let said = |from: i64| {
                (0..100)
                    .flat_map(move |i| [from + i * step].map(|s| [Time(1, s), Here(s), Here(s)]))
            };
            check(&said(0).flatten().collect::<Vec<_>>(), 0);
            // A hole of two hours and one of a day.
            let holes =
                [0, 100 * step + 7_200, DAY_S + 200 * step].map(|from| said(from).flatten());
            check(&holes.into_iter().flatten().collect::<Vec<_>>(), 0);
        }
    }

    #[test]
    fn words_in_groups_carry_the_time() {
        let group = |s: i64| [Time(1, s), Here(s), Time(1, s + 10), Here(s + 10)];
        check(&(0..90).flat_map(|i| group(i * 120)).collect::<Vec<_>>(), 0);
        let stations = |s: i64| [Time(1, s), Time(2, s + 1), Time(3, s + 2), Here(s + 2)];
        check(&(0..90).flat_map(|i| stations(i * 300)).collect::<Vec<_>>(), 0);
        let alternating = |s: i64| [Time(1, s), Here(s), Time(2, s + 150), Here(s + 150)];
        check(&(0..90).flat_map(|i| alternating(i * 300)).collect::<Vec<_>>(), 0);
    }

    #[test]
    fn what_stands_behind_a_hole_is_dated_behind_it() {
        let dense = |from: i64| {
            let word = move |s| ((s - from) % 70 < 4).then_some(Time(1, s));
            (from..from + 3600).step_by(4).flat_map(move |s| [word(s), Some(Here(s))])
        };
        let said: Vec<Said> = dense(0).chain(dense(3 * 3600)).flatten().collect();
        check(&said, 0);
    }

    #[test]
    fn a_third_of_the_words_may_be_wrong_from_the_start() {
        for wrong_by in [5000 * DAY_S, DAY_S, 1800, -1800, -5000 * DAY_S] {
            let said = (0..900).flat_map(|i| {
                let s = i * 10;
                let word = if i % 3 == 0 { Time(1, s + wrong_by) } else { Time(2, s) };
                [word, Here(s)]
            });
            check(&said.collect::<Vec<_>>(), 300);
        }
    }

    #[test]
    fn what_comes_before_the_first_word_is_dated_backwards() {
        let before = (-3000..0).map(|i| Here(i * 3));
        let behind = (0..300).flat_map(|i| [Time(1, i * 10), Here(i * 10)]);
        check(&before.clone().chain(behind).collect::<Vec<_>>(), 0);
        check(&before.chain([Heard(0), Heard(90)]).collect::<Vec<_>>(), 0);
    }

    #[test]
    fn a_few_words_are_enough() {
        check(&[Here(-2), Time(1, 0), Here(3)], 0);
        check(&[Time(1, 0), Here(3), Time(1, 8), Here(8)], 0);
    }

    #[test]
    fn without_any_word_nothing_is_dated_and_little_is_held() {
        let count = WAITING_MAX + 1000;
        let (dated, _) = date(&vec![Here(0); count]);
        assert_eq!(dated, vec![(0, None); count]);
        // The latest are near enough to a clock that comes after them.
        let said: Vec<Said> = vec![Here(0); count].into_iter().chain([Time(1, 1)]).collect();
        let (dated, _) = date(&said);
        assert_eq!(dated.iter().filter(|(_, at)| at.is_none()).count(), 1000);
        assert_eq!(dated.last(), Some(&(0, Some(0))));
    }

    #[test]
    fn lines_that_say_when_they_were_heard_silence_the_stations() {
        let said = [Time(1, -900), Heard(0), Time(1, 900), Time(2, 900), Here(1), Heard(2)];
        let (dated, counters) = date(&said);
        assert_eq!(dated, [(0, Some(0)), (1, Some(1)), (2, Some(2))]);
        assert_eq!(counters.told, 1);
    }
}
