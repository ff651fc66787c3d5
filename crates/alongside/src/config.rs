//! The configuration: a TOML file in, checked [`Parameters`] out.
//!
//! `config/alongside.toml` is its manual. What is written there and what is the default here are kept
//! the same by a test.

mod alerts;
mod daemon;
mod delivery;
mod print;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use detector::{
    Bounds, ContactRules, DarkRules, DisplacementRules, EncounterRules, GapRules, IdentityRules,
    JumpRules, LandMap, LegRules, LoiteringRules, Nearness, Parameters, PlaceFile, PlaceRules,
    PortList, Profile, TrackRules, Watchlist, Weights,
};
use serde::{Deserialize, Serialize};

use crate::alert::Rule;
use crate::duration::Span;
use crate::output::Output;
use crate::run::Daemon;
use crate::{places, serve, watchlist};

pub use self::alerts::check_names;
use self::alerts::{AlertsSection, ChannelSection, RelaySection};
pub use self::daemon::SILENT_AFTER;
use self::daemon::{JournalSection, RunSection, ServeSection, SourceSection};
pub use self::delivery::Delivery;
use self::delivery::{ClickHouseSection, KafkaSection, OutboxSection};
pub use self::print::{print, print_schema};

/// The sample configuration, which is the manual.
const MANUAL: &str = include_str!("../../../config/alongside.toml");

/// Variables of the environment that begin so say more than the file: `ALONGSIDE__SECTION__KEY`.
const VARIABLES: &str = "ALONGSIDE__";

/// No configuration comes near. What is longer is something else, and could fill the memory.
const BYTES_MAX: u64 = 1_000_000;

/// Nothing binds a ship to where it was a day ago.
const LEG_DURATION_MAX: Duration = Duration::from_secs(24 * 3600);

/// Nobody goes alongside at that speed.
const LEG_KNOTS_MAX: f64 = 30.0;

/// Meetings are looked for up to a few kilometres. Beyond that every fairway is one encounter, and
/// the work grows with the square.
const DISTANCE_M_MAX: f64 = ContactRules::DISTANCE_M_MAX;

/// Reads and checks the parameters in `file`; the defaults where there is none.
///
/// # Errors
///
/// A file that cannot be read, is no TOML, has a key that is not known or a value that makes no sense;
/// the message names the file, the place and what was expected.
pub fn load(file: Option<&Path>) -> anyhow::Result<(Parameters, Delivery)> {
    let (parameters, delivery, _) = load_daemon(file)?;
    Ok((parameters, delivery))
}

/// The same with what the daemon does. Its files lie where they are said to, seen from where it is started.
///
/// # Errors
///
/// As [`load`].
pub fn load_daemon(file: Option<&Path>) -> anyhow::Result<(Parameters, Delivery, Daemon)> {
    let overrides = overrides(env::vars_os());
    let Some(file) = file else { return Ok(parse_with("", &overrides)?) };
    let text =
        read(file).with_context(|| format!("cannot read the configuration {}", file.display()))?;
    let (mut parameters, mut delivery, daemon) = parse_with(&text, &overrides)
        .with_context(|| format!("the configuration {} is refused", file.display()))?;
    delivery.password_file = delivery.password_file.map(|secret| file.with_file_name(secret));
    // Where a list or a map lies is said relative to the configuration.
    for list in &mut parameters.watchlists {
        let beside = file.with_file_name(&list.file);
        list.file = beside.to_str().map_or_else(|| list.file.clone(), str::to_owned);
    }
    for places in &mut parameters.place_files {
        let beside = file.with_file_name(&places.file);
        places.file = beside.to_str().map_or_else(|| places.file.clone(), str::to_owned);
    }
    watchlist::load(&mut parameters, &[] as &[&Path])?;
    Ok((parameters, delivery, daemon))
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let bytes = File::open(file)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if bytes as u64 > BYTES_MAX {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it is longer than 1 MB"));
    }
    Ok(text)
}

/// Reads and checks parameters from the text of a configuration.
///
/// # Errors
///
/// As [`load`].
pub fn parse(text: &str) -> Result<(Parameters, Delivery, Daemon), ConfigError> {
    parse_with(text, &[])
}

/// A key of the environment, such as `ALONGSIDE__KAFKA__BROKERS`, and what it says.
type Override = (String, String);

/// What the environment says in place of the file, in the order of the names.
fn overrides(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<Override> {
    let mut overrides: Vec<Override> = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(VARIABLES))
        .collect();
    overrides.sort();
    overrides
}

fn parse_with(
    text: &str,
    overrides: &[Override],
) -> Result<(Parameters, Delivery, Daemon), ConfigError> {
    // The file by itself first: its errors name their lines.
    let mut config: Config = toml::from_str(text).map_err(ConfigError::from_toml)?;
    if !overrides.is_empty() {
        config = config.overridden(text, overrides)?;
    }
    let outbox = std::mem::take(&mut config.outbox);
    let kafka = std::mem::take(&mut config.kafka);
    let clickhouse = std::mem::take(&mut config.clickhouse);
    let delivery = Delivery::from_sections(outbox, kafka, clickhouse)?;
    let run = std::mem::take(&mut config.run);
    let journal = std::mem::take(&mut config.journal);
    let sources = std::mem::take(&mut config.source);
    let serving = std::mem::take(&mut config.serve).checked()?;
    let mut daemon = Daemon { serving, ..daemon::from_sections(run, journal, sources)? };
    daemon::check_topic(&daemon, &delivery.kafka)?;
    daemon.relays = alerts::relays(std::mem::take(&mut config.relay))?;
    let profiles: Vec<String> = config.profile.iter().map(|profile| profile.name.clone()).collect();
    daemon.alerts = alerts::from_sections(
        std::mem::take(&mut config.alerts),
        std::mem::take(&mut config.channel),
        std::mem::take(&mut config.alert),
        &profiles,
        daemon.publish,
    )?;
    let parameters = config.into_parameters()?;
    check(&parameters)?;
    Ok((parameters, delivery, daemon))
}

