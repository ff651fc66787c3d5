//! Simulates a day at sea, writes its NMEA to standard output and what was planted to standard error.
//!
//! `cargo run --release -p alongside-sea --example simulate -- [ships] [seed] > day.nmea`

use std::io::{BufWriter, Write};

use alongside_sea::{Scenario, Simulation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut scenario = Scenario::default();
    if let Some(ships) = arguments.next() {
        scenario.ships = ships.parse()?;
    }
    if let Some(seed) = arguments.next() {
        scenario.seed = seed.parse()?;
    }
    let simulation = Simulation::new(&scenario)?;
    for truth in simulation.truths() {
        eprintln!("{}", truth.to_json());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let sentences = simulation.write_sentences(&mut out)?;
    out.flush()?;
    eprintln!("{sentences} sentences");
    Ok(())
}
