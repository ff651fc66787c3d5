//! Who a vessel says it is, on the wire.

use maritime::{Mmsi, Timestamp, VesselIdentity};
use serde::{Deserialize, Serialize};

use crate::wire::rfc3339;

/// One identity of one vessel, as it is written: `null` for what it has not said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityRecord {
    /// Nine digits; leading zeros are not written.
    pub mmsi: u32,
    /// With a right check digit.
    pub imo: Option<u32>,
    /// As sent: hostile until escaped.
    pub name: Option<String>,
    /// As sent: hostile until escaped.
    pub callsign: Option<String>,
    /// ISO 3166-1, two letters, by the MMSI.
    pub flag: Option<String>,
    /// In words, such as `tanker`.
    #[serde(rename = "type")]
    pub ship_type: Option<String>,
    /// From bow to stern.
    pub length_m: Option<u16>,
    /// From side to side.
    pub beam_m: Option<u16>,
    /// When it was heard under this identity first.
    #[serde(with = "rfc3339")]
    pub first_heard_at: Timestamp,
    /// When it was heard under this identity last, as far as is known yet.
    #[serde(with = "rfc3339")]
    pub last_heard_at: Timestamp,
    /// The feed or recording it comes from.
    pub source: String,
}

impl IdentityRecord {
    /// What is written of `identity`.
    pub fn new(
        mmsi: Mmsi,
        identity: &VesselIdentity,
        heard_at: (Timestamp, Timestamp),
        source: &str,
    ) -> Self {
        let (first_heard_at, last_heard_at) = heard_at;
        let category = identity.ship_type.and_then(|ship_type| ship_type.category());
        IdentityRecord {
            mmsi: mmsi.get(),
            imo: identity.imo.map(|imo| imo.get()),
            name: identity.name.map(|name| name.as_str().into()),
            callsign: identity.callsign.map(|callsign| callsign.as_str().into()),
            flag: mmsi.flag().map(|flag| flag.code().into()),
            ship_type: category.map(|category| category.name().into()),
            length_m: identity.dimensions.map(|dimensions| dimensions.length_m()),
            beam_m: identity.dimensions.map(|dimensions| dimensions.beam_m()),
            first_heard_at,
            last_heard_at,
            source: source.into(),
        }
    }
}
