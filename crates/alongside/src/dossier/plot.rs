//! Drawings as SVG without a script: a map, and values over time. Whatever is drawn is the same bytes on every machine.

use std::fmt::Write;

use maritime::{METRES_PER_NAUTICAL_MILE, Position, Timestamp};

/// Of every drawing, in units of SVG.
const WIDTH: f64 = 760.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;
/// Metres of a degree of latitude; good enough to draw.
const DEGREE_M: f64 = 111_195.0;
/// Longer silences are drawn dashed.
pub const BRIDGED_MS: i64 = 20 * 60_000;
/// Over longer ones nothing is drawn.
pub const LOST_MS: i64 = 3 * 3_600_000;

/// A line of a drawing.
pub struct Series<'a, T> {
    /// For the legend; escaped already.
    pub label: &'a str,
    /// Of the style: `a`, `b` or `c`.
    pub class: &'static str,
    /// In the order of time.
    pub points: Vec<(Timestamp, T)>,
}

/// Outlines of the land within west, south, east and north, in steps of so many degrees.
type LandWithin = fn([f64; 4], f64) -> Vec<Vec<[f64; 2]>>;

/// A map of tracks.
pub struct Map<'a> {
    /// Solid where reports are near each other, dashed where a silence is bridged.
    pub tracks: Vec<Series<'a, Position>>,
    /// Others that were heard, as dots.
    pub others: Vec<Position>,
    /// Where the event is said to have been.
    pub centre: Position,
    /// What is drawn is at least so wide.
    pub extent_m_min: f64,
    /// What is drawn of the coast.
    pub land: LandWithin,
}

