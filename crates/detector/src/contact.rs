//! Where two legs are in contact.

use crate::leg::{Approach, Leg};
use crate::parameters::ContactRules;

/// A contact goes on while the ships are between the inner and the outer distance for up to this; longer
/// than that they have parted, and a return is another contact of the same encounter.
pub(crate) const EXCURSION_MILLIS_MAX: i64 = 3_600_000;

/// A span of two overlapping legs during which the ships were near each other.
///
/// A contact of two ships is a chain of these. It begins and ends at the inner distance, but it takes the
/// outer one to break it: ships that swing about the limit are in one contact and not in a hundred.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct ContactPiece {
    /// Of the vessel with the lower MMSI, then of the other.
    pub(crate) legs: [Leg; 2],
    pub(crate) approach: Approach,
    /// Milliseconds since 1970.
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// What two overlapping legs add to the contact of two ships.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    /// The span within the outer distance.
    pub(crate) outer: ContactPiece,
    /// The span within the inner distance, inside the other.
    pub(crate) inner: Option<ContactPiece>,
}

impl Passage {
    /// `None` if the ships are not within the outer distance while both legs last.
    pub(crate) fn new(legs: [Leg; 2], rules: &ContactRules) -> Option<Self> {
        let approach = Approach::new(&legs[0], &legs[1])?;
        let (from, to) = approach.within(rules.distance_m_out, approach.from, approach.to)?;
        let outer = ContactPiece { legs, approach, from, to };
        let inner = approach.within(rules.distance_m_in, from, to);
        Some(Passage { outer, inner: inner.map(|(from, to)| outer.cut(from, to)) })
    }
}

impl ContactPiece {
    /// The part of it from one instant to another.
    pub(crate) fn cut(&self, from: i64, to: i64) -> Self {
        ContactPiece { from, to, ..*self }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// Whether it ends because the ships part, and not because a leg ends.
    pub(crate) fn ends_by_parting(&self) -> bool {
        self.to < self.approach.to
    }

    /// Whether it begins because the ships come near, and not because a leg begins.
    pub(crate) fn begins_by_nearing(&self) -> bool {
        self.from > self.approach.from
    }

    /// Half-way between its ends.
    pub(crate) fn middle(&self) -> i64 {
        self.from + (self.to - self.from) / 2
    }

    /// Half-way between the ships at the middle of the piece, in units; the longitude is not wrapped.
    pub(crate) fn place(&self) -> (i64, i64) {
        let [a, b] = [0, 1].map(|i| self.legs[i].place_at(self.middle()));
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
    fn check(start_m: f64, outer_minutes: i64, inner_minutes: Option<i64>) {
        let passage = Passage::new(parting(start_m), &Parameters::default().contact).unwrap();
        let minutes = |piece: &ContactPiece| (piece.to + 30_000) / 60_000;
        assert_eq!(minutes(&passage.outer), outer_minutes);
        assert_eq!(passage.inner.as_ref().map(minutes), inner_minutes);
    }

    #[test]
    fn both_distances_are_solved_for() {
        check(400.0, 10, Some(3));
        check(600.0, 3, None);
        assert!(Passage::new(parting(701.0), &Parameters::default().contact).is_none());
    }
}
