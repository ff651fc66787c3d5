//! Where two legs are in contact.

use crate::leg::{Approach, Leg};
use crate::parameters::ContactRules;

/// A span during which two ships on two legs were in contact.
///
/// One contact of two ships is a chain of these, each beginning where the one before ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContactPiece {
    /// Of the vessel with the lower MMSI, then of the other.
    pub(crate) legs: [Leg; 2],
    pub(crate) approach: Approach,
    /// Milliseconds since 1970.
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Whether the piece before this one ended where this one begins.
    pub(crate) continues: bool,
}

impl ContactPiece {
    /// `contact_until` is where the last contact of the two ships ended.
    ///
    /// A contact begins when the ships come within the inner distance and ends when they go beyond the
    /// outer one, so that ships that swing about the limit are in one contact and not in a hundred.
    pub(crate) fn new(
        legs: [Leg; 2],
        contact_until: Option<i64>,
        rules: &ContactRules,
    ) -> Option<Self> {
        let approach = Approach::new(&legs[0], &legs[1])?;
        let (out_from, to) = approach.within(rules.distance_m_out, approach.from, approach.to)?;
        let continues = contact_until == Some(out_from) && out_from == approach.from;
        let from = if continues {
            out_from
        } else {
            approach.within(rules.distance_m_in, out_from, to)?.0
        };
        (from < to).then_some(ContactPiece { legs, approach, from, to, continues })
    }

    /// Whether it ends because the ships part, and not because a leg ends.
    pub(crate) fn ends_by_parting(&self) -> bool {
        self.to < self.approach.to
    }

    /// Whether it begins because the ships come near, and not because a leg begins.
    pub(crate) fn begins_by_nearing(&self) -> bool {
        self.from > self.approach.from
    }

    /// Half-way between the ships at the middle of the piece, in units; the longitude is not wrapped.
    pub(crate) fn place(&self) -> (i64, i64) {
        let middle = self.from + (self.to - self.from) / 2;
        let [a, b] = [0, 1].map(|i| self.legs[i].place_at(middle));
        let east_of_a = crate::fix::wrap(b.1 - a.1);
        // Twice the middle would be exact in either order; half of it is rounded down in both.
        ((a.0 + b.0).div_euclid(2), a.1 + east_of_a.div_euclid(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leg::tests::fix;
    use crate::parameters::Parameters;

    /// A ship goes away from one that lies still, from the given distance, at some 0.97 knots.
    fn parting(start_m: f64) -> [Leg; 2] {
        let north = |metres: f64| 30.0 + metres / 110_852.4;
        let still = Leg { from: fix(0.0, 30.0, 5.0), to: fix(60.0, 30.0, 5.0) };
        let away = Leg {
            from: fix(0.0, north(start_m), 5.0),
            to: fix(60.0, north(start_m + 1800.0), 5.0),
        };
        [still, away]
    }

    #[track_caller]
    fn check(start_m: f64, contact_until: Option<i64>, expected_minutes: Option<(i64, i64)>) {
        let rules = Parameters::default().contact;
        let piece = ContactPiece::new(parting(start_m), contact_until, &rules);
        let minutes = |millis: i64| (millis + 30_000) / 60_000;
        assert_eq!(piece.map(|piece| (minutes(piece.from), minutes(piece.to))), expected_minutes);
    }

    #[test]
    fn a_contact_begins_within_500_m_and_ends_beyond_700_m() {
        check(400.0, None, Some((0, 10)));
        check(600.0, None, None);
        check(600.0, Some(0), Some((0, 3)));
        check(600.0, Some(-1), None);
    }
}
