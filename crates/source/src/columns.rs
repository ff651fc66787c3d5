//! Which column of a table means what: found by name, never by position.

use std::fmt;
use std::str::FromStr;

/// What a column can mean to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Who.
    Mmsi,
    /// When, see `parse_instant`.
    Time,
    /// Degrees, north positive.
    Latitude,
    /// Degrees, east positive.
    Longitude,
    /// Over ground, in knots.
    Speed,
    /// Over ground, in degrees.
    Course,
    /// In degrees.
    Heading,
    /// Of the vessel.
    Name,
    /// `9307839` or `IMO9307839`.
    Imo,
    /// Of the vessel's radio.
    Callsign,
    /// A number of AIS, or words.
    ShipType,
    /// In metres.
    Length,
    /// In metres.
    Width,
    /// In metres.
    Draught,
    /// As entered on board.
    Destination,
    /// Class A, base station and so on; the Danish Maritime Authority's tables alone.
    Mobile,
    /// From antenna to bow in metres (Danish `A`).
    ToBow,
    /// From antenna to stern in metres (Danish `B`).
    ToStern,
    /// From antenna to port side in metres (Danish `C`).
    ToPort,
    /// From antenna to starboard side in metres (Danish `D`).
    ToStarboard,
}

/// How many [`Quantity`]s there are.
const QUANTITIES: usize = 20;

/// One quantity: its key in `--columns` (empty: cannot be given), and the names under which it is
/// known, lower case without blanks and signs, the surest first.
type Vocabulary = (Quantity, &'static str, &'static [&'static str]);

/// MarineCadastre writes `BaseDateTime` until 2024 and `base_date_time` from 2025; reduced to letters
/// and digits both are the same, as are `Latitude_degrees` and `latitude (degrees)`.
const VOCABULARY: [Vocabulary; QUANTITIES] = {
    use Quantity::*;
    [
        (Mmsi, "mmsi", &["mmsi", "mmsinumber", "vesselmmsi", "shipmmsi", "usermmsi", "ssvid"]),
        (
            Time,
            "time",
            &[
                "basedatetime",
                "timestamp",
                "timestamputc",
                "datetime",
                "datetimeutc",
                "time",
                "timeutc",
                "utc",
                "observedat",
                "receivedat",
                "tstamp",
                "positiontimestamp",
                "dtposutc",
                "epoch",
                "unixtime",
            ],
        ),
        (
            Latitude,
            "lat",
            &["lat", "latitude", "latitudedegrees", "latitudedeg", "latdeg", "latdd", "y"],
        ),
        (
            Longitude,
            "lon",
            &[
                "lon",
                "longitude",
                "long",
                "lng",
                "longitudedegrees",
                "longitudedeg",
                "londeg",
                "londd",
                "x",
            ],
        ),
        (
            Speed,
            "sog",
            &["sog", "sogknots", "sogkn", "speedoverground", "speedknots", "speedkn", "speed"],
        ),
        (
            Course,
            "cog",
            &["cog", "cogdegrees", "cogdeg", "courseoverground", "coursedeg", "course"],
        ),
        (Heading, "heading", &["heading", "headingdegrees", "headingdeg", "trueheading", "hdg"]),
        (Name, "name", &["vesselname", "shipname", "name"]),
        (Imo, "imo", &["imo", "imonumber", "imono"]),
        (Callsign, "callsign", &["callsign"]),
        (ShipType, "type", &["vesseltype", "shiptype", "shipandcargotype"]),
        (Length, "length", &["length", "lengthm", "loa"]),
        (Width, "width", &["width", "widthm", "beam", "beamm", "breadth"]),
        (Draught, "draught", &["draught", "draft", "draughtm", "draftm"]),
        (Destination, "destination", &["destination"]),
        (Mobile, "", &["typeofmobile"]),
        (ToBow, "", &["a"]),
        (ToStern, "", &["b"]),
        (ToPort, "", &["c"]),
        (ToStarboard, "", &["d"]),
    ]
};

/// Without these a row says nothing.
const NEEDED: [Quantity; 4] =
    [Quantity::Mmsi, Quantity::Time, Quantity::Latitude, Quantity::Longitude];

/// What the user says of a table's columns: `mmsi=track_id,time=time,lat=lat,lon=lon,sog=speed`.
///
/// Keys are `mmsi`, `time`, `lat`, `lon`, `sog` (knots), `cog`, `heading` (degrees), `name`, `imo`,
/// `callsign`, `type`, `length`, `width`, `draught` (metres) and `destination`. What is not given is
/// found by its usual name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnMapping {
    columns: Vec<(Quantity, String)>,
}

/// Why a text is not a [`ColumnMapping`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnMappingError {
    /// No `=`, or nothing on one of its sides.
    #[error("{0:?} is not key=column, as in mmsi=track_id,time=time,lat=lat,lon=lon")]
    Form(String),
    /// Not a key.
    #[error("{found:?} is not a key; the keys are {keys}", keys = keys())]
    Key {
        /// The key as it was found.
        found: String,
    },
    /// The same key again.
    #[error("{0:?} is given twice")]
    Twice(String),
    /// The same column again.
    #[error("column {0:?} is given for two keys")]
    ColumnTwice(String),
}

