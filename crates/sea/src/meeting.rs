//! Planted meetings, and what only looks like one.
//!
//! Each is a pair of [`Motion`]s about a common frame. A place and a time for it are drawn until it
//! keeps clear of everything slow that is there already, so that nobody meets anybody by accident.

use std::f64::consts::{FRAC_PI_2, PI};

use decoder::encode::position_raw;
use maritime::{Position, Timestamp, VesselPair};

use crate::coverage::{Hole, Site};
use crate::fleet::{Build, Draught, Duty, Identity, Registry, Vessel};
use crate::motion::{Course, Frame, Heading, Leg, Motion, Pace, Swing, turned, wrapped};
use crate::random::Chance;
use crate::scenario::{Scenario, ScenarioError};
use crate::truth::{Kind, TOGETHER_M, Truth};

/// What two slow ships that have nothing to do with each other keep apart, at least.
const CLEAR_M: f64 = 3000.0;
/// Ships that are slower than this have to keep clear: it is above what counts as meeting speed.
const SLOW_MPS: f64 = 4.5;
/// How often ships are asked whether they keep clear.
const CLEAR_STEP_S: f64 = 600.0;
/// Half the length and half the width of the water in which meetings are placed, to begin with.
const ROOM_M: [f64; 2] = [55_000.0, 26_000.0];
/// How often another place and time is tried before giving up.
const TRIES_MAX: u32 = 400;
/// Between two berths or two anchors of ships that have nothing to do with each other.
const BERTH_STEP_M: f64 = 1700.0;
/// Between two times at which somebody is dark in one place, while there is time enough for all: ships dark at the same
/// time near each other could have met, whoever planted them.
const DARK_APART_S: f64 = 1800.0;
/// From the middle of a hole in the reception to the ships that drift in it.
const HOLE_RING_M: f64 = 8000.0;
/// What ships that could not have met could not have done.
const OUTRUN_KNOTS: f64 = 22.0;
/// Truth is looked for on this grid, then refined to the millisecond.
const TRUTH_STEP_S: f64 = 10.0;

pub(crate) const KNOT_MPS: f64 = 1852.0 / 3600.0;

/// What is being put together.
pub(crate) struct Plan<'a> {
    pub scenario: &'a Scenario,
    pub sites: &'a [Site],
    pub vessels: Vec<Vessel>,
    pub truths: Vec<Truth>,
    pub registry: Registry,
    pub chance: Chance,
    pub duration_s: f64,
    /// By site.
    pub holes: Vec<(usize, Hole)>,
    /// When somebody is dark or unheard on purpose, by site.
    dark_s: Vec<Vec<[f64; 2]>>,
    /// Slow ships by site and time step; bounded by what is planted and the length of the scenario.
    slow: Vec<Vec<Vec<[f64; 2]>>>,
    /// Anchors and berths given out so far, by site.
    moorings: Vec<[u32; 2]>,
}

/// Two ships, ready to be put to sea.
struct Pair {
    site: usize,
    builds: [Build; 2],
    identities: [Identity; 2],
    motions: [Motion; 2],
    duties: [Duty; 2],
    heard_s: [[f64; 2]; 2],
    /// From when to when it is what it is.
    core_s: [f64; 2],
    silent_s: [Option<[f64; 2]>; 2],
    hole: Option<Hole>,
    /// Others that are in it.
    witnesses: Vec<Motion>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(scenario: &'a Scenario, sites: &'a [Site], chance: Chance) -> Self {
        let duration_s = scenario.duration.as_secs_f64();
        let steps = (duration_s / CLEAR_STEP_S) as usize + 1;
        Plan {
            scenario,
            sites,
            vessels: Vec::new(),
            truths: Vec::new(),
            registry: Registry::default(),
            chance,
            duration_s,
            holes: Vec::new(),
            dark_s: vec![Vec::new(); sites.len()],
            slow: vec![vec![Vec::new(); steps]; sites.len()],
            moorings: vec![[0; 2]; sites.len()],
        }
    }

    /// Plants everything the scenario asks for, the places in turn.
    pub(crate) fn plant(&mut self) -> Result<(), ScenarioError> {
        let places = self.scenario.places.len();
        for kind in Kind::ALL {
            for index in 0..self.scenario.planted.count(kind) as usize {
                self.plant_one(kind, index % places)?;
            }
        }
        Ok(())
    }

    fn plant_one(&mut self, kind: Kind, place: usize) -> Result<(), ScenarioError> {
        if self.duration_s < (shortest_h(kind) + 3.0) * 3600.0 {
            return Err(ScenarioError::TooShort { duration: self.scenario.duration, kind });
        }
        let builds = self.builds(kind);
        let mut identities = builds.map(|build| self.registry.build(build, &mut self.chance));
        if kind == Kind::IdentityChange {
            identities[1] = self.registry.renamed(&identities[0], &mut self.chance);
        }
        for attempt in 0..TRIES_MAX {
            let spread = 1.0 + f64::from(attempt) / 200.0;
            let pair = self.pair(kind, place, builds, identities, spread);
            let crowded = attempt > TRIES_MAX / 2;
            if self.keeps_clear(&pair) && (crowded || self.keeps_dark_apart(&pair)) {
                self.put_to_sea(kind, pair);
                return Ok(());
            }
        }
        Err(ScenarioError::Crowded { area: self.scenario.places[place].area, kind })
    }

