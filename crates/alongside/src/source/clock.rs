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
/// So many agreeing reports in a row confirm a step even if they come from one station.
const AGREEING_TO_CONFIRM: u32 = 3;
/// Seconds that move the clock on by more than this are believed when a second report agrees.
const SECONDS_MS_UNCONFIRMED: i64 = 5_000;

/// Whether an instant can be that of an AIS report: from 1990, before AIS, to 2100. A year of 0 or a
/// sentinel of 1970 would drag the time of everything else with it.
pub fn is_plausible(at: Timestamp) -> bool {
    const FROM: Timestamp = Timestamp::from_secs(631_152_000);
    const TO: Timestamp = Timestamp::from_secs(4_102_444_800);
    (FROM..TO).contains(&at)
}

/// When a report was measured that says `second` and was heard at `received_at`: the instant with that
/// second in the 55 s before and 5 s after; `received_at` if it does not say, or says 60 to 63.
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

/// The clock of one recording.
#[derive(Debug, Default)]
pub struct RecordingClock {
    now: Option<Timestamp>,
    /// The last full time that was believed: later ones are held against it and not against `now`,
    /// which the seconds of some ship may have moved too far.
    told_at: Option<Timestamp>,
    /// A step that nobody has confirmed yet.
    suspect: Option<Suspect>,
    /// An instant to which one report's second would move the clock.
    suggested_at: Option<Timestamp>,
    /// Begun by the user: full times are not listened to.
    set_by_user: bool,
    /// Lines carry the time at which they were heard: full times are not listened to.
    set_by_receiver: bool,
}

#[derive(Debug)]
struct Suspect {
    by: TimeTeller,
    at: Timestamp,
    agreeing: u32,
}

impl RecordingClock {
    /// Not running, or running from `start_time` and moved on by seconds alone.
    pub fn new(start_time: Option<Timestamp>) -> Self {
        RecordingClock {
            now: start_time,
            set_by_user: start_time.is_some(),
            ..RecordingClock::default()
        }
    }

    /// The instant of a report that was heard at `received_at`, if that is known, and says `second`.
    /// `None` while nobody has told the time.
    pub fn observe(
        &mut self,
        received_at: Option<Timestamp>,
        second: Option<u8>,
    ) -> Option<Timestamp> {
        if let Some(received_at) = received_at {
            self.receive(received_at);
            return Some(observed_at(received_at, second));
        }
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

    /// Somebody says that it is `at`. The first is believed. Later, a step backwards or of more than a
    /// minute forward is believed only when another says the same, or three reports in a row do: one
    /// station with a broken clock among others does not move it.
    pub fn tell(&mut self, by: TimeTeller, at: Timestamp) {
        if self.set_by_user || self.set_by_receiver || !is_plausible(at) {
            return;
        }
        let Some(told_at) = self.told_at else { return self.believe(at) };
        let now = self.now.map_or(told_at, |now| now.max(told_at));
        if at.millis_since(told_at) < -BEHIND_MS_MAX || at.millis_since(now) > FORWARD_MS_MAX {
            return self.suspect(by, at);
        }
        self.suspect = None;
        if at >= told_at {
            self.believe(at);
        }
    }

    fn believe(&mut self, at: Timestamp) {
        self.now = Some(at);
        self.told_at = Some(at);
        self.suspect = None;
        self.suggested_at = None;
    }

    fn suspect(&mut self, by: TimeTeller, at: Timestamp) {
        let agreeing = match &self.suspect {
            Some(suspect)
                if (-BEHIND_MS_MAX..=FORWARD_MS_MAX).contains(&at.millis_since(suspect.at)) =>
            {
                if suspect.by != by {
                    return self.believe(at);
                }
                suspect.agreeing + 1
            }
            _ => 1,
        };
        if agreeing == AGREEING_TO_CONFIRM {
            return self.believe(at);
        }
        self.suspect = Some(Suspect { by, at, agreeing });
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

    #[test]
    fn nobody_knows_the_time_before_it_is_told() {
        let mut clock = RecordingClock::new(None);
        assert_eq!(clock.observe(None, Some(10)), None);
        clock.tell(station(1), at("12:00:05"));
        assert_eq!(clock.observe(None, Some(4)), Some(at("12:00:04")));
        assert_eq!(clock.observe(None, None), Some(at("12:00:05")));
    }

    #[test]
    fn seconds_move_the_clock_on_between_tellings() {
        let mut clock = RecordingClock::new(None);
        clock.tell(station(1), at("12:00:58"));
        for (second, expected) in [(59, "12:00:59"), (2, "12:01:02"), (1, "12:01:01")] {
            assert_eq!(clock.observe(None, Some(second)), Some(at(expected)));
        }
        assert_eq!(clock.observe(None, None), Some(at("12:01:02")));
    }

    #[test]
    fn a_wrap_of_the_seconds_is_a_minute() {
        let mut clock = RecordingClock::new(Some(at("12:00:00")));
        clock.tell(station(1), at("18:00:00"));
        for i in 0..3600 {
            let expected = at("12:00:00").plus_millis(i * 10_000);
            assert_eq!(clock.observe(None, Some((i * 10 % 60) as u8)), Some(expected));
        }
    }

    #[test]
    fn a_ship_whose_second_stands_still_does_not_move_the_clock() {
        let mut clock = RecordingClock::new(Some(at("12:00:00")));
        for i in 0..3600 {
            let expected = at("12:00:00").plus_millis(i * 1000);
            assert_eq!(clock.observe(None, Some((i % 60) as u8)), Some(expected));
            clock.observe(None, Some(20));
            clock.observe(None, Some(45));
        }
    }

    #[test]
    fn a_station_with_a_broken_clock_moves_nothing() {
        for broken in [at("03:00:00"), at("23:00:00"), Timestamp::from_secs(0)] {
            let mut clock = RecordingClock::new(None);
            for i in 0..100 {
                let now = at("12:00:00").plus_millis(i * 10_000);
                clock.tell(station(1), now);
                clock.tell(station(2), broken.plus_millis(i * 10_000));
                assert_eq!(clock.observe(None, None), Some(now));
                clock.tell(station(2), broken.plus_millis(i * 10_000 + 5000));
            }
        }
    }

    #[test]
    fn a_gap_in_the_recording_is_believed_when_confirmed() {
        let mut clock = RecordingClock::new(None);
        clock.tell(station(1), at("12:00:00"));
        clock.tell(station(1), at("13:00:00"));
        assert_eq!(clock.observe(None, None), Some(at("12:00:00")));
        clock.tell(station(2), at("13:00:03"));
        assert_eq!(clock.observe(None, None), Some(at("13:00:03")));
        for step in ["10:00:00", "10:00:01", "10:00:02"] {
            clock.tell(TimeTeller::OwnShip, at(step));
        }
        assert_eq!(clock.observe(None, None), Some(at("10:00:02")));
    }

    #[test]
    fn a_station_slightly_behind_is_no_step() {
        let mut clock = RecordingClock::new(None);
        clock.tell(station(1), at("12:00:10"));
        for _ in 0..5 {
            clock.tell(station(2), at("12:00:07"));
        }
        assert_eq!(clock.observe(None, None), Some(at("12:00:10")));
    }

    #[test]
    fn lines_that_say_when_they_were_heard_silence_the_stations() {
        let mut clock = RecordingClock::new(None);
        clock.tell(station(1), at("03:00:00"));
        assert_eq!(clock.observe(Some(at("12:00:30")), Some(29)), Some(at("12:00:29")));
        clock.tell(station(1), at("03:00:10"));
        assert_eq!(clock.observe(None, None), Some(at("12:00:30")));
    }
}
