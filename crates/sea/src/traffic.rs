//! Ships that have nothing to do with anybody: on passage, fishing, at anchor, at a berth.

use std::f64::consts::PI;

use crate::fleet::{Build, Draught, Duty, Vessel};
use crate::meeting::{KNOT_MPS, Plan, rolling, slow_wander, yawing};
use crate::motion::{Course, Frame, Motion, Pace, turned};

/// Ships on passage are seen for so long a way.
const PASSAGE_M: f64 = 170_000.0;
/// Lanes lie so far on either side of the axis, and are so wide.
const LANE_M: [f64; 2] = [9000.0, 7000.0];

/// Puts the scenario's background ships to sea, the places in turn.
pub(crate) fn put_to_sea(plan: &mut Plan) {
    let places = plan.scenario.places.len();
    for number in 0..plan.scenario.ships as usize {
        let place = number % places;
        match plan.chance.unit() {
            share if share < 0.70 => passages(plan, 2 * place),
            share if share < 0.80 => fishing(plan, 2 * place),
            share if share < 0.93 => at_anchor(plan, 2 * place + 1),
            _ => at_berth(plan, 2 * place + 1),
        }
    }
}

/// One ship after another on passage, so that there is always about one.
fn passages(plan: &mut Plan, site: usize) {
    let axis_rad = plan.sites[site].axis_rad;
    let mut from_s = -plan.chance.range(0.0, 7.0 * 3600.0);
    while from_s < plan.duration_s {
        let chance = &mut plan.chance;
        let build = chance.pick(&[
            Build::Cargo,
            Build::Cargo,
            Build::BulkCarrier,
            Build::Tanker,
            Build::TankerLarge,
        ]);
        let fastest = if build == Build::Cargo { 19.0 } else { 14.5 };
        let speed_mps = chance.range(9.8, fastest) * KNOT_MPS;
        // Each way has its own lane, as in a separation scheme.
        let opposite = chance.yes(0.5);
        let direction_rad = axis_rad + if opposite { PI } else { 0.0 };
        let starboard_m = LANE_M[0] + chance.range(-LANE_M[1], LANE_M[1]);
        let start_m = turned([-PASSAGE_M / 2.0, starboard_m], direction_rad);
        let bend_rad = chance.range(-0.12, 0.12);
        let course = Course::new(start_m, direction_rad - bend_rad / 2.0).turn(
            chance.range(0.3, 0.6) * PASSAGE_M,
            bend_rad,
            5000.0,
        );
        let span_s = PASSAGE_M / speed_mps;
        let mut knots = Vec::new();
        let mut time_s = from_s;
        while time_s < from_s + span_s {
            knots.push((time_s, speed_mps * chance.range(0.97, 1.03)));
            time_s += chance.range(1800.0, 7200.0);
        }
        let sway = [slow_wander(1.0, 10.0, chance), slow_wander(5.0, 35.0, chance)];
        let motion = Motion {
            sway,
            ..Motion::new(Frame::Way { course, pace: Pace::new(&knots), along_m: 0.0 })
        };
        let heard_s = [from_s.max(0.0), (from_s + span_s).min(plan.duration_s)];
        if heard_s[0] < heard_s[1] {
            add(plan, site, build, motion, Duty::UnderWay, heard_s);
        }
        from_s += span_s + plan.chance.range(0.0, 1800.0);
    }
}

/// Back and forth over one ground. One that finds no ground of its own stays in port.
fn fishing(plan: &mut Plan, site: usize) {
    let heard_s = [0.0, plan.duration_s];
    for attempt in 0..60 {
        let start_m = plan.point_at_sea(site, 1.0 + f64::from(attempt) / 60.0);
        let chance = &mut plan.chance;
        let mut course = Course::new(start_m, chance.angle());
        let mut knots = Vec::new();
        let mut time_s = 0.0;
        while time_s < plan.duration_s {
            knots.push((time_s, chance.range(2.2, 4.2) * KNOT_MPS));
            time_s += chance.range(1200.0, 3600.0);
            let side = chance.sign();
            course = course.turn(
                chance.range(1500.0, 5000.0),
                side * chance.range(2.6, 3.5),
                chance.range(200.0, 400.0),
            );
        }
        let frame = Frame::Way { course, pace: Pace::new(&knots), along_m: 0.0 };
        let motion = Motion::new(frame);
        if plan.is_clear(site, &motion, heard_s) {
            plan.claim(site, &motion, heard_s);
            add(plan, site, Build::FishingVessel, motion, Duty::Fishing, heard_s);
            return;
        }
    }
}

fn at_anchor(plan: &mut Plan, site: usize) {
    let anchor_m = plan.mooring(site, false);
    let chance = &mut plan.chance;
    let heading = yawing(plan.sites[site].anchored, chance);
    let frame = Frame::Anchor { anchor_m, scope_m: chance.range(150.0, 300.0), heading };
    let build = chance.pick(&[Build::Tanker, Build::BulkCarrier, Build::Cargo]);
    let heard_s = [0.0, plan.duration_s];
    add(plan, site, build, Motion::new(frame), Duty::AtAnchor, heard_s);
}

fn at_berth(plan: &mut Plan, site: usize) {
    let position_m = plan.mooring(site, true);
    let heading_rad = plan.sites[site].area.chart().landward_deg.to_radians() + PI / 2.0;
    let chance = &mut plan.chance;
    let sway = [rolling(0.1, 0.5, chance), rolling(0.1, 0.3, chance)];
    let motion = Motion { sway, ..Motion::new(Frame::Quay { position_m, heading_rad }) };
    let build = chance.pick(&[Build::Tanker, Build::BulkCarrier, Build::Cargo]);
    let heard_s = [0.0, plan.duration_s];
    add(plan, site, build, motion, Duty::Moored, heard_s);
}

fn add(plan: &mut Plan, site: usize, build: Build, motion: Motion, duty: Duty, heard_s: [f64; 2]) {
    let identity = plan.registry.build(build, &mut plan.chance);
    let draught = Draught::steady(&identity, &mut plan.chance);
    plan.vessels.push(Vessel {
        identity,
        site,
        motion,
        duty,
        heard_s,
        silent_s: None,
        is_background: true,
        draught,
    });
}
