//! Takes messages, gives the positions among them as columns: one array per field, for those who work on many at
//! once. Never judges whether a position is right, and keeps its memory when it is cleared.

use maritime::{Mmsi, Position, Timestamp};

use crate::message::field;
use crate::{Message, NavigationalStatus, Received};

/// One position of a [`PositionBatch`].
///
/// ```
/// use alongside_decoder::PositionBatch;
///
/// assert_eq!(PositionBatch::default().row(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PositionRow {
    /// Who sends; `None` for 0.
    pub mmsi: Option<Mmsi>,
    /// In which message, `1..=27`.
    pub message_type: u8,
    /// When it was heard.
    pub received_at: Option<Timestamp>,
    /// Of the antenna; of messages 27 to 1/10 minute only.
    pub position: Option<Position>,
    /// Over ground: `0.0..=102.2`, of an aircraft `0.0..=1022.0`, the highest being that or more; of messages 9 and
    /// 27 in whole knots.
    pub speed_knots: Option<f32>,
    /// Over ground, clockwise from true north, in `[0, 360)`.
    pub course_deg: Option<f32>,
    /// Of the bow, clockwise from true north, in `[0, 360)`; not in messages 9 and 27.
    pub heading_deg: Option<f32>,
    /// Second of the UTC minute at which this was so, `0..=59`; not in message 27.
    pub second: Option<u8>,
    /// What the ship says it is doing; messages 1-3 and 27 only.
    pub navigational_status: Option<NavigationalStatus>,
}