impl Map<'_> {
    /// The drawing.
    pub fn svg(&self) -> String {
        let (height, width) = (460.0 - TOP - BOTTOM, WIDTH - LEFT - RIGHT);
        let centre = [self.centre.longitude_deg(), self.centre.latitude_deg()];
        // Longitudes beside that of the centre, beyond 180° if need be.
        let place = |position: Position| {
            let east = wrapped_deg(position.longitude_deg() - centre[0]);
            [centre[0] + east, position.latitude_deg()]
        };
        let shrink = libm::cos(centre[1].to_radians()).max(0.05);
        let drawn = || self.tracks.iter().flat_map(|track| &track.points).map(|(_, at)| place(*at));
        let bounds = |axis: usize| {
            drawn().fold((centre[axis], centre[axis]), |(min, max), at| {
                (min.min(at[axis]), max.max(at[axis]))
            })
        };
        let ((west, east), (south, north)) = (bounds(0), bounds(1));
        let middle = [(west + east) / 2.0, (south + north) / 2.0];
        let span_m = [(east - west) * DEGREE_M * shrink, (north - south) * DEGREE_M];
        let metres_per_unit = (span_m[0] * 1.15 / width)
            .max(span_m[1] * 1.15 / height)
            .max(self.extent_m_min / height);
        let half_deg = [
            width * metres_per_unit / DEGREE_M / shrink / 2.0,
            height * metres_per_unit / DEGREE_M / 2.0,
        ];
        let [west, east] = [middle[0] - half_deg[0], middle[0] + half_deg[0]];
        let [south, north] = [middle[1] - half_deg[1], middle[1] + half_deg[1]];
        let x = |longitude_deg: f64| LEFT + (longitude_deg - west) / (east - west) * width;
        let y = |latitude_deg: f64| TOP + (north - latitude_deg) / (north - south) * height;
        let is_in =
            |at: &[f64; 2]| (west..=east).contains(&at[0]) && (south..=north).contains(&at[1]);

        let mut svg = begin(460.0, "map");
        let id = format!("clip-{}-{}", self.tracks.len(), (metres_per_unit * 1000.0) as u64);
        let _ = write!(
            svg,
            r#"<clipPath id="{id}"><rect x="{LEFT}" y="{TOP}" width="{width}" height="{height}"/></clipPath><rect class="sea" x="{LEFT}" y="{TOP}" width="{width}" height="{height}"/><g clip-path="url(#{id})">"#
        );
        let margin = [half_deg[0] / 10.0, half_deg[1] / 10.0];
        let land_box = [west - margin[0], south - margin[1], east + margin[0], north + margin[1]];
        let mut land = String::new();
        for ring in (self.land)(land_box, half_deg[1] / 400.0) {
            for (index, [longitude_deg, latitude_deg]) in ring.iter().enumerate() {
                let letter = if index == 0 { 'M' } else { 'L' };
                let _ = write!(land, "{letter}{:.1} {:.1}", x(*longitude_deg), y(*latitude_deg));
            }
            land.push('Z');
        }
        if !land.is_empty() {
            let _ = write!(svg, r#"<path class="land" d="{land}"/>"#);
        }
        for (axis, from, to) in [(0, west, east), (1, south, north)] {
            for tick in ticks(from, to, 5) {
                let _ = match axis {
                    0 => write!(
                        svg,
                        r#"<path class="grid" d="M{0:.1} {TOP}V{1}"/>"#,
                        x(tick),
                        TOP + height
                    ),
                    _ => write!(
                        svg,
                        r#"<path class="grid" d="M{LEFT} {0:.1}H{1}"/>"#,
                        y(tick),
                        LEFT + width
                    ),
                };
            }
        }
        for other in self.others.iter().map(|other| place(*other)).filter(is_in) {
            let _ = write!(
                svg,
                r#"<circle class="other" cx="{:.1}" cy="{:.1}" r="1.5"/>"#,
                x(other[0]),
                y(other[1])
            );
        }
        for track in &self.tracks {
            let points = track.points.iter().map(|(at, position)| (*at, place(*position)));
            let points: Vec<(Timestamp, [f64; 2])> = points
                .map(|(at, [longitude_deg, latitude_deg])| {
                    (at, [x(longitude_deg), y(latitude_deg)])
                })
                .collect();
            svg += &lines(&points, track.class);
            for (_, [x, y]) in &points {
                let _ = write!(
                    svg,
                    r#"<circle class="{}" cx="{x:.1}" cy="{y:.1}" r="1.6"/>"#,
                    track.class
                );
            }
            if let Some((_, [x, y])) = points.first() {
                let _ = write!(
                    svg,
                    r#"<circle class="begin {}" cx="{x:.1}" cy="{y:.1}" r="5"/>"#,
                    track.class
                );
            }
        }
        svg += "</g>";
        let _ = write!(
            svg,
            r#"<rect class="frame" x="{LEFT}" y="{TOP}" width="{width}" height="{height}"/>"#
        );
        for tick in ticks(west, east, 5) {
            let label = degrees(tick, (east - west) / 5.0, ['E', 'W']);
            let _ = write!(
                svg,
                r#"<text class="mid" x="{:.1}" y="{}">{label}</text>"#,
                x(tick),
                TOP + height + 16.0
            );
        }
        for tick in ticks(south, north, 5) {
            let label = degrees(tick, (north - south) / 5.0, ['N', 'S']);
            let _ = write!(
                svg,
                r#"<text class="end" x="{}" y="{:.1}">{label}</text>"#,
                LEFT - 5.0,
                y(tick) + 4.0
            );
        }
        svg += &scale_bar(metres_per_unit, TOP + height - 12.0);
        let labels: Vec<_> = self.tracks.iter().map(|track| (track.class, track.label)).collect();
        svg += &legend(&labels);
        svg + "</svg>"
    }
}

/// Values over time.
pub struct Chart<'a> {
    /// Of the vertical axis, with its unit.
    pub title: &'a str,
    /// What is drawn.
    pub series: Vec<Series<'a, f64>>,
    /// The instants at the edges.
    pub span: (Timestamp, Timestamp),
    /// When the event was, which is shaded.
    pub event: (Timestamp, Timestamp),
    /// Powers of ten are equally far apart.
    pub is_logarithmic: bool,
    /// Horizontal lines with their labels.
    pub marks: Vec<(f64, String)>,
}

