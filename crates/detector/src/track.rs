//! Sub-tracks: the reports under one MMSI that one ship can have sent.

use std::collections::VecDeque;

use maritime::METRES_PER_NAUTICAL_MILE;

use crate::fix::{self, Fix};
use crate::leg::Leg;
use crate::parameters::{LegRules, TrackRules};

/// No sub-track is continued after this: where the ship was a day ago binds it to nothing.
const SILENCE_MILLIS_MAX: i64 = 24 * 3_600_000;

/// So many of the last fixes are looked at one by one before the rest is searched.
const LAST_FIXES: usize = 8;

/// Index of a sub-track in the detector.
pub(crate) type TrackIndex = u32;

/// The recent reports of one ship under one MMSI.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Track {
    /// Index of the vessel in the detector.
    pub(crate) vessel: u32,
    /// In order of time. Those that no leg of another ship can overlap any more are dropped, so the
    /// length is bounded by the longest leg over the shortest interval.
    fixes: VecDeque<Fix>,
    /// Copies of the last two of them, or twice the only one, and when the second was, or [`i64::MAX`]: mostly no more of
    /// them is asked for, and the queue lies elsewhere in memory.
    last_leg: Leg,
    second_at: i64,
    /// Of the last fix, earth-centred, for the speed to the next.
    last_ecef_m: [f64; 3],
    /// Whether no second fix has confirmed the first yet.
    lone: bool,
}

/// Where a report would join a sub-track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Joint {
    pub(crate) distance_m: f64,
    millis: i64,
}

/// Where a report that comes late would stand: the fixes on both sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gap {
    pub(crate) before: Option<Fix>,
    pub(crate) after: Option<Fix>,
    /// To the one before, or if there is none to the one after.
    pub(crate) distance_m: f64,
}

impl Track {
    pub(crate) fn new(vessel: u32, fix: Fix, ecef_m: [f64; 3]) -> Self {
        Track {
            vessel,
            fixes: VecDeque::from([fix]),
            last_leg: Leg { from: fix, to: fix },
            second_at: i64::MAX,
            last_ecef_m: ecef_m,
            lone: true,
        }
    }

    pub(crate) fn last(&self) -> &Fix {
        &self.last_leg.to
    }

    /// Nothing refers to a track of a single report: no leg leads to it.
    pub(crate) fn is_lone(&self) -> bool {
        self.lone
    }

    pub(crate) fn last_ecef_m(&self) -> [f64; 3] {
        self.last_ecef_m
    }

    /// `None` if the ship that sent this track cannot have sent the report too, or need not have. A
    /// track of a single report, which may be a wild position, is continued for one leg at most.
    pub(crate) fn joint(
        &self,
        at: i64,
        ecef_m: [f64; 3],
        rules: &TrackRules,
        leg_millis_max: i64,
    ) -> Option<Joint> {
        let millis = at - self.last().at;
        if millis > SILENCE_MILLIS_MAX || (self.lone && millis > leg_millis_max) {
            return None;
        }
        let distance_m = distance_m(self.last_ecef_m, ecef_m);
        let reach_m = rules.position_noise_m + metres(rules.speed_knots_max, millis);
        (distance_m <= reach_m).then_some(Joint { distance_m, millis })
    }

    /// Appends a fix. Says whether a leg leads to it that may take part in a contact.
    pub(crate) fn push(
        &mut self,
        mut fix: Fix,
        ecef_m: [f64; 3],
        joint: Joint,
        rules: &LegRules,
        keep_millis: i64,
    ) -> bool {
        let leg_knots = leg_knots(joint.distance_m, joint.millis, rules);
        fix.leg_knots = leg_knots.map_or(f32::NAN, |knots| knots as f32);
        while self.second_at <= fix.at - keep_millis {
            self.fixes.pop_front();
            self.second_at = self.fixes.get(1).map_or(i64::MAX, |second| second.at);
        }
        if self.fixes.len() == 1 {
            self.second_at = fix.at;
        }
        self.fixes.push_back(fix);
        self.last_leg = Leg { from: self.last_leg.to, to: fix };
        self.last_ecef_m = ecef_m;
        self.lone = false;
        leg_knots.is_some_and(|knots| knots <= rules.speed_knots_max)
    }

