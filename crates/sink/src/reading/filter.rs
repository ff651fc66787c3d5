//! Which events are asked for.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use maritime::Timestamp;
use rusqlite::Row;
use rusqlite::types::Value;

/// All that is said must hold; of a list, one. Empty for all that is flagged: encounters that satisfy a profile, and every
/// event of another kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// See [`maritime::EventKind`].
    pub kinds: Vec<String>,
    /// See [`maritime::MeetingClass`].
    pub classes: Vec<String>,
    /// Definitions of a meeting that it satisfies.
    pub profiles: Vec<String>,
    /// See [`super::ReviewState`].
    pub states: Vec<String>,
    /// Of one of its vessels: two letters.
    pub flags: Vec<String>,
    /// Of one of its vessels, in words.
    pub types: Vec<String>,
    /// Of one of its vessels.
    pub mmsis: Vec<u32>,
    /// Of one of its vessels.
    pub imos: Vec<u32>,
    /// In the name of one of its vessels, whatever the case.
    pub name: Option<String>,
    /// That it was told with, or of the reader's own.
    pub watchlists: Vec<String>,
    /// That it was told with, or of the reader's own.
    pub zones: Vec<String>,
    /// In the id, names, callsigns, numbers, ports, zones or lists, whatever the case; every word of it.
    pub text: Option<String>,
    /// At least.
    pub score_min: Option<f64>,
    /// At most.
    pub score_max: Option<f64>,
    /// It ended at that time or later.
    pub since: Option<Timestamp>,
    /// It began before that.
    pub until: Option<Timestamp>,
    /// West, south, east, north; west is more than east across the 180th meridian.
    pub bbox: Option<[f64; 4]>,
    /// With the encounters that satisfy no profile.
    pub all: bool,
}

/// Of the events of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The highest first.
    #[default]
    ScoreDown,
    /// The lowest first.
    ScoreUp,
    /// The newest first.
    TimeDown,
    /// The oldest first.
    TimeUp,
}

impl Order {
    /// As it is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Order::ScoreDown => "-score",
            Order::ScoreUp => "score",
            Order::TimeDown => "-time",
            Order::TimeUp => "time",
        }
    }

    /// By that name.
    pub fn of_name(name: &str) -> Option<Self> {
        let orders = [Order::ScoreDown, Order::ScoreUp, Order::TimeDown, Order::TimeUp];
        orders.into_iter().find(|order| order.name() == name)
    }

    /// As [`Order::columns`] have it.
    pub(super) fn compare(self, a: &Cursor, b: &Cursor) -> Ordering {
        let by_id = || a.id.cmp(&b.id);
        let by_score = || a.score.total_cmp(&b.score).then_with(by_id);
        let by_time = || a.started_ms.cmp(&b.started_ms).then_with(by_id);
        match self {
            Order::ScoreDown => by_score().reverse(),
            Order::ScoreUp => by_score(),
            Order::TimeDown => by_time().reverse(),
            Order::TimeUp => by_time(),
        }
    }

    /// By an index, and all of one direction, so that it may be read backwards.
    pub(super) fn columns(self) -> &'static str {
        match self {
            Order::ScoreDown => "i.score DESC, i.event_id DESC",
            Order::ScoreUp => "i.score, i.event_id",
            Order::TimeDown => "i.started_ms DESC, i.event_id DESC",
            Order::TimeUp => "i.started_ms, i.event_id",
        }
    }
}

/// The last event of a page: the next one begins behind it, whatever has been stored since.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    pub(super) order: Order,
    pub(super) score: f64,
    pub(super) started_ms: i64,
    pub(super) id: String,
}

impl Cursor {
    /// The order of the pages it belongs to.
    pub fn order(&self) -> Order {
        self.order
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor { order, score, started_ms, id } = self;
        write!(f, "{}~{score}~{started_ms}~{id}", order.name())
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(4, '~');
        let mut part = || parts.next().ok_or(());
        let order = Order::of_name(part()?).ok_or(())?;
        let score: f64 = part()?.parse().map_err(|_| ())?;
        let started_ms = part()?.parse().map_err(|_| ())?;
        let id = part()?.to_owned();
        score.is_finite().then_some(Cursor { order, score, started_ms, id }).ok_or(())
    }
}

