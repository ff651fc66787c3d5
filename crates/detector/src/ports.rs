//! Which port is near.
//!
//! Takes a position, gives the nearest port of a list and how far it is. The built-in list is the World
//! Port Index (`data/README.md`); others are given as data.

use std::sync::OnceLock;

use maritime::Position;
use rstar::primitives::GeomWithData;
use rstar::{PointDistance, RTree};

/// A port that is farther away than this is not near, in metres.
const NEAR_M_MAX: f64 = 100_000.0;

/// A harbour with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    /// As people call it.
    pub name: String,
    /// One point of it.
    pub position: Position,
}

/// Ports that can be asked for the nearest.
#[derive(Debug, Default)]
pub(crate) struct Ports(RTree<GeomWithData<[f64; 3], String>>);

impl Ports {
    pub(crate) fn new<'a>(ports: impl IntoIterator<Item = &'a Port>) -> Self {
        let points = ports
            .into_iter()
            .map(|port| GeomWithData::new(port.position.to_ecef_m(), port.name.clone()))
            .collect();
        Ports(RTree::bulk_load(points))
    }

    /// The World Port Index. The first call builds it, in some milliseconds; later calls are free.
    pub(crate) fn world() -> &'static Ports {
        static PORTS: OnceLock<Ports> = OnceLock::new();
        PORTS.get_or_init(|| Ports::new(&read(include_str!("../data/ports.tsv"))))
    }

    /// The nearest port within 100 km and how far it is, straight and in whole metres, so that every
    /// machine says the same. Of several at one distance the first by name.
    pub(crate) fn nearest(&self, position: Position) -> Option<(&str, f64)> {
        let here_m = position.to_ecef_m();
        let distance_m = |port: &GeomWithData<[f64; 3], String>| {
            libm::round(libm::sqrt(port.geom().distance_2(&here_m)))
        };
        let nearest_m = self.0.nearest_neighbor(&here_m).map(distance_m)?;
        if nearest_m > NEAR_M_MAX {
            return None;
        }
        let within = self.0.locate_within_distance(here_m, (nearest_m + 1.0) * (nearest_m + 1.0));
        let equal = within.filter(|port| distance_m(port) == nearest_m);
        equal.map(|port| port.data.as_str()).min().map(|name| (name, nearest_m))
    }
}

/// The file is part of the program, so a damaged one is our own broken promise.
fn read(text: &str) -> Vec<Port> {
    let port = |line: &str| {
        let [latitude_deg, longitude_deg, name] =
            line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let position = Position::new(latitude_deg.parse().ok()?, longitude_deg.parse().ok()?)?;
        Some(Port { name: name.into(), position })
    };
    text.lines().map(|line| port(line).expect("the list of ports has three columns")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(latitude_deg: f64, longitude_deg: f64, expected: Option<&str>) {
        let nearest = Ports::world().nearest(Position::new(latitude_deg, longitude_deg).unwrap());
        assert_eq!(nearest.map(|(name, _)| name), expected);
    }

    #[test]
    fn the_nearest_port_of_the_world_is_found() {
        check(51.95, 4.05, Some("Europoort"));
        check(-18.13, 178.42, Some("Suva Harbor"));
        check(28.0, -40.0, None);
    }

    #[test]
    fn of_ports_in_one_place_the_first_by_name_is_near() {
        let position = Position::new(1.0, 179.999).unwrap();
        let port = |name: &str| Port { name: name.into(), position };
        let ports = Ports::new(&[port("Zeta"), port("Alpha")]);
        let beyond_the_date_line = Position::new(1.0, -179.999).unwrap();
        assert_eq!(ports.nearest(beyond_the_date_line), Some(("Alpha", 223.0)));
        assert_eq!(Ports::new(&[]).nearest(position), None);
    }
}
