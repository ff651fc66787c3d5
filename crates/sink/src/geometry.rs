//! Points and lines as a GeoPackage holds them.
//!
//! A blob is a header with the bounds, then WKB (OGC 12-128r18, clause 2.1.3). Longitude is x. The
//! bounds are always written, so that the spatial index needs no more than the header.

use geo_types::{Coord, Geometry, LineString, MultiLineString, Point};
use geozero::{CoordDimensions, ToWkb};
use maritime::{Position, TrackPoint};

/// EPSG:4326, WGS 84 in degrees.
pub(crate) const SRS_ID: i32 = 4326;

/// The least box around a geometry, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min_x: f64,
    pub(crate) max_x: f64,
    pub(crate) min_y: f64,
    pub(crate) max_y: f64,
}

/// A place, as on the wire.
pub(crate) fn point_blob(longitude_deg: f64, latitude_deg: f64) -> Vec<u8> {
    let coord = Coord { x: longitude_deg, y: latitude_deg };
    blob(&Geometry::Point(Point(coord)), [coord])
}

/// The way along `track`, cut at the 180th meridian as every map is. `None` if it is no way: fewer
/// than two points.
pub(crate) fn track_blob(track: &[TrackPoint]) -> Option<Vec<u8>> {
    let lines = lines_of(track.iter().map(|point| point.position));
    let coords: Vec<Coord<f64>> = lines.iter().flatten().copied().collect();
    let lines = MultiLineString::new(lines.into_iter().map(LineString::new).collect());
    (!coords.is_empty()).then(|| blob(&Geometry::MultiLineString(lines), coords))
}

fn lines_of(positions: impl Iterator<Item = Position>) -> Vec<Vec<Coord<f64>>> {
    let mut lines = Vec::new();
    let mut line: Vec<Coord<f64>> = Vec::new();
    for position in positions {
        let to = Coord { x: position.longitude_deg(), y: position.latitude_deg() };
        let from = line.last().copied().unwrap_or(to);
        if (to.x - from.x).abs() > 180.0 {
            // The shorter way leads over 180°: out on the side we are on, in on the other.
            let side = 180.0_f64.copysign(from.x);
            let turned_x = to.x + 2.0 * side;
            let share = (side - from.x) / (turned_x - from.x);
            let y = from.y + share * (to.y - from.y);
            line.push(Coord { x: side, y });
            lines.push(std::mem::replace(&mut line, vec![Coord { x: -side, y }]));
        }
        line.push(to);
    }
    lines.push(line);
    for line in &mut lines {
        line.dedup();
    }
    // A vessel that never moved is drawn where it lay; a single report is no line.
    lines.retain(|line| line.len() > 1);
    lines
}

fn blob(geometry: &Geometry<f64>, coords: impl IntoIterator<Item = Coord<f64>>) -> Vec<u8> {
    let mut bounds = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
    for Coord { x, y } in coords {
        bounds = [bounds[0].min(x), bounds[1].max(x), bounds[2].min(y), bounds[3].max(y)];
    }
    geometry
        .to_gpkg_wkb(CoordDimensions::xy(), Some(SRS_ID), bounds.to_vec())
        .expect("writing to memory does not fail")
}

/// The bounds of `blob`, from its header alone, or of the point that GDAL writes without bounds. `None`
/// if it is empty, big-endian, or no geometry at all.
pub(crate) fn bounds_of(blob: &[u8]) -> Option<Bounds> {
    // "GP", version 0, flags: bit 0 little-endian, bits 1-3 the sort of bounds, bit 4 empty. Then
    // srs_id in four bytes, the bounds, WKB.
    let (&[b'G', b'P', 0, flags, ..], rest) = blob.split_first_chunk::<8>()? else { return None };
    let bounds = match flags & 0b1_1111 {
        0b0_0001 => {
            let point = rest.strip_prefix(b"\x01\x01\0\0\0")?;
            let (x, y) = (number(point, 0)?, number(point, 1)?);
            Bounds { min_x: x, max_x: x, min_y: y, max_y: y }
        }
        // Whatever follows in z and m, x and y come first.
        0b0_0011 | 0b0_0101 | 0b0_0111 | 0b0_1001 => Bounds {
            min_x: number(rest, 0)?,
            max_x: number(rest, 1)?,
            min_y: number(rest, 2)?,
            max_y: number(rest, 3)?,
        },
        _ => return None,
    };
    // An empty point is written as not-a-number.
    (!bounds.min_x.is_nan()).then_some(bounds)
}