    fn builds(&mut self, kind: Kind) -> [Build; 2] {
        use Build::*;
        match kind {
            Kind::Long | Kind::Short | Kind::UnderWay | Kind::AtAnchor | Kind::Burst => {
                let share = self.chance.unit();
                let fishing = matches!(kind, Kind::Long | Kind::Short | Kind::Burst);
                match share {
                    _ if share < 0.65 => [TankerLarge, Tanker],
                    _ if share < 0.85 || !fishing => [BulkCarrier, BulkCarrier],
                    _ => [FishCarrier, FishingVessel],
                }
            }
            Kind::AnchoredNeighbours | Kind::SameBerth => {
                [(); 2].map(|()| self.chance.pick(&[Tanker, BulkCarrier, Cargo]))
            }
            Kind::DarkMeeting | Kind::DarkWaiting => [TankerLarge, Tanker],
            Kind::Bunkering => [self.chance.pick(&[TankerLarge, BulkCarrier, Cargo]), BunkerTanker],
            Kind::CrewBoat => [self.chance.pick(&[TankerLarge, Tanker, BulkCarrier]), CrewBoat],
            Kind::Gear => [self.chance.pick(&[FishingVessel, NetBuoy]), NetBuoy],
            Kind::InfeasibleGap | Kind::ReceptionHole => {
                [(); 2].map(|()| self.chance.pick(&[TankerLarge, Tanker, BulkCarrier]))
            }
            Kind::IdentityChange => [self.chance.pick(&[Tanker, BulkCarrier, Cargo]); 2],
            Kind::Tow => [Tug, Barge],
            Kind::PairTrawl => [FishingVessel, FishingVessel],
            Kind::Pilot => [self.chance.pick(&[Tanker, BulkCarrier, Cargo]), PilotBoat],
            Kind::Convoy | Kind::Overtaking => {
                [(); 2].map(|()| self.chance.pick(&[Tanker, BulkCarrier, Cargo]))
            }
        }
    }

    fn pair(
        &mut self,
        kind: Kind,
        place: usize,
        builds: [Build; 2],
        identities: [Identity; 2],
        spread: f64,
    ) -> Pair {
        let roadstead = matches!(
            kind,
            Kind::AtAnchor | Kind::AnchoredNeighbours | Kind::SameBerth | Kind::Bunkering
        );
        let site = 2 * place + usize::from(roadstead);
        let frames = Frames { plan: self, kind, site, builds, identities, spread };
        match kind {
            Kind::Long
            | Kind::Short
            | Kind::UnderWay
            | Kind::AtAnchor
            | Kind::Bunkering
            | Kind::CrewBoat
            | Kind::DarkMeeting
            | Kind::DarkWaiting => frames.alongside(),
            Kind::AnchoredNeighbours => frames.anchored_neighbours(),
            Kind::SameBerth => frames.same_berth(),
            Kind::Tow => frames.tow(),
            Kind::PairTrawl => frames.pair_trawl(),
            Kind::Pilot => frames.pilot(),
            Kind::Convoy => frames.convoy(),
            Kind::Overtaking => frames.overtaking(),
            Kind::Burst => frames.burst(),
            Kind::Gear => frames.gear(),
            Kind::InfeasibleGap => frames.infeasible_gap(),
            Kind::ReceptionHole => frames.reception_hole(),
            Kind::IdentityChange => frames.identity_change(),
        }
    }

    fn put_to_sea(&mut self, kind: Kind, pair: Pair) {
        for (motion, heard_s) in pair.motions.iter().zip(pair.heard_s) {
            self.claim(pair.site, motion, heard_s);
        }
        let draughts = self.draughts(kind, &pair);
        let first = self.vessels.len();
        for (i, draught) in draughts.into_iter().enumerate() {
            self.vessels.push(Vessel {
                identity: pair.identities[i],
                site: pair.site,
                motion: pair.motions[i].clone(),
                duty: pair.duties[i],
                heard_s: pair.heard_s[i],
                silent_s: pair.silent_s[i],
                is_background: false,
                draught,
            });
        }
        self.dark_s[pair.site].extend(pair.silent_s.into_iter().flatten());
        self.holes.extend(pair.hole.map(|hole| (pair.site, hole)));
        for motion in &pair.witnesses {
            self.put_witness_to_sea(&pair, motion);
        }
        let truth = self.truth(kind, &pair, first);
        self.truths.push(truth);
    }

    fn put_witness_to_sea(&mut self, pair: &Pair, motion: &Motion) {
        self.claim(pair.site, motion, pair.heard_s[0]);
        let build = self.chance.pick(&[Build::Tanker, Build::BulkCarrier, Build::Cargo]);
        let identity = self.registry.build(build, &mut self.chance);
        let draught = Draught::steady(&identity, &mut self.chance);
        self.vessels.push(Vessel {
            identity,
            site: pair.site,
            motion: motion.clone(),
            duty: Duty::UnderWay,
            heard_s: pair.heard_s[0],
            silent_s: pair.silent_s[0],
            is_background: false,
            draught,
        });
    }

    /// Cargo goes from one to the other in a meeting; otherwise nothing changes.
    fn draughts(&mut self, kind: Kind, pair: &Pair) -> [Draught; 2] {
        if kind == Kind::IdentityChange {
            return [Draught::steady(&pair.identities[0], &mut self.chance); 2];
        }
        if kind == Kind::Bunkering {
            return self.bunkered(pair);
        }
        if !kind.is_meeting() && !kind.is_dark_meeting() {
            return [0, 1].map(|i| Draught::steady(&pair.identities[i], &mut self.chance));
        }
        let giver = usize::from(pair.builds[0] == Build::FishCarrier);
        let shares = [self.chance.range(0.85, 1.0), self.chance.range(0.5, 0.65)];
        let moved = self.chance.range(0.1, 0.3);
        [0, 1].map(|i| {
            let gives = i == giver;
            let full_m = pair.identities[i].draught_m_max;
            let before_m = full_m * shares[usize::from(!gives)];
            let after_m = before_m + full_m * if gives { -moved } else { moved };
            let entered_s = pair.core_s[1] - self.chance.range(-2400.0, 900.0);
            Draught { before_m, after_m, entered_s }
        })
    }

    /// The bunker tanker rises by a tenth or more; the ship that it fuels hardly sinks.
    fn bunkered(&mut self, pair: &Pair) -> [Draught; 2] {
        let chance = &mut self.chance;
        let mut draughts = [0, 1].map(|i| Draught::steady(&pair.identities[i], chance));
        let [ship, tanker] = &mut draughts;
        ship.after_m = ship.before_m + chance.range(0.0, 0.2);
        tanker.after_m = tanker.before_m * chance.range(0.8, 0.92);
        for draught in &mut draughts {
            draught.entered_s = pair.core_s[1] - chance.range(-2400.0, 900.0);
        }
        draughts
    }