    /// Where a report that comes late would stand between those that are remembered; `None` if the ship that sent
    /// them cannot have sent it too, or need not have. The rule is that of [`Track::joint`], on both sides.
    pub(crate) fn gap(
        &self,
        at: i64,
        ecef_m: [f64; 3],
        rules: &TrackRules,
        leg_millis_max: i64,
    ) -> Option<Gap> {
        let index = self.first_after(at);
        let before = index.checked_sub(1).map(|index| self.fixes[index]);
        let after = self.fixes.get(index).copied();
        let reaches = |fix: &Fix| {
            let millis = (fix.at - at).abs();
            let distance_m = distance_m(self::ecef_m(fix), ecef_m);
            let reach_m = rules.position_noise_m + metres(rules.speed_knots_max, millis);
            (distance_m <= reach_m).then_some(distance_m)
        };
        let lone_millis = match (&before, &after) {
            (Some(before), None) if self.lone => at - before.at,
            // It would be the first, and a first report is continued for one leg at most.
            (None, Some(after)) => after.at - at,
            _ => 0,
        };
        let is_silent = before.is_some_and(|before| at - before.at > SILENCE_MILLIS_MAX);
        if lone_millis > leg_millis_max || is_silent {
            return None;
        }
        let to_before = before.as_ref().map(reaches);
        let to_after = after.as_ref().map(reaches);
        if to_before == Some(None) || to_after == Some(None) {
            return None;
        }
        let distance_m = to_before.or(to_after).flatten()?;
        Some(Gap { before, after, distance_m })
    }

    /// Puts a fix into its gap. The leg over the gap, if there was one, becomes two.
    pub(crate) fn fill(&mut self, gap: &Gap, mut fix: Fix, ecef_m: [f64; 3], rules: &LegRules) {
        let knots = |from: &Fix, to: &Fix| {
            let distance_m = distance_m(self::ecef_m(from), self::ecef_m(to));
            leg_knots(distance_m, to.at - from.at, rules).map_or(f32::NAN, |knots| knots as f32)
        };
        fix.leg_knots = gap.before.map_or(f32::NAN, |before| knots(&before, &fix));
        let index = self.fixes.partition_point(|other| other.at <= fix.at);
        match self.fixes.get_mut(index) {
            Some(after) => after.leg_knots = knots(&fix, after),
            None => self.last_ecef_m = ecef_m,
        }
        self.fixes.insert(index, fix);
        // It has come to one that was there.
        let length = self.fixes.len();
        self.last_leg = Leg { from: self.fixes[length - 2], to: self.fixes[length - 1] };
        self.second_at = self.fixes[1].at;
        self.lone = false;
    }

    /// The leg that leads to the last fix.
    pub(crate) fn last_leg(&self) -> Leg {
        self.last_leg
    }

    /// The legs that may take part in a contact and overlap `[from, to]`, in order.
    pub(crate) fn legs_between(
        &self,
        from: i64,
        to: i64,
        knots_max: f32,
    ) -> impl Iterator<Item = Leg> {
        let (first, last) = (self.first_after(from).max(1), self.fixes.len() - 1);
        (first..=last)
            .map(move |index| match index == last {
                true => self.last_leg,
                false => Leg { from: self.fixes[index - 1], to: self.fixes[index] },
            })
            .take_while(move |leg| leg.from.at < to)
            .filter(move |leg| leg.to.leg_knots <= knots_max)
    }

    /// The index of the first fix after `at`. Mostly it is one of the last, and those are near in memory.
    fn first_after(&self, at: i64) -> usize {
        let length = self.fixes.len();
        if self.last_leg.to.at <= at {
            return length;
        }
        if self.last_leg.from.at <= at {
            return length - 1;
        }
        let mut first = length - 1;
        while first > 0 && self.fixes[first - 1].at > at {
            first -= 1;
            if length - first == LAST_FIXES {
                return self.fixes.partition_point(|fix| fix.at <= at);
            }
        }
        first
    }

    /// When the ship was heard last before `at`, as far as is remembered since `since`.
    pub(crate) fn heard_before(&self, at: i64, since: i64) -> Option<i64> {
        let count = self.first_after(at - 1);
        let index = count.checked_sub(1)?;
        (index >= self.first_since(since)).then(|| self.fixes[index].at)
    }

    /// When the ship was heard next after `at`.
    pub(crate) fn heard_after(&self, at: i64) -> Option<i64> {
        self.fixes.get(self.first_after(at)).map(|fix| fix.at)
    }