/// Declares the batch, what makes a row of it, and what all columns share.
macro_rules! columns {
    ($(#[$attribute:meta])* pub struct $batch:ident of $raw:ident {
        $($(#[$doc:meta])* $column:ident: $type:ty,)*
    }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $batch {
            $($column: Vec<$type>,)*
        }

        struct $raw {
            $($column: $type,)*
        }

        impl $batch {
            /// No rows, and room for so many before anything more is allocated.
            pub fn with_capacity(rows: usize) -> Self {
                $batch { $($column: Vec::with_capacity(rows),)* }
            }

            /// Forgets all rows and keeps their room.
            pub fn clear(&mut self) {
                $(self.$column.clear();)*
            }

            fn push_raw(&mut self, raw: $raw) {
                $(self.$column.push(raw.$column);)*
            }

            $(
                $(#[$doc])*
                pub fn $column(&self) -> &[$type] {
                    &self.$column
                }
            )*
        }
    };
}

columns! {
    /// Where ships were, as a struct of arrays of the same length: messages 1-3, 9, 18, 19 and 27.
    ///
    /// The arrays hold what was sent, in the units of messages 1-3 whatever the type, and "not available" as those
    /// messages send it; [`PositionBatch::row`] gives units and `None`.
    ///
    /// ```
    /// use alongside_decoder::{Decoder, OutcomeKind, PositionBatch};
    ///
    /// let mut batch = PositionBatch::with_capacity(1000);
    /// let mut decoder = Decoder::new();
    /// decoder.push(b"!AIVDM,1,1,,B,19NWuLhuRb5QHfCpPcwj`26B0<02,0*5F,1334337317000\n", &mut |outcome| {
    ///     if let OutcomeKind::Message(received) = outcome.kind {
    ///         batch.push(&received);
    ///     }
    /// });
    /// assert_eq!(batch.speed_raw(), [170]);
    /// for row in batch.rows() {
    ///     assert_eq!(row.mmsi.unwrap().get(), 636_091_763);
    ///     assert_eq!(row.received_at.unwrap().to_string(), "2012-04-13T17:15:17.000Z");
    ///     assert_eq!(row.position.unwrap().to_string(), "-13.08843 77.19841");
    ///     assert_eq!(row.speed_knots, Some(17.0));
    /// }
    /// batch.clear();
    /// assert!(batch.is_empty());
    /// ```
    pub struct PositionBatch of Raw {
        /// MMSIs as sent, `0..=999_999_999`.
        mmsi_raw: u32,
        /// Types of message: 1, 2, 3, 9, 18, 19 or 27.
        message_type: u8,
        /// When they were heard, where that is known.
        received_at: Option<Timestamp>,
        /// 1/600000 degree, north positive; 54600000 (91°) is "not available".
        latitude_raw: i32,
        /// 1/600000 degree, east positive; 108600000 (181°) is "not available".
        longitude_raw: i32,
        /// 1/10 knot; 1023 is "not available". Of messages 9 and 27 a multiple of 10, which 1023 is not.
        speed_raw: u16,
        /// 1/10 degree; 3600 is "not available", more means nothing.
        course_raw: u16,
        /// Degrees; 511 is "not available", 360 to 510 mean nothing.
        heading_raw: u16,
        /// Second of the UTC minute; 60 is "not available", 61 to 63 as in message 1.
        second_raw: u8,
        /// Navigational status, `0..=15`; 15 is "undefined", and of messages that have none.
        navigational_status_raw: u8,
    }
}

impl PositionBatch {
    /// Adds a row if the message tells where a ship or an aircraft is, and says whether it does. There is no
    /// bound: it grows until it is cleared.
    pub fn push(&mut self, received: &Received) -> bool {
        let header = received.message.header();
        let nothing = Raw {
            mmsi_raw: header.mmsi_raw,
            message_type: header.message_type,
            received_at: received.received_at,
            latitude_raw: 91 * 600_000,
            longitude_raw: 181 * 600_000,
            speed_raw: 1023,
            course_raw: 3600,
            heading_raw: 511,
            second_raw: 60,
            navigational_status_raw: 15,
        };
        self.push_raw(match &received.message {
            Message::PositionReport(report) => Raw {
                latitude_raw: report.latitude_raw,
                longitude_raw: report.longitude_raw,
                speed_raw: report.speed_raw,
                course_raw: report.course_raw,
                heading_raw: report.heading_raw,
                second_raw: report.second_raw,
                navigational_status_raw: report.navigational_status_raw,
                ..nothing
            },
            Message::SarAircraft(report) => Raw {
                latitude_raw: report.latitude_raw,
                longitude_raw: report.longitude_raw,
                speed_raw: report.speed_knots().map_or(1023, |_| 10 * report.speed_raw),
                course_raw: report.course_raw,
                second_raw: report.second_raw,
                ..nothing
            },
            Message::ClassB(report) => Raw {
                latitude_raw: report.latitude_raw,
                longitude_raw: report.longitude_raw,
                speed_raw: report.speed_raw,
                course_raw: report.course_raw,
                heading_raw: report.heading_raw,
                second_raw: report.second_raw,
                ..nothing
            },
            Message::ClassBExtended(report) => Raw {
                latitude_raw: report.latitude_raw,
                longitude_raw: report.longitude_raw,
                speed_raw: report.speed_raw,
                course_raw: report.course_raw,
                heading_raw: report.heading_raw,
                second_raw: report.second_raw,
                ..nothing
            },
            Message::LongRange(report) => Raw {
                latitude_raw: 1000 * report.latitude_raw,
                longitude_raw: 1000 * report.longitude_raw,
                speed_raw: report.speed_knots().map_or(1023, |_| 10 * u16::from(report.speed_raw)),
                course_raw: report.course_deg().map_or(3600, |_| 10 * report.course_raw),
                navigational_status_raw: report.navigational_status_raw,
                ..nothing
            },
            _ => return false,
        });
        true
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.mmsi_raw.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.mmsi_raw.is_empty()
    }

    /// All fields of one row; `None` beyond the last one.
    pub fn row(&self, at: usize) -> Option<PositionRow> {
        Some(PositionRow {
            mmsi: Mmsi::new(*self.mmsi_raw.get(at)?),
            message_type: self.message_type[at],
            received_at: self.received_at[at],
            position: field::position(self.longitude_raw[at], self.latitude_raw[at]),
            speed_knots: field::speed_knots(self.speed_raw[at]),
            course_deg: field::course_deg(self.course_raw[at]),
            heading_deg: field::heading_deg(self.heading_raw[at]),
            second: field::second(self.second_raw[at]),
            navigational_status: NavigationalStatus::from_raw(self.navigational_status_raw[at]),
        })
    }

    /// All rows, in the order in which they were pushed.
    pub fn rows(&self) -> impl Iterator<Item = PositionRow> + '_ {
        (0..self.len()).map_while(|at| self.row(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn received(message: Message) -> Received {
        Received {
            received_at: Some(Timestamp::from_secs(1_609_459_200)),
            station: None,
            line_count: None,
            destination: None,
            relative_time: None,
            own_ship: false,
            channel: None,
            message,
        }
    }

    type Fields = (Option<Position>, Option<f32>, Option<f32>, Option<f32>, Option<u8>);

    /// What the message itself says; `None` if it tells no position.
    fn told(message: &Message) -> Option<Fields> {
        Some(match message {
            Message::PositionReport(m) => {
                (m.position(), m.speed_knots(), m.course_deg(), m.heading_deg(), m.second())
            }
            Message::ClassB(m) => {
                (m.position(), m.speed_knots(), m.course_deg(), m.heading_deg(), m.second())
            }
            Message::ClassBExtended(m) => {
                (m.position(), m.speed_knots(), m.course_deg(), m.heading_deg(), m.second())
            }
            Message::SarAircraft(m) => {
                (m.position(), m.speed_knots(), m.course_deg(), None, m.second())
            }
            Message::LongRange(m) => (m.position(), m.speed_knots(), m.course_deg(), None, None),
            _ => return None,
        })
    }

    proptest! {
        #[test]
        fn a_row_says_what_the_message_says(
            message_type in 1u8..=28,
            mut bytes in prop::collection::vec(any::<u8>(), 60),
        ) {
            bytes[0] = message_type << 2;
            bytes[1] &= 0x3F;
            if let Ok(message) = Message::decode_bits(&bytes, 424) {
                let mut batch = PositionBatch::default();
                prop_assert_eq!(batch.push(&received(message)), told(&message).is_some());
                let fields = batch.row(0).map(|row| {
                    prop_assert_eq!(row.mmsi, message.header().mmsi());
                    let moves = (row.position, row.speed_knots, row.course_deg);
                    Ok((moves.0, moves.1, moves.2, row.heading_deg, row.second))
                });
                prop_assert_eq!(fields.transpose()?, told(&message));
            }
        }
    }

    #[test]
    fn clearing_keeps_the_room() {
        let mut batch = PositionBatch::with_capacity(8);
        let room = batch.mmsi_raw.capacity();
        let message = Message::decode(b"177KQJ5000G?tO`K>RA1wUbN0TKH", 0).unwrap();
        for _ in 0..3 {
            assert!((0..8).all(|_| batch.push(&received(message))));
            assert_eq!((batch.len(), batch.rows().count()), (8, 8));
            batch.clear();
        }
        assert_eq!((batch.len(), batch.mmsi_raw.capacity()), (0, room));
    }
}
