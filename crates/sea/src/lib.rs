//! A simulated sea whose truth is known.
//!
//! It takes a [`Scenario`] (seed, time, places, how many ships, how many meetings of which kind) and
//! gives a [`Simulation`]: what shore stations and satellites hear, in the order in which it arrives,
//! as messages, as NMEA lines or as reports; and beside it the [`Truth`] of every meeting planted, and
//! of everything planted that only looks like one. [`score()`] holds what a detector found against it.
//!
//! The motion is not the detector's: ships here turn on arcs, gather and lose way, drift with wind and
//! tide, swing at anchor, surge and sway alongside each other, and never go straight from one report
//! to the next. Everything follows from the seed, with the mathematics of `libm`, so every machine
//! gives the same bytes. Nothing here reads a clock or a file.
//!
//! What it leaves out: a ship is simulated only while it has a part to play, so it appears on its way
//! in and vanishes on its way out as if at the edge of the recording; hulls of passing ships may cross;
//! reporting intervals do not shorten in turns; the water is one per place; nobody lies about its
//! position.
//!
//! ```
//! use alongside_sea::{Area, Coverage, Place, Planted, Scenario, Simulation};
//!
//! let scenario = Scenario {
//!     seed: 7,
//!     ships: 10,
//!     places: vec![Place { area: Area::Dateline, coverage: Coverage::Satellite }],
//!     planted: Planted { long: 2, tow: 1, ..Planted::default() },
//!     ..Scenario::default()
//! };
//! let simulation = Simulation::new(&scenario).unwrap();
//! let truths = simulation.truths().to_vec();
//! let mut nmea = Vec::new();
//! let sentences = simulation.write_sentences(&mut nmea).unwrap();
//! assert!(truths.len() == 3 && sentences > 100);
//! ```

mod scenario;

mod motion;
mod plane;
mod random;

mod fleet;
mod meeting;
mod traffic;

mod coverage;
mod reporting;
mod simulation;

mod score;
mod truth;

pub use reporting::{
    LONG_RANGE_INTERVAL_S, STATIC_INTERVAL_S, class_a_interval_s, class_b_interval_s,
};
pub use scenario::{Area, Coverage, Place, Planted, Scenario, ScenarioError};
pub use score::{
    Candidate, CoverageScore, DarkScore, Findings, Found, IdentityScore, ScoreRow, Scorecard, score,
};
pub use simulation::{Simulation, Transmission};
pub use truth::{Kind, Silence, TOGETHER_M, Truth, TruthError};
