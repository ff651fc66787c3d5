//! What must hold of the decoder whatever the bytes are: it does not panic, accounts for every line once, says
//! the same however the bytes are cut, keeps bounded memory, takes bounded time for a byte, and what it read
//! can be written and read again.

// The fuzz targets use it, too.
#![allow(unreachable_pub)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use alongside_decoder::application::{Application, BitView, SubArea};
use alongside_decoder::encode::{Framing, write_sentences};
use alongside_decoder::{
    ApplicationId, ChannelTarget, Decoder, LINE_BYTES_MAX, Message, Outcome, OutcomeKind, OwnShip,
    Received, TagBlock,
};

use super::inputs::tag_block_lines;

/// Lines that may hang on messages under way: 64 of them with nine parts.
const WAITING_MAX: u64 = 64 * 9;
/// Of a decoder with all its buffers.
const BYTES_NEW_MAX: u64 = 96 * 1024;
/// What decoding takes for a moment: nmea-parser's for one `$` sentence.
const BYTES_MOMENT_MAX: u64 = 16 * 1024;
/// Some hundred times what decoding takes, since neither tests nor fuzzing are optimised, and a thousandth of
/// what anything that looks at a line once for each of its bytes would.
const TIME_PER_BYTE_MAX: Duration = Duration::from_nanos(1500);
const TIME_MAX: Duration = Duration::from_millis(1);

/// Checks everything on `input`.
pub fn check_input(input: &[u8]) {
    check_lines(input);
    let outcomes = decode(&mut Decoder::new(), input, std::iter::repeat(usize::MAX));
    check_chunks(input, &outcomes);
    for outcome in &outcomes {
        match &outcome.kind {
            OutcomeKind::Message(received) => check_message(received),
            OutcomeKind::OwnShip(own_ship) => check_own_ship(own_ship),
            OutcomeKind::Skipped(_) | OutcomeKind::Rejected(_) => {}
        }
    }
    check_memory(input);
    check_time(input);
}