/// Parameters as a configuration that would give them again. How events leave is no part of that.
pub fn text(parameters: &Parameters) -> String {
    toml::to_string(&Config::from_parameters(parameters)).expect("the configuration can be written")
}

/// Says on standard output whether `file` would be taken, and what in it differs from the defaults.
///
/// # Errors
///
/// As [`load`].
pub fn check_file(file: &Path) -> anyhow::Result<()> {
    let (mut parameters, delivery, daemon) = load_daemon(Some(file))?;
    places::load(&mut parameters, &[] as &[&Path])?;
    check_names(&daemon.alerts, &parameters)?;
    if daemon.serving.with_run {
        serve::access(&daemon.serving)?;
    }
    daemon.check_addresses()?;
    daemon.alerts.check_file()?;
    let mut output = Output::stdout();
    let differences = differences(&parameters, &delivery, &daemon);
    let (name, hash) = (maritime::shown(&file.display().to_string()), parameters.hash());
    if differences.is_empty() {
        writeln!(output, "{name} is good; it says what is the default (parameters {hash})")?;
    } else {
        writeln!(output, "{name} is good; it changes (parameters {hash})")?;
    }
    for line in differences {
        writeln!(output, "  {line}")?;
    }
    Ok(output.finish()?)
}

/// Prints the sample, which is the manual.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn print_manual() -> anyhow::Result<()> {
    let mut output = Output::stdout();
    output.write_all(MANUAL.as_bytes())?;
    Ok(output.finish()?)
}

/// The keys whose values are not the defaults, as `section.key = value`, in the order of the manual.
fn differences(parameters: &Parameters, delivery: &Delivery, daemon: &Daemon) -> Vec<String> {
    let (usual, usual_delivery, usual_daemon) =
        parse("").expect("nothing at all is a configuration");
    let defaults = all_lines(&usual, &usual_delivery, &usual_daemon);
    all_lines(parameters, delivery, daemon)
        .into_iter()
        .filter(|line| !defaults.contains(line))
        .map(|line| match line.split_once(" = ") {
            Some((key, value)) => format!("{key} = {}", print::masked(key, value)),
            None => line,
        })
        .collect()
}

/// All keys with their values, as `section.key = value`.
fn all_lines(parameters: &Parameters, delivery: &Delivery, daemon: &Daemon) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, section) in all_sections(parameters, delivery, daemon) {
        flatten(&name, &section, &mut lines);
    }
    lines
}

/// All sections, as they would be written, in the order of the manual.
fn all_sections(
    parameters: &Parameters,
    delivery: &Delivery,
    daemon: &Daemon,
) -> Vec<(String, toml::Value)> {
    fn value(section: &impl Serialize) -> toml::Value {
        toml::Value::try_from(section).expect("the configuration can be written")
    }
    let mut all: Vec<(String, toml::Value)> = Vec::new();
    if let toml::Value::Table(table) = value(&Config::from_parameters(parameters)) {
        all.extend(table);
    }
    let (outbox, kafka, clickhouse) = delivery.sections();
    let (run, journal, sources) = daemon::sections(daemon);
    let (section, channels, rules, relays) = alerts::sections(&daemon.alerts, &daemon.relays);
    all.extend([
        ("outbox".to_owned(), value(&outbox)),
        ("kafka".to_owned(), value(&kafka)),
        ("clickhouse".to_owned(), value(&clickhouse)),
        ("run".to_owned(), value(&run)),
        ("journal".to_owned(), value(&journal)),
        ("source".to_owned(), value(&sources)),
        ("relay".to_owned(), value(&relays)),
        ("alerts".to_owned(), value(&section)),
        ("channel".to_owned(), value(&channels)),
        ("alert".to_owned(), value(&rules)),
        ("serve".to_owned(), value(&ServeSection::new(&daemon.serving))),
    ]);
    all
}

fn flatten(path: &str, value: &toml::Value, lines: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, lines);
            }
        }
        toml::Value::Array(values) => {
            for value in values {
                let name = value.get("name").and_then(toml::Value::as_str).unwrap_or_default();
                flatten(&format!("{path}[{name}]"), value, lines);
            }
        }
        value => lines.push(format!("{path} = {value}")),
    }
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read as it stands.
    #[error("{message}")]
    Form {
        /// Where, and what was expected there.
        message: String,
    },
    /// A value that makes no sense, alone or beside another.
    #[error("{key} = {value}: {expected}")]
    Value {
        /// `section.key`.
        key: String,
        /// As it was found.
        value: String,
        /// What would do.
        expected: String,
    },
}

impl ConfigError {
    fn from_toml(error: toml::de::Error) -> Self {
        let mut message = error.to_string().trim_end().to_owned();
        if let Some(meant) = did_you_mean(error.message()) {
            message.push_str(&format!("; did you mean `{meant}`?"));
        }
        ConfigError::Form { message }
    }
}

/// The expected name that is nearest to the one that was found, in a message of serde such as
/// ``unknown field `speed_max`, expected one of `speed_knots_max`, …``.
fn did_you_mean(message: &str) -> Option<&str> {
    let mut names = message.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    nearest(names.next()?, names)
}

/// The name that is meant by one that is not known; `None` if none is like it.
fn nearest<'a>(found: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(found, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

