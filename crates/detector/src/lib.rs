//! Finds ships that come alongside each other: reports in, events out.
//!
//! The way of a report, which is also the order of the modules:
//!
//! 1. it is put in the order of time (`reorder`), as whole numbers (`fix`);
//! 2. it joins the sub-track of the one ship that can have sent it (`track`);
//! 3. the straight way from the report before is a leg; a grid of cells (`grid`) tells which other
//!    legs may be near it;
//! 4. the distance between two legs is a quadratic in time, whose roots are the ends of a contact
//!    (`leg`, `contact`);
//! 5. contacts of a pair add up to an encounter (`encounter`, `histogram`), which is judged (`assess`)
//!    and told.
//!
//! Steps 2 to 4 are worked out for many reports at a time, in stages that may be divided (`stage`).
//!
//! Nothing here reads a file, a socket or a clock, uses chance, or depends on the order of a hash map:
//! the same reports give the same events.

mod assess;
mod bounds;
mod class;
mod coast;
mod contact;
mod detector;
mod encounter;
mod fix;
mod fixes;
mod formation;
mod grid;
mod histogram;
mod hull;
mod leg;
#[cfg(test)]
mod oracle;
mod parameters;
mod places;
mod ports;
mod raft;
mod reorder;
mod revision;
#[cfg(test)]
mod scene;
mod snapshot;
mod stage;
mod story;
mod sun;
mod telling;
mod timers;
mod track;
mod vessel;
mod watermark;
mod zones;

pub use bounds::{AtBounds, Bounds};
pub use coast::{Coast, CoastDistance};
pub use detector::{Counters, Detector, Disposition, VesselSummary};
pub use parameters::{
    ContactRules, DarkRules, DisplacementRules, EncounterRules, GapRules, IdentityRules, JumpRules,
    LandMap, LegRules, LoiteringRules, Nearness, Parameters, PlaceFile, PlaceRules, Port, PortList,
    Profile, TrackRules, Watchlist, WatchlistEntry, Weights, Zone,
};
pub use snapshot::{Snapshot, SnapshotError};
pub use telling::{Teller, Telling};
