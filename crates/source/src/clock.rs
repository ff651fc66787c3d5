//! From "second 42" to an instant.
//!
//! A position report says at which second of the minute it was measured and nothing more. Where the
//! receiver wrote down when it heard it, that decides the minute. A recording without such times has
//! its own clock: base stations (messages 4 and 11) and the receiver's own GNSS say the full time,
//! and between them the seconds of the position reports move it on.
//!
//! Nothing here asks what time it is now.

use maritime::{Mmsi, Timestamp};

/// Heard at most this long after it was measured, and a second short of a minute before the next.
const HEARD_AFTER_MS_MAX: i64 = 55_000;
const MINUTE_MS: i64 = 60_000;

/// A station may be this far behind the others without anybody's clock being broken: the network
/// behind a receiver delays, and time is told in whole seconds.
const BEHIND_MS_MAX: i64 = 5_000;
/// A step forward of more than this is believed when it is confirmed.
const FORWARD_MS_MAX: i64 = 60_000;
/// So many agreeing words confirm a step even if they come from one station.
const AGREEING_TO_CONFIRM: usize = 3;
/// A station that speaks seldom still agrees with itself within this.
const BETWEEN_WORDS_MS_MAX: i64 = 60 * MINUTE_MS;
/// The time at the beginning is that of the majority of so many words: enough to outvote a station
/// whose clock is broken and that happens to speak first.
const WORDS_TO_BEGIN: usize = 9;
/// If so many words disagree with the clock and with each other, none of them is believed.
const WORDS_DOUBTED_MAX: usize = 16;
/// Seconds that move the clock on by more than this are believed when a second report agrees.
const SECONDS_MS_UNCONFIRMED: i64 = 5_000;

/// Whether an instant can be that of an AIS report: from 1990, before AIS, to 2100. A year of 0 or a
/// sentinel of 1970 would drag the time of everything else with it.
#[inline]
pub fn is_plausible(at: Timestamp) -> bool {
    const FROM: Timestamp = Timestamp::from_secs(631_152_000);
    const TO: Timestamp = Timestamp::from_secs(4_102_444_800);
    (FROM..TO).contains(&at)
}

/// When a report was measured that says `second` and was heard at `received_at`: the instant with that
/// second in the 55 s before and 5 s after; `received_at` if it does not say, or says 60 to 63.
#[inline]
pub fn observed_at(received_at: Timestamp, second: Option<u8>) -> Timestamp {
    match second {
        Some(second @ 0..=59) => with_second(received_at, second, HEARD_AFTER_MS_MAX),
        _ => received_at,
    }
}

/// Who tells the full time within a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeTeller {
    /// Message 4 or 11.
    Station(Mmsi),
    /// The receiver's own GNSS: RMC or ZDA.
    OwnShip,
}

/// What somebody says of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Who.
    pub by: TimeTeller,
    /// The time that it is.
    pub at: Timestamp,
    /// Words of one chain agree with each other. Among words in doubt at the same time alone.
    pub chain: usize,
}

/// What becomes of the words in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Those of this chain are right.
    Believed(usize),
    /// The clock was right.
    Disbelieved,
}

/// The clock of one recording.
///
/// What is said and agrees with the clock moves it. What does not is in doubt until others have
/// spoken: whoever asks the clock holds back meanwhile, see `Dating`.
#[derive(Debug)]
pub struct RecordingClock {
    now: Option<Timestamp>,
    /// The last full time that was believed: later ones are held against it and not against `now`,
    /// which the seconds of some ship may have moved too far.
    told_at: Option<Timestamp>,
    /// How far ahead a word may be to agree: twice as far as the words are apart, if they are rare.
    forward_ms_max: i64,
    /// At most [`WORDS_TO_BEGIN`] or [`WORDS_DOUBTED_MAX`]; then there is a verdict.
    doubted: Vec<Word>,
    /// An instant to which one report's second would move the clock.
    suggested_at: Option<Timestamp>,
    /// Begun by the user: full times are not listened to.
    set_by_user: bool,
    /// Lines carry the time at which they were heard: full times are not listened to.
    set_by_receiver: bool,
}