impl Chart<'_> {
    /// The drawing.
    pub fn svg(&self) -> String {
        let (height, width) = (240.0 - TOP - BOTTOM, WIDTH - LEFT - RIGHT);
        let (from, to) = (self.span.0.as_millis() as f64, self.span.1.as_millis() as f64);
        let x =
            |at: Timestamp| LEFT + (at.as_millis() as f64 - from) / (to - from).max(1.0) * width;
        let values =
            || self.series.iter().flat_map(|series| &series.points).map(|(_, value)| *value);
        let marked = self.marks.iter().map(|(value, _)| *value);
        let highest = values().chain(marked).fold(1.0, f64::max);
        let lowest = values().fold(f64::MAX, f64::min).clamp(1.0, highest);
        let (low, high) = match self.is_logarithmic {
            true => (libm::floor(libm::log10(lowest)), libm::ceil(libm::log10(highest))),
            false => (0.0, highest * 1.08),
        };
        let y = |value: f64| {
            let value = if self.is_logarithmic { libm::log10(value.max(1.0)) } else { value };
            TOP + height - (value - low) / (high - low).max(1e-9) * height
        };
        let mut svg = begin(240.0, "chart");
        let [begins, ends] = [self.event.0, self.event.1].map(|at| x(at).clamp(LEFT, LEFT + width));
        let _ = write!(
            svg,
            r#"<rect class="event" x="{begins:.1}" y="{TOP}" width="{:.1}" height="{height}"/>"#,
            ends - begins
        );
        let levels: Vec<f64> = match self.is_logarithmic {
            true => {
                (low as i32..=high as i32).map(|power| libm::pow(10.0, f64::from(power))).collect()
            }
            false => ticks(low, high, 5),
        };
        for level in levels {
            let label =
                if level.fract() == 0.0 { format!("{level:.0}") } else { format!("{level:.1}") };
            let _ = write!(
                svg,
                r#"<path class="grid" d="M{LEFT} {0:.1}H{1}"/><text class="end" x="{2}" y="{3:.1}">{label}</text>"#,
                y(level),
                LEFT + width,
                LEFT - 5.0,
                y(level) + 4.0
            );
        }
        for tick in time_ticks(self.span, 8) {
            let text = tick.to_string();
            let label = match tick.as_millis().rem_euclid(86_400_000) {
                0 => &text[5..10],
                _ => &text[11..16],
            };
            let _ = write!(
                svg,
                r#"<path class="grid" d="M{0:.1} {TOP}V{1}"/><text class="mid" x="{0:.1}" y="{2}">{label}</text>"#,
                x(tick),
                TOP + height,
                TOP + height + 16.0
            );
        }
        for (value, label) in &self.marks {
            let _ = write!(
                svg,
                r#"<path class="mark" d="M{LEFT} {0:.1}H{1}"/><text class="end" x="{2}" y="{3:.1}">{label}</text>"#,
                y(*value),
                LEFT + width,
                LEFT + width - 4.0,
                y(*value) - 4.0
            );
        }
        for series in &self.series {
            let points: Vec<(Timestamp, [f64; 2])> =
                series.points.iter().map(|(at, value)| (*at, [x(*at), y(*value)])).collect();
            svg += &lines(&points, series.class);
        }
        let _ = write!(
            svg,
            r#"<rect class="frame" x="{LEFT}" y="{TOP}" width="{width}" height="{height}"/><text transform="translate(12 {}) rotate(-90)" class="mid">{}</text>"#,
            TOP + height / 2.0,
            self.title
        );
        let labels: Vec<_> =
            self.series.iter().map(|series| (series.class, series.label)).collect();
        if labels.len() > 1 {
            svg += &legend(&labels);
        }
        svg + "</svg>"
    }
}

