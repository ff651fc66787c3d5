//! How nouns that keep a promise are written into a state that is stored, and read from it: the promise is
//! checked again. The others derive this where they are defined.
//!
//! It is no wire format: what is written here is read by the same version of the program.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

#[cfg(feature = "std")]
use crate::{EventId, EventKind, Subject, Timestamp};
use crate::{Imo, Mmsi, Position, Text, VesselPair};

impl Serialize for Mmsi {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Mmsi {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        Mmsi::new(number).ok_or_else(|| D::Error::custom(format_args!("{number} is no MMSI")))
    }
}

impl Serialize for Imo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Imo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        Imo::new(number).ok_or_else(|| D::Error::custom(format_args!("{number} is no IMO number")))
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.latitude_deg(), self.longitude_deg()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (latitude, longitude) = <(f64, f64)>::deserialize(deserializer)?;
        Position::new(latitude, longitude)
            .ok_or_else(|| D::Error::custom(format_args!("{latitude} {longitude} is no position")))
    }
}

impl Serialize for VesselPair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.low(), self.high()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for VesselPair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (low, high) = <(Mmsi, Mmsi)>::deserialize(deserializer)?;
        let pair = VesselPair::new(low, high).filter(|pair| pair.low() == low);
        pair.ok_or_else(|| D::Error::custom(format_args!("{low} and {high} are no ordered pair")))
    }
}

#[cfg(feature = "std")]
impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.kind(), self.subject(), self.first_started_at()).serialize(serializer)
    }
}

#[cfg(feature = "std")]
impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (kind, subject, at) = <(EventKind, Subject, Timestamp)>::deserialize(deserializer)?;
        let id = EventId::of(kind, subject, at);
        if id.first_started_at() != at {
            return Err(D::Error::custom(format_args!(
                "{} ms are no whole seconds",
                at.as_millis()
            )));
        }
        Ok(id)
    }
}

impl<const N: usize> Serialize for Text<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Text<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor::<N>)
    }
}

struct TextVisitor<const N: usize>;

impl<const N: usize> Visitor<'_> for TextVisitor<N> {
    type Value = Text<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text of 1 to {N} bytes without surrounding blanks")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let kept = Text::new(text).filter(|kept: &Text<N>| kept.as_str() == text);
        kept.ok_or_else(|| E::custom(format_args!("{text:?} is no text of 1 to {N} bytes")))
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use core::fmt::Debug;

    use super::*;

    #[track_caller]
    fn check<T: Serialize + for<'de> Deserialize<'de> + PartialEq + Debug>(noun: T) {
        let mut bytes = [0; 64];
        let written = postcard::to_slice(&noun, &mut bytes).unwrap();
        assert_eq!(postcard::from_bytes::<T>(written).unwrap(), noun);
    }

    #[track_caller]
    fn check_refused<T: for<'de> Deserialize<'de>>(value: impl Serialize) {
        let mut bytes = [0; 64];
        let written = postcard::to_slice(&value, &mut bytes).unwrap();
        assert!(postcard::from_bytes::<T>(written).is_err());
    }

    #[test]
    fn what_is_written_is_read() {
        let [a, b] = [311_000_222, 538_005_541].map(|number| Mmsi::new(number).unwrap());
        let pair = VesselPair::new(a, b).unwrap();
        check(pair);
        check(Imo::new(9_074_729).unwrap());
        check(Text::<20>::new("EVER DIADEM").unwrap());
        check(Position::new(-0.0, 180.0).unwrap());
        check(EventId::new(EventKind::Encounter, pair, Timestamp::from_secs(-5)));
    }

    #[test]
    fn broken_promises_are_refused() {
        check_refused::<Mmsi>(0u32);
        check_refused::<Imo>(9_074_728u32);
        check_refused::<Position>((91.0, 181.0));
        check_refused::<VesselPair>((5u32, 5u32));
        check_refused::<VesselPair>((6u32, 5u32));
        check_refused::<Text<4>>("ALFA1");
        check_refused::<Text<4>>(" A");
        check_refused::<Text<4>>("");
        let subject = Subject::Vessel(Mmsi::new(5).unwrap());
        check_refused::<EventId>((EventKind::Gap, subject, Timestamp::from_millis(1)));
    }
}