    /// Whether nobody else planted here is dark at about the same time.
    fn keeps_dark_apart(&self, pair: &Pair) -> bool {
        pair.silent_s.into_iter().flatten().all(|[from_s, to_s]| {
            self.dark_s[pair.site]
                .iter()
                .all(|other| to_s + DARK_APART_S < other[0] || other[1] + DARK_APART_S < from_s)
        })
    }

    /// Whether these ships, while slow, stay away from all slow ships put to sea before.
    fn keeps_clear(&self, pair: &Pair) -> bool {
        pair.motions
            .iter()
            .zip(pair.heard_s)
            .chain(pair.witnesses.iter().map(|motion| (motion, pair.heard_s[0])))
            .all(|(motion, heard_s)| self.is_clear(pair.site, motion, heard_s))
    }

    pub(crate) fn is_clear(&self, site: usize, motion: &Motion, heard_s: [f64; 2]) -> bool {
        // In a roadstead every ship has a mooring of its own.
        site % 2 == 1
            || slow_points(motion, heard_s).all(|(step, point_m)| {
                self.slow[site][step].iter().all(|other_m| {
                    let apart_m = [other_m[0] - point_m[0], other_m[1] - point_m[1]];
                    apart_m[0] * apart_m[0] + apart_m[1] * apart_m[1] > CLEAR_M * CLEAR_M
                })
            })
    }

    pub(crate) fn claim(&mut self, site: usize, motion: &Motion, heard_s: [f64; 2]) {
        for (step, point_m) in slow_points(motion, heard_s) {
            self.slow[site][step].push(point_m);
        }
    }

    /// A point of the site's water, to begin with within [`ROOM_M`].
    pub(crate) fn point_at_sea(&mut self, site: usize, spread: f64) -> [f64; 2] {
        let along_m = self.chance.range(-ROOM_M[0], ROOM_M[0]) * spread;
        let across_m = self.chance.range(-ROOM_M[1], ROOM_M[1]) * spread;
        turned([along_m, across_m], self.sites[site].axis_rad)
    }

    /// The next mooring of a roadstead: anchors in rows, from the innermost to seaward; berths in two
    /// rows along the shore, from the middle outwards.
    pub(crate) fn mooring(&mut self, site: usize, berth: bool) -> [f64; 2] {
        let given = &mut self.moorings[site][usize::from(berth)];
        let number = *given;
        *given += 1;
        let landward_rad = self.sites[site].area.chart().landward_deg.to_radians();
        let (row, column) = if berth {
            let step = f64::from(number / 4 + 1) - 0.5;
            (3.0 + f64::from(number % 2), if number % 4 < 2 { step } else { -step })
        } else {
            let side = self.roadstead_side();
            (-f64::from(number / side), f64::from(number % side) - f64::from(side - 1) / 2.0)
        };
        turned([row * BERTH_STEP_M, column * BERTH_STEP_M], landward_rad)
    }

    fn roadstead_side(&self) -> u32 {
        let planted = &self.scenario.planted;
        let moored = planted.at_anchor
            + planted.bunkering
            + planted.anchored_neighbours
            + self.scenario.ships / 6;
        let each = moored / self.scenario.places.len() as u32 + 1;
        (f64::from(each).sqrt() as u32).max(3)
    }

    fn truth(&self, kind: Kind, pair: &Pair, first: usize) -> Truth {
        let site = &self.sites[pair.site];
        let vessels = &self.vessels[first..first + 2];
        let points_m = |time_s: f64| [0, 1].map(|i| vessels[i].antenna_at(time_s).0);
        let distance_m = |time_s: f64| {
            let [a, b] = points_m(time_s);
            site.plane.distance_m(a, b)
        };
        let heard_s = [
            pair.heard_s[0][0].max(pair.heard_s[1][0]),
            pair.heard_s[0][1].min(pair.heard_s[1][1]),
        ];
        let span_s = match kind {
            // These are not together.
            Kind::InfeasibleGap | Kind::ReceptionHole | Kind::IdentityChange => pair.core_s,
            _ => together_s(&distance_m, pair.core_s, heard_s),
        };
        let steps = ((span_s[1] - span_s[0]) / TRUTH_STEP_S) as u32;
        let distance_m_min = (0..=steps)
            .map(|step| distance_m(span_s[0] + f64::from(step) * TRUTH_STEP_S))
            .fold(f64::INFINITY, f64::min);
        let [a, b] = points_m((span_s[0] + span_s[1]) / 2.0);
        let middle_m = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
        let mmsis = [0, 1].map(|i| vessels[i].identity.mmsi);
        let silence = |i: usize| {
            let [from_s, to_s] = pair.silent_s[i]?;
            Some((self.instant(from_s), self.instant(to_s)))
        };
        let in_order = if mmsis[0] < mmsis[1] { [0, 1] } else { [1, 0] };
        Truth {
            kind,
            coverage: site.coverage,
            pair: VesselPair::new(mmsis[0], mmsis[1]).expect("no MMSI is given out twice"),
            started_at: self.instant(span_s[0]),
            ended_at: self.instant(span_s[1]),
            distance_m_min: libm::round(distance_m_min * 10.0) / 10.0,
            position: quantised(site.plane.to_position(middle_m)),
            silences: in_order.map(silence),
        }
    }

    fn instant(&self, time_s: f64) -> Timestamp {
        self.scenario.started_at.plus_millis(libm::round(time_s * 1000.0) as i64)
    }
}

/// As AIS could send it, in 1/10000 minute.
fn quantised(position: Position) -> Position {
    let (longitude, latitude) = position_raw(Some(position), 600_000.0);
    Position::new(f64::from(latitude) / 600_000.0, f64::from(longitude) / 600_000.0)
        .expect("rounding stays within the ranges, whose ends are whole")
}