impl FromStr for ColumnMapping {
    type Err = ColumnMappingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut columns: Vec<(Quantity, String)> = Vec::new();
        for part in text.split(',') {
            let (key, column) = part
                .split_once('=')
                .map(|(key, column)| (key.trim(), column.trim()))
                .filter(|(key, column)| !key.is_empty() && !column.is_empty())
                .ok_or_else(|| ColumnMappingError::Form(part.into()))?;
            let quantity = VOCABULARY
                .iter()
                .find(|(_, known, _)| key.eq_ignore_ascii_case(known))
                .map(|(quantity, ..)| *quantity)
                .ok_or_else(|| ColumnMappingError::Key { found: key.into() })?;
            if columns.iter().any(|(known, _)| *known == quantity) {
                return Err(ColumnMappingError::Twice(key.into()));
            }
            if columns.iter().any(|(_, known)| known == column) {
                return Err(ColumnMappingError::ColumnTwice(column.into()));
            }
            columns.push((quantity, column.into()));
        }
        Ok(ColumnMapping { columns })
    }
}

fn keys() -> String {
    let keys: Vec<&str> =
        VOCABULARY.iter().map(|(_, key, _)| *key).filter(|key| !key.is_empty()).collect();
    keys.join(", ")
}

/// Where in a row each quantity stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// How many fields each row must have.
    pub count: usize,
    indexes: [Option<usize>; QUANTITIES],
    /// It is a table of the Danish Maritime Authority, whose dates are written with the day first.
    pub is_danish: bool,
}

