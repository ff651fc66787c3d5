//! Sub-tracks: the reports under one MMSI that one ship can have sent.

use arrayvec::ArrayVec;
use maritime::METRES_PER_NAUTICAL_MILE;

use crate::fix::{self, Fix};
use crate::fixes::Fixes;
use crate::leg::Leg;
use crate::parameters::{LegRules, TrackRules};

/// No sub-track is continued after this: where the ship was a day ago binds it to nothing.
const SILENCE_MILLIS_MAX: i64 = 24 * 3_600_000;

/// As many legs of one ship mostly overlap a leg of another one.
const LEGS_FEW: usize = 4;

/// Index of a sub-track in the detector.
pub(crate) type TrackIndex = u32;

/// The recent reports of one ship under one MMSI.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Track {
    /// Index of the vessel in the detector.
    pub(crate) vessel: u32,
    /// Those that no leg of another ship can overlap any more are forgotten, so their number is bounded by the longest
    /// leg over the shortest interval.
    fixes: Fixes,
    /// Of the last fix, earth-centred, for the speed to the next.
    last_ecef_m: [f64; 3],
}

/// Of a sub-track what decides whether a report joins it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tip {
    /// Of the last fix, in milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) ecef_m: [f64; 3],
    /// See [`Track::is_lone`].
    pub(crate) is_lone: bool,
}

/// Where a report would join a sub-track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Joint {
    pub(crate) distance_m: f64,
    millis: i64,
}

/// Some legs of a sub-track, in order of time.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    /// The newest first; and beyond [`LEGS_FEW`] those that are older.
    few: ArrayVec<Leg, LEGS_FEW>,
    more: Vec<Leg>,
}

impl Legs {
    /// Of legs from the last to the first.
    pub(crate) fn from_backward(backward: impl Iterator<Item = Leg>) -> Self {
        let mut legs = Legs::default();
        for leg in backward {
            if let Err(full) = legs.few.try_push(leg) {
                legs.more.push(full.element());
            }
        }
        legs
    }
}

impl Iterator for Legs {
    type Item = Leg;

    fn next(&mut self) -> Option<Leg> {
        self.more.pop().or_else(|| self.few.pop())
    }
}

/// Where a report that comes late would stand: the fixes on both sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gap {
    pub(crate) before: Option<Fix>,
    pub(crate) after: Option<Fix>,
    /// To the one before, or if there is none to the one after.
    pub(crate) distance_m: f64,
}

impl Tip {
    /// `None` if the ship that sent this track cannot have sent the report too, or need not have. A
    /// track of a single report, which may be a wild position, is continued for one leg at most.
    pub(crate) fn joint(
        &self,
        at: i64,
        ecef_m: [f64; 3],
        rules: &TrackRules,
        leg_millis_max: i64,
    ) -> Option<Joint> {
        let millis = at - self.at;
        if millis > SILENCE_MILLIS_MAX || (millis > leg_millis_max && self.is_lone) {
            return None;
        }
        let distance_m = distance_m(self.ecef_m, ecef_m);
        let reach_m = rules.position_noise_m + metres(rules.speed_knots_max, millis);
        (distance_m <= reach_m).then_some(Joint { distance_m, millis })
    }
}

impl Joint {
    /// Lets the fix that joins know the speed of the leg that leads to it. Says whether there is one that may take part
    /// in a contact.
    pub(crate) fn leads_to(&self, fix: &mut Fix, rules: &LegRules) -> bool {
        let leg_knots = leg_knots(self.distance_m, self.millis, rules);
        fix.leg_knots = leg_knots.map_or(f32::NAN, |knots| knots as f32);
        leg_knots.is_some_and(|knots| knots <= rules.speed_knots_max)
    }
}

impl Track {
    pub(crate) fn new(vessel: u32, fix: Fix, ecef_m: [f64; 3]) -> Self {
        Track { vessel, fixes: Fixes::new(fix), last_ecef_m: ecef_m }
    }

    /// A part of each line of memory that the next report of the ship needs; see `stage::clean`.
    pub(crate) fn look_ahead(&self) -> i64 {
        let Leg { from, to } = self.fixes.last_leg();
        from.at ^ to.at ^ self.last_ecef_m[2].to_bits() as i64 ^ i64::from(self.vessel)
    }

    pub(crate) fn last(&self) -> &Fix {
        self.fixes.last()
    }

    /// Nothing refers to a track of a single report: no leg leads to it.
    pub(crate) fn is_lone(&self) -> bool {
        self.fixes.is_single()
    }

    pub(crate) fn tip(&self) -> Tip {
        Tip { at: self.last().at, ecef_m: self.last_ecef_m, is_lone: self.is_lone() }
    }

