//! A position on the wire.

use maritime::{PositionFix, Timestamp};
use serde::{Deserialize, Serialize};

use crate::wire::{rfc3339, rounded};

/// One reported position, as it is written: `null` for what was not available.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PositionRecord {
    /// Nine digits; leading zeros are not written.
    pub mmsi: u32,
    /// When the vessel was there.
    #[serde(with = "rfc3339")]
    pub observed_at: Timestamp,
    /// North positive, 6 decimals.
    pub latitude_deg: f64,
    /// East positive, 6 decimals.
    pub longitude_deg: f64,
    /// Over ground, 1 decimal.
    pub speed_knots: Option<f64>,
    /// Over ground, clockwise from true north, 1 decimal.
    pub course_deg: Option<f64>,
    /// Of the bow, clockwise from true north, whole degrees.
    pub heading_deg: Option<u16>,
    /// Given to 0.1 minute only.
    pub coarse: bool,
    /// The feed or recording it comes from.
    pub source: String,
}

impl PositionRecord {
    /// What is written of `fix`.
    pub fn new(fix: &PositionFix, source: &str) -> Self {
        let tenths = |value: Option<f32>| value.map(|value| rounded(f64::from(value), 1));
        PositionRecord {
            mmsi: fix.mmsi.get(),
            observed_at: fix.observed_at,
            latitude_deg: rounded(fix.position.latitude_deg(), 6),
            longitude_deg: rounded(fix.position.longitude_deg(), 6),
            speed_knots: tenths(fix.speed_knots),
            course_deg: tenths(fix.course_deg),
            // 359.7° is north again.
            heading_deg: fix.heading_deg.map(|deg| (deg.round() as u16) % 360),
            coarse: fix.coarse,
            source: source.into(),
        }
    }
}