/// An event as it stands in an order, and its row of the narrow table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    pub(super) row: i64,
    pub(super) at: Cursor,
}

impl Key {
    pub(super) const COLUMNS: &'static str = "i.id, i.score, i.started_ms, i.event_id";

    pub(super) fn from_row(row: &Row<'_>, order: Order) -> rusqlite::Result<Self> {
        let at = Cursor { order, score: row.get(1)?, started_ms: row.get(2)?, id: row.get(3)? };
        Ok(Key { row: row.get(0)?, at })
    }
}

/// As a name stands in a list of the narrow row.
pub(super) fn between_bars(name: &str) -> String {
    format!("|{}|", name.replace('|', "/"))
}

/// What is asked for unless something else is said.
const FLAGGED: &str = "i.flagged = 1";

/// Whose SQL. Both have the columns of `alongside_index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    /// Without the states of reviews and the lists of the reader's own, of which it knows nothing.
    ClickHouse,
}

/// What a filter is in SQL.
pub(super) struct Conditions {
    dialect: Dialect,
    all: Vec<String>,
    values: Vec<Value>,
    by_state: bool,
}

impl Filter {
    pub(super) fn conditions(&self) -> Conditions {
        self.conditions_in(Dialect::Sqlite)
    }

    pub(super) fn conditions_in(&self, dialect: Dialect) -> Conditions {
        let is_sqlite = dialect == Dialect::Sqlite;
        let by_state = is_sqlite && !self.states.is_empty();
        let mut wanted = Conditions { dialect, all: Vec::new(), values: Vec::new(), by_state };
        if !self.all {
            wanted.all.push(FLAGGED.into());
        }
        wanted.one_of("i.kind", &self.kinds);
        wanted.one_of("i.class", &self.classes);
        if by_state {
            wanted.one_of("ifnull(v.state, 'new')", &self.states);
        }
        wanted.among("i.profiles", &self.profiles);
        wanted.among("i.flags", &self.flags);
        wanted.among("i.types", &self.types);
        let imos: Vec<String> = self.imos.iter().map(u32::to_string).collect();
        wanted.among("i.imos", &imos);
        if is_sqlite && !self.mmsis.is_empty() {
            let places: Vec<String> =
                self.mmsis.iter().map(|mmsi| wanted.bind(Value::Integer((*mmsi).into()))).collect();
            wanted.all.push(format!(
                "i.id IN (SELECT event FROM alongside_event_vessels WHERE mmsi IN ({}))",
                places.join(", ")
            ));
        } else {
            let mmsis: Vec<String> = self.mmsis.iter().map(u32::to_string).collect();
            wanted.among("i.mmsis", &mmsis);
        }
        if let Some(name) = &self.name {
            let place = wanted.bind(Value::Text(name.to_lowercase()));
            let has = wanted.has("i.names", &place);
            wanted.all.push(has);
        }
        for word in self.text.iter().flat_map(|text| text.split_whitespace()) {
            let place = wanted.bind(Value::Text(word.to_lowercase()));
            let has = wanted.has("i.words", &place);
            wanted.all.push(has);
        }
        wanted.in_list(
            &self.zones,
            "i.zones",
            "alongside_in_zone",
            "i.longitude_deg, i.latitude_deg",
        );
        wanted.in_list(
            &self.watchlists,
            "i.watchlists",
            "alongside_on_watchlist",
            "i.mmsis, i.imos, i.names, i.words",
        );
        wanted.bound("i.score >= ", self.score_min.map(Value::Real));
        wanted.bound("i.score <= ", self.score_max.map(Value::Real));
        let millis = |at: Timestamp| Value::Integer(at.as_millis());
        wanted.bound("i.ended_ms >= ", self.since.map(millis));
        wanted.bound("i.started_ms < ", self.until.map(millis));
        if let Some([west, south, east, north]) = self.bbox {
            wanted.bound("i.latitude_deg >= ", Some(Value::Real(south)));
            wanted.bound("i.latitude_deg <= ", Some(Value::Real(north)));
            let [west_at, east_at] = [west, east].map(|side| wanted.bind(Value::Real(side)));
            let joined = if west <= east { "AND" } else { "OR" };
            wanted.all.push(format!(
                "(i.longitude_deg >= {west_at} {joined} i.longitude_deg <= {east_at})"
            ));
        }
        wanted
    }
}