/// From when to when the ships are within [`TOGETHER_M`] about the core: outwards from its ends where
/// they are together there (as far as both are heard), inwards where they are not, and the core
/// itself if they never are.
fn together_s(distance_m: &impl Fn(f64) -> f64, core_s: [f64; 2], heard_s: [f64; 2]) -> [f64; 2] {
    let together = |time_s: f64| distance_m(time_s) <= TOGETHER_M;
    let edge_s = |from_s: f64, outer_s: f64, inner_s: f64| {
        if together(from_s) {
            Some(change_s(&together, from_s, outer_s).unwrap_or(outer_s))
        } else {
            change_s(&together, from_s, inner_s)
        }
    };
    let begin_s = edge_s(core_s[0], heard_s[0], core_s[1]);
    let end_s = edge_s(core_s[1], heard_s[1], core_s[0]);
    begin_s.zip(end_s).map_or(core_s, |(begin_s, end_s)| [begin_s, end_s])
}

/// The first instant on the way from one time to another at which the answer changes.
fn change_s(together: &impl Fn(f64) -> bool, from_s: f64, to_s: f64) -> Option<f64> {
    let at_first = together(from_s);
    let steps = ((to_s - from_s).abs() / TRUTH_STEP_S).ceil() as u32;
    let time_s = |step: u32| from_s + (to_s - from_s) * f64::from(step) / f64::from(steps);
    let step = (1..=steps).find(|&step| together(time_s(step)) != at_first)?;
    Some(crossing_s(together, time_s(step - 1), time_s(step)))
}

/// Halves the span between two instants of which one is together and one is not, to below 1 ms.
fn crossing_s(together: &impl Fn(f64) -> bool, mut a_s: f64, mut b_s: f64) -> f64 {
    let at_a = together(a_s);
    while (b_s - a_s).abs() > 5e-4 {
        let middle_s = (a_s + b_s) / 2.0;
        if together(middle_s) == at_a { a_s = middle_s } else { b_s = middle_s }
    }
    if at_a { a_s } else { b_s }
}

/// Where a ship is at each time step at which it is slow.
fn slow_points(motion: &Motion, heard_s: [f64; 2]) -> impl Iterator<Item = (usize, [f64; 2])> {
    let steps = (heard_s[0] / CLEAR_STEP_S) as usize..=(heard_s[1] / CLEAR_STEP_S) as usize;
    steps.filter_map(|step| {
        let pose = motion.at(step as f64 * CLEAR_STEP_S);
        let [east, north] = pose.velocity_mps;
        (east * east + north * north < SLOW_MPS * SLOW_MPS).then_some((step, pose.position_m))
    })
}

/// The least that has to fit, without coming and going.
fn shortest_h(kind: Kind) -> f64 {
    match kind {
        Kind::DarkMeeting | Kind::DarkWaiting => 8.0,
        Kind::InfeasibleGap | Kind::ReceptionHole => 6.0,
        Kind::Long | Kind::Gear => 4.0,
        Kind::UnderWay | Kind::AtAnchor | Kind::PairTrawl | Kind::Convoy | Kind::Tow => 2.0,
        _ => 1.0,
    }
}

/// Draws the motions of one pair.
struct Frames<'p, 'a> {
    plan: &'p mut Plan<'a>,
    kind: Kind,
    site: usize,
    builds: [Build; 2],
    identities: [Identity; 2],
    spread: f64,
}

impl Frames<'_, '_> {
    /// Two ships side by side: the host is there first and leaves last.
    fn alongside(mut self) -> Pair {
        let under_way = self.kind == Kind::UnderWay;
        let side = self.plan.chance.sign();
        let chance = &mut self.plan.chance;
        let away_mps = if under_way { chance.range(2.4, 3.4) } else { chance.range(4.5, 6.5) };
        let [come, go] = [(); 2].map(|()| gathering_way(away_mps, chance));
        // How long the last 500 m take on either side.
        let within_s = time_to(&come, TOGETHER_M - 40.0) + time_to(&go, TOGETHER_M - 40.0);
        let room_h = self.plan.duration_s / 3600.0 - 3.0;
        let lashed_s = 3600.0
            * match self.kind {
                Kind::Long => chance.octaves(4.0, room_h.clamp(4.0, 24.0)),
                Kind::Short => chance.range(52.0, 108.0) / 60.0 - within_s / 3600.0,
                Kind::UnderWay => chance.range(2.0, room_h.clamp(2.0, 6.0)),
                Kind::Bunkering => chance.range(1.5, room_h.clamp(1.5, 6.0)),
                Kind::CrewBoat => chance.range(25.0, 60.0) / 60.0,
                Kind::DarkMeeting | Kind::DarkWaiting => 4.0,
                _ => chance.octaves(2.0, room_h.clamp(2.0, 18.0)),
            };
        // Ships that go dark must have been heard before, and are heard again.
        let edge_h = if self.kind.is_dark_meeting() { 3.0 } else { 1.2 };
        let latest_s = self.plan.duration_s - lashed_s - edge_h * 3600.0;
        let start_s = chance.range((edge_h + 0.1) * 3600.0, latest_s);
        let end_s = start_s + lashed_s.max(300.0);
        let frame = match self.kind {
            Kind::AtAnchor | Kind::Bunkering => self.anchor_frame(1.0),
            Kind::UnderWay => {
                let speed_mps = self.plan.chance.range(3.0, 6.0) * KNOT_MPS;
                self.way_frame(speed_mps, start_s, end_s)
            }
            _ => self.drift_frame((start_s + end_s) / 2.0),
        };

        let chance = &mut self.plan.chance;
        let host_heading = |time_s: f64| Motion::new(frame.clone()).at(time_s).heading_rad;
        let at_anchor = matches!(self.kind, Kind::AtAnchor | Kind::Bunkering);
        let host_from_s = start_s - chance.range(900.0, 4500.0);
        let host_to_s = end_s + chance.range(900.0, 3600.0);
        let mut host = Motion::new(frame.clone());
        if !at_anchor {
            let pace = gathering_way(away_mps, chance);
            let out_rad = host_heading(host_from_s) + PI + side * chance.range(0.1, 0.4);
            host.arrive = Some(leg(host_from_s, out_rad, pace, chance));
            let pace = gathering_way(away_mps, chance);
            let out_rad = host_heading(host_to_s) - side * chance.range(0.1, 0.5);
            host.depart = Some(leg(host_to_s, out_rad, pace, chance));
        }
        let mut guest = Motion::new(frame.clone());
        guest.offset_m = self.beside(side);
        let chance = &mut self.plan.chance;
        guest.sway = [rolling(0.4, 1.5, chance), rolling(0.2, 0.8, chance)];
        let come_rad = host_heading(start_s) + side * (PI - chance.range(0.3, 0.7));
        let go_rad = host_heading(end_s) + side * chance.range(0.35, 0.9);
        let seaward_rad = self.plan.sites[self.site].area.chart().landward_deg.to_radians() + PI;
        let mut guest_leg = |at_s: f64, out_rad: f64, pace: Pace| match at_anchor {
            true => leg_to_sea(at_s, out_rad, seaward_rad, pace, chance),
            false => leg(at_s, out_rad, pace, chance),
        };
        guest.arrive = Some(guest_leg(start_s, come_rad, come));
        guest.depart = Some(guest_leg(end_s, go_rad, go));

        let duty = match self.kind {
            _ if at_anchor => Duty::AtAnchor,
            _ if chance.yes(0.3) => Duty::Restricted,
            _ => Duty::UnderWay,
        };
        let all_s = [0.0, self.plan.duration_s];
        let mut lead = |from_s: f64, to_s: f64| {
            let lead_h = match self.kind {
                _ if at_anchor => [0.8, 2.0],
                Kind::DarkMeeting | Kind::DarkWaiting => [2.0, 4.0],
                _ => [1.5, 4.0],
            };
            let lead_s = [(); 2].map(|()| 3600.0 * chance.range(lead_h[0], lead_h[1]));
            [(from_s - lead_s[0]).max(0.0), (to_s + lead_s[1]).min(all_s[1])]
        };
        let host_heard_s = if at_anchor { all_s } else { lead(host_from_s, host_to_s) };
        let heard_s = [host_heard_s, lead(start_s, end_s)];
        // From before the ship stops to after it has gone again.
        let mut dark = |from_s: f64, to_s: f64| {
            [from_s - chance.range(1200.0, 3600.0), to_s + chance.range(1200.0, 3600.0)]
        };
        let silent_s = match self.kind {
            Kind::DarkMeeting => [Some(dark(host_from_s, host_to_s)), Some(dark(start_s, end_s))],
            Kind::DarkWaiting => [None, Some(dark(start_s, end_s))],
            _ => [None; 2],
        };
        Pair { silent_s, ..self.finish([host, guest], [duty, duty], heard_s, [start_s, end_s]) }
    }