/// Why a header cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnsError {
    /// What is needed and not there: our key, and the column that the user named for it.
    pub missing: Vec<(&'static str, Option<String>)>,
    /// What is needed and there more than once: our key, and the columns of that name.
    pub repeated: Vec<(&'static str, Vec<String>)>,
    /// What is there.
    pub present: Vec<String>,
}

impl Columns {
    /// Finds the columns by the names in a header; `mapping` goes before the names we know.
    ///
    /// # Errors
    ///
    /// A needed column, or one that `mapping` names, is not there, or is there twice.
    pub fn find(header: &[String], mapping: Option<&ColumnMapping>) -> Result<Self, ColumnsError> {
        let reduced: Vec<String> = header.iter().map(|name| reduce(name)).collect();
        let danish = reduced.iter().any(|name| name == "typeofmobile");
        let mut indexes = [None; QUANTITIES];
        let mut missing = Vec::new();
        let mut repeated = Vec::new();
        for (quantity, key, names) in VOCABULARY {
            let asked = mapping
                .and_then(|mapping| mapping.columns.iter().find(|(known, _)| *known == quantity));
            if let Some((_, column)) = asked {
                let index = position(header, column);
                if index.is_none() {
                    missing.push((key, Some(column.clone())));
                }
                indexes[quantity as usize] = index;
                let same = header.iter().filter(|name| *name == column).cloned();
                let same: Vec<String> = same.collect();
                if same.len() > 1 {
                    repeated.push((key, same));
                }
                continue;
            }
            // Single letters mean a hull's dimensions in the Danish tables and nowhere else.
            let letter = quantity as usize > Quantity::Mobile as usize;
            if letter && !danish {
                continue;
            }
            let index =
                names.iter().find_map(|name| reduced.iter().position(|found| found == name));
            if index.is_none() && NEEDED.contains(&quantity) {
                missing.push((key, None));
            }
            indexes[quantity as usize] = index;
            if let Some(index) = index.filter(|_| NEEDED.contains(&quantity)) {
                // Which of the two is meant is not ours to guess.
                let names = header.iter().zip(&reduced);
                let same = names.filter(|(_, name)| **name == reduced[index]);
                let same: Vec<String> = same.map(|(name, _)| name.clone()).collect();
                if same.len() > 1 {
                    repeated.push((key, same));
                }
            }
        }
        if !missing.is_empty() || !repeated.is_empty() {
            return Err(ColumnsError { missing, repeated, present: header.to_vec() });
        }
        Ok(Columns { count: header.len(), indexes, is_danish: danish })
    }

    /// The place of `quantity` in a row, less than [`Columns::count`].
    pub fn index(&self, quantity: Quantity) -> Option<usize> {
        self.indexes[quantity as usize]
    }
}

/// True if any of the names is one that we know: then it is a header and not a row.
pub fn looks_like_header(names: &[String]) -> bool {
    names.iter().any(|name| {
        let name = reduce(name);
        VOCABULARY.iter().any(|(quantity, _, known)| {
            (*quantity as usize) < Quantity::Mobile as usize && known.contains(&name.as_str())
        })
    })
}

/// `no column for lat; its columns are …; say which is which, as in --columns …`
impl fmt::Display for ColumnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, column)) in self.missing.iter().enumerate() {
            f.write_str(if i == 0 { "has " } else { " and " })?;
            match column {
                Some(column) => write!(f, "no column {column:?} for {key}")?,
                None => write!(f, "no column for {key}")?,
            }
        }
        for (i, (key, columns)) in self.repeated.iter().enumerate() {
            let is_first = i == 0 && self.missing.is_empty();
            f.write_str(if is_first { "has " } else { " and " })?;
            write!(f, "{} columns for {key}, ", columns.len())?;
            for (i, name) in columns.iter().take(5).enumerate() {
                write!(f, "{}{:?}", if i == 0 { "" } else { " and " }, shown(name))?;
            }
        }
        // A header is what somebody else wrote: shown quoted, and not without end.
        f.write_str("; its columns are ")?;
        for (i, name) in self.present.iter().take(40).enumerate() {
            write!(f, "{}{:?}", if i == 0 { "" } else { ", " }, shown(name))?;
        }
        if self.present.len() > 40 {
            write!(f, " and {} more", self.present.len() - 40)?;
        }
        f.write_str(
            "; say which is which, as in --columns mmsi=track_id,time=time,lat=lat,lon=lon,sog=speed,cog=course",
        )
    }
}

fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Exactly that name, or else the first that differs in case and signs alone.
fn position(header: &[String], column: &str) -> Option<usize> {
    header.iter().position(|name| name == column).or_else(|| {
        let reduced = reduce(column);
        header.iter().position(|name| !reduced.is_empty() && reduce(name) == reduced)
    })
}