impl Conditions {
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(super) fn all(&self) -> String {
        if self.all.is_empty() { "1".into() } else { self.all.join(" AND ") }
    }

    /// Where a page is read in its order.
    pub(super) fn source(&self) -> String {
        self.from("alongside_index i")
    }

    /// Where all rows are looked at. In the order of an index each would be sought by itself, which takes several times
    /// as long; only the numbers of vessels, and nothing but all, are found without looking at rows.
    pub(super) fn scanned(&self) -> String {
        match self.all.len() {
            0 | 1 => self.source(),
            _ => self.from("alongside_index i NOT INDEXED"),
        }
    }

    /// Whether an index has all that is asked for, in every order: what is flagged, and nothing else is said.
    pub(super) fn is_in_order(&self) -> bool {
        self.all == [FLAGGED]
    }

    fn from(&self, table: &str) -> String {
        let reviews =
            if self.by_state { " LEFT JOIN reviews v ON v.event_id = i.event_id" } else { "" };
        format!("{table}{reviews}")
    }

    pub(super) fn begin_after(&mut self, order: Order, after: &Cursor) {
        let (column, value) = match order {
            Order::ScoreDown | Order::ScoreUp => ("i.score", Value::Real(after.score)),
            Order::TimeDown | Order::TimeUp => ("i.started_ms", Value::Integer(after.started_ms)),
        };
        let sign = match order {
            Order::ScoreDown | Order::TimeDown => '<',
            Order::ScoreUp | Order::TimeUp => '>',
        };
        let (value, id) = (self.bind(value), self.bind(Value::Text(after.id.clone())));
        self.all.push(format!("({column}, i.event_id) {sign} ({value}, {id})"));
    }

    /// What else must hold.
    pub(super) fn push(&mut self, condition: String) {
        self.all.push(condition);
    }

    fn bind(&mut self, value: Value) -> String {
        let kind = match &value {
            Value::Integer(_) => "Int64",
            Value::Real(_) => "Float64",
            _ => "String",
        };
        self.values.push(value);
        let number = self.values.len();
        match self.dialect {
            Dialect::Sqlite => format!("?{number}"),
            Dialect::ClickHouse => format!("{{p{number}:{kind}}}"),
        }
    }

    /// Whether a text is in a column, both in one case.
    fn has(&self, column: &str, place: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("instr({column}, {place})"),
            Dialect::ClickHouse => format!("position({column}, {place}) > 0"),
        }
    }

    fn bound(&mut self, words: &str, value: Option<Value>) {
        if let Some(value) = value {
            let place = self.bind(value);
            self.all.push(format!("{words}{place}"));
        }
    }

    fn one_of(&mut self, column: &str, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let places: Vec<String> =
            names.iter().map(|name| self.bind(Value::Text(name.clone()))).collect();
        self.all.push(format!("{column} IN ({})", places.join(", ")));
    }

    /// In a column of lists between bars.
    fn among(&mut self, column: &str, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let found: Vec<String> = names.iter().map(|name| self.found_in(column, name)).collect();
        self.all.push(format!("({})", found.join(" OR ")));
    }

    fn found_in(&mut self, column: &str, name: &str) -> String {
        let place = self.bind(Value::Text(between_bars(name)));
        self.has(column, &place)
    }

    /// Told with it, or in a list of the reader's own.
    fn in_list(&mut self, names: &[String], column: &str, function: &str, arguments: &str) {
        if names.is_empty() {
            return;
        }
        let mut found = Vec::new();
        for name in names {
            found.push(self.found_in(column, name));
            if self.dialect == Dialect::Sqlite {
                let place = self.bind(Value::Text(name.clone()));
                found.push(format!("{function}({place}, {arguments})"));
            }
        }
        self.all.push(format!("({})", found.join(" OR ")));
    }
}