    fn anchored_neighbours(mut self) -> Pair {
        let apart_m = self.plan.chance.range(300.0, 700.0);
        let (east, north) = libm::sincos(self.plan.chance.angle());
        let first = self.anchor_frame(1.0);
        let Frame::Anchor { anchor_m, .. } = first else { unreachable!("it is at anchor") };
        let chance = &mut self.plan.chance;
        let mut neighbour = |sense: f64| Frame::Anchor {
            anchor_m: [
                anchor_m[0] + sense * apart_m / 2.0 * east,
                anchor_m[1] + sense * apart_m / 2.0 * north,
            ],
            scope_m: chance.range(150.0, 260.0),
            heading: yawing(self.plan.sites[self.site].anchored, chance),
        };
        let motions = [-1.0, 1.0].map(|sense| Motion::new(neighbour(sense)));
        let all_s = [0.0, self.plan.duration_s];
        self.finish(motions, [Duty::AtAnchor; 2], [all_s; 2], all_s)
    }

    fn same_berth(self) -> Pair {
        let position_m = self.plan.mooring(self.site, true);
        let landward_rad = self.plan.sites[self.site].area.chart().landward_deg.to_radians();
        let heading_rad = landward_rad + FRAC_PI_2;
        let lengths_m = self.identities.map(|ship| f64::from(ship.dimensions.length_m()));
        let chance = &mut self.plan.chance;
        let gap_m = chance.range(25.0, 60.0);
        let astern_m = (lengths_m[0] + lengths_m[1]) / 2.0 + gap_m;
        let motions = [0.0, -astern_m].map(|forward_m| Motion {
            offset_m: [forward_m, 0.0],
            sway: [rolling(0.1, 0.5, chance), rolling(0.1, 0.3, chance)],
            ..Motion::new(Frame::Quay { position_m, heading_rad })
        });
        let all_s = [0.0, self.plan.duration_s];
        self.finish(motions, [Duty::Moored; 2], [all_s; 2], all_s)
    }

    fn tow(mut self) -> Pair {
        let core_s = self.window_s(5.0, 14.0);
        let speed_mps = self.plan.chance.range(3.5, 6.5) * KNOT_MPS;
        let frame = self.way_frame(speed_mps, core_s[0], core_s[1]);
        let chance = &mut self.plan.chance;
        let towed = following(&frame, -chance.range(220.0, 450.0));
        let sway = [rolling(1.0, 5.0, chance), slow_wander(5.0, 25.0, chance)];
        let motions = [Motion::new(frame), Motion { sway, ..Motion::new(towed) }];
        self.finish(motions, [Duty::Restricted; 2], [core_s; 2], core_s)
    }

    fn pair_trawl(mut self) -> Pair {
        let core_s = self.window_s(3.0, 8.0);
        let speed_mps = self.plan.chance.range(2.5, 3.6) * KNOT_MPS;
        let frame = self.way_frame(speed_mps, core_s[0], core_s[1]);
        let chance = &mut self.plan.chance;
        let side = chance.sign();
        let apart_m = chance.range(220.0, 400.0);
        let mut other = Motion::new(frame.clone());
        other.offset_m = [0.0, side * apart_m];
        other.sway = [slow_wander(5.0, 25.0, chance), slow_wander(10.0, 40.0, chance)];
        let heading_at = |time_s: f64| Motion::new(frame.clone()).at(time_s).heading_rad;
        let pace = Pace::from_rest(0.6, 240.0, 2.5, 300.0);
        let come_rad = heading_at(core_s[0]) + side * chance.range(1.8, 2.4);
        other.arrive = Some(leg(core_s[0], come_rad, pace.clone(), chance));
        let go_rad = heading_at(core_s[1]) + side * chance.range(0.7, 1.3);
        other.depart = Some(leg(core_s[1], go_rad, pace, chance));
        let heard_s = [
            (core_s[0] - 3600.0 * chance.range(0.7, 1.2)).max(0.0),
            (core_s[1] + 3600.0 * chance.range(0.7, 1.2)).min(self.plan.duration_s),
        ];
        self.finish([Motion::new(frame), other], [Duty::Fishing; 2], [heard_s; 2], core_s)
    }

