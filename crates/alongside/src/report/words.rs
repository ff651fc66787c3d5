//! Numbers, times and texts as people read them.

use std::time::Duration;

use maritime::{EventKind, METRES_PER_NAUTICAL_MILE, Position, Timestamp};

/// `1 234 567`, so that the digits can be counted.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// `13 h 42 min`, `2 d 3 h`, `42 min`, `40 s`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let minutes = (seconds + 30) / 60;
    match minutes {
        _ if seconds < 60 => format!("{seconds} s"),
        0..60 => format!("{minutes} min"),
        60..2880 if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        60..2880 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} d {} h", minutes / 1440, minutes % 1440 / 60),
    }
}

/// `28.250°N 94.860°W`: about a hundred metres, in hemispheres and not in signs.
pub fn position(position: Position) -> String {
    let (latitude_deg, longitude_deg) = (position.latitude_deg(), position.longitude_deg());
    format!(
        "{:.3}°{} {:.3}°{}",
        latitude_deg.abs(),
        if latitude_deg < 0.0 { 'S' } else { 'N' },
        longitude_deg.abs(),
        if longitude_deg < 0.0 { 'W' } else { 'E' },
    )
}

/// `58 km (31 nm) off the coast`.
pub fn coast(distance_m: Option<f64>) -> String {
    match distance_m {
        None => "distance to the coast unknown".into(),
        Some(m) if m <= 0.0 => "in a harbour, a river or on land".into(),
        Some(m) if m < 9_950.0 => {
            format!("{:.1} km ({:.1} nm) off the coast", m / 1000.0, m / METRES_PER_NAUTICAL_MILE)
        }
        Some(m) => {
            format!("{:.0} km ({:.0} nm) off the coast", m / 1000.0, m / METRES_PER_NAUTICAL_MILE)
        }
    }
}

/// `dark-meeting candidate`.
pub fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Encounter => "encounter",
        EventKind::Loitering => "slow in one place",
        EventKind::Gap => "not heard",
        EventKind::DarkMeeting => "dark-meeting candidate",
        EventKind::IdentityChange => "another identity",
        EventKind::IdentityConflict => "identity in conflict",
        EventKind::Jump => "jump",
        EventKind::Displacement => "displaced with others",
        EventKind::OnLand => "reported on land",
        EventKind::WatchlistHit => "on a watchlist",
    }
}

/// `2024-01-01 00:14`, UTC.
pub fn minute(at: Timestamp) -> String {
    at.plus_millis(30_000)
        .to_string()
        .chars()
        .take(16)
        .map(|c| if c == 'T' { ' ' } else { c })
        .collect()
}

/// `00:14`, or with its date if that is not the date of `beside`.
pub fn minute_beside(at: Timestamp, beside: Timestamp) -> String {
    let (text, beside) = (minute(at), minute(beside));
    match text.split_once(' ') {
        Some((date, time)) if beside.starts_with(date) => time.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(duration(Duration::from_secs(49_320)), "13 h 42 min");
        assert_eq!(duration(Duration::from_secs(59)), "59 s");
        assert_eq!(duration(Duration::from_secs(7200)), "2 h");
        assert_eq!(duration(Duration::from_secs(200_000)), "2 d 7 h");
        assert_eq!(coast(Some(57_900.0)), "58 km (31 nm) off the coast");
        assert_eq!(position(Position::new(28.2504, -94.8597).unwrap()), "28.250°N 94.860°W");
    }

    #[test]
    fn the_date_is_said_once() {
        let at = |text| Timestamp::parse(text).unwrap();
        assert_eq!(minute(at("2024-01-01T00:13:31Z")), "2024-01-01 00:14");
        let beside = at("2024-01-01T12:00:00Z");
        assert_eq!(minute_beside(at("2024-01-01T13:40:00Z"), beside), "13:40");
        assert_eq!(minute_beside(at("2024-01-02T00:10:00Z"), beside), "2024-01-02 00:10");
    }
}