impl RecordingClock {
    /// Not running, or running from `start_time` and moved on by seconds alone.
    pub fn new(start_time: Option<Timestamp>) -> Self {
        RecordingClock {
            now: start_time,
            told_at: None,
            forward_ms_max: FORWARD_MS_MAX,
            doubted: Vec::new(),
            suggested_at: None,
            set_by_user: start_time.is_some(),
            set_by_receiver: false,
        }
    }

    /// Whether full times are listened to.
    pub fn listens(&self) -> bool {
        !self.set_by_user && !self.set_by_receiver
    }

    /// Whether it has begun, rightly or not.
    pub fn runs(&self) -> bool {
        self.now.is_some()
    }

    /// Whether nothing but a start and the seconds of reports has moved it.
    pub fn is_moved_by_seconds_alone(&self) -> bool {
        self.set_by_user && !self.set_by_receiver
    }

    /// Whether what is heard now can only be put in time when there is a verdict.
    pub fn is_in_doubt(&self) -> bool {
        self.listens() && (self.now.is_none() || !self.doubted.is_empty())
    }

    /// The instant of a report that says `second`. `None` while the clock does not run.
    pub fn observe(&mut self, second: Option<u8>) -> Option<Timestamp> {
        let now = self.now?;
        let Some(second @ 0..=59) = second else { return Some(now) };
        if !self.set_by_receiver {
            self.advance(now, second);
        }
        // The clock is no receiver's: it may be ahead as well as behind.
        self.now.map(|now| with_second(now, second, MINUTE_MS / 2))
    }

    /// A line was heard at `received_at`. Lines that do not say were heard at the same time.
    pub fn receive(&mut self, received_at: Timestamp) {
        self.set_by_receiver = true;
        self.now = Some(received_at);
    }

    /// Whether `at` is neither behind the last word that was believed nor further ahead than its next.
    pub fn agrees(&self, at: Timestamp) -> bool {
        let Some(told_at) = self.told_at else { return false };
        let now = self.now.map_or(told_at, |now| now.max(told_at));
        at.millis_since(told_at) >= -BEHIND_MS_MAX && at.millis_since(now) <= self.forward_ms_max
    }

    /// Goes on to `at`, which agrees.
    pub fn follow(&mut self, at: Timestamp) {
        if self.told_at.is_none_or(|told_at| at >= told_at) {
            self.set(at);
        }
    }

    /// It is `at`, whatever the clock said.
    pub fn set(&mut self, at: Timestamp) {
        self.now = Some(at);
        self.told_at = Some(at);
        self.suggested_at = None;
    }

    /// Notes a word that does not agree, and gives it with its chain. A verdict on all words in doubt
    /// comes at the beginning with the majority of a few of them, the most stations first; later when
    /// two stations agree, or three words of one that goes on as a clock does: one station with a broken
    /// clock among others moves nothing.
    pub fn doubt(&mut self, by: TimeTeller, at: Timestamp) -> (Word, Option<Verdict>) {
        let agrees = |earlier: &&Word| {
            let step_ms = at.millis_since(earlier.at);
            (-BEHIND_MS_MAX..=FORWARD_MS_MAX).contains(&step_ms)
                || earlier.by == by && (0..=BETWEEN_WORDS_MS_MAX).contains(&step_ms)
        };
        let chain = self.doubted.iter().rev().find(agrees).map(|earlier| earlier.chain);
        let word = Word { by, at, chain: chain.unwrap_or(self.doubted.len()) };
        if self.doubted.contains(&word) {
            // Heard twice, or from a clock that stands still: that confirms nothing.
            return (word, None);
        }
        self.doubted.push(word);
        let verdict = if self.now.is_none() {
            (self.doubted.len() == WORDS_TO_BEGIN).then(|| self.majority())
        } else if self.tellers_of(word.chain) > 1
            || self.words_of(word.chain).count() == AGREEING_TO_CONFIRM
        {
            Some(Verdict::Believed(word.chain))
        } else {
            (self.doubted.len() == WORDS_DOUBTED_MAX).then_some(Verdict::Disbelieved)
        };
        (word, verdict)
    }