    fn pilot(mut self) -> Pair {
        let core_s = self.window_s(8.0 / 60.0, 12.0 / 60.0);
        let speed_mps = self.plan.chance.range(8.2, 10.0) * KNOT_MPS;
        let frame = self.way_frame(speed_mps, core_s[0], core_s[1]);
        let side = self.plan.chance.sign();
        let mut boat = Motion::new(frame.clone());
        boat.offset_m = self.beside(side);
        let chance = &mut self.plan.chance;
        boat.sway = [rolling(0.3, 1.0, chance), rolling(0.1, 0.4, chance)];
        let heading_at = |time_s: f64| Motion::new(frame.clone()).at(time_s).heading_rad;
        let pace = Pace::from_rest(1.0, 60.0, chance.range(4.5, 6.0), 120.0);
        let come_rad = heading_at(core_s[0]) + side * chance.range(0.8, 1.3);
        boat.arrive = Some(leg(core_s[0], come_rad, pace.clone(), chance));
        let go_rad = heading_at(core_s[1]) + side * chance.range(1.2, 1.8);
        boat.depart = Some(leg(core_s[1], go_rad, pace, chance));
        let boat_s = [
            (core_s[0] - chance.range(1200.0, 2400.0)).max(0.0),
            (core_s[1] + chance.range(1200.0, 2400.0)).min(self.plan.duration_s),
        ];
        let ship_s = [
            (core_s[0] - chance.range(3600.0, 9000.0)).max(0.0),
            (core_s[1] + chance.range(3600.0, 9000.0)).min(self.plan.duration_s),
        ];
        let motions = [Motion::new(frame), boat];
        self.finish(motions, [Duty::UnderWay; 2], [ship_s, boat_s], core_s)
    }

    fn convoy(mut self) -> Pair {
        let core_s = self.window_s(4.0, 7.0);
        // In ice, through a strait or behind an escort they are slow and near each other.
        let is_close = self.plan.chance.yes(0.5);
        let (knots, apart_m, wander_m) = match is_close {
            true => ([4.5, 7.0], [300.0, 440.0], [5.0, 20.0]),
            false => ([7.5, 12.0], [350.0, 1852.0], [30.0, 90.0]),
        };
        let speed_mps = self.plan.chance.range(knots[0], knots[1]) * KNOT_MPS;
        let frame = self.way_frame(speed_mps, core_s[0], core_s[1]);
        let chance = &mut self.plan.chance;
        let behind = following(&frame, -chance.range(apart_m[0], apart_m[1]));
        let sway = [slow_wander(wander_m[0], wander_m[1], chance), slow_wander(20.0, 60.0, chance)];
        let motions = [Motion::new(frame), Motion { sway, ..Motion::new(behind) }];
        self.finish(motions, [Duty::UnderWay; 2], [core_s; 2], core_s)
    }

    fn overtaking(mut self) -> Pair {
        let core_s = self.window_s(2.0, 3.0);
        let middle_s = (core_s[0] + core_s[1]) / 2.0;
        let origin_m = self.plan.point_at_sea(self.site, self.spread);
        let direction_rad = self.lane_rad(0.15);
        let chance = &mut self.plan.chance;
        let slow_knots = chance.range(8.5, 10.5);
        let fast_knots = slow_knots + chance.range(2.5, 4.5);
        let apart_m = chance.sign() * chance.range(150.0, 350.0);
        let motions =
            [(slow_knots, 0.0), (fast_knots, apart_m)].map(|(knots, starboard_m)| Motion {
                offset_m: [0.0, starboard_m],
                sway: [Swing::STILL, slow_wander(5.0, 20.0, chance)],
                ..Motion::new(Frame::Way {
                    course: Course::new(origin_m, direction_rad),
                    pace: Pace::new(&[(middle_s, knots * KNOT_MPS)]),
                    along_m: 0.0,
                })
            });
        // The core is the instant of passing; the truth goes outwards from there.
        self.finish(motions, [Duty::UnderWay; 2], [core_s; 2], [middle_s, middle_s])
    }

    /// Two ships drifting near each other, heard for a minute: in satellite coverage, within a pass.
    fn burst(mut self) -> Pair {
        let duration_s = self.plan.duration_s;
        let site = &self.plan.sites[self.site];
        let passes: Vec<f64> = site
            .passes()
            .iter()
            .filter(|pass| pass.from_s > 0.0 && pass.to_s < duration_s)
            .map(|pass| pass.from_s)
            .collect();
        let chance = &mut self.plan.chance;
        let from_s = if passes.is_empty() {
            chance.range(3600.0, duration_s - 3600.0)
        } else {
            chance.pick(&passes) + chance.range(30.0, 480.0)
        };
        let core_s = [from_s, from_s + chance.range(55.0, 75.0)];
        let apart_m = chance.sign() * chance.range(80.0, 250.0);
        let frame = self.drift_frame(from_s);
        let mut other = Motion::new(frame.clone());
        other.offset_m = [0.0, apart_m];
        let motions = [Motion::new(frame), other];
        self.finish(motions, [Duty::UnderWay; 2], [core_s; 2], core_s)
    }

    /// Fishing vessel and buoy, or two buoys of one net, drifting.
    fn gear(mut self) -> Pair {
        let core_s = self.window_s(3.0, 10.0);
        let frame = self.drift_frame((core_s[0] + core_s[1]) / 2.0);
        let chance = &mut self.plan.chance;
        let mut buoy = Motion::new(frame.clone());
        buoy.offset_m = [chance.range(-60.0, 60.0), chance.sign() * chance.range(80.0, 350.0)];
        buoy.sway = [slow_wander(3.0, 20.0, chance), slow_wander(3.0, 20.0, chance)];
        let motions = [Motion::new(frame), buoy];
        self.finish(motions, [Duty::Fishing; 2], [core_s; 2], core_s)
    }