    /// The fixes from `from` on, as far as they are remembered since `since`.
    pub(crate) fn fixes_from(&self, from: i64, since: i64) -> impl Iterator<Item = &Fix> {
        let first = self.first_after(from - 1);
        self.fixes.range(first.max(self.first_since(since))..)
    }

    /// The first fix to which a leg belongs that has not ended by `since`. What lies before it is
    /// forgotten when the next fix comes, and must not be used before either: of two ships that report
    /// at one instant one comes first, and which one must not matter.
    fn first_since(&self, since: i64) -> usize {
        self.fixes.partition_point(|fix| fix.at <= since).saturating_sub(1)
    }
}

pub(crate) fn ecef_m(fix: &Fix) -> [f64; 3] {
    fix::position(i64::from(fix.latitude), i64::from(fix.longitude)).to_ecef_m()
}

fn distance_m(a: [f64; 3], b: [f64; 3]) -> f64 {
    let squared: f64 = (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum();
    squared.sqrt()
}

fn metres(knots: f64, millis: i64) -> f64 {
    knots * METRES_PER_NAUTICAL_MILE * millis as f64 / 3_600_000.0
}

/// The speed on the leg between two fixes; `None` if they are too far apart in time for one.
fn leg_knots(distance_m: f64, millis: i64, rules: &LegRules) -> Option<f64> {
    let knots = knots(distance_m, millis);
    let duration_max =
        if knots <= rules.speed_knots_slow { rules.duration_max_slow } else { rules.duration_max };
    (millis as u128 <= duration_max.as_millis()).then_some(knots)
}

fn knots(metres: f64, millis: i64) -> f64 {
    metres * 3_600_000.0 / METRES_PER_NAUTICAL_MILE / millis as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leg::tests::fix;
    use crate::parameters::Parameters;

    const LEG_MILLIS_MAX: i64 = 180 * 60_000;

    fn push(track: &mut Track, fix: Fix) -> bool {
        let parameters = Parameters::default();
        let joint =
            track.joint(fix.at, ecef_m(&fix), &parameters.track, LEG_MILLIS_MAX).expect("joins");
        track.push(fix, ecef_m(&fix), joint, &parameters.leg, LEG_MILLIS_MAX)
    }

    fn track(first: Fix) -> Track {
        Track::new(0, first, ecef_m(&first))
    }

    #[test]
    fn a_ship_cannot_be_in_two_places() {
        let rules = Parameters::default().track;
        let here = track(fix(0.0, 50.0, 1.0));
        let joins =
            |other: Fix| here.joint(other.at, ecef_m(&other), &rules, LEG_MILLIS_MAX).is_some();
        // 30 kn for 10 minutes are 9.26 km.
        assert!(joins(fix(10.0, 50.083, 1.0)));
        assert!(!joins(fix(10.0, 50.086, 1.0)));
        // A lone position is not continued after three hours.
        assert!(!joins(fix(181.0, 50.0, 1.0)));
    }

    #[test]
    fn the_longer_legs_are_for_slow_ships() {
        let mut slow = track(fix(0.0, 50.0, 1.0));
        assert!(push(&mut slow, fix(5.0, 50.0, 1.0)));
        assert!(push(&mut slow, fix(180.0, 50.1, 1.0)), "6 nm in 175 minutes are slow");
        assert!(!push(&mut slow, fix(361.0, 50.1, 1.0)), "181 minutes are too long for any ship");
        let mut fast = track(fix(0.0, 50.0, 1.0));
        assert!(push(&mut fast, fix(60.0, 50.1, 1.0)), "6 knots for an hour");
        assert!(!push(&mut fast, fix(121.0, 50.2, 1.0)), "6 knots for 61 minutes");
        assert!(!push(&mut fast, fix(151.0, 50.3, 1.0)), "12 knots are no meeting");
        assert_eq!(fast.legs_between(0, i64::MAX, 8.0).count(), 1);
    }

    #[test]
    fn what_no_leg_can_overlap_is_forgotten() {
        let mut track = track(fix(0.0, 50.0, 1.0));
        for minute in 1..=1000 {
            push(&mut track, fix(f64::from(minute), 50.0, 1.0));
        }
        assert_eq!(track.fixes.len(), 181);
    }
}
