//! Parsed reports in, events out, on one core.

use alongside_benches::{Done, Subject, measure as measure_all, print_table};
use detector::{Detector, Parameters};
use maritime::Report;
use sea::Simulation;

use crate::stream::scenario;

/// A simulated day.
pub fn measure() {
    let simulation = Simulation::new(&scenario()).expect("the scenario is valid");
    let reports: Vec<Report> = simulation.reports().collect();
    let measured = measure_all(vec![Subject {
        name: "alongside, one core",
        run: Box::new(|| {
            let mut detector = Detector::new(Parameters::default());
            let mut events = Vec::new();
            for report in &reports {
                detector.push(report, &mut events);
                events.clear();
            }
            detector.finish(&mut events);
            Done::all(detector.counters().events)
        }),
    }]);
    print_table("Detecting", "report", reports.len() as u64, &measured);
}
