//! Two vessels, in no order.

use crate::Mmsi;

/// Two different vessels. `VesselPair::new(a, b)` and `VesselPair::new(b, a)` are the same pair.
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