impl Config {
    /// What `text` says, which is this, and instead of it what the environment does.
    fn overridden(self, text: &str, overrides: &[Override]) -> Result<Self, ConfigError> {
        let mut read = self;
        let mut config: toml::Table = toml::from_str(text).map_err(ConfigError::from_toml)?;
        for (name, value) in overrides {
            let refused = |message: String| ConfigError::Form {
                message: format!("{name} in the environment: {message}"),
            };
            let path = name.trim_start_matches(VARIABLES).to_lowercase();
            let mut section = &mut config;
            let (path, key) = path
                .rsplit_once("__")
                .ok_or_else(|| refused(format!("expected {VARIABLES}SECTION__KEY")))?;
            for part in path.split("__") {
                section = section
                    .entry(part)
                    .or_insert_with(|| toml::Table::new().into())
                    .as_table_mut()
                    .ok_or_else(|| refused(format!("`{part}` is no section")))?;
            }
            // A number or a truth value as it stands, whatever else as a text.
            let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"));
            let parsed = parsed.ok().and_then(|mut table| table.remove("value"));
            let value = parsed
                .filter(|parsed| !parsed.is_datetime())
                .unwrap_or_else(|| toml::Value::String(value.clone()));
            section.insert(key.into(), value);
            // One by one, so that the one that is wrong is named.
            read = toml::from_str(&config.to_string())
                .map_err(|error| refused(ConfigError::from_toml(error).to_string()))?;
        }
        Ok(read)
    }
}

