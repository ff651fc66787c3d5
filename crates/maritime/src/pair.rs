//! Two vessels, in no order.

use crate::Mmsi;

/// Two different vessels. `VesselPair::new(a, b)` and `VesselPair::new(b, a)` are the same pair.
///
/// ```
/// use alongside_maritime::{Mmsi, VesselPair};
///
/// let [a, b] = [538_005_541, 311_000_222].map(|number| Mmsi::new(number).unwrap());
/// let pair = VesselPair::new(a, b).unwrap();
/// assert_eq!((pair.low(), pair.high()), (b, a));
/// assert_eq!(VesselPair::new(a, a), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VesselPair {
    low: Mmsi,
    high: Mmsi,
}

impl VesselPair {
    /// `None` if both are the same vessel.
    pub fn new(a: Mmsi, b: Mmsi) -> Option<Self> {
        (a != b).then(|| VesselPair { low: a.min(b), high: a.max(b) })
    }

    /// The vessel with the lower MMSI.
    pub fn low(self) -> Mmsi {
        self.low
    }

    /// The vessel with the higher MMSI.
    pub fn high(self) -> Mmsi {
        self.high
    }
}