/// The outcomes of `input`, cut into pieces of these sizes.
pub fn decode(
    decoder: &mut Decoder,
    input: &[u8],
    sizes: impl Iterator<Item = usize>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut rest = input;
    for size in sizes {
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        decoder.push(piece, &mut |outcome| outcomes.push(outcome));
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    decoder.finish(&mut |outcome| outcomes.push(outcome));
    outcomes
}

fn lines_of(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ended = input.strip_suffix(b"\n").unwrap_or(input);
    ended.split(|&byte| byte == b'\n').filter(|_| !input.is_empty())
}

/// Every line is settled once, and soon.
fn check_lines(input: &[u8]) {
    let mut decoder = Decoder::new();
    let (mut pushed, mut settled) = (0u64, 0u64);
    for line in lines_of(input) {
        decoder.push_line(line, &mut |outcome| settled += u64::from(outcome.lines));
        pushed += 1;
        assert!(settled <= pushed, "{settled} of {pushed} lines settled");
        assert!(pushed - settled <= WAITING_MAX, "{settled} of {pushed} lines settled");
    }
    decoder.finish(&mut |outcome| settled += u64::from(outcome.lines));
    assert_eq!(settled, pushed, "lines settled");
}

/// Line by line, byte by byte and in odd pieces the outcomes are the same.
fn check_chunks(input: &[u8], whole: &[Outcome]) {
    let mut decoder = Decoder::new();
    let mut by_line = Vec::new();
    lines_of(input).for_each(|line| decoder.push_line(line, &mut |outcome| by_line.push(outcome)));
    decoder.finish(&mut |outcome| by_line.push(outcome));
    assert_eq!(by_line, whole, "line by line");
    let by_byte = decode(&mut Decoder::new(), input, std::iter::repeat(1));
    assert_eq!(by_byte, whole, "byte by byte");
    let sizes = input.iter().rev().map(|&byte| 1 + usize::from(byte) % 67).cycle();
    assert_eq!(decode(&mut Decoder::new(), input, sizes), whole, "in pieces");
}

/// A decoder is small, and after the same input again it is as large as before.
fn check_memory(input: &[u8]) {
    let mut decoder = None;
    let new = allocation_counter::measure(|| {
        push_and_finish(decoder.insert(Decoder::new()), input);
    });
    assert!(new.bytes_max <= BYTES_NEW_MAX, "{new:?}");
    let Some(mut decoder) = decoder else { return };
    let again = allocation_counter::measure(|| push_and_finish(&mut decoder, input));
    assert_eq!((again.bytes_current, again.count_current), (0, 0), "{again:?}");
    assert!(again.bytes_max <= BYTES_MOMENT_MAX, "{again:?}");
}

/// The best of some tries, because the machine may have other things to do.
fn check_time(input: &[u8]) {
    let allowed = TIME_MAX + TIME_PER_BYTE_MAX * input.len() as u32;
    let mut decoder = Decoder::new();
    let mut taken = Duration::MAX;
    for _ in 0..20 {
        let started = Instant::now();
        push_and_finish(&mut decoder, input);
        taken = taken.min(started.elapsed());
        if taken <= allowed {
            return;
        }
    }
    panic!("{} bytes took {taken:?}, more than {allowed:?}", input.len());
}

fn push_and_finish(decoder: &mut Decoder, input: &[u8]) {
    let mut settled = 0;
    decoder.push(input, &mut |outcome| settled += outcome.lines);
    decoder.finish(&mut |outcome| settled += outcome.lines);
    black_box(settled);
}

fn check_own_ship(own_ship: &OwnShip) {
    assert!(own_ship.speed_knots.is_none_or(|speed| speed >= 0.0), "{own_ship:?}");
    assert!(
        own_ship.course_deg.is_none_or(|course| (0.0..360.0).contains(&course)),
        "{own_ship:?}"
    );
}

/// Every accessor answers, and the message is read again as it was written.
fn check_message(received: &Received) {
    touch(&received.message);
    let framing = Framing {
        own_ship: received.own_ship,
        channel: received.channel,
        sequence: received.message.header().repeat,
        tag_block: Some(TagBlock {
            received_at: received.received_at,
            station: received.station,
            group: None,
            line_count: received.line_count,
            destination: received.destination,
            relative_time: received.relative_time,
        }),
        ..Framing::default()
    };
    let mut lines = Vec::new();
    write_sentences(&received.message, &framing, &mut lines);
    assert!(lines_of(&lines).all(|line| line.len() <= LINE_BYTES_MAX));
    let mut count = 0;
    Decoder::new().push(&lines, &mut |outcome| {
        let OutcomeKind::Message(again) = outcome.kind else {
            panic!("{outcome:?} of {}", String::from_utf8_lossy(&lines));
        };
        assert_eq!(again.message, received.message, "{}", String::from_utf8_lossy(&lines));
        count += 1;
    });
    assert_eq!(count, 1, "{}", String::from_utf8_lossy(&lines));
}

/// Calls what computes something.
fn touch(message: &Message) {
    black_box((message.header().mmsi(), message.communication_state()));
    match message {
        Message::PositionReport(m) => {
            black_box((m.navigational_status(), m.rate_of_turn(), m.speed_knots()));
            black_box((m.position(), m.course_deg(), m.heading_deg(), m.second()));
        }
        Message::BaseStation(m) => {
            black_box((m.utc(), m.position()));
        }
        Message::StaticVoyage(m) => {
            black_box((m.imo(), m.callsign(), m.name(), m.ship_type(), m.dimensions()));
            black_box((m.eta(), m.draught_m(), m.destination()));
        }
        Message::BinaryAddressed(m) => {
            black_box(m.destination());
            touch_data(Some(m.application), m.data.view());
        }
        Message::Acknowledge(m) => {
            m.acknowledged.iter().flatten().for_each(|one| _ = black_box(one.destination()));
        }
        Message::BinaryBroadcast(m) => touch_data(Some(m.application), m.data.view()),
        Message::SarAircraft(m) => {
            black_box((m.altitude_m(), m.speed_knots(), m.position(), m.course_deg(), m.second()));
        }
        Message::UtcInquiry(m) => _ = black_box(m.destination()),
        Message::SafetyAddressed(m) => _ = black_box((m.destination(), m.text())),
        Message::SafetyBroadcast(m) => _ = black_box(m.text()),
        Message::Interrogation(m) => m.requests().for_each(|request| _ = black_box(request)),
        Message::Assignment(m) => {
            for one in [Some(m.first), m.second].into_iter().flatten() {
                black_box((one.destination(), one.reports_per_ten_minutes()));
                black_box(one.increment_slots());
            }
        }
        Message::Dgnss(m) => {
            black_box((m.position(), m.correction()));
        }
        Message::ClassB(m) => {
            black_box((m.speed_knots(), m.position(), m.course_deg(), m.heading_deg()));
            black_box(m.second());
        }
        Message::ClassBExtended(m) => {
            black_box((m.speed_knots(), m.position(), m.course_deg(), m.heading_deg()));
            black_box((m.second(), m.name(), m.ship_type(), m.dimensions()));
        }
        Message::LinkManagement(_) | Message::Other(_) => {}
        Message::AidToNavigation(m) => {
            black_box((m.name(), m.position(), m.dimensions(), m.second(), m.off_position()));
        }
        Message::ChannelManagement(m) => {
            black_box(m.zone_size_nm());
            if let ChannelTarget::Area(area) = m.target {
                black_box((area.north_east(), area.south_west()));
            }
        }
        Message::GroupAssignment(m) => {
            black_box((m.interval_s(), m.area.north_east(), m.area.south_west()));
        }
        Message::StaticDataA(m) => _ = black_box(m.name()),
        Message::StaticDataB(m) => {
            black_box((m.ship_type(), m.vendor(), m.callsign(), m.dimensions()));
            black_box(m.mothership_mmsi());
        }
        Message::SlotBinary(m) => {
            black_box(m.destination());
            touch_data(m.application, m.data.view());
        }
        Message::LongRange(m) => {
            black_box((m.navigational_status(), m.position(), m.speed_knots(), m.course_deg()));
        }
    }
}

fn touch_data(application: Option<ApplicationId>, data: BitView<'_>) {
    let Some(ApplicationId { dac, fi }) = application else { return };
    match Application::decode(dac, fi, data) {
        Application::MetHydro(m) => {
            black_box((m.position(), m.measured_at(), m.wind_speed_knots(), m.gust_speed_knots()));
            black_box((
                m.wind_direction_deg(),
                m.gust_direction_deg(),
                m.air_temperature_celsius(),
            ));
            black_box((m.humidity_percent(), m.dew_point_celsius(), m.air_pressure_hpa()));
            black_box((m.air_pressure_tendency(), m.visibility_nmi(), m.water_level_m()));
            black_box((m.water_level_tendency(), m.sea_state_beaufort(), m.precipitation()));
            black_box((m.water_temperature_celsius(), m.salinity_per_mille(), m.ice()));
            for current in &m.currents {
                black_box((current.speed_knots(), current.direction_deg(), current.depth_m()));
            }
            for waves in [m.waves, m.swell] {
                black_box((waves.height_m(), waves.period_s(), waves.direction_deg()));
            }
        }
        Application::PersonsOnBoard(m) => _ = black_box(m.persons()),
        Application::AreaNotice(m) => {
            black_box((m.linkage(), m.description(), m.starts_at(), m.duration()));
            black_box(m.is_cancellation());
            m.sub_areas().for_each(|area| touch_area(&area));
        }
        Application::ExtendedStatic(m) => {
            black_box((m.linkage(), m.air_draught_m(), m.last_port(), m.next_port()));
            black_box((m.second_port(), m.ice_class(), m.shaft_horsepower(), m.vhf_channel()));
            black_box((m.lloyds_ship_type(), m.gross_tonnage(), m.is_laden(), m.persons()));
            black_box((m.has_heavy_fuel_oil(), m.bunker_oil_tonnes()));
        }
        Application::Route(m) => {
            black_box((m.linkage(), m.route_type(), m.starts_at(), m.duration()));
            black_box((m.is_cancellation(), m.is_from_authority()));
            m.waypoints().for_each(|waypoint| _ = black_box(waypoint.position()));
        }
        Application::TextDescription(m) => {
            black_box((m.linkage(), m.text.to_string()));
        }
        Application::TidalWindow(m) => {
            black_box((m.month(), m.day()));
            for tide in m.tides() {
                black_box((tide.position(), tide.starts_at(), tide.ends_at()));
                black_box((tide.current_direction_deg(), tide.current_speed_knots()));
            }
        }
        Application::InlandStatic(m) => {
            black_box((m.vessel_id(), m.length_m(), m.beam_m(), m.eri_type(), m.draught_m()));
            black_box((m.eri_type_description(), m.hazardous_cargo(), m.is_loaded()));
        }
        Application::LockEta(m) => {
            black_box((m.place.country(), m.place.location(), m.place.section(), m.tugs()));
            black_box((m.place.terminal(), m.place.hectometre(), m.arrives_at()));
            black_box(m.air_draught_m());
        }
        Application::LockRta(m) => {
            black_box((m.place.country(), m.requested_at(), m.status()));
        }
        Application::EmmaWarning(m) => {
            black_box((m.start_year(), m.end_year(), m.starts_at(), m.ends_at()));
            black_box((m.start(), m.end(), m.warning_type(), m.value_min(), m.value_max()));
            black_box((m.intensity(), m.wind_direction_deg()));
        }
        Application::WaterLevels(m) => {
            black_box(m.country());
            m.gauges().for_each(|gauge| _ = black_box(gauge.level_m()));
        }
        Application::InlandPersons(m) => {
            black_box((m.crew(), m.passengers(), m.personnel()));
        }
        Application::Unknown { data, .. } => {
            black_box((data.iter().count(), data.bytes().count()));
        }
    }
}

fn touch_area(area: &SubArea<'_>) {
    black_box(format!("{area:?}"));
    match area {
        SubArea::Circle(m) => _ = black_box((m.position(), m.radius_m())),
        SubArea::Rectangle(m) => {
            black_box((m.position(), m.east_m(), m.north_m(), m.orientation_deg()));
        }
        SubArea::Sector(m) => {
            black_box((m.position(), m.radius_m(), m.left_deg(), m.right_deg()));
        }
        SubArea::Polyline(m) | SubArea::Polygon(m) => m.legs().for_each(|leg| _ = black_box(leg)),
        SubArea::Text(text) => _ = black_box(text.to_string()),
        SubArea::Reserved(bits) => _ = black_box(bits.iter().count()),
    }
}

/// A tag block that is damaged does not take its sentence with it.
pub fn check_tag_blocks(input: &[u8]) {
    for line in input.split(|&byte| byte == b'\n') {
        let starts_something = |byte: &u8| matches!(byte, b'!' | b'$' | b'\\');
        let [how, blocks @ ..] = line else { continue };
        if how & 3 != 0 || blocks.iter().any(starts_something) {
            continue;
        }
        let line = tag_block_lines(line);
        if line.len() <= LINE_BYTES_MAX {
            let outcomes = decode(&mut Decoder::new(), &line, std::iter::once(usize::MAX));
            let is_message = |outcome: &Outcome| matches!(outcome.kind, OutcomeKind::Message(_));
            assert!(outcomes.iter().any(is_message), "{outcomes:?}");
        }
    }
}