    /// Two ships that go apart along the lanes, both silent. The sooner they were back where they
    /// fell silent, the more of the time they would have had for each other; the way they made good
    /// leaves too little.
    fn infeasible_gap(self) -> Pair {
        let axis_rad = self.plan.sites[self.site].axis_rad;
        let chance = &mut self.plan.chance;
        let knots = chance.range(7.6, 8.4);
        let span_s = chance.range(3.2, 3.9) * 3600.0;
        let lead_s = chance.range(2600.0, 3600.0);
        let from_s = chance.range(lead_s, self.plan.duration_s - span_s - lead_s);
        let core_s = [from_s, from_s + span_s];
        let spare_m = (OUTRUN_KNOTS - knots) * KNOT_MPS * span_s;
        let motions = [1.0, -1.0].map(|sense| {
            let along_m = sense * spare_m * chance.range(0.55, 0.57);
            let start_m = turned([along_m, chance.range(-8000.0, 8000.0)], axis_rad);
            let direction_rad = axis_rad + if sense > 0.0 { 0.0 } else { PI };
            let course = Course::new(start_m, direction_rad + chance.range(-0.05, 0.05));
            let pace = Pace::new(&[(from_s, knots * KNOT_MPS)]);
            let sway = [slow_wander(1.0, 10.0, chance), slow_wander(5.0, 35.0, chance)];
            Motion { sway, ..Motion::new(Frame::Way { course, pace, along_m: 0.0 }) }
        });
        let heard_s = [core_s[0] - lead_s, core_s[1] + lead_s];
        let silent_s = [(); 2].map(|()| {
            let late_s = [chance.range(0.0, 900.0), chance.range(0.0, 900.0)];
            Some([core_s[0] + late_s[0], core_s[1] - late_s[1]])
        });
        Pair { silent_s, ..self.finish(motions, [Duty::UnderWay; 2], [heard_s; 2], core_s) }
    }

    /// Five ships waiting for orders where the reception fails.
    fn reception_hole(mut self) -> Pair {
        let core_s = self.window_s(4.0, 6.0);
        let middle_s = (core_s[0] + core_s[1]) / 2.0;
        let centre_m = self.plan.point_at_sea(self.site, self.spread);
        let turn_rad = self.plan.chance.angle();
        let mut waiting: Vec<Motion> = (0..5)
            .map(|number| {
                let bearing_rad = turn_rad + f64::from(number) * 2.0 * PI / 5.0;
                let place_m = turned([HOLE_RING_M, 0.0], bearing_rad);
                let Frame::Drift { flow, heading, .. } = self.drift_frame(middle_s) else {
                    unreachable!("it drifts")
                };
                let origin_m = [centre_m[0] + place_m[0], centre_m[1] + place_m[1]];
                Motion::new(Frame::Drift { origin_m, origin_s: middle_s, flow, heading })
            })
            .collect();
        let witnesses = waiting.split_off(2);
        let motions = waiting.try_into().expect("two are left");
        let heard_s = [
            (core_s[0] - 3600.0 * self.plan.chance.range(1.0, 2.5)).max(0.0),
            (core_s[1] + 3600.0 * self.plan.chance.range(1.0, 2.5)).min(self.plan.duration_s),
        ];
        let hole = Hole { centre_m, span_s: core_s };
        Pair {
            silent_s: [Some(core_s); 2],
            hole: Some(hole),
            witnesses,
            ..self.finish(motions, [Duty::UnderWay; 2], [heard_s; 2], core_s)
        }
    }

    /// One ship on its way under two numbers, one after the other.
    fn identity_change(mut self) -> Pair {
        let span_s = self.window_s(3.0, 6.0);
        let speed_mps = self.plan.chance.range(9.5, 12.0) * KNOT_MPS;
        let frame = self.way_frame(speed_mps, span_s[0], span_s[1]);
        let chance = &mut self.plan.chance;
        let off_s = span_s[0] + (span_s[1] - span_s[0]) * chance.range(0.4, 0.6);
        let on_s = off_s + chance.range(600.0, 3000.0);
        let motion = Motion::new(frame);
        let heard_s = [[span_s[0], off_s], [on_s, span_s[1]]];
        let motions = [motion.clone(), motion];
        self.finish(motions, [Duty::UnderWay; 2], heard_s, [off_s, on_s])
    }

    fn finish(
        self,
        motions: [Motion; 2],
        duties: [Duty; 2],
        heard_s: [[f64; 2]; 2],
        core_s: [f64; 2],
    ) -> Pair {
        let Frames { site, builds, identities, .. } = self;
        Pair {
            site,
            builds,
            identities,
            motions,
            duties,
            heard_s,
            core_s,
            silent_s: [None; 2],
            hole: None,
            witnesses: Vec::new(),
        }
    }

    /// A span of so many hours that fits.
    fn window_s(&mut self, low_h: f64, high_h: f64) -> [f64; 2] {
        let room_h = self.plan.duration_s / 3600.0 - 3.0;
        let low_h = low_h.min(room_h);
        let span_s = 3600.0 * self.plan.chance.range(low_h, high_h.min(room_h).max(low_h));
        let from_s = self.plan.chance.range(3600.0, self.plan.duration_s - span_s - 3600.0);
        [from_s, from_s + span_s]
    }

    /// Offset of the guest's hull from the host's: fenders between them, not quite level.
    fn beside(&mut self, side: f64) -> [f64; 2] {
        let chance = &mut self.plan.chance;
        let beams_m = self.identities.map(|ship| f64::from(ship.dimensions.beam_m()));
        let length_m = f64::from(self.identities[0].dimensions.length_m());
        let fender_m = chance.range(1.5, 4.5);
        let forward_m = length_m * chance.range(-0.12, 0.12);
        [forward_m, side * ((beams_m[0] + beams_m[1]) / 2.0 + fender_m)]
    }