/// The file as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    input: InputSection,
    track: TrackSection,
    leg: LegSection,
    contact: ContactSection,
    encounter: EncounterSection,
    profile: Vec<ProfileSection>,
    map: MapSection,
    places: PlaceSection,
    score: BTreeMap<String, f64>,
    loitering: LoiteringSection,
    gap: GapSection,
    dark: DarkSection,
    identity: IdentitySection,
    jump: JumpSection,
    displacement: DisplacementSection,
    watchlists: WatchlistSection,
    bounds: BoundsSection,
    // What is written with parameters says nothing of these.
    #[serde(skip_serializing)]
    outbox: OutboxSection,
    #[serde(skip_serializing)]
    kafka: KafkaSection,
    #[serde(skip_serializing)]
    clickhouse: ClickHouseSection,
    #[serde(skip_serializing)]
    run: RunSection,
    #[serde(skip_serializing)]
    journal: JournalSection,
    #[serde(skip_serializing)]
    source: Vec<SourceSection>,
    #[serde(skip_serializing)]
    serve: ServeSection,
    #[serde(skip_serializing)]
    relay: Vec<RelaySection>,
    #[serde(skip_serializing)]
    alerts: AlertsSection,
    #[serde(skip_serializing)]
    channel: Vec<ChannelSection>,
    #[serde(skip_serializing)]
    alert: Vec<Rule>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct InputSection {
    lateness: Span,
    revision_horizon: Span,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TrackSection {
    speed_knots_max: f64,
    position_noise_m: f64,
    interval_min: Span,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LegSection {
    duration_max: Span,
    duration_max_slow: Span,
    speed_knots_slow: f64,
    speed_knots_max: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ContactSection {
    distance_m_in: f64,
    distance_m_out: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EncounterSection {
    merge_gap_max: Span,
    merge_distance_m_max: f64,
    candidate_after: Span,
    open_after: Span,
    update_every: Span,
    closed_after_apart: Span,
    closed_after_silence: Span,
    observed_within: Span,
    track_points_max: usize,
}

/// All of it is needed: half a definition has no sensible other half.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileSection {
    name: String,
    distance_m_max: f64,
    duration_min: Span,
    speed_knots_p50_max: f64,
    coast_distance_m_min: f64,
    /// Came later than the others.
    #[serde(default)]
    port_distance_m_min: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<NearnessSection>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NearnessSection {
    distance_m_max: f64,
    duration_min: Span,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MapSection {
    land: Land,
    ports: Ports,
    files: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PlaceSection {
    anchorage_vessels_min: usize,
    speed_knots_max: f64,
    standstill_min: Span,
    silence_max: Span,
    meetings_remembered: Span,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LoiteringSection {
    speed_knots_max: f64,
    stride: Span,
    duration_min: Span,
    update_every: Span,
    coast_distance_m_min: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GapSection {
    heard_min: Span,
    silence_min: Span,
    habits_min: f64,
    silence_probability_min: f64,
    speed_knots_believed: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DarkSection {
    stay_min: Span,
    speed_knots_assumed: f64,
    speed_knots_max: f64,
    silence_max: Span,
    silence_probability_min: f64,
    score_min: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct IdentitySection {
    confirmed_after: Span,
    hand_over_after: Span,
    hand_over_silence_max: Span,
    hand_over_distance_m_max: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct JumpSection {
    speed_knots_min: f64,
    distance_m_min: f64,
    judged_after: Span,
    land_depth_m_min: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DisplacementSection {
    vessels_min: usize,
    within: Span,
    radius_m_max: f64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WatchlistSection {
    files: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BoundsSection {
    reports_held_max: usize,
    vessels_max: usize,
    pairs_max: usize,
    presences_max: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ports {
    WorldPortIndex,
    None,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Land {
    NaturalEarth,
    None,
}

impl Default for Config {
    fn default() -> Self {
        Config::from_parameters(&Parameters::default())
    }
}

/// A section that is given in part takes the rest from the defaults.
macro_rules! default_from_config {
    ($($section:ty => $field:ident),*) => {
        $(impl Default for $section {
            fn default() -> Self {
                Config::default().$field
            }
        })*
    };
}

default_from_config!(
    InputSection => input, TrackSection => track, LegSection => leg, ContactSection => contact,
    EncounterSection => encounter, MapSection => map, PlaceSection => places, LoiteringSection => loitering,
    GapSection => gap, DarkSection => dark, IdentitySection => identity, JumpSection => jump,
    DisplacementSection => displacement, WatchlistSection => watchlists, BoundsSection => bounds
);

impl Config {
    fn from_parameters(parameters: &Parameters) -> Self {
        let Parameters {
            lateness,
            revision_horizon,
            track,
            leg,
            contact,
            encounter,
            profiles,
            land,
            ports,
            place_files,
            places,
            weights,
            loitering,
            gap,
            dark,
            identity,
            jump,
            displacement,
            watchlists,
            bounds,
        } = parameters;
        Config {
            input: InputSection {
                lateness: Span(*lateness),
                revision_horizon: Span(*revision_horizon),
            },
            track: TrackSection {
                speed_knots_max: track.speed_knots_max,
                position_noise_m: track.position_noise_m,
                interval_min: Span(track.interval_min),
            },
            leg: LegSection {
                duration_max: Span(leg.duration_max),
                duration_max_slow: Span(leg.duration_max_slow),
                speed_knots_slow: leg.speed_knots_slow,
                speed_knots_max: leg.speed_knots_max,
            },
            contact: ContactSection {
                distance_m_in: contact.distance_m_in,
                distance_m_out: contact.distance_m_out,
            },
            encounter: EncounterSection {
                merge_gap_max: Span(encounter.merge_gap_max),
                merge_distance_m_max: encounter.merge_distance_m_max,
                candidate_after: Span(encounter.candidate_after),
                open_after: Span(encounter.open_after),
                update_every: Span(encounter.update_every),
                closed_after_apart: Span(encounter.closed_after_apart),
                closed_after_silence: Span(encounter.closed_after_silence),
                observed_within: Span(encounter.observed_within),
                track_points_max: encounter.track_points_max,
            },
            profile: profiles
                .iter()
                .map(|profile| ProfileSection {
                    name: profile.name.clone(),
                    distance_m_max: profile.distance_m_max,
                    duration_min: Span(profile.duration_min),
                    speed_knots_p50_max: profile.speed_knots_p50_max,
                    coast_distance_m_min: profile.coast_distance_m_min,
                    port_distance_m_min: profile.port_distance_m_min,
                    alternatives: profile
                        .alternatives
                        .iter()
                        .map(|other| NearnessSection {
                            distance_m_max: other.distance_m_max,
                            duration_min: Span(other.duration_min),
                        })
                        .collect(),
                })
                .collect(),
            map: MapSection {
                land: match land {
                    LandMap::NaturalEarth => Land::NaturalEarth,
                    LandMap::None => Land::None,
                },
                ports: match ports {
                    PortList::WorldPortIndex => Ports::WorldPortIndex,
                    PortList::None => Ports::None,
                },
                files: place_files.iter().map(|places| places.file.clone()).collect(),
            },
            places: PlaceSection {
                anchorage_vessels_min: places.anchorage_vessels_min,
                speed_knots_max: places.speed_knots_max,
                standstill_min: Span(places.standstill_min),
                silence_max: Span(places.silence_max),
                meetings_remembered: Span(places.meetings_remembered),
            },
            score: weights.iter().map(|(rule, weight)| (rule.to_owned(), weight)).collect(),
            loitering: LoiteringSection {
                speed_knots_max: loitering.speed_knots_max,
                stride: Span(loitering.stride),
                duration_min: Span(loitering.duration_min),
                update_every: Span(loitering.update_every),
                coast_distance_m_min: loitering.coast_distance_m_min,
            },
            gap: GapSection {
                heard_min: Span(gap.heard_min),
                silence_min: Span(gap.silence_min),
                habits_min: gap.habits_min,
                silence_probability_min: gap.silence_probability_min,
                speed_knots_believed: gap.speed_knots_believed,
            },
            dark: DarkSection {
                stay_min: Span(dark.stay_min),
                speed_knots_assumed: dark.speed_knots_assumed,
                speed_knots_max: dark.speed_knots_max,
                silence_max: Span(dark.silence_max),
                silence_probability_min: dark.silence_probability_min,
                score_min: dark.score_min,
            },
            identity: IdentitySection {
                confirmed_after: Span(identity.confirmed_after),
                hand_over_after: Span(identity.hand_over_after),
                hand_over_silence_max: Span(identity.hand_over_silence_max),
                hand_over_distance_m_max: identity.hand_over_distance_m_max,
            },
            jump: JumpSection {
                speed_knots_min: jump.speed_knots_min,
                distance_m_min: jump.distance_m_min,
                judged_after: Span(jump.judged_after),
                land_depth_m_min: jump.land_depth_m_min,
            },
            displacement: DisplacementSection {
                vessels_min: displacement.vessels_min,
                within: Span(displacement.within),
                radius_m_max: displacement.radius_m_max,
            },
            watchlists: WatchlistSection {
                files: watchlists.iter().map(|list| list.file.clone()).collect(),
            },
            bounds: BoundsSection {
                reports_held_max: bounds.reports_held_max,
                vessels_max: bounds.vessels_max,
                pairs_max: bounds.pairs_max,
                presences_max: bounds.presences_max,
            },
            outbox: OutboxSection::default(),
            kafka: KafkaSection::default(),
            clickhouse: ClickHouseSection::default(),
            run: RunSection::default(),
            journal: JournalSection::default(),
            source: Vec::new(),
            serve: ServeSection::default(),
            relay: Vec::new(),
            alerts: AlertsSection::default(),
            channel: Vec::new(),
            alert: Vec::new(),
        }
    }

    fn into_parameters(self) -> Result<Parameters, ConfigError> {
        let Config {
            input,
            track,
            leg,
            contact,
            encounter,
            profile,
            map,
            places,
            score,
            loitering,
            gap,
            dark,
            identity,
            jump,
            displacement,
            watchlists,
            bounds,
            outbox: _,
            kafka: _,
            clickhouse: _,
            run: _,
            journal: _,
            source: _,
            serve: _,
            relay: _,
            alerts: _,
            channel: _,
            alert: _,
        } = self;
        Ok(Parameters {
            lateness: input.lateness.0,
            revision_horizon: input.revision_horizon.0,
            bounds: Bounds {
                reports_held_max: bounds.reports_held_max,
                vessels_max: bounds.vessels_max,
                pairs_max: bounds.pairs_max,
                presences_max: bounds.presences_max,
            },
            track: TrackRules {
                speed_knots_max: track.speed_knots_max,
                position_noise_m: track.position_noise_m,
                interval_min: track.interval_min.0,
            },
            leg: LegRules {
                duration_max: leg.duration_max.0,
                duration_max_slow: leg.duration_max_slow.0,
                speed_knots_slow: leg.speed_knots_slow,
                speed_knots_max: leg.speed_knots_max,
            },
            contact: ContactRules {
                distance_m_in: contact.distance_m_in,
                distance_m_out: contact.distance_m_out,
            },
            encounter: EncounterRules {
                merge_gap_max: encounter.merge_gap_max.0,
                merge_distance_m_max: encounter.merge_distance_m_max,
                candidate_after: encounter.candidate_after.0,
                open_after: encounter.open_after.0,
                update_every: encounter.update_every.0,
                closed_after_apart: encounter.closed_after_apart.0,
                closed_after_silence: encounter.closed_after_silence.0,
                observed_within: encounter.observed_within.0,
                track_points_max: encounter.track_points_max,
            },
            profiles: profile
                .into_iter()
                .map(|profile| Profile {
                    name: profile.name,
                    distance_m_max: profile.distance_m_max,
                    duration_min: profile.duration_min.0,
                    speed_knots_p50_max: profile.speed_knots_p50_max,
                    coast_distance_m_min: profile.coast_distance_m_min,
                    port_distance_m_min: profile.port_distance_m_min,
                    alternatives: profile
                        .alternatives
                        .into_iter()
                        .map(|other| Nearness {
                            distance_m_max: other.distance_m_max,
                            duration_min: other.duration_min.0,
                        })
                        .collect(),
                })
                .collect(),
            land: match map.land {
                Land::NaturalEarth => LandMap::NaturalEarth,
                Land::None => LandMap::None,
            },
            ports: match map.ports {
                Ports::WorldPortIndex => PortList::WorldPortIndex,
                Ports::None => PortList::None,
            },
            place_files: map
                .files
                .into_iter()
                .map(|file| PlaceFile { file, ports: Vec::new(), zones: Vec::new() })
                .collect(),
            places: PlaceRules {
                anchorage_vessels_min: places.anchorage_vessels_min,
                speed_knots_max: places.speed_knots_max,
                standstill_min: places.standstill_min.0,
                silence_max: places.silence_max.0,
                meetings_remembered: places.meetings_remembered.0,
            },
            weights: weights(score)?,
            loitering: LoiteringRules {
                speed_knots_max: loitering.speed_knots_max,
                stride: loitering.stride.0,
                duration_min: loitering.duration_min.0,
                update_every: loitering.update_every.0,
                coast_distance_m_min: loitering.coast_distance_m_min,
            },
            gap: GapRules {
                heard_min: gap.heard_min.0,
                silence_min: gap.silence_min.0,
                habits_min: gap.habits_min,
                silence_probability_min: gap.silence_probability_min,
                speed_knots_believed: gap.speed_knots_believed,
            },
            dark: DarkRules {
                stay_min: dark.stay_min.0,
                speed_knots_assumed: dark.speed_knots_assumed,
                speed_knots_max: dark.speed_knots_max,
                silence_max: dark.silence_max.0,
                silence_probability_min: dark.silence_probability_min,
                score_min: dark.score_min,
            },
            identity: IdentityRules {
                confirmed_after: identity.confirmed_after.0,
                hand_over_after: identity.hand_over_after.0,
                hand_over_silence_max: identity.hand_over_silence_max.0,
                hand_over_distance_m_max: identity.hand_over_distance_m_max,
            },
            jump: JumpRules {
                speed_knots_min: jump.speed_knots_min,
                distance_m_min: jump.distance_m_min,
                judged_after: jump.judged_after.0,
                land_depth_m_min: jump.land_depth_m_min,
            },
            displacement: DisplacementRules {
                vessels_min: displacement.vessels_min,
                within: displacement.within.0,
                radius_m_max: displacement.radius_m_max,
            },
            watchlists: watchlists
                .files
                .into_iter()
                .map(|file| Watchlist { file, entries: Vec::new() })
                .collect(),
        })
    }
}

/// Refuses what would tell of every ship, or of none.
fn check_story(
    loitering: &LoiteringRules,
    gap: &GapRules,
    dark: &DarkRules,
) -> Result<(), ConfigError> {
    for (key, value, value_max) in [
        ("loitering.speed_knots_max", loitering.speed_knots_max, 30.0),
        ("gap.speed_knots_believed", gap.speed_knots_believed, 100.0),
        ("dark.speed_knots_assumed", dark.speed_knots_assumed, 100.0),
        ("dark.speed_knots_max", dark.speed_knots_max, 100.0),
    ] {
        let expected = format!("expected knots above 0 and at most {value_max}");
        require(value > 0.0 && value <= value_max, key, value, &expected)?;
    }
    require(
        dark.speed_knots_max >= dark.speed_knots_assumed,
        "dark.speed_knots_max",
        dark.speed_knots_max,
        &format!(
            "expected at least dark.speed_knots_assumed, which is {}",
            dark.speed_knots_assumed
        ),
    )?;
    let coast_m = loitering.coast_distance_m_min;
    require(
        (0.0..=1_000_000.0).contains(&coast_m),
        "loitering.coast_distance_m_min",
        coast_m,
        "expected 0 to 1000000 metres",
    )?;
    require(
        (1.0..=1000.0).contains(&gap.habits_min),
        "gap.habits_min",
        gap.habits_min,
        "expected 1 to 1000",
    )?;
    for (key, value) in [
        ("gap.silence_probability_min", gap.silence_probability_min),
        ("dark.silence_probability_min", dark.silence_probability_min),
        ("dark.score_min", dark.score_min),
    ] {
        require((0.0..=1.0).contains(&value), key, value, "expected 0 to 1")?;
    }
    let (minute, day) = (Duration::from_secs(60), Duration::from_secs(24 * 3600));
    for (key, value, least, most) in [
        ("loitering.stride", loitering.stride, minute, day / 24),
        ("loitering.duration_min", loitering.duration_min, minute, 30 * day),
        ("loitering.update_every", loitering.update_every, minute, 30 * day),
        ("gap.heard_min", gap.heard_min, minute, day),
        ("gap.silence_min", gap.silence_min, 20 * minute, day),
        ("dark.stay_min", dark.stay_min, minute, day),
        // Nothing at all looks for none, which is how `replay` leaves them out.
        (
            "dark.silence_max",
            dark.silence_max,
            if dark.silence_max.is_zero() { Duration::ZERO } else { minute },
            2 * day,
        ),
    ] {
        let expected = format!("expected {} to {}", Span(least), Span(most));
        require((least..=most).contains(&value), key, Span(value), &expected)?;
    }
    Ok(())
}

/// The default weights with those that are given in their place.
fn weights(given: BTreeMap<String, f64>) -> Result<Weights, ConfigError> {
    let mut weights = Weights::default();
    let names: Vec<&str> = weights.iter().map(|(rule, _)| rule).collect();
    for (rule, weight) in given {
        require(
            (-1.0..=1.0).contains(&weight),
            &format!("score.{rule}"),
            weight,
            "expected -1 to 1; the score is cut to 0 to 1",
        )?;
        if !weights.set(&rule, weight) {
            let likeness = |name: &&str| strsim::jaro_winkler(&rule, name);
            let meant = names.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let meant = meant.unwrap_or_default();
            let message = format!("unknown rule `{rule}` in [score]; did you mean `{meant}`?");
            return Err(ConfigError::Form { message });
        }
    }
    Ok(weights)
}

/// Refuses what would find nothing, everything, or never end.
fn check(parameters: &Parameters) -> Result<(), ConfigError> {
    let Parameters {
        lateness: _,
        revision_horizon,
        track,
        leg,
        contact,
        encounter,
        profiles,
        land: _,
        ports: _,
        place_files: _,
        places,
        weights: _,
        loitering,
        gap,
        dark,
        identity,
        jump,
        displacement,
        watchlists: _,
        bounds,
    } = parameters;

    check_story(loitering, gap, dark)?;
    let distance = format!("expected metres above 0 and at most {DISTANCE_M_MAX}");
    let speed = "expected knots above 0 and at most 200".to_owned();
    for (key, value, value_max, expected) in [
        ("track.speed_knots_max", track.speed_knots_max, 200.0, &speed),
        ("track.position_noise_m", track.position_noise_m, DISTANCE_M_MAX, &distance),
        ("leg.speed_knots_slow", leg.speed_knots_slow, 200.0, &speed),
        ("contact.distance_m_in", contact.distance_m_in, DISTANCE_M_MAX, &distance),
        ("contact.distance_m_out", contact.distance_m_out, DISTANCE_M_MAX, &distance),
    ] {
        require(value > 0.0 && value <= value_max, key, value, expected)?;
    }
    require(
        leg.speed_knots_max > 0.0 && leg.speed_knots_max <= LEG_KNOTS_MAX,
        "leg.speed_knots_max",
        leg.speed_knots_max,
        &format!(
            "expected knots above 0 and at most {LEG_KNOTS_MAX}: nobody goes alongside faster"
        ),
    )?;
    let merge_distance_m = encounter.merge_distance_m_max;
    require(
        (0.0..=1_000_000.0).contains(&merge_distance_m),
        "encounter.merge_distance_m_max",
        merge_distance_m,
        "expected 0 to 1000000 metres",
    )?;
    require(
        contact.distance_m_out >= contact.distance_m_in,
        "contact.distance_m_out",
        contact.distance_m_out,
        &format!("expected at least contact.distance_m_in, which is {}", contact.distance_m_in),
    )?;

    let update_every = encounter.update_every;
    require(
        !update_every.is_zero(),
        "encounter.update_every",
        Span(update_every),
        "expected more than 0",
    )?;
    for (key, value) in
        [("leg.duration_max", leg.duration_max), ("leg.duration_max_slow", leg.duration_max_slow)]
    {
        require(
            value <= LEG_DURATION_MAX,
            key,
            Span(value),
            "expected at most 24h: nothing binds a ship to where it was a day before",
        )?;
        let interval_min = Span(track.interval_min);
        require(
            value > track.interval_min,
            key,
            Span(value),
            &format!(
                "expected more than track.interval_min, which is {interval_min}: no leg is shorter"
            ),
        )?;
    }
    require(
        encounter.open_after >= encounter.candidate_after,
        "encounter.open_after",
        Span(encounter.open_after),
        &format!(
            "expected at least encounter.candidate_after, which is {}",
            Span(encounter.candidate_after)
        ),
    )?;
    let leg_duration_max = parameters.leg_duration_max();
    require(
        encounter.closed_after_silence >= leg_duration_max,
        "encounter.closed_after_silence",
        Span(encounter.closed_after_silence),
        &format!("expected at least the longest leg, which is {}", Span(leg_duration_max)),
    )?;
    require(
        (2..=100_000).contains(&encounter.track_points_max),
        "encounter.track_points_max",
        encounter.track_points_max,
        "expected 2 to 100000",
    )?;

    let metres = "expected 0 to 10000000 metres";
    for (key, value) in [
        ("identity.hand_over_distance_m_max", identity.hand_over_distance_m_max),
        ("jump.distance_m_min", jump.distance_m_min),
        ("jump.land_depth_m_min", jump.land_depth_m_min),
        ("displacement.radius_m_max", displacement.radius_m_max),
    ] {
        require((0.0..=1e7).contains(&value), key, value, metres)?;
    }
    require(
        jump.speed_knots_min >= track.speed_knots_max,
        "jump.speed_knots_min",
        jump.speed_knots_min,
        &format!(
            "expected at least track.speed_knots_max, which is {}: slower is no jump",
            track.speed_knots_max
        ),
    )?;
    for (key, value) in [
        ("identity.hand_over_after", identity.hand_over_after),
        ("jump.judged_after", jump.judged_after),
        ("displacement.within", displacement.within),
    ] {
        let day = Duration::from_secs(24 * 3600);
        require(
            !value.is_zero() && value <= day,
            key,
            Span(value),
            "expected more than 0 and at most 24h",
        )?;
    }
    require(
        (3..=10_000).contains(&displacement.vessels_min),
        "displacement.vessels_min",
        displacement.vessels_min,
        "expected 3 to 10000",
    )?;

    require(
        places.anchorage_vessels_min <= 10_000,
        "places.anchorage_vessels_min",
        places.anchorage_vessels_min,
        "expected 0 to 10000",
    )?;
    require(
        (0.0..=5.0).contains(&places.speed_knots_max),
        "places.speed_knots_max",
        places.speed_knots_max,
        "expected 0 to 5 knots: faster is no standstill",
    )?;
    let year = Duration::from_secs(366 * 24 * 3600);
    for (key, value) in [
        ("places.standstill_min", places.standstill_min),
        ("places.silence_max", places.silence_max),
        ("places.meetings_remembered", places.meetings_remembered),
    ] {
        require(value <= year, key, Span(value), "expected at most 366d")?;
    }

    require(
        *revision_horizon <= LEG_DURATION_MAX,
        "input.revision_horizon",
        Span(*revision_horizon),
        "expected at most 24h",
    )?;
    for (key, value, value_min) in [
        ("bounds.reports_held_max", bounds.reports_held_max, 1000),
        ("bounds.vessels_max", bounds.vessels_max, 1000),
        ("bounds.pairs_max", bounds.pairs_max, 3),
        ("bounds.presences_max", bounds.presences_max, 16),
    ] {
        let expected = format!("expected {value_min} to 100000000");
        require((value_min..=100_000_000).contains(&value), key, value, &expected)?;
    }

    for (at, profile) in profiles.iter().enumerate() {
        check_profile(profile, contact)?;
        require(
            profiles[..at].iter().all(|other| other.name != profile.name),
            "profile.name",
            format!("{:?}", profile.name),
            "expected a name that no other profile has",
        )?;
    }
    Ok(())
}

fn check_profile(profile: &Profile, contact: &ContactRules) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    require(
        (1..=32).contains(&profile.name.len()) && profile.name.chars().all(plain),
        "profile.name",
        format!("{:?}", profile.name),
        "expected 1 to 32 lower-case letters, digits, `-` and `_`",
    )?;
    require(
        profile.name != "any",
        "profile.name",
        "\"any\"",
        "this word stands for every encounter, expected another",
    )?;
    let key = |field: &str| format!("profile[{}].{field}", profile.name);
    require(
        profile.distance_m_max > 0.0 && profile.distance_m_max <= contact.distance_m_out,
        &key("distance_m_max"),
        profile.distance_m_max,
        &format!(
            "expected above 0 and at most contact.distance_m_out, which is {}",
            contact.distance_m_out
        ),
    )?;
    for other in &profile.alternatives {
        require(
            other.distance_m_max > 0.0 && other.distance_m_max <= contact.distance_m_out,
            &key("alternatives.distance_m_max"),
            other.distance_m_max,
            &format!(
                "expected above 0 and at most contact.distance_m_out, which is {}",
                contact.distance_m_out
            ),
        )?;
    }
    require(
        (0.0..=100_000.0).contains(&profile.port_distance_m_min),
        &key("port_distance_m_min"),
        profile.port_distance_m_min,
        "expected 0 to 100000 metres: ports farther away are not looked for",
    )?;
    require(
        profile.speed_knots_p50_max >= 0.0,
        &key("speed_knots_p50_max"),
        profile.speed_knots_p50_max,
        "expected 0 or more knots",
    )?;
    require(
        profile.coast_distance_m_min >= 0.0 && profile.coast_distance_m_min.is_finite(),
        &key("coast_distance_m_min"),
        profile.coast_distance_m_min,
        "expected 0 or more metres",
    )
}

fn require(
    holds: bool,
    key: &str,
    value: impl ToString,
    expected: &str,
) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    Err(ConfigError::Value {
        key: key.to_owned(),
        value: value.to_string(),
        expected: expected.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the message must contain; every part of it.
    #[track_caller]
    fn check_refused(text: &str, expected: &[&str]) {
        let message = parse(text).unwrap_err().to_string();
        for part in expected {
            assert!(message.contains(part), "{part:?} is not in:\n{message}");
        }
    }

    #[test]
    fn the_manual_says_exactly_the_defaults() {
        assert_eq!(parse(MANUAL), parse(""));
    }

    #[test]
    fn the_manual_has_every_key() {
        let (outbox, kafka, clickhouse) = Delivery::default().sections();
        let written = toml::to_string(&Config::default()).unwrap()
            + &toml::to_string(&outbox).unwrap()
            + &toml::to_string(&kafka).unwrap().replace("[properties]", "[kafka.properties]")
            + &toml::to_string(&clickhouse).unwrap()
            + &toml::to_string(&RunSection::default()).unwrap()
            + &toml::to_string(&JournalSection::default()).unwrap()
            + &toml::to_string(&ServeSection::default()).unwrap();
        for line in written.lines().filter(|line| !line.is_empty()) {
            let key = line.split('=').next().unwrap();
            assert!(MANUAL.lines().any(|line| line.starts_with(key)), "{key} is missing");
        }
    }

    #[test]
    fn nothing_at_all_is_the_default() {
        let (parameters, delivery, _) = parse("").unwrap();
        assert_eq!((parameters, delivery), (Parameters::default(), Delivery::default()));
    }

    #[test]
    fn a_section_in_part_keeps_the_rest() {
        let (parameters, delivery, daemon) = parse("[contact]\ndistance_m_out = 900\n").unwrap();
        assert_eq!(parameters.contact.distance_m_in, 500.0);
        assert_eq!(parameters.contact.distance_m_out, 900.0);
        assert_eq!(
            differences(&parameters, &delivery, &daemon),
            ["contact.distance_m_out = 900.0"]
        );
    }

    #[test]
    fn weights_are_given_one_by_one() {
        let (parameters, delivery, daemon) = parse("[score]\nnight = 0.2\n").unwrap();
        assert_eq!(differences(&parameters, &delivery, &daemon), ["score.night = 0.2"]);
        check_refused("[score]\nnights = 0.2\n", &["unknown rule `nights`", "`night`"]);
        check_refused("[score]\nnight = 2\n", &["score.night = 2", "-1 to 1"]);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
        check_refused(
            "[contact]\ndistance_in_m = 400\n",
            &["line 2", "distance_in_m", "did you mean `distance_m_in`?"],
        );
        check_refused("[contacts]\n", &["did you mean `contact`?"]);
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        check_refused("[input]\nlateness = \"10\"\n", &["lateness", "is not a duration"]);
        check_refused("[contact]\ndistance_m_in = nan\n", &["contact.distance_m_in = NaN"]);
        check_refused("[contact]\ndistance_m_in = 800\n", &["contact.distance_m_out = 700", "800"]);
        check_refused("[leg]\nduration_max_slow = \"4h\"\n", &["closed_after_silence = 3h", "4h"]);
        check_refused("[leg]\nduration_max = \"25h\"\n", &["leg.duration_max = 1d1h", "a day"]);
        check_refused("[leg]\nspeed_knots_max = 31\n", &["leg.speed_knots_max = 31", "most 30"]);
        check_refused("[leg]\nduration_max = \"0\"\n", &["leg.duration_max = 0s", "5s"]);
        check_refused("[track]\ninterval_min = \"1h\"\n", &["interval_min, which is 1h"]);
        check_refused("[encounter]\nopen_after = \"5m\"\n", &["candidate_after", "15m"]);
    }

    #[test]
    fn delivery_has_sections_of_its_own_that_change_no_parameters() {
        let text = "[kafka]\nbrokers = \"k:1\"\n[kafka.properties]\n\"ssl.ca.location\" = \"x\"\n\
                    [outbox]\npositions_every = \"none\"\n";
        let (parameters, delivery, daemon) = parse(text).unwrap();
        assert_eq!(parameters, Parameters::default());
        assert_eq!(delivery.outbox.positions_every, None);
        let expected = [
            "outbox.positions_every = \"none\"",
            "kafka.brokers = \"k:1\"",
            "kafka.properties.ssl.ca.location = \"x\"",
        ];
        let mut found = differences(&parameters, &delivery, &daemon);
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(found, expected);
        check_refused("[kafka]\nbroker = \"k\"\n", &["did you mean `brokers`?"]);
        check_refused(
            "[kafka.properties]\nacks = \"1\"\n",
            &["kafka.properties.acks = 1", "rests on it"],
        );
        check_refused(
            "[clickhouse]\nurl = \"here\"\n",
            &["clickhouse.url", "expected http://host:port"],
        );
        check_refused(
            "[clickhouse]\nflush_after = \"0s\"\n",
            &["flush_after = 0s", "expected 10ms"],
        );
    }

    #[test]
    fn the_environment_says_more_than_the_file() {
        let text = "[kafka]\nbrokers = \"a:1\"\n";
        let said = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
        let found = |name, value| parse_with(text, &said(name, value));
        assert_eq!(found("ALONGSIDE__KAFKA__BROKERS", "b:2").unwrap().1.kafka.brokers, "b:2");
        assert!(found("ALONGSIDE__RUN__PUBLISH", "true").unwrap().2.publish);
        let bounds = found("ALONGSIDE__BOUNDS__PAIRS_MAX", "300").unwrap().0.bounds;
        assert_eq!(bounds.pairs_max, 300);
        let properties = found("ALONGSIDE__KAFKA__PROPERTIES__CLIENT.ID", "me").unwrap().1.kafka;
        assert_eq!(properties.properties["client.id"], "me");
        let message = found("ALONGSIDE__KAFKA__BROKER", "b:2").unwrap_err().to_string();
        assert!(message.contains("ALONGSIDE__KAFKA__BROKER in the environment"), "{message}");
        assert!(message.contains("did you mean `brokers`?"), "{message}");
        assert!(found("ALONGSIDE__KAFKA", "b:2").unwrap_err().to_string().contains("SECTION__KEY"));
    }

    #[test]
    fn profiles_are_whole_and_have_their_own_names() {
        let profile = |name: &str, distance: &str| {
            format!(
                "[[profile]]\nname = \"{name}\"\ndistance_m_max = {distance}\nduration_min = \"1h\"\n\
                 speed_knots_p50_max = 2\ncoast_distance_m_min = 0\n"
            )
        };
        assert_eq!(parse(&profile("mine", "100")).unwrap().0.profiles.len(), 1);
        check_refused("[[profile]]\nname = \"mine\"\n", &["missing field"]);
        check_refused(&profile("any", "100"), &["every encounter"]);
        check_refused(&profile("Mine", "100"), &["lower-case"]);
        check_refused(&profile("mine", "701"), &["contact.distance_m_out, which is 700"]);
        check_refused(&(profile("a", "1") + &profile("a", "2")), &["no other profile"]);
    }
}
