//! The program from outside, as a user, a browser, a broker or a thief has it.
//!
//! One binary, because linking one takes longer than building what is in it.
//! `cargo test -p alongside --test all run::` runs those of one file.

mod alerts;
mod bad_input;
mod commands;
mod compose;
mod decode;
mod delivery;
mod dossier;
mod grafana;
mod invariance;
mod program;
mod recordings;
mod replay;
mod run;
mod serve;
mod serve_both;
mod servers;
mod servers_alone;
mod simulated_sea;
mod sources;
mod topic;
