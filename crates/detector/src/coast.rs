//! How far it is to land.
//!
//! Takes a position, gives the distance to the nearest coast line of a map built into the program,
//! and whether the position is on land there. The edges of the coast are straight chords between
//! earth-centred points, so the 180th meridian and the poles are ordinary places.
//!
//! The map is Natural Earth 1:10m: good to about a kilometre, without piers and most islets, and
//! with rivers as land up to their wide mouths (`data/README.md`).

use std::sync::OnceLock;

use geo::indexed::IntervalTreeMultiPolygon;
use geo::{Contains, Coord, LineString, MultiPolygon, Polygon};
use maritime::Position;
use rstar::{AABB, PointDistance, RTree, RTreeObject};

/// A map of all coasts.
pub struct Coast {
    /// The coast lines in short stretches.
    stretches: RTree<Stretch>,
    /// The same lines as areas. Longitudes may leave `[-180, 180]`, by less than a turn.
    land: RTree<Land>,
}

/// What [`Coast::nearest`] finds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoastDistance {
    /// To the nearest coast line in whole metres, straight through the ellipsoid: short of the way
    /// along the surface by 0.01 % at 300 km and by 0.7 % in the middle of the Pacific. Whole metres,
    /// so that every machine says the same.
    pub distance_m: f64,
    /// Whether the coast line lies on the seaward side.
    pub on_land: bool,
}

impl Coast {
    /// The map of Natural Earth at 1:10 million. The first call builds it, in 30 ms on one core;
    /// later calls are free, but for the first near a continent, whose outline is indexed then.
    pub fn natural_earth() -> &'static Coast {
        static COAST: OnceLock<Coast> = OnceLock::new();
        COAST.get_or_init(|| Coast::from_map(&Map::read(include_bytes!("../data/land-10m.bin"))))
    }

    /// The land of the same map as one GeoJSON geometry, to draw it: to a thousandth of a degree, and without points that
    /// lie nearer to the one before than a hundredth. Rings across the 180th meridian go on beyond it.
    pub fn natural_earth_geojson() -> String {
        Map::read(include_bytes!("../data/land-10m.bin")).to_geojson()
    }

    /// The distance to the nearest coast line, and whether `position` is on land.
    pub fn nearest(&self, position: Position) -> CoastDistance {
        let here_m = position.to_ecef_m();
        let squared = self.stretches.nearest_neighbor(&here_m).map(|s| s.distance_2(&here_m));
        // The land of a ring that crosses the 180th meridian lies on one side of it, a turn away from
        // positions that are written with the other sign.
        let on_land = [0.0, -360.0, 360.0].into_iter().any(|turn_deg| {
            let x = position.longitude_deg() + turn_deg;
            let here = Coord { x, y: position.latitude_deg() };
            let around = self.land.locate_in_envelope_intersecting(&AABB::from_point([x, here.y]));
            around.into_iter().any(|land| land.contains(&here))
        });
        CoastDistance { distance_m: squared.unwrap_or(f64::INFINITY).sqrt().round(), on_land }
    }

    /// The land of the same map between these meridians and parallels, to be drawn: closed rings of longitude and
    /// latitude, filled where an odd number of them lies around a place. Meridians may lie beyond 180°, where a drawing
    /// crosses it. Steps of less than `step_deg` are left out; edges along the box are no coast.
    pub fn land_within(
        [west_deg, south_deg, east_deg, north_deg]: [f64; 4],
        step_deg: f64,
    ) -> Vec<Vec<[f64; 2]>> {
        let map = Map::read(include_bytes!("../data/land-10m.bin"));
        let mut found = Vec::new();
        for ring in map.polygons.iter().flatten() {
            let line = map.area_line(ring);
            for turn_deg in [-360.0, 0.0, 360.0] {
                let points = line.0.iter().map(|point| [point.x + turn_deg, point.y]);
                let (mut west, mut east, mut south, mut north) =
                    (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
                for [x, y] in points.clone() {
                    (west, east) = (west.min(x), east.max(x));
                    (south, north) = (south.min(y), north.max(y));
                }
                if west > east_deg || east < west_deg || south > north_deg || north < south_deg {
                    continue;
                }
                let mut ring: Vec<[f64; 2]> = points.collect();
                let sides = [
                    (0, west_deg, 1.0),
                    (0, east_deg, -1.0),
                    (1, south_deg, 1.0),
                    (1, north_deg, -1.0),
                ];
                for (axis, limit, inward) in sides {
                    ring = cut(&ring, axis, limit, inward);
                }
                let mut thinned: Vec<[f64; 2]> = Vec::new();
                for point in ring {
                    let is_near = |last: &[f64; 2]| {
                        (0..2).all(|axis| (last[axis] - point[axis]).abs() < step_deg)
                    };
                    if !thinned.last().is_some_and(is_near) {
                        thinned.push(point);
                    }
                }
                if thinned.len() > 2 {
                    found.push(thinned);
                }
            }
        }
        found
    }

    fn from_map(map: &Map) -> Self {
        let mut stretches = Vec::new();
        let mut lands = Vec::new();
        for rings in &map.polygons {
            for ring in rings {
                map.cut_into_stretches(ring, &mut stretches);
            }
            let mut areas = rings.iter().map(|ring| map.area_line(ring));
            let outer = areas.next().expect("a polygon of the map has an outer ring");
            lands.push(Land::new(outer, areas.collect()));
        }
        Coast { stretches: RTree::bulk_load(stretches), land: RTree::bulk_load(lands) }
    }
}

