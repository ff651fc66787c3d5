//! The nouns of the sea that every part of Alongside speaks of.
//!
//! In the order of the data: who speaks ([`Mmsi`], [`Imo`], [`Flag`], [`ShipType`]), where and when
//! ([`Position`], [`Timestamp`]), what is said ([`Report`]: a [`PositionFix`] or a [`StaticReport`]),
//! who is meant ([`VesselPair`]) and what was found ([`Event`]). Texts from the air are [`shown`] so that they do nothing.
//!
//! Without the feature `std`, which is on by default, all but events, the reading of times from text and the showing of texts is
//! there, and neither std nor an allocator is needed. The feature `serde` lets a state that holds the nouns be
//! written and read.
//!
//! Nothing here reads a file, a socket or a clock, and nothing here knows a wire format.
//!
//! ```
//! use alongside_maritime::{Mmsi, Position, Timestamp};
//!
//! let mmsi = Mmsi::new(311_000_222).unwrap();
//! assert_eq!(mmsi.flag().unwrap().name(), "Bahamas");
//!
//! let galveston = Position::new(28.2504, -94.8597).unwrap();
//! let at = Timestamp::parse("2024-01-01T00:14:07.25Z").unwrap();
//! assert_eq!(format!("{at} {galveston}"), "2024-01-01T00:14:07.250Z 28.25040 -94.85970");
//! ```

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "std")]
mod event;
mod flag;
mod imo;
mod mmsi;
mod pair;
mod position;
mod report;
mod ship_type;
#[cfg(feature = "std")]
mod shown;
#[cfg(feature = "serde")]
mod stored;
mod text;
mod timestamp;

#[cfg(feature = "std")]
pub use event::{
    Classification, Event, EventId, EventKind, EventState, EventVessel, Figure, Meeting,
    MeetingClass, Reason, Subject, Surroundings, TrackPoint,
};
pub use flag::Flag;
pub use imo::Imo;
pub use mmsi::{Mmsi, MmsiKind};
pub use pair::VesselPair;
pub use position::{ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M, METRES_PER_NAUTICAL_MILE, Position};
pub use report::{Dimensions, PositionFix, Report, StaticReport, StationId, VesselIdentity};
pub use ship_type::{ShipCategory, ShipType};
#[cfg(feature = "std")]
pub use shown::{is_seen, plain_prefix, shown};
pub use text::Text;
pub use timestamp::Timestamp;
#[cfg(feature = "std")]
pub use timestamp::TimestampError;
