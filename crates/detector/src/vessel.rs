//! What is remembered of everybody who was heard.

use maritime::{Mmsi, StaticReport, Timestamp, VesselIdentity};

use crate::track::TrackIndex;

/// As many ships as are told apart under one number.
pub(crate) const SUB_TRACKS_MAX: usize = 4;
/// Changes of draught that are remembered; they come once in a voyage.
const DRAUGHTS_MAX: usize = 4;

/// Everything that one MMSI has said, but for its positions.
#[derive(Debug)]
pub(crate) struct Vessel {
    pub(crate) mmsi: Mmsi,
    /// The newest of every field.
    pub(crate) identity: VesselIdentity,
    /// Changes of the draught with the time at which they were first said, oldest first.
    draughts: Vec<(Timestamp, f32)>,
    /// Oldest first.
    pub(crate) tracks: Vec<TrackIndex>,
    pub(crate) first_heard_at: Timestamp,
    pub(crate) last_heard_at: Timestamp,
    pub(crate) positions: u64,
}

impl Vessel {
    pub(crate) fn new(mmsi: Mmsi, heard_at: Timestamp) -> Self {
        Vessel {
            mmsi,
            identity: VesselIdentity::default(),
            draughts: Vec::new(),
            tracks: Vec::new(),
            first_heard_at: heard_at,
            last_heard_at: heard_at,
            positions: 0,
        }
    }

    pub(crate) fn learn(&mut self, report: &StaticReport) {
        self.identity.update(&report.identity);
        let Some(draught_m) = report.draught_m else { return };
        if self.draught_m() == Some(draught_m) {
            return;
        }
        if self.draughts.len() == DRAUGHTS_MAX {
            self.draughts.remove(0);
        }
        self.draughts.push((report.observed_at, draught_m));
    }

    /// As said last.
    pub(crate) fn draught_m(&self) -> Option<f32> {
        self.draughts.last().map(|&(_, draught_m)| draught_m)
    }

    /// As it was said last at that instant.
    pub(crate) fn draught_m_at(&self, at: Timestamp) -> Option<f32> {
        let said = self.draughts.iter().rev().find(|&&(since, _)| since <= at);
        said.map(|&(_, draught_m)| draught_m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draught(second: i64, draught_m: f32) -> StaticReport {
        StaticReport {
            mmsi: Mmsi::new(200_000_001).unwrap(),
            observed_at: Timestamp::from_secs(second),
            identity: VesselIdentity::default(),
            draught_m: Some(draught_m),
            destination: None,
        }
    }

    #[test]
    fn the_draught_is_that_of_the_time() {
        let mut vessel = Vessel::new(Mmsi::new(200_000_001).unwrap(), Timestamp::from_secs(0));
        for (second, draught_m) in [(10, 8.0), (20, 8.0), (30, 12.5)] {
            vessel.learn(&draught(second, draught_m));
        }
        assert_eq!(vessel.draught_m_at(Timestamp::from_secs(9)), None);
        assert_eq!(vessel.draught_m_at(Timestamp::from_secs(29)), Some(8.0));
        assert_eq!(vessel.draught_m(), Some(12.5));
    }
}
