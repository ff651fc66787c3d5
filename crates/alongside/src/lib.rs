//! Alongside reads AIS and flags ships that come alongside each other at sea.
//!
//! The way of the data: the crate `source` (files to reports), the detector (reports to events), `report` (events
//! to text) and the GeoPackage; `replay` joins them. `dispatch` takes what is told to Kafka or ClickHouse, and `load`
//! from the one to the other. `run` is the daemon: the same from live feeds. `serve` shows a store; `dossier` carries one
//! event out with what it rests on. `decode` writes the messages themselves, by the crate `gpsd`. The rest
//! serves that: the command line, the configuration, the simulated sea.
//!
//! It is a library for the compiler's sake alone, which builds it beside the crates that it rests on, where a program
//! would wait for them to be ready. It offers [`main`] and nothing else.

#![expect(unreachable_pub, reason = "`pub` says what a module offers to the others")]

mod agent;
mod alert;
mod cli;
mod completions;
mod config;
mod decode;
mod demo;
mod dispatch;
mod doctor;
mod dossier;
mod duration;
mod load;
mod logging;
mod output;
mod places;
mod progress;
mod publish;
mod replay;
mod report;
mod run;
mod schema;
mod score;
mod serve;
mod simulate;
mod store;
mod temporary;
mod terminal;
mod watchlist;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{AlertsCommand, Cli, Command, ConfigCommand};

/// Everything was done.
const DONE: u8 = 0;
/// It could not be done.
const FAILED: u8 = 1;
/// It was asked for wrongly; clap uses the same.
const USAGE: u8 = 2;
/// It was done, but something was rejected or late, and `--strict` was given.
const REJECTED: u8 = 3;

/// What the command line asks for is done; the code says how that went, as `alongside --help` explains.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    // What runs for long has its own way to end.
    if !matches!(command, Command::Load(_) | Command::Run(_) | Command::Serve(_)) {
        temporary::remove_when_interrupted();
    }
    let outcome = match command {
        Command::Replay(args) => replay::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Run(args) => run::run(&args).map(|()| DONE),
        Command::Dossier(args) => dossier::run(&args),
        Command::Verify(args) => dossier::run_verify(&args),
        Command::Load(args) => load::run(&args).map(|()| DONE),
        Command::Publish(args) => publish::run(&args).map(|()| DONE),
        Command::Schema(args) => schema::run(&args).map(|()| DONE),
        Command::Serve(args) => serve::run(&args).map(|()| DONE),
        Command::Simulate(args) => simulate::run(&args).map(|()| DONE),
        Command::Score(args) => score::run(&args).map(|()| DONE),
        Command::Demo(args) => demo::run(&args).map(|()| DONE),
        Command::Doctor(args) => doctor::run(&args),
        Command::Alerts(args) => match args.command {
            AlertsCommand::Test(args) => alert::test::run(&args).map(|()| DONE),
        },
        Command::Config(args) => match args.command {
            ConfigCommand::Check { file } => config::check_file(&file).map(|()| DONE),
            ConfigCommand::Print { file: None } => config::print_manual().map(|()| DONE),
            ConfigCommand::Print { file: Some(file) } => config::print(&file).map(|()| DONE),
            ConfigCommand::Schema => config::print_schema().map(|()| DONE),
        },
        Command::Completions(args) => completions::run(&args).map(|()| DONE),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::tell(format_args!("error: {error:#}"));
            ExitCode::from(if error.is::<UsageError>() { USAGE } else { FAILED })
        }
    }
}

/// Something was asked for that makes no sense; the message says what would.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);