/// A continent or an island.
struct Land {
    bounds: AABB<[f64; 2]>,
    polygon: Polygon<f64>,
    /// Of the polygon, six times its size; made when somebody is near, as nobody is to most of them.
    index: OnceLock<IntervalTreeMultiPolygon<f64>>,
}

impl Land {
    fn new(outer: LineString<f64>, lakes: Vec<LineString<f64>>) -> Self {
        let corners: Vec<[f64; 2]> = outer.coords().map(|coord| [coord.x, coord.y]).collect();
        Land {
            bounds: AABB::from_points(&corners),
            polygon: Polygon::new(outer, lakes),
            index: OnceLock::new(),
        }
    }

    fn contains(&self, here: &Coord<f64>) -> bool {
        let index = || IntervalTreeMultiPolygon::new(&MultiPolygon::from(self.polygon.clone()));
        self.index.get_or_init(index).contains(here)
    }
}

impl RTreeObject for Land {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

/// What of a ring lies on the inner side of a straight cut along an axis; it runs along the cut in between.
fn cut(ring: &[[f64; 2]], axis: usize, limit: f64, inward: f64) -> Vec<[f64; 2]> {
    let is_inside = |point: &[f64; 2]| (point[axis] - limit) * inward >= 0.0;
    let mut rest = Vec::new();
    for (at, to) in ring.iter().enumerate() {
        let from = &ring[(at + ring.len() - 1) % ring.len()];
        if is_inside(from) != is_inside(to) {
            let share = (limit - from[axis]) / (to[axis] - from[axis]);
            rest.push(std::array::from_fn(|i| {
                if i == axis { limit } else { from[i] + share * (to[i] - from[i]) }
            }));
        }
        if is_inside(to) {
            rest.push(*to);
        }
    }
    rest
}

/// Edges a stretch holds at most. Leaves of one edge each made the map three times as slow to build and
/// twice as large, and no query faster; 64 edges gained nothing more.
const STRETCH_EDGES_MAX: usize = 16;

/// Some edges of a coast line that follow one another.
struct Stretch {
    /// At least two, in metres.
    points_m: Box<[[f64; 3]]>,
    /// Around them; the tree asks for it many times while it is built.
    bounds: AABB<[f64; 3]>,
}

impl Stretch {
    fn new(points_m: &[[f64; 3]]) -> Self {
        Stretch { points_m: points_m.into(), bounds: AABB::from_points(points_m) }
    }
}

impl RTreeObject for Stretch {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        self.bounds
    }
}

impl PointDistance for Stretch {
    fn distance_2(&self, point: &[f64; 3]) -> f64 {
        self.points_m
            .windows(2)
            .map(|edge| squared_distance_to_edge(point, &edge[0], &edge[1]))
            .fold(f64::INFINITY, f64::min)
    }
}