fn begin(height: f64, class: &str) -> String {
    format!(r#"<svg class="{class}" viewBox="0 0 {WIDTH} {height}" role="img">"#)
}

/// Solid between reports that are near each other in time, dashed over a silence, nothing over a long one.
fn lines(points: &[(Timestamp, [f64; 2])], class: &str) -> String {
    let [mut solid, mut dashed] = [String::new(), String::new()];
    for two in points.windows(2) {
        let [(from_at, from), (to_at, to)] = two else { continue };
        let silence_ms = to_at.millis_since(*from_at);
        if silence_ms > LOST_MS {
            continue;
        }
        let path = if silence_ms <= BRIDGED_MS { &mut solid } else { &mut dashed };
        let _ = write!(path, "M{:.1} {:.1}L{:.1} {:.1}", from[0], from[1], to[0], to[1]);
    }
    let path = |d: &str, more: &str| match d.is_empty() {
        true => String::new(),
        false => format!(r#"<path class="line {class}{more}" d="{d}"/>"#),
    };
    path(&solid, "") + &path(&dashed, " dashed")
}

fn legend(labels: &[(&str, &str)]) -> String {
    let mut svg = String::new();
    for (index, (class, label)) in labels.iter().enumerate() {
        let y = TOP + 16.0 + 16.0 * index as f64;
        let _ = write!(
            svg,
            r#"<path class="line {class}" d="M{0} {1}h22"/><text class="halo" x="{2}" y="{3}">{label}</text>"#,
            LEFT + 8.0,
            y - 4.0,
            LEFT + 36.0,
            y
        );
    }
    svg
}

fn scale_bar(metres_per_unit: f64, y: f64) -> String {
    let longest_m = 180.0 * metres_per_unit;
    let nautical = longest_m >= METRES_PER_NAUTICAL_MILE;
    let unit_m = if nautical { METRES_PER_NAUTICAL_MILE } else { 1.0 };
    let count = round_down(longest_m / unit_m);
    let length = count * unit_m / metres_per_unit;
    let x = WIDTH - RIGHT - length - 12.0;
    let unit = if nautical { "nm" } else { "m" };
    format!(
        r#"<path class="scale" d="M{x:.1} {0}v4h{length:.1}v-4"/><text class="mid halo" x="{1:.1}" y="{2}">{count} {unit}</text>"#,
        y - 4.0,
        x + length / 2.0,
        y - 6.0
    )
}

/// 1, 2 or 5 times a power of ten.
fn round_down(value: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(value)));
    [5.0, 2.0, 1.0]
        .map(|digit| digit * power)
        .into_iter()
        .find(|round| *round <= value)
        .unwrap_or(power)
}

/// At most some `count` round values from `from` to `to`.
fn ticks(from: f64, to: f64, count: u32) -> Vec<f64> {
    let rough = (to - from) / f64::from(count);
    let step = match round_down(rough) {
        step if step * 1.01 >= rough => step,
        step if step * 2.0 >= rough => step * 2.0,
        step => step * 2.5,
    };
    let first = libm::ceil(from / step) as i64;
    (first..).map(|index| index as f64 * step).take_while(|tick| *tick <= to).take(50).collect()
}

fn time_ticks((from, to): (Timestamp, Timestamp), count: i64) -> Vec<Timestamp> {
    const MINUTES: [i64; 15] =
        [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 43_200];
    let span_ms = to.millis_since(from);
    let fits = |step: &i64| span_ms / (step * 60_000) <= count;
    let step_ms = MINUTES.into_iter().find(fits).unwrap_or(525_600) * 60_000;
    let first = (from.as_millis() + step_ms - 1).div_euclid(step_ms);
    let ticks = (first..).map(|index| Timestamp::from_millis(index * step_ms));
    ticks.take_while(|at| *at <= to).take(50).collect()
}

/// A longitude, or a difference of two, within half a turn.
pub fn wrapped_deg(longitude_deg: f64) -> f64 {
    if longitude_deg > 180.0 {
        longitude_deg - 360.0
    } else if longitude_deg < -180.0 {
        longitude_deg + 360.0
    } else {
        longitude_deg
    }
}

fn degrees(value: f64, step: f64, [positive, negative]: [char; 2]) -> String {
    let value = wrapped_deg(value);
    let decimals = match step {
        0.3.. => 1,
        0.03.. => 2,
        0.003.. => 3,
        _ => 4,
    };
    let side = if value < 0.0 { negative } else { positive };
    format!("{:.decimals$}°{side}", value.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.3, 3.1, 5), [1.0, 2.0, 3.0]);
        assert!(ticks(-1e-9, 1e-9, 5).len() < 12);
        assert_eq!(round_down(7.0), 5.0);
        assert_eq!(round_down(0.19), 0.1);
    }

    #[test]
    fn times_are_ticked_at_whole_minutes_and_hours() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let ticks = time_ticks((at("2024-01-01T22:10:00Z"), at("2024-01-02T03:00:00Z")), 8);
        let words: Vec<String> = ticks.iter().map(|at| at.to_string()[11..16].into()).collect();
        assert_eq!(words, ["23:00", "00:00", "01:00", "02:00", "03:00"]);
    }

    #[test]
    fn a_degree_is_written_in_hemispheres() {
        assert_eq!(degrees(-94.5, 0.5, ['E', 'W']), "94.5°W");
        assert_eq!(degrees(180.25, 0.1, ['E', 'W']), "179.75°W");
    }
}