/// Lower case letters and digits.
fn reduce(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(line: &str) -> Vec<String> {
        line.split(',').map(Into::into).collect()
    }

    /// The names of the columns found for `quantities`.
    #[track_caller]
    fn check(line: &str, mapping: Option<&str>, quantities: &[(Quantity, &str)]) {
        let header = header(line);
        let mapping = mapping.map(|text| text.parse().unwrap());
        let columns = Columns::find(&header, mapping.as_ref()).unwrap();
        for (quantity, expected) in quantities {
            let found = columns.index(*quantity).map_or("", |index| header[index].as_str());
            assert_eq!(found, *expected, "{quantity:?}");
        }
    }

    #[test]
    fn marine_cadastre_is_found_in_both_layouts() {
        use Quantity::*;
        check(
            "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,TransceiverClass",
            None,
            &[
                (Time, "BaseDateTime"),
                (Latitude, "LAT"),
                (Name, "VesselName"),
                (ShipType, "VesselType"),
                (Draught, "Draft"),
                (ToStern, ""),
            ],
        );
        check(
            "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,status,length,width,draft,cargo,transceiver",
            None,
            &[
                (Time, "base_date_time"),
                (Latitude, "latitude"),
                (Longitude, "longitude"),
                (Callsign, "call_sign"),
                (Width, "width"),
            ],
        );
    }

    #[test]
    fn danish_dimensions_are_single_letters() {
        use Quantity::*;
        check(
            "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,Data source type,A,B,C,D",
            None,
            &[
                (Time, "# Timestamp"),
                (Mobile, "Type of mobile"),
                (ToBow, "A"),
                (ToStarboard, "D"),
                (ShipType, "Ship type"),
                (Destination, "Destination"),
            ],
        );
    }

    #[test]
    fn usual_names_need_no_option() {
        use Quantity::*;
        check(
            "Time,MMSI,Latitude_degrees,Longitude_degrees,COG_degrees,SOG_knots",
            None,
            &[(Latitude, "Latitude_degrees"), (Course, "COG_degrees"), (Speed, "SOG_knots")],
        );
        check(
            "datetime,mmsi,lon,lat,navigational_status,SOG,Heading,imo,shiptype,length,name,width,draught",
            None,
            &[(Time, "datetime"), (Course, ""), (Heading, "Heading"), (ShipType, "shiptype")],
        );
    }

    #[test]
    fn a_mapping_goes_before_the_usual_names() {
        use Quantity::*;
        check(
            "mmsi,track_id,time,lat,lon,speed,course",
            Some("mmsi=track_id, sog=Speed"),
            &[(Mmsi, "track_id"), (Time, "time"), (Speed, "speed"), (Course, "course")],
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Columns::find(&header("track_id,when,lat,lon"), None).unwrap_err().to_string();
        assert!(error.starts_with("has no column for mmsi and no column for time; its columns are \"track_id\", \"when\", \"lat\", \"lon\"; say"), "{error}");
        let mapping = "mmsi=ship".parse().unwrap();
        let error =
            Columns::find(&header("mmsi,time,lat,lon"), Some(&mapping)).unwrap_err().to_string();
        assert!(error.starts_with("has no column \"ship\" for mmsi; "), "{error}");
    }

    #[test]
    fn a_needed_column_that_is_there_twice_is_named() {
        let columns = header("MMSI,BaseDateTime,LAT,LON,Lon,SOG,SOG");
        let error = Columns::find(&columns, None).unwrap_err().to_string();
        assert!(error.starts_with("has 2 columns for lon, \"LON\" and \"Lon\"; its"), "{error}");
        let mapping = "lon=Lon".parse().unwrap();
        assert!(Columns::find(&columns, Some(&mapping)).is_ok());
        let mapping = "sog=SOG,lon=Lon".parse().unwrap();
        let error = Columns::find(&columns, Some(&mapping)).unwrap_err().to_string();
        assert!(error.starts_with("has 2 columns for sog, \"SOG\" and \"SOG\"; its"), "{error}");
    }

    #[test]
    fn a_mapping_is_checked() {
        for (text, expected) in [
            ("mmsi", "\"mmsi\" is not key=column"),
            ("mmsi=", "\"mmsi=\" is not key=column"),
            ("ship=x", "\"ship\" is not a key; the keys are mmsi, time, lat, lon, sog"),
            ("=x", "\"=x\" is not"),
            ("lat=a,lat=b", "\"lat\" is given twice"),
            ("lat=a,lon=a", "column \"a\" is given for two keys"),
        ] {
            let error = text.parse::<ColumnMapping>().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