/// From `point` to the nearest place between `a` and `b`, squared.
fn squared_distance_to_edge(point: &[f64; 3], a: &[f64; 3], b: &[f64; 3]) -> f64 {
    let (along, towards) = (minus(b, a), minus(point, a));
    let length_squared = dot(&along, &along);
    // Both ends in one place: quantised points may coincide.
    let share = if length_squared > 0.0 {
        (dot(&towards, &along) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let apart: [f64; 3] = std::array::from_fn(|i| towards[i] - share * along[i]);
    dot(&apart, &apart)
}

fn minus(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The data file, unpacked: polygons of rings of points in whole steps of longitude and latitude.
struct Map {
    longitude_origin_deg: f64,
    longitude_step_deg: f64,
    latitude_origin_deg: f64,
    latitude_step_deg: f64,
    polygons: Vec<Vec<Ring>>,
}

/// Without points that lie near the one before; an islet that would be left without an area keeps all.
fn thinned(ring: &[Coord<f64>]) -> Vec<Coord<f64>> {
    const DEGREES: f64 = 0.01;
    const POINTS_MIN: usize = 8;
    let mut kept: Vec<Coord<f64>> = Vec::with_capacity(ring.len());
    for (index, here) in ring.iter().enumerate() {
        let is_near = kept.last().is_some_and(|before| {
            (here.x - before.x).abs() < DEGREES && (here.y - before.y).abs() < DEGREES
        });
        // The last closes the ring.
        if !is_near || index + 1 == ring.len() {
            kept.push(*here);
        }
    }
    if kept.len() < POINTS_MIN { ring.to_vec() } else { kept }
}

/// Points in order, the last joined to the first by an edge that is not written down.
type Ring = Vec<[i32; 2]>;

impl Map {
    /// Unpacks the form that `data/README.md` describes.
    ///
    /// The file is part of the program, so a damaged one is our own broken promise.
    fn read(bytes: &[u8]) -> Self {
        let mut packed = Packed(bytes);
        let [longitude_origin_deg, longitude_step_deg, latitude_origin_deg, latitude_step_deg] =
            std::array::from_fn(|_| packed.float());
        let mut at = [0, 0];
        let polygons = (0..packed.unsigned())
            .map(|_| {
                let rings = packed.unsigned();
                (0..rings).map(|_| packed.ring(&mut at)).collect()
            })
            .collect();
        assert!(packed.0.is_empty(), "bytes are left over in the map of the coast");
        Map {
            longitude_origin_deg,
            longitude_step_deg,
            latitude_origin_deg,
            latitude_step_deg,
            polygons,
        }
    }

    fn to_geojson(&self) -> String {
        let mut text = String::from("{\"type\":\"MultiPolygon\",\"coordinates\":[");
        let mut before_polygon = "[";
        for rings in &self.polygons {
            let closed = |ring| {
                let mut line = self.area_line(ring);
                line.close();
                thinned(&line.0)
            };
            let lines: Vec<Vec<Coord<f64>>> = rings.iter().map(closed).collect();
            // The smallest islets of the map are two points.
            let has_area = |line: &&Vec<Coord<f64>>| line.len() >= 4;
            if !lines.first().is_some_and(|outer| has_area(&outer)) {
                continue;
            }
            text.push_str(before_polygon);
            before_polygon = ",[";
            for (index, line) in lines.iter().filter(has_area).enumerate() {
                text.push_str(if index == 0 { "[" } else { ",[" });
                for (index, here) in line.iter().enumerate() {
                    // Around a pole a ring goes on beyond it.
                    let latitude_deg = here.y.clamp(-90.0, 90.0);
                    let comma = if index == 0 { "" } else { "," };
                    text.push_str(&format!("{comma}[{:.3},{latitude_deg:.3}]", here.x));
                }
                text.push(']');
            }
            text.push(']');
        }
        text.push_str("]}");
        text
    }

    /// Steps of longitude in a full turn.
    fn turn(&self) -> i32 {
        (360.0 / self.longitude_step_deg).round() as i32
    }

    /// Where the edge from the last point of `ring` ends: at its first, or a full turn from it if the
    /// ring goes around a pole.
    fn closing_point(&self, ring: &Ring) -> [i32; 2] {
        let (first, last) = (ring[0], ring[ring.len() - 1]);
        let half = self.turn() / 2;
        let step = (first[0] - last[0] + half).rem_euclid(self.turn()) - half;
        [last[0] + step, first[1]]
    }

    /// The edges of `ring` that are coast.
    fn cut_into_stretches(&self, ring: &Ring, stretches: &mut Vec<Stretch>) {
        let points: Vec<[i32; 2]> =
            ring.iter().copied().chain([self.closing_point(ring)]).collect();
        let points_m: Vec<[f64; 3]> = points.iter().map(|&point| self.ecef_m(point)).collect();
        let on_cut = |i: usize| points[i][0].rem_euclid(self.turn()) == 0;
        let mut from = 0;
        for to in 1..points.len() {
            let along_cut = on_cut(to - 1) && on_cut(to);
            let end = if along_cut { to - 1 } else { to };
            if end > from && (along_cut || to - from == STRETCH_EDGES_MAX || to + 1 == points.len())
            {
                stretches.push(Stretch::new(&points_m[from..=end]));
                from = to;
            }
            if along_cut {
                from = to;
            }
        }
    }

    /// `ring` in degrees, closed. Two things are added that are no coast: along the cut it reaches a
    /// step over to the other side, and if it goes around the south pole, eastward with the land on its
    /// right, it is closed beyond 90° S and a degree beyond a full turn. So no place on land lies
    /// exactly on an edge that is not there.
    fn area_line(&self, ring: &Ring) -> LineString<f64> {
        let closing = self.closing_point(ring);
        let mut line = Vec::with_capacity(ring.len() + 4);
        for (i, &[x, y]) in ring.iter().enumerate() {
            let [x_next, y_next] = *ring.get(i + 1).unwrap_or(&closing);
            line.push([x, y]);
            if x == x_next && x.rem_euclid(self.turn()) == 0 {
                // Clockwise, so land is on the right hand: southward, the other side is to the east.
                let over = x + (y - y_next).signum();
                line.extend([[over, y], [over, y_next]]);
            }
        }
        line.push(closing);
        let degrees =
            |[x, y]: [i32; 2]| Coord { x: self.longitude_deg(x), y: self.latitude_deg(y) };
        let mut line: Vec<Coord<f64>> = line.into_iter().map(degrees).collect();
        if closing != ring[0] {
            let (first, last) = (line[0], line[line.len() - 1]);
            let beyond = [last.x + 1.0, first.x - 1.0];
            line.extend(beyond.map(|x| Coord { x, y: -91.0 }));
        }
        LineString::new(line)
    }

    fn ecef_m(&self, [x, y]: [i32; 2]) -> [f64; 3] {
        let longitude_deg = self.longitude_deg(x.rem_euclid(self.turn()));
        Position::new(self.latitude_deg(y), longitude_deg)
            .expect("a point of the map is on the earth")
            .to_ecef_m()
    }

    fn longitude_deg(&self, x: i32) -> f64 {
        self.longitude_origin_deg + f64::from(x) * self.longitude_step_deg
    }

    fn latitude_deg(&self, y: i32) -> f64 {
        self.latitude_origin_deg + f64::from(y) * self.latitude_step_deg
    }
}

/// What is left to read of the data file.
struct Packed<'a>(&'a [u8]);

impl Packed<'_> {
    fn float(&mut self) -> f64 {
        let (bytes, rest) = self.0.split_first_chunk().expect("the map of the coast is whole");
        self.0 = rest;
        f64::from_le_bytes(*bytes)
    }

    fn unsigned(&mut self) -> u32 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (&byte, rest) = self.0.split_first().expect("the map of the coast is whole");
            self.0 = rest;
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    fn signed(&mut self) -> i32 {
        let zigzag = self.unsigned();
        (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32)
    }

    /// `at` is the point before, of whatever ring.
    fn ring(&mut self, at: &mut [i32; 2]) -> Ring {
        let points = self.unsigned();
        (0..points)
            .map(|_| {
                *at = [at[0] + self.signed(), at[1] + self.signed()];
                *at
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(latitude_deg: f64, longitude_deg: f64, km: std::ops::Range<f64>, on_land: bool) {
        let position = Position::new(latitude_deg, longitude_deg).unwrap();
        let found = Coast::natural_earth().nearest(position);
        assert!(km.contains(&(found.distance_m / 1000.0)), "{found:?}, expected {km:?} km");
        assert_eq!(found.on_land, on_land, "{found:?}");
    }

    /// Whether an odd number of rings lies around a place.
    fn is_filled(rings: &[Vec<[f64; 2]>], [x, y]: [f64; 2]) -> bool {
        let crosses = |ring: &Vec<[f64; 2]>| {
            let edges = ring.iter().zip(ring.iter().cycle().skip(1));
            let crossed = edges.filter(|(a, b)| {
                (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
            });
            crossed.count()
        };
        rings.iter().map(crosses).sum::<usize>() % 2 == 1
    }

    #[test]
    fn what_is_drawn_as_land_is_land() {
        // Louisiana's coast; the Aleutians and Chukotka across the 180th meridian; a piece of inland.
        for bounds in
            [[-92.0, 28.5, -88.0, 31.0], [175.0, 50.0, 187.0, 70.0], [10.0, 48.0, 11.0, 49.0]]
        {
            let [west, south, east, north] = bounds;
            let rings = Coast::land_within(bounds, 1e-6);
            assert!(
                rings
                    .iter()
                    .flatten()
                    .all(|[x, y]| { (west..=east).contains(x) && (south..=north).contains(y) })
            );
            for step in 1..400 {
                let share = |of: i32| f64::from(step * of % 400) / 400.0;
                let [x, y] =
                    [west + share(37) * (east - west), south + share(91) * (north - south)];
                let longitude_deg = if x > 180.0 { x - 360.0 } else { x };
                let found =
                    Coast::natural_earth().nearest(Position::new(y, longitude_deg).unwrap());
                // What is nearer to the coast than the steps of the drawing may fall on either side.
                if found.distance_m > 100.0 {
                    assert_eq!(is_filled(&rings, [x, y]), found.on_land, "{x} {y}");
                }
            }
        }
        assert_eq!(
            Coast::land_within([-46.0, 29.0, -44.0, 31.0], 1e-6),
            Vec::<Vec<[f64; 2]>>::new()
        );
    }

    #[test]
    fn known_places_at_sea_are_as_far_out_as_on_the_chart() {
        // Lightering area south of Galveston.
        check(28.25, -94.86, 80.0..95.0, false);
        // Mid Atlantic, far from everything.
        check(30.0, -45.0, 1400.0..1800.0, false);
        // Point Nemo, 2,688 km from Ducie, Motu Nui and Maher Island.
        check(-48.877, -123.393, 2640.0..2700.0, false);
        // Where missing coordinates end up: 0° N 0° E has no land, whatever maps put there.
        check(0.0, 0.0, 550.0..620.0, false);
        // Laconian Gulf, Greece.
        check(36.55, 22.85, 7.0..12.0, false);
    }

    #[test]
    fn rivers_and_inland_are_land() {
        // The lower Mississippi at Baton Rouge.
        check(30.44, -91.19, 50.0..150.0, true);
        // Moscow.
        check(55.75, 37.62, 500.0..700.0, true);
    }

    #[test]
    fn the_caspian_is_sea() {
        check(41.5, 51.0, 50.0..250.0, false);
    }

    #[test]
    fn the_antimeridian_is_no_coast() {
        // Taveuni, Fiji, is cut in two there.
        check(-16.84, 180.0, 0.0..8.0, true);
        check(-16.84, -180.0, 0.0..8.0, true);
        // Chukotka, 130 km and more from any sea.
        check(67.5, 180.0, 100.0..200.0, true);
        check(67.5, -179.999, 100.0..200.0, true);
        // Between Fiji and Tuvalu.
        check(-13.0, 179.999, 230.0..250.0, false);
        check(-13.0, -179.999, 230.0..250.0, false);
    }

    #[test]
    fn both_names_of_the_antimeridian_give_the_same() {
        for tenths in -850..=850 {
            let latitude_deg = f64::from(tenths) / 10.0 + 0.013;
            let [east, west] = [180.0, -180.0].map(|longitude_deg| {
                Coast::natural_earth().nearest(Position::new(latitude_deg, longitude_deg).unwrap())
            });
            assert_eq!(east, west, "at {latitude_deg}");
        }
    }

    #[test]
    fn the_poles_are_ordinary_places() {
        for longitude_deg in [-180.0, -77.0, 0.0, 180.0] {
            check(90.0, longitude_deg, 690.0..730.0, false);
            check(-90.0, longitude_deg, 500.0..1400.0, true);
            check(-89.9, longitude_deg, 500.0..1400.0, true);
        }
    }

    #[test]
    fn around_a_tiny_island_all_sides_are_alike() {
        // Bouvet Island, 10 km across, 1,700 km from anything.
        check(-54.42, 3.36, 0.0..6.0, true);
        for (north_deg, east_deg) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.718), (0.0, -1.718)] {
            check(-54.42 + north_deg, 3.36 + east_deg, 102.0..112.0, false);
        }
    }

    /// Every edge of the map as two places in steps, without any of the code that cuts stretches and
    /// closes polygons.
    fn all_edges(map: &Map) -> Vec<[[i32; 2]; 2]> {
        let rings = map.polygons.iter().flatten();
        rings
            .flat_map(|ring| (0..ring.len()).map(|i| [ring[i], ring[(i + 1) % ring.len()]]))
            .collect()
    }

    /// Looks at every edge for the nearest, and counts the edges between the place and the north pole,
    /// which is at sea: land is behind an odd number of coasts.
    fn nearest_by_scan(map: &Map, edges: &[[[i32; 2]; 2]], position: Position) -> CoastDistance {
        let turn = f64::from(map.turn());
        let here_m = position.to_ecef_m();
        let (mut squared_min, mut crossings) = (f64::INFINITY, 0);
        for &[a, b] in edges {
            if a[0] % map.turn() != 0 || b[0] % map.turn() != 0 {
                let squared = squared_distance_to_edge(&here_m, &map.ecef_m(a), &map.ecef_m(b));
                squared_min = squared_min.min(squared);
            }
            let x = (position.longitude_deg() - map.longitude_origin_deg) / map.longitude_step_deg;
            let y = (position.latitude_deg() - map.latitude_origin_deg) / map.latitude_step_deg;
            let east_of = |point: [i32; 2]| {
                (f64::from(point[0]) - x + turn / 2.0).rem_euclid(turn) - turn / 2.0
            };
            let (a_east, b_east) = (east_of(a), east_of(b));
            let crosses = (a_east > 0.0) != (b_east > 0.0) && (a_east - b_east).abs() < turn / 2.0;
            if crosses {
                let share = a_east / (a_east - b_east);
                let crossed_y = f64::from(a[1]) + share * f64::from(b[1] - a[1]);
                crossings += usize::from(crossed_y > y);
            }
        }
        CoastDistance { distance_m: squared_min.sqrt().round(), on_land: crossings % 2 == 1 }
    }

    #[test]
    fn the_trees_answer_as_a_scan_of_all_edges_does() {
        let map = Map::read(include_bytes!("../data/land-10m.bin"));
        let edges = all_edges(&map);
        let mut state = 0x5EA_u64;
        let mut random = || {
            // Knuth's MMIX generator; its high bits are good enough to scatter places.
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for i in 0..200 {
            let (u, v, w) = (random(), random(), random());
            // Everywhere, then about the antimeridian, Antarctica and random points of the coast.
            let (latitude_deg, longitude_deg) = match i % 4 {
                0 => (libm::asin(2.0 * u - 1.0).to_degrees(), 360.0 * v - 180.0),
                1 => (150.0 * u - 70.0, if w < 0.5 { 180.0 - v } else { v - 180.0 }),
                2 => (30.0 * u - 90.0, 360.0 * v - 180.0),
                _ => {
                    let [x, y] = edges[(w * edges.len() as f64) as usize][0];
                    let longitude_deg = map.longitude_deg(x.rem_euclid(map.turn()));
                    (map.latitude_deg(y) + 0.1 * u - 0.05, (longitude_deg + 0.1 * v).min(180.0))
                }
            };
            let position = Position::new(latitude_deg, longitude_deg).unwrap();
            let found = Coast::natural_earth().nearest(position);
            assert_eq!(found, nearest_by_scan(&map, &edges, position), "at {position}");
        }
    }
}