    fn drift_frame(&mut self, origin_s: f64) -> Frame {
        let origin_m = self.plan.point_at_sea(self.site, self.spread);
        let chance = &mut self.plan.chance;
        // The same water, but each pair of hulls is blown along in its own way.
        let mut flow = self.plan.sites[self.site].flow;
        let (share, leeway_rad) = (chance.range(0.6, 1.1), chance.angle());
        let (east, north) = libm::sincos(leeway_rad);
        let leeway_mps = chance.range(0.0, 0.12);
        flow.mean_mps = [
            flow.mean_mps[0] * share + leeway_mps * east,
            flow.mean_mps[1] * share + leeway_mps * north,
        ];
        let turning = Swing {
            amplitude: chance.range(0.2, 0.8),
            period_s: chance.range(6.0, 30.0) * 3600.0,
            phase_rad: chance.angle(),
        };
        // Beam on to the wind, give or take.
        let mean_rad = leeway_rad + FRAC_PI_2 * chance.sign() + chance.range(-0.5, 0.5);
        let heading = yawing(Heading { mean_rad, swings: [turning, Swing::STILL] }, chance);
        Frame::Drift { origin_m, origin_s, flow, heading }
    }

    fn anchor_frame(&mut self, scope_share: f64) -> Frame {
        let anchor_m = self.plan.mooring(self.site, false);
        let heading = self.plan.sites[self.site].anchored;
        let scope_m = scope_share * self.plan.chance.range(150.0, 300.0);
        Frame::Anchor { anchor_m, scope_m, heading: yawing(heading, &mut self.plan.chance) }
    }

    /// A way through a point of the site at half time, with a few gentle turns.
    fn way_frame(&mut self, speed_mps: f64, from_s: f64, to_s: f64) -> Frame {
        let middle_m = self.plan.point_at_sea(self.site, self.spread);
        let direction_rad = self.lane_rad(0.3);
        let half_m = speed_mps * (to_s - from_s) / 2.0;
        let back_m = turned([-half_m, 0.0], direction_rad);
        let chance = &mut self.plan.chance;
        let mut course =
            Course::new([middle_m[0] + back_m[0], middle_m[1] + back_m[1]], direction_rad);
        let radius_m = if self.kind == Kind::PairTrawl { 1200.0 } else { 3000.0 };
        let turns = if self.kind == Kind::PairTrawl { 3 } else { 1 + chance.below(2) };
        if half_m > 8000.0 || self.kind == Kind::PairTrawl {
            for _ in 0..turns {
                let straight_m = 2.0 * half_m / (turns as f64 + 1.0) * chance.range(0.6, 1.0);
                let angle_rad = chance.sign() * chance.range(0.15, 0.5);
                course = course.turn(straight_m, angle_rad, radius_m);
            }
        }
        let mut knots = Vec::new();
        let mut time_s = from_s;
        while time_s < to_s {
            knots.push((time_s, speed_mps * chance.range(0.95, 1.05)));
            time_s += chance.range(1500.0, 4500.0);
        }
        Frame::Way { course, pace: Pace::new(&knots), along_m: 0.0 }
    }

    /// Along the lanes one way or the other.
    fn lane_rad(&mut self, spread_rad: f64) -> f64 {
        let axis_rad = self.plan.sites[self.site].axis_rad;
        let chance = &mut self.plan.chance;
        axis_rad + if chance.yes(0.5) { PI } else { 0.0 } + chance.range(-spread_rad, spread_rad)
    }
}

/// The same way, so far ahead.
fn following(frame: &Frame, ahead_m: f64) -> Frame {
    let Frame::Way { course, pace, along_m } = frame else { unreachable!("it is under way") };
    Frame::Way { course: course.clone(), pace: pace.clone(), along_m: along_m + ahead_m }
}

/// Out of a place on a course that bends once, some way off.
fn leg(at_s: f64, out_rad: f64, pace: Pace, chance: &mut Chance) -> Leg {
    let straight_m = chance.range(5000.0, 12_000.0);
    let bend_rad = chance.range(-0.6, 0.6);
    Leg { at_s, course: Course::new([0.0; 2], out_rad).turn(straight_m, bend_rad, 1500.0), pace }
}

/// Out of a roadstead: soon on a course to seaward.
fn leg_to_sea(at_s: f64, out_rad: f64, seaward_rad: f64, pace: Pace, chance: &mut Chance) -> Leg {
    let bend_rad = wrapped(seaward_rad + chance.range(-0.4, 0.4) - out_rad);
    let course = Course::new([0.0; 2], out_rad).turn(chance.range(1200.0, 2500.0), bend_rad, 900.0);
    Leg { at_s, course, pace }
}

/// From beside another ship to sea speed: 0.002 to 0.006 m/s^2, as heavy ships do.
fn gathering_way(full_mps: f64, chance: &mut Chance) -> Pace {
    let (slow_mps, creep_s) = (chance.range(0.5, 0.9), chance.range(350.0, 650.0));
    Pace::from_rest(slow_mps, creep_s, full_mps, chance.range(1000.0, 1800.0))
}

/// When a pace has gone so far.
fn time_to(pace: &Pace, distance_m: f64) -> f64 {
    let (mut low_s, mut high_s) = (0.0, 7200.0);
    while high_s - low_s > 0.1 {
        let middle_s = (low_s + high_s) / 2.0;
        if pace.at(middle_s).0 < distance_m { low_s = middle_s } else { high_s = middle_s }
    }
    high_s
}

/// With the yawing of one ship.
pub(crate) fn yawing(heading: Heading, chance: &mut Chance) -> Heading {
    let yaw = Swing {
        amplitude: chance.range(0.05, 0.2),
        period_s: chance.range(480.0, 1200.0),
        phase_rad: chance.angle(),
    };
    Heading { swings: [heading.swings[0], yaw], ..heading }
}

/// What lines and fenders allow.
pub(crate) fn rolling(low_m: f64, high_m: f64, chance: &mut Chance) -> Swing {
    Swing {
        amplitude: chance.range(low_m, high_m),
        period_s: chance.range(50.0, 300.0),
        phase_rad: chance.angle(),
    }
}

/// What a helmsman allows.
pub(crate) fn slow_wander(low_m: f64, high_m: f64, chance: &mut Chance) -> Swing {
    Swing {
        amplitude: chance.range(low_m, high_m),
        period_s: chance.range(1500.0, 4000.0),
        phase_rad: chance.angle(),
    }
}