    /// The verdict if nobody will say any more.
    pub fn last_verdict(&self) -> Verdict {
        match self.majority() {
            Verdict::Believed(chain) if self.runs() && self.words_of(chain).count() < 2 => {
                Verdict::Disbelieved
            }
            verdict => verdict,
        }
    }

    /// Nothing is in doubt any more. The clock itself is left as it is: what waited goes through
    /// it in turn.
    pub fn settle(&mut self, verdict: Verdict) {
        if let Verdict::Believed(chain) = verdict {
            let said: Vec<Timestamp> = self.words_of(chain).map(|word| word.at).collect();
            let mut steps_ms: Vec<i64> =
                said.windows(2).map(|two| two[1].millis_since(two[0])).collect();
            steps_ms.sort_unstable();
            let usual_ms = steps_ms.get(steps_ms.len() / 2).copied().unwrap_or(0);
            self.forward_ms_max = FORWARD_MS_MAX.max(2 * usual_ms);
        }
        self.doubted.clear();
    }

    /// The chain of the most tellers; of several such, that of the most words, then the first.
    fn majority(&self) -> Verdict {
        let weight = |chain: usize| {
            (self.tellers_of(chain), self.words_of(chain).count(), std::cmp::Reverse(chain))
        };
        let chains = self.doubted.iter().map(|word| word.chain);
        chains.max_by_key(|chain| weight(*chain)).map_or(Verdict::Disbelieved, Verdict::Believed)
    }

    fn words_of(&self, chain: usize) -> impl Iterator<Item = &Word> {
        self.doubted.iter().filter(move |word| word.chain == chain)
    }

    fn tellers_of(&self, chain: usize) -> usize {
        let is_first = |word: &&Word| {
            self.words_of(chain)
                .find(|other| other.by == word.by)
                .is_some_and(|first| first == *word)
        };
        self.words_of(chain).filter(is_first).count()
    }

    /// Moves on to the next instant with that second, if that is less than half a minute away. A ship
    /// whose second stands still would take the clock with it, so a larger step needs a second report
    /// that goes on from where the first wanted to go.
    fn advance(&mut self, now: Timestamp, second: u8) {
        let suggested_at = with_second(now, second, MINUTE_MS / 2);
        let step_ms = suggested_at.millis_since(now);
        if step_ms <= 0 {
            return;
        }
        let confirmed = self.suggested_at.is_some_and(|earlier| {
            (1..=SECONDS_MS_UNCONFIRMED * 3).contains(&suggested_at.millis_since(earlier))
        });
        if step_ms <= SECONDS_MS_UNCONFIRMED || confirmed {
            self.now = Some(suggested_at);
            self.suggested_at = None;
        } else {
            self.suggested_at = Some(suggested_at);
        }
    }
}