fn number(bytes: &[u8], index: usize) -> Option<f64> {
    let bytes = bytes.get(8 * index..8 * index + 8)?;
    Some(f64::from_le_bytes(bytes.try_into().expect("eight bytes were cut")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::track;

    #[track_caller]
    fn check(places_deg: &[(f64, f64)], expected_xy: &[&[(f64, f64)]]) {
        let lines = lines_of(track(places_deg).into_iter().map(|point| point.position));
        let lines: Vec<Vec<(f64, f64)>> = lines
            .into_iter()
            .map(|line| line.into_iter().map(|coord| (coord.x, coord.y)).collect())
            .collect();
        assert_eq!(lines, expected_xy);
    }

    #[test]
    fn a_track_is_one_line() {
        check(&[(1.0, 10.0), (2.0, 11.0)], &[&[(10.0, 1.0), (11.0, 2.0)]]);
    }

    #[test]
    fn a_track_across_the_antimeridian_is_cut_there() {
        check(
            &[(0.0, 179.0), (2.0, -179.0), (4.0, 179.0)],
            &[
                &[(179.0, 0.0), (180.0, 1.0)],
                &[(-180.0, 1.0), (-179.0, 2.0), (-180.0, 3.0)],
                &[(180.0, 3.0), (179.0, 4.0)],
            ],
        );
    }

    #[test]
    fn a_report_at_180_sharp_leaves_no_line_of_one_point() {
        check(
            &[(0.0, 179.0), (0.0, 180.0), (0.0, -179.0)],
            &[&[(179.0, 0.0), (180.0, 0.0)], &[(-180.0, 0.0), (-179.0, 0.0)]],
        );
        check(&[(0.0, 180.0), (0.0, -179.0)], &[&[(-180.0, 0.0), (-179.0, 0.0)]]);
    }

    #[test]
    fn fewer_than_two_places_are_no_line() {
        check(&[], &[]);
        check(&[(1.0, 10.0)], &[]);
        assert_eq!(track_blob(&track(&[(1.0, 10.0)])), None);
    }

    #[test]
    fn bounds_stand_in_the_header() {
        let blob = track_blob(&track(&[(1.0, 10.0), (-2.0, 11.0)])).unwrap();
        let expected = Bounds { min_x: 10.0, max_x: 11.0, min_y: -2.0, max_y: 1.0 };
        assert_eq!(bounds_of(&blob), Some(expected));
        assert_eq!(bounds_of(&blob[..35]), None);
        assert_eq!(bounds_of(b""), None);
        assert_eq!(bounds_of(b"not a geometry, but long enough to hold bounds"), None);
    }

    #[test]
    fn a_point_without_bounds_has_them_all_the_same() {
        let blob = point_blob(20.0, 10.0);
        let bare = [b"GP\0\x01\xe6\x10\0\0", &blob[40..]].concat();
        assert_eq!(bounds_of(&bare), bounds_of(&blob));
        assert_eq!(bounds_of(&bare[..28]), None);
    }

    #[test]
    fn a_point_is_the_bytes_of_the_standard() {
        let blob = point_blob(-94.8597, 28.2504);
        assert_eq!(blob.len(), 4 + 4 + 32 + 1 + 4 + 16);
        assert_eq!(&blob[..8], b"GP\0\x03\xe6\x10\0\0");
        assert_eq!(&blob[40..45], b"\x01\x01\0\0\0");
        assert_eq!(blob[45..53], (-94.8597_f64).to_le_bytes());
    }
}