    /// Appends a fix, for which [`Joint::leads_to`] was asked.
    pub(crate) fn push(&mut self, fix: Fix, ecef_m: [f64; 3], keep_millis: i64) {
        self.fixes.push(fix, fix.at - keep_millis);
        self.last_ecef_m = ecef_m;
    }

    /// Where a report that comes late would stand between those that are remembered; `None` if the ship that sent
    /// them cannot have sent it too, or need not have. The rule is that of [`Tip::joint`], on both sides.
    pub(crate) fn gap(
        &self,
        at: i64,
        ecef_m: [f64; 3],
        rules: &TrackRules,
        leg_millis_max: i64,
    ) -> Option<Gap> {
        let mut after = None;
        let before = self.fixes.backward().find(|fix| {
            let is_before = fix.at <= at;
            after = if is_before { after } else { Some(*fix) };
            is_before
        });
        let reaches = |fix: &Fix| {
            let millis = (fix.at - at).abs();
            let distance_m = distance_m(self::ecef_m(fix), ecef_m);
            let reach_m = rules.position_noise_m + metres(rules.speed_knots_max, millis);
            (distance_m <= reach_m).then_some(distance_m)
        };
        let lone_millis = match (&before, &after) {
            (Some(before), None) if self.is_lone() => at - before.at,
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
        self.fixes.insert(fix, |after| after.leg_knots = knots(&fix, after));
        if self.last().at == fix.at {
            self.last_ecef_m = ecef_m;
        }
    }

    /// The leg that leads to the last fix.
    pub(crate) fn last_leg(&self) -> Leg {
        *self.fixes.last_leg()
    }

    /// The legs that may take part in a contact and overlap `[from, to]`, in order.
    pub(crate) fn legs_between(&self, from: i64, to: i64, knots_max: f32) -> Legs {
        Legs::from_backward(self.legs_backward(from, to, knots_max))
    }

    /// The same, the last first.
    pub(crate) fn legs_backward(
        &self,
        from: i64,
        to: i64,
        knots_max: f32,
    ) -> impl Iterator<Item = Leg> {
        let mut next: Option<Fix> = None;
        let mut is_over = false;
        let legs = self.fixes.backward().map_while(move |fix| {
            let next = next.replace(fix);
            let was_over = std::mem::replace(&mut is_over, fix.at <= from);
            (!was_over).then(|| next.map(|to| Leg { from: fix, to }))
        });
        legs.flatten().filter(move |leg| leg.from.at < to && leg.to.leg_knots <= knots_max)
    }

    /// When the ship was heard last before `at`, as far as is remembered since `since`.
    pub(crate) fn heard_before(&self, at: i64, since: i64) -> Option<i64> {
        self.since(since).map(|fix| fix.at).find(|&known| known < at)
    }

    /// When the ship was heard next after `at`.
    pub(crate) fn heard_after(&self, at: i64) -> Option<i64> {
        self.fixes.backward().map(|fix| fix.at).take_while(|&known| known > at).last()
    }

    /// The fixes from `from` on, as far as they are remembered since `since`, in order.
    pub(crate) fn fixes_from(&self, from: i64, since: i64) -> Vec<Fix> {
        let mut fixes: Vec<Fix> = self.since(since).take_while(|fix| fix.at >= from).collect();
        fixes.reverse();
        fixes
    }

    /// Backward to the first fix to which a leg belongs that has not ended by `since`. What lies before it is
    /// forgotten when the next fix comes, and must not be used before either: of two ships that report
    /// at one instant one comes first, and which one must not matter.
    fn since(&self, since: i64) -> impl Iterator<Item = Fix> {
        let mut next_at = i64::MAX;
        self.fixes.backward().take_while(move |fix| {
            let is_remembered = next_at > since;
            next_at = fix.at;
            is_remembered
        })
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

    fn push(track: &mut Track, mut fix: Fix) -> bool {
        let parameters = Parameters::default();
        let joint = track.tip().joint(fix.at, ecef_m(&fix), &parameters.track, LEG_MILLIS_MAX);
        let has_leg = joint.expect("joins").leads_to(&mut fix, &parameters.leg);
        track.push(fix, ecef_m(&fix), LEG_MILLIS_MAX);
        has_leg
    }

    fn track(first: Fix) -> Track {
        Track::new(0, first, ecef_m(&first))
    }

    #[test]
    fn a_ship_cannot_be_in_two_places() {
        let rules = Parameters::default().track;
        let here = track(fix(0.0, 50.0, 1.0));
        let joins = |other: Fix| {
            here.tip().joint(other.at, ecef_m(&other), &rules, LEG_MILLIS_MAX).is_some()
        };
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
        assert_eq!(track.fixes.backward().count(), 181);
    }
}