/// The instant with that second of the minute which is at most `before_ms` before `at` and less than
/// the rest of a minute after it.
fn with_second(at: Timestamp, second: u8, before_ms: i64) -> Timestamp {
    let step_ms = i64::from(second) * 1000 - at.as_millis().rem_euclid(MINUTE_MS);
    at.plus_millis((step_ms + before_ms).rem_euclid(MINUTE_MS) - before_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2024-02-29T{text}Z")).unwrap()
    }

    fn station(number: u32) -> TimeTeller {
        TimeTeller::Station(Mmsi::new(number).unwrap())
    }

    #[track_caller]
    fn check(received: &str, second: Option<u8>, expected: &str) {
        assert_eq!(observed_at(at(received), second), at(expected));
    }

    #[test]
    fn the_second_is_the_last_one_before_it_was_heard() {
        check("12:00:30", Some(28), "12:00:28");
        check("12:00:30", Some(30), "12:00:30");
        check("12:00:30.750", Some(30), "12:00:30");
        check("12:00:02", Some(58), "11:59:58");
        check("12:00:30", Some(36), "11:59:36");
    }

    #[test]
    fn a_receiver_may_be_a_few_seconds_slow() {
        check("12:00:30", Some(34), "12:00:34");
        check("12:00:58", Some(1), "12:01:01");
        check("12:00:30", Some(35), "11:59:35");
    }

    #[test]
    fn midnight_of_a_leap_day_is_ordinary() {
        let received_at = Timestamp::parse("2024-03-01T00:00:01Z").unwrap();
        assert_eq!(observed_at(received_at, Some(59)), at("23:59:59"));
    }

    #[test]
    fn without_a_second_it_is_when_it_was_heard() {
        check("12:00:30", None, "12:00:30");
        for second in 60..=63 {
            check("12:00:30", Some(second), "12:00:30");
        }
    }

    /// A clock that has been told that it is `now`.
    fn running(now: &str) -> RecordingClock {
        let mut clock = RecordingClock::new(None);
        clock.set(at(now));
        clock
    }

    #[test]
    fn nobody_knows_the_time_before_it_is_told() {
        assert_eq!(RecordingClock::new(None).observe(Some(10)), None);
        let mut clock = running("12:00:05");
        assert_eq!(clock.observe(Some(4)), Some(at("12:00:04")));
        assert_eq!(clock.observe(None), Some(at("12:00:05")));
    }

    #[test]
    fn seconds_move_the_clock_on_between_tellings() {
        let mut clock = running("12:00:58");
        for (second, expected) in [(59, "12:00:59"), (2, "12:01:02"), (1, "12:01:01")] {
            assert_eq!(clock.observe(Some(second)), Some(at(expected)));
        }
        assert_eq!(clock.observe(None), Some(at("12:01:02")));
    }

    #[test]
    fn a_wrap_of_the_seconds_is_a_minute() {
        let mut clock = RecordingClock::new(Some(at("12:00:00")));
        for i in 0..3600 {
            let expected = at("12:00:00").plus_millis(i * 10_000);
            assert_eq!(clock.observe(Some((i * 10 % 60) as u8)), Some(expected));
        }
    }

    #[test]
    fn a_ship_whose_second_stands_still_does_not_move_the_clock() {
        let mut clock = RecordingClock::new(Some(at("12:00:00")));
        for i in 0..3600 {
            let expected = at("12:00:00").plus_millis(i * 1000);
            assert_eq!(clock.observe(Some((i % 60) as u8)), Some(expected));
            clock.observe(Some(20));
            clock.observe(Some(45));
        }
    }

    #[test]
    fn a_station_slightly_behind_is_no_step() {
        let mut clock = running("12:00:10");
        assert!(clock.agrees(at("12:00:07")) && !clock.agrees(at("12:00:04")));
        clock.follow(at("12:00:07"));
        assert_eq!(clock.observe(None), Some(at("12:00:10")));
    }

    /// The verdict after each word.
    #[track_caller]
    fn check_verdicts(mut clock: RecordingClock, words: &[(u32, &str)], expected: Option<usize>) {
        let (last, earlier) = words.split_last().unwrap();
        for (number, text) in earlier {
            assert_eq!(clock.doubt(station(*number), at(text)).1, None, "{text}");
        }
        let verdict = clock.doubt(station(last.0), at(last.1)).1;
        assert_eq!(verdict, expected.map(Verdict::Believed));
    }

    #[test]
    fn a_step_is_believed_when_confirmed() {
        let running = || running("12:00:00");
        check_verdicts(running(), &[(1, "13:00:00"), (2, "13:00:03")], Some(0));
        check_verdicts(running(), &[(1, "13:00:00"), (1, "13:00:01")], None);
        check_verdicts(running(), &[(1, "10:00:00"), (1, "10:02:00"), (1, "10:04:00")], Some(0));
        let seldom = [(1, "13:00:00"), (2, "13:05:00"), (1, "13:10:00"), (2, "13:15:00")];
        check_verdicts(running(), &[&seldom[..], &[(1, "13:20:00")]].concat(), Some(0));
    }

    #[test]
    fn a_clock_that_stands_still_confirms_nothing() {
        check_verdicts(running("12:00:00"), &[(1, "13:00:00"); 40], None);
    }

    #[test]
    fn the_majority_of_the_first_words_begins_the_clock() {
        let good = ["12:00:00", "12:00:10", "12:00:20", "12:00:30", "12:00:40"];
        let mut words: Vec<(u32, &str)> =
            ["03:00:00", "03:00:10", "03:00:20", "03:00:30"].map(|text| (1, text)).to_vec();
        words.extend(good.map(|text| (2, text)));
        check_verdicts(RecordingClock::new(None), &words, Some(4));
    }
}
